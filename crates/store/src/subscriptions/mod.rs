//! Subscriptions: a user's allowance in a group for a time.
//!
//! What it allows stands in its own quotas; one without any allows everything until it ends.

mod rows;

use std::fmt;
use std::str::FromStr;

use tollgate_base::{GroupId, PlanId, SubscriptionId, Timestamp, UserId};

use crate::db::{Params, Row, Sql, Value, params};
use crate::error::{Result, StoreError};
use crate::plans::{Allowance, Plan};
use crate::quotas;
use crate::quotas::{QuotaOwner, StoredQuota};
use crate::store::Store;

pub(crate) use rows::grant;

/// The longest that a subscription can last from one payment: ten years.
pub const MAX_DAYS: u32 = 3660;

/// A subscription to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSubscription {
    /// Whose.
    pub user_id: UserId,
    /// For requests in this group.
    pub group_id: GroupId,
    /// What it is made from, if from a plan.
    pub plan_id: Option<PlanId>,
    /// How many days of 24 hours it lasts; from 1 to [`MAX_DAYS`].
    pub days: u32,
    /// From when on it pays; `None` is now.
    pub starts_at: Option<Timestamp>,
    /// What may be spent.
    pub allowance: Allowance,
    /// Where periods of the calendar begin; `None` counts them from `starts_at`.
    pub time_zone: Option<String>,
}

impl NewSubscription {
    /// What a plan says, for this user, from now on.
    #[must_use]
    pub fn of(plan: &Plan, user_id: UserId) -> Self {
        Self {
            user_id,
            group_id: plan.group_id,
            plan_id: Some(plan.id),
            days: plan.days,
            starts_at: None,
            allowance: plan.allowance,
            time_zone: plan.time_zone.clone(),
        }
    }
}

/// Which subscriptions are meant. Everything that is `None` does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SubscriptionFilter {
    /// Of this user.
    pub user: Option<UserId>,
    /// In this group.
    pub group: Option<GroupId>,
    /// Those that pay at this time.
    pub active_at: Option<Timestamp>,
}

/// A subscription with the quotas that say what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSubscription {
    /// The subscription.
    pub subscription: Subscription,
    /// One for each period that is bounded.
    pub quotas: Vec<StoredQuota>,
}

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

impl Store {
    /// Creates a subscription with its quotas. Its first windows count from its start.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if user, group or plan are not there, [`StoreError::Invalid`] for a bad length, amount or time
    /// zone.
    pub async fn create_subscription(&self, new: NewSubscription) -> Result<StoredSubscription> {
        let mut tx = self.begin_change().await?;
        let outcome = rows::insert(&mut tx, &new, self.now()).await;
        tx.finish(outcome).await
    }

    /// Makes a subscription last longer: from its end on, or from now on where it has expired. `None` is as many days as its
    /// plan says now. What it allows stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Conflict`] if it is cancelled, [`StoreError::Invalid`] for a bad number of days,
    /// or for none if it has no plan.
    pub async fn renew_subscription(
        &self,
        id: SubscriptionId,
        days: Option<u32>,
    ) -> Result<StoredSubscription> {
        let mut tx = self.begin_change().await?;
        let outcome = rows::renew(&mut tx, id, days, self.now()).await;
        tx.finish(outcome).await
    }

    /// Ends a subscription before its time, for good. Does nothing to one that is cancelled already.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn cancel_subscription(&self, id: SubscriptionId) -> Result<StoredSubscription> {
        let mut tx = self.begin_change().await?;
        let outcome = rows::cancel(&mut tx, id).await;
        tx.finish(outcome).await
    }

    /// The subscription with this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn get_subscription(&self, id: SubscriptionId) -> Result<Option<StoredSubscription>> {
        Ok(self.subscriptions_where("id = $1", params![id]).await?.pop())
    }

    /// The matching subscriptions, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_subscriptions(&self, filter: SubscriptionFilter) -> Result<Vec<StoredSubscription>> {
        let mut conditions = String::from("1 = 1");
        let mut params = Params::new();
        let mut add = |condition: &str, value: Option<Value>| {
            if let Some(value) = value {
                params.push(value);
                conditions
                    .push_str(&format!(" AND {}", condition.replace('?', &format!("${}", params.len()))));
            }
        };
        add("user_id = ?", filter.user.map(Value::from));
        add("group_id = ?", filter.group.map(Value::from));
        add("status = 'active' AND starts_at <= ? AND expires_at > ?", filter.active_at.map(Value::from));
        self.subscriptions_where(&conditions, params).await
    }

    /// Subscriptions and their quotas, of one moment.
    async fn subscriptions_where(&self, condition: &str, params: Params) -> Result<Vec<StoredSubscription>> {
        let found = format!("SELECT {COLUMNS} FROM subscriptions WHERE {condition} ORDER BY id");
        let theirs = format!(
            "SELECT {} FROM quotas WHERE owner_id IN (SELECT id FROM subscriptions WHERE {condition}) \
             ORDER BY id",
            quotas::COLUMNS
        );
        let queries = vec![(Sql::from(found), params.clone()), (Sql::from(theirs), params)];
        let answers: Result<[_; 2], _> = self.db().query_all(queries).await?.try_into();
        let [found, theirs] = answers.map_err(|_| StoreError::corrupt("a statement was not answered"))?;
        let theirs = theirs.into_iter().map(quotas::from_row).collect::<Result<Vec<_>>>()?;
        let with_quotas = |row| {
            let subscription = from_row(row)?;
            let owner = QuotaOwner::Subscription(subscription.id);
            let quotas = theirs.iter().filter(|stored| stored.owner == owner).cloned().collect();
            Ok(StoredSubscription { subscription, quotas })
        };
        found.into_iter().map(with_quotas).collect()
    }
}

pub(crate) fn check_days(days: u32) -> Result<()> {
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(StoreError::invalid("days", format!("must be from 1 to {MAX_DAYS}")));
    }
    Ok(())
}
