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
