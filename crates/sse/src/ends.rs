//! Where frames end: the one rule that both readers share.
//!
//! A frame ends behind a blank line. Whether that is so at a byte can be told from the two bytes before it and, in
//! one case, the byte after it, wherever the chunks were cut:
//!
//! | bytes | frame ends |
//! |---|---|
//! | `LF LF` | behind the second |
//! | `CR CR` | behind the second, without waiting for what follows |
//! | `LF CR LF`, `CR CR LF` | behind the last `LF` |
//! | `LF CR x` | behind the `CR`, which only shows when `x` is there |
//!
//! `CR CR` does not wait, or a stream that ends its lines in CR would always be one event late. If an `LF` follows
//! after all, it becomes an empty frame of its own, which says nothing and loses nothing.

use memchr::{memchr2, memrchr2};

/// The last two bytes before a chunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    second_last: u8,
    last: u8,
}

impl Before {
    /// The start of a stream is the start of a line, as if a line had just ended.
    pub(crate) const START: Self = Self { second_last: 0, last: b'\n' };

    /// What comes before the bytes that follow `chunk`.
    pub(crate) fn after(self, chunk: &[u8]) -> Self {
        match chunk {
            [] => self,
            [only] => Self { second_last: self.last, last: *only },
            [.., second_last, last] => Self { second_last: *second_last, last: *last },
        }
    }

    /// Whether the chunk that follows shows by its first byte that a frame had ended right before it.
    pub(crate) fn ended_before(self, chunk: &[u8]) -> bool {
        let undecided = self.second_last == b'\n' && self.last == b'\r';
        undecided && chunk.first().is_some_and(|&byte| byte != b'\n')
    }
}

/// The first frame end in `chunk`, as an offset in it.
pub(crate) fn next_end(before: Before, chunk: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr2(b'\n', b'\r', chunk.get(at..)?)?;
        if is_end(before, chunk, at) {
            return Some(at + 1);
        }
        at += 1;
    }
}

/// The last frame end in `chunk`, as an offset in `chunk`. `Some(0)`: a frame ended right before it.
pub(crate) fn last_end(before: Before, chunk: &[u8]) -> Option<usize> {
    let mut len = chunk.len();
    while let Some(at) = memrchr2(b'\n', b'\r', &chunk[..len]) {
        if is_end(before, chunk, at) {
            return Some(at + 1);
        }
        len = at;
    }
    before.ended_before(chunk).then_some(0)
}

/// Whether the line end at `at` ends a blank line, and with it a frame.
fn is_end(before: Before, chunk: &[u8], at: usize) -> bool {
    let byte_before = match at {
        0 => before.last,
        _ => chunk[at - 1],
    };
    match (chunk[at], byte_before) {
        (b'\n', b'\n') | (b'\r', b'\r') => true,
        (b'\n', b'\r') => {
            let two_before = match at {
                0 => before.second_last,
                1 => before.last,
                _ => chunk[at - 2],
            };
            two_before == b'\n' || two_before == b'\r'
        }
        (b'\r', b'\n') => chunk.get(at + 1).is_some_and(|&next| next != b'\n'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_ends(text: &str) -> Vec<usize> {
        let (mut before, mut rest) = (Before::START, text.as_bytes());
        let mut ends = Vec::new();
        while let Some(end) = next_end(before, rest) {
            before = before.after(&rest[..end]);
            rest = &rest[end..];
            ends.push(text.len() - rest.len());
        }
        ends
    }

    #[test]
    fn finds_blank_lines_of_every_kind() {
        let table: &[(&str, &[usize])] = &[
            ("", &[]),
            ("a", &[]),
            ("a\n", &[]),
            ("a\n\n", &[3]),
            ("a\r\r", &[3]),
            ("a\r\n\r\n", &[5]),
            ("a\r\n\r", &[]),
            ("a\n\r\n", &[4]),
            ("a\n\rb", &[3]),
            ("a\r\n\rb", &[4]),
            ("a\r\n\n", &[4]),
            ("a\r\r\n", &[3, 4]),
            ("a\r\r\r", &[3, 4]),
            ("a\n\r\r", &[3, 4]),
            ("a\nb\n\nc\r\rd\r\n\r\n", &[5, 8, 13]),
            ("\n\na", &[1, 2]),
            ("\r\na", &[2]),
        ];
        for (text, ends) in table {
            assert_eq!(all_ends(text), *ends, "{text:?}");
            assert_eq!(last_end(Before::START, text.as_bytes()), ends.last().copied(), "last of {text:?}");
        }
    }

    #[test]
    fn a_cut_between_cr_and_lf_is_decided_by_the_next_byte() {
        let before = Before::START.after(b"a\r\n\r");
        assert_eq!(last_end(before, b"\n"), Some(1));
        assert_eq!(last_end(before, b"\nb"), Some(1));
        assert_eq!(last_end(before, b"b"), Some(0));
        assert_eq!(last_end(before, b""), None);
    }
}
