//! Bodies that are no Chat requests, and the fields that the errors name.

use crate::chat::request::decode::decode_request;
use crate::error::TranslateError;
use serde_json::{Value, json};

fn field_and_what(body: &str) -> (String, String) {
    match decode_request(body.as_bytes()) {
        Err(TranslateError::BadRequest { field, what }) => (field, what),
        other => panic!("{body}: {other:?}"),
    }
}

fn around(messages: &Value) -> String {
    json!({"model": "m", "messages": messages}).to_string()
}

#[test]
fn bodies() {
    for (members, field) in [
        (json!({"model": null}), "model"),
        (json!({"model": 5}), "model"),
        (json!({"messages": null}), "messages"),
        (json!({"messages": "hi"}), "messages"),
        (json!({"messages": []}), "messages"),
        (json!({"messages": ["hi"]}), "messages.0"),
        (json!({"stream": "yes"}), "stream"),
        (json!({"stream_options": true}), "stream_options"),
        (json!({"stream_options": {"include_usage": 1}}), "stream_options.include_usage"),
        (json!({"max_tokens": -1}), "max_tokens"),
        (json!({"max_completion_tokens": 1.5}), "max_completion_tokens"),
        (json!({"temperature": "warm"}), "temperature"),
        (json!({"top_p": []}), "top_p"),
        (json!({"seed": 1.5}), "seed"),
        (json!({"stop": 7}), "stop"),
        (json!({"stop": ["a", 7]}), "stop.1"),
        (json!({"reasoning_effort": "hard"}), "reasoning_effort"),
        (json!({"reasoning": {"effort": "hard"}}), "reasoning.effort"),
        (json!({"thinking": {"type": "maybe"}}), "thinking.type"),
        (json!({"thinking": {}}), "thinking.type"),
        (json!({"response_format": "json"}), "response_format"),
        (json!({"response_format": {}}), "response_format.type"),
        (json!({"response_format": {"type": "json_schema"}}), "response_format.json_schema"),
        (
            json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n"}}}),
            "response_format.json_schema.schema",
        ),
        (
            json!({"response_format": {"type": "json_schema", "json_schema": {"schema": {}, "strict": 1}}}),
            "response_format.json_schema.strict",
        ),
        (json!({"tools": {}}), "tools"),
        (json!({"tools": [{}]}), "tools.0.type"),
        (json!({"tools": [{"type": "function"}]}), "tools.0.function"),
        (json!({"tools": [{"type": "function", "function": {}}]}), "tools.0.function.name"),
        (
            json!({"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]}),
            "tools.0.function.parameters",
        ),
        (json!({"tools": [{"type": "custom"}]}), "tools.0.custom"),
        (
            json!({"tools": [{"type": "custom", "custom": {"name": "c", "format": {"type": "grammar"}}}]}),
            "tools.0.custom.format.grammar",
        ),
        (json!({"functions": [{}]}), "functions.0.name"),
        (json!({"tool_choice": "sometimes"}), "tool_choice"),
        (json!({"tool_choice": {"type": "function"}}), "tool_choice.function"),
        (json!({"tool_choice": {"type": "function", "function": {}}}), "tool_choice.function.name"),
        (json!({"tool_choice": {"type": "allowed_tools"}}), "tool_choice.allowed_tools"),
        (
            json!({"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "x", "tools": []}}}),
            "tool_choice.allowed_tools.mode",
        ),
        (json!({"function_call": "sometimes"}), "function_call"),
    ] {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let (got, what) = field_and_what(&body.to_string());
        assert_eq!(got, field, "{members}");
        assert!(!what.is_empty());
    }
}

#[test]
fn messages() {
    let user = |part: Value| json!([{"role": "user", "content": [{"type": "text", "text": "a"}, part]}]);
    let called =
        |call: Value| json!([{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call]}]);
    for (messages, field) in [
        (json!([{"content": "a"}]), "messages.0.role"),
        (json!([{"role": "robot", "content": "a"}]), "messages.0.role"),
        (json!([{"role": "user", "content": 5}]), "messages.0.content"),
        (json!([{"role": "user", "content": {"type": "text"}}]), "messages.0.content"),
        (json!([{"role": "user", "content": ["a"]}]), "messages.0.content.0"),
        (user(json!({})), "messages.0.content.1.type"),
        (user(json!({"type": "text"})), "messages.0.content.1.text"),
        (user(json!({"type": "text", "text": 5})), "messages.0.content.1.text"),
        (user(json!({"type": "image_url"})), "messages.0.content.1.image_url"),
        (user(json!({"type": "image_url", "image_url": {}})), "messages.0.content.1.image_url.url"),
        (
            user(json!({"type": "image_url", "image_url": {"url": "AAAA"}})),
            "messages.0.content.1.image_url.url",
        ),
        (
            user(json!({"type": "image_url", "image_url": {"url": "data:image/png,AAAA"}})),
            "messages.0.content.1.image_url.url",
        ),
        (
            user(json!({"type": "input_audio", "input_audio": {"data": "x"}})),
            "messages.0.content.1.input_audio.format",
        ),
        (user(json!({"type": "file", "file": {"filename": "x"}})), "messages.0.content.1.file"),
        (
            user(json!({"type": "file", "file": {"file_id": "a", "file_data": "b"}})),
            "messages.0.content.1.file",
        ),
        (
            user(json!({"type": "file", "file": {"file_data": "data:text/plain,x"}})),
            "messages.0.content.1.file.file_data",
        ),
        (json!([{"role": "user", "content": "a", "tool_calls": [{}]}]), "messages.0.tool_calls"),
        (
            json!([{"role": "system", "content": "a", "reasoning_content": "x"}]),
            "messages.0.reasoning_content",
        ),
        (json!([{"role": "tool", "content": "a"}]), "messages.0.tool_call_id"),
        (json!([{"role": "function", "content": "a"}]), "messages.0.name"),
        (called(json!("x")), "messages.1.tool_calls.0"),
        (called(json!({"id": "c"})), "messages.1.tool_calls.0.function"),
        (
            called(json!({"id": "c", "type": "odd", "function": {"name": "f"}})),
            "messages.1.tool_calls.0.type",
        ),
        (
            called(json!({"id": "c", "function": {"arguments": "{}"}})),
            "messages.1.tool_calls.0.function.name",
        ),
        (called(json!({"id": "c", "type": "custom", "custom": {}})), "messages.1.tool_calls.0.custom.name"),
        (
            json!([{"role": "assistant", "function_call": {"arguments": "{}"}}]),
            "messages.0.function_call.name",
        ),
    ] {
        assert_eq!(field_and_what(&around(&messages)).0, field, "{messages}");
    }
}

#[test]
fn what_is_not_json_at_all() {
    for body in ["", "{", "[]", "null", "\"x\"", "{\"model\":\"m\"} x"] {
        assert_eq!(field_and_what(body).0, "body", "{body}");
    }
    assert_eq!(field_and_what("{\"model\":\"m\",\"messages\":[{\"role\":").0, "messages.0.role");
    let error = decode_request(b"{\"model\":\"\xff\"}").err().unwrap().to_string();
    assert_eq!(error, "body: must be UTF-8");
}

#[test]
fn messages_say_what_is_wanted_and_repeat_nothing() {
    let (_, what) = field_and_what(&around(&json!([{"role": "user", "content": 123_456}])));
    assert_eq!(what, "must be a string or a list of content parts");
    let (_, what) = field_and_what(&around(&json!([{"role": "secret"}])));
    assert!(!what.contains("secret"));
}
