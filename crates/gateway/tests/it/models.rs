//! The lists of models, in each family's shape.

use serde_json::{Value, json};
use tollgate_protocol::Dialect;

use crate::support::error_table::{check, request_id};
use crate::support::{Call, Kind, Setup, World};

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn openais_shape() {
    let world = World::new().await;
    let call = Call::get("/v1/models").bearer(world.key(Kind::Chat));
    let reply = call.send(world.addr).await.ok();
    request_id(&reply);
    let list = reply.json();
    assert_eq!(list["object"], "list");
    assert_eq!(ids(&list), ["claude-haiku-4-5", "claude-sonnet-5-5", "gpt-5.5", "gpt-6-sol"]);
    let model = &list["data"][2];
    assert_eq!((&model["object"], &model["id"]), (&json!("model"), &json!("gpt-5.5")));
    assert!(model["created"].is_i64() && model["owned_by"].is_string());
    let one = Call::get("/v1/models/gpt-5.5").bearer(world.key(Kind::Chat)).send(world.addr).await.ok();
    assert_eq!(&one.json(), model);
}

#[tokio::test]
async fn anthropics_shape_and_pages() {
    let world = World::new().await;
    let key = world.key(Kind::Messages);
    let versioned =
        |path: &str| Call::get(path).header("x-api-key", key).header("anthropic-version", "2023-06-01");
    for call in [
        versioned("/v1/models"),
        versioned("/api/anthropic/v1/models"),
        Call::get("/api/anthropic/v1/models").bearer(key),
    ] {
        let list = call.send(world.addr).await.ok().json();
        assert_eq!(ids(&list), ["claude-haiku-4-5", "claude-sonnet-5-5", "gpt-5.5", "gpt-6-sol"]);
        assert_eq!((&list["has_more"], &list["first_id"]), (&json!(false), &json!("claude-haiku-4-5")));
        let model = &list["data"][0];
        assert_eq!((&model["type"], &model["id"]), (&json!("model"), &json!("claude-haiku-4-5")));
        assert!(model["display_name"].is_string() && model["created_at"].as_str().unwrap().ends_with('Z'));
    }
    let page = versioned("/v1/models?limit=2&after_id=claude-haiku-4-5").send(world.addr).await.ok().json();
    assert_eq!(ids(&page), ["claude-sonnet-5-5", "gpt-5.5"]);
    assert_eq!((&page["has_more"], &page["last_id"]), (&json!(true), &json!("gpt-5.5")));
    let reply = versioned("/v1/models?limit=0").send(world.addr).await;
    check(&reply, Dialect::Messages, "invalid_field", "limit");
    let one = versioned("/v1/models/claude-haiku-4-5").send(world.addr).await.ok().json();
    assert_eq!((&one["type"], &one["id"]), (&json!("model"), &json!("claude-haiku-4-5")));
}

#[tokio::test]
async fn the_envelope() {
    let world = World::new().await;
    let call = Call::get("/api/v1/models").bearer(world.key(Kind::Chat));
    let reply = call.send(world.addr).await.ok().json();
    assert_eq!(
        (&reply["success"], &reply["code"], &reply["message"]),
        (&json!(true), &json!("200"), &json!("successful"))
    );
    let text = reply["data"].to_string();
    for model in ["claude-haiku-4-5", "gpt-5.5"] {
        assert!(text.contains(model), "{text}");
    }
    check(&Call::get("/api/v1/models").send(world.addr).await, Dialect::Envelope, "missing_key", "");
}

#[tokio::test]
async fn only_what_the_key_may_use() {
    let world = World::new().await;
    let only = vec!["gpt-*".parse().unwrap(), "claude-haiku-4-5".parse().unwrap()];
    let (_, secret) = world.extra_key(Kind::Chat, |new| new.allowed_models = only).await;
    let list = Call::get("/v1/models").bearer(&secret).send(world.addr).await.ok().json();
    assert_eq!(ids(&list), ["claude-haiku-4-5", "gpt-5.5", "gpt-6-sol"]);
    let hidden = Call::get("/v1/models/claude-sonnet-5-5").bearer(&secret).send(world.addr).await;
    check(&hidden, Dialect::Chat, "model_not_found", "claude-sonnet-5-5");
}

#[tokio::test]
async fn prefixed_and_mapped_names() {
    const MAPPING: &[(&str, &str)] = &[("gpt-alias", "gpt-5.5"), ("old-*", "gpt-5.5")];
    let world = World::start(Setup { group_mapping: MAPPING, ..Setup::default() }).await;
    let key = world.key(Kind::Chat);
    let list = Call::get("/v1/models").bearer(key).send(world.addr).await.ok().json();
    assert!(ids(&list).contains(&"gpt-alias"), "{list}");
    for (path, id) in [
        ("/v1/models/ZHIPU/GLM-4.6", "ZHIPU/GLM-4.6"),
        ("/v1/models/ZHIPU%2FGLM-4.6", "ZHIPU/GLM-4.6"),
        ("/v1/models/old-one", "old-one"),
    ] {
        let model = Call::get(path).bearer(key).send(world.addr).await.ok().json();
        assert_eq!(model["id"], id, "{path}");
    }
    let body = Kind::Chat.body("ZHIPU/GLM-4.6", "x", false);
    let reply = Call::json("/v1/chat/completions", &body).bearer(key).send(world.addr).await.ok();
    assert_eq!(reply.json()["model"], "ZHIPU/GLM-4.6");
}

#[tokio::test]
async fn lists_need_a_key_and_leave_no_record() {
    let world = World::new().await;
    for (path, dialect) in [
        ("/v1/models", Dialect::Chat),
        ("/v1/models/gpt-5.5", Dialect::Chat),
        ("/api/anthropic/v1/models", Dialect::Messages),
    ] {
        check(&Call::get(path).send(world.addr).await, dialect, "missing_key", "");
        check(&Call::get(path).bearer("tg-x").send(world.addr).await, dialect, "invalid_key", "");
    }
    Call::get("/v1/models").bearer(world.key(Kind::Chat)).send(world.addr).await.ok();
    assert_eq!(world.finished().await, []);
}
