//! `usage` in Responses' shape: `input_tokens` with cache reads and writes in it.

use serde::Serialize;
use tollgate_base::Usage;

use crate::chat::is_zero;

/// `usage` as written.
#[derive(Serialize)]
pub(super) struct UsageOut {
    input_tokens: u64,
    input_tokens_details: InputDetailsOut,
    output_tokens: u64,
    output_tokens_details: OutputDetailsOut,
    total_tokens: u64,
}

#[derive(Serialize)]
struct InputDetailsOut {
    cached_tokens: u64,
    cache_write_tokens: u64,
    cache_write_tokens_details: WriteDetailsOut,
    #[serde(skip_serializing_if = "is_zero")]
    audio_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    image_tokens: u64,
}

#[derive(Serialize)]
struct WriteDetailsOut {
    ttl_30m_tokens: u64,
    ttl_12h_tokens: u64,
}

#[derive(Serialize)]
struct OutputDetailsOut {
    reasoning_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    audio_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    image_tokens: u64,
}

impl From<&Usage> for UsageOut {
    fn from(usage: &Usage) -> Self {
        Self {
            input_tokens: usage.prompt_tokens(),
            input_tokens_details: InputDetailsOut {
                cached_tokens: usage.cache_read_tokens,
                cache_write_tokens: usage.cache_write_5m_tokens.saturating_add(usage.cache_write_1h_tokens),
                cache_write_tokens_details: WriteDetailsOut {
                    ttl_30m_tokens: usage.cache_write_5m_tokens,
                    ttl_12h_tokens: usage.cache_write_1h_tokens,
                },
                audio_tokens: usage.input_audio_tokens,
                image_tokens: usage.input_image_tokens,
            },
            output_tokens: usage.generated_tokens(),
            output_tokens_details: OutputDetailsOut {
                reasoning_tokens: usage.reasoning_tokens,
                audio_tokens: usage.output_audio_tokens,
                image_tokens: usage.output_image_tokens,
            },
            total_tokens: usage.total_tokens(),
        }
    }
}

/// `tool_usage` as written: there is one where the provider searched. SDKs take both members for granted.
#[derive(Serialize)]
pub(super) struct ToolUsageOut {
    image_gen: ImageGenOut,
    web_search: WebSearchOut,
}

#[derive(Serialize, Default)]
struct ImageGenOut {
    input_tokens: u64,
    input_tokens_details: ImageDetailsOut,
    output_tokens: u64,
    total_tokens: u64,
}

#[derive(Serialize, Default)]
struct ImageDetailsOut {
    image_tokens: u64,
    text_tokens: u64,
}

#[derive(Serialize)]
struct WebSearchOut {
    num_requests: u64,
}

impl ToolUsageOut {
    pub(super) fn new(usage: &Usage) -> Option<Self> {
        (usage.web_search_calls > 0).then(|| Self {
            image_gen: ImageGenOut::default(),
            web_search: WebSearchOut { num_requests: usage.web_search_calls },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::Meter;
    use tollgate_protocol::Protocol;

    #[test]
    fn what_is_written_is_read_back() {
        let usage = Usage {
            input_tokens: 1,
            output_tokens: 2,
            cache_write_5m_tokens: 3,
            cache_write_1h_tokens: 4,
            cache_read_tokens: 5,
            reasoning_tokens: 1,
            web_search_calls: 6,
            input_audio_tokens: 7,
            output_audio_tokens: 8,
            input_image_tokens: 9,
            output_image_tokens: 10,
            ..Usage::default()
        };
        let json = format!(
            r#"{{"type":"response.completed","response":{{"usage":{},"tool_usage":{}}}}}"#,
            serde_json::to_string(&UsageOut::from(&usage)).unwrap(),
            serde_json::to_string(&ToolUsageOut::new(&usage)).unwrap(),
        );
        let mut meter = Meter::new(Protocol::Responses);
        meter.read_event("response.completed", json.as_bytes());
        assert_eq!(meter.usage(), usage);
    }
}
