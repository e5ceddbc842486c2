//! An answer: its head, and its body read chunk by chunk.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use tokio::time::Instant;

use crate::error::{Kind, Phase, UpstreamError};
use crate::pool::{Host, Lease, keep_for};
use crate::watch::after;

/// What an upstream answered.
#[derive(Debug)]
pub struct Answer {
    /// The status, whatever it is.
    pub status: StatusCode,
    /// The headers as they came.
    pub headers: HeaderMap,
    /// The body. Dropping it before its end cancels the request.
    pub body: AnswerBody,
}

impl Answer {
    pub(crate) fn new(
        response: Response<Incoming>,
        lease: Lease,
        host: &Arc<Host>,
        idle: Duration,
        deadline: Instant,
    ) -> Self {
        let keep_for = match &lease {
            Lease::Http1(_) => keep_for(&response, host.shared.config.idle_timeout),
            Lease::Http2(_) => None,
        };
        let (parts, incoming) = response.into_parts();
        let mut body = AnswerBody {
            incoming,
            lease: Some(lease),
            host: Arc::clone(host),
            keep_for,
            idle,
            deadline,
            waiting_since: None,
        };
        if body.incoming.is_end_stream() {
            body.finish();
        }
        Self { status: parts.status, headers: parts.headers, body }
    }
}

/// The body of an [`Answer`].
///
/// At its end an HTTP/1.1 connection goes back to the pool. Dropped before, the connection is closed, or the HTTP/2
/// stream reset.
pub struct AnswerBody {
    // Before the lease: a stream must be reset before it counts as free.
    incoming: Incoming,
    /// Gone once the body has ended, well or not.
    lease: Option<Lease>,
    host: Arc<Host>,
    keep_for: Option<Duration>,
    idle: Duration,
    deadline: Instant,
    /// Since when the reader has been waiting for the next chunk. Kept over calls, so that a reader that also waits
    /// for other things does not move the deadline; not counted while nobody reads.
    waiting_since: Option<Instant>,
}

impl fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerBody").field("ended", &self.lease.is_none()).finish_non_exhaustive()
    }
}

impl AnswerBody {
    /// The next piece of the body as it arrived, never empty; `None` at its end. Cancel-safe. Trailers are left out.
    ///
    /// # Errors
    /// [`Kind::Closed`] if the body was cut before its declared end; [`Phase::Idle`] or [`Phase::Total`] with
    /// [`Kind::Timeout`] if a deadline passed. After an error there is nothing more.
    pub async fn chunk(&mut self) -> Option<Result<Bytes, UpstreamError>> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// The poll form of [`AnswerBody::chunk`].
    ///
    /// # Errors
    /// The same.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpstreamError>>> {
        let Some(lease) = &mut self.lease else {
            return Poll::Ready(None);
        };
        loop {
            match Pin::new(&mut self.incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.waiting_since = None;
                    match frame.into_data() {
                        Ok(data) if !data.is_empty() => {
                            if self.incoming.is_end_stream() {
                                self.finish();
                            }
                            return Poll::Ready(Some(Ok(data)));
                        }
                        _ => {}
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    self.lease = None;
                    return Poll::Ready(Some(Err(UpstreamError::hyper(Phase::Body, error).retry(false))));
                }
                Poll::Ready(None) => return Poll::Ready(self.end()),
                Poll::Pending => break,
            }
        }
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        let idle_by = after(since, self.idle);
        ready!(lease.watch().poll_until(cx, idle_by.min(self.deadline)));
        self.lease = None;
        let phase = if idle_by < self.deadline { Phase::Idle } else { Phase::Total };
        Poll::Ready(Some(Err(UpstreamError::new(phase, Kind::Timeout))))
    }

    /// No more frames. hyper takes an HTTP/2 reset without an error code for an end, also in the middle of a body.
    fn end(&mut self) -> Option<Result<Bytes, UpstreamError>> {
        if matches!(self.lease, Some(Lease::Http2(_))) && !self.incoming.is_end_stream() {
            self.lease = None;
            return Some(Err(UpstreamError::new(Phase::Body, Kind::Closed)));
        }
        self.finish();
        None
    }

    fn finish(&mut self) {
        match self.lease.take() {
            Some(Lease::Http1(connection)) => connection.give_back(&self.host, self.keep_for),
            Some(Lease::Http2(_)) | None => {}
        }
    }

    /// The length the upstream declared of what is still to come, in bytes.
    #[must_use]
    pub fn remaining_bytes(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    /// Reads the body to its end; without a copy if it came in one piece.
    ///
    /// # Errors
    /// Those of [`AnswerBody::chunk`], and [`Kind::TooLarge`] if the body is longer than `limit_bytes`.
    pub async fn collect(mut self, limit_bytes: usize) -> Result<Bytes, UpstreamError> {
        let too_large = || Err(UpstreamError::new(Phase::Body, Kind::TooLarge));
        let declared = self.remaining_bytes();
        if declared.is_some_and(|bytes| bytes > limit_bytes as u64) {
            return too_large();
        }
        let Some(first) = self.chunk().await.transpose()? else {
            return Ok(Bytes::new());
        };
        if first.len() > limit_bytes {
            return too_large();
        }
        let Some(second) = self.chunk().await.transpose()? else {
            return Ok(first);
        };

        let known = declared.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0);
        let mut all = BytesMut::with_capacity(known.max(first.len() + second.len()));
        all.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(chunk) = next {
            if all.len() + chunk.len() > limit_bytes {
                return too_large();
            }
            all.extend_from_slice(&chunk);
            next = self.chunk().await.transpose()?;
        }
        Ok(all.freeze())
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        if self.lease.is_none() {
            return;
        }
        // hyper does not say the end of a body of known length, and a reader that stopped at its protocol's own end
        // has not asked for the end of a chunked one: look once more before the connection is given up.
        let at_end = self.incoming.is_end_stream()
            || matches!(
                Pin::new(&mut self.incoming).poll_frame(&mut Context::from_waker(Waker::noop())),
                Poll::Ready(None)
            );
        if at_end {
            self.finish();
        }
    }
}
