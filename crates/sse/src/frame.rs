//! One frame and how its lines are read.

use bytes::{Bytes, BytesMut};
use memchr::{memchr, memchr2};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One complete frame as it came, with what it says.
///
/// The slices share the memory of `raw` unless the data came in more than one line. A frame can be empty: a second
/// blank line in a row is a frame with neither event nor data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The exact bytes of the frame, with the blank line that ends it.
    pub raw: Bytes,
    /// The value of the last `event` field, if there was one.
    pub event: Option<Bytes>,
    /// The values of the `data` fields joined by LF; empty if there was none.
    pub data: Bytes,
    /// Whether there was a `data` field at all.
    pub has_data: bool,
}

impl Frame {
    /// Reads the lines of one frame. `first`: it opens the stream, where a byte order mark is skipped.
    pub(crate) fn parse(raw: Bytes, first: bool) -> Self {
        let mut event = None;
        let mut data = Data::None;
        let mut start = if first { mark_len(&raw) } else { 0 };
        while start < raw.len() {
            let end = memchr2(b'\n', b'\r', &raw[start..]).map_or(raw.len(), |at| start + at);
            match field(&raw[start..end]) {
                Some((b"data", value_len)) => data.add(raw.slice(end - value_len..end)),
                Some((b"event", value_len)) => event = Some(raw.slice(end - value_len..end)),
                _ => {}
            }
            start = end + 1;
        }
        let has_data = !matches!(data, Data::None);
        Self { raw, event, data: data.into_bytes(), has_data }
    }

    /// Whether the frame has no field of any kind: only comments, or nothing.
    pub fn is_comment_only(&self) -> bool {
        let lines = &self.raw[mark_len(&self.raw)..];
        lines.split(|&byte| byte == b'\n' || byte == b'\r').all(|line| matches!(line, [] | [b':', ..]))
    }

    /// The event's name; `""` if it has none or it is not UTF-8.
    pub fn event_str(&self) -> &str {
        self.event.as_deref().and_then(|name| std::str::from_utf8(name).ok()).unwrap_or("")
    }
}

/// The data lines seen so far; one line needs no copy.
enum Data {
    None,
    One(Bytes),
    Joined(BytesMut),
}

impl Data {
    fn add(&mut self, line: Bytes) {
        *self = match std::mem::replace(self, Self::None) {
            Self::None => Self::One(line),
            Self::One(first) => {
                let mut joined = BytesMut::with_capacity(2 * (first.len() + line.len() + 1));
                joined.extend_from_slice(&first);
                joined.extend_from_slice(b"\n");
                joined.extend_from_slice(&line);
                Self::Joined(joined)
            }
            Self::Joined(mut joined) => {
                joined.extend_from_slice(b"\n");
                joined.extend_from_slice(&line);
                Self::Joined(joined)
            }
        };
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::One(line) => line,
            Self::Joined(joined) => joined.freeze(),
        }
    }
}

/// The name of a line's field and the length of its value, which is the line's end; `None` for a comment or a
/// blank line. A line without a colon is a field with an empty value. One space behind the colon is not part of it.
fn field(line: &[u8]) -> Option<(&[u8], usize)> {
    match memchr(b':', line) {
        Some(0) => None,
        Some(colon) => {
            let value = &line[colon + 1..];
            let value = value.strip_prefix(b" ").unwrap_or(value);
            Some((&line[..colon], value.len()))
        }
        None if line.is_empty() => None,
        None => Some((line, 0)),
    }
}

fn mark_len(raw: &[u8]) -> usize {
    if raw.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields() {
        // (frame, event, data, comment only)
        let table: &[(&str, Option<&str>, Option<&str>, bool)] = &[
            ("data: a\n\n", None, Some("a"), false),
            ("data:a\n\n", None, Some("a"), false),
            ("data:  a \n\n", None, Some(" a "), false),
            ("data:\n\n", None, Some(""), false),
            ("data\n\n", None, Some(""), false),
            ("data: a:b\n\n", None, Some("a:b"), false),
            ("data: a\ndata: b\ndata:\ndata: c\n\n", None, Some("a\nb\n\nc"), false),
            ("event: ping\ndata: {}\n\n", Some("ping"), Some("{}"), false),
            ("event: x\revent:y\rdata: 1\r\r", Some("y"), Some("1"), false),
            ("event: x\r\ndata: 1\ndata: 2\r\r\n", Some("x"), Some("1\n2"), false),
            ("event\n\n", Some(""), None, false),
            ("id: 7\nretry: 30\n\n", None, None, false),
            ("Data: a\ndatas: b\n data: c\n\n", None, None, false),
            (": hi\n\n", None, None, true),
            (": hi\n:\n\n", None, None, true),
            (":\ndata: x\n\n", None, Some("x"), false),
            ("\n", None, None, true),
            ("\u{feff}data: a\n\n", None, Some("a"), false),
            ("\u{feff}: a\n\n", None, None, true),
        ];
        for (text, event, data, comment_only) in table {
            let frame = Frame::parse(Bytes::copy_from_slice(text.as_bytes()), true);
            assert_eq!(frame.event.as_deref(), event.map(str::as_bytes), "event of {text:?}");
            assert_eq!(frame.data, data.unwrap_or("").as_bytes(), "data of {text:?}");
            assert_eq!(frame.has_data, data.is_some(), "has_data of {text:?}");
            assert_eq!(frame.is_comment_only(), *comment_only, "comment only: {text:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_counts_only_at_the_start_of_the_stream() {
        let raw = Bytes::from_static("\u{feff}data: a\n\n".as_bytes());
        assert!(!Frame::parse(raw, false).has_data);
    }

    #[test]
    fn one_line_of_data_shares_the_frames_memory() {
        let raw = Bytes::from_static(b"event: a\ndata: hello\n\n");
        let frame = Frame::parse(raw.clone(), false);
        assert_eq!(frame.data.as_ptr(), raw[15..].as_ptr());
        assert_eq!(frame.event_str(), "a");
    }

    #[test]
    fn an_event_name_that_is_not_utf8_reads_as_none() {
        let frame = Frame::parse(Bytes::from_static(b"event: \xff\n\n"), false);
        assert_eq!(frame.event.as_deref(), Some(&b"\xff"[..]));
        assert_eq!(frame.event_str(), "");
    }
}
