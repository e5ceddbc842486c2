//! Chat requests read and written again: the meaning stays.
//!
//! A case without an expectation comes back as it was, but for the order of members. Where there are two ways to say one
//! thing, the case says which one comes back.

#![expect(clippy::needless_pass_by_value, reason = "cases are written in place")]

use super::made::usual;
use crate::chat::request::decode::decode_request;
use crate::chat::request::encode::encode_for;
use crate::family::Quirks;
use crate::notes::Notes;
use serde_json::{Value, json};

fn again(body: &Value, habits: Quirks) -> (Value, Vec<String>) {
    let text = body.to_string();
    let request = decode_request(text.as_bytes()).unwrap();
    let mut notes = Notes::default();
    let written = encode_for(&request, "up-model", habits, &mut notes).unwrap();
    (serde_json::from_slice(&written).unwrap(), notes.to_strings())
}

/// The whole body around `members`.
fn body(members: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

fn check(name: &str, members: Value, expected: Option<Value>) {
    let mut want = body(expected.unwrap_or_else(|| members.clone()));
    want["model"] = "up-model".into();
    let (got, notes) = again(&body(members), usual());
    assert_eq!(got, want, "{name}");
    assert!(notes.is_empty(), "{name}: {notes:?}");
}

fn check_messages(name: &str, messages: Value, expected: Option<Value>) {
    check(name, json!({"messages": messages}), expected.map(|messages| json!({"messages": messages})));
}

#[test]
fn roles_and_text() {
    check_messages("one text", json!([{"role": "user", "content": "hi"}]), None);
    check_messages(
        "every role",
        json!([
            {"role": "system", "content": "s"},
            {"role": "developer", "content": "d", "name": "boss"},
            {"role": "user", "content": "u", "name": "ann"},
            {"role": "assistant", "content": "a", "name": "bot"},
            {"role": "system", "content": "in between"},
            {"role": "user", "content": "é\n\"quoted\""},
            {"role": "user", "content": "again"},
        ]),
        None,
    );
    check_messages(
        "lists of text, and a list of one",
        json!([
            {"role": "system", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "user", "content": [{"type": "text", "text": "u"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]},
            {"role": "user", "content": [{"text": "no type"}]},
        ]),
        Some(json!([
            {"role": "system", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
            {"role": "user", "content": "u"},
            {"role": "assistant", "content": [{"type": "text", "text": "x"}, {"type": "text", "text": "y"}]},
            {"role": "user", "content": "no type"},
        ])),
    );
    check_messages(
        "empty texts",
        json!([
            {"role": "system", "content": ""},
            {"role": "user", "content": ""},
            {"role": "assistant", "content": null},
            {"role": "user", "content": []},
        ]),
        Some(json!([
            {"role": "system", "content": ""},
            {"role": "user", "content": ""},
            {"role": "assistant", "content": ""},
            {"role": "user", "content": ""},
        ])),
    );
}

#[test]
fn pictures_sound_and_files() {
    check_messages(
        "pictures",
        json!([{"role": "user", "content": [
            {"type": "text", "text": "look"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "high"}},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png?x=1&y=2"}},
            {"type": "image_url", "image_url": {"url": "gs://bucket/a.png", "format": "image/png"}, "x": [1, 2]},
            {"type": "text", "text": "and say"},
        ]}]),
        None,
    );
    check_messages(
        "a picture's URL alone, and parameters of a data URL",
        json!([{"role": "user", "content": [
            {"type": "image_url", "image_url": "https://example.com/a.png"},
            {"type": "input_image", "image_url": "data:image/jpeg;charset=x;base64,BBBB"},
        ]}]),
        Some(json!([{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            {"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,BBBB"}},
        ]}])),
    );
    check_messages(
        "sound and files",
        json!([{"role": "user", "content": [
            {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE", "filename": "a.pdf"}},
            {"type": "file", "file": {"file_id": "file-1"}},
            {"type": "file", "file": {"file_data": "https://example.com/a.pdf", "filename": "b.pdf"}},
        ]}]),
        None,
    );
    check_messages(
        "bare base64",
        json!([{"role": "user", "content": [
            {"type": "file", "file": {"file_data": "JVBE", "filename": "a.pdf"}},
            {"type": "file", "file": {"file_data": "aGk=", "filename": "a.TXT"}},
        ]}]),
        Some(json!([{"role": "user", "content": [
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE", "filename": "a.pdf"}},
            {"type": "file", "file": {"file_data": "data:text/plain;base64,aGk=", "filename": "a.TXT"}},
        ]}])),
    );
    check_messages(
        "parts that only one provider knows",
        json!([{"role": "user", "content": [
            {"type": "video_url", "video_url": {"url": "https://example.com/v.mp4"}, "fps": 2},
            {"type": "input_text", "text": "t", "cache_control": {"type": "weird"}},
        ]}]),
        None,
    );
}

#[test]
fn cache_marks() {
    check_messages(
        "on parts",
        json!([
            {"role": "system", "content": [
                {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
                {"type": "text", "text": "b", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            ]},
            {"role": "user", "content": [{"type": "text", "text": "c", "cache_control": {"type": "ephemeral", "ttl": "5m"}}]},
        ]),
        None,
    );
    check_messages(
        "on a message, and in OpenAI's words",
        json!([
            {"role": "system", "content": "a", "cache_control": {"type": "ephemeral"}},
            {"role": "user", "content": [
                {"type": "text", "text": "c", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
            ]},
        ]),
        Some(json!([
            {"role": "system", "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]},
            {"role": "user", "content": [
                {"type": "text", "text": "c", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            ]},
        ])),
    );
}

#[test]
fn calls_and_results() {
    check_messages(
        "two calls and their results, then the user",
        json!([
            {"role": "user", "content": "weather?"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1.50}"}},
                {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"},
                 "extra_content": {"google": {"thought_signature": "x"}}},
            ]},
            {"role": "tool", "tool_call_id": "c1", "content": "one"},
            {"role": "tool", "tool_call_id": "c2", "content": [
                {"type": "text", "text": "two"}, {"type": "text", "text": "three"}]},
            {"role": "user", "content": "go on"},
            {"role": "assistant", "content": "Let me see.", "tool_calls": [
                {"id": "c3", "type": "custom", "custom": {"name": "apply", "input": "*** Begin\n\"x\""}},
            ]},
            {"role": "tool", "tool_call_id": "c3", "content": ""},
            {"role": "assistant", "content": "done"},
        ]),
        None,
    );
    check_messages(
        "odd ways to write calls",
        json!([
            {"role": "assistant", "content": "", "refusal": null, "annotations": [], "function_call": null,
             "audio": null, "tool_calls": [
                {"index": 0, "id": 7, "function": {"name": "f", "arguments": {"a": [1, 2]}}},
                {"type": "function", "function": {"name": "f", "arguments": ""}},
                {"custom": {"name": "c", "input": ""}, "id": "x"},
            ]},
            {"role": "tool", "tool_call_id": 7, "content": null, "name": "f"},
        ]),
        Some(json!([
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "7", "type": "function", "function": {"name": "f", "arguments": "{\"a\":[1,2]}"}},
                {"id": "call_0_1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "x", "type": "custom", "custom": {"name": "c", "input": ""}},
            ]},
            {"role": "tool", "tool_call_id": "7", "content": ""},
        ])),
    );
    check_messages(
        "arguments that are no JSON stay as the model wrote them",
        json!([{"role": "assistant", "content": "x", "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\": "}}]},
            {"role": "tool", "tool_call_id": "c", "content": "bad"}]),
        None,
    );
    check_messages(
        "pictures in a result",
        json!([{"role": "assistant", "content": null, "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "shot", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c", "content": [
                {"type": "text", "text": "here"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]),
        None,
    );
}

#[test]
fn the_older_form_of_functions() {
    check(
        "functions become tools",
        json!({
            "messages": [
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{\"a\":1}"}},
                {"role": "function", "name": "f", "content": "r"},
                {"role": "function", "name": "unknown", "content": "s"},
            ],
            "functions": [{"name": "f", "description": "d", "parameters": {"type": "object"}}],
            "function_call": {"name": "f"},
        }),
        Some(json!({
            "messages": [
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "call_function_1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]},
                {"role": "tool", "tool_call_id": "call_function_1", "content": "r"},
                {"role": "tool", "tool_call_id": "call_function_3", "content": "s"},
            ],
            "tools": [{"type": "function", "function":
                {"name": "f", "description": "d", "parameters": {"type": "object"}}}],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
        })),
    );
}

#[test]
fn an_assistants_other_members() {
    check_messages(
        "reasoning, refusal, sound, prefix",
        json!([
            {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "a", "reasoning_content": "because"},
            {"role": "assistant", "content": null, "reasoning_content": "", "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "c", "content": "x"},
            {"role": "assistant", "content": null, "refusal": "I will not."},
            {"role": "assistant", "content": "b", "reasoning_details": [{"type": "reasoning.text", "text": "t"}]},
            {"role": "assistant", "content": "", "audio": {"id": "audio_1"}},
            {"role": "assistant", "content": "Sure: ", "prefix": true},
        ]),
        None,
    );
    check_messages(
        "reasoning by its other name, and a refusal among the parts",
        json!([
            {"role": "assistant", "content": "a", "reasoning": "because"},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        ]),
        Some(json!([
            {"role": "assistant", "content": "a", "reasoning_content": "because"},
            {"role": "assistant", "content": null, "refusal": "No."},
        ])),
    );
}

#[test]
fn tools() {
    check(
        "functions and custom tools, with every member",
        json!({
            "tools": [
                {"type": "function", "function": {"name": "f", "description": "d", "strict": true,
                    "parameters": {"type": "object", "properties": {"z": {"type": "number", "maximum": 1.5}, "a": {}}},
                    "vendor": 1}, "cache_control": {"type": "ephemeral", "ttl": "1h"}, "outer": [1]},
                {"type": "function", "function": {"name": "bare"}},
                {"type": "custom", "custom": {"name": "c", "description": "d", "format": {"type": "grammar",
                    "grammar": {"syntax": "lark", "definition": "start: \"x\""}}}},
                {"type": "custom", "custom": {"name": "t", "format": {"type": "text"}, "vendor": {}}},
                {"type": "web_search", "web_search": {"enable": true}},
                {"type": "builtin_function", "function": {"name": "$web_search", "x": 1}},
            ],
            "tool_choice": "auto",
            "parallel_tool_calls": false,
        }),
        None,
    );
    let tools = json!([
        {"type": "function", "function": {"name": "f"}},
        {"type": "custom", "custom": {"name": "c"}},
    ]);
    for choice in [
        json!("none"),
        json!("required"),
        json!({"type": "function", "function": {"name": "f"}}),
        json!({"type": "custom", "custom": {"name": "c"}}),
        json!({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [
            {"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "c"}}]}}),
        json!({"type": "web_search_preview"}),
    ] {
        check("choice", json!({"tools": tools, "tool_choice": choice}), None);
    }
    check(
        "a choice in Messages' words",
        json!({"tools": tools, "tool_choice": {"type": "any"}}),
        Some(json!({"tools": tools, "tool_choice": "required"})),
    );
}

#[test]
fn settings() {
    check(
        "all of them",
        json!({
            "max_tokens": 100, "temperature": 0.7, "top_p": 0.25, "top_k": 40, "frequency_penalty": -1.5,
            "presence_penalty": 2.0, "seed": -7, "stop": ["a", "b"], "verbosity": "low", "user": "u",
            "prompt_cache_key": "k", "service_tier": "flex", "n": 2, "logprobs": true, "top_logprobs": 3,
            "logit_bias": {"50256": -100}, "metadata": {"a": "b"}, "store": true,
            "modalities": ["text", "audio"], "audio": {"format": "wav", "voice": "alloy"},
            "prediction": {"type": "content", "content": "x"}, "web_search_options": {},
            "moderation": {"model": "m"}, "prompt_cache_options": {"mode": "explicit", "ttl": "30m"},
            "stream": true, "stream_options": {"include_usage": true, "include_obfuscation": false},
            "reasoning_effort": "xhigh",
        }),
        None,
    );
    check(
        "other words for the same",
        json!({
            "max_completion_tokens": "100", "max_tokens": 7, "temperature": "0.5", "top_k": -1, "stop": "a",
            "safety_identifier": "u", "user": "u", "service_tier": "fast", "n": 1, "logprobs": false, "logit_bias": {},
            "metadata": {}, "store": false, "modalities": ["text"], "style": "claude", "seed": 5.0,
            "stream": false, "stream_options": null, "tools": [], "tool_choice": null,
        }),
        Some(json!({
            "max_tokens": 100, "temperature": 0.5, "stop": ["a"], "user": "u", "service_tier": "priority", "seed": 5,
        })),
    );
    check(
        "a user beside a safety identifier, and a tier of another provider",
        json!({"safety_identifier": "s", "user": "u", "service_tier": "on_demand"}),
        None,
    );
    check(
        "usage is asked for on every stream",
        json!({"stream": true}),
        Some(json!({"stream": true, "stream_options": {"include_usage": true}})),
    );
}

#[test]
fn forms_of_the_answer() {
    for format in [
        json!({"type": "text"}),
        json!({"type": "json_object"}),
        json!({"type": "json_schema", "json_schema": {"name": "n", "description": "d", "strict": true,
            "schema": {"type": "object", "b": 1, "a": 2}, "vendor": 1}}),
        json!({"type": "grammar", "grammar": "root ::= x"}),
    ] {
        check("format", json!({"response_format": format}), None);
    }
}

#[test]
fn words_for_thinking() {
    check("effort", json!({"reasoning_effort": "none"}), None);
    check(
        "thinking",
        json!({"thinking": {"type": "enabled", "budget_tokens": 2000, "clear_thinking": false}}),
        None,
    );
    check("no thinking", json!({"thinking": {"type": "disabled"}, "reasoning_effort": "low"}), None);
    check(
        "Qwen's words",
        json!({"enable_thinking": true, "thinking_budget": 100}),
        Some(json!({"thinking": {"type": "enabled", "budget_tokens": 100}})),
    );
    check(
        "OpenRouter's words",
        json!({"reasoning": {"effort": "high"}}),
        Some(json!({"reasoning_effort": "high"})),
    );
}
