//! Subscriptions: a user's allowance in a group for a time.
//!
//! What it allows stands in its own quotas; one without any allows everything until it ends.

use std::fmt;
use std::str::FromStr;

use tollgate_base::{GroupId, PlanId, SubscriptionId, Timestamp, UserId};

use crate::db::Row;
use crate::error::{Result, StoreError};

/// A subscription as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The id.
    pub id: SubscriptionId,
    /// Whose.
    pub user_id: UserId,
    /// For requests in this group.
    pub group_id: GroupId,
    /// What it was made from, if from a plan.
    pub plan_id: Option<PlanId>,
    /// Whether it is in use.
    pub status: SubscriptionStatus,
    /// From when on it pays.
    pub starts_at: Timestamp,
    /// From when on it no longer does.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Subscription {
    /// Whether it pays for a request that comes in at `now`.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.status == SubscriptionStatus::Active && self.starts_at <= now && now < self.expires_at
    }
}

/// Whether a subscription is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SubscriptionStatus {
    /// It pays while its time lasts.
    Active,
    /// It was ended before its time.
    Cancelled,
}

impl SubscriptionStatus {
    /// The name in the store and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for SubscriptionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for SubscriptionStatus {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        let found = [Self::Active, Self::Cancelled].into_iter().find(|status| status.as_str() == text);
        found.ok_or_else(|| StoreError::corrupt(format!("`{text}` is not the status of a subscription")))
    }
}

/// In the order of [`from_row`].
pub(crate) const COLUMNS: &str = "id, user_id, group_id, plan_id, status, starts_at, expires_at, created_at";

/// Takes the columns of [`COLUMNS`].
pub(crate) fn from_row(mut row: Row) -> Result<Subscription> {
    Ok(Subscription {
        id: row.parsed()?,
        user_id: row.parsed()?,
        group_id: row.parsed()?,
        plan_id: row.opt_parsed()?,
        status: row.parsed()?,
        starts_at: row.time()?,
        expires_at: row.time()?,
        created_at: row.time()?,
    })
}
