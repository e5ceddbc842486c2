//! The input of a request to Responses.

use super::common::{distinct, openai_name, picture};
use crate::grammar::read::{Check, broken, filled, list, need, one_of, text};
use serde_json::Value;
use std::collections::BTreeMap;

/// Calls of the caller's tools, and what answers them.
const CALLS: [(&str, &str); 7] = [
    ("function_call", "function_call_output"),
    ("custom_tool_call", "custom_tool_call_output"),
    ("local_shell_call", "local_shell_call_output"),
    ("shell_call", "shell_call_output"),
    ("apply_patch_call", "apply_patch_call_output"),
    ("computer_call", "computer_call_output"),
    ("tool_search_call", "tool_search_output"),
];

/// Items of which only the type is looked at.
const OTHERS: [&str; 16] = [
    "additional_tools",
    "configuration_update",
    "compaction",
    "compaction_trigger",
    "item_reference",
    "web_search_call",
    "file_search_call",
    "image_generation_call",
    "code_interpreter_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_call",
    "program",
    "program_output",
    "reasoning",
];

pub(super) fn check(body: &Value) -> Check {
    // What came before may be kept by the provider.
    let is_part =
        ["previous_response_id", "conversation", "prompt"].iter().any(|member| !body[*member].is_null());
    let items = match &body["input"] {
        Value::String(_) => return Ok(()),
        Value::Null => return need(is_part, "required", "no `input`"),
        Value::Array(items) => items,
        _ => return broken("member_type", "`input` is neither text nor items"),
    };
    need(is_part || !items.is_empty(), "required", "`input` has no items")?;
    items.iter().try_for_each(item)?;
    let ids: Vec<_> = items.iter().filter(|item| item["type"] != "item_reference").collect();
    let ids: Vec<_> = ids.iter().filter_map(|item| item["id"].as_str()).collect();
    distinct(&ids, "item_id")?;
    let refers = items.iter().any(|item| item["type"] == "item_reference");
    pairs(items, is_part || refers)
}

fn item(item: &Value) -> Check {
    match kind(item) {
        "message" => message(item),
        "reasoning" => list(item, "summary", "item_shape").map(drop),
        "function_call" => {
            openai_name(item, "name")?;
            text(item, "arguments", "item_shape").map(drop)
        }
        "custom_tool_call" => {
            openai_name(item, "name")?;
            text(item, "input", "item_shape").map(drop)
        }
        "function_call_output" | "custom_tool_call_output" => match &item["output"] {
            Value::String(_) => Ok(()),
            Value::Array(parts) => parts.iter().try_for_each(|part| {
                let kinds = ["input_text", "input_image", "input_file"];
                self::part(part, &kinds, "a tool's output")
            }),
            _ => broken("item_shape", "an output is neither text nor parts"),
        },
        other if OTHERS.contains(&other) => Ok(()),
        other if CALLS.iter().any(|(call, output)| *call == other || *output == other) => Ok(()),
        other => broken("item_shape", format!("an item of type `{other}`")),
    }
}

fn kind(item: &Value) -> &str {
    match &item["type"] {
        Value::Null if item["role"].is_string() => "message",
        kind => kind.as_str().unwrap_or_default(),
    }
}

fn message(item: &Value) -> Check {
    one_of(item, "role", &["user", "assistant", "system", "developer"], "role")?;
    let role = text(item, "role", "role")?;
    let parts = match &item["content"] {
        Value::String(_) => return Ok(()),
        Value::Array(parts) => parts,
        _ => return broken("member_type", "`content` is neither text nor parts"),
    };
    let kinds: &[&str] = match role {
        "assistant" => &["output_text", "refusal"],
        _ => &["input_text", "input_image", "input_file", "input_audio"],
    };
    need(!parts.is_empty(), "empty_turn", "a message without parts")?;
    parts.iter().try_for_each(|part| self::part(part, kinds, role))
}

fn part(part: &Value, kinds: &[&str], place: &str) -> Check {
    let kind = text(part, "type", "block_shape")?;
    need(kinds.contains(&kind), "block_role", format!("`{kind}` in a message of {place}"))?;
    match kind {
        "input_text" | "output_text" => text(part, "text", "block_shape").map(drop),
        "refusal" => text(part, "refusal", "block_shape").map(drop),
        "input_image" if part["file_id"].is_null() => picture(filled(part, "image_url", "block_shape")?),
        "input_file" => {
            let has = ["file_data", "file_id", "file_url"].iter().any(|member| part[*member].is_string());
            need(has, "block_shape", "a file without id, address and data")
        }
        _ => Ok(()),
    }
}

/// Every call has its output, and every output its call before it, unless the provider may have the other one.
fn pairs(items: &[Value], is_part: bool) -> Check {
    // The calls that wait for their output, by id: what answers them.
    let mut waiting = BTreeMap::new();
    let mut calls = Vec::new();
    for item in items {
        let kind = kind(item);
        if let Some((_, output)) = CALLS.iter().find(|(call, _)| *call == kind) {
            if item["call_id"].is_null() && kind == "tool_search_call" {
                continue;
            }
            let id = filled(item, "call_id", "tool_id")?;
            calls.push(id);
            waiting.insert(id, *output);
        } else if CALLS.iter().any(|(_, output)| *output == kind) {
            if item["call_id"].is_null() && kind == "tool_search_output" {
                continue;
            }
            let id = filled(item, "call_id", "tool_id")?;
            let fits = match waiting.remove(id) {
                Some(output) => output == kind,
                None => is_part,
            };
            need(fits, "tool_results", format!("`{id}` answers no call before it"))?;
        }
    }
    distinct(&calls, "tool_id")?;
    match waiting.keys().next() {
        Some(id) => broken("tool_results", format!("`{id}` is not answered")),
        None => Ok(()),
    }
}
