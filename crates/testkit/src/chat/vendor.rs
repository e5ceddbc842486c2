//! What vendors of Chat Completions write otherwise than OpenAI.

use serde_json::{Value, json};

use super::shape::CompletionUsage;
use crate::directive::{Reasoning, Vendor};
use crate::error::ProviderError;
use crate::wire::Event;

/// Whether the vendor of this model wants `reasoning_content` back with a call that came with it.
pub(crate) fn wants_reasoning_back(model: &str) -> bool {
    model.rsplit('/').next().unwrap_or(model).starts_with("deepseek")
}

/// A plain answer in the vendor's way.
pub(super) fn json(body: Vec<u8>, vendor: &Vendor) -> Vec<u8> {
    if *vendor == Vendor::default() {
        return body;
    }
    let mut whole: Value = serde_json::from_slice(&body).unwrap_or_default();
    for choice in whole["choices"].as_array_mut().into_iter().flatten() {
        rename_reasoning(&mut choice["message"], vendor.reasoning_field);
        stop_always(choice, vendor);
    }
    count(&mut whole, vendor);
    whole.to_string().into_bytes()
}

/// A stream in the vendor's way; its `[DONE]` comes later.
pub(super) fn events(events: Vec<Event>, usage: &CompletionUsage, vendor: &Vendor) -> Vec<Event> {
    if *vendor == Vendor::default() {
        return events;
    }
    let usage = serde_json::to_value(usage).unwrap_or_default();
    let mut changed = Vec::with_capacity(events.len() + 1);
    for (number, event) in events.into_iter().enumerate() {
        let mut chunk: Value = serde_json::from_slice(&event.data).unwrap_or_default();
        if number == 0 && vendor.empty_choices {
            changed.push(written(&json!({"id": "", "object": "", "created": 0, "model": "", "choices": [],
                "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}]})));
        }
        chunk_of(&mut chunk, &usage, number, vendor);
        changed.push(written(&chunk));
    }
    changed
}

/// An error in a stream that is no `error` member.
pub(crate) fn bare_error(error: &ProviderError) -> Vec<u8> {
    json!({"object": "error", "message": error.message, "type": "BadRequestError", "param": null, "code": error.status})
        .to_string()
        .into_bytes()
}

fn written(chunk: &Value) -> Event {
    Event { name: "", data: chunk.to_string().into_bytes() }
}

fn chunk_of(chunk: &mut Value, usage: &Value, number: usize, vendor: &Vendor) {
    for choice in chunk["choices"].as_array_mut().into_iter().flatten() {
        rename_reasoning(&mut choice["delta"], vendor.reasoning_field);
        stop_always(choice, vendor);
        if vendor.all_index_zero {
            let calls = choice["delta"].get_mut("tool_calls").and_then(Value::as_array_mut);
            for call in calls.into_iter().flatten() {
                call["index"] = json!(0);
            }
        }
    }
    if vendor.usage_each && !chunk["usage"].is_object() {
        // It grows with every chunk.
        let mut so_far = usage.clone();
        let output = usage["completion_tokens"].as_u64().unwrap_or(0).min(number as u64);
        so_far["completion_tokens"] = json!(output);
        so_far["total_tokens"] = json!(usage["prompt_tokens"].as_u64().unwrap_or(0) + output);
        so_far["completion_tokens_details"] = Value::Null;
        chunk["usage"] = so_far;
    }
    count(chunk, vendor);
}

fn stop_always(choice: &mut Value, vendor: &Vendor) {
    if vendor.always_stop && choice["finish_reason"].is_string() {
        choice["finish_reason"] = json!("stop");
    }
}

fn rename_reasoning(message: &mut Value, field: Reasoning) {
    if field == Reasoning::Content {
        return;
    }
    let Some(members) = message.as_object_mut() else { return };
    let Some(text) = members.remove("reasoning_content") else { return };
    if field == Reasoning::Details {
        let detail = json!({"type": "reasoning.text", "text": text, "format": "unknown", "index": 0});
        members.insert("reasoning_details".to_owned(), json!([detail]));
    }
    members.insert("reasoning".to_owned(), text);
}

/// The vendor's way to count.
fn count(whole: &mut Value, vendor: &Vendor) {
    let Some(usage) = whole.get_mut("usage").and_then(Value::as_object_mut) else { return };
    if vendor.hit_miss_usage {
        let details = usage.remove("prompt_tokens_details").unwrap_or_default();
        let hit = details["cached_tokens"].as_u64().unwrap_or(0);
        let prompt = usage.get("prompt_tokens").and_then(Value::as_u64).unwrap_or(0);
        usage.insert("prompt_cache_hit_tokens".to_owned(), json!(hit));
        usage.insert("prompt_cache_miss_tokens".to_owned(), json!(prompt.saturating_sub(hit)));
    }
    if vendor.string_numbers {
        usage.values_mut().for_each(as_text);
        if let Some(created) = whole.get_mut("created") {
            as_text(created);
        }
    }
}

/// Numbers as strings, however deep.
fn as_text(value: &mut Value) {
    match value {
        Value::Number(number) => *value = Value::String(number.to_string()),
        Value::Object(members) => members.values_mut().for_each(as_text),
        Value::Array(items) => items.iter_mut().for_each(as_text),
        _ => {}
    }
}
