//! Translation of streams: frames in, frames out.
//!
//! The path is a decoder that gives events to a closure, and an encoder that writes them. What has to be changed in
//! between stands between the two, as [`crate::sequence::Sequencer`] does inside an encoder: it takes an event and a
//! closure, and gives the closure the events that follow from it.

use crate::answer::AnswerContext;
use crate::error::TranslateError;
use crate::ir::{Emit, StreamEvent};
use crate::middle::Middle;
use crate::notes::Notes;
use crate::restore::{Recollection, Restorer};
use crate::{chat, messages, responses};
use tollgate_base::Usage;
use tollgate_protocol::Protocol;

/// Translates one stream.
///
/// Give it every frame in order with [`Self::frame`], and [`Self::on_eof`] when the upstream's bytes are over. What ends
/// an answer well (`message_stop`, the finish chunk with `[DONE]`, `response.completed`) is written only once the
/// upstream's stream has ended well; after an error, and after the end, nothing more is written.
#[derive(Debug)]
pub struct StreamTranslator {
    decoder: Decoder,
    encoder: Encoder,
    middle: Middle,
    failed: bool,
    #[cfg(debug_assertions)]
    watch: crate::grammar::Watch,
}

#[derive(Debug)]
enum Decoder {
    Messages(messages::StreamDecoder),
    Chat(chat::StreamDecoder),
    Responses(Box<responses::StreamDecoder>),
}

#[derive(Debug)]
enum Encoder {
    Messages(messages::StreamEncoder),
    Chat(chat::StreamEncoder),
    Responses(Box<responses::StreamEncoder>),
}

impl Decoder {
    fn new(from: Protocol) -> Self {
        match from {
            Protocol::Messages => Self::Messages(messages::StreamDecoder::new()),
            Protocol::Chat => Self::Chat(chat::StreamDecoder::new()),
            Protocol::Responses => Self::Responses(Box::new(responses::StreamDecoder::new())),
        }
    }

    fn frame(&mut self, event: &str, data: &[u8], emit: &mut impl Emit) -> Result<(), TranslateError> {
        match self {
            Self::Messages(decoder) => decoder.frame(event, data, emit),
            Self::Chat(decoder) => decoder.frame(event, data, emit),
            Self::Responses(decoder) => decoder.frame(event, data, emit),
        }
    }

    /// The upstream's bytes are over. Only Chat may end without an event of its own.
    fn eof(&mut self, emit: &mut impl Emit) -> Result<(), TranslateError> {
        match self {
            Self::Chat(decoder) if !decoder.ended() => decoder.eof(emit),
            Self::Messages(_) | Self::Chat(_) | Self::Responses(_) => Ok(()),
        }
    }

    fn ended(&self) -> bool {
        match self {
            Self::Messages(decoder) => decoder.ended(),
            Self::Chat(decoder) => decoder.ended(),
            Self::Responses(decoder) => decoder.ended(),
        }
    }

    fn notes(&self) -> Option<&Notes> {
        match self {
            Self::Messages(_) => None,
            Self::Chat(decoder) => Some(decoder.notes()),
            Self::Responses(decoder) => Some(decoder.notes()),
        }
    }
}

impl Encoder {
    fn new(to: Protocol, ctx: &AnswerContext, is_own: bool) -> Self {
        match to {
            Protocol::Messages => Self::Messages(messages::StreamEncoder::new(ctx, is_own)),
            Protocol::Chat => Self::Chat(chat::StreamEncoder::new(ctx)),
            Protocol::Responses => Self::Responses(Box::new(responses::StreamEncoder::new(ctx, is_own))),
        }
    }

    fn event(&mut self, event: StreamEvent<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        match self {
            Self::Messages(encoder) => encoder.event(event, out),
            Self::Chat(encoder) => encoder.event(event, out),
            Self::Responses(encoder) => encoder.event(event, out),
        }
    }

    fn notes(&self) -> &Notes {
        match self {
            Self::Messages(encoder) => encoder.notes(),
            Self::Chat(encoder) => encoder.notes(),
            Self::Responses(encoder) => encoder.notes(),
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::Messages(encoder) => encoder.id(),
            Self::Chat(encoder) => encoder.id(),
            Self::Responses(encoder) => encoder.id(),
        }
    }
}

impl StreamTranslator {
    /// A translator for one stream. With the same protocol on both sides the stream is read and written anew.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "one context belongs to one stream")]
    pub fn new(from: Protocol, to: Protocol, ctx: AnswerContext, restorer: Option<Restorer>) -> Self {
        Self {
            decoder: Decoder::new(from),
            encoder: Encoder::new(to, &ctx, from == to),
            middle: Middle::new(from, &ctx, restorer),
            failed: false,
            #[cfg(debug_assertions)]
            watch: crate::grammar::Watch::new(to),
        }
    }

