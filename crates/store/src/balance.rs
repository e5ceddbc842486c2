//! Balances: adjusting them, reading them, and checking them against what explains them.

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

/// A balance that is not what the records say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Whose.
    pub user_id: UserId,
    /// What the store has; `None` if usage names a user who is not there.
    pub balance: Option<Money>,
    /// The sum of the entries less the sum of the usage costs.
    pub expected: Money,
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

    /// Recomputes every balance: what was added to it less what was used. The balances that differ; none if all is
    /// well. Reads every usage record, in one snapshot.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn verify_balances(&self) -> Result<Vec<Mismatch>> {
        self.db().query(VERIFY, params![]).await?.into_iter().map(mismatch).collect()
    }
}

/// Users whose balance is not explained, and users who are only named by usage.
const VERIFY: &str = "\
WITH movements AS (
  SELECT user_id, delta AS amount FROM balance_entries
  UNION ALL
  SELECT user_id, -cost AS amount FROM usage_records
), sums AS (
  SELECT user_id, CAST(SUM(amount) AS BIGINT) AS expected FROM movements GROUP BY user_id
)
SELECT users.id AS user_id, users.balance, COALESCE(sums.expected, 0) AS expected
  FROM users LEFT JOIN sums ON sums.user_id = users.id
 WHERE users.balance <> COALESCE(sums.expected, 0)
UNION ALL
SELECT sums.user_id, NULL, sums.expected
  FROM sums LEFT JOIN users ON users.id = sums.user_id
 WHERE users.id IS NULL AND sums.expected <> 0
 ORDER BY user_id";

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

fn mismatch(mut row: Row) -> Result<Mismatch> {
    let user_id = row.parsed()?;
    let balance = row.opt_int()?.map(Money::from_nanos);
    Ok(Mismatch { user_id, balance, expected: row.money()? })
}
