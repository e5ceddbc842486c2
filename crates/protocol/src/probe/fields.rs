//! Which top-level fields the gate reads or removes, per endpoint.

use crate::{Endpoint, Protocol};

/// A top-level field the gate knows at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Model,
    Messages,
    Stream,
    StreamOptions,
    /// `max_tokens`, or `max_output_tokens` of Responses.
    MaxTokens,
    /// Chat's newer name, which wins over `max_tokens`.
    MaxCompletionTokens,
    Metadata,
    SafetyIdentifier,
    User,
    PromptCacheKey,
    PreviousResponseId,
    Conversation,
    Store,
    ServiceTier,
    Style,
    N,
    Tools,
    /// `thinking`, `reasoning_effort` or `reasoning`.
    Thinking,
    /// `output_config`, `response_format` or `text`.
    Format,
    /// Removed before the body is forwarded: the index in [`NOT_COUNTED`].
    NotCounted(u8),
}

/// What a Messages body may hold but `count_tokens` does not take: how to sample and account, not what to count.
pub(super) const NOT_COUNTED: [&str; 11] = [
    "max_tokens",
    "stream",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "metadata",
    "service_tier",
    "inference_geo",
    "container",
    "diagnostics",
];

impl Field {
    /// The field that `key` names in a body for `endpoint`.
    pub(super) fn of(endpoint: Endpoint, key: &str) -> Option<Self> {
        if let Some(common) = Self::common(key) {
            return Some(common);
        }
        match (endpoint, endpoint.protocol()) {
            (Endpoint::CountTokens, _) => Self::of_count_tokens(key),
            (_, Protocol::Messages) => Self::of_messages(key),
            (_, Protocol::Chat) => Self::of_chat(key),
            (_, Protocol::Responses) => Self::of_responses(key),
        }
    }

    fn common(key: &str) -> Option<Self> {
        match key {
            "model" => Some(Self::Model),
            "tools" => Some(Self::Tools),
            _ => None,
        }
    }

    fn of_count_tokens(key: &str) -> Option<Self> {
        if key == "messages" {
            return Some(Self::Messages);
        }
        let index = NOT_COUNTED.iter().position(|&name| name == key)?;
        u8::try_from(index).ok().map(Self::NotCounted)
    }

    fn of_messages(key: &str) -> Option<Self> {
        Some(match key {
            "messages" => Self::Messages,
            "stream" => Self::Stream,
            "max_tokens" => Self::MaxTokens,
            "metadata" => Self::Metadata,
            "service_tier" => Self::ServiceTier,
            "thinking" => Self::Thinking,
            "output_config" => Self::Format,
            _ => return None,
        })
    }

    fn of_chat(key: &str) -> Option<Self> {
        Some(match key {
            "messages" => Self::Messages,
            "stream" => Self::Stream,
            "stream_options" => Self::StreamOptions,
            "max_tokens" => Self::MaxTokens,
            "max_completion_tokens" => Self::MaxCompletionTokens,
            "safety_identifier" => Self::SafetyIdentifier,
            "user" => Self::User,
            "prompt_cache_key" => Self::PromptCacheKey,
            "store" => Self::Store,
            "service_tier" => Self::ServiceTier,
            "style" => Self::Style,
            "n" => Self::N,
            "reasoning_effort" => Self::Thinking,
            "response_format" => Self::Format,
            _ => return None,
        })
    }

    fn of_responses(key: &str) -> Option<Self> {
        Some(match key {
            "stream" => Self::Stream,
            "max_output_tokens" => Self::MaxTokens,
            "safety_identifier" => Self::SafetyIdentifier,
            "user" => Self::User,
            "prompt_cache_key" => Self::PromptCacheKey,
            "previous_response_id" => Self::PreviousResponseId,
            "conversation" => Self::Conversation,
            "store" => Self::Store,
            "service_tier" => Self::ServiceTier,
            "reasoning" => Self::Thinking,
            "text" => Self::Format,
            _ => return None,
        })
    }

