//! Wallets: reading them, and how a batch changes them.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_base::{Money, UserId};
use tollgate_ledger::Wallet;

use super::Hold;
use crate::db::{Row, params};
use crate::error::{Result, StoreError};
use crate::store::Store;

/// The columns `balance, held`.
pub(crate) fn wallet_from_row(row: &mut Row) -> Result<Wallet> {
    Ok(Wallet { balance: row.money()?, held: row.money()? })
}

impl Store {
    /// A user's wallet, or `None` if there is no such user.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn user_wallet(&self, id: UserId) -> Result<Option<Wallet>> {
        let sql = "SELECT balance, held FROM users WHERE id = $1";
        let row = self.db().query_one(sql, params![id]).await?;
        row.map(|mut row| wallet_from_row(&mut row)).transpose()
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

    #[test]
    fn more_is_never_given_back_than_is_held() {
        let user = UserId::from_u128(1);
        let mut wallets = Wallets::default();
        wallets.insert(user, wallet(10, 3));
        wallets.release(user, Money::from_nanos(5));
        assert_eq!(wallets.into_list(), [(user, wallet(10, 0))]);
    }
}
