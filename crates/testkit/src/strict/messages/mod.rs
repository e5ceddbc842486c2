//! A Messages request.

mod blocks;
mod order;
mod tools;

use http::HeaderMap;
use serde_json::Value;

use super::{Check, claude, open_object, set, unknown};
use crate::error::ProviderError;
use crate::reading::{self, Body};
use crate::seal::Seal;

/// From this version on some blocks are refused where they were ignored.
const NO_LEFTOVERS_VERSION: &str = "2026-10-21";

const MEMBERS: &[&str] = &[
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
];
/// Members that come with a beta: how the beta's name begins.
const BETA_MEMBERS: &[(&str, &[&str])] = &[
    ("context_management", &["context-management-", "compact-"]),
    ("mcp_servers", &["mcp-client-"]),
    ("output_format", &["structured-outputs-"]),
    ("fallbacks", &["server-side-fallback-", "fallback"]),
    ("fallback_credit_token", &["fallback-credit-"]),
    ("compaction", &["compact"]),
    ("thread", &["thread"]),
    ("billing_policy", &["billing"]),
];

/// Checks a request to generate or to count.
pub(crate) fn check(headers: &HeaderMap, body: &Body, seal: &Seal) -> Check {
    check_members(headers, body)?;
    check_settings(body)?;
    tools::check(body)?;
    let version = headers.get("anthropic-version").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let model = reading::text(body, "model").unwrap_or_default();
    let reader = blocks::Reader { seal, model, leftovers: version < NO_LEFTOVERS_VERSION };
    for (index, message) in reading::list(body, "messages").iter().enumerate() {
        check_message(&reader, index, message)?;
    }
    order::check(body)?;
    check_breakpoints(body)?;
    claude::check_budget(body)?;
    claude::check(body)
}

fn refuse(text: impl Into<String>) -> Check {
    Err(ProviderError::invalid(text))
}

/// `path` has a member that is not known.
fn extra(path: &str, members: &Body, known: &[&str]) -> Check {
    match unknown(members, known) {
        Some(name) if path.is_empty() => refuse(format!("{name}: Extra inputs are not permitted")),
        Some(name) => refuse(format!("{path}.{name}: Extra inputs are not permitted")),
        None => Ok(()),
    }
}

fn check_members(headers: &HeaderMap, body: &Body) -> Check {
    let betas: Vec<&str> =
        headers.get_all("anthropic-beta").iter().filter_map(|value| value.to_str().ok()).collect();
    let has_beta = |begins: &[&str]| {
        let mut names = betas.iter().flat_map(|list| list.split(',')).map(str::trim);
        names.any(|name| begins.iter().any(|begin| name.starts_with(begin)))
    };
    let allowed = BETA_MEMBERS.iter().filter(|(_, begins)| has_beta(begins)).map(|(name, _)| *name);
    let known: Vec<&str> = MEMBERS.iter().copied().chain(allowed).collect();
    extra("", body, &known)?;
    for (name, known) in [
        ("metadata", &["user_id"][..]),
        ("thinking", &["type", "budget_tokens", "display", "block_binding"]),
        ("output_config", &["effort", "format", "task_budget"]),
        ("tool_choice", &["type", "name", "disable_parallel_tool_use"]),
    ] {
        match set(body, name) {
            Some(Value::Object(members)) => extra(name, members, known)?,
            Some(_) => return refuse(format!("{name}: Input should be an object")),
            None => {}
        }
    }
    Ok(())
}

