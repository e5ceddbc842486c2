//! A whole Responses answer.

use crate::grammar::kept::Ids;
use crate::grammar::read::{
    Check, broken, filled, is, is_json_object, list, need, number, object, one_of, text,
};
use serde_json::Value;

const STATUSES: [&str; 6] = ["completed", "failed", "in_progress", "cancelled", "queued", "incomplete"];
const INCOMPLETE: [&str; 4] = ["max_output_tokens", "content_filter", "max_messages", "steered"];

pub(in crate::grammar) fn check(body: &Value) -> Check {
    head(body)?;
    let (mut ids, mut calls) = (Ids::default(), Ids::default());
    let completed = body["status"] == "completed";
    for said in list(body, "output", "response_shape")? {
        item(said)?;
        let id = filled(said, "id", "item_shape")?;
        need(ids.add(id), "item_id", format!("`{id}` comes twice"))?;
        if let Some(call_id) = said["call_id"].as_str().filter(|_| said["type"] != "function_call_output") {
            need(calls.add(call_id), "tool_id", format!("`{call_id}` comes twice"))?;
        }
        let arguments = said["arguments"].as_str().filter(|_| completed && said["type"] == "function_call");
        let kept = arguments.is_none_or(is_json_object);
        need(kept, "tool_input", "a function's arguments are no JSON object")?;
    }
    end(body)
}

/// What a response object always has.
pub(in crate::grammar) fn head(response: &Value) -> Check {
    is(response, "object", "response", "response_shape")?;
    filled(response, "id", "response_shape")?;
    filled(response, "model", "response_shape")?;
    let created = response["created_at"].is_number();
    need(created, "response_shape", "`created_at` is not a number")?;
    one_of(response, "status", &STATUSES, "response_shape")?;
    list(response, "output", "response_shape")?;
    list(response, "tools", "response_shape").map(drop)
}

/// What a response has at its end, by its status.
pub(in crate::grammar) fn end(response: &Value) -> Check {
    match text(response, "status", "status")? {
        "completed" => {
            need(response["error"].is_null(), "status", "completed with an error")?;
            need(response["incomplete_details"].is_null(), "status", "completed with incomplete_details")?;
            usage(&response["usage"])
        }
        "incomplete" => {
            one_of(&response["incomplete_details"], "reason", &INCOMPLETE, "status")?;
            usage(&response["usage"])
        }
        "failed" => {
            filled(&response["error"], "code", "error_shape")?;
            text(&response["error"], "message", "error_shape").map(drop)
        }
        "cancelled" => Ok(()),
        _ => Ok(()),
    }
}

/// One item of the output.
pub(in crate::grammar) fn item(item: &Value) -> Check {
    let rule = "item_shape";
    filled(item, "id", rule)?;
    match text(item, "type", rule)? {
        "message" => {
            is(item, "role", "assistant", rule)?;
            one_of(item, "status", &["in_progress", "completed", "incomplete"], rule)?;
            list(item, "content", rule)?.iter().try_for_each(part)
        }
        "reasoning" => {
            list(item, "summary", rule)?.iter().try_for_each(part)?;
            item["content"].as_array().into_iter().flatten().try_for_each(part)
        }
        "function_call" => {
            filled(item, "call_id", rule)?;
            filled(item, "name", rule)?;
            text(item, "arguments", rule).map(drop)
        }
        "custom_tool_call" => {
            filled(item, "call_id", rule)?;
            filled(item, "name", rule)?;
            text(item, "input", rule).map(drop)
        }
        // These have little in common, and what is new at the provider goes to its own clients as it came.
        other => need(!other.is_empty(), rule, "an item without a type"),
    }
}

/// One part of a message or of reasoning.
pub(in crate::grammar) fn part(part: &Value) -> Check {
    let rule = "part_shape";
    match text(part, "type", rule)? {
        "output_text" => {
            list(part, "annotations", rule)?;
            text(part, "text", rule).map(drop)
        }
        "refusal" => text(part, "refusal", rule).map(drop),
        "summary_text" | "reasoning_text" => text(part, "text", rule).map(drop),
        other => broken(rule, format!("a part of type `{other}`")),
    }
}

/// Usage, which adds up.
fn usage(usage: &Value) -> Check {
    let input = number(usage, "input_tokens", "usage")?;
    let output = number(usage, "output_tokens", "usage")?;
    let total = number(usage, "total_tokens", "usage")?;
    need(input.saturating_add(output) == total, "usage", "the total is not the sum")?;
    object(usage, "input_tokens_details", "usage")?;
    object(usage, "output_tokens_details", "usage")?;
    let cached = number(&usage["input_tokens_details"], "cached_tokens", "usage")?;
    let written = usage["input_tokens_details"]["cache_write_tokens"].as_u64().unwrap_or_default();
    need(cached.saturating_add(written) <= input, "usage", "more cached than the input has")?;
    // Not held against the output: some upstreams count reasoning outside.
    number(&usage["output_tokens_details"], "reasoning_tokens", "usage").map(drop)
}
