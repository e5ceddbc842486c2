//! The messages of a request to Chat.

use super::common::{openai_name, picture};
use crate::grammar::read::{Check, broken, filled, is_json_object, need, one_of, text};
use serde_json::Value;

/// What each role may say, beside text.
const PARTS: [(&str, &[&str]); 5] = [
    ("system", &["text"]),
    ("developer", &["text"]),
    ("user", &["text", "image_url", "input_audio", "file"]),
    ("assistant", &["text", "refusal"]),
    ("tool", &["text"]),
];

pub(super) fn check(messages: &[Value]) -> Check {
    need(!messages.is_empty(), "required", "no messages")?;
    // The calls that wait for their results.
    let mut waiting: Vec<&str> = Vec::new();
    for message in messages {
        let role = text(message, "role", "role")?;
        if role == "tool" {
            let id = filled(message, "tool_call_id", "tool_results")?;
            let Some(at) = waiting.iter().position(|call| *call == id) else {
                return broken("tool_results", format!("`{id}` answers no call right before it"));
            };
            waiting.swap_remove(at);
        } else {
            need(waiting.is_empty(), "tool_results", "a call is not answered before what follows")?;
        }
        content(message, role)?;
        if role == "assistant" {
            waiting = assistant(message)?;
        }
    }
    need(waiting.is_empty(), "tool_results", "a call is not answered")
}

fn content(message: &Value, role: &str) -> Check {
    let Some((_, kinds)) = PARTS.iter().find(|(of, _)| *of == role) else {
        // The form that tools have replaced.
        return need(role == "function", "role", format!("a role `{role}`"));
    };
    match &message["content"] {
        Value::String(_) => Ok(()),
        Value::Null => {
            need(role == "assistant", "empty_turn", format!("a message of the {role} without content"))
        }
        Value::Array(parts) => {
            need(!parts.is_empty(), "empty_turn", "a message without parts")?;
            parts.iter().try_for_each(|part| {
                let kind = text(part, "type", "block_shape")?;
                need(kinds.contains(&kind), "block_role", format!("`{kind}` in a message of the {role}"))?;
                self::part(part, kind)
            })
        }
        _ => broken("member_type", "`content` is neither text nor parts"),
    }
}

fn part(part: &Value, kind: &str) -> Check {
    match kind {
        "text" => text(part, "text", "block_shape").map(drop),
        "refusal" => text(part, "refusal", "block_shape").map(drop),
        "image_url" => picture(filled(&part["image_url"], "url", "block_shape")?),
        "input_audio" => {
            filled(&part["input_audio"], "data", "block_shape")?;
            one_of(&part["input_audio"], "format", &["wav", "mp3"], "media_type")
        }
        _ => {
            let file = &part["file"];
            let has = file["file_id"].is_string() || file["file_data"].is_string();
            need(has, "block_shape", "a file without id and data")
        }
    }
}

/// The ids of the calls that an assistant's message makes.
fn assistant(message: &Value) -> Check<Vec<&str>> {
    let calls = message["tool_calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let lists = message["tool_calls"].is_null() || !calls.is_empty();
    need(lists, "tool_shape", "`tool_calls` without a call")?;
    let says =
        ["content", "refusal", "audio", "function_call"].iter().any(|member| !message[*member].is_null());
    need(says || !calls.is_empty(), "empty_turn", "an assistant's message without content and calls")?;
    let mut ids = Vec::new();
    for call in calls {
        let id = filled(call, "id", "tool_id")?;
        need(!ids.contains(&id), "tool_id", format!("`{id}` comes twice"))?;
        ids.push(id);
        one_of(call, "type", &["function", "custom"], "tool_shape")?;
        let kind = text(call, "type", "tool_shape")?;
        openai_name(&call[kind], "name")?;
        if kind == "custom" {
            text(&call[kind], "input", "tool_shape")?;
            continue;
        }
        let arguments = text(&call[kind], "arguments", "tool_shape")?;
        need(is_json_object(arguments), "tool_input", "a call's arguments are no JSON object")?;
    }
    Ok(ids)
}
