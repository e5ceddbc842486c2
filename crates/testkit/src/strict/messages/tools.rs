//! Tools and the choice among them.

use serde_json::Value;

use super::super::{Check, is_name, open_object, set};
use super::{extra, refuse};
use crate::reading::{self, Body};

const CUSTOM: &[&str] = &[
    "name",
    "description",
    "input_schema",
    "type",
    "cache_control",
    "strict",
    "defer_loading",
    "eager_input_streaming",
    "input_examples",
    "allowed_callers",
];
/// How the types of built-in tools begin.
const BUILT_IN: &[&str] = &[
    "bash_",
    "text_editor_",
    "memory_",
    "computer_",
    "browser_",
    "web_search_",
    "web_fetch_",
    "code_execution_",
    "tool_search_tool_",
    "mcp_toolset",
    "advisor_",
];
const MAX_STRICT: usize = 20;

pub(super) fn check(body: &Body) -> Check {
    let tools = reading::list(body, "tools");
    for (index, tool) in tools.iter().enumerate() {
        check_tool(index, tool)?;
    }
    let names: Vec<&str> = tools.iter().map(|tool| reading::member(tool, "name")).collect();
    if (1..names.len()).any(|at| !names[at].is_empty() && names[..at].contains(&names[at])) {
        return refuse("tools: Tool names must be unique.");
    }
    let strict = tools.iter().filter(|tool| tool.get("strict") == Some(&Value::Bool(true))).count();
    if strict > MAX_STRICT {
        return refuse(format!("tools: at most {MAX_STRICT} strict tools may be provided, found {strict}"));
    }
    check_choice(body, &names)
}

fn check_tool(index: usize, tool: &Value) -> Check {
    let Some(members) = tool.as_object() else {
        return refuse(format!("tools.{index}: Input should be an object"));
    };
    let kind = reading::member(tool, "type");
    if BUILT_IN.iter().any(|begin| kind.starts_with(begin)) {
        return Ok(());
    }
    if !matches!(kind, "" | "custom") {
        return refuse(format!(
            "tools.{index}: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'custom', 'bash_20250124', 'text_editor_20250728', 'web_search_20260318', ..."
        ));
    }
    let path = format!("tools.{index}.custom");
    extra(&path, members, CUSTOM)?;
    let name = reading::member(tool, "name");
    if !is_name(name) || name.len() > 128 {
        return refuse(format!("{path}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"));
    }
    check_schema(&path, tool)
}

fn check_schema(path: &str, tool: &Value) -> Check {
    let Some(schema) = tool.get("input_schema").filter(|schema| schema.is_object()) else {
        return refuse(format!("{path}.input_schema: Field required"));
    };
    if reading::member(schema, "type") != "object" {
        return refuse(format!("{path}.input_schema.type: Input should be 'object'"));
    }
    if ["oneOf", "allOf", "anyOf"].iter().any(|name| schema.get(name).is_some()) {
        return refuse(format!(
            "{path}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
        ));
    }
    if tool.get("strict") == Some(&Value::Bool(true)) && open_object(schema, false).is_some() {
        return refuse(format!(
            "{path}: For 'object' type, 'additionalProperties' must be explicitly set to false in strict tools"
        ));
    }
    Ok(())
}

fn check_choice(body: &Body, names: &[&str]) -> Check {
    let Some(choice) = set(body, "tool_choice") else { return Ok(()) };
    if names.is_empty() {
        return refuse("tool_choice: may only be specified while providing tools");
    }
    let name = reading::member(choice, "name");
    match reading::member(choice, "type") {
        "auto" | "any" | "none" => Ok(()),
        "tool" if names.contains(&name) => Ok(()),
        "tool" => refuse(format!("tool_choice: Tool '{name}' not found in provided tools")),
        other => refuse(format!(
            "tool_choice: Input tag '{other}' found using 'type' does not match any of the expected tags: 'any', 'auto', 'none', 'tool'"
        )),
    }
}
