//! Bodies as callers of the other protocols send them, read by those protocols and written as Messages: a strict provider
//! takes them.

use crate::grammar::check_request;
use crate::ir::Request;
use crate::messages::request::encode::encode_for;
use crate::notes::Notes;
use crate::{chat, responses};
use serde_json::{Value, json};
use tollgate_protocol::Protocol;

fn written(request: &Request<'_>) -> (Value, Vec<String>) {
    let mut notes = Notes::default();
    let written = encode_for(request, "m", &mut notes).unwrap();
    let checked = check_request(Protocol::Messages, &written);
    assert!(checked.is_ok(), "{checked:?} {}", String::from_utf8_lossy(&written));
    (serde_json::from_slice(&written).unwrap(), notes.to_strings())
}

#[test]
fn a_conversation_in_chat() {
    let body = json!({"model": "x", "max_tokens": 100, "stop": ["s"], "user": "u", "stream": true,
    "parallel_tool_calls": false, "tool_choice": "required",
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "user", "content": [
            {"type": "text", "text": "a"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
        ]},
        {"role": "assistant", "content": "b", "tool_calls": [
            {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
            {"id": "t2", "type": "function", "function": {"name": "f", "arguments": ""}},
        ]},
        {"role": "tool", "tool_call_id": "t1", "content": "one"},
        {"role": "tool", "tool_call_id": "t2", "content": "two"},
        {"role": "user", "content": "c"},
    ]})
    .to_string();
    let request = chat::decode_request(body.as_bytes()).unwrap();
    let (body, notes) = written(&request);
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(body["system"], "s");
    assert_eq!(body["metadata"], json!({"user_id": "u"}));
    assert_eq!(body["tool_choice"], json!({"type": "any", "disable_parallel_tool_use": true}));
    assert_eq!(
        body["messages"][2],
        json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": "one"},
            {"type": "tool_result", "tool_use_id": "t2", "content": "two"},
            {"type": "text", "text": "c"},
        ]})
    );
}

#[test]
fn a_conversation_in_responses() {
    let body = json!({"model": "x", "instructions": "s", "max_output_tokens": 100,
    "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": false}],
    "input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]},
        {"type": "function_call", "call_id": "t1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "t1", "output": [
            {"type": "input_text", "text": "x"},
            {"type": "input_image", "image_url": "https://h/i.png"},
        ]},
    ]})
    .to_string();
    let request = responses::decode_request(body.as_bytes(), None).unwrap();
    let (body, notes) = written(&request);
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(body["system"], "s");
    assert_eq!(body["max_tokens"], 100);
    assert_eq!(body["messages"][1]["content"][0]["input"], json!({}));
    assert_eq!(
        body["messages"][2]["content"][0]["content"][1],
        json!({"type": "image", "source": {"type": "url", "url": "https://h/i.png"}})
    );
}
