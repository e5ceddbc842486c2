//! A JSON schema as Anthropic's structured output takes it.
//!
//! Source: Anthropic's documentation, "Structured outputs", JSON schema limitations: every object is closed, and
//! numerical and string constraints are not known.

use crate::error::TranslateError;
use crate::notes::Notes;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Keywords that are refused; a schema without them still describes the same shape.
const UNKNOWN: [&str; 12] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "patternProperties",
];

/// Members whose values are schemas by names of the caller's choice.
const NAMED_SCHEMAS: [&str; 3] = ["properties", "$defs", "definitions"];

/// The schema with every object closed and without keywords that are refused; what is left out is noted.
pub(super) fn closed<'a>(schema: &RawValue, notes: &mut Notes) -> Result<Cow<'a, RawValue>, TranslateError> {
    let mut value: Value = serde_json::from_str(schema.get()).map_err(|_| {
        TranslateError::bad_request("response_format.json_schema.schema", "not a JSON schema")
    })?;
    let mut dropped = false;
    close(&mut value, &mut dropped);
    if dropped {
        notes.add("response_format.json_schema.constraints");
    }
    Ok(Cow::Owned(to_raw_value(&value).map_err(TranslateError::Encode)?))
}

/// Keywords that OpenAI's strict mode refuses.
const NOT_STRICT: [&str; 8] =
    ["allOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties"];

/// Whether OpenAI can follow the schema exactly: an object at the top, each object closed, each property required.
///
/// Source: OpenAI's documentation, "Structured outputs", supported schemas.
pub(super) fn is_strict(schema: &RawValue) -> bool {
    let Ok(schema) = serde_json::from_str::<Value>(schema.get()) else { return false };
    schema["type"] == "object" && is_strict_part(&schema)
}

fn is_strict_part(schema: &Value) -> bool {
    let Value::Object(members) = schema else {
        return schema.as_array().is_none_or(|schemas| schemas.iter().all(is_strict_part));
    };
    if NOT_STRICT.iter().any(|keyword| members.contains_key(*keyword)) {
        return false;
    }
    if is_object(members)
        && !(members.get("additionalProperties") == Some(&Value::Bool(false)) && requires_all(members))
    {
        return false;
    }
    members.iter().all(|(name, member)| match member {
        Value::Object(named) if NAMED_SCHEMAS.contains(&name.as_str()) => named.values().all(is_strict_part),
        _ => {
            matches!(name.as_str(), "enum" | "const" | "default" | "examples" | "required")
                || is_strict_part(member)
        }
    })
}

fn requires_all(members: &Map<String, Value>) -> bool {
    let required = members.get("required").and_then(Value::as_array);
    let properties = members.get("properties").and_then(Value::as_object);
    properties.is_none_or(|properties| {
        properties
            .keys()
            .all(|name| required.is_some_and(|required| required.iter().any(|given| given == name)))
    })
}

fn close(schema: &mut Value, dropped: &mut bool) {
    match schema {
        Value::Object(members) => close_object(members, dropped),
        Value::Array(items) => items.iter_mut().for_each(|item| close(item, dropped)),
        _ => {}
    }
}

fn close_object(members: &mut Map<String, Value>, dropped: &mut bool) {
    for keyword in UNKNOWN {
        *dropped |= members.remove(keyword).is_some();
    }
    if members.get("minItems").is_some_and(|least| !matches!(least.as_u64(), Some(0 | 1))) {
        members.remove("minItems");
        *dropped = true;
    }
    if is_object(members) {
        let before = members.insert("additionalProperties".to_owned(), Value::Bool(false));
        *dropped |= before.is_some_and(|before| before != Value::Bool(false));
    }
    for (name, member) in members.iter_mut() {
        match member {
            Value::Object(named) if NAMED_SCHEMAS.contains(&name.as_str()) => {
                named.values_mut().for_each(|schema| close(schema, dropped));
            }
            _ if matches!(name.as_str(), "enum" | "const" | "default" | "examples" | "required") => {}
            _ => close(member, dropped),
        }
    }
}

fn is_object(members: &Map<String, Value>) -> bool {
    match members.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => members.contains_key("properties"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_is_closed_and_complete() {
        let strict = |json: &str| is_strict(serde_json::from_str(json).unwrap());
        let closed = r#""additionalProperties":false"#;
        assert!(strict(&format!(
            r#"{{"type":"object","properties":{{"not":{{"type":"string"}}}},"required":["not"],{closed}}}"#
        )));
        assert!(strict(&format!(r#"{{"type":"object","properties":{{}},{closed}}}"#)));
        assert!(!strict(&format!(
            r#"{{"type":"object","properties":{{"a":{{}},"b":{{}}}},"required":["a"],{closed}}}"#
        )));
        assert!(!strict(r#"{"type":"object","properties":{}}"#));
        assert!(!strict(&format!(r#"{{"type":"array","items":{{"type":"object",{closed}}}}}"#)));
        let inner = r#"{"type":"object","properties":{"x":{}}}"#;
        assert!(!strict(&format!(
            r#"{{"type":"object","properties":{{"a":{{"anyOf":[{inner}]}}}},"required":["a"],{closed}}}"#
        )));
    }

    #[test]
    fn objects_are_closed_and_constraints_noted() {
        let schema = r#"{"type":"object","properties":{"minimum":{"type":"integer","minimum":1},
            "list":{"type":"array","minItems":3,"items":{"type":["object","null"],"properties":{}}}},
            "required":["minimum"]}"#;
        let mut notes = Notes::default();
        let made = closed(serde_json::from_str(schema).unwrap(), &mut notes).unwrap();
        let made: Value = serde_json::from_str(made.get()).unwrap();
        assert_eq!(
            made,
            serde_json::json!({"type": "object", "additionalProperties": false, "required": ["minimum"],
                "properties": {"minimum": {"type": "integer"}, "list": {"type": "array", "items":
                    {"type": ["object", "null"], "properties": {}, "additionalProperties": false}}}})
        );
        assert_eq!(notes.to_strings(), ["response_format.json_schema.constraints"]);
    }
}
