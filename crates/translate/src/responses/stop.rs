//! How a response ended: `status` and `incomplete_details.reason`.

use crate::ir::StopReason;

/// Reads how a response ended. `reason` is empty unless it is incomplete.
///
/// A reason this crate does not know is one that cut the answer, so it is read as the limit of tokens: never as a whole
/// answer.
pub(super) fn read(is_incomplete: bool, reason: &str, has_calls: bool, has_refusal: bool) -> StopReason {
    match reason {
        "content_filter" => StopReason::Refusal,
        _ if is_incomplete => StopReason::MaxTokens,
        _ if has_calls => StopReason::ToolUse,
        _ if has_refusal => StopReason::Refusal,
        _ => StopReason::EndTurn,
    }
}

/// Why a response that stopped so is incomplete; none if it is complete. A refusal in the model's own words is a whole
/// answer, one without was filtered.
pub(super) fn incomplete_reason(stop: StopReason, refused_in_words: bool) -> Option<&'static str> {
    match stop {
        StopReason::MaxTokens | StopReason::ContextWindow => Some("max_output_tokens"),
        StopReason::Refusal if !refused_in_words => Some("content_filter"),
        StopReason::Refusal
        | StopReason::EndTurn
        | StopReason::StopSequence
        | StopReason::ToolUse
        | StopReason::PauseTurn => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_never_read_as_whole() {
        for (is_incomplete, reason, has_calls, has_refusal, want) in [
            (false, "", false, false, StopReason::EndTurn),
            (false, "", true, false, StopReason::ToolUse),
            (false, "", true, true, StopReason::ToolUse),
            (false, "", false, true, StopReason::Refusal),
            (true, "max_output_tokens", true, false, StopReason::MaxTokens),
            (true, "content_filter", true, false, StopReason::Refusal),
            (true, "max_messages", true, false, StopReason::MaxTokens),
            (true, "", false, false, StopReason::MaxTokens),
        ] {
            assert_eq!(read(is_incomplete, reason, has_calls, has_refusal), want, "{reason}");
        }
    }

    #[test]
    fn what_is_written_is_read_back_in_meaning() {
        for stop in [StopReason::EndTurn, StopReason::MaxTokens, StopReason::Refusal] {
            let reason = incomplete_reason(stop, false);
            assert_eq!(read(reason.is_some(), reason.unwrap_or_default(), false, false), stop);
        }
        assert_eq!(incomplete_reason(StopReason::Refusal, true), None);
    }
}
