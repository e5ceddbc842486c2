//! A Responses request read and written again says the same; a bad one is refused with the place.

mod foreign;
mod ir;
mod round;

use super::decode_request;
use super::encode::encode_for;
use crate::error::TranslateError;
use crate::notes::Notes;
use serde_json::{Value, json};
use tollgate_protocol::Protocol;

/// Decodes and encodes again.
pub(super) fn again(body: &Value) -> Value {
    again_with(body, None)
}

fn again_with(body: &Value, history: Option<&Value>) -> Value {
    let body = body.to_string();
    let history = history.map(Value::to_string);
    let request = decode_request(body.as_bytes(), history.as_deref().map(str::as_bytes)).unwrap();
    assert_eq!(request.protocol, Protocol::Responses);
    let mut notes = Notes::default();
    let model = request.model.clone().into_owned();
    let made = encode_for(&request, &model, true, &mut notes).unwrap();
    assert_eq!(notes.to_strings(), Vec::<String>::new());
    serde_json::from_slice(&made).unwrap()
}

/// The same meaning in one way of writing: no nulls, items have their type, content is a list, what says nothing (an
/// empty list of annotations, a completed status, the usual detail of an image, text in an output's one part) is
/// written one way.
pub(super) fn normal(value: &Value) -> Value {
    match value {
        Value::Array(list) => list.iter().map(normal).collect(),
        Value::Object(map) => {
            let mut out: serde_json::Map<String, Value> = map
                .iter()
                .filter(|(name, value)| {
                    !(value.is_null()
                        || *name == "status" && *value == "completed"
                        || *name == "execution" && *value == "client"
                        || *name == "detail" && *value == "auto"
                        || matches!(name.as_str(), "annotations" | "logprobs" | "pending_safety_checks")
                            && *value == &json!([])
                        || matches!(name.as_str(), "stream" | "defer_loading") && *value == false)
                })
                .map(|(name, value)| (name.clone(), normal(value)))
                .collect();
            if out.contains_key("role") && out.contains_key("content") {
                out.entry("type").or_insert_with(|| json!("message"));
                let kind = if out["role"] == "assistant" { "output_text" } else { "input_text" };
                if let Value::String(text) = &out["content"] {
                    out["content"] = json!([{"type": kind, "text": text}]);
                }
            }
            let one = out.get("output").and_then(Value::as_array).filter(|list| list.len() == 1);
            if let Some(part) = one.map(|list| list[0].clone())
                && part["type"] == "input_text"
                && part.as_object().unwrap().len() == 2
            {
                out.insert("output".into(), part["text"].clone());
            }
            Value::Object(out)
        }
        other => other.clone(),
    }
}

#[track_caller]
fn same(body: &Value) {
    let made = normal(&again(body));
    let mut want = normal(body);
    if let Value::String(text) = &want["input"] {
        want["input"] =
            json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}]);
    }
    assert_eq!(made, want, "\nmade {made:#}\nwant {want:#}");
}

fn with_input(input: &Value) -> Value {
    json!({"model": "gpt-5.5", "input": input})
}

