//! Candidates that were gathered before: once for a snapshot, group and model.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, Equivalent, OptionsBuilder, Weighter};
use tollgate_base::GroupId;

use crate::candidates::Candidates;

/// How many candidates are kept, over all models; each takes about 80 bytes.
const MOST_CANDIDATES: u64 = 1 << 18;
/// What an entry counts beside its candidates, so that models which nobody serves are bounded too.
const ENTRY_WEIGHT: u64 = 16;
/// Names come from callers; a longer one is not worth its place.
const LONGEST_NAME_BYTES: usize = 256;
/// Fixed, so that a large group fits into a shard on machines with many processors.
const SHARDS: usize = 8;

type Gathered = Cache<Key, Arc<Candidates>, ByCandidates>;

/// What was gathered; `None` in a catalog that is still empty.
#[derive(Clone, Default)]
pub(crate) struct Memo(Option<Arc<Gathered>>);

#[derive(PartialEq, Eq)]
struct Key {
    group: GroupId,
    model: Box<str>,
}

struct Wanted<'a> {
    group: GroupId,
    model: &'a str,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Wanted { group: self.group, model: &self.model }.hash(state);
    }
}

impl Hash for Wanted<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.group, self.model).hash(state);
    }
}

impl Equivalent<Key> for Wanted<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.group == key.group && *self.model == *key.model
    }
}

#[derive(Clone)]
struct ByCandidates;

impl Weighter<Key, Arc<Candidates>> for ByCandidates {
    fn weight(&self, _: &Key, candidates: &Arc<Candidates>) -> u64 {
        ENTRY_WEIGHT + candidates.list.len() as u64
    }
}

impl Memo {
    pub(crate) fn new() -> Self {
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(64)
            .weight_capacity(MOST_CANDIDATES)
            .build();
        Self(options.ok().map(|options| {
            let cache = Cache::with_options(
                options,
                ByCandidates,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            );
            Arc::new(cache)
        }))
    }

    /// The candidates of a group for a model: those gathered before, else those that `gather` finds.
    pub(crate) fn get(
        &self,
        group: GroupId,
        model: &str,
        gather: impl FnOnce() -> Candidates,
    ) -> Arc<Candidates> {
        let Some(cache) = self.0.as_ref().filter(|_| model.len() <= LONGEST_NAME_BYTES) else {
            return Arc::new(gather());
        };
        if let Some(known) = cache.get(&Wanted { group, model }) {
            return known;
        }
        let gathered = Arc::new(gather());
        cache.insert(Key { group, model: model.into() }, Arc::clone(&gathered));
        gathered
    }
}

impl fmt::Debug for Memo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo").finish_non_exhaustive()
    }
}
