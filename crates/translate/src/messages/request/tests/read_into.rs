//! What the hard cases are read as.

use crate::ir::{CacheLifetime, OutputFormat, PartOfTurn, RequestTier, Role, ServerTool, ToolDefinitionKind};
use crate::messages::request::decode::decode_request;
use std::borrow::Cow;

#[test]
fn blocks_become_parts_and_data_is_borrowed() {
    let body = br#"{"model":"m","system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],
        "messages":[{"role":"user","content":[
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}},
            {"type":"tool_result","tool_use_id":"t","content":[{"type":"tool_reference","tool_name":"R"}],"is_error":true}]},
        {"role":"system","content":"mid"},
        {"role":"assistant","content":[
            {"type":"web_search_tool_result","tool_use_id":"w","content":[]},
            {"type":"tool_use","id":"t","name":"f","input":{ "a": 1 }}]}]}"#;
    let request = decode_request(body).unwrap();
    let roles: Vec<_> = request.turns.iter().map(|turn| turn.role).collect();
    assert_eq!(roles, [Role::System, Role::User, Role::System, Role::Assistant]);
    assert_eq!(request.turns[0].parts[0].cache, Some(CacheLifetime::Long));
    let PartOfTurn::Image { source: crate::ir::Source::Base64 { data, .. }, .. } =
        &request.turns[1].parts[0].body
    else {
        panic!("no image")
    };
    assert!(matches!(data, Cow::Borrowed("AA")));
    let PartOfTurn::ToolResult(result) = &request.turns[1].parts[1].body else { panic!("no result") };
    assert!(result.is_error);
    assert!(matches!(&result.content[0].body, PartOfTurn::Other { kind, .. } if kind == "tool_reference"));
    let parts = &request.turns[3].parts;
    assert!(matches!(&parts[0].body, PartOfTurn::ServerToolResult { call_id, .. } if call_id == "w"));
    assert!(matches!(&parts[1].body, PartOfTurn::ToolCall(call) if call.arguments == r#"{"a":1}"#));
}

#[test]
fn settings_become_words_of_no_protocol() {
    let body = br#"{"model":"m","messages":[{"role":"user","content":"a"}],"speed":"fast","service_tier":"auto",
        "output_format":{"type":"json_schema","schema":{}},"tool_choice":{"type":"auto","disable_parallel_tool_use":true},
        "output_config":{"task_budget":{}},"metadata":{"user_id":"u","x":1},
        "tools":[{"type":"web_search_20250305","name":"web_search"},{"type":"bash_20250124","name":"bash"},
                 {"type":"code_execution_20250825","name":"code_execution"}]}"#;
    let request = decode_request(body).unwrap();
    assert_eq!(request.service_tier, Some(RequestTier::Priority));
    assert!(matches!(request.format, Some(OutputFormat::JsonSchema { .. })));
    assert_eq!(request.parallel_tool_calls, Some(false));
    assert_eq!(request.end_user.as_deref(), Some("u"));
    let extras: Vec<_> = request.extras.iter().map(|extra| &*extra.name).collect();
    assert_eq!(extras, ["metadata.x", "output_config.task_budget"]);
    let kinds: Vec<_> = request.tools.iter().map(|tool| &tool.kind).collect();
    assert!(matches!(kinds[0], ToolDefinitionKind::Server { what: Some(ServerTool::WebSearch), .. }));
    assert!(matches!(kinds[1], ToolDefinitionKind::ClientNative { .. }));
    assert!(matches!(kinds[2], ToolDefinitionKind::Server { what: Some(ServerTool::CodeExecution), .. }));
}
