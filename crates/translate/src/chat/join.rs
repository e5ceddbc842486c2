//! Several parts as the one string that Chat has for them.

/// Joins the parts of one kind. Parts that follow each other directly are one text (Messages splits a sentence where a
/// citation begins); a part of another kind between them is a paragraph's end.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Joiner {
    written: bool,
    broken: bool,
}

impl Joiner {
    /// Something else came in between.
    pub(super) fn break_off(&mut self) {
        self.broken = true;
    }

    /// What goes in front of the next piece, which is not empty.
    pub(super) fn separator(&mut self) -> &'static str {
        let separator = if self.written && self.broken { "\n\n" } else { "" };
        self.written = true;
        self.broken = false;
        separator
    }

    /// Appends a piece.
    pub(super) fn push(&mut self, joined: &mut String, piece: &str) {
        if !piece.is_empty() {
            joined.push_str(self.separator());
            joined.push_str(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_break_is_a_blank_line_between_pieces_only() {
        let mut joined = String::new();
        let mut joiner = Joiner::default();
        joiner.break_off();
        joiner.push(&mut joined, "a");
        joiner.push(&mut joined, "b");
        joiner.break_off();
        joiner.push(&mut joined, "");
        joiner.break_off();
        joiner.push(&mut joined, "c");
        joiner.break_off();
        assert_eq!(joined, "ab\n\nc");
    }
}
