//! What an operator may set about upstream connections, with the defaults.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

/// Settings of a [`Client`](crate::Client).
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// A PEM file whose certificates are trusted beside the system's roots.
    pub extra_ca_file: Option<PathBuf>,
    /// Which addresses that are not public may be connected to.
    pub allow_private: AllowPrivate,
    /// How long each phase of a request may take.
    pub timeouts: Timeouts,
    /// How many idle HTTP/1.1 connections are kept for one host.
    pub max_idle_per_host: usize,
    /// How long a connection without a request is kept. Below the 60 seconds after which many servers and load
    /// balancers close theirs; a shorter `keep-alive: timeout=` of the server is honoured.
    pub idle_timeout: Duration,
    /// Whether HTTP/2 is offered over TLS.
    pub http2: Http2Mode,
    /// Most requests at once on one HTTP/2 connection, also when the server allows more.
    pub max_streams_per_connection: usize,
    /// Most HTTP/2 connections to one host; requests beyond their streams wait in order.
    pub max_http2_connections_per_host: usize,
    /// Most connections to one host that are being opened at the same time.
    pub max_dials_per_host: usize,
    /// An HTTP/2 connection with open streams that has been silent this long is pinged. `None` sends no pings.
    pub http2_ping_interval: Option<Duration>,
    /// How long the answer to such a ping may take before the connection counts as dead.
    pub http2_ping_timeout: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            extra_ca_file: None,
            allow_private: AllowPrivate::None,
            timeouts: Timeouts::default(),
            max_idle_per_host: 256,
            idle_timeout: Duration::from_secs(50),
            http2: Http2Mode::Auto,
            max_streams_per_connection: 100,
            max_http2_connections_per_host: 128,
            max_dials_per_host: 64,
            http2_ping_interval: Some(Duration::from_secs(20)),
            http2_ping_timeout: Duration::from_secs(10),
        }
    }
}

/// Which addresses outside the public internet may be connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AllowPrivate {
    /// None of them.
    #[default]
    None,
    /// Those inside one of these networks.
    Networks(Vec<IpNet>),
    /// All of them.
    All,
}

/// Whether HTTP/2 is offered. It is never spoken without TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http2Mode {
    /// Offered by ALPN beside HTTP/1.1; the server picks.
    #[default]
    Auto,
    /// Never offered.
    Never,
}

/// How long each phase of a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Resolving the name, connecting, and the proxy's handshake if there is one.
    pub connect: Duration,
    /// The TLS handshake with the upstream.
    pub tls: Duration,
    /// From the start of sending the request to the head of the answer. A model may think for minutes before a
    /// non-streaming answer, so the default is long.
    pub first_byte: Duration,
    /// Between two chunks of the answer's body.
    pub idle: Duration,
    /// The whole request, from the call to the end of the answer's body.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            tls: Duration::from_secs(10),
            first_byte: Duration::from_secs(600),
            idle: Duration::from_secs(300),
            total: Duration::from_secs(3_600),
        }
    }
}
