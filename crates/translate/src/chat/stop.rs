//! The `finish_reason` words.

use crate::ir::{ServiceTier, StopReason};

/// Reads a `finish_reason`.
///
/// Calls make it a tool turn even where the provider says `stop`, as many do. They do not where it says `length` or
/// `content_filter`: the last call may be cut, and a caller told to run tools would run it. `tool_calls` without any
/// call ends the turn, since there is nothing to run.
pub(super) fn read(word: &str, has_calls: bool, has_refusal: bool) -> StopReason {
    match word {
        "length" => StopReason::MaxTokens,
        "content_filter" => StopReason::Refusal,
        _ if has_calls => StopReason::ToolUse,
        _ if has_refusal => StopReason::Refusal,
        _ => StopReason::EndTurn,
    }
}

/// The `finish_reason` for a reason.
pub(super) fn word(stop: StopReason) -> &'static str {
    match stop {
        StopReason::EndTurn | StopReason::StopSequence | StopReason::PauseTurn => "stop",
        StopReason::MaxTokens | StopReason::ContextWindow => "length",
        StopReason::ToolUse => "tool_calls",
        StopReason::Refusal => "content_filter",
    }
}

/// Reads `service_tier`.
pub(crate) fn read_tier(word: &str) -> Option<ServiceTier> {
    match word {
        "default" => Some(ServiceTier::Standard),
        "priority" | "fast" => Some(ServiceTier::Priority),
        "flex" => Some(ServiceTier::Flex),
        _ => None,
    }
}

/// The `service_tier` for a tier, where Chat has one.
pub(crate) fn tier_word(tier: ServiceTier) -> Option<&'static str> {
    match tier {
        ServiceTier::Standard => Some("default"),
        ServiceTier::Priority => Some("priority"),
        ServiceTier::Flex => Some("flex"),
        ServiceTier::Batch => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_win_over_stop_but_not_over_a_cut() {
        for (word, has_calls, has_refusal, want) in [
            ("stop", false, false, StopReason::EndTurn),
            ("stop", true, false, StopReason::ToolUse),
            ("stop", false, true, StopReason::Refusal),
            ("tool_calls", true, false, StopReason::ToolUse),
            ("function_call", true, false, StopReason::ToolUse),
            ("tool_calls", false, false, StopReason::EndTurn),
            ("length", true, false, StopReason::MaxTokens),
            ("content_filter", false, false, StopReason::Refusal),
            ("eos_token", false, false, StopReason::EndTurn),
        ] {
            assert_eq!(read(word, has_calls, has_refusal), want, "{word} {has_calls} {has_refusal}");
        }
    }
}
