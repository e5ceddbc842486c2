//! Answer heads: status, ids and the headers a provider sends.

use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::ask::Api;
use crate::body::SandboxBody;
use crate::directive::Faults;

/// When everything the sandbox makes was made, in seconds since the epoch: fixed, so that answers repeat.
pub(crate) const CREATED_S: i64 = 1_795_219_200;

/// What an answer's body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Stream,
    Html,
}

impl Kind {
    const fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Stream => "text/event-stream; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        })
    }
}

/// An answer with the provider's own headers. `api` is `None` on endpoints that belong to no protocol.
pub(crate) fn response(
    api: Option<Api>,
    status: u16,
    kind: Kind,
    request_id: &str,
    body: SandboxBody,
) -> Response<SandboxBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.reserve(12);
    headers.insert(CONTENT_TYPE, kind.content_type());
    if kind == Kind::Stream {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(
            HeaderName::from_static(if api == Some(Api::Messages) { "request-id" } else { "x-request-id" }),
            id,
        );
    }
    let fixed = match api {
        Some(Api::Messages) => MESSAGES_HEADERS,
        Some(Api::Chat | Api::Responses) => OPENAI_HEADERS,
        None => &[],
    };
    for (name, value) in fixed {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// The headers that directives ask for.
pub(crate) fn add_asked(headers: &mut HeaderMap, faults: &Faults) {
    if let Some(value) = faults.retry_after.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
        headers.insert(http::header::RETRY_AFTER, value);
    }
    for (name, value) in &faults.headers {
        headers.append(name.clone(), value.clone());
    }
}

/// What a caller of a gateway must not be shown as its own: the upstream account's organization and limits.
const MESSAGES_HEADERS: &[(&str, &str)] = &[
    ("anthropic-organization-id", "00000000-0000-4000-8000-00000005a9d0"),
    ("anthropic-ratelimit-requests-limit", "4000"),
    ("anthropic-ratelimit-requests-remaining", "3999"),
    ("anthropic-ratelimit-requests-reset", "2026-11-21T12:00:00Z"),
];

const OPENAI_HEADERS: &[(&str, &str)] = &[
    ("openai-organization", "org-sandbox"),
    ("openai-version", "2020-10-01"),
    ("openai-processing-ms", "5"),
    ("x-ratelimit-limit-requests", "5000"),
    ("x-ratelimit-remaining-requests", "4999"),
    ("x-ratelimit-reset-requests", "12ms"),
];
