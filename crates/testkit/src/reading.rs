//! Reading request bodies as the providers do: what they need, what they refuse.

use serde_json::{Map, Value};

use crate::error::ProviderError;
use crate::{keys, tokens};

/// The body's members.
pub(crate) type Body = Map<String, Value>;

/// Parses a body that must be a JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Body, ProviderError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(ProviderError::invalid("The request body is not a JSON object.")),
        Err(error) => Err(ProviderError::invalid(format!("The request body is not valid JSON: {error}"))),
    }
}

/// The first of `names` that the body has is refused, in Anthropic's words.
pub(crate) fn refuse_extra(body: &Body, names: &[&str]) -> Result<(), ProviderError> {
    match names.iter().find(|name| body.contains_key(**name)) {
        Some(name) => Err(ProviderError::field(name, format!("{name}: Extra inputs are not permitted"))),
        None => Ok(()),
    }
}

pub(crate) fn text<'a>(body: &'a Body, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

pub(crate) fn list<'a>(body: &'a Body, name: &str) -> &'a [Value] {
    body.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(crate) fn member<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A boolean that may be missing or null.
pub(crate) fn flag(body: &Body, name: &str) -> Result<bool, ProviderError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(ProviderError::field(name, format!("{name}: Input should be a valid boolean"))),
    }
}

/// A whole number that may be missing or null.
pub(crate) fn count(body: &Body, name: &str) -> Result<Option<u64>, ProviderError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .map(Some)
            .ok_or_else(|| ProviderError::field(name, format!("{name}: Input should be a valid integer"))),
    }
}

/// The texts of message content: the string itself, or the `text` of its blocks.
pub(crate) fn texts(content: &Value) -> Vec<&str> {
    match content {
        Value::String(text) => vec![text],
        Value::Array(blocks) => {
            blocks.iter().filter_map(|block| block.get("text")).filter_map(Value::as_str).collect()
        }
        _ => Vec::new(),
    }
}

/// The text of the last user message that holds a directive, and how many tool results came after it.
pub(crate) fn directed(
    messages: &[Value],
    is_user: impl Fn(&Value) -> bool,
    results: impl Fn(&Value) -> usize,
) -> (String, usize) {
    for (index, message) in messages.iter().enumerate().rev().filter(|(_, message)| is_user(message)) {
        let text = message.get("content").map(texts).unwrap_or_default().join("\n");
        if keys::is_in(&text) {
            return (text, messages[index + 1..].iter().map(results).sum());
        }
    }
    (String::new(), 0)
}

/// How many images a value holds, however deep.
pub(crate) fn images(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(images).sum(),
        Value::Object(members) if tokens::is_image_kind(member(value, "type")) => usize::from(
            members.contains_key("source")
                || members.contains_key("image_url")
                || members.contains_key("file_id"),
        ),
        Value::Object(members) => members.get("content").or_else(|| members.get("output")).map_or(0, images),
        _ => 0,
    }
}

/// The request's own stop sequences: a string or a list of them.
pub(crate) fn stops(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(stop)) => vec![stop.clone()],
        Some(Value::Array(stops)) => stops.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn finds_images_in_content_and_in_tool_results() {
        let messages = json!([
            {"role": "user", "content": [{"type": "image", "source": {}}, {"type": "text", "text": "x"}]},
            {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "image", "source": {}}]}]},
            {"type": "function_call_output", "output": [{"type": "input_image", "image_url": "data:"}]},
            {"role": "user", "content": "no image"}
        ]);
        assert_eq!(images(&messages), 3);
    }

    #[test]
    fn reads_types_strictly() {
        let body = object(br#"{"stream": 1, "max_tokens": -1, "n": null}"#).unwrap();
        assert!(flag(&body, "stream").is_err());
        assert!(count(&body, "max_tokens").is_err());
        assert_eq!(count(&body, "n").unwrap(), None);
        assert!(object(b"[]").is_err());
        assert!(object(b"{").unwrap_err().message.contains("line 1 column 1"));
    }
}
