//! Prices that change with the length of the prompt.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tollgate_base::TokenPrice;

use crate::error::PricingError;

/// What changes for the whole request once its prompt is longer than a number of tokens. A price that is `None` here
/// stays what it was below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContextTier {
    /// The tier holds for prompts of *more* than so many tokens: uncached, written and read together.
    pub above_prompt_tokens: u64,
    /// Prompt tokens that no cache was involved in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<TokenPrice>,
    /// Generated tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<TokenPrice>,
    /// Tokens written to the five-minute cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<TokenPrice>,
    /// Tokens written to the one-hour cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<TokenPrice>,
    /// Tokens read from a cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<TokenPrice>,
}

impl ContextTier {
    const fn is_empty(&self) -> bool {
        self.input.is_none()
            && self.output.is_none()
            && self.cache_write_5m.is_none()
            && self.cache_write_1h.is_none()
            && self.cache_read.is_none()
    }
}

/// The tiers of a model, few enough to be copied about: their limits rise, and each one changes something.
///
/// In JSON a list: `[{"above_prompt_tokens":272000,"input":"4","output":"15"}]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContextTiers([Option<ContextTier>; ContextTiers::MOST]);

impl ContextTiers {
    /// No provider publishes more steps than these.
    pub const MOST: usize = 3;
    /// One price for prompts of every length.
    pub const NONE: Self = Self([None; Self::MOST]);

    /// These tiers, in this order.
    ///
    /// # Errors
    /// [`PricingError::BadTiers`] if there are too many, their limits do not rise, or one of them changes nothing.
    pub fn new(tiers: &[ContextTier]) -> Result<Self, PricingError> {
        if tiers.len() > Self::MOST {
            return Err(PricingError::BadTiers("there are more than three"));
        }
        if tiers.iter().any(ContextTier::is_empty) {
            return Err(PricingError::BadTiers("one of them has no price"));
        }
        if !tiers.is_sorted_by(|before, after| before.above_prompt_tokens < after.above_prompt_tokens) {
            return Err(PricingError::BadTiers("`above_prompt_tokens` does not rise from one to the next"));
        }
        let mut held = Self::NONE;
        for (slot, tier) in held.0.iter_mut().zip(tiers) {
            *slot = Some(*tier);
        }
        Ok(held)
    }

    /// The tiers, the lowest first.
    pub fn iter(&self) -> impl Iterator<Item = &ContextTier> {
        self.0.iter().flatten()
    }

    /// Whether the length of the prompt makes no difference.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }
}

impl Serialize for ContextTiers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for ContextTiers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&Vec::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
