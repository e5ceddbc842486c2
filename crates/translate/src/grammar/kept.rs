//! What a check remembers of a stream, within bounds.

use serde_json::Value;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// How much of one text is kept; of what is longer, only the length is known.
const KEPT_BYTES: usize = 1 << 20;

/// How many ids are remembered; later ones are not held against these.
const KEPT_IDS: usize = 10_000;

/// A text put together from pieces.
#[derive(Debug, Default)]
pub(super) struct Joined {
    head: String,
    len_bytes: usize,
}

impl Joined {
    pub(super) fn push(&mut self, piece: &str) {
        if self.is_whole() && self.len_bytes + piece.len() <= KEPT_BYTES {
            self.head.push_str(piece);
        }
        self.len_bytes += piece.len();
    }

    /// Whether the pieces are this text, as far as they are kept.
    pub(super) fn equals(&self, text: &str) -> bool {
        self.len_bytes == text.len() && text.as_bytes().starts_with(self.head.as_bytes())
    }

    /// Whether the text breaks a test; one that is not kept whole does not.
    pub(super) fn fails(&self, test: impl FnOnce(&str) -> bool) -> bool {
        self.is_whole() && !test(&self.head)
    }

    fn is_whole(&self) -> bool {
        self.head.len() == self.len_bytes
    }
}

/// Ids that were seen.
#[derive(Debug, Default)]
pub(super) struct Ids(HashSet<u64>);

impl Ids {
    /// Whether the id is new.
    pub(super) fn add(&mut self, id: &str) -> bool {
        let id = fingerprint_of(id);
        if self.0.len() >= KEPT_IDS {
            return !self.0.contains(&id);
        }
        self.0.insert(id)
    }
}

fn fingerprint_of(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A number that is the same for equal values.
pub(super) fn fingerprint(value: &Value) -> u64 {
    fingerprint_of(value.to_string())
}
