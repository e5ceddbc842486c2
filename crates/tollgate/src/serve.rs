//! A running gate: from the bound socket to the last settled record.

use std::net::SocketAddr;
use std::process;

use anyhow::{Context, bail};
use hyper::Request;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tollgate_gateway::Gateway;
use tollgate_store::Store;

use crate::config::Config;
use crate::server::Server;
use crate::signals::Signals;
use crate::{output, wiring};

/// The exit code after a second signal, by the habit of shells: 128 and SIGINT's number.
const INTERRUPTED: i32 = 130;

/// `tollgate serve`.
pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let listener = bind(config.listen).await?;
    let address = listener.local_addr()?;
    let start = async {
        let store = wiring::open_store(config).await?;
        let gateway = wiring::start_gateway(config, store.clone()).await?;
        anyhow::Ok((store, gateway))
    };
    let (store, gateway) = unless_signalled(&mut signals, start).await?;
    tracing::info!(%address, "listening");
    until_stopped(config, listener, gateway, signals).await;
    store.close().await;
    Ok(())
}

/// Runs a start that a signal gives up: a database that does not answer must not keep the process from ending.
pub(crate) async fn unless_signalled<T>(
    signals: &mut Signals,
    start: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    tokio::select! {
        started = start => started,
        signal = signals.next() => bail!("{signal} before the start was complete"),
    }
}

/// Binds the address to listen on.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} (--listen picks another address)"))
}

/// Serves until a signal, then lets open requests end, and settles everything. A second signal ends the process.
pub(crate) async fn until_stopped(
    config: &Config,
    listener: TcpListener,
    gateway: Gateway,
    mut signals: Signals,
) {
    let handler = {
        let gateway = gateway.clone();
        move |request: Request<Incoming>, peer: SocketAddr| gateway.handle(request, peer)
    };
    let server = Server::new(listener, wiring::connection_limits(config), handler);
    let signal = server.accept_until(signals.next()).await;
    gateway.begin_drain();
    let limit = config.shutdown.drain_timeout_ms.duration();
    tracing::info!(signal, limit_ms = limit.as_millis(), "draining; a second signal ends at once");
    let finish = async {
        let cut = server.drain(limit).await;
        if cut > 0 {
            tracing::warn!(connections = cut, "cut what did not end in time");
        }
        gateway.finish().await;
    };
    tokio::select! {
        () = finish => tracing::info!("everything is settled"),
        signal = signals.next() => {
            output::complain(&format!("{signal} again: ending at once"));
            process::exit(INTERRUPTED);
        }
    }
}

/// Opens the store for one command and closes it after.
pub(crate) async fn with_store<F, T>(config: &Config, work: F) -> anyhow::Result<T>
where
    F: AsyncFnOnce(&Store) -> anyhow::Result<T>,
{
    let store = wiring::open_store(config).await?;
    let result = work(&store).await;
    store.close().await;
    result
}
