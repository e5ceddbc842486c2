//! Balances: adjusting them and reading them.

use tollgate_base::{Money, Timestamp, UserId};

use crate::db::{Row, Tx, params};
use crate::error::{Result, StoreError};
use crate::name::check_name;
use crate::store::Store;

/// One change of a balance that is not usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceEntry {
    /// When it was made.
    pub at: Timestamp,
    /// What was added; negative where something was taken.
    pub delta: Money,
    /// The balance right after it.
    pub balance_after: Money,
    /// Why.
    pub reason: String,
}

impl Store {
    /// A user's balance, or `None` if there is no such user.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn user_balance(&self, id: UserId) -> Result<Option<Money>> {
        let row = self.db().query_one("SELECT balance FROM users WHERE id = $1", params![id]).await?;
        row.map(|mut row| row.money()).transpose()
    }

    /// Adds `delta`, which may be negative, to a user's balance and writes down why; the new balance.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`] for a bad reason or an overflow.
    pub async fn adjust_balance(&self, id: UserId, delta: Money, reason: &str) -> Result<Money> {
        check_name("reason", reason)?;
        let mut tx = self.begin_change().await?;
        let outcome = add_entry(&mut tx, id, delta, reason, self.now()).await;
        tx.finish(outcome).await
    }

    /// The latest `limit` changes of a user's balance other than by usage, newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_balance_entries(&self, id: UserId, limit: u32) -> Result<Vec<BalanceEntry>> {
        let sql = "SELECT at, delta, balance_after, reference FROM balance_entries \
                   WHERE user_id = $1 ORDER BY id DESC LIMIT $2";
        self.db().query(sql, params![id, limit]).await?.into_iter().map(entry).collect()
    }
}

/// Changes a balance and appends the entry that explains it; the new balance.
pub(crate) async fn add_entry(
    tx: &mut Tx,
    id: UserId,
    delta: Money,
    reason: &str,
    at: Timestamp,
) -> Result<Money> {
    let balance = lock_user(tx, id).await?;
    let overflow = || StoreError::invalid("delta", "the balance would leave the range of 64 bits");
    let after = balance.checked_add(delta).filter(|after| after.nanos() != i64::MIN).ok_or_else(overflow)?;
    tx.execute("UPDATE users SET balance = $2 WHERE id = $1", params![id, after]).await?;
    let entry_id = format!("bal_{}", uuid::Uuid::now_v7().simple());
    tx.execute(
        "INSERT INTO balance_entries (id, user_id, delta, balance_after, kind, reference, at) \
         VALUES ($1, $2, $3, $4, 'adjustment', $5, $6)",
        params![entry_id, id, delta, after, reason, at],
    )
    .await?;
    Ok(after)
}

/// Takes the user's row for this transaction, in words that both databases have; the balance.
pub(crate) async fn lock_user(tx: &mut Tx, id: UserId) -> Result<Money> {
    let row =
        tx.query_one("UPDATE users SET name = name WHERE id = $1 RETURNING balance", params![id]).await?;
    row.ok_or_else(|| StoreError::not_found("user", id))?.money()
}

fn entry(mut row: Row) -> Result<BalanceEntry> {
    Ok(BalanceEntry {
        at: row.time()?,
        delta: row.money()?,
        balance_after: row.money()?,
        reason: row.text()?,
    })
}
