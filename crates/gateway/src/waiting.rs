//! Keep-alive while an answer is awaited: after a silence the caller of a stream gets a 200 and its dialect's keep-alive,
//! while accounts are still tried behind it.
//!
//! What is being done for the request does not change: the same future goes on, driven by the body of the answer instead
//! of by the connection. If it ends in an answer, the body becomes that; if in an error, the body says so in the stream.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use tokio::time::{Instant, Sleep, sleep_until};
use tollgate_protocol::{ApiError, Dialect, ErrorKind, StreamErrorContext, render_stream_event};

use crate::draft::RequestTag;
use crate::relay::keepalive;
use crate::respond::{self, AnswerStream};

type Work = Pin<Box<dyn Future<Output = Response<AnswerStream>> + Send>>;

/// When the answer to a request may begin before there is one, and how.
pub(crate) struct Early {
    due: Instant,
    every: Duration,
    opening: OnceLock<Opening>,
}

/// What the beginning of an answer is written with.
#[derive(Clone)]
pub(crate) struct Opening {
    pub(crate) tag: RequestTag,
    pub(crate) dialect: Dialect,
    /// The model as the caller wrote it.
    pub(crate) model: String,
}

impl Early {
    pub(crate) fn new(silence: Duration, every: Duration) -> Self {
        Self { due: Instant::now() + silence, every, opening: OnceLock::new() }
    }

    /// From now on the answer may begin: it is to be a stream, and what it can cost is held.
    pub(crate) fn open(&self, opening: Opening) {
        // Only the first counts; there is one for each request.
        let _ = self.opening.set(opening);
    }
}

/// A request being answered.
pub struct Answering {
    work: Option<Work>,
    early: Option<Arc<Early>>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Answering {
    pub(crate) fn new(work: Work, early: Option<Arc<Early>>) -> Self {
        Self { work: Some(work), early, timer: None }
    }
}

impl Future for Answering {
    type Output = Response<AnswerStream>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { work, early, timer } = &mut *self;
        let Some(running) = work.as_mut() else { return Poll::Pending };
        if let Poll::Ready(response) = running.as_mut().poll(context) {
            *work = None;
            return Poll::Ready(response);
        }
        let Some(Early { due, every, opening }) = early.as_deref() else { return Poll::Pending };
        let Some(opening) = opening.get() else { return Poll::Pending };
        let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(*due)));
        ready!(timer.as_mut().poll(context));
        let (tag, opening) = (opening.tag.clone(), opening.clone());
        match work.take() {
            Some(work) => Poll::Ready(respond::waiting(&tag, Waiting::new(work, opening, *every))),
            None => Poll::Pending,
        }
    }
}

/// The body of an answer that has begun before there is one.
pub(crate) struct Waiting {
    work: Work,
    opening: Opening,
    every: Duration,
    next: Pin<Box<Sleep>>,
}

/// What comes next of such a body.
pub(crate) enum Next {
    /// A keep-alive.
    Bytes(Bytes),
    /// The answer itself.
    Answer(AnswerStream),
}

impl Waiting {
    /// The first keep-alive comes at once.
    fn new(work: Work, opening: Opening, every: Duration) -> Self {
        Self { work, opening, every, next: Box::pin(sleep_until(Instant::now())) }
    }

    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        if let Poll::Ready(response) = self.work.as_mut().poll(context) {
            return Poll::Ready(Next::Answer(self.answer(response)));
        }
        ready!(self.next.as_mut().poll(context));
        self.next.as_mut().reset(Instant::now() + self.every);
        Poll::Ready(Next::Bytes(keepalive(self.opening.dialect)))
    }

    /// The answer's body, or the error as an event of the stream.
    fn answer(&self, response: Response<AnswerStream>) -> AnswerStream {
        if response.status() == StatusCode::OK && response.body().is_events() {
            return response.into_body();
        }
        let error = response.extensions().get::<ApiError>().cloned();
        let error = error.unwrap_or_else(|| ApiError::of(ErrorKind::UpstreamInvalid));
        let Opening { tag, dialect, model } = &self.opening;
        let context = StreamErrorContext {
            response_id: None,
            model: model.clone(),
            created_at: tag.at.seconds(),
            next_sequence: 0,
        };
        let event = render_stream_event(&error, *dialect, &tag.text, &context);
        AnswerStream::slices(vec![Bytes::from(event)])
    }
}
