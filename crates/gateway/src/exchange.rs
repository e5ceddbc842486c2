//! What is still coming when a caller leaves: the rest of the answer is read for its usage, within a bound.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use tokio_util::sync::CancellationToken;
use tollgate_base::Usage;
use tollgate_protocol::{ApiError, Dialect, ErrorKind, Observed, Protocol, StreamObserver, observe_answer};
use tollgate_routing::OnDisconnect;
use tollgate_sse::Boundary;
use tollgate_store::StreamEnd;
use tollgate_upstream::{AnswerBody, Endpoint, Kind, RequestHead, UpstreamError};

use crate::draft::{Draft, Ending};
use crate::health::InFlight;
use crate::state::Shared;
use crate::stream_edit::StreamEdit;

/// The status of an answer that was on its way when its caller left.
pub(crate) const STATUS_OK: u16 = 200;

const REST_TIME: Duration = Duration::from_secs(2);

/// How much of an answer is read after its caller has gone.
#[derive(Debug, Clone)]
pub(crate) struct DrainLimits {
    time: Duration,
    answer_bytes: usize,
    /// The gate is ending: nothing more is read.
    ending: CancellationToken,
}

impl DrainLimits {
    /// As the group has it: nothing is read where its callers' calls are cancelled when they leave.
    pub(crate) fn of(shared: &Shared, on_disconnect: OnDisconnect) -> Self {
        Self {
            time: match on_disconnect {
                OnDisconnect::Drain => shared.config.drain_limit,
                OnDisconnect::Cancel => Duration::ZERO,
            },
            answer_bytes: shared.config.max_answer_bytes,
            ending: shared.ending.clone(),
        }
    }

    /// Runs a drain within its limits; `None` if it was cut.
    async fn apply<T>(&self, drain: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            drained = tokio::time::timeout(self.time, drain) => drained.ok(),
            () = self.ending.cancelled() => None,
        }
    }
}

/// Makes a call that nobody is charged for and reads its whole answer.
pub(crate) async fn fetch(
    shared: &Shared,
    endpoint: &Endpoint,
    head: RequestHead,
    body: Vec<Bytes>,
) -> Result<(StatusCode, HeaderMap, Bytes), ApiError> {
    let answer = shared.upstream.send(endpoint, head, body).await.map_err(|error| body_error(&error))?;
    let body = answer.body.collect(shared.config.max_answer_bytes).await;
    Ok((answer.status, answer.headers, body.map_err(|error| body_error(&error))?))
}

/// A whole answer being read. Dropped in the middle, it is read to its end without the caller and then settled.
pub(crate) struct Collecting<'a> {
    body: Option<AnswerBody>,
    read: WholeAnswer,
    draft: &'a mut Draft,
    protocol: Protocol,
    limits: DrainLimits,
    in_flight: Option<InFlight>,
}

impl<'a> Collecting<'a> {
    pub(crate) fn new(
        body: AnswerBody,
        protocol: Protocol,
        draft: &'a mut Draft,
        limits: DrainLimits,
        in_flight: InFlight,
    ) -> Self {
        let in_flight = Some(in_flight);
        Self { body: Some(body), read: WholeAnswer::default(), draft, protocol, limits, in_flight }
    }

    /// Reads to the end of the answer.
    pub(crate) async fn finish(mut self) -> Result<Bytes, ApiError> {
        // The body stays in `self` while it is awaited, so that a drop in between finds it.
        while let Some(body) = self.body.as_mut() {
            match body.chunk().await {
                Some(Ok(chunk)) if self.read.push(&chunk, self.limits.answer_bytes) => {}
                Some(Ok(_)) => {
                    self.body = None;
                    return Err(ApiError::of(ErrorKind::UpstreamInvalid));
                }
                Some(Err(error)) => {
                    self.body = None;
                    return Err(body_error(&error));
                }
                None => self.body = None,
            }
        }
        Ok(std::mem::take(&mut self.read).into_bytes())
    }
}

impl Drop for Collecting<'_> {
    fn drop(&mut self) {
        let Some(body) = self.body.take() else { return };
        let (read, draft) = (std::mem::take(&mut self.read), self.draft.take());
        let (protocol, limits, in_flight) = (self.protocol, self.limits.clone(), self.in_flight.take());
        spawn(async move {
            drain_whole(body, read, draft, protocol, limits).await;
            drop(in_flight);
        });
    }
}

/// The bytes of an answer so far; a single chunk is kept as it lies.
#[derive(Default)]
struct WholeAnswer {
    first: Bytes,
    more: BytesMut,
}