fn check_settings(body: &Body) -> Check {
    let range = |name: &str, least: f64, most: f64| match set(body, name) {
        Some(value) if !value.as_f64().is_some_and(|value| (least..=most).contains(&value)) => {
            refuse(format!("{name}: range: {least}..{most}"))
        }
        _ => Ok(()),
    };
    range("temperature", 0.0, 1.0)?;
    range("top_p", 0.0, 1.0)?;
    match body.get("thinking").map(|thinking| reading::member(thinking, "type")) {
        None | Some("" | "adaptive" | "enabled" | "disabled" | "between_tools") => {}
        Some(other) => {
            return refuse(format!(
                "thinking: Input tag '{other}' found using 'type' does not match any of the expected tags: 'adaptive', 'between_tools', 'disabled', 'enabled'"
            ));
        }
    }
    for (index, stop) in reading::list(body, "stop_sequences").iter().enumerate() {
        match stop.as_str() {
            Some(stop) if !stop.trim().is_empty() => {}
            Some(_) => return refuse("stop_sequences: each stop sequence must contain non-whitespace"),
            None => return refuse(format!("stop_sequences.{index}: Input should be a valid string")),
        }
    }
    if let Some(tier) = set(body, "service_tier")
        && !matches!(tier.as_str(), Some("auto" | "standard_only"))
    {
        return refuse("service_tier: Input should be 'auto' or 'standard_only'");
    }
    check_format(body)?;
    match set(body, "system") {
        Some(Value::Array(blocks)) => blocks::check_system("system", blocks),
        Some(Value::String(_)) | None => Ok(()),
        Some(_) => refuse("system: Input should be a valid string or a list of text blocks"),
    }
}

fn check_format(body: &Body) -> Check {
    let format = body.get("output_config").and_then(|config| config.get("format"));
    let Some(format) = format.filter(|format| !format.is_null()) else { return Ok(()) };
    if reading::member(format, "type") != "json_schema" {
        return refuse("output_config.format.type: Input should be 'json_schema'");
    }
    let Some(schema) = format.get("schema") else {
        return refuse("output_config.format.schema: Field required");
    };
    if open_object(schema, false).is_some() {
        return refuse(
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
        );
    }
    extra("output_config.format", format.as_object().unwrap_or(&Body::new()), &["type", "schema"])
}

fn check_message(reader: &blocks::Reader<'_>, index: usize, message: &Value) -> Check {
    let path = format!("messages.{index}");
    let members = message
        .as_object()
        .ok_or_else(|| ProviderError::invalid(format!("{path}: Input should be an object")))?;
    extra(&path, members, &["role", "content", "output_config", "clear_at"])?;
    let role = reading::member(message, "role");
    match message.get("content") {
        Some(Value::String(text)) if text.is_empty() => refuse(format!(
            "{path}: all messages must have non-empty content except for the optional final assistant message"
        )),
        Some(Value::String(text)) if text.trim().is_empty() => {
            refuse("messages: text content blocks must contain non-whitespace text")
        }
        Some(Value::Array(blocks)) if blocks.is_empty() => refuse(format!(
            "{path}: all messages must have non-empty content except for the optional final assistant message"
        )),
        Some(Value::Array(blocks)) => blocks
            .iter()
            .enumerate()
            .try_for_each(|(number, block)| reader.check(role, &format!("{path}.content.{number}"), block)),
        _ => Ok(()),
    }
}

/// At most four breakpoints, and none that lasts longer after one that lasts shorter.
fn check_breakpoints(body: &Body) -> Check {
    let mut marks = Vec::new();
    for name in ["tools", "system", "messages"] {
        breakpoints(body.get(name).unwrap_or(&Value::Null), &mut marks);
    }
    marks.extend(set(body, "cache_control").map(|mark| reading::member(mark, "ttl")));
    if marks.len() > 4 {
        return refuse(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {}.",
            marks.len()
        ));
    }
    let short = marks.iter().position(|ttl| *ttl != "1h");
    match (short, marks.iter().rposition(|ttl| *ttl == "1h")) {
        (Some(short), Some(long)) if short < long => {
            refuse("a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block")
        }
        _ => Ok(()),
    }
}

/// The `ttl` of each breakpoint in tools, blocks and what is inside of blocks.
fn breakpoints<'a>(value: &'a Value, marks: &mut Vec<&'a str>) {
    match value {
        Value::Array(list) => list.iter().for_each(|item| breakpoints(item, marks)),
        Value::Object(members) => {
            if let Some(content) = members.get("content") {
                breakpoints(content, marks);
            }
            marks.extend(set(members, "cache_control").map(|mark| reading::member(mark, "ttl")));
        }
        _ => {}
    }
}
