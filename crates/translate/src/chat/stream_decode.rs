//! A Chat stream into the intermediate representation.

use super::calls::Calls;
use super::stop;
use super::wire::{ChoiceIn, CompletionIn, MessageIn, citations};
use crate::error::TranslateError;
use crate::ir::{
    Delta, Emit, Finish, PartId, PartStart, RefusalDetails, ServiceTier, StopReason, StreamEvent, StreamStart,
};
use crate::json::{into_cow, non_empty};
use crate::meter::Meter;
use crate::notes::Notes;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// How much of a refusal is kept for the end of the stream, in bytes.
const REFUSAL_LIMIT_BYTES: usize = 64 << 10;

/// Reads the chunks of one stream.
#[derive(Debug)]
pub(crate) struct StreamDecoder {
    started: bool,
    ended: bool,
    /// The upstream's id, until the first choice comes: some send chunks without choices before it.
    id: String,
    open: Option<(Prose, PartId)>,
    calls: Calls,
    next_part: u32,
    refusal: String,
    finish_reason: Option<String>,
    meter: Meter,
    service_tier: Option<ServiceTier>,
    notes: Notes,
}

/// The parts of which one is open at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prose {
    Reasoning,
    Text,
    Refusal,
}

impl Prose {
    fn start(self) -> PartStart<'static> {
        match self {
            Self::Reasoning => PartStart::Reasoning,
            Self::Text => PartStart::Text,
            Self::Refusal => PartStart::Refusal,
        }
    }
}

impl StreamDecoder {
    /// A decoder at the start of a stream.
    pub(crate) fn new() -> Self {
        Self {
            started: false,
            ended: false,
            id: String::new(),
            open: None,
            calls: Calls::default(),
            next_part: 0,
            refusal: String::new(),
            finish_reason: None,
            meter: Meter::new(Protocol::Chat),
            service_tier: None,
            notes: Notes::default(),
        }
    }

    /// Reads one frame and gives what it says to `emit`.
    pub(crate) fn frame(
        &mut self,
        event: &str,
        data: &[u8],
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        if data.trim_ascii() == b"[DONE]" {
            return self.done(emit);
        }
        if event == "error" {
            return Err(TranslateError::upstream_failed(Protocol::Chat, data));
        }
        if event == "ping" {
            return if self.started { emit(StreamEvent::Ping) } else { Ok(()) };
        }
        let chunk: CompletionIn<'_> =
            serde_json::from_slice(data).map_err(|e| TranslateError::bad_json(Protocol::Chat, &e))?;
        // Older vLLM has no `error` member: the chunk itself is the error.
        if chunk.error.is_some() || chunk.object.as_ref().is_some_and(|object| object.as_str() == "error") {
            return Err(TranslateError::upstream_failed(Protocol::Chat, data));
        }
        self.head(&chunk);
        let choices = chunk.choices.unwrap_or_default();
        let is_last = choices.is_empty() && chunk.usage.is_some() && self.finish_reason.is_some();
        self.meter.read(chunk.usage);
        for choice in choices {
            self.choice(choice, emit)?;
        }
        if is_last { self.finish(emit) } else { Ok(()) }
    }

    /// Whether the stream has been brought to its end.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// The upstream's bytes are over. Not every provider sends `[DONE]`: a stream with its `finish_reason` is whole.
    pub(crate) fn eof(&mut self, emit: &mut impl Emit) -> Result<(), TranslateError> {
        if self.finish_reason.is_some() { self.finish(emit) } else { Ok(()) }
    }

    /// What the representation could not hold.
    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    fn head(&mut self, chunk: &CompletionIn<'_>) {
        if let Some(tier) = &chunk.service_tier
            && self.service_tier.is_none()
        {
            self.service_tier = stop::read_tier(tier.as_str());
        }
        if !self.started
            && self.id.is_empty()
            && let Some(id) = &chunk.id
        {
            id.as_str().clone_into(&mut self.id);
        }
    }

    fn start(&mut self, emit: &mut impl Emit) -> Result<(), TranslateError> {
        if self.started {
            return Ok(());
        }
        self.started = true;
        emit(StreamEvent::Start(StreamStart {
            id: Cow::Borrowed(&self.id),
            usage: self.meter.usage(),
            service_tier: self.service_tier,
        }))
    }

