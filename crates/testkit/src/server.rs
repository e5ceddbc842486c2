//! The listener and its connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::SandboxConfig;
use crate::connection::{Connection, Handle};
use crate::counts::Counts;
use crate::record::Recorded;
use crate::serve;
use crate::state::State;

/// A running sandbox provider. Dropping it stops it; [`Sandbox::stop`] also waits until its connections are closed.
#[derive(Debug)]
pub struct Sandbox {
    state: Arc<State>,
    addr: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Sandbox {
    /// Starts a sandbox. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn start(config: SandboxConfig) -> io::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let addr = listener.local_addr()?;
        let state = Arc::new(State::new(config));
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self { state, addr, accepting })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://` or `https://` with address and port, without a slash at the end. A path such as `/v1/messages`
    /// follows.
    #[must_use]
    pub fn base_url(&self) -> String {
        let scheme = if self.state.config.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.addr)
    }

    /// What it served so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.state.ledger.snapshot()
    }

    /// The last requests, oldest first; none unless [`SandboxConfig::record`] or [`Sandbox::record`] asked for it.
    #[must_use]
    pub fn last_requests(&self) -> Vec<Recorded> {
        self.state.recorder.all()
    }

    /// Starts or stops keeping requests.
    pub fn record(&self, on: bool) {
        self.state.recorder.switch(on);
    }

    /// Forgets counts, kept requests, stored responses and how often `times=` applied.
    pub fn reset(&self) {
        self.state.reset();
    }

    /// Stops listening and closes all connections.
    pub async fn stop(mut self) {
        self.accepting.abort();
        // Aborted: the only error there can be.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Accepts until it is aborted; its connections end with it.
async fn accept(listener: TcpListener, state: Arc<State>) {
    let acceptor = state.config.tls.clone().map(TlsAcceptor::from);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, acceptor.clone(), Arc::clone(&state)));
                }
                // Out of file descriptors, most likely: others must close first.
                Err(error) => {
                    tracing::debug!(%error, "the sandbox could not accept a connection");
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>, state: Arc<State>) {
    // Events must leave one by one; a socket that cannot do it still works.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let stream = Connection::new(stream, &reset);
    match acceptor {
        None => serve_stream(stream, reset, state).await,
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => serve_stream(stream, reset, state).await,
            Err(error) => tracing::debug!(%error, "the sandbox saw a failed TLS handshake"),
        },
    }
}

async fn serve_stream<S>(stream: S, reset: Arc<AtomicBool>, state: Arc<State>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(state.config.max_concurrent_streams.unwrap_or(200));
    builder.http1().timer(TokioTimer::new());
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let handle = Handle::new(&reset, request.version());
        serve::handle(Arc::clone(&state), handle, request)
    });
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        // Cut and reset connections come here too.
        tracing::trace!(error, "a sandbox connection ended early");
    }
}
