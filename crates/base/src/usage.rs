//! What a request consumed, in buckets that never overlap.

use serde::{Deserialize, Serialize};

/// Tokens and calls of one request, in disjoint buckets.
///
/// Protocols count differently (Anthropic's `input_tokens` leaves cache out, OpenAI's `prompt_tokens` holds it);
/// the `protocol` crate turns both into this. `input_tokens + cache_*` is the whole prompt, and every bucket is
/// priced on its own. Only `reasoning_tokens` is *part of* another bucket (output) and is never priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Prompt tokens that were neither read from nor written to a cache.
    pub input_tokens: u64,
    /// All generated tokens, reasoning included.
    pub output_tokens: u64,
    /// Prompt tokens written to a cache that lives about five minutes.
    pub cache_write_5m_tokens: u64,
    /// Prompt tokens written to a cache that lives an hour or longer.
    pub cache_write_1h_tokens: u64,
    /// Prompt tokens read from a cache.
    pub cache_read_tokens: u64,
    /// How many of `output_tokens` were reasoning; for information.
    pub reasoning_tokens: u64,
    /// Web searches the provider ran.
    pub web_search_calls: u64,
}

impl Usage {
    /// All prompt tokens: uncached, written and read. Saturates.
    #[must_use]
    pub const fn prompt_tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_write_5m_tokens)
            .saturating_add(self.cache_write_1h_tokens)
            .saturating_add(self.cache_read_tokens)
    }

    /// Prompt and output tokens together. Saturates.
    #[must_use]
    pub const fn total_tokens(&self) -> u64 {
        self.prompt_tokens().saturating_add(self.output_tokens)
    }

    /// Whether nothing was consumed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_add_the_disjoint_buckets_once() {
        let usage = Usage {
            input_tokens: 1,
            output_tokens: 2,
            cache_write_5m_tokens: 4,
            cache_write_1h_tokens: 8,
            cache_read_tokens: 16,
            reasoning_tokens: 2,
            web_search_calls: 1,
        };
        assert_eq!(usage.prompt_tokens(), 29);
        assert_eq!(usage.total_tokens(), 31);
        assert!(Usage::default().is_empty());
    }
}
