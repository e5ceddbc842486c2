//! A Chat Completions request.

use serde_json::Value;

use super::super::{Check, items, set};
use super::gpt::{self, Gpt};
use super::{extra, history, invalid, one_of, refuse, says_json, tools};
use crate::reading::{self, Body};

const MEMBERS: &[&str] = &[
    "model",
    "messages",
    "max_completion_tokens",
    "max_tokens",
    "temperature",
    "top_p",
    "frequency_penalty",
    "presence_penalty",
    "logit_bias",
    "seed",
    "n",
    "stop",
    "logprobs",
    "top_logprobs",
    "stream",
    "stream_options",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "functions",
    "function_call",
    "response_format",
    "reasoning_effort",
    "verbosity",
    "modalities",
    "audio",
    "prediction",
    "store",
    "metadata",
    "user",
    "safety_identifier",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "service_tier",
    "moderation",
    "web_search_options",
];

/// Checks a request.
pub(crate) fn check(body: &Body) -> Check {
    let model = reading::text(body, "model").unwrap_or_default();
    let gpt = Gpt::of(model);
    if gpt.is_some() {
        extra("", body, MEMBERS)?;
    }
    check_settings(body, gpt)?;
    check_tools(body, gpt)?;
    check_format(body, gpt.is_some())?;
    history::check(reading::list(body, "messages"), model, gpt.is_some())
}

fn check_settings(body: &Body, gpt: Option<Gpt<'_>>) -> Check {
    gpt::check_ranges(body)?;
    let Some(gpt) = gpt else { return Ok(()) };
    if gpt.reasons && set(body, "max_tokens").is_some() {
        let text = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        return refuse("max_tokens", "unsupported_parameter", text);
    }
    if set(body, "max_tokens").is_some() && set(body, "max_completion_tokens").is_some() {
        let text = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
        return invalid("max_tokens", text);
    }
    let effort = reading::text(body, "reasoning_effort");
    gpt.check_effort("reasoning_effort", effort)?;
    gpt.check_sampling(body, effort)?;
    if set(body, "prompt_cache_options").is_some() && !gpt.caches_when_told() {
        return gpt::unsupported("prompt_cache_options");
    }
    if gpt.tools_without_effort() && !reading::list(body, "tools").is_empty() && effort != Some("none") {
        let text = "Function tools with reasoning_effort are not supported for this model in /v1/chat/completions. Please use /v1/responses instead, or set reasoning_effort to 'none'.";
        return invalid("reasoning_effort", text);
    }
    if let Some(tier) = reading::text(body, "service_tier") {
        one_of("service_tier", tier, &["auto", "default", "flex", "scale", "priority", "fast"])?;
    }
    match reading::text(body, "user").map(str::len) {
        Some(length) if length > 512 => tools::too_long("user", 512, length),
        _ => Ok(()),
    }
}

fn check_tools(body: &Body, gpt: Option<Gpt<'_>>) -> Check {
    let list = reading::list(body, "tools");
    if list.is_empty() {
        if body.get("tools").is_some_and(Value::is_array) && gpt.is_some() {
            let text = "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.";
            return refuse("tools", "empty_array", text);
        }
        if gpt.is_some() {
            tools::only_with_tools(body, &["tool_choice", "parallel_tool_calls"])?;
        }
        return Ok(());
    }
    for (index, tool) in list.iter().enumerate() {
        let path = format!("tools[{index}]");
        let kind = reading::member(tool, "type");
        one_of(&format!("{path}.type"), kind, &["function", "custom"])?;
        let Some(inner) = tool.get(kind) else {
            let path = format!("{path}.{kind}");
            return refuse(
                &path,
                "missing_required_parameter",
                format!("Missing required parameter: '{path}'."),
            );
        };
        let path = format!("{path}.{kind}");
        if kind == "custom" {
            tools::check_name(&format!("{path}.name"), reading::member(inner, "name"))?;
            continue;
        }
        tools::check_function(&path, inner, gpt.is_some())?;
        if let Some(members) = inner.as_object().filter(|_| gpt.is_some()) {
            extra(&path, members, &["name", "description", "parameters", "strict"])?;
        }
    }
    check_choice(body, list)
}

fn check_choice(body: &Body, list: &[Value]) -> Check {
    let Some(choice) = set(body, "tool_choice") else { return Ok(()) };
    let kind = match choice {
        Value::String(word) => return one_of("tool_choice", word, &["none", "auto", "required"]),
        _ => reading::member(choice, "type"),
    };
    one_of("tool_choice.type", kind, &["function", "custom", "allowed_tools"])?;
    let found = |wanted: &Value| {
        let kind = reading::member(wanted, "type");
        let name = |value: &Value| value.get(kind).map(|inner| reading::member(inner, "name").to_owned());
        name(wanted).is_some_and(|wanted| list.iter().any(|tool| name(tool).as_deref() == Some(&wanted)))
    };
    let all = match kind {
        "allowed_tools" => {
            let allowed = choice.get("allowed_tools").unwrap_or(&Value::Null);
            one_of(
                "tool_choice.allowed_tools.mode",
                reading::member(allowed, "mode"),
                &["auto", "required"],
            )?;
            items(allowed, "tools").iter().all(found)
        }
        _ => found(choice),
    };
    if all {
        return Ok(());
    }
    invalid("tool_choice", "Invalid value for 'tool_choice': a tool that it names is not in 'tools'.")
}

fn check_format(body: &Body, own: bool) -> Check {
    let Some(format) = set(body, "response_format") else { return Ok(()) };
    let kind = reading::member(format, "type");
    one_of("response_format.type", kind, &["json_object", "json_schema", "text"])?;
    match kind {
        "json_schema" if own => {
            let named = format.get("json_schema").unwrap_or(&Value::Null);
            tools::check_format("response_format.json_schema", named)
        }
        "json_object" if own && !body.get("messages").is_some_and(says_json) => {
            let text = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
            invalid("messages", text)
        }
        _ => Ok(()),
    }
}