    /// The field's name in a body for `endpoint`.
    pub(super) fn name(self, endpoint: Endpoint) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Messages => "messages",
            Self::Stream => "stream",
            Self::StreamOptions => "stream_options",
            Self::MaxTokens if endpoint.protocol() == Protocol::Responses => "max_output_tokens",
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
            Self::Metadata => "metadata",
            Self::SafetyIdentifier => "safety_identifier",
            Self::User => "user",
            Self::PromptCacheKey => "prompt_cache_key",
            Self::PreviousResponseId => "previous_response_id",
            Self::Conversation => "conversation",
            Self::Store => "store",
            Self::ServiceTier => "service_tier",
            Self::Style => "style",
            Self::N => "n",
            Self::Tools => "tools",
            Self::Thinking => match endpoint.protocol() {
                Protocol::Messages => "thinking",
                Protocol::Chat => "reasoning_effort",
                Protocol::Responses => "reasoning",
            },
            Self::Format => match endpoint.protocol() {
                Protocol::Messages => "output_config",
                Protocol::Chat => "response_format",
                Protocol::Responses => "text",
            },
            Self::NotCounted(index) => NOT_COUNTED.get(usize::from(index)).copied().unwrap_or_default(),
        }
    }

    /// A bit for the field that no other field of the same endpoint has.
    pub(super) fn bit(self) -> u32 {
        let index = match self {
            Self::Model => 0,
            Self::Messages => 1,
            Self::Stream => 2,
            Self::StreamOptions => 3,
            Self::MaxTokens => 4,
            Self::MaxCompletionTokens => 5,
            Self::Metadata => 6,
            Self::SafetyIdentifier => 7,
            Self::User => 8,
            Self::PromptCacheKey => 9,
            Self::PreviousResponseId => 10,
            Self::Store => 11,
            Self::ServiceTier => 12,
            Self::Style => 13,
            Self::N => 14,
            Self::Tools => 15,
            // Only Chat has the one, only Responses the other.
            Self::Conversation => 14,
            Self::Thinking => 16,
            Self::Format => 17,
            Self::NotCounted(index) => 18 + u32::from(index),
        };
        1 << index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 33] = [
        "conversation",
        "model",
        "messages",
        "tools",
        "stream",
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
        "max_output_tokens",
        "metadata",
        "safety_identifier",
        "user",
        "prompt_cache_key",
        "previous_response_id",
        "store",
        "service_tier",
        "style",
        "n",
        "stop_sequences",
        "temperature",
        "top_p",
        "top_k",
        "inference_geo",
        "container",
        "diagnostics",
        "input",
        "system",
        "thinking",
        "output_config",
        "reasoning_effort",
        "response_format",
        "reasoning",
        "text",
    ];

    #[test]
    fn names_and_bits_are_distinct_at_each_endpoint() {
        for endpoint in Endpoint::ALL {
            let mut seen = 0;
            for key in KEYS {
                let Some(field) = Field::of(endpoint, key) else {
                    continue;
                };
                assert_eq!(field.name(endpoint), key);
                assert_eq!(seen & field.bit(), 0, "{key} at {endpoint:?}");
                seen |= field.bit();
            }
        }
    }

    #[test]
    fn a_field_is_known_only_where_it_means_something() {
        assert_eq!(Field::of(Endpoint::Messages, "style"), None);
        assert_eq!(Field::of(Endpoint::Messages, "temperature"), None);
        assert_eq!(Field::of(Endpoint::CountTokens, "system"), None);
        assert_eq!(Field::of(Endpoint::CountTokens, "temperature"), Some(Field::NotCounted(3)));
        assert_eq!(Field::of(Endpoint::Chat, "metadata"), None);
        assert_eq!(Field::of(Endpoint::Responses, "max_tokens"), None);
        assert_eq!(Field::of(Endpoint::EnvelopeChat, "style"), Some(Field::Style));
    }
}
