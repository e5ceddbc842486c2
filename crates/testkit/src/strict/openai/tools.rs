//! Tool definitions, names and schemas, in both protocols.

use serde_json::Value;

use super::super::{Check, is_name, open_object};
use super::{invalid, refuse};
use crate::reading::{self, Body};

const MAX_NAME: usize = 64;

/// A tool's name, or that of a past call.
pub(super) fn check_name(path: &str, name: &str) -> Check {
    if name.is_empty() {
        return refuse(path, "missing_required_parameter", format!("Missing required parameter: '{path}'."));
    }
    if name.len() > MAX_NAME {
        return too_long(path, MAX_NAME, name.len());
    }
    if is_name(name) {
        return Ok(());
    }
    let pattern = "^[a-zA-Z0-9_-]+$";
    invalid(
        path,
        format!(
            "Invalid '{path}': string does not match pattern. Expected a string that matches the pattern '{pattern}'."
        ),
    )
}

pub(super) fn too_long(path: &str, most: usize, length: usize) -> Check {
    let text = format!(
        "Invalid '{path}': string too long. Expected a string with maximum length {most}, but got a string with length {length} instead."
    );
    refuse(path, "string_above_max_length", text)
}

/// A function: flat in Responses, under `function` in Chat. `own`: of one of OpenAI's own models.
pub(super) fn check_function(path: &str, function: &Value, own: bool) -> Check {
    let name = reading::member(function, "name");
    check_name(&format!("{path}.name"), name)?;
    if !own {
        return Ok(());
    }
    let wrong = |why: &str| {
        let text = format!("Invalid schema for function '{name}': {why}");
        refuse(&format!("{path}.parameters"), "invalid_function_parameters", text)
    };
    let strict = function.get("strict") == Some(&Value::Bool(true));
    let Some(schema) = function.get("parameters").filter(|schema| !schema.is_null()) else {
        return if strict { wrong("In context=(), object schema missing properties.") } else { Ok(()) };
    };
    if reading::member(schema, "type") != "object" {
        let kind =
            schema.get("type").map_or("None".to_owned(), |kind| kind.as_str().unwrap_or("...").to_owned());
        return wrong(&format!(
            "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
        ));
    }
    if schema.get("properties").is_none() {
        return wrong("In context=(), object schema missing properties.");
    }
    if let Some(closed) = strict.then(|| open_object(schema, true)).flatten() {
        return wrong(&strictness(closed));
    }
    Ok(())
}

/// An output format by a schema: flat in Responses, under `json_schema` in Chat.
pub(super) fn check_format(path: &str, format: &Value) -> Check {
    check_name(&format!("{path}.name"), reading::member(format, "name"))?;
    let name = reading::member(format, "name");
    let Some(schema) = format.get("schema").filter(|schema| schema.is_object()) else {
        return refuse(
            path,
            "missing_required_parameter",
            format!("Missing required parameter: '{path}.schema'."),
        );
    };
    let strict = format.get("strict") == Some(&Value::Bool(true));
    match strict.then(|| open_object(schema, true)).flatten() {
        Some(closed) => {
            let text = format!("Invalid schema for response_format '{name}': {}", strictness(closed));
            refuse(path, "invalid_json_schema", text)
        }
        None => Ok(()),
    }
}

fn strictness(what: &str) -> String {
    match what {
        "required" => "In context=(), 'required' is required to be supplied and to be an array including every key in properties.".to_owned(),
        _ => "In context=(), 'additionalProperties' is required to be supplied and to be false.".to_owned(),
    }
}

/// The settings that only make sense with tools.
pub(super) fn only_with_tools(body: &Body, names: &[&str]) -> Check {
    match names.iter().find(|name| body.get(**name).is_some_and(|value| !value.is_null())) {
        Some(name) => {
            let text =
                format!("Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.");
            invalid(name, text)
        }
        None => Ok(()),
    }
}
