//! Whatever is said in items comes back as it was said.

use super::{again, normal};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};
use proptest::{prop_assert_eq, strategy::Union};
use serde_json::{Value, json};

fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,6}", "\\PC{0,12}", Just("\"\\\n\u{0}€".to_owned())]
}

fn id() -> impl Strategy<Value = String> {
    "[a-z]{2}_[a-z0-9]{1,3}"
}

/// With some of the members that may be there.
fn with(value: Value, more: Vec<(&'static str, Value)>, which: u8) -> Value {
    let mut value = value;
    for (at, (name, member)) in more.into_iter().enumerate() {
        if which & (1 << at) != 0 {
            value[name] = member;
        }
    }
    value
}

fn input_part() -> impl Strategy<Value = Value> {
    let cache = json!({"mode": "explicit", "ttl": "12h"});
    (word(), id(), 0..8_u8, any::<u8>()).prop_map(move |(text, id, kind, which)| {
        let part = match kind {
            0 | 1 => json!({"type": "input_text", "text": text}),
            2 => json!({"type": "input_image", "image_url": "data:image/png;base64,QUJD"}),
            3 => json!({"type": "input_image", "file_id": id, "detail": "low"}),
            4 => json!({"type": "input_file", "file_data": "data:application/pdf;base64,QUJD"}),
            5 => json!({"type": "input_file", "file_url": format!("https://a/{id}")}),
            6 => json!({"type": "input_file", "file_id": id}),
            _ => return json!({"type": "input_odd", "text": text, "x": [text]}),
        };
        with(part, vec![("prompt_cache_breakpoint", cache.clone()), ("future", json!([id]))], which)
    })
}

fn output_part() -> impl Strategy<Value = Value> {
    (word(), 0..4_u8).prop_map(|(text, kind)| match kind {
        0 => json!({"type": "refusal", "refusal": text}),
        1 => json!({"type": "output_text", "text": text, "annotations": [{"type": "url_citation", "url": text}]}),
        _ => json!({"type": "output_text", "text": text}),
    })
}

fn message() -> impl Strategy<Value = Value> {
    let said = (prop::collection::vec(input_part(), 1..4), 0..3_usize, word(), id(), any::<u8>());
    said.prop_map(|(parts, role, text, id, which)| {
        let role = ["user", "developer", "system"][role];
        let content = if which & 1 == 0 { json!(parts) } else { json!(text) };
        let message = json!({"type": "message", "role": role, "content": content});
        with(
            message,
            vec![("id", json!(id)), ("status", json!("incomplete")), ("future", json!({}))],
            which >> 1,
        )
    })
}

fn answer() -> impl Strategy<Value = Value> {
    (prop::collection::vec(output_part(), 1..4), 0..3_usize, id(), any::<u8>()).prop_map(
        |(parts, phase, id, which)| {
            let message = json!({"type": "message", "role": "assistant", "content": parts});
            let more = vec![
                ("id", json!(id)),
                ("phase", json!(["commentary", "final_answer", "later"][phase])),
                ("future", json!(id)),
            ];
            with(message, more, which)
        },
    )
}

fn call() -> impl Strategy<Value = Value> {
    (id(), word(), word(), 0..6_u8, any::<u8>()).prop_map(|(id, name, text, kind, which)| {
        let more = vec![("id", json!(id)), ("namespace", json!(name)), ("caller", json!({"type": "direct"}))];
        match kind {
            0 | 1 => with(
                json!({"type": "function_call", "call_id": id, "name": name, "arguments": text}),
                more,
                which,
            ),
            2 => with(
                json!({"type": "custom_tool_call", "call_id": id, "name": name, "input": text}),
                more,
                which,
            ),
            3 => json!({"type": "shell_call", "call_id": id, "action": {"commands": [text]}}),
            4 => json!({"type": "tool_search_call", "call_id": id, "execution": "client",
                "arguments": {"query": text}}),
            _ => json!({"type": "apply_patch_call", "call_id": id, "status": "completed",
                "operation": {"type": "delete_file", "path": text}}),
        }
    })
}

fn output() -> impl Strategy<Value = Value> {
    (id(), word(), prop::collection::vec(input_part(), 1..3), 0..5_u8, any::<u8>()).prop_map(
        |(id, text, parts, kind, which)| {
            let output = if which & 1 == 0 { json!(parts) } else { json!(text) };
            match kind {
                0 | 1 => with(
                    json!({"type": "function_call_output", "call_id": id, "output": output}),
                    vec![("id", json!(id)), ("name", json!(text))],
                    which >> 1,
                ),
                2 => json!({"type": "custom_tool_call_output", "call_id": id, "output": output}),
                3 => json!({"type": "local_shell_call_output", "id": id, "output": text}),
                _ => json!({"type": "apply_patch_call_output", "call_id": id, "status": "failed", "output": text}),
            }
        },
    )
}

fn reasoning() -> impl Strategy<Value = Value> {
    (id(), prop::collection::vec(word(), 0..3), any::<u8>()).prop_map(|(id, texts, which)| {
        let part =
            |kind: &str| -> Value { texts.iter().map(|text| json!({"type": kind, "text": text})).collect() };
        let mut more =
            vec![("id", json!(id)), ("encrypted_content", json!("gAAA")), ("status", json!("incomplete"))];
        if !texts.is_empty() {
            more.push(("content", part("reasoning_text")));
        }
        with(json!({"type": "reasoning", "summary": part("summary_text")}), more, which)
    })
}

fn whole() -> impl Strategy<Value = Value> {
    (word(), 0..4_u8).prop_map(|(text, kind)| match kind {
        0 => json!({"type": "web_search_call", "id": text, "action": {"query": text}}),
        1 => json!({"type": "item_reference", "id": text}),
        2 => json!({"type": "compaction", "encrypted_content": text}),
        _ => json!({"type": "odd_item", "content": {"a": text}, "output": 7}),
    })
}

fn items() -> impl Strategy<Value = Vec<Value>> {
    let item = Union::new([
        message().boxed(),
        answer().boxed(),
        call().boxed(),
        output().boxed(),
        reasoning().boxed(),
        whole().boxed(),
    ]);
    prop::collection::vec(item, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn items_come_back_as_they_were(items in items(), instructions in prop::option::of(word())) {
        let body = json!({"model": "m", "instructions": instructions, "input": items});
        prop_assert_eq!(normal(&again(&body)), normal(&body));
        // What was written is read the same again.
        let made = again(&body);
        prop_assert_eq!(again(&made), made);
    }

    #[test]
    fn nothing_makes_it_panic(body in "\\PC{0,80}", odd in items(), at in any::<usize>()) {
        let _ = super::decode_request(body.as_bytes(), None);
        let text = json!({"model": "m", "input": odd}).to_string();
        let end = (0..=at % (text.len() + 1)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        let _ = super::decode_request(&text.as_bytes()[..end], Some(body.as_bytes()));
    }
}
