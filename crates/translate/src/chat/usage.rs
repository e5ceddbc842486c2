//! `usage` in Chat's shape: `prompt_tokens` with cache reads and writes in it.

use serde::Serialize;
use tollgate_base::Usage;

/// `usage` as written.
#[derive(Serialize)]
pub(crate) struct UsageOut {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: PromptDetailsOut,
    completion_tokens_details: CompletionDetailsOut,
}

#[derive(Serialize)]
struct PromptDetailsOut {
    cached_tokens: u64,
    cache_write_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    audio_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    image_tokens: u64,
}

#[derive(Serialize)]
struct CompletionDetailsOut {
    reasoning_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    audio_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    image_tokens: u64,
}

/// Few models hear or draw; the others' callers need not read that they did not.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(crate) const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl From<&Usage> for UsageOut {
    fn from(usage: &Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens(),
            completion_tokens: usage.generated_tokens(),
            total_tokens: usage.total_tokens(),
            prompt_tokens_details: PromptDetailsOut {
                cached_tokens: usage.cache_read_tokens,
                cache_write_tokens: usage.cache_write_5m_tokens.saturating_add(usage.cache_write_1h_tokens),
                audio_tokens: usage.input_audio_tokens,
                image_tokens: usage.input_image_tokens,
            },
            completion_tokens_details: CompletionDetailsOut {
                reasoning_tokens: usage.reasoning_tokens,
                audio_tokens: usage.output_audio_tokens,
                image_tokens: usage.output_image_tokens,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Meter;
    use tollgate_protocol::Protocol;

    #[test]
    fn what_is_written_is_read_back_but_for_the_lifetime_of_writes() {
        let usage = Usage {
            input_tokens: 1,
            output_tokens: 2,
            cache_write_5m_tokens: 3,
            cache_write_1h_tokens: 4,
            cache_read_tokens: 5,
            reasoning_tokens: 1,
            input_audio_tokens: 6,
            output_audio_tokens: 7,
            input_image_tokens: 8,
            output_image_tokens: 9,
            ..Usage::default()
        };
        let json = serde_json::to_string(&UsageOut::from(&usage)).unwrap();
        assert!(
            json.starts_with(r#"{"prompt_tokens":27,"completion_tokens":18,"total_tokens":45,"#),
            "{json}"
        );
        let mut meter = Meter::new(Protocol::Chat);
        meter.read(Some(serde_json::from_str(&json).unwrap()));
        assert_eq!(meter.usage(), Usage { cache_write_5m_tokens: 7, cache_write_1h_tokens: 0, ..usage });
    }
}
