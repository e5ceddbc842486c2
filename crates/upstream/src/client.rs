//! The client: endpoints, and one request from lease to answer.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::Either;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::answer::Answer;
use crate::body::SendBody;
use crate::config::ClientConfig;
use crate::endpoint::{BaseUrl, Endpoint, Outgoing, RequestHead};
use crate::error::{Kind, Phase, UpstreamError};
use crate::pool::{Host, Lease, Route, Shared};
use crate::proxy::Proxy;
use crate::tls::Tls;
use crate::watch::after;

/// How often a request that no byte was sent of is tried again: on HTTP/1.1 on a new connection; on HTTP/2 on another,
/// which may have been told to go away at the same moment.
const RETRIES_HTTP1: u32 = 1;
const RETRIES_HTTP2: u32 = 3;

/// A client for any number of upstreams. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    hosts: Mutex<HashMap<Arc<Route>, Arc<Host>>>,
    sweeper: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.0.shared.config).finish_non_exhaustive()
    }
}

impl Client {
    /// Builds a client: reads the system's root certificates and the extra CA file.
    ///
    /// # Errors
    /// [`Kind::BadConfig`] if the extra CA file cannot be read or holds no certificate.
    pub fn new(config: ClientConfig) -> Result<Self, UpstreamError> {
        let tls = Tls::new(&config)?;
        let shared = Arc::new(Shared { config, tls });
        Ok(Self(Arc::new(Inner { shared, hosts: Mutex::default(), sweeper: Mutex::default() })))
    }

    /// Reads and checks a base URL (`http(s)://host[:port][/path]`) and a proxy URL (`http://`, `https://`,
    /// `socks5://` or `socks5h://`, with `user:password@` if need be). Endpoints with the same scheme, host, port and
    /// proxy share connections. `explicit_loopback_ok` permits the loopback if the base URL itself names it.
    ///
    /// A proxy is the operator's own choice, so its address is not checked; nor is what a proxy that resolves names
    /// itself (all but `socks5://`) connects to, beyond a literal address in the base URL.
    ///
    /// # Errors
    /// [`Kind::BadUrl`] if one of the URLs cannot be used.
    pub fn endpoint(
        &self,
        base_url: &str,
        proxy: Option<&str>,
        explicit_loopback_ok: bool,
    ) -> Result<Endpoint, UpstreamError> {
        let base = BaseUrl::parse(base_url)?;
        let proxy = proxy.map(Proxy::parse).transpose()?;
        let route = Arc::new(Route {
            tls: base.tls,
            host: base.host.clone(),
            port: base.port,
            proxy,
            loopback_ok: explicit_loopback_ok && base.names_loopback(),
        });
        let mut hosts = self.0.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let host = hosts
            .entry(Arc::clone(&route))
            .or_insert_with(|| Arc::new(Host::new(Arc::clone(&route), Arc::clone(&self.0.shared))));
        let host = Arc::clone(host);
        drop(hosts);
        Endpoint::new(base, host)
    }

    /// Sends one request, its body in slices, and waits for the head of the answer. Any status is an answer,
    /// redirects too. Dropping the future cancels the request.
    ///
    /// A request that provably did not leave this process, because a pooled connection had just been closed, is sent
    /// again on another connection; nothing else is.
    ///
    /// # Errors
    /// An [`UpstreamError`] that says how far the request came and whether it may be sent again.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        head: RequestHead,
        body: Vec<Bytes>,
    ) -> Result<Answer, UpstreamError> {
        let deadline = after(Instant::now(), self.0.shared.config.timeouts.total);
        let mut outgoing = endpoint.0.outgoing(head, SendBody::new(body))?;
        let mut retries = 0;
        loop {
            let leased = endpoint.0.host.lease(retries > 0, deadline).await;
            let lease = leased.map_err(|error| total_if_past(error, deadline))?;
            self.keep_sweeping();
            let most = if matches!(lease, Lease::Http1(_)) { RETRIES_HTTP1 } else { RETRIES_HTTP2 };
            match self.exchange(endpoint, lease, outgoing, deadline).await {
                Exchanged::Answer(answer) => return Ok(answer),
                Exchanged::Failed(error) => return Err(error),
                Exchanged::Unsent(_, error) if retries >= most => return Err(error),
                Exchanged::Unsent(returned, _) => {
                    outgoing = returned;
                    retries += 1;
                }
            }
        }
    }

    async fn exchange(
        &self,
        endpoint: &Endpoint,
        mut lease: Lease,
        outgoing: Outgoing,
        deadline: Instant,
    ) -> Exchanged {
        let timeouts = &self.0.shared.config.timeouts;
        let head_by = after(Instant::now(), timeouts.first_byte).min(deadline);
        let sending = match &mut lease {
            Lease::Http1(connection) => Either::Left(connection.send(endpoint.0.http1_request(outgoing))),
            Lease::Http2(slot) => match endpoint.0.http2_request(outgoing) {
                Ok(request) => Either::Right(slot.send(request)),
                Err(error) => return Exchanged::Failed(error),
            },
        };
        let mut sending = pin!(sending);
        let result = poll_fn(|cx| match sending.as_mut().poll(cx) {
            Poll::Ready(result) => Poll::Ready(Some(result)),
            Poll::Pending => lease.watch().poll_until(cx, head_by).map(|()| None),
        })
        .await;
        match result {
            Some(Ok(response)) => {
                Exchanged::Answer(Answer::new(response, lease, &endpoint.0.host, timeouts.idle, deadline))
            }
            Some(Err(mut error)) => match error.take_message() {
                Some(request) => Exchanged::Unsent(
                    Outgoing::recover(request),
                    UpstreamError::hyper(Phase::Send, error.into_error()).retry(true),
                ),
                None => Exchanged::Failed(UpstreamError::hyper(Phase::FirstByte, error.into_error())),
            },
            None => {
                let phase = if head_by == deadline { Phase::Total } else { Phase::FirstByte };
                Exchanged::Failed(UpstreamError::new(phase, Kind::Timeout))
            }
        }
    }

    /// Starts the task that drops idle connections, unless it runs.
    fn keep_sweeping(&self) {
        let Ok(mut sweeper) = self.0.sweeper.try_lock() else {
            return;
        };
        if sweeper.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        *sweeper = Some(tokio::spawn(sweep(Arc::downgrade(&self.0))));
    }
}

enum Exchanged {
    Answer(Answer),
    /// No byte of the request was sent: here it is again.
    Unsent(Outgoing, UpstreamError),
    Failed(UpstreamError),
}

/// A time-out of an early phase that was the whole request's time in truth.
fn total_if_past(mut error: UpstreamError, deadline: Instant) -> UpstreamError {
    if error.kind == Kind::Timeout && Instant::now() >= deadline {
        error.phase = Phase::Total;
    }
    error
}

/// Drops connections that were idle too long, and hosts that nothing refers to, as long as the client lives.
async fn sweep(client: Weak<Inner>) {
    loop {
        let Some(idle_timeout) = client.upgrade().map(|inner| inner.shared.config.idle_timeout) else {
            return;
        };
        sleep((idle_timeout / 4).clamp(Duration::from_millis(100), Duration::from_secs(15))).await;
        let Some(inner) = client.upgrade() else { return };
        let now = Instant::now();
        let mut hosts = inner.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.retain(|_, host| host.sweep(now) || Arc::strong_count(host) > 1);
    }
}
