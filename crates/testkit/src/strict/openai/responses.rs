//! A Responses request.

use serde_json::Value;

use super::super::{Check, items as list_of, set};
use super::gpt::{self, Gpt};
use super::{extra, invalid, items, one_of, refuse, says_json, tools};
use crate::error::ProviderError;
use crate::reading::{self, Body};
use crate::seal::Seal;

const MEMBERS: &[&str] = &[
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_output_tokens",
    "max_tool_calls",
    "temperature",
    "top_p",
    "top_logprobs",
    "reasoning",
    "text",
    "include",
    "store",
    "previous_response_id",
    "conversation",
    "background",
    "stream",
    "stream_options",
    "truncation",
    "context_management",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "service_tier",
    "metadata",
    "safety_identifier",
    "user",
    "moderation",
    "image",
    "access_programs",
    // Codex sends it, and it is taken.
    "client_metadata",
];
const INCLUDES: &[&str] = &[
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
    "web_search_call.action.sources",
    "web_search_call.results",
    "file_search_call.results",
    "code_interpreter_call.outputs",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
];
const TOOLS: &[&str] = &[
    "function",
    "custom",
    "namespace",
    "tool_search",
    "web_search",
    "web_search_2025_08_26",
    "web_search_preview",
    "web_search_preview_2025_03_11",
    "file_search",
    "code_interpreter",
    "image_generation",
    "mcp",
    "computer",
    "computer_use_preview",
    "local_shell",
    "shell",
    "apply_patch",
    "programmatic_tool_calling",
];
const LEAST_OUTPUT: u64 = 16;

/// What the provider still knows of stored responses.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The calls of the response that is continued.
    pub(crate) calls: Vec<String>,
    /// The ids of all stored items.
    pub(crate) items: Vec<String>,
}

/// Checks a request to generate or to count.
pub(crate) fn check(body: &Body, seal: &Seal, kept: &Kept) -> Check {
    extra("", body, MEMBERS)?;
    let model = reading::text(body, "model").unwrap_or_default();
    let gpt = Gpt::of(model);
    check_settings(body, gpt)?;
    let list = reading::list(body, "input");
    let tools = check_tools(body, list, gpt.is_some())?;
    check_choice(body, &tools)?;
    for (index, item) in list.iter().enumerate() {
        let path = format!("input[{index}]");
        items::check_item(&path, item, gpt.is_some())?;
        check_reasoning(&path, item, &Sealed { seal, model, kept, own: gpt.is_some() })?;
    }
    items::check_pairs(list, kept)?;
    check_format(body, gpt.is_some())
}

pub(super) fn missing(path: &str) -> Check {
    refuse(path, "missing_required_parameter", format!("Missing required parameter: '{path}'."))
}

fn check_settings(body: &Body, gpt: Option<Gpt<'_>>) -> Check {
    gpt::check_ranges(body)?;
    for (index, value) in reading::list(body, "include").iter().enumerate() {
        one_of(&format!("include[{index}]"), value.as_str().unwrap_or_default(), INCLUDES)?;
    }
    if set(body, "previous_response_id").is_some() && set(body, "conversation").is_some() {
        let text = "Mutually exclusive parameters: 'previous_response_id' and 'conversation'.";
        return refuse("conversation", "mutually_exclusive_parameters", text);
    }
    let Some(gpt) = gpt else { return Ok(()) };
    if let Some(limit) = reading::count(body, "max_output_tokens")?.filter(|limit| *limit < LEAST_OUTPUT) {
        let text = format!(
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= {LEAST_OUTPUT}, but got {limit} instead."
        );
        return refuse("max_output_tokens", "integer_below_min_value", text);
    }
    let effort = body.get("reasoning").and_then(|reasoning| reasoning.get("effort")).and_then(Value::as_str);
    gpt.check_effort("reasoning.effort", effort)?;
    gpt.check_sampling(body, effort)?;
    if set(body, "prompt_cache_options").is_some() && !gpt.caches_when_told() {
        return gpt::unsupported("prompt_cache_options");
    }
    if let Some(tier) = reading::text(body, "service_tier") {
        one_of("service_tier", tier, &["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"])?;
    }
    Ok(())
}

/// A tool by what a choice may call it: its type, and its name if it has one.
struct Known<'a> {
    kind: &'a str,
    name: &'a str,
}