#[test]
fn settings_of_every_kind() {
    same(&json!({
        "model": "gpt-6-sol", "instructions": "Be brief.", "input": "hi", "stream": true, "store": false,
        "include": ["reasoning.encrypted_content"], "parallel_tool_calls": false, "max_output_tokens": 4000,
        "temperature": 0.5, "top_p": 0.75, "max_tool_calls": 3, "metadata": {"a": "b"}, "truncation": "auto",
        "reasoning": {"effort": "high", "summary": "detailed", "context": "all_turns", "mode": "pro"},
        "text": {"format": {"type": "json_schema", "name": "n", "strict": true, "description": "d",
            "schema": {"type": "object", "properties": {"big": {"const": 1234567890123456789_u64}}}},
            "verbosity": "low", "future": {"x": 1}},
        "prompt_cache_key": "k", "prompt_cache_options": {"mode": "explicit", "ttl": "12h"},
        "safety_identifier": "s", "user": "u", "service_tier": "flex", "background": false,
        "client_metadata": {"session": "1"}, "context_management": [{"type": "compaction", "compact_threshold": 9}],
        "stream_options": {"include_obfuscation": false}, "top_logprobs": 3, "conversation": {"id": "conv_1"},
        "previous_response_id": "resp_1", "prompt": {"id": "pmpt_1"}, "some_future_member": [1, {"a": null}],
    }));
    same(&json!({"model": "m", "input": "x", "text": {"format": {"type": "json_object"}}}));
    same(
        &json!({"model": "m", "input": "x", "text": {"format": {"type": "text"}}, "service_tier": "priority"}),
    );
    // Words from the future.
    same(&json!({"model": "m", "input": "x", "reasoning": {"effort": "ultra", "summary": "poem"},
        "text": {"format": {"type": "grammar", "syntax": "lark"}}, "service_tier": "ultrafast"}));
    // Nulls say nothing.
    same(
        &json!({"model": "m", "input": "x", "instructions": null, "tools": null, "reasoning": null, "text": null,
        "temperature": null, "metadata": null, "tool_choice": null, "stream": false}),
    );
}

#[test]
fn one_user_is_the_identifier() {
    let made = again(&json!({"model": "m", "input": "x", "user": "u"}));
    assert_eq!(made["safety_identifier"], "u");
    assert_eq!(made.get("user"), None);
}

#[test]
fn messages_of_every_role_and_part() {
    same(&with_input(&json!([
        {"role": "developer", "content": "Rules."},
        {"role": "system", "content": [{"type": "input_text", "text": "More rules."}]},
        {"type": "message", "id": "msg_1", "role": "user", "status": "in_progress", "future": 1, "content": [
            {"type": "input_text", "text": "Look:", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "original"},
            {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"},
            {"type": "input_image", "file_id": "file_1", "detail": "low",
                "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,BBBB"},
            {"type": "input_file", "file_url": "https://example.com/a.pdf", "detail": "high"},
            {"type": "input_file", "file_id": "file_2", "filename": "b.txt"},
            {"type": "input_audio", "input_audio": {"data": "CCCC", "format": "wav"}},
            {"type": "input_video", "video": {"id": "v"}, "text": "t"},
        ]},
        {"role": "user", "content": "again"},
        {"role": "user", "content": ""},
        {"role": "user", "content": []},
        {"type": "message", "role": "assistant", "id": "msg_2", "status": "incomplete", "phase": "commentary",
            "content": [
                {"type": "output_text", "text": "Hm", "annotations": [{"type": "url_citation", "url": "u"}],
                    "logprobs": []},
                {"type": "output_text", "text": "m", "annotations": []},
                {"type": "refusal", "refusal": "No."},
                {"type": "output_video", "video": "v"},
            ]},
        {"type": "message", "role": "assistant", "id": "msg_3", "phase": "final_answer", "content": "So."},
        {"role": "assistant", "content": "One."},
        {"role": "assistant", "content": "Two."},
        {"role": "assistant", "phase": "future", "content": [{"type": "refusal", "refusal": "No."}]},
        {"role": "system", "content": "In the middle."},
        {"role": "user", "content": "end"},
    ])));
}

#[test]
fn instructions_and_a_system_item_stay_apart() {
    same(&json!({"model": "m", "instructions": "A", "input": [
        {"role": "system", "content": "B"}, {"role": "developer", "content": "C"}, {"role": "user", "content": "D"}]}));
    same(&with_input(&json!([{"role": "system", "content": "B"}, {"role": "user", "content": "D"}])));
    same(&json!({"model": "m", "instructions": "", "input": "x"}));
}

#[test]
fn reasoning_and_calls_of_a_codex_session() {
    same(&with_input(&json!([
        {"type": "message", "id": "msg_1", "role": "user", "content": [{"type": "input_text", "text": "go"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [], "content": null, "encrypted_content": "gAAA"},
        {"type": "reasoning", "id": "rs_2", "summary": [{"type": "summary_text", "text": "a"},
            {"type": "summary_text", "text": "b"}], "encrypted_content": "gBBB", "status": "incomplete"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}],
            "content": [{"type": "reasoning_text", "text": "raw"}]},
        {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "raw"}]},
        {"type": "message", "id": "msg_2", "role": "assistant", "phase": "commentary",
            "content": [{"type": "output_text", "text": "Running."}]},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "exec_command",
            "arguments": "{\"cmd\": \"ls\"}", "status": "completed"},
        {"type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "send", "namespace": "multi_agent_v1",
            "arguments": "{", "caller": {"type": "direct"}, "async": true, "status": "incomplete"},
        {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_3", "name": "exec", "namespace": "functions",
            "input": "*** Begin \"x\"\n"},
        {"type": "function_call_output", "id": "fco_1", "call_id": "call_1", "output": "a\nb"},
        {"type": "function_call_output", "call_id": "call_2", "output": [
            {"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "original"},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,BB"},
            {"type": "encrypted_thing", "x": 1},
        ], "name": "send", "status": "incomplete"},
        {"type": "custom_tool_call_output", "call_id": "call_3", "output": [{"type": "input_text", "text": "ok"}]},
        {"type": "function_call_output", "call_id": "call_4", "output": ""},
        {"type": "function_call_output", "call_id": null, "name": "free", "output": "x"},
        {"type": "message", "id": "msg_9", "role": "user", "content": "thanks"},
    ])));
}

