//! The one table that says how each condition is shown. Code and `docs/errors.md` are both made from it.
//!
//! Type and code names are the vendors' own where they have one for the condition, because clients branch on
//! them. A condition has one status on every protocol, with three exceptions: a used-up balance (402, but 429
//! with `insufficient_quota` where OpenAI's clients know no other way to stop), overload (529 is Anthropic's
//! own, 503 elsewhere), and whatever an upstream itself decided.

use super::ErrorKind;

/// How one condition is shown in one family of dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) status: u16,
    pub(crate) error_type: &'static str,
    pub(crate) code: Option<&'static str>,
}

/// What the gate says about trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Advice {
    /// `x-should-retry: false`: the same request cannot succeed within seconds.
    Never,
    /// Nothing is said; the client's own rule for the status applies.
    ClientDecides,
}

/// One condition.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) kind: ErrorKind,
    pub(crate) name: &'static str,
    /// The condition in words, for the documentation.
    pub(crate) when: &'static str,
    /// The usual message; one `{placeholder}` may stand in it.
    pub(crate) message: &'static str,
    pub(crate) messages: Shown,
    /// Chat and Responses.
    pub(crate) openai: Shown,
    pub(crate) envelope_status: u16,
    /// `error.code` inside `response.failed`; Codex stops or retries by it.
    pub(crate) failed_code: &'static str,
    pub(crate) advice: Advice,
}

const INVALID: &str = "invalid_request_error";

impl Row {
    const fn new(kind: ErrorKind, name: &'static str, when: &'static str, message: &'static str) -> Self {
        let blank = Shown { status: 500, error_type: "api_error", code: None };
        Self {
            kind,
            name,
            when,
            message,
            messages: blank,
            openai: blank,
            envelope_status: 500,
            failed_code: "invalid_prompt",
            advice: Advice::Never,
        }
    }

    /// The same status everywhere, with Anthropic's type; OpenAI's type is `invalid_request_error`.
    const fn refused(self, status: u16, anthropic: &'static str, code: Option<&'static str>) -> Self {
        self.shown(status, anthropic, INVALID, code)
    }

    const fn shown(
        mut self,
        status: u16,
        anthropic: &'static str,
        openai: &'static str,
        code: Option<&'static str>,
    ) -> Self {
        self.messages = Shown { status, error_type: anthropic, code: None };
        self.openai = Shown { status, error_type: openai, code };
        self.envelope_status = status;
        self
    }

    /// A fault on the far side of the gate, or of the gate: trying again may help.
    const fn fault(self, status: u16, anthropic: &'static str) -> Self {
        let mut row = self.shown(status, anthropic, "server_error", Some("server_error"));
        row.failed_code = "server_error";
        row.advice = Advice::ClientDecides;
        row
    }

    /// A limit that time alone lifts.
    const fn rate_limited(self, openai: &'static str) -> Self {
        let code = "rate_limit_exceeded";
        self.shown(429, "rate_limit_error", openai, Some(code))
            .failed_code(code)
            .advice(Advice::ClientDecides)
    }

    const fn overloaded(self) -> Self {
        let code = "server_is_overloaded";
        let mut row = self.shown(503, "overloaded_error", "service_unavailable_error", Some(code));
        row.messages.status = 529;
        row.failed_code = code;
        row.advice = Advice::ClientDecides;
        row
    }

    /// Whether it is a limit that time alone lifts.
    pub(crate) fn is_rate_limit(&self) -> bool {
        self.openai.code == Some("rate_limit_exceeded")
    }

    const fn advice(mut self, advice: Advice) -> Self {
        self.advice = advice;
        self
    }

    const fn failed_code(mut self, code: &'static str) -> Self {
        self.failed_code = code;
        self
    }

    const fn openai_status(mut self, status: u16) -> Self {
        self.openai.status = status;
        self
    }
}

use ErrorKind as K;

const KEY: Option<&str> = Some("invalid_api_key");

