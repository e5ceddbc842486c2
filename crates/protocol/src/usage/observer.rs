//! Watches a stream go by.

use super::frames::for_each_frame;
use super::{FrameKind, Observed, OutputHead, StreamFailure, chat, messages, responses};
use crate::Protocol;

/// Reads a copy of a stream's frames and keeps what the gate has to know of them.
///
/// Most frames are told apart by a few bytes and never parsed. When the stream ends, [`terminal`](Self::terminal)
/// says whether it ended well and [`failed`](Self::failed) whether the upstream reported an error.
#[derive(Debug, Clone)]
pub struct StreamObserver {
    state: State,
    common: Common,
    /// Where data of several lines is joined; empty for every known sender.
    scratch: Vec<u8>,
    at_start: bool,
}

#[derive(Debug, Clone)]
enum State {
    Messages(Box<messages::Counts>),
    Chat(Box<chat::Progress>),
    Responses(responses::Progress),
}

/// What every protocol's reader fills in.
#[derive(Debug, Clone, Default)]
pub(super) struct Common {
    pub(super) observed: Observed,
    pub(super) terminal: bool,
    pub(super) next_sequence: u64,
    failure: Option<StreamFailure>,
}

impl Common {
    /// Counts output. Whatever usage was reported before it does not cover it.
    pub(super) fn output(&mut self, count: impl FnOnce(&mut OutputHead) -> u64) {
        let bytes = count(&mut self.observed.output_head);
        self.observed.output_bytes = self.observed.output_bytes.saturating_add(bytes);
        self.observed.output_started |= bytes > 0;
        self.observed.usage_is_final = false;
    }

    /// Keeps the first failure: what follows it is usually its echo.
    pub(super) fn fail(&mut self, failure: StreamFailure) -> FrameKind {
        self.failure.get_or_insert_with(|| failure.clone());
        FrameKind::Error(failure)
    }
}

impl StreamObserver {
    /// An observer at the start of a stream of `protocol`.
    #[must_use]
    pub fn new(protocol: Protocol) -> Self {
        let state = match protocol {
            Protocol::Messages => State::Messages(Box::default()),
            Protocol::Chat => State::Chat(Box::default()),
            Protocol::Responses => State::Responses(responses::Progress::default()),
        };
        Self { state, common: Common::default(), scratch: Vec::new(), at_start: true }
    }

    /// Reads one frame: its event name, empty if it has none, and its data, lines joined by LF.
    pub fn frame(&mut self, event: &[u8], data: &[u8]) -> FrameKind {
        if data.is_empty() {
            return FrameKind::Comment;
        }
        let common = &mut self.common;
        match &mut self.state {
            State::Messages(counts) => messages::frame(counts, event, data, common),
            State::Chat(progress) => chat::frame(progress, event, data, common),
            State::Responses(progress) => responses::frame(progress, event, data, common),
        }
    }

    /// Reads raw bytes that hold whole frames. How a stream is cut into such pieces makes no difference.
    pub fn complete_bytes(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if self.at_start && !bytes.is_empty() {
            self.at_start = false;
            rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        for_each_frame(rest, &mut scratch, |event, data| {
            self.frame(event, data);
        });
        self.scratch = scratch;
    }

    /// Whether the stream may end here. The terminal event has come: `message_stop`, `[DONE]`, or
    /// `response.completed`, `.incomplete`, `.cancelled` or `.failed`. Vendors leave `[DONE]` out, so a Chat
    /// stream may also end once every choice seen has a finish reason; one with content and no finish reason is cut.
    ///
    /// A failed response is terminal too: ask [`failed`](Self::failed) as well.
    #[must_use]
    pub fn terminal(&self) -> bool {
        match &self.state {
            State::Chat(progress) => self.common.terminal || progress.all_finished(),
            _ => self.common.terminal,
        }
    }

    /// Whether the terminal event itself has come, so that nothing can follow. Differs from
    /// [`terminal`](Self::terminal) for Chat only, where usage and `[DONE]` follow the last finish reason.
    #[must_use]
    pub const fn ended(&self) -> bool {
        self.common.terminal
    }

    /// The first error event of the stream.
    #[must_use]
    pub const fn failed(&self) -> Option<&StreamFailure> {
        self.common.failure.as_ref()
    }

    /// What the stream has said so far.
    #[must_use]
    pub const fn observed(&self) -> &Observed {
        &self.common.observed
    }

    /// The `sequence_number` that the next event of a Responses stream would have; zero for other protocols.
    #[must_use]
    pub const fn next_sequence(&self) -> u64 {
        self.common.next_sequence
    }
}