#[test]
fn tools_that_the_model_knows_by_type() {
    same(&with_input(&json!([
        {"role": "user", "content": "go"},
        {"type": "local_shell_call", "id": "lsc_1", "call_id": "c1", "status": "in_progress",
            "action": {"type": "exec", "command": ["ls", "-l"], "env": {}}},
        {"type": "local_shell_call_output", "id": "c1", "output": "total 0"},
        {"type": "local_shell_call_output", "id": "x", "call_id": "c1", "output": "total 0"},
        {"type": "shell_call", "id": "sc_1", "call_id": "c2", "environment": {"type": "local"},
            "action": {"commands": ["ls"], "timeout_ms": 5}},
        {"type": "shell_call_output", "call_id": "c2", "max_output_length": 9,
            "output": [{"stdout": "a", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}]},
        {"type": "apply_patch_call", "call_id": "c3", "status": "completed",
            "operation": {"type": "update_file", "path": "a", "diff": "@@"}},
        {"type": "apply_patch_call_output", "call_id": "c3", "status": "failed", "output": "no such file"},
        {"type": "apply_patch_call_output", "call_id": "c3", "status": "completed"},
        {"type": "computer_call", "id": "cc_1", "call_id": "c4", "pending_safety_checks": [],
            "action": {"type": "click", "x": 1, "y": 2}},
        {"type": "computer_call_output", "call_id": "c4", "acknowledged_safety_checks": [{"id": "sc"}],
            "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,AAAA"}},
        {"type": "computer_call", "call_id": "c5", "pending_safety_checks": [{"id": "x"}],
            "actions": [{"type": "wait"}]},
        {"type": "computer_call_output", "call_id": "c5", "output": {"type": "computer_screenshot", "file_id": "f"}},
        {"type": "tool_search_call", "id": "ts_1", "call_id": "c6", "execution": "client",
            "arguments": {"query": "mail"}},
        {"type": "tool_search_output", "call_id": "c6", "execution": "client", "status": "completed",
            "tools": [{"type": "function", "name": "mail", "parameters": {"type": "object"}, "strict": false}]},
        {"type": "tool_search_call", "call_id": null, "execution": "server", "arguments": {}},
        {"type": "tool_search_output", "call_id": null, "execution": "server", "tools": []},
    ])));
}

