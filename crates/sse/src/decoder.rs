//! Chunks in, frames out.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::ends::{Before, next_end};
use crate::{Frame, SseError};

/// Reads a stream of events however it is cut into chunks.
///
/// Every byte of the stream is in the `raw` of exactly one frame, or still [pending](Self::pending). A frame that
/// lies in one chunk shares the chunk's memory; one that spans chunks is copied together once. Each byte is looked
/// at once to find the frame's end and once to read its lines.
#[derive(Debug)]
pub struct Decoder {
    limit_bytes: usize,
    before: Before,
    /// The start of a frame whose end has not come.
    held: BytesMut,
    ready: VecDeque<Frame>,
    at_stream_start: bool,
    too_large: bool,
}

impl Decoder {
    /// A decoder at the start of a stream, for frames of at most `limit_bytes` (raw, with the blank line).
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            before: Before::START,
            held: BytesMut::new(),
            ready: VecDeque::new(),
            at_stream_start: true,
            too_large: false,
        }
    }

    /// Takes the next bytes of the stream.
    ///
    /// # Errors
    /// [`SseError::EventTooLarge`] once a frame exceeds the limit, then for ever. The frames before it can still be
    /// taken.
    pub fn push(&mut self, mut chunk: Bytes) -> Result<(), SseError> {
        if self.too_large {
            return Err(self.error());
        }
        if self.before.ended_before(&chunk) {
            self.complete(Bytes::new())?;
        }
        while let Some(end) = next_end(self.before, &chunk) {
            let last = chunk.split_to(end);
            self.before = self.before.after(&last);
            self.complete(last)?;
        }
        self.before = self.before.after(&chunk);
        if self.held.len() + chunk.len() > self.limit_bytes {
            return Err(self.refuse());
        }
        self.held.extend_from_slice(&chunk);
        Ok(())
    }

    /// The next complete frame, in the stream's order.
    pub fn next_frame(&mut self) -> Option<Frame> {
        self.ready.pop_front()
    }

    /// The length in bytes of the unfinished frame: at the end of the stream, what was cut off.
    pub fn pending(&self) -> usize {
        self.held.len()
    }

    /// At the end of the stream: the last frame if it lacks nothing but its blank line. `None` if nothing is pending
    /// or the stream was cut inside a line.
    pub fn finish(&mut self) -> Option<Frame> {
        if !matches!(self.held.last(), Some(b'\n' | b'\r')) {
            return None;
        }
        let raw = std::mem::take(&mut self.held).freeze();
        Some(Frame::parse(raw, std::mem::take(&mut self.at_stream_start)))
    }

    /// Queues the frame that ends with `last`.
    fn complete(&mut self, last: Bytes) -> Result<(), SseError> {
        if self.held.len() + last.len() > self.limit_bytes {
            return Err(self.refuse());
        }
        let raw = if self.held.is_empty() {
            last
        } else {
            self.held.extend_from_slice(&last);
            std::mem::take(&mut self.held).freeze()
        };
        self.ready.push_back(Frame::parse(raw, std::mem::take(&mut self.at_stream_start)));
        Ok(())
    }

    fn refuse(&mut self) -> SseError {
        self.too_large = true;
        self.held = BytesMut::new();
        self.error()
    }

    fn error(&self) -> SseError {
        SseError::EventTooLarge { limit_bytes: self.limit_bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(chunks: &[&'static str]) -> (Vec<Frame>, Decoder) {
        let mut decoder = Decoder::new(1 << 20);
        let mut frames = Vec::new();
        for chunk in chunks {
            decoder.push(Bytes::from_static(chunk.as_bytes())).unwrap();
            frames.extend(std::iter::from_fn(|| decoder.next_frame()));
        }
        (frames, decoder)
    }

    fn raws(frames: &[Frame]) -> Vec<&str> {
        frames.iter().map(|frame| std::str::from_utf8(&frame.raw).unwrap()).collect()
    }

    #[test]
    fn frames_come_as_soon_as_they_are_certain() {
        let (frames, decoder) = decoded(&["data: a\n", "\nda"]);
        assert_eq!(raws(&frames), ["data: a\n\n"]);
        assert_eq!(decoder.pending(), 2);
        // A stream of lone CRs is not one event late.
        let (frames, decoder) = decoded(&["data: a\r\r"]);
        assert_eq!(raws(&frames), ["data: a\r\r"]);
        assert_eq!(decoder.pending(), 0);
    }

    #[test]
    fn a_chunk_that_ends_between_cr_and_lf_makes_no_false_frame() {
        let (frames, decoder) = decoded(&["data: a\r", "\nevent: x\r", "\n\r", "\n"]);
        assert_eq!(raws(&frames), ["data: a\r\nevent: x\r\n\r\n"]);
        assert_eq!(frames[0].event_str(), "x");
        assert_eq!(decoder.pending(), 0);
        let (frames, _) = decoded(&["data: a\n\r", "data: b\n\n"]);
        assert_eq!(raws(&frames), ["data: a\n\r", "data: b\n\n"]);
    }

    #[test]
    fn an_lf_after_cr_cr_is_an_empty_frame() {
        let (frames, decoder) = decoded(&["data: a\r\r", "\ndata: b\r\r"]);
        assert_eq!(raws(&frames), ["data: a\r\r", "\n", "data: b\r\r"]);
        assert!(frames[1].is_comment_only());
        assert_eq!(decoder.pending(), 0);
    }

    #[test]
    fn a_frame_in_one_chunk_is_not_copied() {
        let mut decoder = Decoder::new(100);
        let chunk = Bytes::from(b"data: a\n\ndata: b\n\n".to_vec());
        decoder.push(chunk.clone()).unwrap();
        assert_eq!(decoder.next_frame().unwrap().raw.as_ptr(), chunk.as_ptr());
        let second = decoder.next_frame().unwrap();
        assert_eq!(second.raw.as_ptr(), chunk[9..].as_ptr());
        assert_eq!(second.data.as_ptr(), chunk[15..].as_ptr());
    }

    #[test]
    fn finish_gives_the_last_frame_only_after_a_whole_line() {
        // (stream, what finish gives, what stays pending)
        let table: &[(&'static str, Option<&str>, usize)] = &[
            ("", None, 0),
            ("data: a\n\n", None, 0),
            ("data: a\n", Some("data: a\n"), 0),
            ("data: a\r", Some("data: a\r"), 0),
            ("data: a\r\n\r", Some("data: a\r\n\r"), 0),
            ("data: a", None, 7),
            ("data: a\ndata: b", None, 15),
        ];
        for (stream, last, pending) in table {
            let (_, mut decoder) = decoded(&[stream]);
            let frame = decoder.finish();
            assert_eq!(frame.as_ref().map(|frame| &frame.raw[..]), last.map(str::as_bytes), "{stream:?}");
            assert_eq!(decoder.pending(), *pending, "{stream:?}");
        }
    }

    #[test]
    fn a_frame_over_the_limit_is_refused_whole_or_in_pieces() {
        let too_large = Err(SseError::EventTooLarge { limit_bytes: 10 });
        for pieces in [&["data: 5\n\n", "data: 567\n\n"][..], &["data: 5\n\nda", "ta: 56", "7\n", "\n"]] {
            let mut decoder = Decoder::new(10);
            let results: Vec<_> =
                pieces.iter().map(|piece| decoder.push(Bytes::from_static(piece.as_bytes()))).collect();
            assert_eq!(results.last(), Some(&too_large), "{pieces:?}");
            assert_eq!(decoder.next_frame().unwrap().data, "5");
            assert_eq!(decoder.next_frame(), None);
            assert_eq!(decoder.push(Bytes::from_static(b"\n\n")), too_large);
        }
        let mut decoder = Decoder::new(10);
        assert_eq!(decoder.push(Bytes::from_static(b"data: 56\n\n")), Ok(()));
        assert_eq!(decoder.push(Bytes::from_static(b"data: 56789")), too_large);
    }

    #[test]
    fn a_long_line_in_small_chunks_is_read_once() {
        let line = format!("data: {}\n\n", "x".repeat(4 << 20));
        let mut decoder = Decoder::new(8 << 20);
        for piece in line.as_bytes().chunks(1460) {
            decoder.push(Bytes::copy_from_slice(piece)).unwrap();
        }
        assert_eq!(decoder.next_frame().unwrap().data.len(), 4 << 20);
    }
}
