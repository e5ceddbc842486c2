//! The messages of a Chat request: what each holds, and which follows which.

use serde_json::Value;

use super::super::{Check, items};
use super::{extra, invalid, one_of, refuse, tools};
use crate::error::ProviderError;
use crate::reading;

/// The longest id of a call that OpenAI takes.
const MAX_ID: usize = 40;
const MEMBERS: &[&str] = &[
    "role",
    "content",
    "name",
    "tool_calls",
    "tool_call_id",
    "refusal",
    "audio",
    "function_call",
    "annotations",
    "parsed",
];

/// `own`: for one of OpenAI's own models.
pub(super) fn check(messages: &[Value], model: &str, own: bool) -> Check {
    let deepseek = crate::chat::wants_reasoning_back(model);
    for (index, message) in messages.iter().enumerate() {
        let path = format!("messages[{index}]");
        check_content(&path, message)?;
        if own && let Some(members) = message.as_object() {
            extra(&path, members, MEMBERS)?;
        }
        if deepseek {
            check_deepseek(index, message)?;
        }
        for (number, call) in items(message, "tool_calls").iter().enumerate() {
            check_call(&format!("{path}.tool_calls[{number}]"), call, own)?;
        }
    }
    check_pairs(messages)
}

fn check_content(path: &str, message: &Value) -> Check {
    let role = reading::member(message, "role");
    let path = format!("{path}.content");
    let calls = message.get("tool_calls").or_else(|| message.get("function_call")).is_some();
    let parts = match message.get("content") {
        Some(Value::String(_)) => return Ok(()),
        None | Some(Value::Null) => {
            let refusal =
                message.get("refusal").is_some_and(Value::is_string) || message.get("audio").is_some();
            if role == "assistant" && (calls || refusal) {
                return Ok(());
            }
            return invalid(&path, "Invalid value for 'content': expected a string, got null.");
        }
        Some(Value::Array(parts)) if parts.is_empty() => {
            let text = format!(
                "Invalid '{path}': empty array. Expected an array with minimum length 1, but got an empty array instead."
            );
            return refuse(&path, "empty_array", text);
        }
        Some(Value::Array(parts)) => parts,
        Some(_) => {
            let text = format!("Invalid type for '{path}': expected one of a string or array of objects.");
            return refuse(&path, "invalid_type", text);
        }
    };
    let known: &[&str] = match role {
        "user" => &["text", "image_url", "input_audio", "refusal", "audio", "file"],
        "assistant" => &["text", "refusal"],
        _ => &["text"],
    };
    for (index, part) in parts.iter().enumerate() {
        check_part(&format!("{path}[{index}]"), part, known)?;
    }
    Ok(())
}

fn check_part(path: &str, part: &Value, known: &[&str]) -> Check {
    let kind = reading::member(part, "type");
    one_of(&format!("{path}.type"), kind, known)?;
    let missing = |name: &str| {
        let param = format!("{path}.{name}");
        refuse(&param, "missing_required_parameter", format!("Missing required parameter: '{param}'."))
    };
    match kind {
        "text" if !part.get("text").is_some_and(Value::is_string) => missing("text"),
        "image_url" => match part.get("image_url").map(|image| reading::member(image, "url")) {
            None | Some("") => missing("image_url.url"),
            Some(url) if url.starts_with("data:image/") || url.starts_with("http") => Ok(()),
            Some(_) => invalid(
                &format!("{path}.image_url.url"),
                format!(
                    "Invalid '{path}.image_url.url'. Expected a valid URL, or a base64-encoded data URL with an image MIME type."
                ),
            ),
        },
        "file" => {
            let file = part.get("file").unwrap_or(&Value::Null);
            let data = reading::member(file, "file_data");
            if !data.is_empty() && !data.starts_with("data:") {
                let text = format!(
                    "Invalid '{path}.file.file_data'. Expected a base64-encoded data URL with a MIME type."
                );
                return invalid(&format!("{path}.file.file_data"), text);
            }
            let named = !reading::member(file, "filename").is_empty();
            let has_data = !data.is_empty() && named;
            if has_data || !reading::member(file, "file_id").is_empty() {
                Ok(())
            } else {
                missing("file.file_id")
            }
        }
        _ => Ok(()),
    }
}

