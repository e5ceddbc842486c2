//! A whole Chat answer.

use crate::grammar::kept::Ids;
use crate::grammar::read::{
    Check, broken, filled, is, is_json_object, list, need, number, object, present, text,
};
use serde_json::Value;

const FINISH_REASONS: [&str; 5] = ["stop", "length", "tool_calls", "content_filter", "function_call"];

pub(in crate::grammar) fn check(body: &Value) -> Check {
    is(body, "object", "chat.completion", "completion_shape")?;
    filled(body, "id", "completion_shape")?;
    filled(body, "model", "completion_shape")?;
    number(body, "created", "completion_shape")?;
    let choices = list(body, "choices", "completion_shape")?;
    need(!choices.is_empty(), "completion_shape", "no choices")?;
    let mut ids = Ids::default();
    for (at, choice) in choices.iter().enumerate() {
        let index = number(choice, "index", "completion_shape")?;
        need(index == at as u64, "completion_shape", format!("choice {index} at place {at}"))?;
        message(choice, &mut ids)?;
    }
    usage(&body["usage"])
}

fn message(choice: &Value, ids: &mut Ids) -> Check {
    object(choice, "message", "completion_shape")?;
    let message = &choice["message"];
    is(message, "role", "assistant", "role")?;
    present(message, "content", "completion_shape")?;
    for member in ["content", "refusal", "reasoning_content"] {
        let fits = message[member].is_null() || message[member].is_string();
        need(fits, "completion_shape", format!("`{member}` is not a string"))?;
    }
    let calls: &[Value] = match &message["tool_calls"] {
        Value::Null => &[],
        _ => list(message, "tool_calls", "completion_shape")?,
    };
    for call in calls {
        let id = filled(call, "id", "call_shape")?;
        need(ids.add(id), "tool_id", format!("`{id}` comes twice"))?;
    }
    let reason = text(choice, "finish_reason", "finish_reason")?;
    finish(reason, !calls.is_empty())?;
    calls.iter().try_for_each(|call| input(call, reason))
}

fn input(call: &Value, reason: &str) -> Check {
    match text(call, "type", "call_shape")? {
        "function" => {
            filled(&call["function"], "name", "call_shape")?;
            let arguments = text(&call["function"], "arguments", "call_shape")?;
            let kept = reason != "tool_calls" || is_json_object(arguments);
            need(kept, "tool_input", "a call's arguments are no JSON object")
        }
        "custom" => {
            filled(&call["custom"], "name", "call_shape")?;
            text(&call["custom"], "input", "call_shape").map(drop)
        }
        other => broken("call_shape", format!("a call of type `{other}`")),
    }
}

/// The finish reason, which agrees with what was said.
pub(in crate::grammar) fn finish(reason: &str, calls: bool) -> Check {
    need(FINISH_REASONS.contains(&reason), "finish_reason", format!("it cannot be `{reason}`"))?;
    match reason {
        "tool_calls" => need(calls, "finish_reason", "tool_calls without a call"),
        "stop" => need(!calls, "finish_reason", "stop with a call"),
        _ => Ok(()),
    }
}

/// Usage, which adds up.
pub(in crate::grammar) fn usage(usage: &Value) -> Check {
    let prompt = number(usage, "prompt_tokens", "usage")?;
    let completion = number(usage, "completion_tokens", "usage")?;
    let total = number(usage, "total_tokens", "usage")?;
    need(prompt.saturating_add(completion) == total, "usage", "the total is not the sum")?;
    let details = &usage["prompt_tokens_details"];
    let count = |member: &str| details[member].as_u64().unwrap_or_default();
    let cached = count("cached_tokens").saturating_add(count("cache_write_tokens"));
    // Reasoning is not held against the completion: some upstreams count it outside.
    need(cached <= prompt, "usage", "more cached than the prompt has")
}
