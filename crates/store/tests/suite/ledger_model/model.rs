//! The ledger as it should be: maps and plain sums.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_base::{Money, NodeId, RequestId, UserId};
use tollgate_store::{Applied, Hold, HoldOutcome, LedgerBatch, Wallet};

/// Balance and held, in nano-dollars.
type Sums = (i64, i64);

#[derive(Default)]
pub(super) struct Model {
    users: BTreeMap<UserId, Sums>,
    holds: BTreeMap<RequestId, Hold>,
    records: BTreeSet<RequestId>,
}

impl Model {
    pub(super) fn add_user(&mut self, user: UserId, balance: i64) {
        self.users.insert(user, (balance, 0));
    }

    pub(super) fn adjust(&mut self, user: UserId, delta: i64) -> Money {
        let sums = self.users.get_mut(&user).unwrap();
        sums.0 += delta;
        Money::from_nanos(sums.0)
    }

    pub(super) fn apply(&mut self, batch: &LedgerBatch) -> Applied {
        let mut named = BTreeSet::new();
        for record in &batch.records {
            named.insert(record.user_id);
            if !self.records.insert(record.id) {
                continue;
            }
            if let Some(sums) = self.users.get_mut(&record.user_id) {
                sums.0 -= record.cost.nanos();
            }
            if let Some(hold) = self.holds.remove(&record.id) {
                self.users.get_mut(&hold.user_id).unwrap().1 -= hold.amount.nanos();
            }
        }
        let mut holds = Vec::new();
        for hold in &batch.holds {
            named.insert(hold.user_id);
            holds.push(if self.hold(hold) { HoldOutcome::Held } else { HoldOutcome::Refused });
        }
        let wallets = named.into_iter().filter_map(|user| Some((user, self.wallet(user)?))).collect();
        Applied { holds, wallets }
    }

    fn hold(&mut self, hold: &Hold) -> bool {
        let Some((balance, held)) = self.users.get_mut(&hold.user_id) else { return false };
        if self.holds.contains_key(&hold.id) || self.records.contains(&hold.id) {
            return true;
        }
        let available = *balance - *held + hold.credit_line.nanos();
        if available <= 0 || available < hold.amount.nanos() {
            return false;
        }
        *held += hold.amount.nanos();
        self.holds.insert(hold.id, hold.clone());
        true
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
