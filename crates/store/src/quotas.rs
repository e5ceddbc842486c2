//! Quotas: what a key, a user, an account or a subscription may spend in a window of time.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tollgate_base::{AccountId, KeyId, Money, QuotaId, SubscriptionId, Timestamp, UserId};
use tollgate_ledger::{Quota, Span, Window};

use crate::db::{Row, Tx, params};
use crate::error::{Result, StoreError};
use crate::store::Store;

/// No owner needs more, and each is looked at with every request.
const MOST_PER_OWNER: usize = 8;

/// Whose spending a quota bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum QuotaOwner {
    /// What requests with a key cost.
    Key(KeyId),
    /// What all requests of a user cost, however they are paid.
    User(UserId),
    /// What an account's requests cost the operator; see [`UsageRecord::account_cost`](crate::UsageRecord::account_cost).
    Account(AccountId),
    /// What is paid by a subscription.
    Subscription(SubscriptionId),
}

impl fmt::Display for QuotaOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => id.fmt(f),
            Self::User(id) => id.fmt(f),
            Self::Account(id) => id.fmt(f),
            Self::Subscription(id) => id.fmt(f),
        }
    }
}

impl FromStr for QuotaOwner {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        let key = text.parse().map(Self::Key);
        let found = key
            .or_else(|_| text.parse().map(Self::User))
            .or_else(|_| text.parse().map(Self::Account))
            .or_else(|_| text.parse().map(Self::Subscription));
        found.map_err(|_| StoreError::corrupt(format!("`{text}` names nothing that has a quota")))
    }
}

/// A quota as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredQuota {
    /// The id.
    pub id: QuotaId,
    /// Whose spending it bounds.
    pub owner: QuotaOwner,
    /// How much, and what of it is gone.
    pub quota: Quota,
    /// When it was set.
    pub created_at: Timestamp,
}

/// In the order of [`from_row`].
pub(crate) const COLUMNS: &str = "id, owner_id, span, amount, starts_at, ends_at, used, held, created_at";

/// Takes the columns of [`COLUMNS`].
pub(crate) fn from_row(mut row: Row) -> Result<StoredQuota> {
    let (id, owner) = (row.parsed()?, row.parsed()?);
    let (window, amount): (Window, Money) = (row.parsed()?, row.money()?);
    let span = Span { starts_at: row.time()?, ends_at: row.opt_time()? };
    let quota = Quota { amount, window, span, used: row.money()?, held: row.money()? };
    Ok(StoredQuota { id, owner, quota, created_at: row.time()? })
}

impl Store {
    /// Sets what an owner may spend in each window of this kind. A quota that is there keeps what is used and held of it; a
    /// new one counts from now on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the owner is not there, [`StoreError::Invalid`] for a negative amount or more than eight
    /// quotas of one owner.
    pub async fn set_quota(&self, owner: QuotaOwner, window: Window, amount: Money) -> Result<StoredQuota> {
        if amount < Money::ZERO {
            return Err(StoreError::invalid("amount", "must not be negative"));
        }
        let quota = Quota::begin(amount, window, just_after(self.now()));
        let new = StoredQuota { id: QuotaId::generate(), owner, quota, created_at: self.now() };
        let mut tx = self.begin_change().await?;
        let outcome = set(&mut tx, &new).await;
        tx.finish(outcome).await
    }

    /// Lets a quota count anew from now on; the quota after it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn reset_quota(&self, id: QuotaId) -> Result<StoredQuota> {
        let mut tx = self.begin_change().await?;
        let outcome = reset(&mut tx, id, self.now()).await;
        tx.finish(outcome).await
    }

    /// Removes a quota. What its owner spends is bounded by it no longer.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn remove_quota(&self, id: QuotaId) -> Result<()> {
        let mut tx = self.begin_change().await?;
        let removed = tx.execute("DELETE FROM quotas WHERE id = $1", params![id]).await;
        let outcome = removed.and_then(|rows| match rows {
            0 => Err(StoreError::not_found("quota", id)),
            _ => Ok(()),
        });
        tx.finish(outcome).await
    }

    /// The quotas of all accounts.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn account_quotas(&self) -> Result<Vec<StoredQuota>> {
        let sql =
            format!("SELECT {COLUMNS} FROM quotas WHERE owner_id IN (SELECT id FROM accounts) ORDER BY id");
        self.db().query(sql, params![]).await?.into_iter().map(from_row).collect()
    }

    /// The quotas of one owner, or all; oldest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_quotas(&self, owner: Option<QuotaOwner>) -> Result<Vec<StoredQuota>> {
        let (condition, params) = match owner {
            Some(owner) => ("WHERE owner_id = $1", params![owner.to_string()]),
            None => ("", params![]),
        };
        let sql = format!("SELECT {COLUMNS} FROM quotas {condition} ORDER BY id");
        self.db().query(sql, params).await?.into_iter().map(from_row).collect()
    }
}

