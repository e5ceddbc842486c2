//! Reads what an upstream says when it refuses, whatever shape it says it in.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::UpstreamVerdict;
use crate::Protocol;

/// The longest message taken over from an upstream, in characters.
const MESSAGE_MAX_CHARS: usize = 2_000;
/// Bodies beyond this are not parsed: no error is that long.
const BODY_MAX_BYTES: usize = 256 * 1024;

/// An upstream's error body, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpstreamErrorBody {
    /// Never empty; at most 2,000 characters, no control characters.
    pub message: String,
    /// `error.type`.
    pub error_type: Option<String>,
    /// `error.code`, or `error.details.error_code` in Anthropic's form; a number becomes its digits.
    pub code: Option<String>,
    /// `error.param`.
    pub param: Option<String>,
    /// Whether the body has the protocol's own form, so that it may be passed on as it came.
    pub native: bool,
}

impl UpstreamErrorBody {
    /// The verdict to keep beside the message.
    #[must_use]
    pub fn verdict(&self, status: u16) -> UpstreamVerdict {
        UpstreamVerdict {
            status,
            error_type: self.error_type.clone(),
            code: self.code.clone(),
            param: self.param.clone(),
        }
    }
}

/// Reads an error body of an upstream that speaks `protocol`. Never fails: what cannot be read (a web page, nothing,
/// bytes) gives a message about the status.
#[must_use]
pub fn read_upstream_error(protocol: Protocol, status: u16, body: &[u8]) -> UpstreamErrorBody {
    let parsed = (body.len() <= BODY_MAX_BYTES).then(|| serde_json::from_slice::<Value>(body).ok()).flatten();
    let read = match parsed {
        Some(Value::Object(object)) => from_object(protocol, &object),
        // Google's OpenAI-compatible endpoint wraps the error in an array.
        Some(Value::Array(items)) => {
            items.first().and_then(Value::as_object).and_then(|first| from_object(protocol, first))
        }
        Some(Value::String(text)) => Some(only_message(&text)),
        Some(_) => None,
        None => plain_text(body).map(only_message),
    };
    let mut read = read.unwrap_or_default();
    if read.message.is_empty() {
        read.message = format!("The upstream provider answered with status {status}.");
        read.native = false;
    }
    read
}

/// Reads the value of an `error` member: an object, or a text in its place.
pub(crate) fn read_error_value(value: &Value) -> UpstreamErrorBody {
    match value {
        Value::Object(members) => from_members(members).unwrap_or_default(),
        Value::String(text) => only_message(text),
        _ => UpstreamErrorBody::default(),
    }
}

fn from_object(protocol: Protocol, object: &Map<String, Value>) -> Option<UpstreamErrorBody> {
    match object.get("error") {
        Some(Value::Object(inner)) => {
            let mut read = from_members(inner).or_else(|| from_members(object))?;
            let typed = protocol != Protocol::Messages || object.get("type").is_some_and(|t| t == "error");
            read.native = typed && inner.get("message").is_some_and(Value::is_string);
            Some(read)
        }
        Some(Value::String(text)) => {
            // `{"error": "Bad Request", "message": "what is wrong"}`: the longer text says more.
            let beside = from_members(object).unwrap_or_default();
            let message = if beside.message.len() > text.len() { beside.message } else { clean(text) };
            Some(UpstreamErrorBody { message, ..beside })
        }
        _ => from_members(object),
    }
}

/// Reads the members of an error object under the names that vendors use.
fn from_members(object: &Map<String, Value>) -> Option<UpstreamErrorBody> {
    let message = ["message", "detail", "details", "msg", "error_msg", "error_message", "errors", "title"]
        .iter()
        .find_map(|name| object.get(*name).and_then(text_of));
    let detail_code = object.get("details").and_then(|details| details.get("error_code")).and_then(scalar);
    let read = UpstreamErrorBody {
        message: message.as_deref().map(clean).unwrap_or_default(),
        error_type: object.get("type").and_then(Value::as_str).filter(|name| *name != "error").map(clean),
        code: object.get("code").and_then(scalar).or(detail_code),
        param: object.get("param").and_then(scalar),
        native: false,
    };
    (read != UpstreamErrorBody::default()).then_some(read)
}

