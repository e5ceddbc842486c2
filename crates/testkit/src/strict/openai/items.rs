//! The input items of a Responses request.

use serde_json::Value;

use super::super::Check;
use super::responses::{Kept, missing};
use super::{extra, invalid, one_of, refuse, tools};
use crate::reading;

const ITEMS: &[&str] = &[
    "message",
    "reasoning",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "additional_tools",
    "configuration_update",
    "tool_search_call",
    "tool_search_output",
    "compaction",
    "compaction_trigger",
    "item_reference",
    "local_shell_call",
    "local_shell_call_output",
    "shell_call",
    "shell_call_output",
    "apply_patch_call",
    "apply_patch_call_output",
    "web_search_call",
    "file_search_call",
    "computer_call",
    "computer_call_output",
    "image_generation_call",
    "code_interpreter_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_call",
    "program",
    "program_output",
];
const MAX_ID: usize = 64;

/// One item. `own`: for one of OpenAI's own models.
pub(super) fn check_item(path: &str, item: &Value, own: bool) -> Check {
    let kind = match reading::member(item, "type") {
        "" => "message",
        kind => kind,
    };
    one_of(&format!("{path}.type"), kind, ITEMS)?;
    if let Some(id) = item.get("id").and_then(Value::as_str).filter(|id| id.len() > MAX_ID) {
        return tools::too_long(&format!("{path}.id"), MAX_ID, id.len());
    }
    let known: &[&str] = match kind {
        "message" => &["type", "role", "content", "id", "status", "phase"],
        "reasoning" => &["type", "id", "summary", "content", "encrypted_content", "status"],
        "function_call" => {
            &["type", "id", "call_id", "name", "arguments", "namespace", "status", "async", "caller"]
        }
        "custom_tool_call" => &["type", "id", "call_id", "name", "input", "namespace", "status", "caller"],
        "function_call_output" | "custom_tool_call_output" => {
            &["type", "id", "call_id", "output", "status", "caller"]
        }
        _ => &[],
    };
    if own
        && !known.is_empty()
        && let Some(members) = item.as_object()
    {
        extra(path, members, known)?;
    }
    match kind {
        "message" => check_content(path, item),
        "function_call" | "custom_tool_call" => check_call(path, kind, item),
        "function_call_output" | "custom_tool_call_output" => match item.get("output") {
            Some(Value::String(_)) => Ok(()),
            Some(Value::Array(parts)) => parts.iter().enumerate().try_for_each(|(index, part)| {
                let path = format!("{path}.output[{index}].type");
                one_of(&path, reading::member(part, "type"), &["input_text", "input_image", "input_file"])
            }),
            _ => missing(&format!("{path}.output")),
        },
        "reasoning" if !item.get("summary").is_some_and(Value::is_array) => {
            missing(&format!("{path}.summary"))
        }
        _ => Ok(()),
    }
}

fn check_call(path: &str, kind: &str, item: &Value) -> Check {
    let id = reading::member(item, "call_id");
    if id.is_empty() {
        return missing(&format!("{path}.call_id"));
    }
    if id.len() > MAX_ID {
        return tools::too_long(&format!("{path}.call_id"), MAX_ID, id.len());
    }
    tools::check_name(&format!("{path}.name"), reading::member(item, "name"))?;
    let text = if kind == "function_call" { "arguments" } else { "input" };
    if item.get(text).is_some_and(Value::is_string) { Ok(()) } else { missing(&format!("{path}.{text}")) }
}

fn check_content(path: &str, item: &Value) -> Check {
    let role = reading::member(item, "role");
    one_of(&format!("{path}.role"), role, &["assistant", "system", "developer", "user"])?;
    let known: &[&str] = if role == "assistant" {
        &["output_text", "refusal"]
    } else {
        &["input_text", "input_image", "input_file", "input_audio"]
    };
    let parts = match item.get("content") {
        Some(Value::String(_)) => return Ok(()),
        Some(Value::Array(parts)) => parts,
        _ => return missing(&format!("{path}.content")),
    };
    for (index, part) in parts.iter().enumerate() {
        let path = format!("{path}.content[{index}]");
        let kind = reading::member(part, "type");
        one_of(&path, kind, known)?;
        match kind {
            "input_text" | "output_text" if !part.get("text").is_some_and(Value::is_string) => {
                return missing(&format!("{path}.text"));
            }
            "input_image" => check_image(&path, part)?,
            "input_file" => check_file(&path, part)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_image(path: &str, part: &Value) -> Check {
    match part.get("image_url") {
        Some(Value::String(url)) if url.starts_with("data:image/") || url.starts_with("http") => Ok(()),
        Some(Value::String(_)) => invalid(
            &format!("{path}.image_url"),
            format!(
                "Invalid '{path}.image_url'. Expected a valid URL, or a base64-encoded data URL with an image MIME type."
            ),
        ),
        None | Some(Value::Null) if !reading::member(part, "file_id").is_empty() => Ok(()),
        None | Some(Value::Null) => missing(&format!("{path}.image_url")),
        Some(_) => {
            let text =
                format!("Invalid type for '{path}.image_url': expected a string, but got an object instead.");
            refuse(&format!("{path}.image_url"), "invalid_type", text)
        }
    }
}

fn check_file(path: &str, part: &Value) -> Check {
    let data = reading::member(part, "file_data");
    if !data.is_empty() && !data.starts_with("data:") {
        let text =
            format!("Invalid '{path}.file_data'. Expected a base64-encoded data URL with a MIME type.");
        return invalid(&format!("{path}.file_data"), text);
    }
    let named = !reading::member(part, "filename").is_empty();
    let given = ["file_id", "file_url"].iter().any(|name| !reading::member(part, name).is_empty());
    if given || (!data.is_empty() && named) { Ok(()) } else { missing(&format!("{path}.filename")) }
}

/// Each output has its call, of its kind, and each call its output.
pub(super) fn check_pairs(list: &[Value], kept: &Kept) -> Check {
    for kind in ["function_call", "custom_tool_call"] {
        let output = format!("{kind}_output");
        let ids = |kind: &str| -> Vec<&str> {
            let of_kind = list.iter().filter(|item| reading::member(item, "type") == kind);
            of_kind.map(|item| reading::member(item, "call_id")).collect()
        };
        let (calls, outputs) = (ids(kind), ids(&output));
        let words = kind.replace('_', " ");
        let continued = |id: &str| kept.calls.iter().any(|call| call == id);
        if let Some(id) = outputs.iter().find(|id| !calls.contains(id) && !continued(id)) {
            return invalid("input", format!("No tool call found for {words} output with call_id {id}."));
        }
        let open = calls
            .iter()
            .copied()
            .chain(kept.calls.iter().map(String::as_str).filter(|_| kind == "function_call"));
        let answered = |id: &str| {
            list.iter().any(|item| {
                reading::member(item, "type").ends_with("_output") && reading::member(item, "call_id") == id
            })
        };
        if let Some(id) = open.into_iter().find(|id| !answered(id)) {
            return invalid("input", format!("No tool output found for {words} {id}."));
        }
    }
    Ok(())
}
