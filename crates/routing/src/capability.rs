//! What accounts can take, and what requests need.

use std::fmt;
use std::num::NonZeroU64;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::group::Platform;
use crate::words::word_enum;

word_enum!(
    /// Something that not every account or model can do.
    Ability, "ability" {
        /// To see pictures.
        Vision = "vision",
        /// To read documents: PDF and other files.
        Documents = "documents",
        /// To think where it is asked to.
        Thinking = "thinking",
        /// To call tools.
        Tools = "tools",
        /// To hold its answer to a JSON schema.
        StructuredOutput = "structured_output",
    }
);

/// A set of abilities; in JSON a list of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Abilities(u8);

impl Abilities {
    /// None of them.
    pub const NONE: Self = Self(0);

    /// The set with this one too.
    #[must_use]
    pub const fn with(self, ability: Ability) -> Self {
        Self(self.0 | 1 << ability as u8)
    }

    /// The set, with this one too if `is_in`.
    #[must_use]
    pub const fn with_if(self, ability: Ability, is_in: bool) -> Self {
        if is_in { self.with(ability) } else { self }
    }

    /// Whether this one is in it.
    #[must_use]
    pub const fn contains(self, ability: Ability) -> bool {
        self.0 & 1 << ability as u8 != 0
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Ability> {
        Ability::ALL.iter().copied().filter(move |ability| self.contains(*ability))
    }
}

impl FromIterator<Ability> for Abilities {
    fn from_iter<I: IntoIterator<Item = Ability>>(abilities: I) -> Self {
        abilities.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for Abilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, ability) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{ability}")?;
        }
        Ok(())
    }
}

impl Serialize for Abilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Abilities {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        words.iter().map(|word| word.parse::<Ability>().map_err(D::Error::custom)).collect()
    }
}

/// What an account can take. What is not said here it can, unless what is known of the model says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// It answers `/v1/messages/count_tokens`.
    pub count_tokens: bool,
    /// What it cannot, whichever model is asked for.
    pub cannot: Abilities,
    /// How many tokens prompt and answer may have together, where that is not the model's own.
    pub context_window_tokens: Option<NonZeroU64>,
    /// How many tokens an answer may have, where that is not the model's own.
    pub max_output_tokens: Option<NonZeroU64>,
}

impl Capabilities {
    /// What the platform's own API can do.
    #[must_use]
    pub const fn default_for(platform: Platform) -> Self {
        Self {
            count_tokens: matches!(platform, Platform::Anthropic),
            cannot: Abilities::NONE,
            context_window_tokens: None,
            max_output_tokens: None,
        }
    }
}

/// What a request needs beyond an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Needs {
    /// What its account has to be able to do.
    pub abilities: Abilities,
    /// That the account answers `count_tokens`.
    pub count_tokens: bool,
    /// About how many tokens its prompt has; 0 where nobody has looked.
    pub prompt_tokens: u64,
    /// How many tokens of answer it asks for, if it says so.
    pub max_output_tokens: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abilities_are_a_list_of_words() {
        let set: Abilities = [Ability::Documents, Ability::Vision].into_iter().collect();
        assert_eq!(set.to_string(), "vision, documents");
        let json = serde_json::to_string(&set).unwrap();
        assert_eq!(json, r#"["vision","documents"]"#);
        assert_eq!(serde_json::from_str::<Abilities>(&json).unwrap(), set);
        let message = serde_json::from_str::<Abilities>(r#"["flight"]"#).unwrap_err().to_string();
        assert!(message.contains("structured_output"), "{message}");
        assert_eq!(
            set.and(Abilities::NONE.with(Ability::Vision)).iter().collect::<Vec<_>>(),
            [Ability::Vision]
        );
    }

    #[test]
    fn what_was_saved_before_reads_as_able() {
        let read: Capabilities = serde_json::from_str(r#"{"count_tokens":true}"#).unwrap();
        assert_eq!(read, Capabilities { count_tokens: true, ..Capabilities::default() });
        assert!(serde_json::from_str::<Capabilities>(r#"{"context_window_tokens":0}"#).is_err());
    }
}
