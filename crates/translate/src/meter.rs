//! What the upstream counted, read by the same reader that bills it, so that the caller is shown what is billed.

use serde_json::value::RawValue;
use tollgate_base::Usage;
use tollgate_protocol::{Protocol, StreamObserver, observe_answer};

/// Reads the `usage` objects of one answer.
#[derive(Debug)]
pub(crate) struct Meter {
    protocol: Protocol,
    observer: StreamObserver,
    /// The usage of a whole answer.
    answer: Option<Usage>,
}

impl Meter {
    /// A meter for an answer in `protocol`.
    pub(crate) fn new(protocol: Protocol) -> Self {
        Self { protocol, observer: StreamObserver::new(protocol), answer: None }
    }

    /// Reads one `usage` object, in a small event of its own: providers put it in many places, and the observer reads
    /// one. Later counts replace earlier ones.
    pub(crate) fn read(&mut self, usage: Option<&RawValue>) {
        let Some(usage) = usage else { return };
        let (event, head) = match self.protocol {
            Protocol::Messages => ("message_delta", r#"{"type":"message_delta","usage":"#),
            Protocol::Chat | Protocol::Responses => ("", r#"{"usage":"#),
        };
        let data = [head, usage.get(), "}"].concat();
        self.observer.frame(event.as_bytes(), data.as_bytes());
    }

    /// Reads one event of a Responses stream, where usage and searches are counted.
    pub(crate) fn read_event(&mut self, event: &str, data: &[u8]) {
        self.observer.frame(event.as_bytes(), data);
    }

    /// Reads a whole answer.
    pub(crate) fn read_answer(&mut self, body: &[u8]) {
        self.answer = observe_answer(self.protocol, body).ok().and_then(|observed| observed.usage);
    }

    /// What has been counted so far, in disjoint buckets.
    pub(crate) fn usage(&self) -> Usage {
        self.answer.or(self.observer.observed().usage).unwrap_or_default()
    }

    /// The service tier, where it is told inside `usage` (Messages).
    pub(crate) fn service_tier(&self) -> Option<&str> {
        self.observer.observed().service_tier.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(protocol: Protocol, parts: &[&str]) -> Meter {
        let mut meter = Meter::new(protocol);
        meter.read(None);
        for part in parts {
            meter.read(Some(serde_json::from_str(part).unwrap()));
        }
        meter
    }

    #[test]
    fn messages_numbers_replace_and_nulls_leave() {
        let meter = read(
            Protocol::Messages,
            &[
                r#"{"input_tokens":10,"output_tokens":1,"cache_read_input_tokens":4,"cache_creation_input_tokens":7,
                    "cache_creation":{"ephemeral_1h_input_tokens":5},"service_tier":"priority"}"#,
                r#"{"input_tokens":null,"output_tokens":9,"output_tokens_details":{"thinking_tokens":3}}"#,
            ],
        );
        let want = Usage {
            input_tokens: 10,
            output_tokens: 9,
            cache_write_5m_tokens: 2,
            cache_write_1h_tokens: 5,
            cache_read_tokens: 4,
            reasoning_tokens: 3,
            ..Usage::default()
        };
        assert_eq!(meter.usage(), want);
        assert_eq!(meter.service_tier(), Some("priority"));
    }

    #[test]
    fn chat_prompts_are_taken_apart() {
        let usage = r#"{"prompt_tokens":100,"completion_tokens":9,
            "prompt_tokens_details":{"cached_tokens":60,"cache_write_tokens":30}}"#;
        let usage = read(Protocol::Chat, &[usage]).usage();
        let buckets = (usage.input_tokens, usage.cache_write_5m_tokens, usage.cache_read_tokens);
        assert_eq!(buckets, (10, 30, 60));
    }

    #[test]
    fn odd_usage_counts_nothing() {
        for odd in ["null", "7", "[]", "{}", r#"{"prompt_tokens":{}}"#] {
            assert!(read(Protocol::Chat, &[odd]).usage().is_empty(), "{odd}");
            assert!(read(Protocol::Messages, &[odd]).usage().is_empty(), "{odd}");
        }
    }
}
