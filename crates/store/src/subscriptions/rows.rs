//! The rows of subscriptions, in transactions.

use std::time::Duration;

use tollgate_base::{PlanId, QuotaId, SubscriptionId, Timestamp, UserId};
use tollgate_ledger::Quota;

use super::{
    COLUMNS, NewSubscription, StoredSubscription, Subscription, SubscriptionStatus, check_days, from_row,
};
use crate::balance::lock_user;
use crate::db::{Tx, params};
use crate::error::{Result, StoreError};
use crate::quotas::{QuotaOwner, StoredQuota};
use crate::{groups, plans, quotas};

const DAY_SECONDS: u64 = 86_400;

/// Writes a subscription and its quotas.
pub(super) async fn insert(tx: &mut Tx, new: &NewSubscription, now: Timestamp) -> Result<StoredSubscription> {
    check_days(new.days)?;
    new.allowance.check()?;
    new.time_zone.as_deref().map_or(Ok(()), plans::check_time_zone)?;
    lock_user(tx, new.user_id).await?;
    groups::require(tx, new.group_id).await?;
    if let Some(plan) = new.plan_id {
        plans::find(tx, plan).await?;
    }
    let starts_at = new.starts_at.unwrap_or(now);
    let subscription = Subscription {
        id: SubscriptionId::generate(),
        user_id: new.user_id,
        group_id: new.group_id,
        plan_id: new.plan_id,
        status: SubscriptionStatus::Active,
        starts_at,
        expires_at: days_after(starts_at, new.days),
        created_at: now,
    };
    let sql = format!("INSERT INTO subscriptions ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    let params = params![
        subscription.id,
        subscription.user_id,
        subscription.group_id,
        subscription.plan_id,
        subscription.status.as_str(),
        subscription.starts_at,
        subscription.expires_at,
        subscription.created_at,
    ];
    tx.execute(sql, params).await?;
    let mut of_it = Vec::new();
    for (window, amount) in new.allowance.windows(new.time_zone.as_deref(), starts_at)? {
        let quota = Quota::begin(amount, window, starts_at);
        let owner = QuotaOwner::Subscription(subscription.id);
        let stored = StoredQuota { id: QuotaId::generate(), owner, quota, created_at: now };
        of_it.push(quotas::set(tx, &stored).await?);
    }
    Ok(StoredSubscription { subscription, quotas: of_it })
}

async fn find(tx: &mut Tx, id: SubscriptionId) -> Result<StoredSubscription> {
    let sql = format!("SELECT {COLUMNS} FROM subscriptions WHERE id = $1");
    let row = tx.query_one(sql, params![id]).await?;
    let subscription = from_row(row.ok_or_else(|| StoreError::not_found("subscription", id))?)?;
    let sql = format!("SELECT {} FROM quotas WHERE owner_id = $1 ORDER BY id", quotas::COLUMNS);
    let rows = tx.query(sql, params![id]).await?;
    let quotas = rows.into_iter().map(quotas::from_row).collect::<Result<_>>()?;
    Ok(StoredSubscription { subscription, quotas })
}

pub(super) async fn renew(
    tx: &mut Tx,
    id: SubscriptionId,
    days: Option<u32>,
    now: Timestamp,
) -> Result<StoredSubscription> {
    let mut stored = find(tx, id).await?;
    let Subscription { plan_id, status, expires_at, .. } = stored.subscription;
    if status == SubscriptionStatus::Cancelled {
        let what = format!("subscription {id} is cancelled and cannot be renewed: create another one");
        return Err(StoreError::Conflict { what });
    }
    let days = match (days, plan_id) {
        (Some(days), _) => days,
        (None, Some(plan)) => plans::find(tx, plan).await?.days,
        (None, None) => {
            return Err(StoreError::invalid("days", "must be given: the subscription has no plan to say it"));
        }
    };
    check_days(days)?;
    stored.subscription.expires_at = days_after(expires_at.max(now), days);
    let sql = "UPDATE subscriptions SET expires_at = $2 WHERE id = $1";
    tx.execute(sql, params![id, stored.subscription.expires_at]).await?;
    Ok(stored)
}

pub(super) async fn cancel(tx: &mut Tx, id: SubscriptionId) -> Result<StoredSubscription> {
    tx.execute("UPDATE subscriptions SET status = 'cancelled' WHERE id = $1", params![id]).await?;
    find(tx, id).await
}

/// Gives a user what a plan says: the user's subscription of this plan that ends last is renewed, or a new one made.
pub(crate) async fn grant(
    tx: &mut Tx,
    user: UserId,
    plan: PlanId,
    now: Timestamp,
) -> Result<StoredSubscription> {
    let sql = "SELECT id FROM subscriptions WHERE user_id = $1 AND plan_id = $2 AND status = 'active' \
               ORDER BY expires_at DESC, id DESC LIMIT 1";
    match tx.query_one(sql, params![user, plan]).await? {
        Some(mut row) => renew(tx, row.parsed()?, None, now).await,
        None => {
            let plan = plans::find(tx, plan).await?;
            insert(tx, &NewSubscription::of(&plan, user), now).await
        }
    }
}

fn days_after(start: Timestamp, days: u32) -> Timestamp {
    start.after(Duration::from_secs(u64::from(days) * DAY_SECONDS))
}
