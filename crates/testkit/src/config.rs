//! What a sandbox can be told at its start.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// How a [`Sandbox`](crate::Sandbox) runs. The default listens on a free loopback port and accepts any credential.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What ids, filler words and signatures are derived from, together with the request body.
    pub seed: u64,
    /// The only credential accepted; `None` accepts any, and none at all.
    pub api_key: Option<String>,
    /// Serve TLS with this configuration; its ALPN list decides whether HTTP/2 is offered. `None` is plain TCP,
    /// where HTTP/1.1 and HTTP/2 with prior knowledge are both understood.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// How many streams one HTTP/2 connection may have open at a time; `None` is hyper's own limit.
    pub max_concurrent_streams: Option<u32>,
    /// The names that `GET /v1/models` lists. Requests may name any model.
    pub models: Vec<String>,
    /// Keep each request for [`Sandbox::last_requests`](crate::Sandbox::last_requests) from the start.
    pub record: bool,
    /// How many requests are kept while recording.
    pub record_limit: usize,
    /// How many served requests the log of [`Counts`](crate::Counts) keeps.
    pub log_limit: usize,
    /// How many stored responses are kept for `GET /v1/responses/{id}`.
    pub stored_limit: usize,
    /// The longest body accepted; a longer one is answered with 413.
    pub max_body_bytes: usize,
    /// Accept requests that a real provider would refuse for their order of messages, a foreign signature, an unknown
    /// member, or a parameter that the model does not take.
    pub lenient: bool,
    /// Answer from prepared bodies without reading the request further than needed: for benchmarks. Directives other
    /// than `events` and `interval_us` do nothing then, and requests are not validated.
    pub fast: bool,
    /// How many text events a stream has in fast mode.
    pub fast_events: usize,
    /// The pause before each text event in fast mode.
    pub fast_interval: Duration,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: 0,
            api_key: None,
            tls: None,
            max_concurrent_streams: None,
            models: DEFAULT_MODELS.iter().map(|name| (*name).to_owned()).collect(),
            record: false,
            record_limit: 256,
            log_limit: 4096,
            stored_limit: 256,
            max_body_bytes: 128 * 1024 * 1024,
            lenient: false,
            fast: false,
            fast_events: 20,
            fast_interval: Duration::ZERO,
        }
    }
}

const DEFAULT_MODELS: &[&str] = &[
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-4-5",
    "gpt-6-sol",
    "gpt-5.5",
    "deepseek-chat",
    "ZHIPU/GLM-4.6",
    "xiaomi/mimo-v2",
];
