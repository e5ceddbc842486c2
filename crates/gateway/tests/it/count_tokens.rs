//! Counting tokens: asked of the account, estimated here, or refused; never charged.

use serde_json::{Value, json};
use tollgate_protocol::{Dialect, Protocol};
use tollgate_routing::{Funding, TokenCounting};
use tollgate_store::{GroupPatch, HoldFilter};

use crate::support::error_table::{check, request_id};
use crate::support::{Call, Kind, Reply, Setup, World, eventually};

const PATH: &str = "/v1/messages/count_tokens";

fn body(model: &str, prompt: &str) -> Value {
    json!({"model": model, "max_tokens": 50, "temperature": 0.5, "stream": true, "top_k": 4,
        "metadata": {"user_id": "u"}, "system": "Be brief.",
        "messages": [{"role": "user", "content": prompt}]})
}

async fn count(world: &World, kind: Kind, path: &str, prompt: &str) -> Reply {
    Call::json(path, &body(kind.model(), prompt)).bearer(world.key(kind)).send(world.addr).await
}

async fn set(world: &World, kind: Kind, counting: TokenCounting, expected: u16) {
    let patch = GroupPatch { token_counting: Some(Some(counting)), ..GroupPatch::default() };
    world.store.update_group(world.group(kind).id, patch).await.unwrap();
    eventually("the setting is in force", || async {
        let got = count(world, kind, PATH, "x").await.status;
        (got == expected).then_some(())
    })
    .await;
}

#[tokio::test]
async fn anthropics_accounts_count() {
    let world = World::new().await;
    for path in [PATH, "/api/anthropic/v1/messages/count_tokens", "/v1/messages/count_tokens?beta=true"] {
        let reply = count(&world, Kind::Messages, path, "How long is this?").await.ok();
        assert!(reply.json()["input_tokens"].as_u64().unwrap() > 0);
        request_id(&reply);
    }
    let sent: Value = serde_json::from_slice(&world.sandbox.last_requests()[0].body).unwrap();
    let names: Vec<&String> = sent.as_object().unwrap().keys().collect();
    assert_eq!(names, ["messages", "model", "system"], "what count_tokens does not take is removed");
    assert_eq!(world.finished().await, [], "nothing is written");
    assert_eq!(world.balance().await.nanos(), 100_000_000_000);
}

#[tokio::test]
async fn the_count_is_for_the_mapped_model() {
    const MAPPING: &[(&str, &str)] = &[("claude-sonnet-5-5", "claude-mapped")];
    let world = World::start(Setup { group_mapping: MAPPING, ..Setup::default() }).await;
    count(&world, Kind::Messages, PATH, "x").await.ok();
    let sent: Value = serde_json::from_slice(&world.sandbox.last_requests()[0].body).unwrap();
    assert_eq!(sent["model"], "claude-mapped");
}

#[tokio::test]
async fn openais_groups_do_not_count() {
    let world = World::new().await;
    for path in [PATH, "/api/anthropic/v1/messages/count_tokens"] {
        let reply = count(&world, Kind::Chat, path, "x").await;
        assert_eq!(reply.status, 404);
        assert_eq!(
            reply.text(),
            r#"{"type":"error","error":{"type":"not_found_error","message":"Token counting is not supported for this platform"}}"#
        );
        request_id(&reply);
    }
    assert_eq!(world.finished().await, []);
}

#[tokio::test]
async fn a_groups_setting_decides() {
    let world = World::new().await;
    set(&world, Kind::Messages, TokenCounting::Off, 404).await;
    set(&world, Kind::Messages, TokenCounting::Native, 200).await;
    let before = world.sandbox.counts().total.received;

    set(&world, Kind::Chat, TokenCounting::Estimate, 200).await;
    // "hello world" and its line feed are 3 tokens, "Be brief." with its own 4; a message costs 4 more.
    let reply = count(&world, Kind::Chat, PATH, "hello world").await.ok();
    let tokens = reply.json()["input_tokens"].as_u64().unwrap();
    assert!((9..=13).contains(&tokens), "{tokens}");
    let longer = count(&world, Kind::Chat, PATH, &"hello world ".repeat(100)).await.ok();
    assert!(longer.json()["input_tokens"].as_u64().unwrap() > 190);
    assert_eq!(world.sandbox.counts().total.received, before, "an estimate asks nobody");
    assert_eq!(world.finished().await, []);
}

