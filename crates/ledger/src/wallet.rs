//! A user's wallet as the store has it, and the rule of holds.

use tollgate_base::Money;

/// What a user has: what is available is the balance less what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wallet {
    /// What was paid in less what was charged; negative where something is owed.
    pub balance: Money,
    /// The sum of the open holds; never negative.
    pub held: Money,
}

impl Wallet {
    /// What can still be held, in nano-dollars. Balance and credit line together may need more than 64 bits.
    #[must_use]
    pub fn available_nanos(self, credit_line: Money) -> i128 {
        i128::from(self.balance.nanos()) - i128::from(self.held.nanos()) + i128::from(credit_line.nanos())
    }

    /// Whether the amount can be held of it now.
    #[must_use]
    pub fn can_hold(self, amount: Money, credit_line: Money) -> bool {
        covers(self.available_nanos(credit_line), amount) && self.held.checked_add(amount).is_some()
    }
}

/// The rule of holds: something is available, and it covers the amount.
pub(crate) fn covers(available_nanos: i128, amount: Money) -> bool {
    available_nanos > 0 && available_nanos >= i128::from(amount.nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wallet(balance: i64, held: i64) -> Wallet {
        Wallet { balance: Money::from_nanos(balance), held: Money::from_nanos(held) }
    }

    fn can_hold(wallet: Wallet, amount: i64, line: i64) -> bool {
        wallet.can_hold(Money::from_nanos(amount), Money::from_nanos(line))
    }

    #[test]
    fn what_is_available_bounds_a_hold() {
        assert!(can_hold(wallet(10, 4), 6, 0));
        assert!(!can_hold(wallet(10, 4), 7, 0));
        assert!(can_hold(wallet(10, 4), 7, 1));
        assert!(can_hold(wallet(-5, 0), 5, 10));
        assert!(!can_hold(wallet(-5, 0), 6, 10));
    }

    #[test]
    fn nothing_is_held_of_nothing() {
        assert!(can_hold(wallet(1, 0), 0, 0));
        assert!(!can_hold(wallet(1, 1), 0, 0));
        assert!(!can_hold(wallet(0, 0), 0, 0));
    }

    #[test]
    fn the_ends_of_the_range_hold() {
        assert!(can_hold(wallet(i64::MAX, 0), i64::MAX, i64::MAX));
        assert!(!can_hold(wallet(i64::MAX, 1), i64::MAX, i64::MAX), "the sum of holds has 64 bits");
        assert!(!can_hold(wallet(-i64::MAX, i64::MAX), 0, i64::MAX));
    }
}
