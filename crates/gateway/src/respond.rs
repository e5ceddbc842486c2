//! The last phase: answers as bytes on the wire, errors in the caller's dialect, a request id on each.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};
use tollgate_limits::Places;
use tollgate_protocol::{ApiError, Dialect, render_body};

use crate::draft::RequestTag;
use crate::relay::StreamRelay;
use crate::waiting::{Next, Waiting};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The body of an answer.
pub struct AnswerStream {
    inner: Inner,
    /// The caller's places. They are free again when the answer has left, or its caller has.
    places: Places,
}

enum Inner {
    /// Slices that are written one behind the other; their total is known.
    Slices(std::vec::IntoIter<Bytes>),
    /// A stream of events, as the upstream sends them.
    Events(Box<StreamRelay>),
    /// A stream that has begun before its first event.
    Waiting(Box<Waiting>),
}

impl AnswerStream {
    pub(crate) fn slices(slices: Vec<Bytes>) -> Self {
        Self::new(Inner::Slices(slices.into_iter()))
    }

    pub(crate) fn events(relay: StreamRelay) -> Self {
        Self::new(Inner::Events(Box::new(relay)))
    }

    fn waiting(waiting: Waiting) -> Self {
        Self::new(Inner::Waiting(Box::new(waiting)))
    }

    /// Whether it is a stream of events.
    pub(crate) const fn is_events(&self) -> bool {
        matches!(self.inner, Inner::Events(_))
    }

    fn new(inner: Inner) -> Self {
        Self { inner, places: Places::default() }
    }

    /// Keeps the caller's places until the answer has left.
    pub(crate) fn keep(&mut self, places: Places) {
        self.places = places;
    }
}

impl Body for AnswerStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        while let Inner::Waiting(waiting) = &mut self.inner {
            match ready!(waiting.poll_next(context)) {
                Next::Bytes(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Next::Answer(answer) => *self = answer,
            }
        }
        let chunk = match &mut self.inner {
            Inner::Slices(slices) => Poll::Ready(slices.next()),
            Inner::Events(relay) => relay.poll_bytes(context),
            Inner::Waiting(_) => Poll::Pending,
        };
        if self.is_end_stream() {
            // Before the caller has the last of it: a next request must not find its own place still taken.
            self.places = Places::default();
        }
        chunk.map(|chunk| chunk.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Slices(slices) => slices.len() == 0,
            Inner::Events(relay) => relay.is_finished(),
            Inner::Waiting(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Slices(slices) => {
                SizeHint::with_exact(slices.as_slice().iter().map(|slice| slice.len() as u64).sum())
            }
            Inner::Events(_) | Inner::Waiting(_) => SizeHint::default(),
        }
    }
}

/// An answer of bytes that are all there.
pub(crate) fn full(
    tag: &RequestTag,
    status: StatusCode,
    headers: HeaderMap,
    slices: Vec<Bytes>,
) -> Response<AnswerStream> {
    finish(tag, status, headers, AnswerStream::slices(slices))
}

/// An answer in JSON that the gate wrote itself.
pub(crate) fn json(tag: &RequestTag, body: Vec<u8>) -> Response<AnswerStream> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, JSON);
    full(tag, StatusCode::OK, headers, vec![Bytes::from(body)])
}

/// A stream of events.
pub(crate) fn events(tag: &RequestTag, headers: HeaderMap, relay: StreamRelay) -> Response<AnswerStream> {
    stream(tag, headers, AnswerStream::events(relay))
}

/// A stream of events that has begun before the first of them.
pub(crate) fn waiting(tag: &RequestTag, waiting: Waiting) -> Response<AnswerStream> {
    stream(tag, HeaderMap::new(), AnswerStream::waiting(waiting))
}

fn stream(tag: &RequestTag, mut headers: HeaderMap, body: AnswerStream) -> Response<AnswerStream> {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert("cache-control", HeaderValue::from_static("no-cache"));
    // nginx would otherwise gather events before passing them on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    finish(tag, StatusCode::OK, headers, body)
}

/// An error in the caller's dialect.
pub(crate) fn error(tag: &RequestTag, dialect: Dialect, error: &ApiError) -> Response<AnswerStream> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, JSON);
    if let Some(seconds) = error.retry_after_header_s() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(retry) = error.should_retry(dialect) {
        headers.insert("x-should-retry", HeaderValue::from_static(if retry { "true" } else { "false" }));
    }
    let status = StatusCode::from_u16(error.status(dialect)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = render_body(error, dialect, &tag.text);
    let mut response = full(tag, status, headers, vec![Bytes::from(body)]);
    // For an answer that has begun: there the error is an event.
    response.extensions_mut().insert(error.clone());
    response
}

/// An error about the method, with the methods that are allowed.
pub(crate) fn method_not_allowed(
    tag: &RequestTag,
    dialect: Dialect,
    refused: &ApiError,
    allowed: &'static str,
) -> Response<AnswerStream> {
    let mut response = error(tag, dialect, refused);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

fn finish(
    tag: &RequestTag,
    status: StatusCode,
    mut headers: HeaderMap,
    body: AnswerStream,
) -> Response<AnswerStream> {
    // Both families' SDKs read the id, each under its own name.
    if let Ok(id) = HeaderValue::from_str(&tag.text) {
        headers.insert("request-id", id.clone());
        headers.insert("x-request-id", id);
    }
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
