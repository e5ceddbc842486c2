//! A quota: what may be spent in a window, and what of it is used and held.

use tollgate_base::{Money, Timestamp};

use crate::wallet::Wallet;
use crate::window::{Span, Window};

/// A limit on money in a window, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// What may be spent in a window; not negative.
    pub amount: Money,
    /// When it begins to count anew.
    pub window: Window,
    /// The window it counts in now.
    pub span: Span,
    /// What the requests cost that came in within it and are settled.
    pub used: Money,
    /// The sum of the open holds, of whichever window; never negative.
    pub held: Money,
}

impl Quota {
    /// A quota that is set now.
    #[must_use]
    pub fn begin(amount: Money, window: Window, now: Timestamp) -> Self {
        let span = window.begin(now);
        Self { amount, window, span, used: Money::ZERO, held: Money::ZERO }
    }

    /// Begins the window of `at`, if the one before is over. Whether it did.
    pub fn roll(&mut self, at: Timestamp) -> bool {
        let span = self.window.at(self.span, at);
        if span == self.span {
            return false;
        }
        (self.span, self.used) = (span, Money::ZERO);
        true
    }

    /// Counts what a request that came in at `at` cost. One of an earlier window counts no more. `None` if the sum would
    /// leave the range of 64 bits; nothing is changed then.
    #[must_use]
    pub fn charge(&mut self, cost: Money, at: Timestamp) -> Option<()> {
        let mut after = self.clone();
        after.roll(at);
        if at >= after.span.starts_at {
            after.used = after.used.checked_add(cost)?;
        }
        *self = after;
        Some(())
    }

    /// The quota as a wallet that is full again with each window: what is left of it by then, and what is held.
    #[must_use]
    pub fn wallet(&self, at: Timestamp) -> Wallet {
        let used = if self.span.is_over(at) { Money::ZERO } else { self.used };
        let least = Money::from_nanos(-i64::MAX);
        Wallet { balance: self.amount.checked_sub(used).unwrap_or(least), held: self.held }
    }

    /// Whether the amount can be held of it for a request that came in at `at`.
    #[must_use]
    pub fn can_hold(&self, amount: Money, at: Timestamp) -> bool {
        self.wallet(at).can_hold(amount, Money::ZERO)
    }

    /// Whether nothing is left to begin a request with.
    #[must_use]
    pub fn is_used_up(&self, at: Timestamp) -> bool {
        !self.wallet(at).balance.is_positive()
    }

    /// When there will be something again, where nothing is left at `at`; `None` for never.
    #[must_use]
    pub const fn resets_at(&self) -> Option<Timestamp> {
        self.span.ends_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 3_600_000_000;

    const fn money(nanos: i64) -> Money {
        Money::from_nanos(nanos)
    }

    const fn hours(hours: i64) -> Timestamp {
        Timestamp::from_micros(hours * HOUR)
    }

    fn quota(amount: i64, window: &str) -> Quota {
        Quota::begin(money(amount), window.parse().unwrap(), hours(100))
    }

    #[test]
    fn what_is_used_comes_back_with_the_next_window() {
        let mut quota = quota(10, "5h");
        quota.charge(money(7), hours(101)).unwrap();
        assert!(quota.can_hold(money(3), hours(105)));
        assert!(!quota.can_hold(money(4), hours(105)));
        assert!(quota.can_hold(money(10), hours(106)), "its window is over by then");
        quota.charge(money(12), hours(106)).unwrap();
        assert!(quota.is_used_up(hours(107)));
        assert_eq!(quota.resets_at(), Some(hours(111)));
        quota.charge(money(5), hours(105)).unwrap();
        assert_eq!(quota.used, money(12), "a late charge of the window before");
    }

    #[test]
    fn what_is_held_stays_held_over_windows() {
        let mut quota = quota(10, "1d");
        quota.held = money(8);
        assert!(!quota.can_hold(money(3), hours(300)));
        assert!(quota.can_hold(money(2), hours(300)));
        assert!(!quota.is_used_up(hours(300)), "what is held is not used");
    }

    #[test]
    fn sums_stay_in_range() {
        let mut quota = quota(10, "total");
        quota.charge(Money::MAX, hours(101)).unwrap();
        let before = quota.clone();
        assert_eq!(quota.charge(money(1), hours(101)), None);
        assert_eq!(quota, before);
        assert!(!quota.can_hold(Money::ZERO, hours(101)));
    }

    proptest! {
        /// In whichever order charges come, what is used is the sum of those that came in within the last window.
        #[test]
        fn used_is_the_sum_since_the_window_began(
            which in 0_usize..4, charges in prop::collection::vec((100_i64..400, 0_i64..50), 0..60),
        ) {
            let mut quota = quota(1_000, ["total", "5h", "day Europe/Berlin", "week 2026-11-25T08:30:00Z"][which]);
            for (at, cost) in &charges {
                quota.charge(money(*cost), hours(*at)).unwrap();
            }
            let within = charges.iter().filter(|(at, _)| hours(*at) >= quota.span.starts_at);
            prop_assert_eq!(quota.used, money(within.map(|(_, cost)| cost).sum()));
        }
    }
}
