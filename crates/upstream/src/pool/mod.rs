//! The connections to one host: which protocol it speaks, and who gets which connection.

mod http1;
mod http2;
mod settle;
mod streams;

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::config::{ClientConfig, Http2Mode};
use crate::dial::dial;
use crate::error::{Kind, Phase, UpstreamError};
use crate::proxy::Proxy;
use crate::tls::Tls;
use crate::watch::Watch;

use http1::Idle;
pub(crate) use http1::{Http1, keep_for};
pub(crate) use http2::Slot;
use http2::Streams;

/// What all hosts of a client share.
pub(crate) struct Shared {
    pub(crate) config: ClientConfig,
    pub(crate) tls: Tls,
}

/// What makes two base URLs share connections.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) loopback_ok: bool,
}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The proxy, which holds secrets, is only compared.
        (self.tls, &self.host, self.port).hash(state);
    }
}

/// A connection lent for one request.
pub(crate) enum Lease {
    Http1(Http1),
    Http2(Slot),
}

impl Lease {
    /// The timer to use while the connection is lent.
    pub(crate) fn watch(&mut self) -> &mut Watch {
        match self {
            Self::Http1(connection) => connection.watch(),
            Self::Http2(slot) => &mut slot.watch,
        }
    }
}

/// The connections of one route.
pub(crate) struct Host {
    pub(crate) route: Arc<Route>,
    pub(crate) shared: Arc<Shared>,
    speaks: AtomicU8,
    idle: Mutex<Idle>,
    streams: Mutex<Streams>,
    dial_slots: Semaphore,
}

const UNKNOWN: u8 = 0;
const HTTP1: u8 = 1;
const HTTP2: u8 = 2;

/// A lock whose holders never panic halfway: they only move connections and count.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host {
    pub(crate) fn new(route: Arc<Route>, shared: Arc<Shared>) -> Self {
        let multiplexed = route.tls && shared.config.http2 == Http2Mode::Auto;
        Self {
            route,
            speaks: AtomicU8::new(if multiplexed { UNKNOWN } else { HTTP1 }),
            idle: Mutex::default(),
            streams: Mutex::new(Streams::new(&shared.config)),
            dial_slots: Semaphore::new(shared.config.max_dials_per_host.clamp(1, Semaphore::MAX_PERMITS)),
            shared,
        }
    }

    /// A connection for one request. `fresh` asks for one that no request was on before, where that matters.
    pub(crate) async fn lease(
        self: &Arc<Self>,
        fresh: bool,
        deadline: Instant,
    ) -> Result<Lease, UpstreamError> {
        if self.speaks.load(Ordering::Relaxed) == HTTP1 {
            self.lease_http1(fresh, deadline).await
        } else {
            self.lease_stream(fresh, deadline).await
        }
    }

    async fn lease_http1(self: &Arc<Self>, fresh: bool, deadline: Instant) -> Result<Lease, UpstreamError> {
        if !fresh && let Some(connection) = self.idle_http1().await {
            return Ok(Lease::Http1(connection));
        }
        // Boxed: dialling is rare, and its state must not make every request's future large.
        Box::pin(self.dial_http1(fresh, deadline)).await
    }

    async fn dial_http1(self: &Arc<Self>, fresh: bool, deadline: Instant) -> Result<Lease, UpstreamError> {
        let permit = match self.dial_slots.try_acquire() {
            Ok(permit) => permit,
            Err(_) => {
                let waited = timeout_at(deadline, self.dial_slots.acquire()).await;
                let Ok(Ok(permit)) = waited else {
                    return Err(UpstreamError::new(Phase::Connect, Kind::Timeout));
                };
                // Someone may have finished meanwhile.
                if !fresh && let Some(connection) = self.idle_http1().await {
                    return Ok(Lease::Http1(connection));
                }
                permit
            }
        };
        let dialed = dial(&self.route, &self.shared, deadline).await?;
        drop(permit);
        if dialed.http2 {
            self.speaks.store(HTTP2, Ordering::Relaxed);
            return self.adopt_and_take(dialed.stream).await.map(Lease::Http2);
        }
        Ok(Lease::Http1(Http1::open(dialed.stream, self).await?))
    }

    /// Drops what has been idle too long. True if connections or waiting requests are left.
    pub(crate) fn sweep(&self, now: Instant) -> bool {
        let idle_left = lock(&self.idle).sweep(now);
        let (streams_left, expired) = lock(&self.streams).sweep(now, self.shared.config.idle_timeout);
        drop(expired);
        idle_left || streams_left
    }
}
