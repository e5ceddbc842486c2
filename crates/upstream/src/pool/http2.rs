//! HTTP/2 connections: opening as many as the load needs, and lending their streams.

use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::settle::{Connection, Ended, Exec, Gate, NOT_SAID, run};
use super::streams::{Carrier, Waiter};
use super::{HTTP1, HTTP2, Host, Http1, Lease, lock};
use crate::body::SendBody;
use crate::dial::dial;
use crate::error::{Kind, Phase, UpstreamError};
use crate::stream::Stream;
use crate::watch::{Watch, after};

/// Flow-control windows: one slow reader must not starve the other streams of its connection, so the connection's
/// window is far larger than a stream's.
const STREAM_WINDOW_BYTES: u32 = 1024 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 64 * 1024 * 1024;
const MAX_HEADER_LIST_BYTES: u32 = 64 * 1024;

pub(super) type Streams = super::streams::Streams<http2::SendRequest<SendBody>, oneshot::Sender<Grant>>;

impl Carrier for http2::SendRequest<SendBody> {
    fn is_closed(&self) -> bool {
        self.is_closed()
    }
}

impl Waiter for oneshot::Sender<Grant> {
    fn is_gone(&self) -> bool {
        self.is_closed()
    }
}

/// What a request that waited for a stream gets.
pub(super) enum Grant {
    Stream(Slot),
    /// The host speaks HTTP/1.1: here is a connection, or open one.
    Http1(Option<Http1>),
    Failed(UpstreamError),
}

/// One stream of a connection, counted until it is dropped.
pub(crate) struct Slot {
    host: Arc<Host>,
    id: u64,
    sender: http2::SendRequest<SendBody>,
    pub(crate) watch: Watch,
}

impl Slot {
    fn new(host: &Arc<Host>, (id, sender): (u64, http2::SendRequest<SendBody>)) -> Self {
        Self { host: Arc::clone(host), id, sender, watch: Watch::default() }
    }

    pub(crate) fn send(
        &mut self,
        request: Request<SendBody>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<SendBody>>>> + use<> {
        self.sender.try_send_request(request)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut streams = lock(&self.host.streams);
        streams.ended(self.id, Instant::now());
        let granted = streams.hand_out();
        drop(streams);
        deliver(&self.host, granted);
    }
}

/// Gives streams to those who waited for them. Without the lock: a stream nobody wants any more comes back.
fn deliver(host: &Arc<Host>, granted: Vec<(oneshot::Sender<Grant>, u64, http2::SendRequest<SendBody>)>) {
    for (waiter, id, sender) in granted {
        drop(waiter.send(Grant::Stream(Slot::new(host, (id, sender)))));
    }
}

impl Host {
    /// A stream with room on an open connection, or on one that is opened for it and its neighbours.
    pub(super) async fn lease_stream(
        self: &Arc<Self>,
        fresh: bool,
        deadline: Instant,
    ) -> Result<Lease, UpstreamError> {
        let granted = match self.take_or_wait() {
            Ok(slot) => return Ok(Lease::Http2(slot)),
            Err(granted) => granted,
        };
        let by = after(Instant::now(), self.shared.config.timeouts.first_byte).min(deadline);
        match timeout_at(by, granted).await {
            Ok(Ok(Grant::Stream(slot))) => Ok(Lease::Http2(slot)),
            Ok(Ok(Grant::Http1(Some(connection)))) => Ok(Lease::Http1(connection)),
            Ok(Ok(Grant::Http1(None))) => self.lease_http1(fresh, deadline).await,
            Ok(Ok(Grant::Failed(error))) => Err(error),
            Ok(Err(_)) => Err(UpstreamError::new(Phase::Connect, Kind::Closed)),
            Err(_) => Err(UpstreamError::new(Phase::Connect, Kind::Timeout).detail("no free stream")),
        }
    }

    fn take_or_wait(self: &Arc<Self>) -> Result<Slot, oneshot::Receiver<Grant>> {
        let mut streams = lock(&self.streams);
        if let Some(taken) = streams.take() {
            drop(streams);
            return Ok(Slot::new(self, taken));
        }
        let (waiter, granted) = oneshot::channel();
        streams.wait(waiter);
        let dials = streams.plan_dials();
        drop(streams);
        self.start_dials(dials);
        Err(granted)
    }

    /// Dials in tasks of their own: a caller that leaves must not take the connection of the others with it.
    fn start_dials(self: &Arc<Self>, count: usize) {
        for _ in 0..count {
            let ticket = Ticket { host: Arc::clone(self), open: true };
            tokio::spawn(async move {
                let result = ticket.host.dial_for_waiting().await;
                ticket.finish(result);
            });
        }
    }

    async fn dial_for_waiting(self: &Arc<Self>) -> Result<Opened, UpstreamError> {
        let far = after(Instant::now(), std::time::Duration::MAX);
        let permit = self.dial_slots.acquire().await;
        let dialed = dial(&self.route, &self.shared, far).await?;
        drop(permit);
        if dialed.http2 {
            return Ok(Opened::Http2(Box::new(self.http2_handshake(dialed.stream).await?)));
        }
        Ok(Opened::Http1(Http1::open(dialed.stream, self).await?))
    }