fn check_tools<'a>(body: &'a Body, input: &'a [Value], own: bool) -> Result<Vec<Known<'a>>, ProviderError> {
    let mut known = Vec::new();
    add_tools("tools", reading::list(body, "tools"), own, &mut known)?;
    for (index, item) in input.iter().enumerate() {
        match reading::member(item, "type") {
            "additional_tools" | "tool_search_output" => {
                add_tools(&format!("input[{index}].tools"), list_of(item, "tools"), own, &mut known)?;
            }
            _ => {}
        }
    }
    Ok(known)
}

fn add_tools<'a>(path: &str, list: &'a [Value], own: bool, known: &mut Vec<Known<'a>>) -> Check {
    for (index, tool) in list.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let (kind, name) = (reading::member(tool, "type"), reading::member(tool, "name"));
        one_of(&format!("{path}.type"), kind, TOOLS)?;
        match kind {
            "function" => tools::check_function(&path, tool, own)?,
            "custom" => tools::check_name(&format!("{path}.name"), name)?,
            "namespace" => {
                tools::check_name(&format!("{path}.name"), name)?;
                add_tools(&format!("{path}.tools"), list_of(tool, "tools"), own, known)?;
            }
            _ => {}
        }
        known.push(Known { kind, name });
    }
    Ok(())
}

fn check_choice(body: &Body, known: &[Known<'_>]) -> Check {
    let Some(choice) = set(body, "tool_choice") else { return Ok(()) };
    if let Value::String(word) = choice {
        one_of("tool_choice", word, &["none", "auto", "required"])?;
        if word == "required" && known.is_empty() {
            return invalid(
                "tool_choice",
                "Tool choice 'required' must be specified with 'tools' parameter.",
            );
        }
        return Ok(());
    }
    let found = |wanted: &Value| {
        let (kind, name) = (reading::member(wanted, "type"), reading::member(wanted, "name"));
        known.iter().any(|tool| tool.kind == kind && (name.is_empty() || tool.name == name))
    };
    let kind = reading::member(choice, "type");
    let all = if kind == "allowed_tools" {
        one_of("tool_choice.mode", reading::member(choice, "mode"), &["auto", "required"])?;
        list_of(choice, "tools").iter().all(found)
    } else {
        found(choice)
    };
    if all {
        Ok(())
    } else {
        invalid("tool_choice", format!("Tool choice '{kind}' not found in 'tools' parameter."))
    }
}

/// Whose reasoning may come back.
struct Sealed<'a> {
    seal: &'a Seal,
    model: &'a str,
    kept: &'a Kept,
    own: bool,
}

fn check_reasoning(path: &str, item: &Value, sealed: &Sealed<'_>) -> Check {
    let kind = reading::member(item, "type");
    let id = reading::member(item, "id");
    let known = || sealed.kept.items.iter().any(|kept| kept == id);
    let gone = || {
        let text = format!(
            "Item with id '{id}' not found. Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input."
        );
        Err(ProviderError { param: Some("input".to_owned()), ..ProviderError::not_found(text) })
    };
    match (kind, item.get("encrypted_content").and_then(Value::as_str)) {
        ("item_reference", _) if !known() => gone(),
        ("reasoning", Some(content)) if !sealed.seal.is_encrypted(sealed.model, content) => {
            let text = format!(
                "The encrypted content for item {id} could not be verified. Reason: Encrypted content could not be decrypted or parsed."
            );
            refuse(&format!("{path}.encrypted_content"), "invalid_encrypted_content", text)
        }
        ("reasoning", None) if sealed.own && !id.is_empty() && !known() => gone(),
        _ => Ok(()),
    }
}

fn check_format(body: &Body, own: bool) -> Check {
    let Some(format) =
        body.get("text").and_then(|text| text.get("format")).filter(|format| !format.is_null())
    else {
        return Ok(());
    };
    let kind = reading::member(format, "type");
    one_of("text.format.type", kind, &["json_object", "json_schema", "text"])?;
    match kind {
        "json_schema" if own => tools::check_format("text.format", format),
        "json_object"
            if own
                && !body.get("input").is_some_and(says_json)
                && !body.get("instructions").is_some_and(says_json) =>
        {
            let text = "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.";
            invalid("input", text)
        }
        _ => Ok(()),
    }
}
