//! What can be wrong with a text or a setting of this crate.

/// Why a text is not what it should be; the message is meant for the operator who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoutingError {
    /// A word that names none of the accepted values.
    #[error("`{text}` is not a {what}: expected {accepted}")]
    UnknownWord {
        /// What the word should name, such as `platform`.
        what: &'static str,
        /// The word as given.
        text: String,
        /// The accepted words.
        accepted: &'static str,
    },
    /// A text that cannot be a model name or a pattern of model names.
    #[error("`{text}` is not a model name or pattern: {reason}")]
    BadPattern {
        /// The text as given, shortened if it was very long.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A mapping's target that cannot be used.
    #[error("the mapping `{pattern}` -> `{target}` cannot be used: {reason}")]
    BadMapping {
        /// The pattern on the left.
        pattern: String,
        /// The target on the right.
        target: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A base URL that cannot be used.
    #[error("`{url}` is not a base URL: {reason}")]
    BadBaseUrl {
        /// The URL as given, without any user name and password.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A failover rule that cannot be used.
    #[error("failover rule {rule}: {reason}")]
    BadFailover {
        /// Which one, counted from one.
        rule: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Terms of a probe that cannot be used.
    #[error("a probe cannot be made like this: {reason}")]
    BadProbe {
        /// What is wrong with them.
        reason: &'static str,
    },
    /// A text that is no failover rule.
    #[error("`{text}` is not a failover rule: {reason}")]
    BadFailoverText {
        /// The text as given, shortened if it was very long.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A rule of shaping that cannot be used.
    #[error("{field}: {reason}")]
    BadShaping {
        /// Which one, such as `body[2]`.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A fallback that cannot be used.
    #[error("fallbacks[{at}]: {reason}")]
    BadFallback {
        /// Which one, from 0.
        at: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Routes of a composite group that cannot be used.
    #[error("the routes cannot be used: {reason}")]
    BadRoutes {
        /// What is wrong with them.
        reason: String,
    },
}
