//! Reasoning of earlier answers, kept for callers whose protocol cannot send it back.
//!
//! It is found by the API key that asked and the id of a tool call in the same turn, so no key reads another's. It lives
//! in this process, and what is used least is forgotten first.

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use std::sync::Arc;
use tollgate_base::KeyId;
use tollgate_translate::{Recollection, Remembered};

/// How much is remembered unless told otherwise.
const LIMIT_BYTES: u64 = 64 << 20;
/// What an entry costs beside its texts.
const ENTRY_BYTES: u64 = 128;
/// Few shards, so that one of them holds the longest reasoning.
const SHARDS: usize = 4;

/// What the gate remembers.
#[derive(Debug)]
pub(crate) struct Memory(Option<Cache<Place, Arc<str>, Bytes>>);

/// Whose call it was, and which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Place {
    key: KeyId,
    call_id: Box<str>,
}

/// Entries weigh their bytes. The calls of one turn share a text, which counts for each.
#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<Place, Arc<str>> for Bytes {
    fn weight(&self, place: &Place, text: &Arc<str>) -> u64 {
        (place.call_id.len() as u64).saturating_add(text.len() as u64).saturating_add(ENTRY_BYTES)
    }
}

impl Memory {
    /// A memory of at most `limit_bytes`; zero: none.
    pub(crate) fn new(limit_bytes: u64) -> Self {
        let entries = usize::try_from(limit_bytes / 1024).unwrap_or(usize::MAX).min(1 << 16);
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(entries)
            .weight_capacity(limit_bytes)
            .build();
        let cache = options.ok().filter(|_| limit_bytes > 0).map(|options| {
            Cache::with_options(options, Bytes, DefaultHashBuilder::default(), DefaultLifecycle::default())
        });
        Self(cache)
    }

    /// Remembers a turn that `key` asked for.
    pub(crate) fn insert(&self, key: KeyId, turn: &Recollection) {
        let Some(cache) = &self.0 else { return };
        for call_id in &turn.call_ids {
            let place = Place { key, call_id: call_id.as_str().into() };
            cache.insert(place, Arc::clone(&turn.carrier_or_text));
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(LIMIT_BYTES)
    }
}

/// What is remembered for one key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recall<'a> {
    pub(crate) memory: &'a Memory,
    pub(crate) key: KeyId,
}

impl Remembered for Recall<'_> {
    fn reasoning_of(&self, call_id: &str) -> Option<Arc<str>> {
        self.memory.0.as_ref()?.get(&Place { key: self.key, call_id: call_id.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY_BYTES: u64 = 64 << 10;

    fn turn(call_ids: &[&str], text: &str) -> Recollection {
        let call_ids = call_ids.iter().map(|id| (*id).to_owned()).collect();
        Recollection { call_ids, carrier_or_text: text.into() }
    }

    fn recall(memory: &Memory, key: KeyId, call_id: &str) -> Option<Arc<str>> {
        Recall { memory, key }.reasoning_of(call_id)
    }

    #[test]
    fn a_turn_is_found_by_any_of_its_calls_and_only_by_its_key() {
        let memory = Memory::new(MEMORY_BYTES);
        let (one, other) = (KeyId::from_u128(1), KeyId::from_u128(2));
        memory.insert(one, &turn(&["a", "b"], "thought"));
        assert_eq!(recall(&memory, one, "a").as_deref(), Some("thought"));
        assert_eq!(recall(&memory, one, "b").as_deref(), Some("thought"));
        assert_eq!(recall(&memory, one, "c"), None);
        assert_eq!(recall(&memory, other, "a"), None);
        memory.insert(one, &turn(&["a"], "newer"));
        assert_eq!(recall(&memory, one, "a").as_deref(), Some("newer"));
    }

    #[test]
    fn it_is_bounded_in_bytes_whatever_comes() {
        let memory = Memory::new(MEMORY_BYTES);
        let key = KeyId::from_u128(1);
        for (size, count) in [(10_000, 100), (10, 10_000)] {
            for n in 0..count {
                memory.insert(key, &turn(&[&format!("{size}-{n}")], &"x".repeat(size)));
            }
            let cache = memory.0.as_ref().unwrap();
            assert!(cache.weight() <= MEMORY_BYTES, "{}", cache.weight());
            assert!(!cache.is_empty());
        }
        memory.insert(key, &turn(&["large"], &"x".repeat(1 << 20)));
        assert_eq!(recall(&memory, key, "large"), None);
    }

    #[test]
    fn a_memory_of_nothing_remembers_nothing() {
        let memory = Memory::new(0);
        memory.insert(KeyId::from_u128(1), &turn(&["a"], "t"));
        assert_eq!(recall(&memory, KeyId::from_u128(1), "a"), None);
    }
}
