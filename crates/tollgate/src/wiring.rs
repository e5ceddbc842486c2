//! From the configuration's keys to what each crate wants.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::sync::Arc;

use anyhow::Context;
use tollgate_gateway::{Gateway, GatewayConfig, GatewayDeps};
use tollgate_pricing::ModelPrice;
use tollgate_routing::failover::BudgetTerms;
use tollgate_store::{Location, MasterKey, Store};
use tollgate_upstream::{AllowPrivate, Client, ClientConfig, Http2Mode, Timeouts};

use crate::clock::SystemClock;
use crate::config::{Config, Http2};
use crate::server::ConnectionLimits;

/// Opens the store; creates the data folder, the database and the master key where they are missing.
pub(crate) async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let master = master_key(config)?;
    let location = match &config.database_url {
        Some(url) => Location::parse(url.expose()),
        None => {
            create_data_dir(config)?;
            Location::Sqlite(config.data_dir.join("tollgate.db"))
        }
    };
    Store::open_with_clock(&location, master, Arc::new(SystemClock)).await.with_context(|| match &location {
        Location::Sqlite(path) => format!("cannot open {}", path.display()),
        Location::Postgres(_) => "cannot open the PostgreSQL database".to_owned(),
    })
}

/// Checks what a start would trip over and can be checked without writing anything.
pub(crate) fn check(config: &Config) -> anyhow::Result<()> {
    if let Some(text) = &config.master_key {
        MasterKey::from_base64(text.expose()).context("`master_key`")?;
    }
    upstream_client(config).map(drop)
}

/// Starts the data plane on an open store.
pub(crate) async fn start_gateway(config: &Config, store: Store) -> anyhow::Result<Gateway> {
    create_data_dir(config)?;
    let deps = GatewayDeps { store, upstream: upstream_client(config)?, clock: Arc::new(SystemClock) };
    Gateway::start(gateway_config(config), deps).await.context("the gate cannot start")
}

fn upstream_client(config: &Config) -> anyhow::Result<Client> {
    Client::new(client_config(config)).context("the upstream client cannot start")
}

/// The bounds on connections.
pub(crate) fn connection_limits(config: &Config) -> ConnectionLimits {
    ConnectionLimits {
        max_connections: config.limits.max_connections.get(),
        header_read_timeout: config.limits.header_read_timeout_ms.duration(),
    }
}

/// Creates the data folder, for its owner only, where it is missing.
pub(crate) fn create_data_dir(config: &Config) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data_dir)
        .with_context(|| format!("cannot create {}", config.data_dir.display()))
}

fn master_key(config: &Config) -> anyhow::Result<MasterKey> {
    if let Some(text) = &config.master_key {
        return MasterKey::from_base64(text.expose()).context("`master_key`");
    }
    let path = match &config.master_key_file {
        Some(path) => path.clone(),
        None => {
            create_data_dir(config)?;
            config.data_dir.join("master.key")
        }
    };
    MasterKey::load_or_create(&path).with_context(|| path.display().to_string())
}

fn gateway_config(config: &Config) -> GatewayConfig {
    GatewayConfig {
        max_body_bytes: config.limits.max_body_bytes.get(),
        max_decoded_bytes: config.limits.max_decoded_bytes.get(),
        max_answer_bytes: config.limits.max_answer_bytes.get(),
        max_event_bytes: config.limits.max_event_bytes.get(),
        max_attempts: config.failover.max_attempts.get(),
        failover_budget: config.failover.budget_ms.duration(),
        retry_budget: BudgetTerms {
            percent: u32::try_from(config.failover.retry_percent).unwrap_or(u32::MAX),
            floor_per_s: u32::try_from(config.failover.min_retries_per_s).unwrap_or(u32::MAX),
        },
        keepalive_after: config.keepalive_after_ms.duration(),
        keepalive_first: config.keepalive_first_ms.map(|ms| ms.duration()),
        drain_limit: config.caller_gone_drain_ms.duration(),
        settlement_queue: config.settlement.queue.get(),
        settlement_interval: config.settlement.interval_ms.duration(),
        journal: Some(config.data_dir.join("journal")),
        config_poll: config.config_poll_ms.duration(),
        slot_wait: config.concurrency.wait_ms.duration(),
        slot_queue: config.concurrency.queue,
        trusted_proxies: config.trusted_proxies.clone(),
        default_price: default_price(config),
    }
}

/// What a model without a price of its own costs.
pub(crate) fn default_price(config: &Config) -> Option<ModelPrice> {
    let price = &config.default_price;
    Some(ModelPrice {
        cache_write_5m: price.cache_write_5m,
        cache_write_1h: price.cache_write_1h,
        cache_read: price.cache_read,
        web_search_per_thousand: price.web_search_per_thousand,
        ..ModelPrice::new(price.input?, price.output?)
    })
}

fn client_config(config: &Config) -> ClientConfig {
    let upstream = &config.upstream;
    ClientConfig {
        extra_ca_file: upstream.extra_ca_file.clone(),
        allow_private: match upstream.allow_private_addresses.as_slice() {
            [] => AllowPrivate::None,
            networks => AllowPrivate::Networks(networks.to_vec()),
        },
        timeouts: Timeouts {
            connect: upstream.connect_timeout_ms.duration(),
            tls: upstream.tls_timeout_ms.duration(),
            first_byte: upstream.first_byte_timeout_ms.duration(),
            idle: upstream.idle_timeout_ms.duration(),
            total: upstream.total_timeout_ms.duration(),
        },
        max_idle_per_host: upstream.max_idle_per_host,
        idle_timeout: upstream.pool_idle_timeout_ms.duration(),
        http2: match upstream.http2 {
            Http2::Auto => Http2Mode::Auto,
            Http2::Never => Http2Mode::Never,
        },
        max_streams_per_connection: upstream.max_streams_per_connection.get(),
        max_http2_connections_per_host: upstream.max_http2_connections_per_host.get(),
        max_dials_per_host: upstream.max_dials_per_host.get(),
        ..ClientConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    /// The keys' defaults are written a second time in the crates that use them; they must agree.
    #[test]
    fn defaults_are_those_of_the_crates() {
        let (config, _) = Sources::default().load().unwrap();
        // Only a process has a folder to keep a journal in.
        let journal = gateway_config(&config).journal;
        let defaults = GatewayConfig { journal, ..GatewayConfig::default() };
        assert_eq!(format!("{:?}", gateway_config(&config)), format!("{defaults:?}"));
        assert_eq!(format!("{:?}", client_config(&config)), format!("{:?}", ClientConfig::default()));
    }
}
