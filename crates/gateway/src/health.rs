//! What the gate remembers of each account: what it is serving, and until when it is left alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use tollgate_base::{AccountId, Timestamp};
use tollgate_limits::Places;
use tollgate_routing::{AwayReason, Condition, Standing};

/// Failures in a row after which an account is left alone for a while.
const FAILURES_BEFORE_COOLING: u32 = 5;
/// The first pause after so many failures; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The same for refusals of the account itself.
const FIRST_REFUSAL_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_REFUSAL_PAUSE: Duration = Duration::from_secs(300);

/// The state of one account; it outlives configuration changes.
#[derive(Debug, Default)]
pub(crate) struct AccountHealth {
    cooling_until_micros: AtomicI64,
    failures: AtomicU32,
    refusals: AtomicU32,
    in_flight: AtomicU32,
}

impl AccountHealth {
    /// The account answered: past failures no longer count.
    pub(crate) fn succeeded(&self) {
        for count in [&self.failures, &self.refusals] {
            // Read first: a store would take the line from every other core, for nothing in the usual case.
            if count.load(Ordering::Relaxed) != 0 {
                count.store(0, Ordering::Relaxed);
            }
        }
    }

    /// The account failed to answer; several times in a row and it is left alone, longer each time.
    pub(crate) fn failed(&self, now: Timestamp) {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures < FAILURES_BEFORE_COOLING {
            return;
        }
        let doublings = (failures - FAILURES_BEFORE_COOLING).min(16);
        self.cool(now, FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE));
    }

    /// The provider refused the account itself: its credential, its funds. One refusal may be about this request
    /// alone, so the first pause is short; it doubles while they go on.
    pub(crate) fn refused(&self, now: Timestamp) {
        let refusals = self.refusals.fetch_add(1, Ordering::Relaxed);
        self.cool(now, FIRST_REFUSAL_PAUSE.saturating_mul(1 << refusals.min(16)).min(LONGEST_REFUSAL_PAUSE));
    }

    /// Leaves the account alone for so long.
    pub(crate) fn cool(&self, now: Timestamp, pause: Duration) {
        self.cooling_until_micros.fetch_max(now.after(pause).micros(), Ordering::AcqRel);
    }

    /// How it stands.
    pub(crate) fn condition(&self, now: Timestamp) -> Condition {
        let standing = match self.cooling_until().filter(|until| *until > now) {
            None => Standing::Ready,
            until => Standing::Away { until, why: AwayReason::Broken },
        };
        let in_flight = self.in_flight.load(Ordering::Acquire);
        Condition { standing, in_flight, ..Condition::READY }
    }

    fn cooling_until(&self) -> Option<Timestamp> {
        match self.cooling_until_micros.load(Ordering::Acquire) {
            0 => None,
            micros => Some(Timestamp::from_micros(micros)),
        }
    }
}

/// Counts a request as being served by an account, and keeps its place there, until it is dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    account: Arc<AccountHealth>,
    _places: Places,
}

impl InFlight {
    pub(crate) fn begin(account: &Arc<AccountHealth>, places: Places) -> Self {
        account.in_flight.fetch_add(1, Ordering::AcqRel);
        Self { account: Arc::clone(account), _places: places }
    }

    pub(crate) fn account(&self) -> &AccountHealth {
        &self.account
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.account.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The state of all accounts.
#[derive(Default)]
pub(crate) struct HealthBook(papaya::HashMap<AccountId, Arc<AccountHealth>>);

impl HealthBook {
    pub(crate) fn of(&self, account: AccountId) -> Arc<AccountHealth> {
        Arc::clone(self.0.pin().get_or_insert_with(account, Arc::default))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    #[test]
    fn cools_after_failures_in_a_row_and_longer_each_time() {
        let health = AccountHealth::default();
        for _ in 1..FAILURES_BEFORE_COOLING {
            health.failed(NOW);
        }
        assert_eq!(health.cooling_until(), None);
        health.failed(NOW);
        assert_eq!(health.cooling_until(), Some(NOW.after(FIRST_PAUSE)));
        health.failed(NOW);
        assert_eq!(health.cooling_until(), Some(NOW.after(FIRST_PAUSE * 2)));
        for _ in 0..100 {
            health.failed(NOW);
        }
        assert_eq!(health.cooling_until(), Some(NOW.after(LONGEST_PAUSE)));
    }

    #[test]
    fn an_answer_forgives_failures() {
        let health = AccountHealth::default();
        for _ in 0..3 * FAILURES_BEFORE_COOLING {
            health.failed(NOW);
            health.succeeded();
        }
        assert_eq!(health.cooling_until(), None);
    }

    #[test]
    fn refusals_of_the_account_cool_at_once_and_longer_each_time() {
        let health = AccountHealth::default();
        health.refused(NOW);
        assert_eq!(health.cooling_until(), Some(NOW.after(FIRST_REFUSAL_PAUSE)));
        health.refused(NOW);
        assert_eq!(health.cooling_until(), Some(NOW.after(FIRST_REFUSAL_PAUSE * 2)));
        for _ in 0..100 {
            health.refused(NOW);
        }
        assert_eq!(health.cooling_until(), Some(NOW.after(LONGEST_REFUSAL_PAUSE)));
    }

    #[test]
    fn in_flight_is_returned_on_drop() {
        let book = HealthBook::default();
        let id = AccountId::from_u128(1);
        let account = book.of(id);
        let first = InFlight::begin(&account, Places::default());
        let second = InFlight::begin(&account, Places::default());
        assert_eq!(account.condition(NOW).in_flight, 2);
        drop((first, second));
        assert_eq!(book.of(id).condition(NOW).in_flight, 0);
    }
}
