//! The retry budgets: one of each group, and one of the gate over all of them. A retry is taken from both, and given back
//! when it got an answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tollgate_base::{GroupId, Timestamp};
use tollgate_routing::failover::{BudgetTerms, RetryBudget};

/// What the gate's own budget always allows, as a multiple of what a group's does.
const GATE_FLOOR: u32 = 5;

/// A budget that all requests of a group, or of the gate, share. They only count themselves; who wants a retry reckons.
#[derive(Debug, Default)]
struct Purse {
    requests: AtomicU64,
    budget: Mutex<RetryBudget>,
}

impl Purse {
    fn take(&self, terms: BudgetTerms, now: Timestamp) -> bool {
        let requests = self.requests.load(Ordering::Relaxed);
        self.budget.lock().unwrap_or_else(PoisonError::into_inner).take(terms, requests, now)
    }

    fn give_back(&self) {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner).give_back();
    }
}

/// All budgets.
pub(crate) struct RetryBook {
    terms: BudgetTerms,
    gate: Purse,
    groups: papaya::HashMap<GroupId, Arc<Purse>>,
}

impl RetryBook {
    pub(crate) fn new(terms: BudgetTerms) -> Self {
        Self { terms, gate: Purse::default(), groups: papaya::HashMap::new() }
    }

    /// Counts a request of a group.
    pub(crate) fn request(&self, group: GroupId) -> Retries<'_> {
        let purse = Arc::clone(self.groups.pin().get_or_insert_with(group, Arc::default));
        for purse in [&self.gate, &purse] {
            purse.requests.fetch_add(1, Ordering::Relaxed);
        }
        Retries { book: self, group: purse }
    }
}

/// The budgets that a request's retries are taken from.
pub(crate) struct Retries<'a> {
    book: &'a RetryBook,
    group: Arc<Purse>,
}

impl Retries<'_> {
    /// Takes a retry; `false` if the group or the gate has none left.
    pub(crate) fn take(&self, now: Timestamp) -> bool {
        let RetryBook { terms, gate, .. } = self.book;
        if !self.group.take(*terms, now) {
            return false;
        }
        let of_gate = BudgetTerms { floor_per_s: terms.floor_per_s.saturating_mul(GATE_FLOOR), ..*terms };
        let granted = gate.take(of_gate, now);
        if !granted {
            self.group.give_back();
        }
        granted
    }

    /// Gives back a retry that got an answer.
    pub(crate) fn give_back(&self) {
        self.group.give_back();
        self.book.gate.give_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_has_used_up_its_own_leaves_others_theirs() {
        let book = RetryBook::new(BudgetTerms { percent: 10, floor_per_s: 1 });
        let (one, two) = (GroupId::from_u128(1), GroupId::from_u128(2));
        let now = Timestamp::from_micros(1_000_000);
        let taken = |group| {
            let retries = book.request(group);
            (0..1_000).take_while(|_| retries.take(now)).count()
        };
        assert_eq!(taken(one), 5);
        assert_eq!(taken(one), 0);
        assert_eq!(taken(two), 5);
        // The gate's own floor is five of them, and twenty requests allow two more.
        let rest: usize = (3..20).map(|group| taken(GroupId::from_u128(group))).sum();
        assert_eq!(rest, 15 + 2);
    }
}