    async fn http2_handshake(&self, stream: Stream) -> Result<New, UpstreamError> {
        let config = &self.shared.config;
        let gate = Arc::new(Gate::default());
        let (sender, connection) = http2::Builder::new(Exec(Arc::clone(&gate)))
            .timer(TokioTimer::new())
            .initial_max_send_streams(NOT_SAID)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_header_list_size(MAX_HEADER_LIST_BYTES)
            .keep_alive_interval(config.http2_ping_interval)
            .keep_alive_timeout(config.http2_ping_timeout)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| UpstreamError::hyper(Phase::Connect, error).retry(true))?;
        Ok(New { sender, connection, gate })
    }

    /// Takes in a connection that an HTTP/1.1 dial turned out to be, with one stream of it for the dialler.
    pub(super) async fn adopt_and_take(self: &Arc<Self>, stream: Stream) -> Result<Slot, UpstreamError> {
        let New { sender, connection, gate } = self.http2_handshake(stream).await?;
        let (id, taken) = {
            let mut streams = lock(&self.streams);
            (streams.opened(sender, Instant::now()), streams.take())
        };
        self.drive(id, connection, gate);
        match taken {
            Some(taken) => Ok(Slot::new(self, taken)),
            None => Err(UpstreamError::new(Phase::Connect, Kind::Closed)),
        }
    }

    fn opened_http2(self: &Arc<Self>, new: New) {
        let New { sender, connection, gate } = new;
        self.speaks.store(HTTP2, Ordering::Relaxed);
        let mut streams = lock(&self.streams);
        streams.dial_ended();
        let id = streams.opened(sender, Instant::now());
        let granted = streams.hand_out();
        drop(streams);
        self.drive(id, connection, gate);
        deliver(self, granted);
    }

    fn opened_http1(&self, connection: Http1) {
        self.speaks.store(HTTP1, Ordering::Relaxed);
        let mut streams = lock(&self.streams);
        streams.dial_ended();
        let waiting = streams.all_waiting();
        drop(streams);
        let mut connection = Some(connection);
        for waiter in waiting {
            if let Err(Grant::Http1(returned)) = waiter.send(Grant::Http1(connection.take())) {
                connection = returned;
            }
        }
        if let Some(unused) = connection {
            self.keep_http1(unused);
        }
    }

    fn dial_failed(self: &Arc<Self>, error: &UpstreamError) {
        let mut streams = lock(&self.streams);
        streams.dial_ended();
        let waiting = streams.failed();
        let more = streams.plan_dials();
        drop(streams);
        fail(waiting, error);
        self.start_dials(more);
    }

    /// Runs a connection in a task, and keeps the count of its streams true.
    fn drive(self: &Arc<Self>, id: u64, connection: Connection, gate: Arc<Gate>) {
        let host = Arc::downgrade(self);
        let settle_by = after(Instant::now(), self.shared.config.timeouts.tls);
        let name = self.route.host.clone();
        tokio::spawn(async move {
            let (kind, error) =
                match run(connection, &gate, settle_by, |limit| tell_limit(&host, id, limit)).await {
                    Ok(()) => (Kind::Closed, None),
                    Err(Ended::Silent) => (Kind::Timeout, None),
                    Err(Ended::Broken(error)) => (Kind::Protocol, Some(error)),
                };
            tracing::debug!(host = name, ?error, "an HTTP/2 connection ended");
            if let Some(host) = host.upgrade() {
                host.connection_closed(id, kind);
            }
        });
    }

    fn stream_limit(self: &Arc<Self>, id: u64, limit: usize) {
        let mut streams = lock(&self.streams);
        streams.allowed(id, limit);
        let granted = streams.hand_out();
        let more = streams.plan_dials();
        drop(streams);
        deliver(self, granted);
        self.start_dials(more);
    }

    fn connection_closed(self: &Arc<Self>, id: u64, kind: Kind) {
        let mut streams = lock(&self.streams);
        let never_usable = streams.closed(id);
        let failed = if never_usable { streams.failed() } else { Vec::new() };
        let more = streams.plan_dials();
        drop(streams);
        let error = UpstreamError::new(Phase::Connect, kind).detail("the HTTP/2 connection closed at once");
        fail(failed, &error);
        self.start_dials(more);
    }
}

fn tell_limit(host: &Weak<Host>, id: u64, limit: usize) {
    if let Some(host) = host.upgrade() {
        host.stream_limit(id, limit);
    }
}

fn fail(waiting: Vec<oneshot::Sender<Grant>>, error: &UpstreamError) {
    for waiter in waiting {
        drop(waiter.send(Grant::Failed(error.clone())));
    }
}

/// A connection whose handshake is done, not yet polled.
struct New {
    sender: http2::SendRequest<SendBody>,
    connection: Connection,
    gate: Arc<Gate>,
}

enum Opened {
    Http1(Http1),
    Http2(Box<New>),
}

/// A dial on its way. Should its task be stopped, those who wait for it hear of it.
struct Ticket {
    host: Arc<Host>,
    open: bool,
}

impl Ticket {
    fn finish(mut self, result: Result<Opened, UpstreamError>) {
        self.open = false;
        match result {
            Ok(Opened::Http2(new)) => self.host.opened_http2(*new),
            Ok(Opened::Http1(connection)) => self.host.opened_http1(connection),
            Err(error) => self.host.dial_failed(&error),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.open {
            let mut streams = lock(&self.host.streams);
            streams.dial_ended();
            let waiting = streams.failed();
            drop(streams);
            fail(waiting, &UpstreamError::new(Phase::Connect, Kind::Closed).detail("dialling was stopped"));
        }
    }
}
