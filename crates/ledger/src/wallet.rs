//! A user's wallet as one node knows it.

use tollgate_base::Money;

/// What a user can still pay: the store's figures as of the last commit, less what this node has promised since.
///
/// The store decides alone what is held. A wallet refuses what the store would refuse, without asking it, and keeps one
/// node from promising the same money twice between two commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wallet {
    balance: Money,
    held: Money,
    promised: Money,
}

impl Wallet {
    /// A wallet with this balance, of which so much is held by open requests.
    #[must_use]
    pub const fn new(balance: Money, held: Money) -> Self {
        Self { balance, held, promised: Money::ZERO }
    }

    /// Takes over what the store has now. Promises stay until they are [`kept`](Self::kept).
    pub const fn update(&mut self, balance: Money, held: Money) {
        self.balance = balance;
        self.held = held;
    }

    /// The balance, holds not considered.
    #[must_use]
    pub const fn balance(&self) -> Money {
        self.balance
    }

    /// What can still be held: the balance and the credit line, less everything held and promised.
    #[must_use]
    pub fn available(&self, credit_line: Money) -> Money {
        let nanos = i128::from(self.balance.nanos()) + i128::from(credit_line.nanos())
            - i128::from(self.held.nanos())
            - i128::from(self.promised.nanos());
        let bounded = nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        Money::from_nanos(i64::try_from(bounded).unwrap_or_default())
    }

    /// Promises `amount` to a request, if there is as much and anything at all. Whoever gets `true` hands the hold to the
    /// store and calls [`kept`](Self::kept) when the store has answered.
    #[must_use]
    pub fn promise(&mut self, amount: Money, credit_line: Money) -> bool {
        let available = self.available(credit_line);
        if !available.is_positive() || available < amount {
            return false;
        }
        match self.promised.checked_add(amount) {
            Some(promised) => {
                self.promised = promised;
                true
            }
            None => false,
        }
    }

    /// The store has taken or refused a promised hold: what it has is in its own figures from now on.
    pub fn kept(&mut self, amount: Money) {
        self.promised = self.promised.checked_sub(amount).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn money(nanos: i64) -> Money {
        Money::from_nanos(nanos)
    }

    #[test]
    fn what_is_promised_is_not_promised_again() {
        let mut wallet = Wallet::new(money(10), money(1));
        let promised = (0..20).filter(|_| wallet.promise(money(3), Money::ZERO)).count();
        assert_eq!((promised, wallet.available(Money::ZERO)), (3, Money::ZERO));
        wallet.kept(money(3));
        // The store has the hold among its own figures now.
        wallet.update(money(10), money(4));
        assert!(!wallet.promise(money(1), Money::ZERO));
        assert!(wallet.promise(money(1), money(1)));
    }

    #[test]
    fn nothing_is_held_of_an_empty_wallet_but_on_credit() {
        for (balance, amount, credit, granted) in
            [(0, 0, 0, false), (-1, 0, 0, false), (1, 0, 0, true), (0, 5, 5, true), (0, 6, 5, false)]
        {
            let mut wallet = Wallet::new(money(balance), Money::ZERO);
            assert_eq!(wallet.promise(money(amount), money(credit)), granted, "{balance} {amount} {credit}");
        }
    }

    proptest! {
        #[test]
        fn promises_never_exceed_what_there_is(
            balance in -50_i64..200, held in 0_i64..50, credit in 0_i64..50, amounts in prop::collection::vec(0_i64..60, 0..40),
        ) {
            let mut wallet = Wallet::new(money(balance), money(held));
            let granted: i64 = amounts.iter().filter(|amount| wallet.promise(money(**amount), money(credit))).sum();
            prop_assert!(granted <= (balance - held + credit).max(0));
        }
    }
}
