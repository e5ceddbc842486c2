//! What the decoder makes of the hard cases.

use super::super::decode_request;
use crate::ir::{
    CacheLifetime, CallKind, Effort, OutputFormat, PartOfTurn, Phase, Proof, Request, RequestTier, Role,
    Shown, Source, ToolChoice, ToolDefinitionKind,
};
use serde_json::{Value, json};

fn read(body: &Value, with: impl FnOnce(&Request<'_>)) {
    let body = body.to_string();
    with(&decode_request(body.as_bytes(), None).unwrap());
}

/// A turn as its role and the kinds of its parts.
fn outline(request: &Request<'_>) -> Vec<String> {
    let kind = |body: &PartOfTurn<'_>| match body {
        PartOfTurn::Text { .. } => "text".to_owned(),
        PartOfTurn::Image { .. } => "image".to_owned(),
        PartOfTurn::Document(_) => "document".to_owned(),
        PartOfTurn::Audio { .. } => "audio".to_owned(),
        PartOfTurn::Reasoning(_) => "reasoning".to_owned(),
        PartOfTurn::ToolCall(call) => format!("call {}", call.id),
        PartOfTurn::ToolResult(gave) => format!("result {}", gave.call_id),
        PartOfTurn::Refusal { .. } => "refusal".to_owned(),
        PartOfTurn::ServerToolCall { name, .. } => format!("server {name}"),
        PartOfTurn::ServerToolResult { kind, .. } | PartOfTurn::Other { kind, .. } => kind.to_string(),
    };
    let turn = |turn: &crate::ir::Turn<'_>| {
        let parts: Vec<String> = turn.parts.iter().map(|part| kind(&part.body)).collect();
        format!("{:?}: {}", turn.role, parts.join(", "))
    };
    request.turns.iter().map(turn).collect()
}

#[test]
fn items_of_the_model_make_one_turn_and_outputs_another() {
    let body = json!({"model": "m", "instructions": "I", "input": [
        {"role": "developer", "content": "D"},
        {"role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_text", "text": "b"}]},
        {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "g"},
        {"type": "message", "id": "m1", "role": "assistant", "phase": "commentary", "content": "c"},
        {"type": "message", "id": "m2", "role": "assistant", "content": "d"},
        {"type": "web_search_call", "id": "ws"},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "g", "namespace": "n", "input": "x"},
        {"type": "function_call_output", "call_id": "c1", "output": "1"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": "2"},
        {"role": "user", "content": "e"},
        {"role": "assistant", "content": "f"},
        {"role": "assistant", "content": "g"},
        {"type": "compaction_trigger"},
    ]});
    read(&body, |request| {
        let want = [
            "System: text",
            "Developer: text",
            "User: text, text",
            "Assistant: reasoning, text, text, server web_search, call c1, call c2",
            "User: result c1, result c2",
            "User: text",
            "Assistant: text",
            "Assistant: text",
            "User: compaction_trigger",
        ];
        assert_eq!(outline(request), want);
        let model = &request.turns[3];
        assert_eq!(model.role, Role::Assistant);
        let PartOfTurn::Reasoning(thought) = &model.parts[0].body else { panic!() };
        assert_eq!(thought.proof, Some(Proof::Encrypted("g".into())));
        assert!(thought.text.is_empty() && !thought.raw && thought.made_by.is_none());
        assert_eq!(model.parts[0].item_id.as_deref(), Some("rs"));
        let PartOfTurn::Text { phase, .. } = &model.parts[1].body else { panic!() };
        assert_eq!(*phase, Some(Phase::Commentary));
        assert_eq!(model.parts[1].item_id.as_deref(), Some("m1"));
        let PartOfTurn::ToolCall(call) = &model.parts[5].body else { panic!() };
        assert_eq!((call.kind.clone(), call.namespace.as_deref()), (CallKind::Custom, Some("n")));
        let PartOfTurn::ToolResult(gave) = &request.turns[4].parts[1].body else { panic!() };
        assert_eq!(gave.kind, CallKind::Custom);
    });
}

