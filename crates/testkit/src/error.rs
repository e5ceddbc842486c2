//! The provider's refusals, in each dialect.

use serde::Serialize;

use crate::ask::Api;
use crate::directive::Faults;

/// One refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ProviderError {
    pub(crate) status: u16,
    /// `None` is the dialect's type for the status.
    pub(crate) kind: Option<String>,
    /// OpenAI's `code`.
    pub(crate) code: Option<String>,
    pub(crate) param: Option<String>,
    pub(crate) message: String,
}

impl ProviderError {
    /// A request that is wrong: 400.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into(), ..Self::default() }
    }

    /// A wrong field: 400 with OpenAI's `param`.
    pub(crate) fn field(name: &str, message: impl Into<String>) -> Self {
        Self { param: Some(name.to_owned()), ..Self::invalid(message) }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self { status: 404, message: message.into(), ..Self::default() }
    }

    pub(crate) fn code(mut self, code: &str) -> Self {
        self.code = Some(code.to_owned());
        self
    }

    /// What the directives ask for; a stream's error without a status is an overload.
    pub(crate) fn asked(faults: &Faults, default_status: u16) -> Self {
        let status = faults.status.unwrap_or(default_status);
        Self {
            status,
            kind: faults.error_type.clone(),
            code: faults.code.clone().or_else(|| usual_code(status).map(str::to_owned)),
            param: None,
            message: faults.message.clone().unwrap_or_else(|| usual_message(status).to_owned()),
        }
    }

    fn kind(&self, api: Api) -> &str {
        self.kind.as_deref().unwrap_or_else(|| usual_kind(self.status, api))
    }

    /// The JSON body.
    pub(crate) fn body(&self, api: Api, request_id: &str) -> Vec<u8> {
        match api {
            Api::Messages => to_json(&MessagesError {
                kind: "error",
                error: MessagesDetail { kind: self.kind(api), message: &self.message },
                request_id,
            }),
            Api::Chat | Api::Responses => to_json(&OpenAiError { error: self.detail(api) }),
        }
    }

    fn detail(&self, api: Api) -> OpenAiDetail<'_> {
        OpenAiDetail {
            message: &self.message,
            kind: self.kind(api),
            param: self.param.as_deref(),
            code: self.code.as_deref(),
        }
    }
}

/// Serializes what cannot fail: structs of strings and numbers.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[derive(Serialize)]
struct MessagesError<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    error: MessagesDetail<'a>,
    request_id: &'a str,
}

#[derive(Serialize)]
struct MessagesDetail<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct OpenAiError<'a> {
    error: OpenAiDetail<'a>,
}

#[derive(Serialize)]
struct OpenAiDetail<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

/// Anthropic: <https://docs.anthropic.com/en/api/errors>. OpenAI: the published list of error codes.
fn usual_kind(status: u16, api: Api) -> &'static str {
    match (api, status) {
        (Api::Messages, 401) => "authentication_error",
        (Api::Messages, 402) => "billing_error",
        (Api::Messages, 403) => "permission_error",
        (Api::Messages, 404) => "not_found_error",
        (Api::Messages, 409) => "conflict_error",
        (Api::Messages, 413) => "request_too_large",
        (Api::Messages, 429) => "rate_limit_error",
        (Api::Messages, 504) => "timeout_error",
        (Api::Messages, 529) => "overloaded_error",
        (Api::Messages, 500..) => "api_error",
        (_, 402) => "insufficient_quota",
        (_, 429) => "requests",
        (_, 503 | 529) => "service_unavailable_error",
        (_, 500..) => "server_error",
        _ => "invalid_request_error",
    }
}

const fn usual_code(status: u16) -> Option<&'static str> {
    match status {
        401 => Some("invalid_api_key"),
        402 => Some("insufficient_quota"),
        404 => Some("model_not_found"),
        429 => Some("rate_limit_exceeded"),
        503 | 529 => Some("server_is_overloaded"),
        500..=599 => Some("server_error"),
        _ => None,
    }
}

const fn usual_message(status: u16) -> &'static str {
    match status {
        400 => "The sandbox was asked to refuse this request.",
        401 => "Incorrect API key provided.",
        402 => "Your credit balance is too low.",
        403 => "Your API key does not have permission to use the specified resource.",
        404 => "The requested resource could not be found.",
        408 => "Request timeout",
        409 => "Conflict",
        413 => "Request exceeds the maximum size",
        429 => "Rate limit reached. Please try again later.",
        503 | 529 => "Overloaded",
        504 => "Gateway timeout",
        500..=599 => "Internal server error",
        _ => "The sandbox was asked to fail.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(error: &ProviderError, api: Api) -> String {
        String::from_utf8(error.body(api, "req_1")).unwrap()
    }

    #[test]
    fn each_dialect_has_its_form() {
        let faults = Faults { status: Some(529), ..Faults::default() };
        let error = ProviderError::asked(&faults, 500);
        assert_eq!(
            body(&error, Api::Messages),
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#
        );
        assert_eq!(
            body(&error, Api::Chat),
            r#"{"error":{"message":"Overloaded","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"}}"#
        );
    }

    #[test]
    fn what_is_asked_for_wins() {
        let faults = Faults {
            status: Some(429),
            error_type: Some("insufficient_quota".to_owned()),
            code: Some("insufficient_quota".to_owned()),
            message: Some("no".to_owned()),
            ..Faults::default()
        };
        let text = body(&ProviderError::asked(&faults, 500), Api::Responses);
        assert_eq!(
            text,
            r#"{"error":{"message":"no","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#
        );
    }
}
