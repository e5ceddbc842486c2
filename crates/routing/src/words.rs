//! Small enums whose values are words: one table gives the text, JSON and parsed form.

/// Defines a `Copy` enum with `as_str`, `ALL`, `Display`, `FromStr` and serde, all from the one list of words.
macro_rules! word_enum {
    (
        $(#[$doc:meta])*
        $name:ident, $what:literal {
            $($(#[$variant_doc:meta])* $variant:ident = $word:literal),+ $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word for the value in text, JSON and storage.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::RoutingError;

            fn from_str(text: &str) -> Result<Self, crate::RoutingError> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(crate::RoutingError::UnknownWord {
                        what: $what,
                        text: text.to_owned(),
                        accepted: crate::words::accepted!($($word),+),
                    }),
                }
            }
        }
    };
}

/// `a, b, c` as one literal.
macro_rules! accepted {
    ($first:literal $(, $word:literal)*) => { concat!($first $(, ", ", $word)*) };
}

pub(crate) use {accepted, word_enum};

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Display};
    use std::str::FromStr;

    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use crate::{
        Ability, AuthScheme, AwayReason, Funding, HoldMode, KeyStatus, LimitKind, OnDisconnect, Platform,
        Policy, RoutingError, Status, TokenCounting,
    };

    fn words<T>(all: &[T]) -> Vec<String>
    where
        T: Copy + Debug + PartialEq + Display + FromStr<Err = RoutingError> + Serialize + DeserializeOwned,
    {
        for value in all {
            let word = value.to_string();
            assert_eq!(word.parse(), Ok(*value));
            let json = serde_json::to_string(value).unwrap();
            assert_eq!(json, format!("\"{word}\""));
            assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *value);
        }
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn words_round_trip_in_text_and_json() {
        assert_eq!(words(Status::ALL), ["enabled", "disabled"]);
        assert_eq!(words(KeyStatus::ALL), ["enabled", "disabled", "revoked"]);
        assert_eq!(words(Platform::ALL), ["anthropic", "openai"]);
        assert_eq!(words(TokenCounting::ALL), ["native", "estimate", "off"]);
        assert_eq!(words(HoldMode::ALL), ["full", "input", "none"]);
        assert_eq!(words(OnDisconnect::ALL), ["drain", "cancel"]);
        assert_eq!(words(Funding::ALL), ["subscription_first", "balance_first", "subscription", "balance"]);
        assert_eq!(words(LimitKind::ALL), ["key", "user", "group", "each_key", "account", "model"]);
        assert_eq!(words(AuthScheme::ALL), ["x-api-key", "bearer"]);
        assert_eq!(words(Policy::ALL), ["priority", "weighted", "cheapest", "fastest"]);
        assert_eq!(words(Ability::ALL), ["vision", "documents", "thinking", "tools", "structured_output"]);
        assert_eq!(
            words(AwayReason::ALL),
            ["rate_limited", "broken", "trial_full", "over_quota", "needs_attention", "refused"]
        );
    }

    #[test]
    fn an_unknown_word_lists_the_accepted_ones() {
        let error = "Anthropic".parse::<Platform>().unwrap_err();
        assert_eq!(error.to_string(), "`Anthropic` is not a platform: expected anthropic, openai");
    }
}
