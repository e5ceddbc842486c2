//! Requests as an operator's shaping sends them out, what the caller is told of it, and what it may cost.

use serde_json::{Value, json};
use tollgate_base::Money;
use tollgate_protocol::Protocol;
use tollgate_routing::Shaping;
use tollgate_store::{AccountPatch, GroupPatch};

use crate::limits::POLLED;
use crate::support::kind::{CLAUDE, GPT};
use crate::support::{Call, Kind, Reply, Setup, World};

/// Has the kind's group, and all accounts, shape requests.
async fn shape(world: &World, kind: Kind, group: &Value, account: &Value) {
    let read = |json: &Value| Some(serde_json::from_str::<Shaping>(&json.to_string()).unwrap());
    let patch = GroupPatch { shaping: read(group), ..GroupPatch::default() };
    world.store.update_group(world.group(kind).id, patch).await.unwrap();
    for known in &world.accounts {
        let patch = AccountPatch { shaping: read(account), ..AccountPatch::default() };
        world.store.update_account(known.id, patch).await.unwrap();
    }
    tokio::time::sleep(POLLED).await;
}

async fn send(world: &World, kind: Kind, body: &Value) -> Reply {
    let call = Call::json(kind.path(), body).bearer(world.key(kind));
    call.header("anthropic-beta", "kept-1, gone-1").header("x-app", "cli").send(world.addr).await.ok()
}

/// The last request that the sandbox got: its headers and body.
fn sent(world: &World) -> (http::HeaderMap, Value) {
    let request = world.sandbox.last_requests().pop().unwrap();
    let body = serde_json::from_slice(&request.body).unwrap();
    (request.headers, body)
}

#[tokio::test]
async fn the_groups_rules_come_first_and_then_the_accounts() {
    let world = World::new().await;
    let kind = Kind::Messages;
    let group = json!({"headers": {"set": {"x-tier": "group", "x-team": "a"}, "remove": ["x-app"]},
        "beta": {"drop": ["gone-*"]}, "system_prefix": "Group.",
        "body": [{"path": "metadata.user_id", "set": "shared"}, {"path": "stop_sequences", "remove": true}]});
    let account = json!({"headers": {"set": {"x-tier": "account"}}, "system_prefix": "Account.",
        "body": [{"path": "stop_sequences", "default": ["END"], "models": ["claude-*"]},
                 {"path": "top_k", "set": 5, "protocols": ["chat"]}]});
    shape(&world, kind, &group, &account).await;
    let mut body = kind.body(CLAUDE, "Hello.", false);
    body["metadata"] = json!({"user_id": "mine"});
    body["stop_sequences"] = json!(["STOP"]);
    body["system"] = json!("Caller.");
    let reply = send(&world, kind, &body).await;
    let (headers, sent) = sent(&world);
    assert_eq!(
        [&headers["x-tier"], &headers["x-team"], &headers["anthropic-beta"]],
        ["account", "a", "kept-1"]
    );
    assert!(!headers.contains_key("x-app"));
    assert_eq!(sent["metadata"]["user_id"], "shared");
    assert_eq!(sent["stop_sequences"], json!(["END"]));
    assert_eq!((&sent["system"], sent.get("top_k")), (&json!("Account.\n\nGroup.\n\nCaller."), None));
    assert_eq!(sent["messages"], body["messages"]);
    let replaced = "anthropic-beta,metadata.user_id,stop_sequences";
    assert_eq!(reply.header("tollgate-dropped"), Some(replaced));
    assert_eq!(world.only_record().await.dropped.as_deref(), Some(replaced));
}

/// The rules are for the body that the provider gets, whatever protocol the caller speaks.
#[tokio::test]
async fn translated_requests_are_shaped_as_the_provider_gets_them() {
    let world = World::start(Setup::speaking(Protocol::Messages)).await;
    let rules = json!({"system_prefix": "First.", "clamp": [{"path": "max_tokens", "max": 70}]});
    shape(&world, Kind::Chat, &json!({}), &rules).await;
    for stream in [false, true] {
        let mut body = Kind::Chat.body(GPT, "Hello.", stream);
        body["max_completion_tokens"] = json!(900);
        let reply = send(&world, Kind::Chat, &body).await;
        let (_, sent) = sent(&world);
        assert_eq!((&sent["system"], &sent["max_tokens"]), (&json!("First."), &json!(70)));
        assert!(reply.header("tollgate-dropped").unwrap().contains("max_tokens"));
    }
}

/// What makes an answer longer than its caller allows is held for.
#[tokio::test]
async fn a_longer_answer_is_held_for() {
    let world = World::new().await;
    let kind = Kind::Messages;
    let plain = kind.call(&world, "words=3", false);
    plain.send(world.addr).await.ok();
    for rules in [
        json!({"clamp": [{"path": "max_tokens", "min": 20_000}]}),
        json!({"body": [{"path": "max_tokens", "set": 20_000}]}),
    ] {
        shape(&world, kind, &json!({}), &rules).await;
        kind.call(&world, "output=19000", false).send(world.addr).await.ok();
        let (_, sent) = sent(&world);
        assert_eq!(sent["max_tokens"], 20_000);
    }
    // A longer prompt is held for as well.
    shape(&world, kind, &json!({"system_prefix": "word ".repeat(2_000)}), &json!({})).await;
    plain.send(world.addr).await.ok();
    let records = world.finished().await;
    let held = |at: usize| records[at].held.unwrap();
    for record in &records {
        assert!(record.held.unwrap() >= record.cost && record.cost.is_positive(), "{record:?}");
    }
    assert!(records[1].cost > held(0), "the caller's own limit would not have covered it");
    assert!(held(3) > held(0).checked_add(Money::from_nanos(10_000 * 3_000)).unwrap());
}

#[tokio::test]
async fn a_status_is_taken_for_another() {
    let world = World::start(Setup { accounts: 2, ..Setup::default() }).await;
    let kind = Kind::Chat;
    let directives = "status=422 account=cred-openai-0";
    assert_eq!(kind.call(&world, directives, false).send(world.addr).await.status, 422);
    shape(&world, kind, &json!({}), &json!({"status": {"422": 529}})).await;
    kind.call(&world, directives, false).send(world.addr).await.ok();
    let attempts: Vec<u32> = world.finished().await.iter().map(|record| record.attempts).collect();
    assert_eq!(attempts, [1, 2]);
}

#[tokio::test]
async fn a_count_counts_the_prefix() {
    let world = World::new().await;
    let body = json!({"model": CLAUDE, "messages": [{"role": "user", "content": "How long is this?"}]});
    let count = Call::json("/v1/messages/count_tokens", &body).bearer(world.key(Kind::Messages));
    let plain = count.send(world.addr).await.ok().json()["input_tokens"].as_u64().unwrap();
    let rules = json!({"system_prefix": "twelve chars", "body": [{"path": "max_tokens", "default": 5}]});
    shape(&world, Kind::Messages, &rules, &json!({})).await;
    let shaped = count.send(world.addr).await.ok().json()["input_tokens"].as_u64().unwrap();
    assert_eq!(shaped, plain + 3);
}