/// Writes a quota, or its amount where its owner has one of this window.
pub(crate) async fn set(tx: &mut Tx, new: &StoredQuota) -> Result<StoredQuota> {
    require(tx, new.owner).await?;
    let StoredQuota { id, owner, quota, created_at } = new;
    let owner = owner.to_string();
    let sql = "INSERT INTO quotas (id, owner_id, span, amount, starts_at, ends_at, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) \
               ON CONFLICT (owner_id, span) DO UPDATE SET amount = excluded.amount";
    let Span { starts_at, ends_at } = quota.span;
    let window = quota.window.to_string();
    tx.execute(
        sql,
        params![*id, owner.as_str(), window.as_str(), quota.amount, starts_at, ends_at, *created_at],
    )
    .await?;
    let sql = format!("SELECT {COLUMNS} FROM quotas WHERE owner_id = $1 ORDER BY id");
    let rows = tx.query(sql, params![owner.as_str()]).await?;
    if rows.len() > MOST_PER_OWNER {
        return Err(StoreError::invalid("window", "an owner can have at most eight quotas"));
    }
    let all = rows.into_iter().map(from_row).collect::<Result<Vec<_>>>()?;
    let found = all.into_iter().find(|stored| stored.quota.window == quota.window);
    found.ok_or_else(|| StoreError::corrupt("a quota that was written is not there"))
}

async fn reset(tx: &mut Tx, id: QuotaId, now: Timestamp) -> Result<StoredQuota> {
    // The row is taken first: a commit that charges it is either wholly before this or wholly behind it.
    tx.execute("UPDATE quotas SET used = 0 WHERE id = $1", params![id]).await?;
    let sql = format!("SELECT {COLUMNS} FROM quotas WHERE id = $1");
    let row = tx.query_one(sql, params![id]).await?;
    let mut stored = from_row(row.ok_or_else(|| StoreError::not_found("quota", id))?)?;
    stored.quota.span = stored.quota.window.begin(just_after(now));
    let Span { starts_at, ends_at } = stored.quota.span;
    tx.execute(
        "UPDATE quotas SET starts_at = $2, ends_at = $3 WHERE id = $1",
        params![id, starts_at, ends_at],
    )
    .await?;
    Ok(stored)
}

/// The moment that a quota counts from which is set now: what came in at this very moment may be settled already.
fn just_after(now: Timestamp) -> Timestamp {
    now.after(Duration::from_micros(1))
}

/// Fails unless the owner is there.
async fn require(tx: &mut Tx, owner: QuotaOwner) -> Result<()> {
    let (what, table) = match owner {
        QuotaOwner::Key(_) => ("key", "api_keys"),
        QuotaOwner::User(_) => ("user", "users"),
        QuotaOwner::Account(_) => ("account", "accounts"),
        QuotaOwner::Subscription(_) => ("subscription", "subscriptions"),
    };
    let sql = format!("SELECT id FROM {table} WHERE id = $1");
    let found = tx.query_one(sql, params![owner.to_string()]).await?;
    found.map(drop).ok_or_else(|| StoreError::not_found(what, owner))
}

/// Removes the quotas of an owner that is removed.
pub(crate) async fn remove_all(tx: &mut Tx, owner: QuotaOwner) -> Result<()> {
    tx.execute("DELETE FROM quotas WHERE owner_id = $1", params![owner.to_string()]).await.map(drop)
}