/// One row for each kind, in the order of [`ErrorKind`].
pub(crate) const TABLE: [Row; 37] = [
    Row::new(
        K::MissingKey,
        "missing_key",
        "no key",
        "No API key was sent: use `Authorization: Bearer <key>` or `x-api-key: <key>`.",
    )
    .refused(401, "authentication_error", KEY),
    Row::new(K::InvalidKey, "invalid_key", "wrong key", "The API key is not valid.").refused(
        401,
        "authentication_error",
        KEY,
    ),
    Row::new(K::RevokedKey, "revoked_key", "revoked or disabled key", "The API key has been revoked.")
        .refused(401, "authentication_error", KEY),
    Row::new(K::ExpiredKey, "expired_key", "expired key", "The API key has expired.").refused(
        401,
        "authentication_error",
        KEY,
    ),
    Row::new(
        K::AddressNotAllowed,
        "address_not_allowed",
        "caller's address not on the key's allow-list",
        "This API key may not be used from address {address}.",
    )
    .refused(403, "permission_error", Some("address_not_allowed")),
    Row::new(K::UserDisabled, "user_disabled", "user disabled", "The owner of this API key is disabled.")
        .refused(403, "permission_error", Some("user_disabled")),
    Row::new(K::GroupDisabled, "group_disabled", "group disabled", "The group of this API key is disabled.")
        .refused(403, "permission_error", Some("group_disabled")),
    Row::new(
        K::ModelNotAllowed,
        "model_not_allowed",
        "model not on the key's allow-list",
        "This API key may not use the model `{model}`.",
    )
    .refused(403, "permission_error", Some("model_not_found")),
    Row::new(
        K::ModelNotFound,
        "model_not_found",
        "model nobody in the group can serve",
        "The model `{model}` does not exist or is not available to this API key.",
    )
    .refused(404, "not_found_error", Some("model_not_found")),
    Row::new(
        K::InvalidJson,
        "invalid_json",
        "bad JSON",
        "The request body is not valid JSON: {problem at line L column C}.",
    )
    .refused(400, INVALID, Some("invalid_json")),
    Row::new(K::InvalidField, "invalid_field", "missing or mistyped field", "{field: what is wrong with it}")
        .refused(400, INVALID, Some("invalid_value")),
    Row::new(
        K::BodyTooLarge,
        "body_too_large",
        "body over the limit",
        "The request body is larger than the limit of {limit} bytes.",
    )
    .refused(413, "request_too_large", Some("request_too_large")),
    Row::new(
        K::RequestTimeout,
        "request_timeout",
        "caller stops sending in the middle of the body",
        "The request body did not arrive in time.",
    )
    .refused(408, INVALID, Some("request_timeout"))
    .advice(Advice::ClientDecides),
    Row::new(
        K::UnsupportedEncoding,
        "unsupported_encoding",
        "`content-encoding` unknown",
        "The content-encoding `{encoding}` is not supported: use gzip, deflate, br, zstd or none.",
    )
    .refused(415, INVALID, Some("unsupported_content_encoding")),
    Row::new(
        K::BadEncodedBody,
        "bad_encoded_body",
        "body does not decode",
        "The request body cannot be decoded as {encoding}.",
    )
    .refused(400, INVALID, Some("invalid_content_encoding")),
    Row::new(
        K::MethodNotAllowed,
        "method_not_allowed",
        "unsupported method",
        "The method {method} is not allowed on this path.",
    )
    .refused(405, INVALID, Some("method_not_allowed")),
    Row::new(K::NotFound, "not_found", "unsupported path", "There is nothing at {path}.").refused(
        404,
        "not_found_error",
        Some("unknown_url"),
    ),
    Row::new(
        K::TokenCountingUnsupported,
        "token_counting_unsupported",
        "count_tokens on a group that does not offer it",
        "Token counting is not supported for this platform",
    )
    .refused(404, "not_found_error", Some("not_supported")),
    Row::new(
        K::ResponseNotFound,
        "response_not_found",
        "no stored response with this id",
        "Response with id '{id}' not found.",
    )
    .refused(404, "not_found_error", Some("response_not_found")),
    Row::new(
        K::InsufficientBalance,
        "insufficient_balance",
        "balance used up",
        "The balance of this account is used up. Add credit to go on.",
    )
    .shown(402, "billing_error", "insufficient_quota", Some("insufficient_quota"))
    .openai_status(429)
    .failed_code("insufficient_quota"),
    Row::new(
        K::QuotaUsedUp,
        "quota_used_up",
        "quota of the key, its user or its subscription used up",
        "A spending quota is used up ({whose, how much and until when}).",
    )
    .shown(402, "billing_error", "insufficient_quota", Some("insufficient_quota"))
    .openai_status(429)
    .failed_code("insufficient_quota"),
    Row::new(
        K::NoSubscription,
        "no_subscription",
        "group that only subscriptions pay for, and none is active",
        "This API key's group needs a subscription, and none is active.",
    )
    .shown(402, "billing_error", "insufficient_quota", Some("insufficient_quota"))
    .openai_status(429)
    .failed_code("insufficient_quota"),
    Row::new(
        K::RequestLimit,
        "request_limit",
        "more requests a minute than the key, user, group or model may have",
        "Rate limit reached: {limit}.",
    )
    .rate_limited("requests"),
    Row::new(
        K::TokenLimit,
        "token_limit",
        "more tokens a minute than the key, user, group or model may have",
        "Rate limit reached: {limit}.",
    )
    .rate_limited("tokens"),
    Row::new(
        K::ConcurrencyLimit,
        "concurrency_limit",
        "more requests at the same time than the key or user may have, and none ended in time",
        "Too many requests at the same time: {limit}.",
    )
    .rate_limited("requests"),
    Row::new(
        K::ModelUnpriced,
        "model_unpriced",
        "model without a price",
        "The model `{model}` is not offered: it has no price.",
    )
    .refused(404, "not_found_error", Some("model_not_found")),
    Row::new(
        K::NoAccount,
        "no_account",
        "no account can serve the request",
        "No upstream account is available for this request.",
    )
    .overloaded()
    .advice(Advice::Never),
    Row::new(
        K::AllCooling,
        "all_cooling",
        "all accounts cooling down",
        "All upstream accounts are at their limit for the moment.",
    )
    .rate_limited("requests"),
    // Placeholders: what is shown is the upstream's own status, type, code and message. No retry advice, since
    // Claude Code answers a 400 by trying again with fewer features.
    Row::new(K::UpstreamRefused, "upstream_refused", "upstream refused the request", "{upstream's message}")
        .refused(400, INVALID, None)
        .advice(Advice::ClientDecides),
    Row::new(
        K::UpstreamUnreachable,
        "upstream_unreachable",
        "upstream unreachable",
        "The upstream provider could not be reached.",
    )
    .fault(502, "api_error"),
    Row::new(
        K::UpstreamTimeout,
        "upstream_timeout",
        "upstream timed out",
        "The upstream provider did not answer in time.",
    )
    .fault(504, "timeout_error"),
    Row::new(
        K::UpstreamInvalid,
        "upstream_invalid",
        "upstream's answer unreadable",
        "The upstream provider sent an answer that cannot be read.",
    )
    .fault(502, "api_error"),
    Row::new(
        K::UpstreamOverloaded,
        "upstream_overloaded",
        "upstream overloaded, or its account at fault",
        "The upstream provider is overloaded or unavailable.",
    )
    .overloaded(),
    Row::new(
        K::StreamCut,
        "stream_cut",
        "answer cut off",
        "The upstream provider's answer ended before it was complete.",
    )
    .fault(502, "api_error"),
    Row::new(
        K::ShuttingDown,
        "shutting_down",
        "gate shutting down",
        "The gateway is shutting down. Please try again.",
    )
    .fault(503, "api_error"),
    Row::new(
        K::StoreUnavailable,
        "store_unavailable",
        "gate's storage unavailable",
        "The gateway is temporarily unavailable. Please try again.",
    )
    .fault(503, "api_error"),
    Row::new(K::Internal, "internal", "fault of the gate", "The gateway had an internal error.")
        .fault(500, "api_error"),
];

/// The row of `kind`.
pub(crate) const fn row(kind: ErrorKind) -> &'static Row {
    const ROWS: &[Row; TABLE.len()] = &TABLE;
    &ROWS[kind as usize]
}

const _: () = {
    let mut at = 0;
    while at < TABLE.len() {
        assert!(TABLE[at].kind as usize == at, "rows stand in the order of the enum");
        at += 1;
    }
    assert!(ErrorKind::Internal as usize + 1 == TABLE.len(), "every kind has a row");
};
