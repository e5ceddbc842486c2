//! The answer's body: it takes the steps one by one.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use crate::connection::Handle;
use crate::counts::{Outcome, Ticket};
use crate::wire::Step;

/// A body made of steps, or of prepared frames.
#[derive(Debug)]
pub(crate) struct SandboxBody {
    source: Source,
    sleep: Option<Pin<Box<Sleep>>>,
    /// Nothing more will come, not even the end.
    hung: bool,
    /// Bytes still to come, when the length is announced.
    remaining: Option<u64>,
    handle: Handle,
    ticket: Option<Ticket>,
}

#[derive(Debug)]
enum Source {
    Steps(std::vec::IntoIter<Step>),
    Prepared(Prepared),
}

/// Frames shared by many answers, each its own write.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) frames: Arc<[Bytes]>,
    pub(crate) interval: Duration,
    next: usize,
    due: Option<Instant>,
    flush: bool,
}

impl Prepared {
    pub(crate) fn new(frames: Arc<[Bytes]>, interval: Duration) -> Self {
        Self { frames, interval, next: 0, due: None, flush: false }
    }

    /// Every frame at its time, counted from the first one; a timer that is late is caught up with.
    fn step(&mut self) -> Option<Step> {
        if std::mem::take(&mut self.flush) {
            return Some(Step::Flush);
        }
        if self.next >= self.frames.len() {
            return None;
        }
        if !self.interval.is_zero() && self.next > 0 {
            let now = Instant::now();
            let due = *self.due.get_or_insert(now + self.interval);
            if due > now {
                return Some(Step::Wait(due - now));
            }
            self.due = Some(due + self.interval);
        }
        let frame = self.frames[self.next].clone();
        self.next += 1;
        self.flush = self.next < self.frames.len();
        Some(Step::Send(frame))
    }
}

impl SandboxBody {
    /// A body that takes these steps; with `length` that many bytes are announced.
    pub(crate) fn new(steps: Vec<Step>, length: Option<u64>, handle: Handle, ticket: Option<Ticket>) -> Self {
        Self {
            source: Source::Steps(steps.into_iter()),
            sleep: None,
            hung: false,
            remaining: length,
            handle,
            ticket,
        }
    }

    /// A whole body.
    pub(crate) fn whole(body: impl Into<Bytes>, handle: Handle, ticket: Option<Ticket>) -> Self {
        let body = body.into();
        let length = body.len() as u64;
        Self::new(vec![Step::Send(body)], Some(length), handle, ticket)
    }

    /// A prepared stream.
    pub(crate) fn prepared(prepared: Prepared, handle: Handle, ticket: Option<Ticket>) -> Self {
        Self { source: Source::Prepared(prepared), sleep: None, hung: false, remaining: None, handle, ticket }
    }

    fn next_step(&mut self) -> Option<Step> {
        match &mut self.source {
            Source::Steps(steps) => steps.next(),
            Source::Prepared(prepared) => prepared.step(),
        }
    }

    fn is_done(&self) -> bool {
        match &self.source {
            Source::Steps(steps) => steps.as_slice().is_empty(),
            Source::Prepared(prepared) => prepared.next >= prepared.frames.len(),
        }
    }

    fn end(&mut self) {
        if let Some(ticket) = &mut self.ticket {
            ticket.end();
        }
    }

    fn cut(&mut self, version_is_one: bool) -> io::Error {
        if let Some(ticket) = &mut self.ticket {
            ticket.end_as(Outcome::Cut);
        }
        if version_is_one {
            self.handle.reset_on_close();
        }
        io::Error::new(io::ErrorKind::ConnectionReset, "the sandbox was asked to cut this answer")
    }
}

impl http_body::Body for SandboxBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.hung {
            return Poll::Pending;
        }
        loop {
            if let Some(sleep) = &mut self.sleep {
                ready!(sleep.as_mut().poll(cx));
                self.sleep = None;
            }
            match self.next_step() {
                None => {
                    self.end();
                    return Poll::Ready(None);
                }
                Some(Step::Send(bytes)) => {
                    let sent = bytes.len() as u64;
                    self.remaining = self.remaining.map(|remaining| remaining.saturating_sub(sent));
                    if self.is_done() {
                        // hyper does not ask again once an announced length is reached.
                        self.end();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::Flush) => {
                    // Pending makes hyper flush; the waker brings it back.
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Wait(pause)) => self.sleep = Some(Box::pin(tokio::time::sleep(pause))),
                Some(Step::Hang) => {
                    self.hung = true;
                    return Poll::Pending;
                }
                Some(Step::Cut) => {
                    let one = self.handle.is_http1();
                    return Poll::Ready(Some(Err(self.cut(one))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_done() && self.sleep.is_none() && !self.hung
    }

    fn size_hint(&self) -> SizeHint {
        self.remaining.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
