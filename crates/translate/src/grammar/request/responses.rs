//! A request to Responses: everything but its input.

use super::common::{
    EFFORTS, at_least, distinct, maybe_bool, maybe_list, maybe_text, maybe_word, openai_name, range,
    stream_options,
};
use super::responses_items;
use crate::grammar::read::{Check, broken, filled, need, object, one_of, only, text};
use serde_json::Value;

const MEMBERS: [&str; 34] = [
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
    // Sent by coding agents; not refused.
    "client_metadata",
];

const INCLUDE: [&str; 8] = [
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
    "web_search_call.action.sources",
    "web_search_call.results",
    "file_search_call.results",
    "code_interpreter_call.outputs",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
];

/// Tools that have no name of their own.
const HOSTED: [&str; 15] = [
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
    "tool_search",
    "programmatic_tool_calling",
];

const LEAST_OUTPUT_TOKENS: u64 = 16;

pub(in crate::grammar) fn check(body: &Value) -> Check {
    only(body, &MEMBERS, "unknown_member")?;
    filled(body, "model", "required")?;
    range(body, "temperature", 0.0, 2.0)?;
    range(body, "top_p", 0.0, 1.0)?;
    range(body, "top_logprobs", 0.0, 20.0)?;
    at_least(body, "max_output_tokens", LEAST_OUTPUT_TOKENS)?;
    at_least(body, "max_tool_calls", 1)?;
    for member in ["stream", "store", "background", "parallel_tool_calls"] {
        maybe_bool(body, member)?;
    }
    for member in ["instructions", "previous_response_id", "prompt_cache_key", "user", "safety_identifier"] {
        maybe_text(body, member)?;
    }
    stream_options(body)?;
    for include in maybe_list(body, "include", "include")? {
        let known = include.as_str().is_some_and(|include| INCLUDE.contains(&include));
        need(known, "include", format!("`{include}` cannot be included"))?;
    }
    let both = !body["previous_response_id"].is_null() && !body["conversation"].is_null();
    need(!both, "conversation", "both `previous_response_id` and `conversation`")?;
    maybe_word(&body["reasoning"], "effort", &EFFORTS)?;
    maybe_word(&body["reasoning"], "summary", &["auto", "concise", "detailed"])?;
    maybe_word(&body["text"], "verbosity", &["low", "medium", "high"])?;
    text_format(&body["text"]["format"])?;
    tools(body)?;
    responses_items::check(body)
}

fn text_format(format: &Value) -> Check {
    if format.is_null() {
        return Ok(());
    }
    one_of(format, "type", &["text", "json_object", "json_schema"], "format")?;
    if format["type"] != "json_schema" {
        return Ok(());
    }
    openai_name(format, "name")?;
    object(format, "schema", "format")
}

fn tools(body: &Value) -> Check {
    let tools = maybe_list(body, "tools", "tool_shape")?;
    let names: Vec<_> = named(tools)?;
    distinct(&names, "tool_name")?;
    let choice = &body["tool_choice"];
    match choice {
        Value::Null => return Ok(()),
        Value::String(word) => {
            let known = matches!(word.as_str(), "none" | "auto" | "required");
            return need(known, "tool_choice", format!("a choice `{word}`"));
        }
        _ => {}
    }
    match text(choice, "type", "tool_choice")? {
        "function" | "custom" => {
            let name = filled(choice, "name", "tool_choice")?;
            need(names.contains(&name), "tool_choice", format!("no tool is named `{name}`"))
        }
        "allowed_tools" => one_of(choice, "mode", &["auto", "required"], "tool_choice"),
        hosted => {
            let known = tools.iter().any(|tool| tool["type"] == hosted);
            need(known, "tool_choice", format!("no tool of type `{hosted}`"))
        }
    }
}

/// The names of the tools that have one.
fn named(tools: &[Value]) -> Check<Vec<&str>> {
    let mut names = Vec::new();
    for tool in tools {
        match text(tool, "type", "tool_shape")? {
            "function" => {
                let parameters = &tool["parameters"];
                let fits = parameters.is_null() || parameters.is_object();
                need(fits, "tool_shape", "`parameters` is not an object")?;
                names.push(openai_name(tool, "name")?);
            }
            "custom" | "namespace" => names.push(openai_name(tool, "name")?),
            other if HOSTED.contains(&other) => {}
            other => return broken("tool_shape", format!("a tool of type `{other}`")),
        }
    }
    Ok(names)
}
