//! Wallets: what a user has, what is held of it, and how a batch changes both.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_base::{Money, UserId};

use super::Hold;
use crate::db::{Row, params};
use crate::error::{Result, StoreError};
use crate::store::Store;

/// A user's wallet as the store has it: what is available is the balance less what is held.
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

    /// The rule of holds: something is available, and it covers the amount.
    #[must_use]
    pub fn can_hold(self, amount: Money, credit_line: Money) -> bool {
        let available = self.available_nanos(credit_line);
        available > 0 && available >= i128::from(amount.nanos()) && self.held.checked_add(amount).is_some()
    }

    /// The columns `balance, held`.
    pub(crate) fn from_row(row: &mut Row) -> Result<Self> {
        Ok(Self { balance: row.money()?, held: row.money()? })
    }
}

impl Store {
    /// A user's wallet, or `None` if there is no such user.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn user_wallet(&self, id: UserId) -> Result<Option<Wallet>> {
        let sql = "SELECT balance, held FROM users WHERE id = $1";
        let row = self.db().query_one(sql, params![id]).await?;
        row.map(|mut row| Wallet::from_row(&mut row)).transpose()
    }
}

/// The wallets of a batch's users while it changes them, in a transaction that nobody else can change them in.
#[derive(Debug, Default)]
pub(crate) struct Wallets {
    wallets: BTreeMap<UserId, Wallet>,
    changed: BTreeSet<UserId>,
}

impl Wallets {
    /// Takes in a user's wallet as the database has it. A user who is never taken in is one who is gone.
    pub(crate) fn insert(&mut self, user: UserId, wallet: Wallet) {
        self.wallets.insert(user, wallet);
    }

    pub(crate) fn has(&self, user: UserId) -> bool {
        self.wallets.contains_key(&user)
    }

    /// Takes the cost of a record that is new.
    pub(crate) fn charge(&mut self, user: UserId, cost: Money) -> Result<()> {
        let Some(wallet) = self.wallets.get_mut(&user) else {
            tracing::warn!(%user, %cost, "usage of a user who is gone was recorded without a balance to charge");
            return Ok(());
        };
        if cost == Money::ZERO {
            return Ok(());
        }
        let after = wallet.balance.checked_sub(cost).filter(|after| after.nanos() != i64::MIN);
        let overflow = || StoreError::invalid("cost", "the balance would leave the range of 64 bits");
        wallet.balance = after.ok_or_else(overflow)?;
        self.changed.insert(user);
        Ok(())
    }

    /// Gives back what a hold that is closed has held.
    pub(crate) fn release(&mut self, user: UserId, amount: Money) {
        let Some(wallet) = self.wallets.get_mut(&user) else { return };
        if amount == Money::ZERO {
            return;
        }
        let after = wallet.held.checked_sub(amount).filter(|after| *after >= Money::ZERO);
        if after.is_none() {
            // The charge that comes with it must not fail because of a sum that was wrong before.
            tracing::error!(%user, held = %wallet.held, %amount, "less is held than a hold gives back");
        }
        wallet.held = after.unwrap_or_default();
        self.changed.insert(user);
    }

    /// Whether the hold can be granted now.
    pub(crate) fn can_hold(&self, hold: &Hold) -> bool {
        self.wallets.get(&hold.user_id).is_some_and(|wallet| wallet.can_hold(hold.amount, hold.credit_line))
    }

    /// Counts in a hold that [`can_hold`](Self::can_hold) and that was written.
    pub(crate) fn hold(&mut self, hold: &Hold) -> Result<()> {
        let Some(wallet) = self.wallets.get_mut(&hold.user_id).filter(|_| hold.amount != Money::ZERO) else {
            return Ok(());
        };
        let overflow = || StoreError::invalid("amount", "what is held would leave the range of 64 bits");
        wallet.held = wallet.held.checked_add(hold.amount).ok_or_else(overflow)?;
        self.changed.insert(hold.user_id);
        Ok(())
    }

    /// The wallets that have to be written.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (UserId, Wallet)> {
        self.changed.iter().filter_map(|user| Some((*user, *self.wallets.get(user)?)))
    }

    /// All wallets by user id.
    pub(crate) fn into_list(self) -> Vec<(UserId, Wallet)> {
        self.wallets.into_iter().collect()
    }
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

    #[test]
    fn more_is_never_given_back_than_is_held() {
        let user = UserId::from_u128(1);
        let mut wallets = Wallets::default();
        wallets.insert(user, wallet(10, 3));
        wallets.release(user, Money::from_nanos(5));
        assert_eq!(wallets.into_list(), [(user, wallet(10, 0))]);
    }
}
