//! What a request consumed, in buckets that never overlap.

use serde::{Deserialize, Serialize};

/// Tokens and calls of one request, in disjoint buckets.
///
/// Protocols count differently (Anthropic's `input_tokens` leaves cache out, OpenAI's `prompt_tokens` holds it);
/// the `protocol` crate turns both into this. `input_* + cache_*` is the whole prompt, and every bucket is
/// priced on its own. Only `reasoning_tokens` is *part of* another bucket (output).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Prompt tokens that were neither read from nor written to a cache, and are in none of the buckets below.
    pub input_tokens: u64,
    /// Generated text, reasoning included.
    pub output_tokens: u64,
    /// Prompt tokens written to a cache that lives about five minutes.
    pub cache_write_5m_tokens: u64,
    /// Prompt tokens written to a cache that lives an hour or longer.
    pub cache_write_1h_tokens: u64,
    /// Prompt tokens read from a cache.
    pub cache_read_tokens: u64,
    /// How many of `output_tokens` were reasoning.
    pub reasoning_tokens: u64,
    /// Web searches the provider ran.
    pub web_search_calls: u64,
    /// Sound in the prompt that no cache was involved in.
    pub input_audio_tokens: u64,
    /// Generated sound.
    pub output_audio_tokens: u64,
    /// Pictures in the prompt that no cache was involved in, where the provider counts them apart.
    pub input_image_tokens: u64,
    /// Generated pictures, where the provider counts them in tokens of the answer.
    pub output_image_tokens: u64,
    /// Pictures that a tool of the provider made.
    pub generated_images: u64,
    /// Searches in files that the provider ran.
    pub file_search_calls: u64,
    /// Times the provider ran code, or containers that it ran code in; see the observers of `protocol`.
    pub code_execution_calls: u64,
}

impl Usage {
    /// Nothing.
    pub const NONE: Self = Self {
        input_tokens: 0,
        output_tokens: 0,
        cache_write_5m_tokens: 0,
        cache_write_1h_tokens: 0,
        cache_read_tokens: 0,
        reasoning_tokens: 0,
        web_search_calls: 0,
        input_audio_tokens: 0,
        output_audio_tokens: 0,
        input_image_tokens: 0,
        output_image_tokens: 0,
        generated_images: 0,
        file_search_calls: 0,
        code_execution_calls: 0,
    };

    /// Prompt tokens of every kind that no cache was involved in. Saturates.
    #[must_use]
    pub const fn uncached_tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.input_audio_tokens).saturating_add(self.input_image_tokens)
    }

    /// Everything that was generated: text, sound and pictures. Saturates.
    #[must_use]
    pub const fn generated_tokens(&self) -> u64 {
        self.output_tokens.saturating_add(self.output_audio_tokens).saturating_add(self.output_image_tokens)
    }

    /// All prompt tokens: uncached, written and read. Saturates.
    #[must_use]
    pub const fn prompt_tokens(&self) -> u64 {
        self.uncached_tokens()
            .saturating_add(self.cache_write_5m_tokens)
            .saturating_add(self.cache_write_1h_tokens)
            .saturating_add(self.cache_read_tokens)
    }

    /// Prompt and output tokens together. Saturates.
    #[must_use]
    pub const fn total_tokens(&self) -> u64 {
        self.prompt_tokens().saturating_add(self.generated_tokens())
    }

    /// Both together, bucket by bucket. Saturates.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        self.zip(other, u64::saturating_add)
    }

    /// What is left without `other`, bucket by bucket; never below zero.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        self.zip(other, u64::saturating_sub)
    }

    fn zip(&self, other: &Self, of: fn(u64, u64) -> u64) -> Self {
        Self {
            input_tokens: of(self.input_tokens, other.input_tokens),
            output_tokens: of(self.output_tokens, other.output_tokens),
            cache_write_5m_tokens: of(self.cache_write_5m_tokens, other.cache_write_5m_tokens),
            cache_write_1h_tokens: of(self.cache_write_1h_tokens, other.cache_write_1h_tokens),
            cache_read_tokens: of(self.cache_read_tokens, other.cache_read_tokens),
            reasoning_tokens: of(self.reasoning_tokens, other.reasoning_tokens),
            web_search_calls: of(self.web_search_calls, other.web_search_calls),
            input_audio_tokens: of(self.input_audio_tokens, other.input_audio_tokens),
            output_audio_tokens: of(self.output_audio_tokens, other.output_audio_tokens),
            input_image_tokens: of(self.input_image_tokens, other.input_image_tokens),
            output_image_tokens: of(self.output_image_tokens, other.output_image_tokens),
            generated_images: of(self.generated_images, other.generated_images),
            file_search_calls: of(self.file_search_calls, other.file_search_calls),
            code_execution_calls: of(self.code_execution_calls, other.code_execution_calls),
        }
    }

    /// Whether nothing was consumed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
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
            input_audio_tokens: 32,
            output_audio_tokens: 64,
            input_image_tokens: 128,
            output_image_tokens: 256,
            generated_images: 1,
            file_search_calls: 1,
            code_execution_calls: 1,
        };
        assert_eq!((usage.uncached_tokens(), usage.generated_tokens()), (161, 322));
        assert_eq!(usage.prompt_tokens(), 189);
        assert_eq!(usage.total_tokens(), 511);
        assert_eq!(Usage::default(), Usage::NONE);
        assert!(Usage::NONE.is_empty());
        assert_eq!(usage.plus(&usage).less(&usage), usage);
        assert!(usage.less(&usage.plus(&usage)).is_empty());
    }
}
