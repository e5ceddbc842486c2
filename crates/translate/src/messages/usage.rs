//! `usage` in Messages' shape: `input_tokens` without cache, cache writes split by how long they live.

use super::stop::tier_word;
use crate::ir::ServiceTier;
use serde::Serialize;
use tollgate_base::Usage;

/// `usage` as written.
#[derive(Serialize)]
pub(super) struct UsageOut {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    cache_creation: CacheCreationOut,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetailsOut>,
    server_tool_use: Option<ServerToolUseOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

#[derive(Serialize)]
struct CacheCreationOut {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Serialize)]
struct OutputDetailsOut {
    thinking_tokens: u64,
}

#[derive(Serialize)]
struct ServerToolUseOut {
    web_search_requests: u64,
    /// Nobody is charged for these, so nobody counts them; SDKs take the member for granted.
    web_fetch_requests: u64,
}

impl UsageOut {
    pub(super) fn new(usage: &Usage, tier: Option<ServiceTier>) -> Self {
        Self {
            input_tokens: usage.uncached_tokens(),
            cache_creation_input_tokens: usage
                .cache_write_5m_tokens
                .saturating_add(usage.cache_write_1h_tokens),
            cache_read_input_tokens: usage.cache_read_tokens,
            cache_creation: CacheCreationOut {
                ephemeral_5m_input_tokens: usage.cache_write_5m_tokens,
                ephemeral_1h_input_tokens: usage.cache_write_1h_tokens,
            },
            output_tokens: usage.generated_tokens(),
            output_tokens_details: (usage.reasoning_tokens > 0)
                .then_some(OutputDetailsOut { thinking_tokens: usage.reasoning_tokens }),
            server_tool_use: (usage.web_search_calls > 0).then_some(ServerToolUseOut {
                web_search_requests: usage.web_search_calls,
                web_fetch_requests: 0,
            }),
            service_tier: tier.and_then(tier_word),
        }
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
            ..Usage::default()
        };
        let json = serde_json::to_string(&UsageOut::new(&usage, Some(ServiceTier::Priority))).unwrap();
        let mut meter = Meter::new(Protocol::Messages);
        meter.read(Some(serde_json::from_str(&json).unwrap()));
        assert_eq!(meter.usage(), usage);
        assert_eq!(meter.service_tier(), Some("priority"));
        let mixed = Usage {
            input_audio_tokens: 10,
            input_image_tokens: 20,
            output_audio_tokens: 30,
            output_image_tokens: 40,
            ..usage
        };
        let json = serde_json::to_string(&UsageOut::new(&mixed, None)).unwrap();
        assert!(
            json.starts_with(r#"{"input_tokens":31,"#) && json.contains(r#""output_tokens":72,"#),
            "{json}"
        );
    }
}
