//! What the real providers refuse in a request and a gateway may get wrong, in their words.
//!
//! Sources: the API references and error lists of both vendors, the SDKs' types, and what the APIs were seen to answer.
//! Where a provider is known to accept, so is it here; where it is not known, too.

mod claude;
mod messages;
mod openai;

pub(crate) use messages::check as messages;
pub(crate) use openai::{Kept, chat, responses};

use serde_json::Value;

use crate::error::ProviderError;
use crate::reading::Body;

/// Nothing to refuse, or what is refused.
type Check = Result<(), ProviderError>;

/// Ids of tools and calls, and the names of tools.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// The first member that is not in the list.
fn unknown<'a>(members: &'a Body, known: &[&str]) -> Option<&'a str> {
    members.keys().map(String::as_str).find(|name| !known.contains(name))
}

fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A member that is there and is not null.
fn set<'a>(body: &'a Body, name: &str) -> Option<&'a Value> {
    body.get(name).filter(|value| !value.is_null())
}

/// Where a schema has an object that is open to members it does not name, or leaves some of its own out.
///
/// `all_required` is how OpenAI's strict mode has it. `None`: nowhere.
fn open_object(schema: &Value, all_required: bool) -> Option<&'static str> {
    if let Some(members) = schema.as_object() {
        let is_object = members.get("type").is_some_and(|kind| kind == "object");
        if is_object && members.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Some("additionalProperties");
        }
        let required = items(schema, "required");
        let names = members.get("properties").and_then(Value::as_object).into_iter().flat_map(Body::keys);
        let mut missing = names.filter(|name| !required.iter().any(|other| other.as_str() == Some(name)));
        if all_required && is_object && missing.next().is_some() {
            return Some("required");
        }
    }
    match schema {
        Value::Object(members) => {
            let inner = members
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "enum" | "const" | "default" | "examples"));
            inner.into_iter().find_map(|(_, value)| open_object(value, all_required))
        }
        Value::Array(list) => list.iter().find_map(|value| open_object(value, all_required)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_open_objects_however_deep() {
        let closed = json!({"type": "object", "additionalProperties": false, "required": ["a"], "properties": {"a": {"type": "string"}}});
        assert_eq!(open_object(&closed, true), None);
        let inside = json!({"type": "array", "items": {"anyOf": [{"type": "object"}]}});
        assert_eq!(open_object(&inside, false), Some("additionalProperties"));
        let optional = json!({"type": "object", "additionalProperties": false, "properties": {"a": {}}});
        assert_eq!((open_object(&optional, false), open_object(&optional, true)), (None, Some("required")));
    }
}
