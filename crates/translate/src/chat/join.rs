//! Several parts as the one string that Chat has for them.

/// Joins the parts of one kind. Parts that follow each other directly are one text (Messages splits a sentence where a
/// citation begins); a part of another kind between them, or the end of their item, is a paragraph's end.
#[derive(Debug, Default, Clone)]
pub(super) struct Joiner {
    written: bool,
    broken: bool,
    item: Option<String>,
}

impl Joiner {
    /// Something else came in between.
    pub(super) fn break_off(&mut self) {
        self.broken = true;
    }

    /// A part of this item begins.
    pub(super) fn begin(&mut self, item_id: Option<&str>) {
        if item_id != self.item.as_deref() {
            self.broken = true;
            self.item = item_id.map(str::to_owned);
        }
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
    fn texts_of_one_item_are_one_text() {
        let mut joined = String::new();
        let mut joiner = Joiner::default();
        for (item, text) in [(Some("a"), "1"), (Some("a"), "2"), (Some("b"), "3"), (None, "4"), (None, "5")] {
            joiner.begin(item);
            joiner.push(&mut joined, text);
        }
        assert_eq!(joined, "12\n\n3\n\n45");
    }

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
