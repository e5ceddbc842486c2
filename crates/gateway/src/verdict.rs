//! An attempt that failed: what is done about it, what the account is told for it, and what the caller is.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use tollgate_base::Timestamp;
use tollgate_protocol::{
    ApiError, ErrorKind, Protocol, StreamFailure, UpstreamErrorBody, is_account_fault, read_upstream_error,
};
use tollgate_routing::Account;
use tollgate_routing::failover::{Cause, Failed, Verdict, decide, told_pause};
use tollgate_upstream::{Answer, Kind, UpstreamError};

const MAX_ERROR_BODY_BYTES: usize = 1 << 20;
/// What a caller is told to wait for an account at its limit that does not say how long that lasts.
const USUAL_LIMIT_S: u32 = 5;

/// Why no account answered with success.
pub(crate) enum Refused {
    /// To be written in the caller's dialect.
    Error(ApiError),
    /// The upstream's own words about the request, passed on as they came.
    Verbatim { status: u16, headers: HeaderMap, body: Bytes, error: ApiError },
}

impl Refused {
    /// The error, however it is written.
    pub(crate) const fn error(&self) -> &ApiError {
        match self {
            Self::Error(error) | Self::Verbatim { error, .. } => error,
        }
    }

    /// The same for a caller of another protocol, who cannot read the upstream's own words.
    pub(crate) fn in_the_gates_words(self) -> Self {
        match self {
            Self::Verbatim { error, .. } => Self::Error(error),
            other => other,
        }
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

/// Why one attempt failed.
pub(crate) enum Failure {
    /// The account cannot be asked this: try the next one; this is what to say if there is none.
    Next(ApiError),
    /// The request cannot be sent to any account.
    Final(Refused),
    /// The account was asked and failed.
    Asked(Box<Judged>),
}

/// The failure of an account that was asked.
pub(crate) struct Judged {
    /// What is done about it.
    pub(crate) verdict: Verdict,
    /// For how long the provider wants to be left alone, if it says.
    pub(crate) told: Option<Duration>,
    /// What the provider said of itself, for its operator.
    pub(crate) words: String,
    /// What the caller is told if nobody else answers.
    pub(crate) refused: Refused,
}

/// A failure as it was met, before the account's rules are asked. Boxed, so that results stay small.
pub(crate) struct Met(Box<Facts>);

struct Facts {
    cause: Cause,
    body: UpstreamErrorBody,
    told: Option<Duration>,
    refused: Refused,
}

impl Met {
    /// What the caller would be told.
    pub(crate) fn error(&self) -> &ApiError {
        self.0.refused.error()
    }

    /// What is done about it, by the account's rules and the gate's own table.
    pub(crate) fn judged(self, account: &Account, model: &str) -> Box<Judged> {
        let Facts { cause, body, told, refused } = *self.0;
        let verdict = decide(account.upkeep.failover.rules(), &Failed { cause, body: &body, model });
        Box::new(Judged { verdict, told, words: body.message, refused })
    }
}

/// What broke without a status: an answer that did not come, or is none.
impl From<ApiError> for Met {
    fn from(error: ApiError) -> Self {
        let cause = match error.kind {
            ErrorKind::UpstreamTimeout => Cause::Timeout,
            ErrorKind::UpstreamInvalid => Cause::InvalidAnswer,
            _ => Cause::Network,
        };
        let refused = Refused::Error(error);
        Self(Box::new(Facts { cause, body: UpstreamErrorBody::default(), told: None, refused }))
    }
}

/// An error in place of an answer, under a status that promised one.
impl From<StreamFailure> for Met {
    fn from(failure: StreamFailure) -> Self {
        let refused = Refused::Error(failure.to_error());
        let StreamFailure { status_hint, error_type, code, message } = failure;
        let body = UpstreamErrorBody { message, error_type, code, ..UpstreamErrorBody::default() };
        Self(Box::new(Facts { cause: Cause::Status(status_hint), body, told: None, refused }))
    }
}

/// The upstream could not be reached, or did not answer in time.
pub(crate) fn network_failure(error: &UpstreamError) -> Met {
    tracing::warn!(%error, "upstream call failed");
    let kind =
        if error.kind == Kind::Timeout { ErrorKind::UpstreamTimeout } else { ErrorKind::UpstreamUnreachable };
    Met::from(ApiError::of(kind))
}

/// The upstream answered with an error status.
pub(crate) async fn refused_by_upstream(protocol: Protocol, answer: Answer, now: Timestamp) -> Met {
    let status = answer.status.as_u16();
    // An error body that cannot be read leaves the status to speak.
    let body = answer.body.collect(MAX_ERROR_BODY_BYTES).await.unwrap_or_default();
    refusal(protocol, status, answer.headers, body, now)
}

/// What an error status with its body means.
pub(crate) fn refusal(
    protocol: Protocol,
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    now: Timestamp,
) -> Met {
    let read = read_upstream_error(protocol, status, &body);
    let told = told_pause(|name| headers.get(name).and_then(|value| value.to_str().ok()), now);
    let error = ApiError::from_upstream(status, &read);
    let refused = if is_account_fault(status, &read) {
        tracing::warn!(status, message = %read.message, "the account was refused by its provider");
        Refused::Error(error)
    } else if is_request_fault(status) && read.native {
        Refused::Verbatim { status, headers, body, error }
    } else {
        Refused::Error(with_pause(error, told, status))
    };
    Met(Box::new(Facts { cause: Cause::Status(status), body: read, told, refused }))
}

/// Statuses that speak about the request and not about the account or the moment.
const fn is_request_fault(status: u16) -> bool {
    matches!(status, 400..=499) && status != 408 && status != 425 && status != 429
}

fn with_pause(error: ApiError, told: Option<Duration>, status: u16) -> ApiError {
    match told {
        Some(_) if is_request_fault(status) => error,
        Some(pause) => error.retry_after(whole_seconds(pause)),
        None if status == 429 => error.retry_after(USUAL_LIMIT_S),
        None => error,
    }
}

fn whole_seconds(pause: Duration) -> u32 {
    u32::try_from(pause.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1)
}
