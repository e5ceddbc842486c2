//! A request to Messages: everything but its turns.

use super::common::{at_least, distinct, maybe_bool, maybe_list, maybe_word, range};
use super::{messages_blocks, messages_cache, messages_turns};
use crate::grammar::read::{Check, broken, filled, list, need, number, object, one_of, only, text};
use serde_json::Value;

const MEMBERS: [&str; 30] = [
    "model",
    "messages",
    "max_tokens",
    "system",
    "stream",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
    "metadata",
    "service_tier",
    "speed",
    "inference_geo",
    "container",
    "diagnostics",
    "user_profile_id",
    "workspace_id",
    // In beta, each with a header.
    "context_management",
    "mcp_servers",
    "fallbacks",
    "fallback_credit_token",
    "compaction",
    "thread",
    "billing_policy",
    "output_format",
];

const LONGEST_TOOL_NAME_BYTES: usize = 128;
const LEAST_BUDGET: u64 = 1024;
const MOST_STRICT_TOOLS: usize = 20;

pub(in crate::grammar) fn check(body: &Value) -> Check {
    only(body, &MEMBERS, "unknown_member")?;
    filled(body, "model", "required")?;
    number(body, "max_tokens", "required")?;
    maybe_bool(body, "stream")?;
    range(body, "temperature", 0.0, 1.0)?;
    range(body, "top_p", 0.0, 1.0)?;
    at_least(body, "top_k", 0)?;
    maybe_word(body, "service_tier", &["auto", "standard_only"])?;
    maybe_word(body, "speed", &["standard", "fast"])?;
    only(&body["metadata"], &["user_id"], "unknown_member")?;
    for stop in maybe_list(body, "stop_sequences", "stop")? {
        let fits = stop.as_str().is_some_and(|stop| !stop.trim().is_empty());
        need(fits, "stop", "a stop sequence of nothing but white space")?;
    }
    output_config(&body["output_config"])?;
    tools(body)?;
    thinking(body)?;
    system(&body["system"])?;
    messages_turns::check(list(body, "messages", "required")?)?;
    messages_cache::check(body)
}

fn output_config(config: &Value) -> Check {
    if config.is_null() {
        return Ok(());
    }
    only(config, &["effort", "format", "task_budget"], "unknown_member")?;
    maybe_word(config, "effort", &["low", "medium", "high", "xhigh", "max"])?;
    if config["format"].is_null() {
        return Ok(());
    }
    one_of(&config["format"], "type", &["json_schema"], "format")?;
    object(&config["format"], "schema", "format")
}

fn tools(body: &Value) -> Check {
    let tools = maybe_list(body, "tools", "tool_shape")?;
    let mut names = Vec::new();
    for tool in tools {
        let kind = tool["type"].as_str().unwrap_or("custom");
        if kind == "mcp_toolset" {
            continue;
        }
        let name = filled(tool, "name", "tool_name")?;
        need(name.len() <= LONGEST_TOOL_NAME_BYTES, "tool_name", "a tool's name is too long")?;
        names.push(name);
        if kind == "custom" {
            object(tool, "input_schema", "tool_shape")?;
            need(tool["input_schema"]["type"] == "object", "tool_shape", "a schema is not of type object")?;
        }
    }
    distinct(&names, "tool_name")?;
    let strict = tools.iter().filter(|tool| tool["strict"] == true).count();
    need(strict <= MOST_STRICT_TOOLS, "tool_shape", "more than 20 strict tools")?;
    let choice = &body["tool_choice"];
    if choice.is_null() {
        return Ok(());
    }
    need(!tools.is_empty(), "tool_choice", "a choice without tools")?;
    only(choice, &["type", "name", "disable_parallel_tool_use"], "unknown_member")?;
    one_of(choice, "type", &["auto", "any", "tool", "none"], "tool_choice")?;
    if choice["type"] == "tool" {
        let name = text(choice, "name", "tool_choice")?;
        need(names.contains(&name), "tool_choice", format!("no tool is named `{name}`"))?;
    }
    Ok(())
}

fn thinking(body: &Value) -> Check {
    let thinking = &body["thinking"];
    if thinking.is_null() {
        return Ok(());
    }
    one_of(thinking, "type", &["adaptive", "enabled", "disabled", "between_tools"], "thinking")?;
    if thinking["type"] != "enabled" {
        let budget = &thinking["budget_tokens"];
        return need(budget.is_null(), "thinking", "a budget without `enabled`");
    }
    let budget = number(thinking, "budget_tokens", "thinking")?;
    need(budget >= LEAST_BUDGET, "thinking", "a budget of less than 1024")?;
    let max_tokens = number(body, "max_tokens", "required")?;
    need(budget < max_tokens, "thinking", "a budget that is not less than `max_tokens`")?;
    let forces = matches!(body["tool_choice"]["type"].as_str(), Some("any" | "tool"));
    need(!forces, "thinking", "a forced tool beside thinking")
}

fn system(system: &Value) -> Check {
    match system {
        Value::Null => Ok(()),
        Value::String(_) => Ok(()),
        Value::Array(blocks) => blocks.iter().try_for_each(|block| {
            need(block["type"] == "text", "block_role", "a system block that is no text")?;
            messages_blocks::check(block, "system")
        }),
        _ => broken("member_type", "`system` is neither text nor blocks"),
    }
}
