//! The quotas as this node knows them: of keys, users and subscriptions for admission, of accounts for planning.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tollgate_base::{Money, QuotaId, Timestamp};
use tollgate_ledger::NodeWallet;
use tollgate_routing::Account;
use tollgate_store::{QuotaOwner, StoredQuota};

/// The end of time, for what does not begin anew.
pub(crate) const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// One quota, shared by all requests that it bounds.
#[derive(Clone)]
pub(crate) struct SharedQuota(Arc<Mutex<NodeQuota>>);

/// A quota as the store has it, and what this node has on the way to it.
struct NodeQuota {
    stored: StoredQuota,
    /// What is left of it, as a wallet that is full again with each window.
    wallet: NodeWallet,
}

impl NodeQuota {
    fn at(&mut self, now: Timestamp) -> &mut NodeWallet {
        self.wallet.update(self.stored.quota.wallet(now));
        &mut self.wallet
    }
}

impl SharedQuota {
    fn new(stored: StoredQuota) -> Self {
        Self(Arc::new(Mutex::new(NodeQuota { stored, wallet: NodeWallet::default() })))
    }

    fn lock(&self) -> MutexGuard<'_, NodeQuota> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn id(&self) -> QuotaId {
        self.lock().stored.id
    }

    /// Promises `amount` to a request; see [`NodeWallet::promise`].
    pub(crate) fn promise(&self, amount: Money, now: Timestamp) -> bool {
        self.lock().at(now).promise(amount, Money::ZERO)
    }

    /// Takes a promise back.
    pub(crate) fn kept(&self, amount: Money) {
        self.lock().wallet.kept(amount);
    }

    /// Whether nothing is left to begin a request with, holds not considered.
    pub(crate) fn is_used_up(&self, now: Timestamp) -> bool {
        self.lock().stored.quota.is_used_up(now)
    }

    /// When it begins to count anew; `None` for never.
    pub(crate) fn resets_at(&self) -> Option<Timestamp> {
        self.lock().stored.quota.resets_at()
    }

    /// What a caller is told who has used it up: whose it is, how long it counts, and when it does so anew.
    pub(crate) fn in_words(&self) -> String {
        let StoredQuota { owner, quota, .. } = &self.lock().stored;
        let whose = match owner {
            QuotaOwner::Key(_) => "this API key",
            QuotaOwner::User(_) => "this user",
            QuotaOwner::Account(_) => "this account",
            QuotaOwner::Subscription(_) => "this subscription",
        };
        let resets = quota.resets_at().and_then(|at| jiff::Timestamp::from_microsecond(at.micros()).ok());
        match resets {
            Some(at) => format!("{whose}, {} dollars in {}, until {at:.0}", quota.amount, quota.window),
            None => format!("{whose}, {} dollars in all", quota.amount),
        }
    }
}

/// All quotas that were read since the start.
#[derive(Default)]
pub(crate) struct Quotas {
    by_id: papaya::HashMap<QuotaId, SharedQuota>,
    owned: papaya::HashMap<QuotaOwner, Arc<[SharedQuota]>>,
}

impl Quotas {
    /// All quotas that an owner has now, as they were just read from the store.
    pub(crate) fn read(
        &self,
        owner: QuotaOwner,
        stored: impl IntoIterator<Item = StoredQuota>,
    ) -> Arc<[SharedQuota]> {
        let shared: Arc<[SharedQuota]> = stored.into_iter().map(|stored| self.shared(stored)).collect();
        let owned = self.owned.pin();
        let before = match shared.is_empty() {
            true => owned.remove(&owner),
            false => owned.insert(owner, Arc::clone(&shared)),
        };
        // Those that were removed are not known any more; requests under way keep what they need of them.
        let by_id = self.by_id.pin();
        let current: Vec<QuotaId> = shared.iter().map(SharedQuota::id).collect();
        for gone in before.iter().flat_map(|before| before.iter()).map(SharedQuota::id) {
            if !current.contains(&gone) {
                by_id.remove(&gone);
            }
        }
        shared
    }

    fn shared(&self, stored: StoredQuota) -> SharedQuota {
        let by_id = self.by_id.pin();
        let shared = by_id.get_or_insert_with(stored.id, || SharedQuota::new(stored.clone()));
        shared.lock().stored = stored;
        shared.clone()
    }

    /// Takes over what the store has now of quotas that are known here.
    pub(crate) fn update(&self, stored: &[StoredQuota]) {
        if stored.is_empty() {
            return;
        }
        let by_id = self.by_id.pin();
        for stored in stored {
            if let Some(shared) = by_id.get(&stored.id) {
                shared.lock().stored = stored.clone();
            }
        }
    }

    /// The store has taken or refused a promised hold.
    pub(crate) fn kept(&self, ids: &[QuotaId], amount: Money) {
        let by_id = self.by_id.pin();
        for shared in ids.iter().filter_map(|id| by_id.get(id)) {
            shared.kept(amount);
        }
    }

    /// Takes in the quotas of all accounts, as they were just read from the store.
    ///
    /// What each account has, in the accounts' order.
    pub(crate) fn read_accounts(
        &self,
        accounts: &[Account],
        stored: Vec<StoredQuota>,
    ) -> Vec<Arc<[SharedQuota]>> {
        let mut by_owner: HashMap<QuotaOwner, Vec<StoredQuota>> = HashMap::new();
        for stored in stored {
            by_owner.entry(stored.owner).or_default().push(stored);
        }
        let read = |account: &Account| {
            let owner = QuotaOwner::Account(account.id);
            self.read(owner, by_owner.remove(&owner).unwrap_or_default())
        };
        accounts.iter().map(read).collect()
    }

    /// Changes what this node has on the way to an owner's quotas.
    pub(crate) fn of(&self, owner: QuotaOwner, change: impl Fn(&mut NodeWallet)) {
        if self.owned.is_empty() {
            return;
        }
        for quota in self.owned.pin().get(&owner).into_iter().flat_map(|quotas| quotas.iter()) {
            change(&mut quota.lock().wallet);
        }
    }
}

/// Whether one of these quotas has nothing left, and if so, when all of them will have something again; [`NEVER`] where one
/// does not.
pub(crate) fn used_up_until(quotas: &[SharedQuota], now: Timestamp) -> Option<Timestamp> {
    let used_up = quotas.iter().filter(|quota| quota.is_used_up(now));
    used_up.map(|quota| quota.resets_at().unwrap_or(NEVER)).max()
}
