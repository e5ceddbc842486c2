//! The users' wallets as this node knows them; what admission looks at.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tollgate_base::{Money, UserId};
use tollgate_ledger::NodeWallet;
use tollgate_store::{Applied, Hold, LedgerBatch, QuotaOwner, UsageRecord, Wallet};

use crate::quotas::Quotas;

/// One user's wallet, shared by all requests of that user.
#[derive(Clone, Default)]
pub(crate) struct SharedWallet(Arc<Known>);

#[derive(Default)]
struct Known {
    wallet: Mutex<NodeWallet>,
    /// The commit that it was taken over from last.
    commit: AtomicU64,
}

impl SharedWallet {
    pub(crate) fn lock(&self) -> MutexGuard<'_, NodeWallet> {
        self.0.wallet.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All wallets and quotas that were read since the start.
#[derive(Clone, Default)]
pub(crate) struct Wallets {
    users: Arc<papaya::HashMap<UserId, SharedWallet>>,
    quotas: Arc<Quotas>,
    /// Counts the commits that were taken over.
    commits: Arc<AtomicU64>,
}

impl Wallets {
    /// The wallet of a user, with what was just read from the store.
    pub(crate) fn read(&self, user: UserId, stored: Wallet) -> SharedWallet {
        let wallets = self.users.pin();
        let wallet = wallets.get_or_insert_with(user, SharedWallet::default);
        wallet.lock().update(stored);
        wallet.clone()
    }

    /// How many commits were taken over so far.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Acquire)
    }

    /// Whether a user's wallet was taken over from a commit since there were so many: what was read from the store in
    /// between may be older than what is known here.
    pub(crate) fn changed_since(&self, user: UserId, commits: u64) -> bool {
        let users = self.users.pin();
        users.get(&user).is_some_and(|known| known.0.commit.load(Ordering::Acquire) > commits)
    }

    /// The quotas beside the wallets.
    pub(crate) fn quotas(&self) -> &Quotas {
        &self.quotas
    }

    /// A request is over and its record on the way.
    pub(crate) fn ends(&self, record: &UsageRecord) {
        self.concerned(record, NodeWallet::ends);
    }

    /// Takes over what a commit made of wallets and quotas. In between everything looks rather held than free.
    pub(crate) fn applied(&self, batch: &LedgerBatch, after: &Applied) {
        let commit = self.commits.fetch_add(1, Ordering::AcqRel) + 1;
        for record in &batch.records {
            self.concerned(record, NodeWallet::over);
        }
        let users = self.users.pin();
        for (user, stored) in &after.wallets {
            if let Some(known) = users.get(user) {
                known.0.commit.store(commit, Ordering::Release);
                known.lock().update(*stored);
            }
        }
        self.quotas.update(&after.quotas);
        for hold in &batch.holds {
            self.kept(hold);
        }
    }

    /// A record that is on the way will cost nothing after all.
    pub(crate) fn forgive(&self, record: &UsageRecord) {
        self.concerned(record, |wallet, _, cost| wallet.over(Money::ZERO, cost));
    }

    /// Changes the payer's wallet and every quota that a record counts in, by what was held of each and what it costs there.
    fn concerned(&self, record: &UsageRecord, change: impl Fn(&mut NodeWallet, Money, Money)) {
        if record.subscription_id.is_none() {
            self.of(record.user_id, |wallet| change(wallet, record.held.unwrap_or_default(), record.cost));
        }
        for owner in record.charged_owners() {
            let (held, cost) = share(record, owner);
            self.quotas.of(owner, |wallet| change(wallet, held, cost));
        }
    }

    /// Drops the promise of a hold: the store has it among its own figures, or will never have it.
    pub(crate) fn kept(&self, hold: &Hold) {
        if hold.subscription_id.is_none() {
            self.of(hold.user_id, |wallet| wallet.kept(hold.amount));
        }
        self.quotas.kept(&hold.quotas, hold.amount);
    }

    fn of(&self, user: UserId, change: impl FnOnce(&mut NodeWallet)) {
        if let Some(wallet) = self.users.pin().get(&user) {
            change(&mut wallet.lock());
        }
    }
}

/// What a record has held of an owner's quotas, and what it costs there. Nothing is held of accounts.
fn share(record: &UsageRecord, owner: QuotaOwner) -> (Money, Money) {
    let held = if matches!(owner, QuotaOwner::Account(_)) { None } else { record.held };
    (held.unwrap_or_default(), record.cost_to(owner))
}
