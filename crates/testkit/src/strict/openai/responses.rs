//! A Responses request.

use serde_json::Value;

use super::super::{Check, items, set};
use super::gpt::{self, Gpt};
use super::{extra, invalid, one_of, refuse, says_json, tools};
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
const LEAST_OUTPUT: u64 = 16;
const MAX_ID: usize = 64;

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
        check_item(&path, item, gpt.is_some())?;
        check_reasoning(&path, item, &Sealed { seal, model, kept, own: gpt.is_some() })?;
    }
    check_pairs(list, kept)?;
    check_format(body, gpt.is_some())
}

fn missing(path: &str) -> Check {
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
                add_tools(&format!("input[{index}].tools"), items(item, "tools"), own, &mut known)?;
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
                add_tools(&format!("{path}.tools"), items(tool, "tools"), own, known)?;
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
        items(choice, "tools").iter().all(found)
    } else {
        found(choice)
    };
    if all {
        Ok(())
    } else {
        invalid("tool_choice", format!("Tool choice '{kind}' not found in 'tools' parameter."))
    }
}

fn check_item(path: &str, item: &Value, own: bool) -> Check {
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

/// Each output has its call, of its kind, and each call its output.
fn check_pairs(list: &[Value], kept: &Kept) -> Check {
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
