//! The grammar of a Chat stream, and what a client makes of one.

use super::{Event, json};
use serde_json::{Value, json as value};

/// Checks the order of chunks, complete or cut off anywhere, and gives the completion they add up to.
pub(crate) fn accumulate(events: &[Event], complete: bool) -> Option<Value> {
    let mut completion: Option<Value> = None;
    let (mut finished, mut used, mut done) = (false, false, false);
    for (name, data) in events {
        assert_eq!(name, "", "Chat chunks have no event name");
        assert!(!done, "a chunk after [DONE]");
        if data == "[DONE]" {
            assert!(finished && used, "[DONE] before the finish and usage chunks");
            done = true;
            continue;
        }
        let chunk = json(data);
        assert_eq!(chunk["object"], "chat.completion.chunk");
        let total = completion.get_or_insert_with(|| {
            assert_eq!(chunk["choices"][0]["delta"]["role"], "assistant", "the role comes first");
            let message = value!({"role": "assistant", "content": null, "refusal": null});
            value!({"id": chunk["id"], "created": chunk["created"], "model": chunk["model"], "message": message})
        });
        for member in ["id", "created", "model"] {
            assert_eq!(chunk[member], total[member], "{member} is the same on all chunks");
        }
        let choices = chunk["choices"].as_array().unwrap();
        let Some(choice) = choices.first() else {
            assert!(finished && !used, "the usage chunk comes once, after the finish chunk");
            used = true;
            total["usage"] = chunk["usage"].clone();
            continue;
        };
        assert!(!finished, "a choice after the finish chunk");
        assert!(chunk["usage"].is_null() && chunk.get("usage").is_some());
        add(&mut total["message"], &choice["delta"]);
        if !choice["finish_reason"].is_null() {
            finished = true;
            total["finish_reason"] = choice["finish_reason"].clone();
        }
    }
    assert_eq!(done, complete, "[DONE] and the verdict disagree");
    assert_eq!(finished, complete, "the finish chunk and the verdict disagree");
    completion
}

fn add(message: &mut Value, delta: &Value) {
    for member in ["content", "refusal", "reasoning_content"] {
        if let Some(text) = delta[member].as_str().filter(|text| !text.is_empty()) {
            message[member] = value!(format!("{}{text}", message[member].as_str().unwrap_or_default()));
        }
    }
    for call in delta["tool_calls"].as_array().into_iter().flatten() {
        if message["tool_calls"].is_null() {
            message["tool_calls"] = value!([]);
        }
        let calls = message["tool_calls"].as_array_mut().unwrap();
        let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
        if index == calls.len() {
            assert!(
                call["id"].is_string() && call["function"]["name"].is_string(),
                "a call starts without its name"
            );
            let function = value!({"name": call["function"]["name"], "arguments": ""});
            calls.push(value!({"type": "function", "id": call["id"], "function": function}));
        } else {
            assert!(call.get("id").is_none(), "a call's id comes once");
        }
        let function = &mut calls[index]["function"];
        let more = call["function"]["arguments"].as_str().unwrap();
        function["arguments"] = value!(format!("{}{more}", function["arguments"].as_str().unwrap()));
    }
}

/// A whole completion in the form that [`accumulate`] gives.
pub(crate) fn of_answer(body: &Value) -> Value {
    let choice = &body["choices"][0];
    let mut message = choice["message"].clone();
    if message["content"] == "" {
        message["content"] = Value::Null;
    }
    message.as_object_mut().unwrap().remove("annotations");
    value!({
        "id": body["id"], "created": body["created"], "model": body["model"], "message": message,
        "finish_reason": choice["finish_reason"], "usage": body["usage"],
    })
}