    fn choice(&mut self, choice: ChoiceIn<'_>, emit: &mut impl Emit) -> Result<(), TranslateError> {
        if choice.index.or_zero() != 0 {
            self.notes.add("choices");
            return Ok(());
        }
        if choice.logprobs.is_some() {
            self.notes.add("logprobs");
        }
        self.meter.read(choice.usage);
        self.start(emit)?;
        if let Some(delta) = choice.delta.or(choice.message) {
            self.delta(delta, emit)?;
        }
        if let Some(word) = non_empty(choice.finish_reason) {
            self.close_prose(emit)?;
            self.calls.end(&mut self.next_part, emit)?;
            self.finish_reason = Some(word.into_owned());
        }
        Ok(())
    }

    fn delta(&mut self, mut delta: MessageIn<'_>, emit: &mut impl Emit) -> Result<(), TranslateError> {
        if let Some(text) = delta.take_reasoning() {
            self.prose(Prose::Reasoning, text, emit)?;
        }
        if let Some(text) = non_empty(delta.content) {
            self.prose(Prose::Text, text, emit)?;
        }
        if let Some(text) = non_empty(delta.refusal) {
            if self.refusal.len() + text.len() <= REFUSAL_LIMIT_BYTES {
                self.refusal.push_str(&text);
            }
            self.prose(Prose::Refusal, text, emit)?;
        }
        for citation in citations(delta.annotations) {
            match self.open {
                Some((Prose::Text, part)) => {
                    emit(StreamEvent::Delta { part, delta: Delta::Citation(citation) })?;
                }
                _ => self.notes.add("annotations"),
            }
        }
        if delta.audio.is_some() {
            self.notes.add("audio");
        }
        for call in delta.tool_calls.unwrap_or_default() {
            self.close_prose(emit)?;
            let (index, id) = (call.index.0, into_cow(call.id.clone()));
            self.calls.piece(index, &id, call.piece(), &mut self.next_part, &mut self.notes, emit)?;
        }
        if let Some(function) = delta.function_call {
            self.close_prose(emit)?;
            let (next_part, notes) = (&mut self.next_part, &mut self.notes);
            self.calls.piece(None, "", function.piece(), next_part, notes, emit)?;
        }
        Ok(())
    }

    fn prose(&mut self, kind: Prose, text: Cow<'_, str>, emit: &mut impl Emit) -> Result<(), TranslateError> {
        let part = match self.open {
            Some((open, part)) if open == kind => part,
            _ => {
                self.close_prose(emit)?;
                self.calls.make_room(&mut self.next_part, emit)?;
                let part = PartId(self.next_part);
                self.next_part = self.next_part.wrapping_add(1);
                self.open = Some((kind, part));
                emit(StreamEvent::PartStart { part, item_id: None, phase: None, start: kind.start() })?;
                part
            }
        };
        emit(StreamEvent::Delta { part, delta: Delta::Text(text) })
    }

    fn close_prose(&mut self, emit: &mut impl Emit) -> Result<(), TranslateError> {
        let Some((_, part)) = self.open.take() else {
            return Ok(());
        };
        emit(StreamEvent::PartEnd { part })
    }

    fn done(&mut self, emit: &mut impl Emit) -> Result<(), TranslateError> {
        if !self.started {
            return Err(TranslateError::malformed(Protocol::Chat, "`[DONE]` before any chunk with a choice"));
        }
        // Some providers never send a `finish_reason`; but a call cut in its middle is no whole answer.
        if self.finish_reason.is_none() && self.calls.is_cut() {
            return Err(TranslateError::malformed(Protocol::Chat, "`[DONE]` in the middle of a tool call"));
        }
        self.finish(emit)
    }

    fn finish(&mut self, emit: &mut impl Emit) -> Result<(), TranslateError> {
        self.close_prose(emit)?;
        self.calls.end(&mut self.next_part, emit)?;
        self.ended = true;
        let word = self.finish_reason.as_deref().unwrap_or_default();
        let stop = stop::read(word, self.calls.any(), !self.refusal.is_empty());
        let explanation = (!self.refusal.is_empty()).then_some(Cow::Borrowed(self.refusal.as_str()));
        emit(StreamEvent::Finish(Finish {
            stop,
            stop_sequence: None,
            refusal: (stop == StopReason::Refusal).then_some(RefusalDetails { category: None, explanation }),
            usage: self.meter.usage(),
            service_tier: self.service_tier,
        }))
    }
}
