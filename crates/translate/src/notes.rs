//! What was left out because the target protocol cannot say it.

use std::borrow::Cow;

/// More names than this tell nobody anything.
const LIMIT: usize = 32;
/// A block type longer than this is not a name.
const NAME_LIMIT_BYTES: usize = 64;

/// Names of what was dropped, each once, in the order it was met.
#[derive(Debug, Default, Clone)]
pub(crate) struct Notes(Vec<Cow<'static, str>>);

impl Notes {
    /// Notes that `name` was dropped.
    pub(crate) fn add(&mut self, name: impl Into<Cow<'static, str>>) {
        let name = name.into();
        if self.0.len() < LIMIT && !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    /// Notes a dropped content block by its wire type. The upstream chose that word, and it ends up in a header, so
    /// only a plain identifier is repeated.
    pub(crate) fn add_block(&mut self, kind: &str) {
        let plain = !kind.is_empty()
            && kind.len() <= NAME_LIMIT_BYTES
            && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if plain {
            self.add(format!("content.{kind}"));
        } else {
            self.add("content.unknown");
        }
    }

    /// Notes a dropped field of a request. The caller chose its name, so only plain names are repeated.
    pub(crate) fn add_field(&mut self, field: &str) {
        let plain = !field.is_empty()
            && field.len() <= NAME_LIMIT_BYTES
            && field.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if plain {
            self.add(field.to_owned());
        } else {
            self.add("unknown");
        }
    }

    /// Adds the other's names after one's own.
    pub(crate) fn merge(&mut self, other: &Self) {
        for name in &other.0 {
            self.add(name.clone());
        }
    }

    pub(crate) fn to_strings(&self) -> Vec<String> {
        self.0.iter().map(|name| name.clone().into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_once_in_order_and_bounded() {
        let mut notes = Notes::default();
        notes.add("b");
        notes.add("a");
        notes.add("b");
        assert_eq!(notes.to_strings(), ["b", "a"]);
        for n in 0..100 {
            notes.add(format!("n{n}"));
        }
        assert_eq!(notes.to_strings().len(), LIMIT);
    }

    #[test]
    fn only_plain_block_types_are_repeated() {
        let mut notes = Notes::default();
        notes.add_block("compaction");
        notes.add_block("x\r\nset-cookie: a");
        notes.add_block("");
        assert_eq!(notes.to_strings(), ["content.compaction", "content.unknown"]);
    }
}
