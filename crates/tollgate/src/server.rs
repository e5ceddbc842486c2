//! The accept loop: connections in, one handler call a request, a graceful end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// After an accept failed for want of resources, the wait before the next try.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The largest HTTP/2 header list: coding agents send their state in headers of several kilobytes.
const MAX_HEADER_LIST_BYTES: u32 = 64 << 10;

/// Bounds on connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLimits {
    /// How many may be open; further ones wait in the kernel's queue.
    pub(crate) max_connections: usize,
    /// How long a caller may take to send a request's headers.
    pub(crate) header_read_timeout: Duration,
}

/// A listening socket and the connections it gave.
pub(crate) struct Server<H> {
    listener: TcpListener,
    handler: H,
    builder: auto::Builder<TokioExecutor>,
    max_connections: usize,
    slots: Arc<Semaphore>,
    graceful: GracefulShutdown,
    cut: CancellationToken,
    header_read_timeout: Duration,
}

impl<H, F, B> Server<H>
where
    H: Fn(Request<Incoming>, SocketAddr) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// A server that calls `handler` for each request of each connection `listener` accepts.
    pub(crate) fn new(listener: TcpListener, limits: ConnectionLimits, handler: H) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.header_read_timeout);
        builder.http2().timer(TokioTimer::new()).max_header_list_size(MAX_HEADER_LIST_BYTES);
        let max_connections = limits.max_connections.min(Semaphore::MAX_PERMITS);
        Self {
            listener,
            handler,
            builder,
            max_connections,
            slots: Arc::new(Semaphore::new(max_connections)),
            graceful: GracefulShutdown::new(),
            cut: CancellationToken::new(),
            header_read_timeout: limits.header_read_timeout,
        }
    }

    /// Accepts and serves until `stop` is ready.
    pub(crate) async fn accept_until<S: Future>(&self, stop: S) -> S::Output {
        let mut stop = pin!(stop);
        loop {
            let accepted = tokio::select! {
                biased;
                stopped = &mut stop => return stopped,
                accepted = self.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer, slot)) => self.spawn(stream, peer, slot),
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Stops accepting, asks each connection to end after its open requests, and cuts what is left after `timeout`.
    /// Returns how many connections were cut.
    pub(crate) async fn drain(self, timeout: Duration) -> usize {
        drop(self.listener);
        let mut all_ended = pin!(self.graceful.shutdown());
        if tokio::time::timeout(timeout, &mut all_ended).await.is_ok() {
            return 0;
        }
        let left = self.max_connections - self.slots.available_permits();
        self.cut.cancel();
        all_ended.await;
        left
    }

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        // The semaphore is never closed, so an error here cannot happen; it would only pause the loop.
        let slot = self.slots.clone().acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer) = self.listener.accept().await?;
        Ok((stream, peer, slot))
    }

    fn spawn(&self, stream: TcpStream, peer: SocketAddr, slot: OwnedSemaphorePermit) {
        // Without this the last piece of each event would wait for the client's acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, %peer, "cannot set TCP_NODELAY");
        }
        let started = Arc::new(AtomicBool::new(false));
        let service = service_fn({
            let (handler, started) = (self.handler.clone(), started.clone());
            move |request| {
                started.store(true, Ordering::Relaxed);
                let answer = handler(request, peer);
                async move { Ok::<_, std::convert::Infallible>(answer.await) }
            }
        });
        let connection = self.builder.serve_connection(TokioIo::new(stream), service).into_owned();
        let connection = self.graceful.watch(connection);
        let cut = self.cut.clone();
        let patience = self.header_read_timeout;
        tokio::spawn(async move {
            tokio::select! {
                ended = unless_silent(patience, &started, connection) => {
                    if let Some(Err(error)) = ended {
                        tracing::debug!(error = %error, %peer, "connection ended");
                    }
                }
                () = cut.cancelled() => {}
            }
            drop(slot);
        });
    }
}

/// Runs a connection, giving up if no request has started within `patience`.
///
/// hyper's own header timeout begins once the protocol version is known, which a caller that sends nothing, or half
/// of an HTTP/2 preface, would put off for ever.
async fn unless_silent<C: Future>(
    patience: Duration,
    started: &AtomicBool,
    connection: C,
) -> Option<C::Output> {
    let mut connection = pin!(connection);
    match tokio::time::timeout(patience, &mut connection).await {
        Ok(ended) => Some(ended),
        Err(_) if started.load(Ordering::Relaxed) => Some(connection.await),
        Err(_) => None,
    }
}

/// Whether an accept failed because the caller was gone already, which says nothing about the next one.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

#[cfg(test)]
mod tests;
