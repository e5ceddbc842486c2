//! Who is limited, and by how much.

use std::sync::Arc;

use tollgate_base::{AccountId, GroupId, KeyId, UserId};
use tollgate_routing::Allowance;

/// Something whose use is counted. The order is the one in which several are locked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An API key.
    Key(KeyId),
    /// A user.
    User(UserId),
    /// A group as a whole.
    Group(GroupId),
    /// A model of the catalog.
    Model(Arc<str>),
    /// An account at a provider.
    Account(AccountId),
}

/// A subject and what it may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limited {
    /// Who.
    pub subject: Subject,
    /// How much.
    pub allowance: Allowance,
    /// The number of the configuration that says so: a newer one is not undone by a request that read an older.
    pub epoch: u64,
}

impl Limited {
    pub(crate) const fn has_rates(&self) -> bool {
        self.allowance.requests_per_minute.is_some() || self.allowance.tokens_per_minute.is_some()
    }
}

/// All whose limits concern a request, each once and in the order in which they are locked; who is not limited is left
/// out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Who(Vec<Limited>);

impl Who {
    /// Whether nobody is limited.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_slice(&self) -> &[Limited] {
        &self.0
    }
}

impl FromIterator<Limited> for Who {
    fn from_iter<I: IntoIterator<Item = Limited>>(limited: I) -> Self {
        let mut who: Vec<Limited> =
            limited.into_iter().filter(|limited| !limited.allowance.is_unlimited()).collect();
        who.sort_unstable_by(|one, other| one.subject.cmp(&other.subject));
        who.dedup_by(|later, first| later.subject == first.subject);
        Self(who)
    }
}

/// What a request takes of rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Requests: one.
    pub requests: u64,
    /// Tokens, as far as they can be foreseen.
    pub tokens: u64,
}

impl Cost {
    /// One request that will use about so many tokens.
    #[must_use]
    pub const fn of(tokens: u64) -> Self {
        Self { requests: 1, tokens }
    }
}

/// Which limit does not let a request through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// So many requests a minute.
    Requests(u64),
    /// So many tokens a minute.
    Tokens(u64),
    /// So many requests at the same time.
    Slots(u64),
}

/// Why a request does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Whose limit it is.
    pub subject: Subject,
    /// Which one.
    pub reached: Reached,
    /// In how many nanoseconds the same request would go on. Of rates it is exact, if nothing else comes; of slots it is
    /// reckoned from how long they were taken lately.
    pub retry_after_nanos: u64,
}