impl WholeAnswer {
    /// Adds a chunk; `false` when the answer is larger than `limit_bytes`.
    fn push(&mut self, chunk: &Bytes, limit_bytes: usize) -> bool {
        if self.first.len() + self.more.len() + chunk.len() > limit_bytes {
            return false;
        }
        if self.first.is_empty() && self.more.is_empty() {
            self.first = chunk.clone();
            return true;
        }
        if !self.first.is_empty() {
            self.more.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.more.extend_from_slice(chunk);
        true
    }

    fn into_bytes(self) -> Bytes {
        if self.more.is_empty() { self.first } else { self.more.freeze() }
    }
}

async fn drain_whole(
    mut body: AnswerBody,
    mut read: WholeAnswer,
    draft: Draft,
    protocol: Protocol,
    limits: DrainLimits,
) {
    let reading = async {
        while let Some(chunk) = body.chunk().await {
            if !chunk.is_ok_and(|chunk| read.push(&chunk, limits.answer_bytes)) {
                return false;
            }
        }
        true
    };
    let complete = limits.apply(reading).await.unwrap_or(false);
    let observed = complete.then(|| observe_answer(protocol, &read.into_bytes()).ok()).flatten();
    close_without_caller(draft, observed.unwrap_or_default(), None);
}

/// A stream whose caller has gone.
pub(crate) struct StreamRest {
    pub(crate) body: AnswerBody,
    pub(crate) boundary: Boundary,
    pub(crate) observer: StreamObserver,
    /// What the stream went through: it counts where the upstream does not.
    pub(crate) edit: Option<StreamEdit>,
    pub(crate) dialect: Dialect,
}

impl StreamRest {
    async fn read(&mut self) {
        while let Some(Ok(chunk)) = self.body.chunk().await {
            let Ok(complete) = self.boundary.push(chunk) else { return };
            if !self.pass(complete.joined()) {
                return;
            }
        }
        if let Some(edit) = &mut self.edit {
            edit.finish(&mut VecDeque::new());
        }
    }

    /// Reads whole events as if they went to the caller; `false` if nothing can be read behind them.
    fn pass(&mut self, bytes: Bytes) -> bool {
        match &mut self.edit {
            Some(edit) => edit.apply(bytes, self.dialect, &mut self.observer, &mut VecDeque::new()).is_ok(),
            None => {
                self.observer.complete_bytes(&bytes);
                true
            }
        }
    }
}

/// Reads the rest of a stream for its usage and settles it.
pub(crate) fn drain_stream(mut rest: StreamRest, draft: Draft, in_flight: InFlight, limits: DrainLimits) {
    spawn(async move {
        // Where it is cut, the request is settled on what was seen until then.
        limits.apply(rest.read()).await;
        let estimate = rest.edit.as_ref().and_then(StreamEdit::estimate);
        close_without_caller(draft, rest.observer.observed().clone(), estimate);
        drop(in_flight);
    });
}

/// Reads on to the end of a stream that has said everything, so that its connection can be used again.
pub(crate) fn drain_rest(mut body: AnswerBody) {
    spawn(async move {
        let reading = async { while let Some(Ok(_)) = body.chunk().await {} };
        // A connection that does not end by then is not worth keeping.
        let _ = tokio::time::timeout(REST_TIME, reading).await;
    });
}

fn close_without_caller(draft: Draft, observed: Observed, estimate: Option<Usage>) {
    let ending = Ending::observed(STATUS_OK, StreamEnd::ClientGone, observed);
    draft.close(ending.or_estimated(estimate));
}

/// Runs a drain beside everything else. Without a runtime the process is ending and the drain is dropped, which
/// settles its request as far as it got.
fn spawn(drain: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(drain);
    }
}

/// What a broken answer is called towards the caller.
pub(crate) fn body_error(error: &UpstreamError) -> ApiError {
    tracing::warn!(%error, "an upstream answer broke off");
    ApiError::of(match error.kind {
        Kind::Timeout => ErrorKind::UpstreamTimeout,
        Kind::TooLarge => ErrorKind::UpstreamInvalid,
        _ => ErrorKind::UpstreamUnreachable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_chunk_is_not_copied() {
        let chunk = Bytes::from_static(b"{\"a\":1}");
        let mut read = WholeAnswer::default();
        assert!(read.push(&chunk, 100));
        assert_eq!(read.into_bytes().as_ptr(), chunk.as_ptr());
    }

    #[test]
    fn chunks_are_joined_within_the_limit() {
        let mut read = WholeAnswer::default();
        for part in ["ab", "cd", "ef"] {
            assert!(read.push(&Bytes::from_static(part.as_bytes()), 6));
        }
        assert!(!read.push(&Bytes::from_static(b"g"), 6));
        assert_eq!(read.into_bytes(), "abcdef");
    }
}
