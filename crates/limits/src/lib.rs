//! Limits: requests and tokens a minute, and requests at the same time, of keys, users, groups, models and accounts.
//!
//! [`Limits`] is the door. A request shows who is concerned ([`Who`]) and what it will take ([`Cost`]): it takes of all
//! their rates together or of none, then waits for its places, first come, first served and for a bounded time. What it
//! gets are guards: a [`Reservation`] of tokens that is put right when the request is over, and [`Places`] that are free
//! again when they are dropped. Who is not limited has no part in any of it.
//!
//! `bucket` and `standing` are pure and told the time; the rest has tokio's clock, and lives in this process.

mod bucket;
mod entry;
mod first;
mod reservation;
mod slots;
mod standing;
mod who;

use std::sync::Arc;

use tokio::time::Instant;

pub use bucket::Gauge;
pub use first::Lease;
pub use reservation::Reservation;
pub use standing::Standing;
pub use who::{Cost, Limited, Reached, Refusal, Subject, Who};

use entry::Entry;
use slots::Slot;

/// How long a request may wait for places.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// Until when.
    pub until: Instant,
    /// How many may wait for the places of one subject; who comes when there are as many is refused at once.
    pub queue: usize,
}

/// The places that a request has; free again when this is dropped.
#[derive(Debug, Default)]
#[must_use = "the places are free again when this is dropped"]
pub struct Places(Vec<Slot>);

/// A request that may go on.
#[derive(Debug)]
pub struct Admission {
    /// What it has taken of rates.
    pub reservation: Reservation,
    /// Its places.
    pub places: Places,
    /// Whether it had to wait for one, so that what was read before may be old.
    pub waited: bool,
}

impl Admission {
    /// What it has taken, and its places.
    pub fn into_parts(self) -> (Option<Reservation>, Places) {
        (Some(self.reservation), self.places)
    }
}

/// What everybody who is limited has taken.
#[derive(Debug)]
pub struct Limits {
    entries: papaya::HashMap<Subject, Arc<Entry>>,
    /// The beginning of the clock.
    start: Instant,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: papaya::HashMap::default(), start: Instant::now() }
    }
}

impl Limits {
    /// Lets a request in: takes `cost` of all rates, then waits for a place with each who has a limited number.
    ///
    /// # Errors
    /// The limit that is in the way, and for how long. Nothing is taken then, and nothing by who drops this while it
    /// waits.
    pub async fn admit(&self, who: &Who, cost: Cost, wait: Wait) -> Result<Admission, Refusal> {
        let reservation = self.reserve(who.as_slice(), cost)?;
        let mut admission = Admission { reservation, places: Places::default(), waited: false };
        for limited in who.as_slice() {
            let Some(places) = limited.allowance.concurrency else { continue };
            let slots = Arc::clone(&self.entry(&limited.subject).slots);
            slots.resize(places.get(), limited.epoch);
            let slot = match slots.take() {
                Some(slot) => slot,
                None => {
                    admission.waited = true;
                    let full = || no_slot(limited, places.get(), &slots);
                    let place = slots.queue(wait.queue).ok_or_else(full)?;
                    tokio::time::timeout_at(wait.until, place).await.map_err(|_| full())?
                }
            };
            admission.places.0.push(slot);
        }
        Ok(admission)
    }

    /// How the rates of all who are concerned stand; the tightest of each kind.
    #[must_use]
    pub fn standing(&self, who: &Who) -> Standing {
        let now_nanos = self.now_nanos();
        let gauges = |limited: &Limited| {
            let entry = self.entries.pin().get(&limited.subject).map(Arc::clone).unwrap_or_default();
            entry.rates().gauges(&limited.allowance, now_nanos)
        };
        who.as_slice()
            .iter()
            .map(gauges)
            .fold(Standing::default(), |standing, (requests, tokens)| standing.with(requests, tokens))
    }

    /// Takes over another number of places, for those who wait already.
    pub fn resize(&self, limited: &Limited) {
        if let Some(entry) = self.entries.pin().get(&limited.subject) {
            let places = limited.allowance.concurrency.map_or(u32::MAX, std::num::NonZero::get);
            entry.slots.resize(places, limited.epoch);
        }
    }

    /// Those for whose places somebody waits.
    #[must_use]
    pub fn waited_for(&self) -> Vec<Subject> {
        let entries = self.entries.pin();
        let waited = entries.iter().filter(|(_, entry)| entry.slots.has_waiting());
        waited.map(|(subject, _)| subject.clone()).collect()
    }

    /// How many places are taken, of all who have a limited number.
    #[must_use]
    pub fn places_taken(&self) -> u64 {
        self.entries.pin().values().map(|entry| entry.slots.taken()).sum()
    }

    /// Forgets who has taken nothing that is still missing.
    pub fn sweep(&self) {
        let now_nanos = self.now_nanos();
        self.entries.pin().retain(|_, entry| !entry.retire(now_nanos));
    }

    /// How many subjects are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nobody is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes `cost` of all these rates, or of none.
    fn reserve(&self, who: &[Limited], cost: Cost) -> Result<Reservation, Refusal> {
        let held: Vec<(&Limited, Arc<Entry>)> = who
            .iter()
            .filter(|limited| limited.has_rates())
            .map(|limited| (limited, self.entry(&limited.subject)))
            .collect();
        let mut rates: Vec<_> = held.iter().map(|(limited, entry)| (*limited, entry.rates())).collect();
        // The time is taken under the locks, so that no request sees a bucket from its future.
        let now_nanos = self.now_nanos();
        let mut longest: Option<Refusal> = None;
        for (limited, rates) in &mut rates {
            if let Some((reached, wait)) = rates.reached(&limited.allowance, cost, now_nanos)
                && longest.as_ref().is_none_or(|longest| wait > longest.retry_after_nanos)
            {
                let subject = limited.subject.clone();
                longest = Some(Refusal { subject, reached, retry_after_nanos: wait });
            }
        }
        if let Some(refusal) = longest {
            return Err(refusal);
        }
        for (limited, rates) in &mut rates {
            rates.take(&limited.allowance, cost);
        }
        drop(rates);
        let held = held.into_iter().map(|(limited, entry)| (entry, limited.allowance)).collect();
        Ok(Reservation::new(held, cost, self.start))
    }

    /// The entry of a subject, which stays in place as long as somebody has it.
    fn entry(&self, subject: &Subject) -> Arc<Entry> {
        loop {
            let entries = self.entries.pin();
            let entry = Arc::clone(entries.get_or_insert_with(subject.clone(), Arc::default));
            if !entry.rates().is_retired() {
                return entry;
            }
            // It was retired after it was found; who retires it may not have come to remove it yet.
            let _removed = entries.remove_if(subject, |_, found| Arc::ptr_eq(found, &entry));
        }
    }

    fn now_nanos(&self) -> u64 {
        nanos_since(self.start)
    }
}

fn nanos_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

fn no_slot(limited: &Limited, places: u32, slots: &slots::Slots) -> Refusal {
    Refusal {
        subject: limited.subject.clone(),
        reached: Reached::Slots(u64::from(places)),
        retry_after_nanos: u64::try_from(slots.usual_wait().as_nanos()).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests;
