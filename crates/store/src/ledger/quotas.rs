//! The quotas that a batch concerns, while it changes them.

use std::collections::{BTreeMap, BTreeSet};

use tollgate_base::{Money, QuotaId, Timestamp};

use crate::error::{Result, StoreError};
use crate::quotas::{QuotaOwner, StoredQuota};

/// The quotas of a batch's keys, users, accounts and subscriptions, in a transaction that nobody else can change them in.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    quotas: BTreeMap<QuotaId, StoredQuota>,
    owned: BTreeMap<QuotaOwner, Vec<QuotaId>>,
    changed: BTreeSet<QuotaId>,
}

impl Quotas {
    /// Takes in a quota as the database has it. One that is never taken in is one that was removed.
    pub(crate) fn insert(&mut self, stored: StoredQuota) {
        self.owned.entry(stored.owner).or_default().push(stored.id);
        self.quotas.insert(stored.id, stored);
    }

    pub(crate) fn has(&self, id: QuotaId) -> bool {
        self.quotas.contains_key(&id)
    }

    /// Counts a cost in every quota of an owner.
    pub(crate) fn charge(&mut self, owner: QuotaOwner, cost: Money, at: Timestamp) -> Result<()> {
        if cost == Money::ZERO {
            return Ok(());
        }
        for id in self.owned.get(&owner).into_iter().flatten() {
            let Some(stored) = self.quotas.get_mut(id) else { continue };
            let overflow =
                || StoreError::invalid("cost", "what is used of a quota would leave the range of 64 bits");
            stored.quota.charge(cost, at).ok_or_else(overflow)?;
            self.changed.insert(*id);
        }
        Ok(())
    }

    /// Gives back what a hold that is closed has held of these.
    pub(crate) fn release(&mut self, ids: &[QuotaId], amount: Money) {
        for id in ids.iter().filter(|_| amount != Money::ZERO) {
            let Some(stored) = self.quotas.get_mut(id) else { continue };
            let after = stored.quota.held.checked_sub(amount).filter(|after| *after >= Money::ZERO);
            if after.is_none() {
                tracing::error!(quota = %id, held = %stored.quota.held, %amount, "less is held than a hold gives back");
            }
            stored.quota.held = after.unwrap_or_default();
            self.changed.insert(*id);
        }
    }

    /// Whether all of these have room for a hold.
    pub(crate) fn can_hold(&self, ids: &[QuotaId], amount: Money, at: Timestamp) -> bool {
        let found = ids.iter().filter_map(|id| self.quotas.get(id));
        found.into_iter().all(|stored| stored.quota.can_hold(amount, at))
    }

    /// Counts in a hold that [`can_hold`](Self::can_hold) and that was written.
    pub(crate) fn hold(&mut self, ids: &[QuotaId], amount: Money, at: Timestamp) -> Result<()> {
        for id in ids {
            let Some(stored) = self.quotas.get_mut(id) else { continue };
            let rolled = stored.quota.roll(at);
            if !rolled && amount == Money::ZERO {
                continue;
            }
            let overflow = || StoreError::invalid("amount", "what is held would leave the range of 64 bits");
            stored.quota.held = stored.quota.held.checked_add(amount).ok_or_else(overflow)?;
            self.changed.insert(*id);
        }
        Ok(())
    }

    /// The quotas that have to be written.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &StoredQuota> {
        self.changed.iter().filter_map(|id| self.quotas.get(id))
    }

    /// All by id.
    pub(crate) fn into_list(self) -> Vec<StoredQuota> {
        self.quotas.into_values().collect()
    }
}
