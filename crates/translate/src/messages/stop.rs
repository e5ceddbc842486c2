//! The `stop_reason` words.

use crate::ir::{ServiceTier, StopReason};

/// Reads a `stop_reason`. A word this crate does not know, and none at all, end the turn; calls for the caller to
/// run make it a tool turn.
pub(super) fn read(word: Option<&str>, has_calls: bool) -> StopReason {
    match word {
        Some("stop_sequence") => StopReason::StopSequence,
        Some("max_tokens") => StopReason::MaxTokens,
        Some("model_context_window_exceeded") => StopReason::ContextWindow,
        Some("tool_use") => StopReason::ToolUse,
        Some("pause_turn") => StopReason::PauseTurn,
        Some("refusal") => StopReason::Refusal,
        _ if has_calls => StopReason::ToolUse,
        _ => StopReason::EndTurn,
    }
}

/// The `stop_reason` for a reason.
pub(super) fn word(stop: StopReason) -> &'static str {
    match stop {
        StopReason::EndTurn => "end_turn",
        StopReason::StopSequence => "stop_sequence",
        StopReason::MaxTokens => "max_tokens",
        StopReason::ContextWindow => "model_context_window_exceeded",
        StopReason::ToolUse => "tool_use",
        StopReason::PauseTurn => "pause_turn",
        StopReason::Refusal => "refusal",
    }
}

/// Reads `usage.service_tier`.
pub(super) fn read_tier(word: &str) -> Option<ServiceTier> {
    match word {
        "standard" => Some(ServiceTier::Standard),
        "priority" => Some(ServiceTier::Priority),
        "batch" => Some(ServiceTier::Batch),
        _ => None,
    }
}

/// The `usage.service_tier` for a tier, where Messages has one.
pub(super) fn tier_word(tier: ServiceTier) -> Option<&'static str> {
    match tier {
        ServiceTier::Standard => Some("standard"),
        ServiceTier::Priority => Some("priority"),
        ServiceTier::Batch => Some("batch"),
        ServiceTier::Flex => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back_as_written() {
        for stop in [
            StopReason::EndTurn,
            StopReason::StopSequence,
            StopReason::MaxTokens,
            StopReason::ContextWindow,
            StopReason::ToolUse,
            StopReason::PauseTurn,
            StopReason::Refusal,
        ] {
            assert_eq!(read(Some(word(stop)), false), stop);
        }
        assert_eq!(read(Some("new_word"), false), StopReason::EndTurn);
        assert_eq!(read(None, true), StopReason::ToolUse);
    }
}
