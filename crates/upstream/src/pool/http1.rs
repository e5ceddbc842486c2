//! HTTP/1.1 connections: the stack of idle ones, the last used first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{HeaderMap, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper_util::rt::TokioIo;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

use super::{Host, lock};
use crate::body::SendBody;
use crate::error::{Phase, UpstreamError};
use crate::stream::Stream;
use crate::watch::{Watch, after};

/// A connection whose answer has just been read may need a moment until hyper is done with it.
const SETTLE: Duration = Duration::from_millis(10);
/// Bounds what hyper reads at once, and so the memory of an open stream.
const MAX_BUFFER_BYTES: usize = 128 * 1024;

/// One HTTP/1.1 connection. Boxed, so that lending it moves one pointer.
pub(crate) struct Http1(Box<State>);

struct State {
    sender: http1::SendRequest<SendBody>,
    task: AbortHandle,
    /// Set once hyper has taken the whole body of the request in flight.
    body_taken: Arc<AtomicBool>,
    /// A request is in flight: without its end the connection is of no more use.
    busy: bool,
    watch: Watch,
    expires: Instant,
}

impl Http1 {
    /// Makes a connection of a stream and runs it in a task.
    pub(super) async fn open(stream: Stream, host: &Host) -> Result<Self, UpstreamError> {
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_BUFFER_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| UpstreamError::hyper(Phase::Connect, error).retry(true))?;
        let name = host.route.host.clone();
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(host = name, %error, "an HTTP/1.1 connection ended");
            }
        });
        Ok(Self(Box::new(State {
            sender,
            task: task.abort_handle(),
            body_taken: Arc::new(AtomicBool::new(true)),
            busy: false,
            watch: Watch::default(),
            expires: Instant::now(),
        })))
    }

    fn is_alive(&self, now: Instant) -> bool {
        !self.0.sender.is_closed() && self.0.expires > now
    }

    pub(crate) fn watch(&mut self) -> &mut Watch {
        &mut self.0.watch
    }

    /// Starts a request. From here until [`Http1::give_back`] dropping the connection closes it.
    pub(crate) fn send(
        &mut self,
        mut request: Request<SendBody>,
    ) -> impl Future<Output = Result<Response<Incoming>, TrySendError<Request<SendBody>>>> + use<> {
        self.0.busy = true;
        request.body_mut().report_to(&self.0.body_taken);
        self.0.sender.try_send_request(request)
    }

    /// Ends a request whose answer was read to its end, and keeps the connection for the next one if it can be.
    pub(crate) fn give_back(mut self, host: &Host, keep_for: Option<Duration>) {
        let Some(keep_for) = keep_for else { return };
        if self.0.sender.is_closed() {
            return;
        }
        // An answer that came before the request was read: the server may never read the rest.
        if !self.0.body_taken.load(Ordering::Acquire) {
            return;
        }
        self.0.busy = false;
        self.0.expires = after(Instant::now(), keep_for);
        let mut idle = lock(&host.idle);
        if idle.0.len() < host.shared.config.max_idle_per_host {
            idle.0.push(self);
        }
    }
}

impl Drop for Http1 {
    fn drop(&mut self) {
        if self.0.busy {
            self.0.task.abort();
        }
    }
}

/// How long a connection may be kept after this answer; `None` if not at all.
pub(crate) fn keep_for(response: &Response<Incoming>, default: Duration) -> Option<Duration> {
    if response.version() != Version::HTTP_11 || response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return None;
    }
    keep_for_headers(response.headers(), default)
}

fn keep_for_headers(headers: &HeaderMap, default: Duration) -> Option<Duration> {
    let has = |name: &header::HeaderName, token: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .any(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token)))
    };
    if headers.contains_key(header::CONNECTION) && has(&header::CONNECTION, "close") {
        return None;
    }
    match headers.get("keep-alive").and_then(|value| value.to_str().ok()) {
        Some(value) => match announced_timeout_s(value) {
            // One second less: the server's clock began when it sent its answer.
            Some(seconds) => (seconds > 1).then(|| default.min(Duration::from_secs(seconds - 1))),
            None => Some(default),
        },
        None => Some(default),
    }
}

/// The `timeout=N` of a `keep-alive` header (RFC 2068, 19.7.1.1; Node and nginx send it).
fn announced_timeout_s(value: &str) -> Option<u64> {
    value.split(',').find_map(|part| {
        let (name, seconds) = part.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("timeout") { seconds.trim().parse().ok() } else { None }
    })
}

/// The idle connections of a host; the end is the top.
#[derive(Default)]
pub(super) struct Idle(Vec<Http1>);

enum Found {
    Ready(Http1),
    Settling(Http1),
}

impl Idle {
    /// The newest usable connection; one that hyper is not quite done with only if there is no other.
    fn pop(&mut self, now: Instant) -> Option<Found> {
        let mut settling = Vec::new();
        let mut ready = None;
        while let Some(connection) = self.0.pop() {
            if !connection.is_alive(now) {
                continue;
            }
            if connection.0.sender.is_ready() {
                ready = Some(connection);
                break;
            }
            settling.push(connection);
        }
        let found = match ready {
            Some(connection) => Some(Found::Ready(connection)),
            None if settling.is_empty() => None,
            None => Some(Found::Settling(settling.remove(0))),
        };
        self.0.extend(settling.into_iter().rev());
        found
    }

    /// Drops what is dead or too old; true if some are left.
    pub(super) fn sweep(&mut self, now: Instant) -> bool {
        self.0.retain(|connection| connection.is_alive(now));
        self.0.shrink_to(16);
        !self.0.is_empty()
    }
}

impl Host {
    /// Keeps a new connection that nobody waits for any more.
    pub(super) fn keep_http1(&self, connection: Http1) {
        let keep_for = self.shared.config.idle_timeout;
        connection.give_back(self, Some(keep_for));
    }

    pub(super) async fn idle_http1(&self) -> Option<Http1> {
        let found = lock(&self.idle).pop(Instant::now())?;
        match found {
            Found::Ready(connection) => Some(connection),
            Found::Settling(mut connection) => {
                let ready = timeout(SETTLE, connection.0.sender.ready()).await;
                matches!(ready, Ok(Ok(()))).then_some(connection)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_an_answer_lets_a_connection_live() {
        let default = Duration::from_secs(50);
        let cases = [
            (vec![], Some(50)),
            (vec![("connection", "keep-alive")], Some(50)),
            (vec![("connection", "close")], None),
            (vec![("connection", "x, Close")], None),
            (vec![("keep-alive", "timeout=5")], Some(4)),
            (vec![("keep-alive", "timeout=5, max=100")], Some(4)),
            (vec![("keep-alive", "max=100, timeout=600")], Some(50)),
            (vec![("keep-alive", "timeout=1")], None),
            (vec![("keep-alive", "garbage")], Some(50)),
        ];
        for (headers, seconds) in cases {
            let map: HeaderMap = headers
                .iter()
                .map(|&(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect();
            assert_eq!(keep_for_headers(&map, default).map(|d| d.as_secs()), seconds, "{headers:?}");
        }
    }
}