/// DeepSeek's own rules, in its words.
fn check_deepseek(index: usize, message: &Value) -> Check {
    let unread = |what: &str| {
        let text =
            format!("Failed to deserialize the JSON body into the target type: messages[{index}]: {what}");
        Err(ProviderError::invalid(text))
    };
    let role = reading::member(message, "role");
    if !matches!(role, "system" | "user" | "assistant" | "tool") {
        return unread(&format!(
            "unknown variant `{role}`, expected one of `system`, `user`, `assistant`, `tool`"
        ));
    }
    let other = items(message, "content")
        .iter()
        .map(|part| reading::member(part, "type"))
        .find(|kind| *kind != "text");
    if let Some(kind) = other {
        return unread(&format!("unknown variant `{kind}`, expected `text`"));
    }
    let thought = items(message, "tool_calls")
        .iter()
        .any(|call| reading::member(call, "id").starts_with(crate::chat::THOUGHT_ID));
    if thought && !message.get("reasoning_content").is_some_and(Value::is_string) {
        let text = "The `reasoning_content` in the thinking mode must be passed back to the API.";
        return Err(ProviderError::invalid(text));
    }
    Ok(())
}

fn check_call(path: &str, call: &Value, own: bool) -> Check {
    let id = reading::member(call, "id");
    if id.is_empty() {
        return refuse(
            &format!("{path}.id"),
            "missing_required_parameter",
            format!("Missing required parameter: '{path}.id'."),
        );
    }
    if own && id.len() > MAX_ID {
        return tools::too_long(&format!("{path}.id"), MAX_ID, id.len());
    }
    let kind = reading::member(call, "type");
    one_of(&format!("{path}.type"), kind, &["function", "custom"])?;
    let inner = call.get(kind).unwrap_or(&Value::Null);
    tools::check_name(&format!("{path}.{kind}.name"), reading::member(inner, "name"))?;
    let text = if kind == "custom" { "input" } else { "arguments" };
    if inner.get(text).is_some_and(Value::is_string) {
        return Ok(());
    }
    let param = format!("{path}.{kind}.{text}");
    refuse(&param, "invalid_type", format!("Invalid type for '{param}': expected a string."))
}

/// Tool messages directly after the calls they answer, each call answered once.
fn check_pairs(messages: &[Value]) -> Check {
    // Where the open calls stand, and which are still without an answer.
    let mut open: Vec<&str> = Vec::new();
    let mut asked: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let param = format!("messages.[{index}].role");
        if reading::member(message, "role") == "tool" {
            let id = reading::member(message, "tool_call_id");
            if asked.is_empty() {
                let text = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.";
                return invalid(&param, text);
            }
            if !asked.contains(&id) {
                let text = format!(
                    "Invalid parameter: 'tool_call_id' of '{id}' not found in 'tool_calls' of previous message."
                );
                return invalid(&format!("messages.[{index}].tool_call_id"), text);
            }
            if !open.contains(&id) {
                let text = format!("Duplicate value for 'tool_call_id' of '{id}'.");
                return invalid(&format!("messages.[{index}].tool_call_id"), text);
            }
            open.retain(|other| *other != id);
            continue;
        }
        check_none_open(&param, &open)?;
        asked = items(message, "tool_calls").iter().map(|call| reading::member(call, "id")).collect();
        open.clone_from(&asked);
    }
    check_none_open(&format!("messages.[{}].role", messages.len()), &open)
}

fn check_none_open(param: &str, open: &[&str]) -> Check {
    if open.is_empty() {
        return Ok(());
    }
    let text = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    invalid(param, text)
}
