//! A request to Chat: everything but its messages.

use super::chat_turns;
use super::common::{
    EFFORTS, at_least, distinct, maybe_bool, maybe_list, maybe_word, openai_name, range, stream_options,
};
use crate::grammar::read::{Check, broken, filled, list, need, object, one_of, only, text};
use serde_json::Value;

const MEMBERS: [&str; 37] = [
    "model",
    "messages",
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "metadata",
    "modalities",
    "moderation",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

const MOST_STOPS: usize = 4;
const MOST_METADATA: usize = 16;

pub(in crate::grammar) fn check(body: &Value) -> Check {
    only(body, &MEMBERS, "unknown_member")?;
    filled(body, "model", "required")?;
    sampling(body)?;
    stream_options(body)?;
    stop(&body["stop"])?;
    let metadata = body["metadata"].as_object().map_or(0, serde_json::Map::len);
    need(metadata <= MOST_METADATA, "range", "more than 16 members of `metadata`")?;
    response_format(&body["response_format"])?;
    tools(body)?;
    chat_turns::check(list(body, "messages", "required")?)
}

fn sampling(body: &Value) -> Check {
    range(body, "temperature", 0.0, 2.0)?;
    range(body, "top_p", 0.0, 1.0)?;
    range(body, "frequency_penalty", -2.0, 2.0)?;
    range(body, "presence_penalty", -2.0, 2.0)?;
    range(body, "top_logprobs", 0.0, 20.0)?;
    at_least(body, "n", 1)?;
    at_least(body, "max_tokens", 1)?;
    at_least(body, "max_completion_tokens", 1)?;
    for member in ["stream", "store", "logprobs", "parallel_tool_calls"] {
        maybe_bool(body, member)?;
    }
    maybe_word(body, "reasoning_effort", &EFFORTS)?;
    maybe_word(body, "verbosity", &["low", "medium", "high"])?;
    let both = !body["max_tokens"].is_null() && !body["max_completion_tokens"].is_null();
    need(!both, "max_tokens", "both limits at once")
}

fn stop(stop: &Value) -> Check {
    match stop {
        Value::Null | Value::String(_) => Ok(()),
        Value::Array(stops) => {
            need(stops.len() <= MOST_STOPS, "stop", "more than 4 stop sequences")?;
            need(stops.iter().all(Value::is_string), "stop", "a stop sequence that is no string")
        }
        _ => broken("stop", "`stop` is neither a string nor a list"),
    }
}

fn response_format(format: &Value) -> Check {
    if format.is_null() {
        return Ok(());
    }
    one_of(format, "type", &["text", "json_object", "json_schema"], "format")?;
    if format["type"] != "json_schema" {
        return Ok(());
    }
    openai_name(&format["json_schema"], "name")?;
    object(&format["json_schema"], "schema", "format")
}

fn tools(body: &Value) -> Check {
    let mut names = Vec::new();
    for tool in maybe_list(body, "tools", "tool_shape")? {
        one_of(tool, "type", &["function", "custom"], "tool_shape")?;
        let said = &tool[text(tool, "type", "tool_shape")?];
        names.push(openai_name(said, "name")?);
        let parameters = &said["parameters"];
        let fits = parameters.is_null() || parameters.is_object();
        need(fits, "tool_shape", "`parameters` is not an object")?;
    }
    distinct(&names, "tool_name")?;
    let parallel = body["parallel_tool_calls"].is_null() || !names.is_empty();
    need(parallel, "parallel_tool_calls", "`parallel_tool_calls` without tools")?;
    let choice = &body["tool_choice"];
    match choice {
        Value::Null => return Ok(()),
        Value::String(_) => one_of(body, "tool_choice", &["none", "auto", "required"], "tool_choice")?,
        _ => one_of(choice, "type", &["function", "custom", "allowed_tools"], "tool_choice")?,
    }
    need(!names.is_empty() || choice == "none", "tool_choice", "a choice without tools")?;
    let named = ["function", "custom"].iter().find_map(|kind| choice[*kind]["name"].as_str());
    let known = named.is_none_or(|name| names.contains(&name));
    need(known, "tool_choice", "no tool has the name that is chosen")
}