    /// Translates one frame and appends what it says to `out`, which may be nothing. A frame without data (a comment)
    /// says nothing.
    ///
    /// # Errors
    /// [`TranslateError::UpstreamFailed`] for an error event, [`TranslateError::Malformed`] for a frame that is not what
    /// the protocol promises, [`TranslateError::TooMuchHeld`] when a bound is met. `out` then holds no half frame, and
    /// the caller ends the stream with its dialect's error.
    pub fn frame(&mut self, event: &str, data: &[u8], out: &mut Vec<u8>) -> Result<(), TranslateError> {
        if self.failed || self.decoder.ended() || data.trim_ascii().is_empty() {
            return Ok(());
        }
        #[cfg(debug_assertions)]
        let written = out.len();
        let Self { decoder, encoder, middle, .. } = self;
        let write = &mut |event: StreamEvent<'_>| encoder.event(event, out);
        let emit = &mut |event: StreamEvent<'_>| middle.event(event, write);
        let result = decoder.frame(event, data, emit);
        self.failed = result.is_err();
        #[cfg(debug_assertions)]
        self.watch.bytes(out.get(written..).unwrap_or_default());
        result
    }

    /// The upstream's bytes are over. True: the stream ended well, and its terminal events have been written, now or
    /// before. False: it was cut or had failed; nothing was written, and the caller writes the error event.
    pub fn on_eof(&mut self, out: &mut Vec<u8>) -> bool {
        if self.failed {
            return false;
        }
        #[cfg(debug_assertions)]
        let written = out.len();
        let Self { decoder, encoder, middle, .. } = self;
        let write = &mut |event: StreamEvent<'_>| encoder.event(event, out);
        let emit = &mut |event: StreamEvent<'_>| middle.event(event, write);
        self.failed = decoder.eof(emit).is_err();
        let well = !self.failed && self.decoder.ended();
        #[cfg(debug_assertions)]
        self.watch.ended(out.get(written..).unwrap_or_default(), well);
        well
    }

    /// Writes what keeps the caller waiting in its own dialect: a `ping` event (Messages), a comment (Chat),
    /// `response.in_progress` again (Responses). Before a Responses stream has started, and after the end of any stream,
    /// a comment.
    ///
    /// # Errors
    /// [`TranslateError::Encode`] if it cannot be written.
    pub fn keepalive(&mut self, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        #[cfg(debug_assertions)]
        let written = out.len();
        let is_over = self.failed || self.decoder.ended();
        match &mut self.encoder {
            Encoder::Messages(encoder) if !is_over => encoder.keepalive(out)?,
            Encoder::Responses(encoder) if !is_over => encoder.keepalive(out)?,
            _ => tollgate_sse::write_comment(out, "ping"),
        }
        #[cfg(debug_assertions)]
        self.watch.bytes(out.get(written..).unwrap_or_default());
        Ok(())
    }

    /// The whole response, as JSON, that the last event of a Responses stream told; `None` before it and for other
    /// protocols.
    #[must_use]
    pub fn finished_response(&self) -> Option<&[u8]> {
        match &self.encoder {
            Encoder::Responses(encoder) => encoder.finished_response(),
            Encoder::Messages(_) | Encoder::Chat(_) => None,
        }
    }

    /// What was counted here because the upstream reported no usage; `None` if it did. Before the end, or where a stream
    /// was cut, what was counted so far.
    #[must_use]
    pub fn estimate(&self) -> Option<Usage> {
        self.middle.estimate()
    }

    /// What is to be remembered of the answer for a caller that cannot send reasoning back.
    #[must_use]
    pub fn remember(&self) -> Option<Recollection> {
        self.middle.restorer().and_then(Restorer::remember)
    }

    /// Whether anything of the answer has been written.
    #[must_use]
    pub fn is_started(&self) -> bool {
        !self.encoder.id().is_empty()
    }

    /// The id that the caller's stream shows, once it has started.
    #[must_use]
    pub fn response_id(&self) -> Option<&str> {
        Some(self.encoder.id()).filter(|id| !id.is_empty())
    }

    /// The `sequence_number` of the next event of a Responses stream, for a `response.failed` behind it; zero for other
    /// protocols.
    #[must_use]
    pub fn next_sequence(&self) -> u64 {
        match &self.encoder {
            Encoder::Responses(encoder) => encoder.next_sequence(),
            Encoder::Messages(_) | Encoder::Chat(_) => 0,
        }
    }

    /// What the target protocol could not say so far: each name once, e.g. `thinking.signature`, `citations`.
    #[must_use]
    pub fn dropped(&self) -> Vec<String> {
        let mut notes = Notes::default();
        if let Some(decoder) = self.decoder.notes() {
            notes.merge(decoder);
        }
        notes.merge(self.encoder.notes());
        notes.to_strings()
    }
}
