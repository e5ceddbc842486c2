//! Phase 5, streams: the upstream's events pass on as they come, an observer reading along for the usage.
//!
//! Only whole events are passed on; a piece of one waits for its rest. So the gate can always put an event of its
//! own behind them: an error where the upstream broke off, a keep-alive where it is silent.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, Sleep};
use tollgate_protocol::{
    ApiError, Dialect, ErrorKind, FrameKind, Protocol, StreamErrorContext, StreamFailure, StreamObserver,
    render_stream_event,
};
use tollgate_sse::{Boundary, Decoder, write_comment, write_event};
use tollgate_store::StreamEnd;
use tollgate_upstream::{AnswerBody, UpstreamError};

use crate::draft::{Draft, Ending};
use crate::exchange::{DrainLimits, STATUS_OK, StreamRest, body_error, drain_rest, drain_stream};
use crate::health::InFlight;
use crate::stream_edit::StreamEdit;

/// What a stream needs to know of its request.
pub(crate) struct StreamContext {
    pub(crate) dialect: Dialect,
    pub(crate) protocol: Protocol,
    pub(crate) request_id: Arc<str>,
    /// The model as the caller wrote it.
    pub(crate) model: String,
    pub(crate) created_at_s: i64,
    pub(crate) keepalive_after: Duration,
    pub(crate) limits: DrainLimits,
}

/// A stream on its way to the caller. It is driven by the caller's connection; no task of its own.
pub(crate) struct StreamRelay {
    upstream: Option<AnswerBody>,
    boundary: Boundary,
    observer: StreamObserver,
    edit: Option<StreamEdit>,
    ready: VecDeque<Bytes>,
    keepalive: Pin<Box<Sleep>>,
    last_event: Instant,
    context: StreamContext,
    draft: Draft,
    in_flight: Option<InFlight>,
}

impl StreamRelay {
    /// A stream that begins with `first`, whole events that were read already.
    pub(crate) fn new(
        upstream: AnswerBody,
        boundary: Boundary,
        first: Vec<Bytes>,
        edit: Option<StreamEdit>,
        context: StreamContext,
        draft: Draft,
        in_flight: InFlight,
    ) -> Self {
        let mut relay = Self {
            upstream: Some(upstream),
            boundary,
            observer: StreamObserver::new(context.protocol),
            edit,
            ready: VecDeque::with_capacity(2),
            keepalive: Box::pin(tokio::time::sleep(context.keepalive_after)),
            last_event: Instant::now(),
            context,
            draft,
            in_flight: Some(in_flight),
        };
        for bytes in first {
            relay.pass(bytes);
        }
        relay
    }

    /// The next bytes for the caller; `None` at the end.
    pub(crate) fn poll_bytes(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            // A stream that has said everything is settled before the caller has its last word.
            let over = self.observer.ended();
            if (!over || self.upstream.is_none())
                && let Some(bytes) = self.ready.pop_front()
            {
                return Poll::Ready(Some(bytes));
            }
            let Some(upstream) = self.upstream.as_mut() else {
                return Poll::Ready(None);
            };
            match upstream.poll_chunk(context) {
                Poll::Ready(Some(Ok(chunk))) => self.take_chunk(chunk),
                Poll::Ready(Some(Err(error))) => self.broken(&error),
                Poll::Ready(None) => self.ended(),
                Poll::Pending if over => self.release(),
                Poll::Pending => {
                    ready!(self.poll_keepalive(context));
                    self.push_keepalive();
                }
            }
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.upstream.is_none() && self.ready.is_empty()
    }

    fn take_chunk(&mut self, chunk: Bytes) {
        self.last_event = Instant::now();
        match self.boundary.push(chunk) {
            Ok(complete) => self.pass(complete.joined()),
            Err(error) => {
                tracing::warn!(%error, "an upstream event is too large");
                self.fail(&ApiError::of(ErrorKind::UpstreamInvalid), StreamEnd::UpstreamError);
            }
        }
    }

    /// Passes whole events on: as they are, or edited.
    fn pass(&mut self, bytes: Bytes) {
        if bytes.is_empty() || self.upstream.is_none() {
            return;
        }
        let dialect = self.context.dialect;
        let passed = match self.edit.as_mut() {
            Some(edit) => edit.apply(bytes, dialect, &mut self.observer, &mut self.ready),
            None => {
                self.observer.complete_bytes(&bytes);
                match self.observer.failed() {
                    Some(failure) if has_to_be_reworded(failure, dialect) => {
                        let error = failure.to_error();
                        self.pass_until_failure(bytes);
                        Err(error)
                    }
                    _ => {
                        self.ready.push_back(bytes);
                        Ok(())
                    }
                }
            }
        };
        if let Err(error) = passed {
            self.fail(&error, StreamEnd::UpstreamError);
        }
    }

    /// Passes on what the upstream said before it failed, and not the failure.
    fn pass_until_failure(&mut self, bytes: Bytes) {
        let mut judge = StreamObserver::new(self.context.protocol);
        let mut frames = Decoder::new(bytes.len());
        if frames.push(bytes).is_err() {
            return;
        }
        while let Some(frame) = frames.next_frame() {
            if matches!(judge.frame(frame.event_str().as_bytes(), &frame.data), FrameKind::Error(_)) {
                return;
            }
            self.ready.push_back(frame.raw);
        }
    }

    /// The upstream closed the stream: well, or too early.
    fn ended(&mut self) {
        // The last event may lack its blank line; with its terminal event seen, the stream is whole.
        let rest = self.boundary.take_rest();
        self.pass(rest);
        if self.upstream.is_some() {
            self.conclude();
        }
    }

