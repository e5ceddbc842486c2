//! An error that arrives inside a stream.

use serde::Deserialize;

use super::wire::{Filled, Object};
use crate::error::{read_error_value, read_upstream_error};
use crate::{ApiError, Protocol, UpstreamErrorBody};

/// What a stream's own error event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFailure {
    /// The HTTP status that this error would have had as an answer: what failover and cool-down go by.
    pub status_hint: u16,
    /// `error.type`.
    pub error_type: Option<String>,
    /// `error.code`.
    pub code: Option<String>,
    /// The message; never empty.
    pub message: String,
}

impl StreamFailure {
    /// Reads the data of an error event.
    pub(super) fn read(protocol: Protocol, data: &[u8]) -> Self {
        Self::from_body(read_upstream_error(protocol, 502, data))
    }

    /// Reads an error object, or whatever stands in its place.
    pub(super) fn from_value(value: &serde_json::Value) -> Self {
        Self::from_body(read_error_value(value))
    }

    fn from_body(body: UpstreamErrorBody) -> Self {
        Self::new(body.error_type, body.code, Some(body.message))
    }

    /// A failure with the parts that the upstream gave.
    #[must_use]
    pub fn new(error_type: Option<String>, code: Option<String>, message: Option<String>) -> Self {
        let message = message
            .filter(|message| !message.is_empty())
            .unwrap_or_else(|| "The upstream provider reported an error.".to_owned());
        let status_hint = hint(error_type.as_deref(), code.as_deref());
        Self { status_hint, error_type, code, message }
    }

    /// The error for the caller, if this failure is the end of the request.
    #[must_use]
    pub fn to_error(&self) -> ApiError {
        let body = UpstreamErrorBody {
            message: self.message.clone(),
            error_type: self.error_type.clone(),
            code: self.code.clone(),
            param: None,
            native: false,
        };
        ApiError::from_upstream(self.status_hint, &body)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MaybeFailed {
    error: Filled,
}

/// The failure in an answer that came with a success status: some vendors send `{"error": ...}` with a 200, and a
/// Responses object may say that it failed. `None` for every other body, JSON or not.
#[must_use]
pub fn answer_failure(protocol: Protocol, body: &[u8]) -> Option<StreamFailure> {
    let Object(MaybeFailed { error: Filled(true) }) = serde_json::from_slice(body).ok()? else {
        return None;
    };
    Some(StreamFailure::read(protocol, body))
}

/// The status that belongs to a type or code; a code that is itself a status stands for it.
fn hint(error_type: Option<&str>, code: Option<&str>) -> u16 {
    let by_number = code.and_then(|code| code.parse().ok()).filter(|status| (400..=599).contains(status));
    let by_name = code.and_then(named).or_else(|| error_type.and_then(named));
    by_number.or(by_name).unwrap_or(500)
}

fn named(name: &str) -> Option<u16> {
    Some(match name {
        "invalid_request_error" | "context_length_exceeded" | "invalid_prompt" | "bio_policy" => 400,
        "misalignment_policy_violation" | "content_filter" | "invalid_value" => 400,
        "authentication_error" | "invalid_api_key" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" | "model_not_found" => 404,
        "conflict_error" => 409,
        "request_too_large" => 413,
        "rate_limit_error" | "rate_limit_exceeded" | "insufficient_quota" | "credit_balance_exhausted" => 429,
        "slow_down" | "requests" | "tokens" => 429,
        "api_error" | "server_error" => 500,
        "server_is_overloaded" | "service_unavailable_error" => 503,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_follows_code_then_type() {
        for (error_type, code, expected) in [
            (Some("overloaded_error"), None, 529),
            (Some("api_error"), None, 500),
            (Some("server_error"), Some("rate_limit_exceeded"), 429),
            (Some("invalid_request_error"), Some("something_new"), 400),
            (None, Some("429"), 429),
            (None, Some("1301"), 500),
            (Some("never_seen"), None, 500),
            (None, None, 500),
        ] {
            assert_eq!(hint(error_type, code), expected, "{error_type:?} {code:?}");
        }
    }

    #[test]
    fn an_answer_may_have_failed_in_spite_of_its_status() {
        for (body, message) in [
            (r#"{"error":{"message":"m","code":429}}"#, Some("m")),
            (
                r#"{"id":"resp_1","status":"failed","error":{"code":"server_error","message":"m"},"output":[]}"#,
                Some("m"),
            ),
            (r#"{"error":"m"}"#, Some("m")),
            (r#"{"error":null,"output":[]}"#, None),
            (r#"{"choices":[{"error":{"message":"m"}}]}"#, None),
            (r#"["error"]"#, None),
            ("<html>", None),
        ] {
            let failure = answer_failure(Protocol::Responses, body.as_bytes());
            assert_eq!(failure.as_ref().map(|failure| failure.message.as_str()), message, "{body}");
        }
    }

    #[test]
    fn an_empty_event_still_has_a_message() {
        let failure = StreamFailure::read(Protocol::Messages, b"");
        assert!(!failure.message.is_empty());
        assert_eq!(failure.status_hint, 500);
    }

    #[test]
    fn account_trouble_is_not_shown() {
        let data = br#"{"error":{"message":"quota of org-123","type":"insufficient_quota","code":"insufficient_quota"}}"#;
        let error = StreamFailure::read(Protocol::Chat, data).to_error();
        assert_eq!(error.kind, crate::ErrorKind::UpstreamOverloaded);
        assert!(!error.message.contains("org-123"));
    }
}
