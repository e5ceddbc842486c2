//! A request that is read and written again means the same.

use crate::messages::request::decode::decode_request;
use crate::messages::request::encode::encode_for;
use crate::notes::Notes;
use serde_json::{Value, json};

/// The request, read and written again.
fn again(body: &Value) -> Value {
    let body = body.to_string();
    let request = decode_request(body.as_bytes()).unwrap();
    let mut notes = Notes::default();
    let written = encode_for(&request, "m", &mut notes).unwrap();
    assert!(notes.to_strings().is_empty(), "{:?}", notes.to_strings());
    serde_json::from_slice(&written).unwrap()
}

/// A body with these members beside those that every body has.
fn with(members: Value) -> Value {
    let mut body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    if let (Some(body), Value::Object(members)) = (body.as_object_mut(), members) {
        body.extend(members);
    }
    body
}

fn same(members: Value) {
    let body = with(members);
    assert_eq!(again(&body), body);
}

fn user(block: &Value) {
    same(json!({"messages": [{"role": "user", "content": [block, {"type": "text", "text": "b"}]}]}));
}

fn assistant(block: &Value) {
    same(json!({"messages": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [block, {"type": "text", "text": "b"}]},
    ]}));
}

#[test]
fn bodies_survive() {
    for members in [
        json!({}),
        json!({"stream": true, "stop_sequences": ["x", "y"], "temperature": 0.5, "top_p": 0.25, "top_k": 5}),
        json!({"max_tokens": 0}),
        json!({"system": "s"}),
        json!({"system": [{"type": "text", "text": "a"}, {"type": "text", "text": "b", "cache_control": {"type": "ephemeral"}}]}),
        json!({"system": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "1h", "scope": "global"}}]}),
        json!({"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "high"}}),
        json!({"thinking": {"type": "enabled", "budget_tokens": 2048, "display": "summarized", "block_binding": {"a": 1}}}),
        json!({"thinking": {"type": "disabled"}}),
        json!({"thinking": {"type": "between_tools", "display": "other"}}),
        json!({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}, "task_budget": {"type": "tokens", "total": 5}}}),
        json!({"output_config": {"format": {"type": "regex", "pattern": "a"}}}),
        json!({"output_config": {"format": {"type": "json_schema", "schema": {}, "name": "n"}}}),
        json!({"metadata": {"user_id": "u", "x": 1}}),
        json!({"service_tier": "standard_only"}),
        json!({"service_tier": "auto"}),
        json!({"service_tier": "standard_only", "speed": "fast"}),
        json!({"cache_control": {"type": "ephemeral", "ttl": "5m"}}),
        json!({"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}, "container": "c"}),
        json!({"mcp_servers": [{"type": "url", "url": "https://h", "name": "n"}]}),
    ] {
        same(members);
    }
}

#[test]
fn tools_survive() {
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    let tools = json!([
        {"name": "f", "description": "d", "input_schema": schema, "strict": true, "defer_loading": true,
         "cache_control": {"type": "ephemeral"}, "eager_input_streaming": true, "input_examples": [{"a": "b"}]},
        {"type": "bash_20250124", "name": "bash"},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 8, "cache_control": {"type": "ephemeral"}},
        {"type": "tool_search_tool_bm25", "name": "tool_search_tool_bm25"},
        {"type": "mcp_toolset", "mcp_server_name": "n"},
    ]);
    for choice in [
        json!({"type": "auto"}),
        json!({"type": "any", "disable_parallel_tool_use": true}),
        json!({"type": "none"}),
        json!({"type": "tool", "name": "f", "x": 1}),
    ] {
        same(json!({"tools": tools, "tool_choice": choice}));
    }
}

#[test]
fn blocks_of_users_survive() {
    for block in [
        json!({"type": "text", "text": "t", "cache_control": {"type": "ephemeral", "ttl": "1h"}}),
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}, "transformations": []}),
        json!({"type": "image", "source": {"type": "url", "url": "https://h/i"}}),
        json!({"type": "image", "source": {"type": "file", "file_id": "f"}}),
        json!({"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "AA"}, "title": "T", "context": "C", "citations": {"enabled": true}}),
        json!({"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}),
        json!({"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "x"}]}}),
        json!({"type": "document", "source": {"type": "url", "url": "https://h/d", "x": 1}}),
        json!({"type": "document", "source": {"type": "file", "file_id": "f"}}),
        json!({"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "x"}]}),
        json!({"type": "container_upload", "file_id": "f"}),
        json!({"type": "tool_result", "tool_use_id": "t"}),
        json!({"type": "tool_result", "tool_use_id": "t", "id": "i", "name": "f", "text": "x", "thinking": "y", "signature": "z"}),
        json!({"type": "text", "text": "t", "tool_use_id": "stray"}),
        json!({"type": "tool_result", "tool_use_id": "t", "content": "x", "is_error": true}),
        json!({"type": "tool_result", "tool_use_id": "t", "toolset_name": "n", "content": [
            {"type": "text", "text": "x"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}},
            {"type": "tool_reference", "tool_name": "Read"},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}},
        ]}),
    ] {
        user(&block);
    }
}

#[test]
fn blocks_of_the_model_survive() {
    for block in [
        json!({"type": "text", "text": "t", "citations": [{"type": "x"}]}),
        json!({"type": "thinking", "thinking": "hm", "signature": "s"}),
        json!({"type": "thinking", "thinking": "", "signature": "s"}),
        json!({"type": "thinking", "thinking": "unsigned"}),
        json!({"type": "redacted_thinking", "data": "d"}),
        json!({"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}, "caller": {"type": "direct"}}),
        json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}),
        json!({"type": "web_search_tool_result", "tool_use_id": "s", "content": {"type": "web_search_tool_result_error"}}),
        json!({"type": "mcp_tool_use", "id": "s", "name": "n", "server_name": "v", "input": {}}),
        json!({"type": "compaction", "content": "so far"}),
    ] {
        assistant(&block);
    }
}

#[test]
fn system_text_stays_where_it_stood() {
    same(json!({"system": "head", "messages": [
        {"role": "user", "content": "a"},
        {"role": "system", "content": "between", "clear_at": "x"},
        {"role": "assistant", "content": "b", "output_config": {"effort": "low"}},
        {"role": "user", "content": "c"},
        {"role": "user", "content": "d"},
    ]}));
}
