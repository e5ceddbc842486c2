//! A failure as the rules see it: what kind it is, and what the provider's words are about.

use tollgate_protocol::{UpstreamErrorBody, is_account_fault};

use crate::words::word_enum;

/// How an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// With this status, or with an error event or body that stands for it.
    Status(u16),
    /// No connection, or it broke before an answer.
    Network,
    /// The answer did not come in time.
    Timeout,
    /// What came is not an answer.
    InvalidAnswer,
}

/// A failed attempt.
#[derive(Debug, Clone, Copy)]
pub struct Failed<'a> {
    /// How it failed.
    pub cause: Cause,
    /// What the provider said.
    pub body: &'a UpstreamErrorBody,
    /// The model's name at the provider.
    pub model: &'a str,
}

word_enum!(
    /// What a provider's refusal is about, as the gate reads it.
    Topic, "topic of a failure" {
        /// The credential is not taken.
        Credential = "credential",
        /// The account may not do this, whatever its credential.
        Access = "access",
        /// Funds or a quota are used up.
        Payment = "payment",
        /// The account has no such model.
        ModelMissing = "model_missing",
        /// A rate limit that names the model.
        ModelLimit = "model_limit",
        /// The provider has no capacity, usually for one model.
        Overload = "overload",
    }
);

impl Topic {
    /// What the failure is about; `None` where the gate cannot tell.
    #[must_use]
    pub fn of(failed: &Failed<'_>) -> Option<Self> {
        let Cause::Status(status) = failed.cause else { return None };
        let body = failed.body;
        if is_account_fault(status, body) {
            return Some(account_topic(status, body));
        }
        match status {
            400 | 404 if is_model_missing(status, body) => Some(Self::ModelMissing),
            429 if names_model(&body.message, failed.model) => Some(Self::ModelLimit),
            503 | 529 => Some(Self::Overload),
            500..=599 if is(body, &["overloaded_error", "server_is_overloaded"]) => Some(Self::Overload),
            _ => None,
        }
    }
}

/// What a refusal of the account itself is about.
fn account_topic(status: u16, body: &UpstreamErrorBody) -> Topic {
    const CREDENTIAL: [&str; 4] =
        ["authentication_error", "invalid_api_key", "account_deactivated", "organization_restricted"];
    const PAYMENT: [&str; 7] = [
        "billing_error",
        "insufficient_quota",
        "credit_balance_exhausted",
        "billing_hard_limit_reached",
        "billing_not_active",
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
    ];
    const CREDENTIAL_WORDS: [&str; 5] = ["api key", "api-key", "credential", "token", "account"];
    if status == 402 || is(body, &PAYMENT) {
        return Topic::Payment;
    }
    if status == 401 || is(body, &CREDENTIAL) {
        return Topic::Credential;
    }
    let message = body.message.to_ascii_lowercase();
    match status {
        403 if CREDENTIAL_WORDS.iter().any(|word| message.contains(word)) => Topic::Credential,
        403 | 407 => Topic::Access,
        // The rest are told by the words of an empty purse.
        _ if is(body, &["permission_error"]) => Topic::Access,
        _ => Topic::Payment,
    }
}

/// A 404 may also be about a path or a stored object, so the status alone does not tell.
fn is_model_missing(status: u16, body: &UpstreamErrorBody) -> bool {
    if is(body, &["model_not_found", "DeploymentNotFound", "unknown_model"]) {
        return true;
    }
    let message = body.message.to_ascii_lowercase();
    let gone = ["not found", "not exist", "unknown"].iter().any(|words| message.contains(words));
    let anthropic = status == 404 && is(body, &["not_found_error"]) && message.starts_with("model:");
    anthropic || (message.contains("model") && gone && status == 404)
}

fn is(body: &UpstreamErrorBody, names: &[&str]) -> bool {
    let named = |name: &Option<String>| name.as_deref().is_some_and(|name| names.contains(&name));
    named(&body.error_type) || named(&body.code)
}

fn names_model(message: &str, model: &str) -> bool {
    !model.is_empty() && contains_ignoring_case(message, model)
}

/// Whether `text` holds `words`, in any case of ASCII letters.
pub(super) fn contains_ignoring_case(text: &str, words: &str) -> bool {
    let (text, words) = (text.as_bytes(), words.as_bytes());
    words.is_empty() || text.windows(words.len()).any(|part| part.eq_ignore_ascii_case(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(status: u16, name: &str, message: &str) -> Option<Topic> {
        let name = Some(name).filter(|name| !name.is_empty()).map(str::to_owned);
        let body = UpstreamErrorBody { message: message.into(), error_type: name, ..Default::default() };
        Topic::of(&Failed { cause: Cause::Status(status), body: &body, model: "claude-opus-5" })
    }

    #[test]
    fn refusals_are_told_apart() {
        for (status, name, message, expected) in [
            (401, "", "", Some(Topic::Credential)),
            (401, "authentication_error", "invalid x-api-key", Some(Topic::Credential)),
            (403, "permission_error", "Your API key does not have permission", Some(Topic::Credential)),
            (403, "", "Request not allowed", Some(Topic::Access)),
            (407, "", "", Some(Topic::Access)),
            (402, "", "", Some(Topic::Payment)),
            (429, "insufficient_quota", "You exceeded your current quota", Some(Topic::Payment)),
            (400, "invalid_request_error", "Your credit balance is too low to access", Some(Topic::Payment)),
            (500, "authentication_error", "", Some(Topic::Credential)),
            (404, "model_not_found", "The model `x` does not exist", Some(Topic::ModelMissing)),
            (404, "not_found_error", "model: claude-9", Some(Topic::ModelMissing)),
            (404, "not_found_error", "Not found", None),
            (404, "invalid_request_error", "Response with id 'resp_1' not found.", None),
            (400, "invalid_request_error", "Model Not Exist", None),
            (400, "model_not_found", "", Some(Topic::ModelMissing)),
            (
                429,
                "rate_limit_error",
                "the limit of 5 requests (model: Claude-Opus-5)",
                Some(Topic::ModelLimit),
            ),
            (429, "rate_limit_error", "Number of requests has exceeded your limit", None),
            (529, "overloaded_error", "Overloaded", Some(Topic::Overload)),
            (503, "", "", Some(Topic::Overload)),
            (500, "server_is_overloaded", "", Some(Topic::Overload)),
            (500, "", "oops", None),
            (400, "invalid_request_error", "max_tokens: too large", None),
        ] {
            assert_eq!(topic(status, name, message), expected, "{status} {name} {message}");
        }
    }

    #[test]
    fn only_a_status_has_a_topic() {
        let body = UpstreamErrorBody { message: "invalid api key".into(), ..Default::default() };
        for cause in [Cause::Network, Cause::Timeout, Cause::InvalidAnswer] {
            assert_eq!(Topic::of(&Failed { cause, body: &body, model: "m" }), None);
        }
    }
}