    /// The stream has said its last word and its connection has not ended: the caller does not wait for that.
    fn release(&mut self) {
        let Some(upstream) = self.upstream.take() else { return };
        self.conclude();
        drain_rest(upstream);
    }

    /// Nothing more will come: was it all?
    fn conclude(&mut self) {
        if let Some(failure) = self.observer.failed() {
            let error_kind = failure.error_type.clone().or_else(|| failure.code.clone());
            self.close(StreamEnd::UpstreamError, error_kind);
        } else if self.observer.terminal() && self.finish_edit() {
            self.close(StreamEnd::Complete, None);
        } else {
            self.fail(&ApiError::of(ErrorKind::StreamCut), StreamEnd::UpstreamCut);
        }
    }

    fn broken(&mut self, error: &UpstreamError) {
        let cut = body_error(error);
        if self.observer.terminal() && self.finish_edit() {
            // Everything was said before the connection broke.
            self.close(StreamEnd::Complete, None);
        } else if cut.kind == ErrorKind::UpstreamTimeout {
            self.fail(&cut, StreamEnd::UpstreamCut);
        } else {
            self.fail(&ApiError::of(ErrorKind::StreamCut), StreamEnd::UpstreamCut);
        }
    }

    /// Lets a translation write its terminal events; `false` when it cannot end well.
    fn finish_edit(&mut self) -> bool {
        self.edit.as_mut().is_none_or(|edit| edit.finish(&mut self.ready))
    }

    /// Tells the caller in its dialect that the stream failed, and ends it.
    fn fail(&mut self, error: &ApiError, end: StreamEnd) {
        let (response_id, next_sequence) = self.progress();
        let context = StreamErrorContext {
            response_id,
            model: self.context.model.clone(),
            created_at: self.context.created_at_s,
            next_sequence,
        };
        let event = render_stream_event(error, self.context.dialect, &self.context.request_id, &context);
        self.ready.push_back(Bytes::from(event));
        self.close(end, Some(error.kind.as_str().to_owned()));
    }

    /// The id that the stream has shown, and the number of its next event.
    fn progress(&self) -> (Option<String>, u64) {
        if let Some(progress) = self.edit.as_ref().and_then(StreamEdit::progress) {
            return progress;
        }
        // A failure that is reworded takes the place, and so the number, of the event that told of it.
        let withheld = u64::from(self.observer.failed().is_some());
        (self.observer.observed().id.clone(), self.observer.next_sequence().saturating_sub(withheld))
    }

    fn close(&mut self, stream_end: StreamEnd, error_kind: Option<String>) {
        self.upstream = None;
        let edit = self.edit.take();
        let estimate = edit.as_ref().and_then(StreamEdit::estimate);
        if let Some(edit) = edit {
            self.draft.dropped(&edit.dropped());
        }
        self.in_flight = None;
        if stream_end != StreamEnd::Complete {
            tracing::warn!(request = %self.context.request_id, ?stream_end, "a stream did not end well");
        }
        let observed = self.observer.observed().clone();
        let ending = Ending::observed(STATUS_OK, stream_end, observed).or_estimated(estimate);
        self.draft.take().close(Ending { error_kind, ..ending });
    }

    /// Ready when the upstream has been silent for so long that the caller should hear something.
    ///
    /// The timer is not moved for each event; it is compared with the last event when it fires.
    fn poll_keepalive(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.keepalive.as_mut().poll(context));
            let due = self.last_event + self.context.keepalive_after;
            let now = Instant::now();
            if due > now {
                self.keepalive.as_mut().reset(due);
                continue;
            }
            self.last_event = now;
            self.keepalive.as_mut().reset(now + self.context.keepalive_after);
            return Poll::Ready(());
        }
    }

    fn push_keepalive(&mut self) {
        if self.edit.as_mut().is_some_and(|edit| edit.keepalive(&mut self.ready)) {
            return;
        }
        self.ready.push_back(keepalive(self.context.dialect));
    }
}

/// The keep-alive of a dialect. Anthropic's clients know `ping`; OpenAI's break on it and take a comment.
pub(crate) fn keepalive(dialect: Dialect) -> Bytes {
    let mut out = Vec::new();
    match dialect {
        Dialect::Messages => write_event(&mut out, Some("ping"), br#"{"type":"ping"}"#),
        Dialect::Chat | Dialect::Responses | Dialect::Envelope => write_comment(&mut out, "keep-alive"),
    }
    Bytes::from(out)
}

/// Whether an in-stream failure has to be said in the gate's own words: it is about the gate's account there, or the
/// caller's dialect is not the upstream's.
pub(crate) fn has_to_be_reworded(failure: &StreamFailure, dialect: Dialect) -> bool {
    let about_the_account = match failure.to_error().kind {
        ErrorKind::AllCooling => true,
        ErrorKind::UpstreamOverloaded => !matches!(failure.status_hint, 503 | 529),
        _ => false,
    };
    about_the_account || dialect == Dialect::Envelope
}

impl Drop for StreamRelay {
    fn drop(&mut self) {
        if self.observer.ended() && self.upstream.is_some() {
            // The caller has everything; that it did not wait for the end of the connection is its right.
            self.conclude();
        }
        let (Some(upstream), Some(in_flight)) = (self.upstream.take(), self.in_flight.take()) else {
            return;
        };
        let boundary = std::mem::replace(&mut self.boundary, Boundary::new(0));
        let observer = std::mem::replace(&mut self.observer, StreamObserver::new(self.context.protocol));
        let rest = StreamRest {
            body: upstream,
            boundary,
            observer,
            edit: self.edit.take(),
            dialect: self.context.dialect,
        };
        drain_stream(rest, self.draft.take(), in_flight, self.context.limits.clone());
    }
}
