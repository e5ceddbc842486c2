//! A user's wallet as one node knows it.

use tollgate_base::Money;

use crate::wallet::{Wallet, covers};

/// What a user can still pay: the store's figures as of the last commit, and what this node has on the way to it.
///
/// The store decides alone what is held. A wallet refuses what the store would refuse, without asking it, and keeps one
/// node from promising the same money twice between two commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NodeWallet {
    stored: Wallet,
    /// Holds that the store does not have yet.
    promised: Money,
    /// Holds that the store will close with the records that are on the way,
    closing: Money,
    /// and what those records cost.
    due: Money,
}

impl NodeWallet {
    /// A wallet of which nothing is on the way.
    #[must_use]
    pub const fn new(stored: Wallet) -> Self {
        Self { stored, promised: Money::ZERO, closing: Money::ZERO, due: Money::ZERO }
    }

    /// Takes over what the store has now. What is on the way stays so until it is [`kept`](Self::kept) or
    /// [`over`](Self::over).
    pub const fn update(&mut self, stored: Wallet) {
        self.stored = stored;
    }

    /// The balance, holds not considered.
    #[must_use]
    pub const fn balance(&self) -> Money {
        self.stored.balance
    }

    /// What can still be held, in nano-dollars, as it will be when all that is on the way has arrived.
    #[must_use]
    pub fn available_nanos(&self, credit_line: Money) -> i128 {
        let [promised, closing, due] =
            [self.promised, self.closing, self.due].map(|money| i128::from(money.nanos()));
        self.stored.available_nanos(credit_line) + closing - promised - due
    }

    /// Promises `amount` to a request, if there is as much and anything at all. Whoever gets `true` hands the hold to the
    /// store and calls [`kept`](Self::kept) when the store has answered.
    #[must_use]
    pub fn promise(&mut self, amount: Money, credit_line: Money) -> bool {
        if !covers(self.available_nanos(credit_line), amount) {
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

    /// The store has taken or refused a promised hold: what it has is in its own figures from now on. Comes after
    /// [`update`](Self::update), so that nothing looks free in between.
    pub fn kept(&mut self, amount: Money) {
        self.promised = self.promised.checked_sub(amount).unwrap_or_default();
    }

    /// A request is over: its hold, if it had one, will be closed and its cost taken.
    pub fn ends(&mut self, held: Money, cost: Money) {
        self.closing = self.closing.checked_add(held).unwrap_or(self.closing);
        self.due = self.due.checked_add(cost).unwrap_or(self.due);
    }

    /// The store has the record of a request that [`ends`](Self::ends). Comes before [`update`](Self::update).
    pub fn over(&mut self, held: Money, cost: Money) {
        self.closing = self.closing.checked_sub(held).unwrap_or_default();
        self.due = self.due.checked_sub(cost).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn money(nanos: i64) -> Money {
        Money::from_nanos(nanos)
    }

    const fn stored(balance: i64, held: i64) -> Wallet {
        Wallet { balance: money(balance), held: money(held) }
    }

    #[test]
    fn what_is_promised_is_not_promised_again() {
        let mut wallet = NodeWallet::new(stored(10, 1));
        let promised = (0..20).filter(|_| wallet.promise(money(3), Money::ZERO)).count();
        assert_eq!((promised, wallet.available_nanos(Money::ZERO)), (3, 0));
        wallet.kept(money(3));
        // The store has the hold among its own figures now.
        wallet.update(stored(10, 4));
        assert!(!wallet.promise(money(1), Money::ZERO));
        assert!(wallet.promise(money(1), money(1)));
    }

    #[test]
    fn a_hold_is_free_again_as_soon_as_its_request_is_over() {
        let mut wallet = NodeWallet::new(stored(10, 8));
        assert!(!wallet.promise(money(5), Money::ZERO));
        wallet.ends(money(8), money(3));
        assert_eq!(wallet.available_nanos(Money::ZERO), 7);
        wallet.over(money(8), money(3));
        wallet.update(stored(7, 0));
        assert_eq!(wallet.available_nanos(Money::ZERO), 7);
    }

    #[test]
    fn nothing_is_held_of_an_empty_wallet_but_on_credit() {
        for (balance, amount, credit, granted) in
            [(0, 0, 0, false), (-1, 0, 0, false), (1, 0, 0, true), (0, 5, 5, true), (0, 6, 5, false)]
        {
            let mut wallet = NodeWallet::new(stored(balance, 0));
            assert_eq!(wallet.promise(money(amount), money(credit)), granted, "{balance} {amount} {credit}");
        }
    }

    proptest! {
        #[test]
        fn promises_never_exceed_what_there_is(
            balance in -50_i64..200, held in 0_i64..50, credit in 0_i64..50, amounts in prop::collection::vec(0_i64..60, 0..40),
        ) {
            let mut wallet = NodeWallet::new(stored(balance, held));
            let granted: i64 = amounts.iter().filter(|amount| wallet.promise(money(**amount), money(credit))).sum();
            prop_assert!(granted <= (balance - held + credit).max(0));
        }
    }
}
