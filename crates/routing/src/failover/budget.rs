//! The retry budget: how many attempts beyond the first may be made, so that an outage is not multiplied.

use std::time::Duration;

use tollgate_base::Timestamp;

/// What a budget allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetTerms {
    /// Retries for each hundred requests.
    pub percent: u32,
    /// Retries a second that are always allowed, so that where there is little traffic every request has its failover.
    pub floor_per_s: u32,
}

impl Default for BudgetTerms {
    fn default() -> Self {
        Self { percent: 10, floor_per_s: 10 }
    }
}

/// So long a request counts: what it allowed and nobody took fades away over this time.
const WINDOW_MICROS: u64 = 10_000_000;
/// How many seconds of the floor may be saved up.
const FLOOR_SECONDS: u64 = 5;
/// Both purses count in thousandths of a retry.
const RETRY: u64 = 1_000;

/// A purse that requests fill and retries empty.
///
/// Requests are counted elsewhere, since every request would otherwise wait for this purse; it is told their number
/// when a retry is wanted.
#[derive(Debug, Clone)]
pub struct RetryBudget {
    saved: u64,
    floor: u64,
    requests_seen: u64,
    at: Option<Timestamp>,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { saved: 0, floor: u64::MAX, requests_seen: 0, at: None }
    }
}

impl RetryBudget {
    /// Takes one retry; `false` if there is none left. `requests` is how many there have been since the gate began.
    pub fn take(&mut self, terms: BudgetTerms, requests: u64, now: Timestamp) -> bool {
        self.fill(terms, requests, now);
        let purse = if self.saved >= RETRY { &mut self.saved } else { &mut self.floor };
        match purse.checked_sub(RETRY) {
            Some(rest) => {
                *purse = rest;
                true
            }
            None => false,
        }
    }

    /// Gives back a retry that was not made, or that got an answer: only those in vain make an outage worse, and while some
    /// account is well none of them is.
    pub fn give_back(&mut self) {
        self.saved = self.saved.saturating_add(RETRY);
    }

    fn fill(&mut self, terms: BudgetTerms, requests: u64, now: Timestamp) {
        let passed = self.at.map_or(WINDOW_MICROS, |at| micros(now.since(at)));
        let came = requests.saturating_sub(self.requests_seen);
        let earned = scaled(came, u64::from(terms.percent) * RETRY, 100);
        self.saved = if passed >= WINDOW_MICROS {
            // Of what came while nobody asked, only the last window counts; its rate is taken for the whole time's.
            scaled(earned, WINDOW_MICROS, passed)
        } else {
            scaled(self.saved, WINDOW_MICROS - passed, WINDOW_MICROS).saturating_add(earned)
        };
        let per_s = u64::from(terms.floor_per_s) * RETRY;
        // The floor is for where requests do not allow as much; it is not added to what they do.
        let drip = scaled(per_s, passed, 1_000_000).saturating_sub(earned);
        self.floor = self.floor.saturating_add(drip).min(per_s * FLOOR_SECONDS);
        self.requests_seen = requests;
        // A clock that was set back does not stop the purse.
        self.at = Some(now);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// `value * times / of`, without overflow.
fn scaled(value: u64, times: u64, of: u64) -> u64 {
    u64::try_from(u128::from(value) * u128::from(times) / u128::from(of.max(1))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_micros(1_000_000_000 + ms * 1_000)
    }

    const TERMS: BudgetTerms = BudgetTerms { percent: 10, floor_per_s: 10 };

    fn taken(budget: &mut RetryBudget, requests: u64, now: Timestamp) -> usize {
        (0..100_000).take_while(|_| budget.take(TERMS, requests, now)).count()
    }

    #[test]
    fn a_small_installation_has_its_floor() {
        let mut budget = RetryBudget::default();
        assert_eq!(taken(&mut budget, 0, at(0)), 50, "five seconds are saved up");
        assert_eq!(taken(&mut budget, 0, at(100)), 1);
        assert_eq!(taken(&mut budget, 0, at(1_100)), 10);
        assert_eq!(taken(&mut budget, 0, at(1_000_000)), 50);
    }

    #[test]
    fn requests_fill_it_and_time_empties_it() {
        let mut budget = RetryBudget::default();
        let _empty = taken(&mut budget, 0, at(0));
        assert_eq!(taken(&mut budget, 10_000, at(1)), 1_000);
        // 1,000 earned; half of the window later half of them is left, and the floor is full.
        assert!(budget.take(TERMS, 20_000, at(2)));
        assert_eq!(taken(&mut budget, 20_000, at(5_002)), 499 + 50);
        // Long after, only what came within a window counts.
        assert_eq!(taken(&mut budget, 120_000, at(105_002)), 1_000);
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let mut budget = RetryBudget::default();
        let _empty = taken(&mut budget, 0, at(0));
        budget.give_back();
        assert_eq!(taken(&mut budget, 0, at(0)), 1);
    }

    proptest! {
        /// However retries are asked for, they stay below a tenth of the requests, the floor and one window's rest.
        #[test]
        fn retries_stay_within_the_terms(steps in prop::collection::vec((0_i64..2_000, 0_u64..500, 0_usize..200), 1..60)) {
            let mut budget = RetryBudget::default();
            let (mut now, mut requests, mut retries) = (0, 0, 0);
            for (ms, came, wanted) in steps {
                now += ms;
                requests += came;
                retries += (0..wanted).filter(|_| budget.take(TERMS, requests, at(now))).count() as u64;
            }
            let floor = 50 + now.unsigned_abs() / 100 + 1;
            prop_assert!(retries <= requests / 10 + floor, "{retries} of {requests} in {now} ms");
        }
    }
}