#[test]
fn items_that_only_this_protocol_has() {
    same(&json!({"model": "m",
        "tools": [{"type": "function", "name": "top", "parameters": {"type": "object"}, "strict": true}],
        "reasoning": {"effort": "low"},
        "input": [
        {"type": "additional_tools", "role": "developer", "id": "at_1", "tools": [
            {"type": "namespace", "name": "functions", "description": "d", "tools": [
                {"type": "custom", "name": "exec", "format": {"type": "grammar", "syntax": "lark", "definition": "x"}},
                {"type": "function", "name": "wait", "parameters": {"type": "object"}, "strict": false}]},
            {"type": "web_search"}]},
        {"role": "user", "content": "go"},
        {"type": "configuration_update", "reasoning": {"effort": "high"}},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
        {"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["q"], "results": null},
        {"type": "code_interpreter_call", "id": "ci_1", "code": "1", "container_id": "c", "outputs": [],
            "status": "completed"},
        {"type": "image_generation_call", "id": "ig_1", "result": "AAAA", "status": "completed"},
        {"type": "mcp_list_tools", "id": "ml_1", "server_label": "s", "tools": []},
        {"type": "mcp_approval_request", "id": "ma_1", "server_label": "s", "name": "n", "arguments": "{}"},
        {"type": "mcp_approval_response", "approval_request_id": "ma_1", "approve": true},
        {"type": "mcp_call", "id": "mc_1", "server_label": "s", "name": "n", "arguments": "{}", "output": "o"},
        {"type": "program", "id": "p_1", "call_id": "c", "code": "x", "fingerprint": "f"},
        {"type": "program_output", "id": "po_1", "call_id": "c", "result": "r", "status": "completed"},
        {"type": "item_reference", "id": "rs_9"},
        {"type": "compaction", "id": "cmp_1", "encrypted_content": "g"},
        {"role": "assistant", "content": "ok"},
        {"type": "future_item", "x": {"y": [1]}, "content": 7},
        {"type": "compaction_trigger"},
    ]}));
    let bare = again(&with_input(&json!([{"id": "rs_1"}, {"role": "user", "content": "x"}])));
    assert_eq!(bare["input"][0], json!({"id": "rs_1"}));
}

#[test]
fn tools_and_choices_of_every_kind() {
    let tools = json!([
        {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": true,
            "defer_loading": true, "output_schema": {"a": 1}, "allowed_callers": ["direct"], "async": true},
        {"type": "function", "name": "bare", "parameters": null},
        {"type": "custom", "name": "c", "description": "d", "format": {"type": "text"}, "defer_loading": true},
        {"type": "namespace", "name": "ns", "description": "about", "future": 1, "tools": [
            {"type": "function", "name": "f", "parameters": {}, "strict": null}, {"type": "custom", "name": "g"}]},
        {"type": "namespace", "name": "ns2", "description": "about", "tools": [
            {"type": "function", "name": "f", "parameters": {}}]},
        {"type": "tool_search", "execution": "client", "description": "d", "parameters": {"type": "object"}},
        {"type": "tool_search"},
        {"type": "web_search", "filters": {"allowed_domains": ["a.b"]}, "search_context_size": "low",
            "user_location": {"type": "approximate", "country": "DE"}, "external_web_access": true},
        {"type": "web_search_preview_2025_03_11"},
        {"type": "file_search", "vector_store_ids": ["vs"]},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "image_generation", "size": "auto", "background": "opaque"},
        {"type": "mcp", "server_label": "s", "server_url": "u", "allowed_tools": ["a"], "headers": {"a": "b"}},
        {"type": "computer"}, {"type": "local_shell"}, {"type": "apply_patch"},
        {"type": "shell", "environment": {"type": "container_auto"}}, {"type": "programmatic_tool_calling"},
        {"name": "late", "strict": false, "tools": [1], "type": "future_tool"},
    ]);
    for choice in [
        json!("auto"),
        json!("none"),
        json!("required"),
        json!({"type": "function", "name": "f"}),
        json!({"type": "custom", "name": "c"}),
        json!({"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"},
            {"type": "web_search"}, {"type": "mcp", "server_label": "s"}]}),
        json!({"type": "file_search"}),
        json!({"type": "mcp", "server_label": "s", "name": "n"}),
        json!({"type": "shell"}),
        json!({"type": "apply_patch"}),
    ] {
        let mut body = with_input(&json!("x"));
        body["tools"] = tools.clone();
        body["tool_choice"] = choice;
        same(&body);
    }
}