/// A text, or the first text inside: FastAPI's `detail` is a list of `{loc, msg}`, others nest `message`.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Array(items) => items.first().and_then(text_of),
        Value::Object(object) => {
            let text = ["message", "msg", "detail"].iter().find_map(|name| object.get(*name))?.as_str()?;
            let place = object
                .get("loc")
                .and_then(Value::as_array)
                .map(|parts| parts.iter().filter_map(scalar).collect::<Vec<_>>().join("."));
            Some(place.map_or_else(|| text.to_owned(), |place| format!("{place}: {text}")))
        }
        _ => None,
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(clean(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A body that is neither JSON nor markup.
fn plain_text(body: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(body.get(..body.len().min(BODY_MAX_BYTES))?).ok()?.trim();
    let markup = text.starts_with('<') || text.to_ascii_lowercase().contains("<html");
    let broken_json = text.starts_with(['{', '[']);
    (!text.is_empty() && !markup && !broken_json).then_some(text)
}

fn only_message(text: &str) -> UpstreamErrorBody {
    UpstreamErrorBody { message: clean(text), ..UpstreamErrorBody::default() }
}

fn clean(text: &str) -> String {
    let visible = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    visible.take(MESSAGE_MAX_CHARS).collect()
}

/// Whether an upstream's refusal is about the gate's account there (its credential, payment, quota) and not
/// about the request. Such a refusal is a reason to use another account, and is never shown to the caller.
#[must_use]
pub fn is_account_fault(status: u16, body: &UpstreamErrorBody) -> bool {
    // Anthropic and some vendors report an empty purse as a 400 with only words to tell it by.
    const WORDS: [&str; 4] =
        ["credit balance is too low", "insufficient balance", "exceeded your current quota", "spend limit"];
    if is_account_verdict(&body.verdict(status)) {
        return true;
    }
    let message = body.message.to_ascii_lowercase();
    status < 500 && WORDS.iter().any(|words| message.contains(words))
}

/// The same judgement without the message.
pub(super) fn is_account_verdict(verdict: &UpstreamVerdict) -> bool {
    const NAMES: [&str; 12] = [
        "authentication_error",
        "permission_error",
        "billing_error",
        "insufficient_quota",
        "credit_balance_exhausted",
        "billing_hard_limit_reached",
        "billing_not_active",
        "account_deactivated",
        "invalid_api_key",
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "organization_restricted",
    ];
    let named = |name: &Option<String>| name.as_deref().is_some_and(|name| NAMES.contains(&name));
    matches!(verdict.status, 401..=403 | 407) || named(&verdict.error_type) || named(&verdict.code)
}

/// Whether the upstream says that the prompt does not fit the model.
pub(super) fn is_context_length(verdict: &UpstreamVerdict, message: &str) -> bool {
    verdict.code.as_deref() == Some("context_length_exceeded")
        || message.starts_with("prompt is too long")
        || message.contains("maximum context length")
}

/// The message for an Anthropic client. Claude Code compacts the conversation by itself when it reads Anthropic's
/// wording, so OpenAI's is put into that form if its numbers can be found.
pub(super) fn anthropic_too_long(too_long: bool, message: &str) -> Cow<'_, str> {
    const LIMIT: &str = "maximum context length is ";
    if !too_long || message.starts_with("prompt is too long") {
        return Cow::Borrowed(message);
    }
    let numbers = message.find(LIMIT).and_then(|at| {
        let (limit, rest) = leading_number(&message[at + LIMIT.len()..])?;
        let (used, _) = leading_number(&rest[rest.find(|c: char| c.is_ascii_digit())?..])?;
        Some((used, limit))
    });
    match numbers {
        Some((used, limit)) => Cow::Owned(format!("prompt is too long: {used} tokens > {limit} maximum")),
        None => Cow::Owned(format!("prompt is too long: {message}")),
    }
}

fn leading_number(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}
