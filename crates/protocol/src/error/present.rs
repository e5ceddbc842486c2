//! What a caller is shown of an error: status, type, code and message for one dialect.

use std::borrow::Cow;

use super::table::{Row, Shown, row};
use super::{ApiError, ErrorKind, UpstreamVerdict, upstream};
use crate::Dialect;

/// An error in a dialect's terms, before it is written.
pub(super) struct Presented<'a> {
    pub(super) status: u16,
    pub(super) error_type: &'a str,
    pub(super) code: Option<&'a str>,
    pub(super) param: Option<&'a str>,
    pub(super) message: Cow<'a, str>,
    /// `error.code` of `response.failed`.
    pub(super) failed_code: &'a str,
}

/// Works out what `error` looks like in `dialect`.
pub(super) fn present(error: &ApiError, dialect: Dialect) -> Presented<'_> {
    match &error.upstream {
        Some(verdict) if error.kind == ErrorKind::UpstreamRefused => verdict_shown(error, verdict, dialect),
        _ => own(error, row(error.kind), dialect),
    }
}

fn own<'a>(error: &'a ApiError, row: &'static Row, dialect: Dialect) -> Presented<'a> {
    let shown = shown_in(row, dialect);
    Presented {
        status: shown.status,
        error_type: shown.error_type,
        code: shown.code,
        param: error.field.as_deref(),
        message: with_wait(error, dialect),
        failed_code: row.failed_code,
    }
}

fn shown_in(row: &'static Row, dialect: Dialect) -> Shown {
    match dialect {
        Dialect::Messages => row.messages,
        Dialect::Chat | Dialect::Responses => row.openai,
        Dialect::Envelope => Shown { status: row.envelope_status, ..row.openai },
    }
}

/// Codex reads the wait out of the message, so OpenAI's dialects carry it there too.
fn with_wait(error: &ApiError, dialect: Dialect) -> Cow<'_, str> {
    match error.retry_after_header_s() {
        Some(seconds) if row(error.kind).is_rate_limit() && dialect != Dialect::Messages => {
            Cow::Owned(format!("{} Please try again in {seconds}s.", error.message))
        }
        _ => Cow::Borrowed(&error.message),
    }
}

fn verdict_shown<'a>(error: &'a ApiError, verdict: &'a UpstreamVerdict, dialect: Dialect) -> Presented<'a> {
    if let Some(kind) = not_the_callers(verdict) {
        let row = row(kind);
        return Presented { param: None, message: Cow::Borrowed(row.message), ..own(error, row, dialect) };
    }
    let too_long = upstream::is_context_length(verdict, &error.message);
    let code = verdict.code.as_deref();
    let param = verdict.param.as_deref().or(error.field.as_deref());
    if dialect == Dialect::Messages {
        return Presented {
            status: verdict.status,
            error_type: anthropic_type(verdict),
            code,
            param,
            message: upstream::anthropic_too_long(too_long, &error.message),
            failed_code: "server_error",
        };
    }
    Presented {
        status: if verdict.status == 529 { 503 } else { verdict.status },
        error_type: openai_type(verdict),
        code: code.or_else(|| too_long.then_some(CONTEXT_LENGTH)),
        param,
        message: Cow::Borrowed(&error.message),
        failed_code: failed_code(verdict, too_long),
    }
}

const CONTEXT_LENGTH: &str = "context_length_exceeded";

/// The last guard: an account's own trouble or a status that is no error must not reach the caller as a
/// verdict about the request, however the error was built.
fn not_the_callers(verdict: &UpstreamVerdict) -> Option<ErrorKind> {
    if upstream::is_account_verdict(verdict) {
        return Some(ErrorKind::UpstreamOverloaded);
    }
    (!(400..=599).contains(&verdict.status)).then_some(ErrorKind::UpstreamInvalid)
}

/// The type for an Anthropic client: the upstream's, unless it is one that only OpenAI's dialects have, or OpenAI's
/// word for every refused request, for which Anthropic has a type by status.
fn anthropic_type(verdict: &UpstreamVerdict) -> &str {
    const OPENAI_ONLY: [&str; 6] = [
        "server_error",
        "service_unavailable_error",
        "insufficient_quota",
        "requests",
        "tokens",
        "tokens_usage",
    ];
    match verdict.error_type.as_deref() {
        Some("invalid_request_error") => anthropic_type_for(verdict.status),
        Some(own) if own.ends_with("_error") && !OPENAI_ONLY.contains(&own) => own,
        Some("request_too_large") => "request_too_large",
        _ => anthropic_type_for(verdict.status),
    }
}

/// Anthropic's type for a status, by its error reference.
const fn anthropic_type_for(status: u16) -> &'static str {
    match status {
        404 => "not_found_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

/// The type for an OpenAI client: the upstream's, unless it is one that only Anthropic has.
fn openai_type(verdict: &UpstreamVerdict) -> &str {
    match verdict.error_type.as_deref() {
        Some("overloaded_error") => "service_unavailable_error",
        Some("api_error" | "timeout_error") => "server_error",
        Some("request_too_large" | "not_found_error" | "conflict_error") => "invalid_request_error",
        Some(own) => own,
        None if verdict.status >= 500 => "server_error",
        None => "invalid_request_error",
    }
}

/// Codex stops on a code it knows and retries on `server_error`.
fn failed_code(verdict: &UpstreamVerdict, too_long: bool) -> &str {
    if too_long {
        return CONTEXT_LENGTH;
    }
    match (&verdict.code, verdict.status) {
        (Some(code), _) => code,
        (None, 429) => "rate_limit_exceeded",
        (None, 503 | 529) => "server_is_overloaded",
        (None, 500..) => "server_error",
        (None, _) => "invalid_prompt",
    }
}
