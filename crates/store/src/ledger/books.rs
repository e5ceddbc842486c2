//! What a batch changes: wallets and quotas together, by one set of rules for both databases.

use tollgate_base::{Money, QuotaId, SubscriptionId, UserId};

use super::quotas::Quotas;
use super::{Applied, Hold, HoldOutcome, Wallets};
use crate::error::Result;
use crate::usage::UsageRecord;

/// A hold that a record has closed.
#[derive(Debug)]
pub(crate) struct ClosedHold {
    pub(crate) user_id: UserId,
    pub(crate) amount: Money,
    pub(crate) subscription_id: Option<SubscriptionId>,
    pub(crate) quotas: Vec<QuotaId>,
}

/// The wallets and quotas that a batch concerns.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) wallets: Wallets,
    pub(crate) quotas: Quotas,
}

impl Books {
    /// Takes the cost of a record that is new: from the balance, unless a subscription pays, and from every quota.
    pub(crate) fn charge(&mut self, record: &UsageRecord) -> Result<()> {
        if record.subscription_id.is_none() {
            self.wallets.charge(record.user_id, record.cost)?;
        }
        for owner in record.charged_owners() {
            self.quotas.charge(owner, record.cost_to(owner), record.at)?;
        }
        Ok(())
    }

    /// Gives back what a closed hold has held.
    pub(crate) fn release(&mut self, closed: &ClosedHold) {
        if closed.subscription_id.is_none() {
            self.wallets.release(closed.user_id, closed.amount);
        }
        self.quotas.release(&closed.quotas, closed.amount);
    }

    /// Whether a hold can be granted now: its user is there, the payer has it, and every quota has room.
    pub(crate) fn can_hold(&self, hold: &Hold) -> bool {
        let is_covered = match hold.subscription_id {
            Some(_) => self.wallets.has(hold.user_id),
            None => self.wallets.can_hold(hold),
        };
        is_covered && self.quotas.can_hold(&hold.quotas, hold.amount, hold.at)
    }

    /// Counts in a hold that [`can_hold`](Self::can_hold) and that was written.
    pub(crate) fn hold(&mut self, hold: &Hold) -> Result<()> {
        if hold.subscription_id.is_none() {
            self.wallets.hold(hold)?;
        }
        self.quotas.hold(&hold.quotas, hold.amount, hold.at)
    }

    /// What the batch has come to.
    pub(crate) fn applied(self, holds: Vec<HoldOutcome>) -> Applied {
        Applied { holds, wallets: self.wallets.into_list(), quotas: self.quotas.into_list() }
    }
}
