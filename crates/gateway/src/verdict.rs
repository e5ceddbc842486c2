//! An attempt that failed: whose fault it was, what the account is told for it, and whether another may be tried.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::HeaderMap;
use http::header::RETRY_AFTER;
use tollgate_base::Timestamp;
use tollgate_protocol::{
    ApiError, ErrorKind, Protocol, UpstreamErrorBody, is_account_fault, read_upstream_error,
};
use tollgate_upstream::{Answer, Kind, UpstreamError};

use crate::health::InFlight;
use crate::state::Shared;

/// How long a rate-limited account is left alone when it does not say.
const RATE_LIMIT_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_RATE_LIMIT_PAUSE: Duration = Duration::from_secs(3600);
const MAX_ERROR_BODY_BYTES: usize = 1 << 20;

/// Why no account answered with success.
pub(crate) enum Refused {
    /// To be written in the caller's dialect.
    Error(ApiError),
    /// The upstream's own words about the request, passed on as they came.
    Verbatim { status: u16, headers: HeaderMap, body: Bytes, error: ApiError },
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

/// Why one attempt failed.
pub(crate) enum Failure {
    /// Try the next account; this is what to say if there is none.
    Next(ApiError),
    /// The request itself was refused.
    Final(Refused),
}

impl Failure {
    /// The same for a caller of another protocol, who cannot read the upstream's own words.
    pub(crate) fn in_the_gates_words(self) -> Self {
        match self {
            Self::Final(Refused::Verbatim { error, .. }) => Self::Final(Refused::Error(error)),
            other => other,
        }
    }
}

/// The upstream could not be reached, or did not answer in time.
pub(crate) fn network_failure(shared: &Shared, in_flight: &InFlight, error: &UpstreamError) -> Failure {
    in_flight.account().failed(shared.now());
    tracing::warn!(%error, "upstream call failed");
    let kind =
        if error.kind == Kind::Timeout { ErrorKind::UpstreamTimeout } else { ErrorKind::UpstreamUnreachable };
    Failure::Next(ApiError::of(kind))
}

/// The upstream answered with an error status: whose fault is it?
pub(crate) async fn refused_by_upstream(
    shared: &Shared,
    in_flight: &InFlight,
    protocol: Protocol,
    answer: Answer,
) -> Failure {
    let status = answer.status.as_u16();
    let headers = answer.headers;
    // An error body that cannot be read leaves the status to speak.
    let body = answer.body.collect(MAX_ERROR_BODY_BYTES).await.unwrap_or_default();
    let read = read_upstream_error(protocol, status, &body);
    let now = shared.now();
    if is_account_fault(status, &read) {
        tracing::warn!(status, message = %read.message, "the account was refused by its provider");
        in_flight.account().refused(now);
        return Failure::Next(ApiError::from_upstream(status, &read));
    }
    if status == 429 {
        let pause = retry_after(&headers, now).unwrap_or(RATE_LIMIT_PAUSE).min(LONGEST_RATE_LIMIT_PAUSE);
        in_flight.account().cool(now, pause);
        return Failure::Next(ApiError::from_upstream(status, &read).retry_after(whole_seconds(pause)));
    }
    if is_request_fault(status) {
        return Failure::Final(refusal_of_request(status, &headers, body, &read));
    }
    in_flight.account().failed(now);
    let error = ApiError::from_upstream(status, &read);
    Failure::Next(match retry_after(&headers, now) {
        Some(pause) => error.retry_after(whole_seconds(pause)),
        None => error,
    })
}

/// Statuses that speak about the request and not about the account or the moment.
const fn is_request_fault(status: u16) -> bool {
    matches!(status, 400..=499) && status != 408 && status != 425
}

fn refusal_of_request(status: u16, headers: &HeaderMap, body: Bytes, read: &UpstreamErrorBody) -> Refused {
    let error = ApiError::from_upstream(status, read);
    if !read.native {
        return Refused::Error(error);
    }
    Refused::Verbatim { status, headers: headers.clone(), body, error }
}

/// `retry-after` in seconds or as a date, or `retry-after-ms`.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text =
        |name: http::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(ms) = text(http::HeaderName::from_static("retry-after-ms")).and_then(|ms| ms.parse().ok()) {
        return Some(Duration::from_millis(ms));
    }
    let value = text(RETRY_AFTER)?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(value).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let at_micros = i64::try_from(at.as_micros()).ok()?;
    Some(Timestamp::from_micros(at_micros).since(now))
}

fn whole_seconds(pause: Duration) -> u32 {
    u32::try_from(pause.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1)
}
