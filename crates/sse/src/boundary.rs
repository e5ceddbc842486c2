//! The relay's fast path: frame ends without a look at what the frames say.

use bytes::{Bytes, BytesMut};

use crate::SseError;
use crate::ends::{Before, last_end};

/// Cuts a stream of events where frames end, so that only whole frames are passed on.
///
/// A chunk is searched from its end, so one that ends with a frame costs a look at its last bytes and no copy. What
/// follows the last frame end is copied and held back, so that it does not keep the chunk's whole buffer alive.
#[derive(Debug)]
pub struct Boundary {
    limit_bytes: usize,
    before: Before,
    held: BytesMut,
}

/// Whole frames, in order `head` then `tail`; either may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Complete {
    /// What had been held back from earlier chunks, or else the chunk itself.
    pub head: Bytes,
    /// What the chunk added if something had been held back.
    pub tail: Bytes,
}

impl Complete {
    /// The length of both parts in bytes.
    pub fn len(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    /// Whether no frame was completed.
    pub fn is_empty(&self) -> bool {
        self.head.is_empty() && self.tail.is_empty()
    }

    /// Both parts in one piece. A frame that came in two chunks lies across them, so only together are they whole
    /// frames. Nothing is copied where there is but one part.
    pub fn joined(self) -> Bytes {
        match (self.head.is_empty(), self.tail.is_empty()) {
            (_, true) => self.head,
            (true, false) => self.tail,
            (false, false) => [self.head, self.tail].concat().into(),
        }
    }
}

impl Boundary {
    /// A splitter at the start of a stream that holds back at most `limit_bytes`, or the end of one chunk if that
    /// is more.
    pub fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, before: Before::START, held: BytesMut::new() }
    }

    /// Takes the next bytes of the stream and gives all frames that are whole by now.
    ///
    /// # Errors
    /// [`SseError::EventTooLarge`] if the chunk ends no frame and what would have to be held back exceeds the limit.
    pub fn push(&mut self, chunk: Bytes) -> Result<Complete, SseError> {
        let end = last_end(self.before, &chunk);
        self.before = self.before.after(&chunk);
        let Some(end) = end else {
            if self.held.len() + chunk.len() > self.limit_bytes {
                return Err(SseError::EventTooLarge { limit_bytes: self.limit_bytes });
            }
            self.held.extend_from_slice(&chunk);
            return Ok(Complete::default());
        };
        let held = std::mem::take(&mut self.held).freeze();
        self.held.extend_from_slice(&chunk[end..]);
        let whole = if end == chunk.len() { chunk } else { chunk.slice(..end) };
        Ok(match held.is_empty() {
            true => Complete { head: whole, tail: Bytes::new() },
            false => Complete { head: held, tail: whole },
        })
    }

    /// At the end of the stream: the bytes of the frame that did not end.
    pub fn take_rest(&mut self) -> Bytes {
        std::mem::take(&mut self.held).freeze()
    }

    /// The number of bytes held back.
    pub fn pending(&self) -> usize {
        self.held.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_back_what_follows_the_last_end() {
        let mut boundary = Boundary::new(100);
        let mut push = |chunk: &'static str| {
            let complete = boundary.push(Bytes::from_static(chunk.as_bytes())).unwrap();
            let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
            (text(&complete.head), text(&complete.tail), boundary.pending())
        };
        let two = |head: &str, tail: &str, pending| (head.to_owned(), tail.to_owned(), pending);
        assert_eq!(push("data: a\n\ndata: b\n\n"), two("data: a\n\ndata: b\n\n", "", 0));
        assert_eq!(push("data: c\n\ndata"), two("data: c\n\n", "", 4));
        assert_eq!(push(": d"), two("", "", 7));
        assert_eq!(push("\n\n: e"), two("data: d", "\n\n", 3));
        assert_eq!(push("\r\n\r"), two("", "", 6));
        assert_eq!(push("\n"), two(": e\r\n\r", "\n", 0));
        assert_eq!(push(": f\n\r"), two("", "", 5));
        assert_eq!(push(": g"), two(": f\n\r", "", 3));
        assert_eq!(boundary.take_rest(), ": g");
        assert_eq!(boundary.pending(), 0);
    }

    #[test]
    fn a_chunk_of_whole_frames_is_passed_on_as_it_is() {
        let mut boundary = Boundary::new(10);
        let chunk = Bytes::from(b"data: much more than the limit\n\n".to_vec());
        let complete = boundary.push(chunk.clone()).unwrap();
        assert_eq!(complete.head.as_ptr(), chunk.as_ptr());
        assert_eq!(complete.len(), chunk.len());
        assert!(complete.tail.is_empty());
    }

    #[test]
    fn refuses_to_hold_back_more_than_the_limit() {
        let mut boundary = Boundary::new(10);
        assert!(boundary.push(Bytes::from_static(b"data: 5678")).unwrap().is_empty());
        let refused = boundary.push(Bytes::from_static(b"9"));
        assert_eq!(refused, Err(SseError::EventTooLarge { limit_bytes: 10 }));
    }
}
