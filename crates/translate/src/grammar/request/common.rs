//! What the requests of several protocols have in common.

use crate::grammar::kept::Ids;
use crate::grammar::read::{Check, broken, filled, is_plain, need, number};
use serde_json::Value;

/// How long a tool's name may be at OpenAI.
const MAX_NAME_BYTES: usize = 64;

pub(super) const EFFORTS: [&str; 7] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

/// A list, or nothing where the member is missing or null.
pub(super) fn maybe_list<'a>(value: &'a Value, member: &str, rule: &'static str) -> Check<&'a [Value]> {
    match &value[member] {
        Value::Null => Ok(&[]),
        Value::Array(list) => Ok(list),
        _ => broken(rule, format!("`{member}` is not a list")),
    }
}

/// A number within a range, if it is there.
pub(super) fn range(body: &Value, member: &str, from: f64, to: f64) -> Check {
    let value = &body[member];
    let fits = value.is_null() || value.as_f64().is_some_and(|number| (from..=to).contains(&number));
    need(fits, "range", format!("`{member}` is not within {from} and {to}"))
}

/// A count that is not less than `least`, if it is there.
pub(super) fn at_least(body: &Value, member: &str, least: u64) -> Check {
    if body[member].is_null() {
        return Ok(());
    }
    let count = number(body, member, "range")?;
    need(count >= least, "range", format!("`{member}` is less than {least}"))
}

/// True or false, if it is there.
pub(super) fn maybe_bool(body: &Value, member: &str) -> Check {
    let fits = body[member].is_null() || body[member].is_boolean();
    need(fits, "member_type", format!("`{member}` is neither true nor false"))
}

/// A string, if it is there.
pub(super) fn maybe_text(body: &Value, member: &str) -> Check {
    let fits = body[member].is_null() || body[member].is_string();
    need(fits, "member_type", format!("`{member}` is not a string"))
}

/// One word of a list, if it is there.
pub(super) fn maybe_word(body: &Value, member: &str, words: &[&str]) -> Check {
    let fits = body[member].is_null() || body[member].as_str().is_some_and(|word| words.contains(&word));
    need(fits, "word", format!("`{member}` is none of {words:?}"))
}

/// A tool's name as OpenAI takes it.
pub(super) fn openai_name<'a>(value: &'a Value, member: &str) -> Check<&'a str> {
    let name = filled(value, member, "tool_name")?;
    let fits = is_plain(name) && name.len() <= MAX_NAME_BYTES;
    need(fits, "tool_name", format!("`{name}` has other characters, or too many"))?;
    Ok(name)
}

/// Names that must be different.
pub(super) fn distinct(names: &[&str], rule: &'static str) -> Check {
    let mut seen = Ids::default();
    match names.iter().find(|name| !seen.add(name)) {
        Some(name) => broken(rule, format!("`{name}` comes twice")),
        None => Ok(()),
    }
}

/// `stream_options` belong to a stream.
pub(super) fn stream_options(body: &Value) -> Check {
    let fits = body["stream_options"].is_null() || body["stream"] == true;
    need(fits, "stream_options", "`stream_options` without `stream`")
}

/// A picture's address: on the web, or the data itself in a format that is read.
pub(super) fn picture(url: &str) -> Check {
    let data = url.strip_prefix("data:").map(|data| data.split([';', ',']).next().unwrap_or_default());
    let fits = match data {
        Some(media_type) => IMAGES.contains(&media_type),
        None => url.starts_with("https://") || url.starts_with("http://"),
    };
    need(fits, "media_type", "an image is neither on the web nor of a known type")
}

/// What every protocol reads as an image.
pub(super) const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];
