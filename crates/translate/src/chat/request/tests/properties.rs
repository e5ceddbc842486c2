//! Whatever conversation a caller has: read and written again, it says the same.

use super::made::usual;
use crate::chat::request::decode::decode_request;
use crate::chat::request::encode::encode_for;
use crate::notes::Notes;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Text with what JSON has to escape.
fn said() -> impl Strategy<Value = String> {
    "[ -~éß漢\u{1f600}\n\t\"\\\\]{1,20}"
}

fn identifier() -> impl Strategy<Value = String> {
    "[a-zA-Z][a-zA-Z0-9_-]{0,12}"
}

fn part() -> impl Strategy<Value = Value> {
    let detail = prop_oneof![Just(None), Just(Some("low")), Just(Some("original"))];
    prop_oneof![
        said().prop_map(|text| json!({"type": "text", "text": text})),
        said().prop_map(|text| json!({"type": "text", "text": text, "cache_control": {"type": "ephemeral"}})),
        ("[A-Za-z0-9+/]{4,12}", detail).prop_map(|(data, detail)| {
            let mut image = json!({"url": format!("data:image/png;base64,{data}")});
            if let Some(detail) = detail {
                image["detail"] = detail.into();
            }
            json!({"type": "image_url", "image_url": image})
        }),
        said().prop_map(|name| json!({"type": "file", "file": {"file_id": "f", "filename": name}})),
        (identifier(), said()).prop_map(|(kind, x)| json!({"type": format!("x_{kind}"), "payload": [x, 1]})),
    ]
}

/// A string, or a list that could not be one.
fn content() -> impl Strategy<Value = Value> {
    prop_oneof![said().prop_map(Value::from), proptest::collection::vec(part(), 2..4).prop_map(Value::from),]
}

fn call() -> impl Strategy<Value = Value> {
    prop_oneof![
        (identifier(), identifier(), said()).prop_map(|(id, name, x)| {
            let arguments = json!({"x": x}).to_string();
            json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
        }),
        (identifier(), identifier(), said()).prop_map(
            |(id, name, x)| json!({"id": id, "type": "custom", "custom": {"name": name, "input": x}})
        ),
    ]
}

fn message() -> impl Strategy<Value = Value> {
    let calls = proptest::collection::vec(call(), 0..3);
    let reasoning = proptest::option::of(prop_oneof![said(), Just(String::new())]);
    prop_oneof![
        (prop_oneof![Just("system"), Just("developer")], said())
            .prop_map(|(role, text)| json!({"role": role, "content": text})),
        (content(), proptest::option::of(identifier())).prop_map(|(content, name)| {
            let mut message = json!({"role": "user", "content": content});
            if let Some(name) = name {
                message["name"] = name.into();
            }
            message
        }),
        (proptest::option::of(said()), reasoning, calls, proptest::option::of(said())).prop_map(
            |(text, reasoning, calls, refusal)| {
                let mut message = json!({"role": "assistant", "content": text});
                let is_empty = text.is_none() && calls.is_empty() && refusal.is_none();
                if is_empty {
                    message["content"] = "".into();
                }
                if let Some(reasoning) = reasoning {
                    message["reasoning_content"] = reasoning.into();
                }
                if let Some(refusal) = refusal {
                    message["refusal"] = refusal.into();
                }
                if !calls.is_empty() {
                    message["tool_calls"] = calls.into();
                }
                message
            }
        ),
        (identifier(), content())
            .prop_map(|(id, content)| json!({"role": "tool", "tool_call_id": id, "content": content})),
    ]
}

fn settings() -> impl Strategy<Value = Map<String, Value>> {
    let one = prop_oneof![
        (1u64..100_000).prop_map(|n| ("max_tokens".to_owned(), json!(n))),
        (0u8..=8).prop_map(|n| ("temperature".to_owned(), json!(f64::from(n) / 4.0))),
        any::<i64>().prop_map(|n| ("seed".to_owned(), json!(n))),
        proptest::collection::vec(said(), 1..4).prop_map(|stop| ("stop".to_owned(), json!(stop))),
        prop_oneof![Just("low"), Just("max")].prop_map(|word| ("reasoning_effort".to_owned(), json!(word))),
        said().prop_map(|user| ("user".to_owned(), json!(user))),
        (identifier(), said()).prop_map(|(name, x)| (format!("x_{name}"), json!({"y": [x]}))),
        identifier().prop_map(|name| (
            "tools".to_owned(),
            json!([{"type": "function", "function": {"name": name, "parameters": {"type": "object", "x": []}}}])
        )),
    ];
    proptest::collection::vec(one, 0..5).prop_map(|members| members.into_iter().collect())
}

proptest! {
    #[test]
    fn a_conversation_survives(messages in proptest::collection::vec(message(), 1..8), settings in settings()) {
        let mut body = settings;
        body.insert("model".to_owned(), "m".into());
        body.insert("messages".to_owned(), messages.into());
        let text = Value::Object(body.clone()).to_string();
        let request = decode_request(text.as_bytes()).unwrap();
        let mut notes = Notes::default();
        let written = encode_for(&request, "m", usual(), &mut notes).unwrap();
        prop_assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), Value::Object(body));
        prop_assert!(notes.to_strings().is_empty());
    }

    #[test]
    fn a_cut_body_is_refused(messages in proptest::collection::vec(message(), 1..4), cut in any::<prop::sample::Index>()) {
        let text = json!({"model": "m", "messages": messages}).to_string();
        let cut = cut.index(text.len());
        prop_assert!(decode_request(&text.as_bytes()[..cut]).is_err());
    }

    #[test]
    fn no_body_panics(body in "[\\[\\]{}\",:a-z0-9 ]{0,60}") {
        let _ = decode_request(body.as_bytes());
    }
}
