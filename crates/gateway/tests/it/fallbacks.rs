//! Fallbacks: another model or group serves what could not be served as it was asked for.

use serde_json::{Value, json};
use tollgate_base::Rate;
use tollgate_gateway::GatewayConfig;
use tollgate_routing::{Fallbacks, Shaping};
use tollgate_store::GroupPatch;

use crate::limits::POLLED;
use crate::settle::{cost, price};
use crate::support::kind::{CLAUDE, GPT};
use crate::support::{Kind, Setup, World};

/// Messages callers fall back to GPT in the other group, for these reasons.
async fn fall_back(world: &World, on: &[&str]) {
    let list = json!([{"on": on, "model": GPT, "group": world.openai.id.to_string()}]);
    let fallbacks: Fallbacks = serde_json::from_value(list).unwrap();
    let patch = GroupPatch { fallbacks: Some(fallbacks), ..GroupPatch::default() };
    world.store.update_group(world.anthropic.id, patch).await.unwrap();
    tokio::time::sleep(POLLED).await;
}

/// Has the sandbox hear these directives from the accounts of the fallback, over those of the prompt.
async fn fallback_hears(world: &World, directives: &str) {
    let json = json!({"headers": {"set": {"x-sandbox": directives}}}).to_string();
    let shaping: Shaping = serde_json::from_str(&json).unwrap();
    let patch = GroupPatch { shaping: Some(shaping), ..GroupPatch::default() };
    world.store.update_group(world.openai.id, patch).await.unwrap();
    tokio::time::sleep(POLLED).await;
}

#[tokio::test]
async fn an_overload_is_served_by_the_next_target() {
    let world = World::new().await;
    fall_back(&world, &["overload"]).await;
    let kind = Kind::Messages;
    for (fault, stream) in
        [("status=529", false), ("status=500", true), ("reset", false), ("error_first", true)]
    {
        let directives = format!("words=3 {fault} account=cred-anthropic-0");
        let reply = kind.call(&world, &directives, stream).send(world.addr).await.ok();
        assert_eq!(reply.header("tollgate-fallback"), Some("overload; model=gpt-5.5"), "{fault}");
        assert!(reply.text().contains(&format!(r#""model":"{CLAUDE}""#)), "{}", reply.text());
    }
    // Nobody can be asked at all.
    kind.call(&world, "words=3 status=429 retry_after=30 account=cred-anthropic-0", false)
        .send(world.addr)
        .await
        .ok();
    let reply = kind.call(&world, "words=3", true).send(world.addr).await.ok();
    assert!(reply.header("tollgate-fallback").is_some());
    let records = world.finished().await;
    assert_eq!(records.iter().map(|record| record.attempts).collect::<Vec<_>>(), [2, 2, 2, 2, 2, 1]);
    for record in &records {
        let served = world.accounts.iter().find(|account| Some(account.id) == record.account_id).unwrap();
        assert_eq!((served.name.as_str(), record.upstream_model.as_deref()), ("openai-0", Some(GPT)));
        assert_eq!((record.group_id, record.requested_model.as_str()), (world.anthropic.id, CLAUDE));
        assert_eq!(record.cost, cost(&record.usage, &price(Kind::Chat), Rate::ONE, Rate::ONE));
        assert!(record.held.unwrap() >= record.cost);
    }
}

#[tokio::test]
async fn a_prompt_that_is_too_long_goes_where_it_fits() {
    let world = World::new().await;
    fall_back(&world, &["context"]).await;
    let kind = Kind::Messages;
    let too_long = "status=400 message='prompt is too long: 210000 tokens > 200000 maximum'";
    for stream in [false, true] {
        let directives = format!("words=3 {too_long} account=cred-anthropic-0");
        let reply = kind.call(&world, &directives, stream).send(world.addr).await.ok();
        assert_eq!(reply.header("tollgate-fallback"), Some("context; model=gpt-5.5"));
    }
    for other in ["status=400 message='no such tool'", "status=529"] {
        let directives = format!("{other} account=cred-anthropic-0");
        let reply = kind.call(&world, &directives, false).send(world.addr).await;
        assert_ne!(reply.status, 200, "{other} is no reason");
    }
}

#[tokio::test]
async fn fallbacks_have_an_attempt_of_their_own() {
    let gateway = GatewayConfig { max_attempts: 3, ..Setup::default().gateway };
    let world = World::start(Setup { accounts: 5, gateway, ..Setup::default() }).await;
    fall_back(&world, &["overload"]).await;
    let model = "claude-haiku-4-5";
    fallback_hears(&world, "status=200").await;
    let call = Kind::Messages.call_with(world.key(Kind::Messages), model, "words=2 status=503", false);
    let reply = call.send(world.addr).await.ok();
    assert!(reply.header("tollgate-fallback").is_some());
    assert_eq!(world.sandbox.counts().total.received, 3);
    assert_eq!(world.only_record().await.attempts, 3);
}

/// The refused answer was served and is charged, at its own price, beside the one that the caller gets.
#[tokio::test]
async fn a_refusal_is_charged_and_another_model_answers() {
    let world = World::new().await;
    fall_back(&world, &["refusal"]).await;
    fallback_hears(&world, "refusal=false").await;
    let before = world.balance().await;
    let reply = Kind::Messages.call(&world, "refusal", false).send(world.addr).await.ok();
    assert_eq!(reply.header("tollgate-fallback"), Some("refusal; model=gpt-5.5"));
    let body: Value = reply.json();
    assert_eq!((&body["model"], &body["stop_reason"]), (&json!(CLAUDE), &json!("end_turn")));
    let mut records = world.finished().await;
    records.sort_by_key(|record| record.held.is_some());
    let [refused, answered] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(refused.error_kind.as_deref(), Some("fell_back"));
    assert_eq!(refused.stop_reason.as_deref(), Some("refusal"));
    assert_eq!(refused.cost, cost(&refused.usage, &price(Kind::Messages), Rate::ONE, Rate::ONE));
    assert_eq!(answered.cost, cost(&answered.usage, &price(Kind::Chat), Rate::ONE, Rate::ONE));
    assert_eq!((refused.attempts, answered.attempts), (1, 2));
    assert_ne!(refused.account_id, answered.account_id);
    assert_eq!(Some(answered.id.to_string().as_str()), reply.header("request-id"));
    let both = refused.cost.checked_add(answered.cost).unwrap();
    assert!(refused.cost.is_positive() && answered.held.unwrap() >= both);
    assert_eq!(world.balance().await, before.checked_sub(both).unwrap());
}

#[tokio::test]
async fn a_refusal_stays_where_nothing_better_is_found() {
    let world = World::new().await;
    fall_back(&world, &["refusal"]).await;
    fallback_hears(&world, "status=500").await;
    let reply = Kind::Messages.call(&world, "refusal", false).send(world.addr).await.ok();
    assert_eq!(reply.json()["stop_reason"], "refusal");
    let record = world.only_record().await;
    assert_eq!((record.attempts, record.error_kind.as_deref()), (2, None));
    assert_eq!(record.upstream_model.as_deref(), Some(CLAUDE));
    assert_eq!(record.cost, cost(&record.usage, &price(Kind::Messages), Rate::ONE, Rate::ONE));
    assert!(record.cost.is_positive());
    // A stream has begun before it is known to be a refusal.
    let world = World::new().await;
    fall_back(&world, &["refusal"]).await;
    let reply = Kind::Messages.call(&world, "refusal", true).send(world.addr).await.ok();
    assert!(reply.text().contains("refusal") && reply.header("tollgate-fallback").is_none());
}