#[test]
fn what_says_nothing_is_no_extra() {
    let body = json!({"model": "m", "metadata": null, "input": [
        {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [
            {"type": "output_text", "text": "a", "annotations": [], "logprobs": [ ]}]},
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "", "status": "completed"},
        {"type": "local_shell_call", "call_id": "l", "status": "completed", "action": {}},
        {"type": "tool_search_call", "call_id": "t", "execution": "client", "arguments": {}},
    ]});
    read(&body, |request| {
        assert!(request.extras.is_empty());
        for part in &request.turns[0].parts {
            assert!(part.extras.is_empty(), "{part:?}");
        }
    });
}

#[test]
fn sources_are_told_apart() {
    let body = json!({"model": "m", "input": [{"role": "user", "content": [
        {"type": "input_image", "image_url": "data:image/webp;base64,AA", "detail": "high",
            "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "30m"}},
        {"type": "input_image", "image_url": "https://a/b"},
        {"type": "input_image", "file_id": "f"},
        {"type": "input_file", "file_data": "AA", "filename": "x.md"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,AA", "filename": "x"},
        {"type": "input_file", "file_url": "https://a/b.pdf"},
        {"type": "input_file", "file_id": "f"},
    ]}]});
    read(&body, |request| {
        let told: Vec<String> = request.turns[0]
            .parts
            .iter()
            .map(|part| match &part.body {
                PartOfTurn::Image { source, .. } => source,
                PartOfTurn::Document(document) => &document.source,
                other => panic!("{other:?}"),
            })
            .map(|source| match source {
                Source::Base64 { media_type, data } => format!("{media_type} {data}"),
                Source::Url(url) => format!("url {url}"),
                Source::FileId(id) => format!("file {id}"),
                other => panic!("{other:?}"),
            })
            .collect();
        let want = [
            "image/webp AA",
            "url https://a/b",
            "file f",
            "text/markdown AA",
            "application/pdf AA",
            "url https://a/b.pdf",
            "file f",
        ];
        assert_eq!(told, want);
        assert_eq!(request.turns[0].parts[0].cache, Some(CacheLifetime::Short));
    });
}

#[test]
fn native_calls_have_their_action_and_outputs_their_text() {
    let body = json!({"model": "m", "input": [
        {"type": "local_shell_call", "id": "x", "call_id": "a", "status": "completed", "action": {"command": ["ls"]}},
        {"type": "apply_patch_call", "call_id": "b", "status": "completed", "operation": {"path": "p"}},
        {"type": "tool_search_call", "call_id": "c", "execution": "client", "arguments": {"query": "q"}},
        {"type": "computer_call", "call_id": "d", "pending_safety_checks": [], "actions": [{"type": "wait"}]},
        {"type": "local_shell_call_output", "id": "a", "output": "files"},
        {"type": "apply_patch_call_output", "call_id": "b", "status": "failed", "output": "no"},
        {"type": "tool_search_output", "call_id": "c", "execution": "client",
            "tools": [{"type": "function", "name": "found", "parameters": {}}]},
        {"type": "computer_call_output", "call_id": "d",
            "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,AA"}},
    ]});
    read(&body, |request| {
        assert_eq!(
            outline(request),
            ["Assistant: call a, call b, call c, call d", "User: result a, result b, result c, result d"]
        );
        let calls = ["local_shell", "apply_patch", "tool_search", "computer"];
        let actions =
            [r#"{"command":["ls"]}"#, r#"{"path":"p"}"#, r#"{"query":"q"}"#, r#"[{"type":"wait"}]"#];
        for ((part, name), action) in request.turns[0].parts.iter().zip(calls).zip(actions) {
            let PartOfTurn::ToolCall(call) = &part.body else { panic!() };
            assert_eq!((call.name.as_ref(), call.arguments.as_ref()), (name, action));
            assert_eq!(call.kind, CallKind::Native { kind: format!("{name}_call").into() });
        }
        let results: Vec<_> = request.turns[1]
            .parts
            .iter()
            .map(|part| match &part.body {
                PartOfTurn::ToolResult(gave) => gave,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(results[1].is_error && !results[0].is_error);
        assert!(matches!(&results[0].content[0].body, PartOfTurn::Text { text, .. } if text == "files"));
        assert!(
            matches!(&results[2].content[0].body, PartOfTurn::Text { text, .. } if text.contains("found"))
        );
        assert!(matches!(
            &results[3].content[0].body,
            PartOfTurn::Image { source: Source::Base64 { .. }, .. }
        ));
        // What the search found can be called.
        assert_eq!(request.tools.len(), 1);
        assert_eq!(request.tools[0].name, "found");
    });
}

#[test]
fn tools_arrive_flat_with_their_namespace() {
    let body = json!({"model": "m",
        "tools": [
            {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": true},
            {"type": "tool_search", "execution": "client"}, {"type": "tool_search"},
            {"type": "web_search_preview"}, {"type": "code_interpreter", "container": "c"},
            {"type": "file_search", "vector_store_ids": []}, {"type": "local_shell"},
            {"type": "shell", "environment": {"type": "container_auto"}}, {"type": "shell"},
        ],
        "input": [{"type": "additional_tools", "role": "developer", "tools": [
            {"type": "namespace", "name": "functions", "description": "d", "tools": [
                {"type": "custom", "name": "exec", "format": {"type": "text"}},
                {"type": "function", "name": "wait", "parameters": {}}]}]}]});
    read(&body, |request| {
        let kinds: Vec<String> = request
            .tools
            .iter()
            .map(|tool| match &tool.kind {
                ToolDefinitionKind::Function { strict, .. } => format!("function {strict:?}"),
                ToolDefinitionKind::Custom { format } => format!("custom {}", format.is_some()),
                ToolDefinitionKind::ClientNative { kind, .. } => format!("client {kind}"),
                ToolDefinitionKind::Server { what, kind, .. } => format!("server {kind} {what:?}"),
            })
            .collect();
        let want = [
            "function Some(true)",
            "client tool_search",
            "server tool_search Some(ToolSearch)",
            "server web_search_preview Some(WebSearch)",
            "server code_interpreter Some(CodeExecution)",
            "server file_search None",
            "client local_shell",
            "server shell Some(CodeExecution)",
            "client shell",
            "custom true",
            "function None",
        ];
        assert_eq!(kinds, want);
        assert_eq!(request.tools[9].namespace.as_deref(), Some("functions"));
        assert_eq!(request.tools[9].extras[0].name, "namespace.description");
        assert_eq!(request.tools[10].namespace.as_deref(), Some("functions"));
        assert_eq!(outline(request), ["Developer: additional_tools"]);
    });
}

#[test]
fn settings_have_their_meaning() {
    let body = json!({"model": "m", "input": [
            {"role": "user", "content": "x"},
            {"type": "configuration_update", "reasoning": {"effort": "xhigh"}}],
        "reasoning": {"effort": "low", "summary": "auto", "context": "all_turns"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": {}, "strict": false}, "verbosity": "low"},
        "service_tier": "default", "user": "u", "safety_identifier": "s", "prompt_cache_key": "k",
        "tool_choice": {"type": "allowed_tools", "mode": "auto",
            "tools": [{"type": "function", "name": "f"}, {"type": "web_search"}]}});
    read(&body, |request| {
        assert_eq!(request.reasoning.effort, Some(Effort::Xhigh));
        assert_eq!(request.reasoning.shown, Some(Shown::Summary));
        assert!(matches!(request.format, Some(OutputFormat::JsonSchema { strict: Some(false), .. })));
        assert_eq!(request.verbosity.as_deref(), Some("low"));
        assert_eq!(request.service_tier, Some(RequestTier::Standard));
        assert_eq!(request.end_user.as_deref(), Some("s"));
        assert_eq!(request.cache_key.as_deref(), Some("k"));
        let Some(ToolChoice::Allowed { required: false, names, .. }) = &request.tool_choice else { panic!() };
        assert_eq!(names.as_slice(), ["f", "web_search"]);
        assert!(!request.stream);
    });
}