#[tokio::test]
async fn responses_input_tokens() {
    let world = World::new().await;
    for path in ["/v1/responses/input_tokens", "/responses/input_tokens"] {
        let body = json!({"model": "gpt-5.5", "input": "How long is this?"});
        let reply = Call::json(path, &body).bearer(world.key(Kind::Responses)).send(world.addr).await;
        let reply = reply.ok().json();
        assert_eq!(reply["object"], "response.input_tokens");
        assert!(reply["input_tokens"].as_u64().unwrap() > 0);
    }
    assert_eq!(world.finished().await, []);
}

#[tokio::test]
async fn a_failed_count_says_nothing_about_the_accounts_health() {
    let world = World::new().await;
    for fault in ["status=500", "status=529", "status=429 retry_after=60", "status=401", "reset", "html"] {
        for _ in 0..6 {
            let reply = count(&world, Kind::Messages, PATH, &format!("[[sandbox {fault}]]")).await;
            assert!(reply.status >= 400, "{fault}: {} {}", reply.status, reply.text());
            assert!(!reply.text().contains("<html"), "{}", reply.text());
        }
        Kind::Messages.call(&world, "words=1", false).send(world.addr).await.ok();
    }
    assert_eq!(world.finished().await.len(), 6, "only the messages are recorded");
}

#[tokio::test]
async fn errors_of_counts() {
    let world = World::new().await;
    let reply = Call::json(PATH, &body("claude-sonnet-5-5", "x")).send(world.addr).await;
    check(&reply, Dialect::Messages, "missing_key", "");
    let reply = Call::json(PATH, &json!({"model": "claude-sonnet-5-5"}));
    let reply = reply.bearer(world.key(Kind::Messages)).send(world.addr).await;
    check(&reply, Dialect::Messages, "invalid_field", "messages");
    let reply = Call::json(PATH, &body("No/Model", "x")).bearer(world.key(Kind::Messages));
    check(&reply.send(world.addr).await, Dialect::Messages, "model_not_found", "No/Model");
    let reply = count(&world, Kind::Messages, PATH, "[[sandbox status=400 message='too odd']]").await;
    assert_eq!((reply.status, &reply.json()["error"]["message"]), (400, &json!("too odd")));
}

#[tokio::test]
async fn nothing_to_pay_with_is_nothing_to_count_with() {
    for (balance, funding, refusal) in [
        ("0", Funding::SubscriptionFirst, "insufficient_balance"),
        ("-0.000000001", Funding::Balance, "insufficient_balance"),
        ("100", Funding::Subscription, "no_subscription"),
    ] {
        let world = World::start(Setup { balance: balance.parse().unwrap(), ..Setup::default() }).await;
        let counting = Some(Some(TokenCounting::Estimate));
        let patch = GroupPatch { token_counting: counting, funding: Some(funding), ..GroupPatch::default() };
        world.store.update_group(world.group(Kind::Messages).id, patch).await.unwrap();
        eventually("the setting is in force", || async {
            (count(&world, Kind::Messages, PATH, "x").await.status != 200).then_some(())
        })
        .await;
        let refused = count(&world, Kind::Messages, PATH, "x").await;
        check(&refused, Dialect::Messages, refusal, "");
        assert_eq!(refused.status, 402);
        assert_eq!(world.finished().await, [], "nothing is written");
        assert_eq!(world.balance().await, balance.parse().unwrap());
        assert!(world.store.open_holds(HoldFilter::All, 1).await.unwrap().is_empty());
    }
}

/// A group whose accounts speak another protocol counts here, unless it was told how to count.
#[tokio::test]
async fn what_is_translated_is_estimated() {
    for protocol in [Protocol::Chat, Protocol::Responses] {
        let world = World::start(Setup::speaking(protocol)).await;
        let reply = count(&world, Kind::Messages, PATH, "How long is this?").await.ok();
        assert!(reply.json()["input_tokens"].as_u64().unwrap() > 5, "{protocol}");
        let body = body("no-such-model", "x");
        let unknown = Call::json(PATH, &body).bearer(world.key(Kind::Messages)).send(world.addr).await;
        check(&unknown, Dialect::Messages, "model_not_found", "no-such-model");
        set(&world, Kind::Messages, TokenCounting::Native, 404).await;
    }
}
