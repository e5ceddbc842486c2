//! Balances: adjusting them and reading them.

use std::fmt;
use std::str::FromStr;

use tollgate_base::{Money, Timestamp, UserId};

use crate::db::{Row, Tx, params};
use crate::error::{Result, StoreError};
use crate::name::check_name;
use crate::store::Store;

/// One change of a balance that is not usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceEntry {
    /// The id: `bal_` and a UUID version 7.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
    /// What was added; negative where something was taken.
    pub delta: Money,
    /// The balance right after it.
    pub balance_after: Money,
    /// What it came from.
    pub kind: EntryKind,
    /// Why: the reason of an adjustment, the id of a voucher.
    pub reason: String,
    /// Who made it; `None` for the program itself.
    pub author: Option<String>,
}

/// What changed a balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// Somebody, for a reason.
    Adjustment,
    /// A voucher that the user redeemed.
    Voucher,
}

impl EntryKind {
    /// The name in the store and in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adjustment => "adjustment",
            Self::Voucher => "voucher",
        }
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for EntryKind {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self> {
        let found = [Self::Adjustment, Self::Voucher].into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| StoreError::corrupt(format!("`{text}` is not what changes a balance")))
    }
}

/// A change that is to be made.
pub(crate) struct NewEntry<'a> {
    pub(crate) delta: Money,
    pub(crate) kind: EntryKind,
    pub(crate) reason: &'a str,
    pub(crate) author: Option<&'a str>,
    pub(crate) at: Timestamp,
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

    /// Adds `delta`, which may be negative, to a user's balance and writes down why and who did it (`None` for the program
    /// itself); the new balance.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`] for a bad reason or author, or an overflow.
    pub async fn adjust_balance(
        &self,
        id: UserId,
        delta: Money,
        reason: &str,
        author: Option<&str>,
    ) -> Result<Money> {
        check_name("reason", reason)?;
        author.map_or(Ok(()), |author| check_name("author", author))?;
        let new = NewEntry { delta, kind: EntryKind::Adjustment, reason, author, at: self.now() };
        let mut tx = self.begin_change().await?;
        let outcome = add_entry(&mut tx, id, &new).await;
        tx.finish(outcome).await
    }

    /// The latest `limit` changes of a user's balance other than by usage, newest first.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_balance_entries(&self, id: UserId, limit: u32) -> Result<Vec<BalanceEntry>> {
        let sql =
            format!("SELECT {COLUMNS} FROM balance_entries WHERE user_id = $1 ORDER BY id DESC LIMIT $2");
        self.db().query(sql, params![id, limit]).await?.into_iter().map(from_row).collect()
    }
}

/// Changes a balance and appends the entry that explains it; the new balance.
pub(crate) async fn add_entry(tx: &mut Tx, id: UserId, new: &NewEntry<'_>) -> Result<Money> {
    let NewEntry { delta, kind, reason, author, at } = *new;
    let balance = lock_user(tx, id).await?;
    let overflow = || StoreError::invalid("delta", "the balance would leave the range of 64 bits");
    let after = balance.checked_add(delta).filter(|after| after.nanos() != i64::MIN).ok_or_else(overflow)?;
    tx.execute("UPDATE users SET balance = $2 WHERE id = $1", params![id, after]).await?;
    let entry_id = format!("bal_{}", uuid::Uuid::now_v7().simple());
    tx.execute(
        "INSERT INTO balance_entries (id, user_id, delta, balance_after, kind, reference, author, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![entry_id, id, delta, after, kind.as_str(), reason, author, at],
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

/// In the order of [`from_row`].
pub(crate) const COLUMNS: &str = "id, at, delta, balance_after, kind, reference, author";

/// Takes the columns of [`COLUMNS`].
pub(crate) fn from_row(mut row: Row) -> Result<BalanceEntry> {
    Ok(BalanceEntry {
        id: row.text()?,
        at: row.time()?,
        delta: row.money()?,
        balance_after: row.money()?,
        kind: row.parsed()?,
        reason: row.text()?,
        author: row.opt_text()?,
    })
}
