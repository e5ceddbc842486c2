//! What is known of one subject: its rates and its places.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tollgate_routing::Allowance;

use crate::bucket::{Bucket, Gauge};
use crate::slots::Slots;
use crate::who::{Cost, Reached};

/// One subject that was limited lately.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    rates: Mutex<Rates>,
    pub(crate) slots: Arc<Slots>,
}

/// The rates of one subject.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    requests: Bucket,
    tokens: Bucket,
    /// Nobody finds the entry any more: whoever found it before has to look again.
    retired: bool,
}

impl Entry {
    pub(crate) fn rates(&self) -> MutexGuard<'_, Rates> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Retires the entry, if nobody has it and forgetting it changes nothing.
    ///
    /// Who has it has a count of it, and got that before or after this lock: before, it is seen here; after, the entry is
    /// seen to be retired.
    pub(crate) fn retire(self: &Arc<Self>, now_nanos: u64) -> bool {
        let mut rates = self.rates();
        let is_full = rates.requests.now(now_nanos).is_full() && rates.tokens.now(now_nanos).is_full();
        rates.retired = Arc::strong_count(self) == 1 && is_full && self.slots.is_idle();
        rates.retired
    }
}

impl Rates {
    pub(crate) const fn is_retired(&self) -> bool {
        self.retired
    }

    /// Which rate keeps `cost` from being taken the longest, and how long; `None` if none does.
    pub(crate) fn reached(
        &mut self,
        allowance: &Allowance,
        cost: Cost,
        now_nanos: u64,
    ) -> Option<(Reached, u64)> {
        let requests = allowance.requests_per_minute.map(|limit| {
            let limit = u64::from(limit.get());
            (Reached::Requests(limit), self.requests.at(limit, now_nanos).wait_nanos(cost.requests))
        });
        let tokens = allowance.tokens_per_minute.map(|limit| {
            let limit = limit.get();
            (Reached::Tokens(limit), self.tokens.at(limit, now_nanos).wait_nanos(cost.tokens))
        });
        [requests, tokens].into_iter().flatten().filter(|(_, wait)| *wait > 0).max_by_key(|(_, wait)| *wait)
    }

    /// Takes `cost` of the rates that are limited.
    pub(crate) fn take(&mut self, allowance: &Allowance, cost: Cost) {
        if allowance.requests_per_minute.is_some() {
            self.requests.take(cost.requests);
        }
        if allowance.tokens_per_minute.is_some() {
            self.tokens.take(cost.tokens);
        }
    }

    /// `counted` stands where `reserved` was taken.
    pub(crate) fn correct(&mut self, allowance: &Allowance, reserved: Cost, counted: Cost, now_nanos: u64) {
        if allowance.requests_per_minute.is_some() {
            self.requests.now(now_nanos).correct(reserved.requests, counted.requests);
        }
        if allowance.tokens_per_minute.is_some() {
            self.tokens.now(now_nanos).correct(reserved.tokens, counted.tokens);
        }
    }

    /// How both rates stand, where they are limited.
    pub(crate) fn gauges(&mut self, allowance: &Allowance, now_nanos: u64) -> (Option<Gauge>, Option<Gauge>) {
        let requests = allowance.requests_per_minute;
        let requests = requests.map(|limit| self.requests.at(u64::from(limit.get()), now_nanos).gauge());
        let tokens = allowance.tokens_per_minute;
        (requests, tokens.map(|limit| self.tokens.at(limit.get(), now_nanos).gauge()))
    }
}
