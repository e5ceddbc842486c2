//! The one error type of the gate, and how it is written in each dialect.

mod context;
mod docs;
mod kind;
mod present;
mod reasoning;
mod render;
mod table;
mod upstream;

use serde::{Deserialize, Serialize};

pub use docs::error_reference;
pub use kind::ErrorKind;
pub use reasoning::is_reasoning_refused;
pub use render::{StreamErrorContext, render_body, render_stream_event};
pub(crate) use upstream::read_error_value;
pub use upstream::{UpstreamErrorBody, is_account_fault, read_upstream_error};

use crate::Dialect;
use table::Advice;

/// The longest wait, in seconds, that a `retry-after` header of the gate names. Anthropic's SDKs obey any
/// value, so an honest but long one would hang the caller's program.
pub const RETRY_AFTER_MAX_S: u32 = 60;

/// An error on its way to a caller, not yet written in a dialect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", kind.as_str())]
pub struct ApiError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// The message for the caller: no credentials, no internal addresses.
    pub message: String,
    /// The body field at fault, as a path such as `messages[0].role`; `param` in OpenAI's form.
    pub field: Option<String>,
    /// In how many seconds the request may succeed, if that is known. Shown as at most [`RETRY_AFTER_MAX_S`].
    pub retry_after_s: Option<u32>,
    /// What the upstream said, for [`ErrorKind::UpstreamRefused`]. Boxed, so that results stay small.
    pub upstream: Option<Box<UpstreamVerdict>>,
}

/// An upstream's own verdict about a request, kept for the caller.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct UpstreamVerdict {
    /// HTTP status.
    pub status: u16,
    /// `error.type`.
    pub error_type: Option<String>,
    /// `error.code`; a number becomes its digits.
    pub code: Option<String>,
    /// `error.param`.
    pub param: Option<String>,
}

impl ApiError {
    /// An error with a message of its own.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), field: None, retry_after_s: None, upstream: None }
    }

    /// An error with the message of the table, for kinds whose message has no placeholder.
    #[must_use]
    pub fn of(kind: ErrorKind) -> Self {
        Self::new(kind, table::row(kind).message)
    }

    /// An error with the message of the table, `detail` standing for its placeholder: the model, the address,
    /// the path, as the kind has it. For the kinds about a model, `model` is the field.
    #[must_use]
    pub fn about(kind: ErrorKind, detail: &str) -> Self {
        let error = Self::new(kind, fill(table::row(kind).message, detail));
        match kind {
            ErrorKind::ModelNotFound | ErrorKind::ModelNotAllowed | ErrorKind::ModelUnpriced => {
                error.field("model")
            }
            _ => error,
        }
    }

    /// The body is not JSON: what is wrong and where, both counted from one.
    #[must_use]
    pub fn invalid_json(problem: &str, line: usize, column: usize) -> Self {
        Self::about(ErrorKind::InvalidJson, &format!("{problem} at line {line} column {column}"))
    }

    /// A field is missing or mistyped: the message is `field: problem`.
    #[must_use]
    pub fn invalid_field(field: &str, problem: &str) -> Self {
        Self::new(ErrorKind::InvalidField, format!("{field}: {problem}")).field(field)
    }

    /// The answer to a request whose last upstream answered with an error. The account's own trouble
    /// (authentication, payment, quota, rate limit) becomes the gate's, in the gate's words: an upstream's message
    /// about it names the account's organization and limits.
    #[must_use]
    pub fn from_upstream(status: u16, body: &UpstreamErrorBody) -> Self {
        if is_account_fault(status, body) {
            return Self::of(ErrorKind::UpstreamOverloaded);
        }
        match status {
            429 => Self::of(ErrorKind::AllCooling),
            408 | 504 | 524 => Self::of(ErrorKind::UpstreamTimeout),
            503 | 529 => Self::of(ErrorKind::UpstreamOverloaded),
            400..=599 => Self::refused(body.message.clone(), body.verdict(status)),
            _ => Self::of(ErrorKind::UpstreamInvalid),
        }
    }

    /// The upstream's own verdict about the request. [`from_upstream`](Self::from_upstream) is the careful way.
    #[must_use]
    pub fn refused(message: impl Into<String>, verdict: UpstreamVerdict) -> Self {
        Self { upstream: Some(Box::new(verdict)), ..Self::new(ErrorKind::UpstreamRefused, message) }
    }

    /// Names the body field at fault.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.field = Some(name.into());
        self
    }

    /// Says in how many seconds the request may succeed.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The HTTP status in a dialect.
    #[must_use]
    pub fn status(&self, dialect: Dialect) -> u16 {
        present::present(self, dialect).status
    }

    /// The value of the `retry-after` header, in seconds, if one is to be sent.
    #[must_use]
    pub fn retry_after_header_s(&self) -> Option<u32> {
        self.retry_after_s.map(|seconds| seconds.clamp(1, RETRY_AFTER_MAX_S))
    }

    /// `Some(false)`: send `x-should-retry: false`, the same request cannot succeed within seconds.
    /// `None`: send nothing, the client's own rule for the status applies.
    #[must_use]
    pub fn should_retry(&self, dialect: Dialect) -> Option<bool> {
        let _ = dialect;
        let far_off = self.retry_after_s.is_some_and(|seconds| seconds > RETRY_AFTER_MAX_S);
        (far_off || table::row(self.kind).advice == Advice::Never).then_some(false)
    }
}

/// Puts `detail` where `template` has its placeholder in braces.
fn fill(template: &str, detail: &str) -> String {
    match (template.find('{'), template.find('}')) {
        (Some(open), Some(close)) if open < close => {
            let (before, after) = (&template[..open], &template[close + 1..]);
            [before, detail, after].concat()
        }
        _ => template.to_owned(),
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod upstream_tests;
