//! A whole Messages answer.

use crate::grammar::kept::Ids;
use crate::grammar::read::{Check, filled, is, is_plain, list, need, number, object, one_of, present, text};
use serde_json::Value;

const STOP_REASONS: [&str; 8] = [
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
    "compaction",
];

pub(in crate::grammar) fn check(body: &Value) -> Check {
    head(body, "message_shape")?;
    let mut ids = Ids::default();
    let mut calls = false;
    for content in list(body, "content", "message_shape")? {
        block(content, "block_shape")?;
        let kind = content["type"].as_str().unwrap_or_default();
        if matches!(kind, "tool_use" | "server_tool_use") {
            let id = content["id"].as_str().unwrap_or_default();
            need(is_plain(id), "tool_id", format!("`{id}` has characters that are not taken back"))?;
            need(ids.add(id), "tool_id", format!("`{id}` comes twice"))?;
        }
        calls |= kind == "tool_use";
    }
    stop(body, calls)?;
    usage(&body["usage"])
}

/// What a message has beside its content.
pub(in crate::grammar) fn head(message: &Value, rule: &'static str) -> Check {
    is(message, "type", "message", rule)?;
    is(message, "role", "assistant", rule)?;
    filled(message, "id", rule)?;
    filled(message, "model", rule)?;
    present(message, "stop_reason", rule)?;
    present(message, "stop_sequence", rule)
}

/// One block of content.
pub(in crate::grammar) fn block(block: &Value, rule: &'static str) -> Check {
    match text(block, "type", rule)? {
        "text" => text(block, "text", rule).map(drop),
        "thinking" => {
            text(block, "thinking", rule)?;
            text(block, "signature", rule).map(drop)
        }
        "redacted_thinking" => text(block, "data", rule).map(drop),
        "tool_use" | "server_tool_use" | "mcp_tool_use" => {
            filled(block, "id", rule)?;
            filled(block, "name", rule)?;
            object(block, "input", rule)
        }
        "container_upload" | "compaction" | "fallback" => Ok(()),
        kind if kind.ends_with("_tool_result") => {
            filled(block, "tool_use_id", rule)?;
            present(block, "content", rule)
        }
        // What is new at the provider goes to its own clients as it came.
        other => need(!other.is_empty(), rule, "a block without a type"),
    }
}

/// The stop reason, which agrees with the content.
pub(in crate::grammar) fn stop(value: &Value, calls: bool) -> Check<&str> {
    one_of(value, "stop_reason", &STOP_REASONS, "stop_reason")?;
    let reason = text(value, "stop_reason", "stop_reason")?;
    match reason {
        "tool_use" => need(calls, "stop_reason", "tool_use without a tool_use block")?,
        "end_turn" => need(!calls, "stop_reason", "end_turn with a tool_use block")?,
        _ => {}
    }
    let sequence = &value["stop_sequence"];
    let fits = sequence.is_null() || (sequence.is_string() && reason == "stop_sequence");
    need(fits, "stop_reason", "`stop_sequence` with another reason")?;
    Ok(reason)
}

/// Usage; the parts of `cache_creation` add up.
pub(in crate::grammar) fn usage(usage: &Value) -> Check {
    number(usage, "input_tokens", "usage")?;
    number(usage, "output_tokens", "usage")?;
    let split = &usage["cache_creation"];
    if split.is_null() || usage["cache_creation_input_tokens"].is_null() {
        return Ok(());
    }
    let total = number(usage, "cache_creation_input_tokens", "usage")?;
    let short = number(split, "ephemeral_5m_input_tokens", "usage")?;
    let long = number(split, "ephemeral_1h_input_tokens", "usage")?;
    need(short.saturating_add(long) == total, "usage", "`cache_creation` does not add up")
}
