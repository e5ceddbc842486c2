//! Server-sent events over bytes: an incremental decoder that keeps the raw frames, a splitter that only finds
//! where frames end, and an encoder. Pure.
//!
//! The format is the one of the [HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html):
//! lines end in LF, CRLF or CR, a blank line ends a frame, a line that starts with a colon is a comment.
//! Both readers take any chunking and give the same frames for all of them.

mod boundary;
mod decoder;
mod ends;
mod frame;
mod write;

pub use boundary::{Boundary, Complete};
pub use decoder::Decoder;
pub use frame::Frame;
pub use write::{write_comment, write_event};

/// Why a stream of events cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// One frame is larger than the reader may hold.
    #[error("an event is larger than {limit_bytes} bytes")]
    EventTooLarge {
        /// The limit that was passed, in bytes.
        limit_bytes: usize,
    },
}
