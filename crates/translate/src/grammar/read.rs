//! Reading members of a JSON value, or saying which rule their absence breaks.

use super::Broken;
use serde_json::Value;

pub(super) type Check<T = ()> = Result<T, Broken>;

pub(super) fn broken<T>(rule: &'static str, detail: impl Into<String>) -> Check<T> {
    Err(Broken { rule, detail: detail.into() })
}

/// The rule is kept if `kept`.
pub(super) fn need(kept: bool, rule: &'static str, detail: impl Into<String>) -> Check {
    if kept { Ok(()) } else { broken(rule, detail) }
}

/// A JSON object.
pub(super) fn parse(data: &[u8]) -> Check<Value> {
    match serde_json::from_slice::<Value>(data) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => broken("json", "the data is not an object"),
        Err(error) => broken("json", format!("the data is not JSON: {error}")),
    }
}

/// A string.
pub(super) fn text<'a>(value: &'a Value, member: &str, rule: &'static str) -> Check<&'a str> {
    match value[member].as_str() {
        Some(text) => Ok(text),
        None => broken(rule, format!("`{member}` is not a string")),
    }
}

/// A string that is not empty.
pub(super) fn filled<'a>(value: &'a Value, member: &str, rule: &'static str) -> Check<&'a str> {
    let text = text(value, member, rule)?;
    need(!text.is_empty(), rule, format!("`{member}` is empty"))?;
    Ok(text)
}

/// A whole number from 0 on.
pub(super) fn number(value: &Value, member: &str, rule: &'static str) -> Check<u64> {
    match value[member].as_u64() {
        Some(number) => Ok(number),
        None => broken(rule, format!("`{member}` is not a count")),
    }
}

/// A list.
pub(super) fn list<'a>(value: &'a Value, member: &str, rule: &'static str) -> Check<&'a [Value]> {
    match value[member].as_array() {
        Some(list) => Ok(list),
        None => broken(rule, format!("`{member}` is not a list")),
    }
}

/// An object.
pub(super) fn object(value: &Value, member: &str, rule: &'static str) -> Check {
    need(value[member].is_object(), rule, format!("`{member}` is not an object"))
}

/// A member that must have this text.
pub(super) fn is(value: &Value, member: &str, wanted: &str, rule: &'static str) -> Check {
    need(value[member] == wanted, rule, format!("`{member}` is not `{wanted}`"))
}

/// A member that must be there, whatever it is.
pub(super) fn present(value: &Value, member: &str, rule: &'static str) -> Check {
    need(value.get(member).is_some(), rule, format!("`{member}` is missing"))
}

/// One word of a list.
pub(super) fn one_of(value: &Value, member: &str, words: &[&str], rule: &'static str) -> Check {
    let word = text(value, member, rule)?;
    need(words.contains(&word), rule, format!("`{member}` cannot be `{word}`"))
}

/// No member but these.
pub(super) fn only(value: &Value, members: &[&str], rule: &'static str) -> Check {
    let other =
        value.as_object().into_iter().flat_map(|map| map.keys()).find(|key| !members.contains(&&***key));
    match other {
        Some(other) => broken(rule, format!("unknown member `{other}`")),
        None => Ok(()),
    }
}

/// Letters, digits, `_` and `-`: what Messages takes as a tool's id, and OpenAI as a tool's name.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// Whether a text is a JSON object.
pub(super) fn is_json_object(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object())
}
