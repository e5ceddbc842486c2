//! What can go wrong, independent of how it is said.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::table;

/// Every condition that the gate answers with an error. How each is shown is in `docs/errors.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The request carries no key.
    MissingKey,
    /// No such key.
    InvalidKey,
    /// The key was revoked or disabled.
    RevokedKey,
    /// The key's time is over.
    ExpiredKey,
    /// The caller's address is not on the key's allow-list.
    AddressNotAllowed,
    /// The key's user is disabled.
    UserDisabled,
    /// The key's group is disabled.
    GroupDisabled,
    /// The model is not on the key's allow-list.
    ModelNotAllowed,
    /// Nobody in the group can serve the model.
    ModelNotFound,
    /// The body is not JSON.
    InvalidJson,
    /// A field is missing, mistyped or has an unacceptable value.
    InvalidField,
    /// The body is over the limit, as sent or after decoding.
    BodyTooLarge,
    /// The caller stopped sending in the middle of the body.
    RequestTimeout,
    /// The body's `content-encoding` is not one the gate can read.
    UnsupportedEncoding,
    /// The body does not decode as its `content-encoding` says.
    BadEncodedBody,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// No such path.
    NotFound,
    /// `count_tokens` on a group that does not offer it.
    TokenCountingUnsupported,
    /// No stored response with that id belongs to the caller.
    ResponseNotFound,
    /// The balance is used up.
    InsufficientBalance,
    /// A quota is used up.
    QuotaUsedUp,
    /// The group is paid by subscriptions only, and the caller has none.
    NoSubscription,
    /// More requests a minute than somebody whom the request concerns may make.
    RequestLimit,
    /// More tokens a minute.
    TokenLimit,
    /// More requests at the same time, and no place became free while the request waited.
    ConcurrencyLimit,
    /// The model has no price, so it cannot be charged for.
    ModelUnpriced,
    /// The group has no account that could serve the request.
    NoAccount,
    /// Every account that could serve the request is cooling down.
    AllCooling,
    /// The upstream's own verdict about the request.
    UpstreamRefused,
    /// No connection to the upstream, or it broke before an answer.
    UpstreamUnreachable,
    /// The upstream was too slow.
    UpstreamTimeout,
    /// The upstream's answer cannot be read.
    UpstreamInvalid,
    /// The upstream has no capacity, or its account is at fault.
    UpstreamOverloaded,
    /// The upstream's answer ended before it was complete.
    StreamCut,
    /// The gate is shutting down.
    ShuttingDown,
    /// The gate's own storage does not answer.
    StoreUnavailable,
    /// A fault of the gate.
    Internal,
}

impl ErrorKind {
    /// Every kind, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        table::TABLE.iter().map(|row| row.kind)
    }

    /// The name in usage records, logs and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        table::row(self).name
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
