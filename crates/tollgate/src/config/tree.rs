//! The keys themselves. This is the one place a key, its default and its meaning are written.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use ipnet::IpNet;
use tollgate_base::{Money, Secret, TokenPrice};

use super::problem::Problem;
use super::section::{Key, Section, section};
use super::value::{Http2, LogFilter, LogFormat, Millis};

section! {
    /// The whole configuration.
    struct Config {
        /// The address and port the gate listens on. Port 0 takes a free one.
        listen: SocketAddr = "127.0.0.1:8787",
        /// The folder for what the gate keeps: the SQLite database and the master key. Created if missing.
        data_dir: PathBuf = "data",
        /// The database: `postgres://user:password@host/name?sslmode=require`, or `sqlite:path`. Without one it is SQLite in `tollgate.db` in `data_dir`.
        database_url: Option<Secret<String>> = "",
        /// The master key, 32 bytes in base64. It encrypts upstream credentials and keys the hashes of API keys: losing it loses both.
        master_key: Option<Secret<String>> = "",
        /// The file that holds the master key, created with mode 0600 on first start. Without it: `master.key` in `data_dir`. Not together with `master_key`.
        master_key_file: Option<PathBuf> = "",
        /// Silence of the upstream after which a streaming caller gets its dialect's keep-alive.
        keepalive_after_ms: Millis = "15000",
        /// How long the caller of a stream waits for its first event until it gets a keep-alive, and with it the status 200. Other accounts are still tried then, but what fails is told in the stream. Empty: it waits for ever.
        keepalive_first_ms: Option<Millis> = "25000",
        /// How long the rest of an answer is read for its exact usage after the caller has gone.
        caller_gone_drain_ms: Millis = "300000",
        /// How often the store is asked whether users, keys, groups, accounts or models changed.
        config_poll_ms: Millis = "250",
        /// Proxies, as networks, whose `x-forwarded-for` is believed. From anyone else the header is ignored.
        trusted_proxies: Vec<IpNet> = "",
    }
    sections {
        log: Log,
        limits: Limits,
        concurrency: Concurrency,
        failover: Failover,
        shutdown: Shutdown,
        upstream: Upstream,
        settlement: Settlement,
        default_price: DefaultPrice,
    }
}

section! {
    /// What is written to standard error.
    struct Log {
        /// Which events: a level, and `target=level` for exceptions, as in `info,tollgate_gateway=debug`.
        level: LogFilter = "info",
        /// How each event is written.
        format: LogFormat = "text",
    }
}

section! {
    /// Bounds on what callers and upstreams may send.
    struct Limits {
        /// The largest request body as sent. Beyond it the answer is 413.
        max_body_bytes: NonZeroUsize = "67108864",
        /// The largest request body after its `content-encoding` is undone.
        max_decoded_bytes: NonZeroUsize = "134217728",
        /// The largest upstream answer that is not a stream.
        max_answer_bytes: NonZeroUsize = "67108864",
        /// The largest single event of an upstream stream.
        max_event_bytes: NonZeroUsize = "16777216",
        /// How many connections may be open. Further ones wait to be accepted.
        max_connections: NonZeroUsize = "16384",
        /// How long a caller may take to send a request's headers, and so how long a connection may be idle. Longer than the idle time of a load balancer in front.
        header_read_timeout_ms: Millis = "75000",
    }
}

section! {
    /// How a request waits where a number of requests at the same time is the limit (`tollgate limit`).
    struct Concurrency {
        /// How long for a place of its key and user, and as long again for an account's. Then the answer is 429.
        wait_ms: Millis = "30000",
        /// How many may wait for the places of one key, user or account. Further ones are answered with 429 at once.
        queue: usize = "100",
    }
}

section! {
    /// Trying other accounts before the first byte.
    struct Failover {
        /// How many accounts one request may try.
        max_attempts: NonZeroUsize = "4",
        /// How long one request may go on trying accounts.
        budget_ms: Millis = "60000",
        /// Attempts beyond the first that all requests of a group may make, and all of the gate, for each hundred requests.
        retry_percent: usize = "10",
        /// Attempts beyond the first that a group may always make in a second, whatever its requests; the gate five times as many.
        min_retries_per_s: usize = "10",
    }
}

section! {
    /// How the server stops.
    struct Shutdown {
        /// How long open requests and streams may go on after SIGTERM or SIGINT before they are cut and settled.
        drain_timeout_ms: Millis = "30000",
    }
}

