//! The ledger as it should be: maps and plain sums.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_base::{Money, NodeId, QuotaId, RequestId, Timestamp, UserId};
use tollgate_store::{Applied, Hold, HoldOutcome, LedgerBatch, QuotaOwner, StoredQuota, UsageRecord, Wallet};

/// Balance and held, in nano-dollars.
type Sums = (i64, i64);

#[derive(Default)]
pub(super) struct Model {
    users: BTreeMap<UserId, Sums>,
    quotas: BTreeMap<QuotaId, ModelQuota>,
    holds: BTreeMap<RequestId, Hold>,
    records: BTreeSet<RequestId>,
}

/// A quota with everything that was ever charged to it.
struct ModelQuota {
    stored: StoredQuota,
    charges: Vec<(Timestamp, i64)>,
}

impl ModelQuota {
    fn roll(&mut self, at: Timestamp) {
        self.stored.quota.span = self.stored.quota.window.at(self.stored.quota.span, at);
    }

    /// What those requests cost that came in since its window began.
    fn used(&self) -> i64 {
        let within = self.charges.iter().filter(|(at, _)| *at >= self.stored.quota.span.starts_at);
        within.map(|(_, cost)| cost).sum()
    }

    fn left(&self, at: Timestamp) -> i64 {
        let used = if self.stored.quota.span.is_over(at) { 0 } else { self.used() };
        self.stored.quota.amount.nanos() - used
    }
}

impl Model {
    pub(super) fn add_user(&mut self, user: UserId, balance: i64) {
        self.users.insert(user, (balance, 0));
    }

    pub(super) fn add_quota(&mut self, stored: StoredQuota) {
        self.quotas.insert(stored.id, ModelQuota { stored, charges: Vec::new() });
    }

    pub(super) fn adjust(&mut self, user: UserId, delta: i64) -> Money {
        let sums = self.users.get_mut(&user).unwrap();
        sums.0 += delta;
        Money::from_nanos(sums.0)
    }

    pub(super) fn apply(&mut self, batch: &LedgerBatch) -> Applied {
        let mut named = BTreeSet::new();
        let mut owners = BTreeSet::new();
        for record in &batch.records {
            named.insert(record.user_id);
            owners.extend(record.charged_owners());
            if self.records.insert(record.id) {
                self.close(record);
            }
        }
        let mut holds = Vec::new();
        for hold in &batch.holds {
            named.insert(hold.user_id);
            owners.extend([QuotaOwner::Key(hold.key_id), QuotaOwner::User(hold.user_id)]);
            owners.extend(hold.subscription_id.map(QuotaOwner::Subscription));
            holds.push(if self.hold(hold) { HoldOutcome::Held } else { HoldOutcome::Refused });
        }
        let wallets = named.into_iter().filter_map(|user| Some((user, self.wallet(user)?))).collect();
        let concerned = self.quotas.keys().filter(|id| owners.contains(&self.quotas[id].stored.owner));
        let quotas = concerned.map(|id| self.quota(*id)).collect();
        Applied { holds, wallets, quotas }
    }

    fn close(&mut self, record: &UsageRecord) {
        let cost = record.cost.nanos();
        if record.subscription_id.is_none()
            && let Some(sums) = self.users.get_mut(&record.user_id)
        {
            sums.0 -= cost;
        }
        let owners: Vec<QuotaOwner> = record.charged_owners().collect();
        for quota in
            self.quotas.values_mut().filter(|quota| owners.contains(&quota.stored.owner) && cost != 0)
        {
            quota.roll(record.at);
            quota.charges.push((record.at, cost));
        }
        if let Some(hold) = self.holds.remove(&record.id)
            && hold.subscription_id.is_none()
        {
            self.users.get_mut(&hold.user_id).unwrap().1 -= hold.amount.nanos();
        }
    }

    fn hold(&mut self, hold: &Hold) -> bool {
        let Some((balance, held)) = self.users.get(&hold.user_id).copied() else { return false };
        if self.holds.contains_key(&hold.id) || self.records.contains(&hold.id) {
            return true;
        }
        let fits = |left: i64| left > 0 && left >= hold.amount.nanos();
        if hold.subscription_id.is_none() && !fits(balance - held + hold.credit_line.nanos()) {
            return false;
        }
        let fits_quota = |id: &QuotaId| fits(self.quotas[id].left(hold.at) - self.held_of(*id));
        if !hold.quotas.iter().all(fits_quota) {
            return false;
        }
        for id in &hold.quotas {
            self.quotas.get_mut(id).unwrap().roll(hold.at);
        }
        if hold.subscription_id.is_none() {
            self.users.get_mut(&hold.user_id).unwrap().1 += hold.amount.nanos();
        }
        self.holds.insert(hold.id, hold.clone());
        true
    }

    fn held_of(&self, id: QuotaId) -> i64 {
        let naming = self.holds.values().filter(|hold| hold.quotas.contains(&id));
        naming.map(|hold| hold.amount.nanos()).sum()
    }

    fn quota(&self, id: QuotaId) -> StoredQuota {
        let mut stored = self.quotas[&id].stored.clone();
        stored.quota.used = Money::from_nanos(self.quotas[&id].used());
        stored.quota.held = Money::from_nanos(self.held_of(id));
        stored
    }

    /// The quotas as they are now, by id.
    pub(super) fn quotas(&self) -> Vec<StoredQuota> {
        self.quotas.keys().map(|id| self.quota(*id)).collect()
    }

    /// The quotas of an owner.
    pub(super) fn quotas_of(&self, owner: QuotaOwner) -> Vec<QuotaId> {
        let own = self.quotas.values().filter(|quota| quota.stored.owner == owner);
        own.map(|quota| quota.stored.id).collect()
    }

    pub(super) fn users(&self) -> Vec<UserId> {
        self.users.keys().copied().collect()
    }

    pub(super) fn wallet(&self, user: UserId) -> Option<Wallet> {
        let (balance, held) = self.users.get(&user)?;
        Some(Wallet { balance: Money::from_nanos(*balance), held: Money::from_nanos(*held) })
    }

    /// The open holds by id.
    pub(super) fn open_holds(&self) -> Vec<Hold> {
        self.holds.values().cloned().collect()
    }

    pub(super) fn open_holds_of(&self, node: NodeId) -> Vec<Hold> {
        self.holds.values().filter(|hold| hold.node == node).cloned().collect()
    }

    pub(super) fn recorded(&self) -> Vec<RequestId> {
        self.records.iter().copied().collect()
    }
}