#[test]
fn what_went_before_comes_first() {
    let history = json!([{"role": "user", "content": "a"},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}]);
    let body = json!({"model": "m", "previous_response_id": "resp_1", "input": [
        {"type": "function_call_output", "call_id": "c", "output": "o"}, {"type": "item_reference", "id": "x"}]});
    let made = again_with(&body, Some(&history));
    assert_eq!(made.get("previous_response_id"), None);
    let kinds: Vec<&str> =
        made["input"].as_array().unwrap().iter().map(|i| i["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["message", "function_call", "function_call_output", "item_reference"]);
    let made = again_with(&json!({"model": "m", "previous_response_id": "r"}), Some(&history));
    assert_eq!(made["input"].as_array().unwrap().len(), 2);
}

#[test]
fn a_bad_body_is_told_its_place() {
    let item = |item: Value| with_input(&json!([{"role": "user", "content": ""}, item])).to_string();
    let top = |name: &str, value: Value| {
        let mut body = with_input(&json!("x"));
        body[name] = value;
        body.to_string()
    };
    let part =
        |part: Value| item(json!({"role": "user", "content": [{"type": "input_text", "text": ""}, part]}));
    let tool = |tool: Value| top("tools", json!([{"type": "web_search"}, tool]));
    for (body, field) in [
        ("{".to_owned(), "body"),
        ("[]".to_owned(), "body"),
        (json!({"input": "x"}).to_string(), "model"),
        (json!({"model": 7, "input": "x"}).to_string(), "model"),
        (json!({"model": "m"}).to_string(), "input"),
        (json!({"model": "m", "input": 7}).to_string(), "input"),
        (json!({"model": "m", "input": [7]}).to_string(), "input.0"),
        (item(json!({"type": 7})), "input.1.type"),
        (item(json!({"x": 7})), "input.1.type"),
        (item(json!({"role": "tool", "content": "x"})), "input.1.role"),
        (item(json!({"type": "message", "content": "x"})), "input.1.role"),
        (item(json!({"role": "user"})), "input.1.content"),
        (item(json!({"role": "user", "content": 7})), "input.1.content"),
        (item(json!({"role": "user", "content": "x", "id": 7})), "input.1.id"),
        (item(json!({"role": "assistant", "content": "x", "phase": 7})), "input.1.phase"),
        (item(json!({"role": "user", "content": "x", "summary": []})), "input.1.summary"),
        (part(json!("x")), "input.1.content.1"),
        (part(json!({"text": "x"})), "input.1.content.1.type"),
        (part(json!({"type": "input_text"})), "input.1.content.1.text"),
        (part(json!({"type": "input_text", "text": 7})), "input.1.content.1.text"),
        (part(json!({"type": "input_image"})), "input.1.content.1.image_url"),
        (part(json!({"type": "input_image", "image_url": {"url": "x"}})), "input.1.content.1.image_url"),
        (part(json!({"type": "input_file"})), "input.1.content.1.file_data"),
        (
            part(json!({"type": "input_audio", "input_audio": {"data": "x"}})),
            "input.1.content.1.input_audio.format",
        ),
        (
            part(json!({"type": "input_text", "text": "", "prompt_cache_breakpoint": {"ttl": "5m"}})),
            "input.1.content.1.prompt_cache_breakpoint.ttl",
        ),
        (item(json!({"type": "reasoning", "summary": "x"})), "input.1.summary"),
        (item(json!({"type": "reasoning", "summary": [{"type": "summary_text"}]})), "input.1.summary.0.text"),
        (
            item(json!({"type": "reasoning", "summary": [], "encrypted_content": 7})),
            "input.1.encrypted_content",
        ),
        (item(json!({"type": "function_call", "name": "f", "arguments": ""})), "input.1.call_id"),
        (item(json!({"type": "function_call", "call_id": "c", "arguments": ""})), "input.1.name"),
        (
            item(json!({"type": "function_call", "call_id": "c", "name": "f", "arguments": {}})),
            "input.1.arguments",
        ),
        (item(json!({"type": "custom_tool_call", "call_id": "c", "name": "f"})), "input.1.input"),
        (item(json!({"type": "function_call_output", "call_id": "c"})), "input.1.output"),
        (item(json!({"type": "function_call_output", "call_id": "c", "output": [7]})), "input.1.output.0"),
        (item(json!({"type": "function_call_output", "call_id": 7, "output": ""})), "input.1.call_id"),
        (item(json!({"type": "local_shell_call", "call_id": "c"})), "input.1.action"),
        (item(json!({"type": "apply_patch_call", "call_id": "c"})), "input.1.operation"),
        (item(json!({"type": "shell_call_output", "call_id": "c"})), "input.1.output"),
        (item(json!({"type": "shell_call_output", "output": []})), "input.1.call_id"),
        (
            item(json!({"type": "additional_tools", "role": "developer", "tools": [{"type": "function"}]})),
            "input.1.tools.0.name",
        ),
        (tool(json!(7)), "tools.1"),
        (tool(json!({"name": "f"})), "tools.1.type"),
        (tool(json!({"type": "function"})), "tools.1.name"),
        (tool(json!({"type": "function", "name": "f", "parameters": []})), "tools.1.parameters"),
        (tool(json!({"type": "function", "name": "f", "strict": "yes"})), "tools.1.strict"),
        (tool(json!({"type": "namespace", "name": "n"})), "tools.1.tools"),
        (
            tool(json!({"type": "namespace", "name": "n", "tools": [{"type": "custom"}]})),
            "tools.1.tools.0.name",
        ),
        (top("tools", json!({})), "tools"),
        (top("tool_choice", json!("any")), "tool_choice"),
        (top("tool_choice", json!(7)), "tool_choice"),
        (top("tool_choice", json!({"type": "function"})), "tool_choice.name"),
        (top("tool_choice", json!({"type": "allowed_tools", "mode": "x", "tools": []})), "tool_choice.mode"),
        (top("temperature", json!("warm")), "temperature"),
        (top("max_output_tokens", json!(-1)), "max_output_tokens"),
        (top("stream", json!("yes")), "stream"),
        (top("instructions", json!(["x"])), "instructions"),
        (top("reasoning", json!("high")), "reasoning"),
        (top("reasoning", json!({"effort": 7})), "reasoning.effort"),
        (top("text", json!({"format": {"type": "json_schema", "name": "n"}})), "text.format.schema"),
        (top("text", json!({"format": {}})), "text.format.type"),
        (top("service_tier", json!(7)), "service_tier"),
        (top("safety_identifier", json!({})), "safety_identifier"),
    ] {
        match decode_request(body.as_bytes(), None) {
            Err(TranslateError::BadRequest { field: got, .. }) => assert_eq!(got, field, "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn numbers_as_strings_are_numbers() {
    let made = again(&json!({"model": "m", "input": "x", "max_output_tokens": "100", "temperature": "0.5"}));
    assert_eq!(made["max_output_tokens"], 100);
    assert_eq!(made["temperature"], 0.5);
}

#[test]
fn big_data_is_borrowed() {
    let body = with_input(&json!([{"role": "user", "content": [
        {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}]}]))
    .to_string();
    let request = decode_request(body.as_bytes(), None).unwrap();
    let crate::ir::PartOfTurn::Image { source: crate::ir::Source::Base64 { data, .. }, .. } =
        &request.turns[0].parts[0].body
    else {
        panic!("{request:?}")
    };
    assert!(matches!(data, std::borrow::Cow::Borrowed("AAAA")));
}
