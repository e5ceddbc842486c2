//! What one commit takes, and what becomes of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use tollgate_base::{Money, UserId};

use super::{Hold, HoldOutcome, Wallet};
use crate::error::{Result, StoreError};
use crate::quotas::{QuotaOwner, StoredQuota};
use crate::store::Store;
use crate::usage::UsageRecord;

/// What one commit takes: records close their holds first, then new holds are taken, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerBatch {
    /// Requests that ended.
    pub records: Vec<UsageRecord>,
    /// Requests that want to begin.
    pub holds: Vec<Hold>,
}

impl LedgerBatch {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.holds.is_empty()
    }

    /// How many rows it may write.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.records.len() + self.holds.len()
    }

    /// Every user who is named, once and in order.
    pub(crate) fn users(&self) -> BTreeSet<UserId> {
        let paying = self.records.iter().map(|record| record.user_id);
        paying.chain(self.holds.iter().map(|hold| hold.user_id)).collect()
    }

    /// Everybody named whose quotas it may change, once and in order.
    pub(crate) fn quota_owners(&self) -> BTreeSet<QuotaOwner> {
        let charged = self.records.iter().flat_map(UsageRecord::charged_owners);
        charged.chain(self.holds.iter().flat_map(Hold::owners)).collect()
    }

    /// Refuses what no wallet could make sense of.
    fn check(&self) -> Result<()> {
        let negative = |field| Err(StoreError::invalid(field, "must not be negative"));
        if self.holds.iter().any(|hold| hold.amount < Money::ZERO) {
            return negative("amount");
        }
        if self.holds.iter().any(|hold| hold.credit_line < Money::ZERO) {
            return negative("credit_line");
        }
        Ok(())
    }
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Of each hold, in the order of the batch.
    pub holds: Vec<HoldOutcome>,
    /// The wallet of every user whom the batch named and who is there, by id, whether or not it changed.
    pub wallets: Vec<(UserId, Wallet)>,
    /// Every quota that the batch concerned, by id, whether or not it changed.
    pub quotas: Vec<StoredQuota>,
}

impl Store {
    /// Closes and charges what the records end, then takes the holds in order; all in one transaction.
    ///
    /// A record that is new is written, its cost is taken from its user's balance (unless a subscription pays) and counted
    /// in the quotas of its key, user, account and subscription, and the amount of its open hold is given back. A record whose id is there already changes nothing. A record of a user who was removed is written
    /// and concerns no balance.
    ///
    /// A hold is granted if its user's balance, less what is held, plus the hold's credit line, is above zero and
    /// covers its amount, and every quota it names that is still there has as much left. One that a subscription pays asks
    /// the balance nothing. It is refused if its user is not there. If its id has a hold or a record already, it counts
    /// as held and nothing changes. So the same batch may be handed in again after any error.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database cannot take it now; [`StoreError::Invalid`] for a negative amount or
    /// credit line, or if a balance would leave the range of 64 bits. Nothing is written then.
    pub async fn apply(&self, batch: Arc<LedgerBatch>) -> Result<Applied> {
        if batch.is_empty() {
            return Ok(Applied::default());
        }
        batch.check()?;
        self.db().apply(batch).await
    }

    /// Writes and charges the records, as [`apply`](Self::apply) does; the balance of each of their users, by user id.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub async fn settle(&self, records: &[UsageRecord]) -> Result<Vec<(UserId, Money)>> {
        let batch = LedgerBatch { records: records.to_vec(), holds: Vec::new() };
        let applied = self.apply(Arc::new(batch)).await?;
        Ok(applied.wallets.into_iter().map(|(user, wallet)| (user, wallet.balance)).collect())
    }
}
