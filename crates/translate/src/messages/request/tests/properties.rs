//! Whatever conversation a caller has: read and written again, it says the same.

use crate::messages::request::decode::decode_request;
use crate::messages::request::encode::encode_for;
use crate::notes::Notes;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Text with what JSON has to escape, and never blank.
fn said() -> impl Strategy<Value = String> {
    "[!-~][ -~éß漢\u{1f600}\n\t\"\\\\]{0,20}"
}

fn identifier() -> impl Strategy<Value = String> {
    "[a-zA-Z][a-zA-Z0-9_-]{0,12}"
}

fn plain() -> impl Strategy<Value = Value> {
    let ttl = prop_oneof![Just(None), Just(Some("5m")), Just(Some("1h"))];
    prop_oneof![
        said().prop_map(|text| json!({"type": "text", "text": text})),
        (said(), ttl).prop_map(|(text, ttl)| {
            let mut block = json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}});
            if let Some(ttl) = ttl {
                block["cache_control"]["ttl"] = ttl.into();
            }
            block
        }),
        "[A-Za-z0-9+/]{4,12}".prop_map(|data| {
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}})
        }),
        (said(), any::<bool>()).prop_map(|(text, enabled)| {
            let source = json!({"type": "text", "media_type": "text/plain", "data": text});
            let mut block = json!({"type": "document", "source": source, "title": text});
            if enabled {
                block["citations"] = json!({"enabled": true});
            }
            block
        }),
        (identifier(), said()).prop_map(|(kind, x)| json!({"type": format!("x_{kind}"), "payload": [x, 1]})),
    ]
}

fn result() -> impl Strategy<Value = Value> {
    let content = prop_oneof![said().prop_map(Value::from), blocks(plain()).prop_map(Value::from)];
    (identifier(), content).prop_map(
        |(id, content)| json!({"type": "tool_result", "tool_use_id": id, "content": content, "is_error": true}),
    )
}

fn of_the_model() -> impl Strategy<Value = Value> {
    prop_oneof![
        said().prop_map(|text| json!({"type": "text", "text": text})),
        (said(), said()).prop_map(|(text, signature)| {
            json!({"type": "thinking", "thinking": text, "signature": signature})
        }),
        said().prop_map(|data| json!({"type": "redacted_thinking", "data": data})),
        (identifier(), identifier(), said())
            .prop_map(|(id, name, x)| json!({"type": "tool_use", "id": id, "name": name, "input": {"x": x}})),
        (identifier(), said())
            .prop_map(|(id, x)| json!({"type": "server_tool_use", "id": id, "name": "n", "input": {"x": x}})),
    ]
}

/// A list that could not be a string.
fn blocks(block: impl Strategy<Value = Value>) -> impl Strategy<Value = Vec<Value>> {
    proptest::collection::vec(block, 2..4)
}

fn message() -> impl Strategy<Value = Value> {
    prop_oneof![
        said().prop_map(|text| json!({"role": "user", "content": text})),
        blocks(prop_oneof![plain(), result()])
            .prop_map(|content| json!({"role": "user", "content": content})),
        blocks(of_the_model()).prop_map(|content| json!({"role": "assistant", "content": content})),
        said().prop_map(|text| json!({"role": "system", "content": text, "clear_at": 1})),
    ]
}

proptest! {
    #[test]
    fn conversations_survive(
        system in proptest::option::of(said()),
        messages in proptest::collection::vec(message(), 1..6),
        max_tokens in 0_u64..100_000,
    ) {
        let mut body = json!({"model": "m", "messages": messages, "max_tokens": max_tokens});
        if let Some(system) = system {
            body["system"] = system.into();
        }
        let text = body.to_string();
        let request = decode_request(text.as_bytes()).unwrap();
        let mut notes = Notes::default();
        let written = encode_for(&request, "m", &mut notes).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), body);
        prop_assert!(notes.to_strings().is_empty());
    }
}