section! {
    /// The client that talks to providers.
    struct Upstream {
        /// The longest a TCP connect may take, name resolution included.
        connect_timeout_ms: Millis = "10000",
        /// The longest a TLS handshake may take.
        tls_timeout_ms: Millis = "10000",
        /// The longest wait for an answer's headers after the request is sent. Answers that are not streams send none until they are finished.
        first_byte_timeout_ms: Millis = "600000",
        /// The longest silence between two reads of an answer's body.
        idle_timeout_ms: Millis = "300000",
        /// The longest a whole exchange may take.
        total_timeout_ms: Millis = "3600000",
        /// A PEM file of certificate authorities to trust beside the system's.
        extra_ca_file: Option<PathBuf> = "",
        /// Private and link-local networks that account addresses may lie in. All others of that kind are refused, but for loopback addresses an account names literally.
        allow_private_addresses: Vec<IpNet> = "",
        /// Whether HTTP/2 is offered to providers.
        http2: Http2 = "auto",
        /// How many idle HTTP/1.1 connections are kept for each provider host.
        max_idle_per_host: usize = "256",
        /// How long an idle connection is kept. Shorter than the minute after which many servers close theirs.
        pool_idle_timeout_ms: Millis = "50000",
        /// How many requests one HTTP/2 connection carries at once, also where the provider allows more.
        max_streams_per_connection: NonZeroUsize = "100",
        /// How many HTTP/2 connections one provider host may have.
        max_http2_connections_per_host: NonZeroUsize = "128",
        /// How many connections to one provider host may be opened at the same time.
        max_dials_per_host: NonZeroUsize = "64",
    }
}

section! {
    /// Writing usage records and charges.
    struct Settlement {
        /// How many requests may be open or waiting to be written. Beyond it requests are refused: a charge is never dropped.
        queue: NonZeroUsize = "65536",
        /// How long records are gathered before they are written in one transaction.
        interval_ms: Millis = "10",
    }
}

section! {
    /// The price of a model that has none of its own, in dollars per million tokens. Without one such a model is refused. `input` and `output` go together.
    struct DefaultPrice {
        /// Prompt tokens that touch no cache.
        input: Option<TokenPrice> = "",
        /// Generated tokens.
        output: Option<TokenPrice> = "",
        /// Tokens written to a cache for five minutes. Without it 1.25 times `input`.
        cache_write_5m: Option<TokenPrice> = "",
        /// Tokens written to a cache for an hour. Without it twice `input`.
        cache_write_1h: Option<TokenPrice> = "",
        /// Tokens read from a cache. Without it a tenth of `input`.
        cache_read: Option<TokenPrice> = "",
        /// A thousand web searches, in dollars. Without it 10.
        web_search_per_thousand: Option<Money> = "",
    }
}

impl Config {
    /// Every key, in the order of the reference.
    pub(crate) fn keys() -> Vec<Key> {
        let mut keys = Vec::new();
        Self::describe("", &mut keys);
        keys
    }

    /// Keys that are fine alone and wrong together.
    pub(super) fn contradictions(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |key, message: &str| {
            problems.push(Problem::Contradiction { key, message: message.to_owned() });
        };
        if self.master_key.is_some() && self.master_key_file.is_some() {
            wrong("master_key_file", "cannot be set together with `master_key`");
        }
        if self.limits.max_decoded_bytes < self.limits.max_body_bytes {
            wrong("limits.max_decoded_bytes", "must not be less than `limits.max_body_bytes`");
        }
        let price = &self.default_price;
        if price.input.is_some() != price.output.is_some() {
            wrong("default_price", "`input` and `output` go together");
        }
        let cache = [price.cache_write_5m, price.cache_write_1h, price.cache_read];
        let others = cache.iter().any(Option::is_some) || price.web_search_per_thousand.is_some();
        if price.input.is_none() && others {
            wrong("default_price", "the other prices need `input` and `output`");
        }
        if price.web_search_per_thousand.is_some_and(|price| price < Money::ZERO) {
            wrong("default_price.web_search_per_thousand", "must not be negative");
        }
        if let Some(url) = &self.database_url
            && !["postgres://", "postgresql://", "sqlite:"]
                .iter()
                .any(|scheme| url.expose().starts_with(scheme))
        {
            wrong("database_url", "expected a URL that starts with postgres:// or sqlite:");
        }
        problems
    }
}
