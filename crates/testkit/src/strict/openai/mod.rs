//! Chat Completions and Responses requests. What only OpenAI's own service refuses is asked of its own models alone:
//! other vendors of these protocols are more easy-going.

mod chat;
mod gpt;
mod history;
mod items;
mod responses;
mod tools;

pub(crate) use chat::check as chat;
pub(crate) use responses::{Kept, check as responses};

use serde_json::Value;

use super::{Check, unknown};
use crate::error::ProviderError;
use crate::reading::Body;

fn refuse(param: &str, code: &str, text: impl Into<String>) -> Check {
    Err(ProviderError::field(param, text).code(code))
}

fn invalid(param: &str, text: impl Into<String>) -> Check {
    refuse(param, "invalid_value", text)
}

/// `path` (empty: the body) has a member that is not known.
fn extra(path: &str, members: &Body, known: &[&str]) -> Check {
    let Some(name) = unknown(members, known) else { return Ok(()) };
    let param = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    refuse(&param, "unknown_parameter", format!("Unknown parameter: '{param}'."))
}

fn one_of(path: &str, value: &str, known: &[&str]) -> Check {
    if known.contains(&value) {
        return Ok(());
    }
    let (last, others) = known.split_last().unwrap_or((&"", &[]));
    let list = if others.is_empty() {
        format!("'{last}'")
    } else {
        format!("'{}', and '{last}'", others.join("', '"))
    };
    invalid(path, format!("Invalid value: '{value}'. Supported values are: {list}."))
}

/// Whether any text of the request says "json", which one output format wants.
fn says_json(value: &Value) -> bool {
    match value {
        Value::String(text) => text.to_ascii_lowercase().contains("json"),
        Value::Array(list) => list.iter().any(says_json),
        Value::Object(members) => {
            ["content", "text"].iter().filter_map(|name| members.get(*name)).any(says_json)
        }
        _ => false,
    }
}
