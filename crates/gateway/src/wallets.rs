//! The users' wallets as this node knows them; what admission looks at.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tollgate_base::{Money, UserId};
use tollgate_ledger::NodeWallet;
use tollgate_store::{LedgerBatch, UsageRecord, Wallet};

/// One user's wallet, shared by all requests of that user.
#[derive(Clone)]
pub(crate) struct SharedWallet(Arc<Mutex<NodeWallet>>);

impl SharedWallet {
    pub(crate) fn lock(&self) -> MutexGuard<'_, NodeWallet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All wallets that were read since the start.
#[derive(Clone, Default)]
pub(crate) struct Wallets(Arc<papaya::HashMap<UserId, SharedWallet>>);

impl Wallets {
    /// The wallet of a user, with what was just read from the store.
    pub(crate) fn read(&self, user: UserId, stored: Wallet) -> SharedWallet {
        let wallets = self.0.pin();
        let wallet = wallets.get_or_insert_with(user, || SharedWallet(Arc::default()));
        wallet.lock().update(stored);
        wallet.clone()
    }

    /// A request is over and its record on the way.
    pub(crate) fn ends(&self, record: &UsageRecord) {
        self.of(record.user_id, |wallet| wallet.ends(record.held.unwrap_or_default(), record.cost));
    }

    /// Takes over what a commit made of wallets. In between everything looks rather held than free.
    pub(crate) fn applied(&self, batch: &LedgerBatch, after: &[(UserId, Wallet)]) {
        for record in &batch.records {
            self.of(record.user_id, |wallet| wallet.over(record.held.unwrap_or_default(), record.cost));
        }
        for (user, stored) in after {
            self.of(*user, |wallet| wallet.update(*stored));
        }
        for hold in &batch.holds {
            self.kept(hold.user_id, hold.amount);
        }
    }

    /// A record that is on the way will cost nothing after all.
    pub(crate) fn forgive(&self, user: UserId, cost: Money) {
        self.of(user, |wallet| wallet.over(Money::ZERO, cost));
    }

    /// Drops a promise.
    pub(crate) fn kept(&self, user: UserId, amount: Money) {
        self.of(user, |wallet| wallet.kept(amount));
    }

    fn of(&self, user: UserId, change: impl FnOnce(&mut NodeWallet)) {
        if let Some(wallet) = self.0.pin().get(&user) {
            change(&mut wallet.lock());
        }
    }
}
