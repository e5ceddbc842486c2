//! Translation of streams: frames in, frames out.

use crate::answer::AnswerContext;
use crate::calls::Calls;
use crate::error::TranslateError;
use crate::ir::StreamEvent;
use crate::notes::Notes;
use crate::{chat, messages};
use tollgate_protocol::Protocol;

/// Translates one stream.
///
/// Give it every frame in order with [`Self::frame`], and [`Self::on_eof`] when the upstream's bytes are over. What ends
/// an answer well (`message_stop`, the finish chunk with `[DONE]`) is written only once the upstream's stream has ended
/// well; after an error, and after the end, nothing more is written.
#[derive(Debug)]
pub struct StreamTranslator {
    decoder: Decoder,
    encoder: Encoder,
    calls: Calls,
    failed: bool,
    #[cfg(debug_assertions)]
    watch: crate::grammar::Watch,
}

#[derive(Debug)]
enum Decoder {
    Messages(messages::StreamDecoder),
    Chat(chat::StreamDecoder),
}

#[derive(Debug)]
enum Encoder {
    Messages(messages::StreamEncoder),
    Chat(chat::StreamEncoder),
}

impl Encoder {
    fn event(&mut self, event: StreamEvent<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        match self {
            Self::Messages(encoder) => encoder.event(event, out),
            Self::Chat(encoder) => encoder.event(event, out),
        }
    }
}

impl StreamTranslator {
    /// A translator for one stream.
    ///
    /// # Errors
    /// [`TranslateError::Unsupported`] for pairs other than Messages and Chat.
    #[expect(clippy::needless_pass_by_value, reason = "one context belongs to one stream")]
    pub fn new(from: Protocol, to: Protocol, ctx: AnswerContext) -> Result<Self, TranslateError> {
        let (decoder, encoder) = match (from, to) {
            (Protocol::Messages, Protocol::Chat) => {
                let decoder = messages::StreamDecoder::new();
                (Decoder::Messages(decoder), Encoder::Chat(chat::StreamEncoder::new(&ctx)))
            }
            (Protocol::Chat, Protocol::Messages) => {
                let decoder = chat::StreamDecoder::new();
                (Decoder::Chat(decoder), Encoder::Messages(messages::StreamEncoder::new(&ctx)))
            }
            _ => return Err(TranslateError::Unsupported { from, to }),
        };
        Ok(Self {
            decoder,
            encoder,
            calls: Calls::new(from),
            failed: false,
            #[cfg(debug_assertions)]
            watch: crate::grammar::Watch::new(to),
        })
    }

    /// Translates one frame and appends what it says to `out`, which may be nothing. A frame without data (a comment)
    /// says nothing.
    ///
    /// # Errors
    /// [`TranslateError::UpstreamFailed`] for an error event, [`TranslateError::Malformed`] for a frame that is not what
    /// the protocol promises, [`TranslateError::TooMuchHeld`] when a bound is met. `out` then holds no half frame, and
    /// the caller ends the stream with its dialect's error.
    pub fn frame(&mut self, event: &str, data: &[u8], out: &mut Vec<u8>) -> Result<(), TranslateError> {
        if self.failed || self.ended() || data.trim_ascii().is_empty() {
            return Ok(());
        }
        #[cfg(debug_assertions)]
        let written = out.len();
        let Self { decoder, encoder, calls, .. } = self;
        let emit = &mut |event: StreamEvent<'_>| encoder.event(calls.event(event)?, out);
        let result = match decoder {
            Decoder::Messages(decoder) => decoder.frame(event, data, emit),
            Decoder::Chat(decoder) => decoder.frame(event, data, emit),
        };
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
        let Self { decoder, encoder, calls, .. } = self;
        if let Decoder::Chat(decoder) = decoder
            && !decoder.ended()
        {
            let emit = &mut |event: StreamEvent<'_>| encoder.event(calls.event(event)?, out);
            self.failed = decoder.eof(emit).is_err();
        }
        let well = !self.failed && self.ended();
        #[cfg(debug_assertions)]
        self.watch.ended(out.get(written..).unwrap_or_default(), well);
        well
    }

    /// What the target protocol could not say so far: each name once, e.g. `thinking.signature`, `citations`.
    #[must_use]
    pub fn dropped(&self) -> Vec<String> {
        let mut notes = Notes::default();
        if let Decoder::Chat(decoder) = &self.decoder {
            notes.merge(decoder.notes());
        }
        notes.merge(match &self.encoder {
            Encoder::Messages(encoder) => encoder.notes(),
            Encoder::Chat(encoder) => encoder.notes(),
        });
        notes.to_strings()
    }

    fn ended(&self) -> bool {
        match &self.decoder {
            Decoder::Messages(decoder) => decoder.ended(),
            Decoder::Chat(decoder) => decoder.ended(),
        }
    }
}
