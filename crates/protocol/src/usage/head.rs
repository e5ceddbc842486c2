//! The beginning of what a model said, kept as text.

/// How much of an output is kept: some 500 tokens, from which the rest is told by its bytes.
const HEAD_BYTES: usize = 2 << 10;
const MAX_CHARACTER_BYTES: usize = 4;

/// The beginning of a stream's output (text, reasoning and the arguments of calls, as they came), at most 2 KiB.
///
/// A tokenizer that reads it says how many bytes of this output make a token, which is all that is needed to count an
/// output whose upstream did not. More is not kept: every open stream has one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutputHead(String);

impl OutputHead {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there may be no room for a whole character.
    pub(super) const fn is_full(&self) -> bool {
        self.0.len() + MAX_CHARACTER_BYTES > HEAD_BYTES
    }

    /// Takes what there is room for of the inside of a JSON string.
    pub(super) fn take(&mut self, encoded: &[u8]) {
        // No escape makes more than one byte of text out of one.
        let Ok(encoded) = std::str::from_utf8(encoded) else { return };
        if !encoded.contains('\\') {
            return self.push(encoded);
        }
        // A half of a surrogate pair, cut between two events, is not text.
        if let Ok(text) = serde_json::from_str::<String>(&format!("\"{encoded}\"")) {
            self.push(&text);
        }
    }

    fn push(&mut self, text: &str) {
        let room = HEAD_BYTES.saturating_sub(self.0.len());
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_what_is_no_text_is_left_out() {
        let mut head = OutputHead::default();
        for encoded in [r"a\n", r#"\"b\""#, r"\ud83c\udf89", r"\ud83c", "é", "\\"] {
            head.take(encoded.as_bytes());
        }
        head.take(b"\xff");
        assert_eq!(head.as_str(), "a\n\"b\"🎉é");
    }

    #[test]
    fn it_is_cut_between_characters_and_then_full_enough() {
        let mut head = OutputHead::default();
        head.take(format!("x{}", "é".repeat(HEAD_BYTES)).as_bytes());
        assert_eq!(head.as_str().len(), HEAD_BYTES - 1);
        assert!(head.is_full());
    }
}
