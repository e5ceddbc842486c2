//! Holds what a translator writes against its target's grammar, in debug builds.

use super::{Ended, Grammar};
use bytes::Bytes;
use tollgate_protocol::Protocol;

/// Larger than any frame that is written.
const FRAME_LIMIT_BYTES: usize = 1 << 30;

/// Follows one stream as it is written. A rule that is broken is a bug of the translator, and a failed debug assertion.
#[derive(Debug)]
pub struct Watch {
    grammar: Grammar,
    frames: tollgate_sse::Decoder,
}

impl Watch {
    /// A watch over a stream of `protocol`.
    #[must_use]
    pub fn new(protocol: Protocol) -> Self {
        let frames = tollgate_sse::Decoder::new(FRAME_LIMIT_BYTES);
        Self { grammar: Grammar::new(protocol).with_any_input(), frames }
    }

    /// The next bytes that were written: whole frames.
    pub fn bytes(&mut self, written: &[u8]) {
        let pushed = self.frames.push(Bytes::copy_from_slice(written));
        debug_assert!(pushed.is_ok() && self.frames.pending() == 0, "half a frame was written");
        while let Some(frame) = self.frames.next_frame() {
            let kept = self.grammar.frame(frame.event_str(), &frame.data);
            debug_assert!(kept.is_ok(), "what was written breaks a rule: {kept:?}");
        }
    }

    /// The last bytes, and what the translator says of the stream. Where it did not end well, the error event is still
    /// to be written by somebody else.
    pub fn ended(&mut self, written: &[u8], well: bool) {
        self.bytes(written);
        let ended = self.grammar.end().is_ok_and(|ended| ended == Ended::Well);
        debug_assert!(ended == well, "the translator says {well}, its stream says {ended}");
    }
}
