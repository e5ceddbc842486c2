//! Limits: how much keys, users, groups, accounts and models may use.

use std::num::{NonZero, NonZeroU32, NonZeroU64};

use tollgate_base::{GroupId, KeyId};
use tollgate_routing::{Allowance, Limit, LimitKind, LimitScope};

use crate::db::{Row, Sql, Tx, params};
use crate::error::{Result, StoreError};
use crate::store::Store;

/// What to change of a limit; `None` leaves it, `Some(None)` lifts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LimitPatch {
    /// Requests a minute.
    pub requests_per_minute: Option<Option<NonZeroU32>>,
    /// Tokens a minute.
    pub tokens_per_minute: Option<Option<NonZeroU64>>,
    /// Requests at the same time.
    pub concurrency: Option<Option<NonZeroU32>>,
}

impl LimitPatch {
    fn apply(self, to: Allowance) -> Allowance {
        Allowance {
            requests_per_minute: self.requests_per_minute.unwrap_or(to.requests_per_minute),
            tokens_per_minute: self.tokens_per_minute.unwrap_or(to.tokens_per_minute),
            concurrency: self.concurrency.unwrap_or(to.concurrency),
        }
    }
}

/// A limit with the name of what it is set on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLimit {
    /// The limit.
    pub limit: Limit,
    /// The name of the key, user, group, account or model.
    pub name: String,
}

/// In the order of [`allowance`].
const ALLOWANCE: &str = "requests_per_minute, tokens_per_minute, concurrency";

/// Takes three columns; `NULL` in all of them is no limit.
pub(crate) fn allowance(row: &mut Row) -> Result<Allowance> {
    Ok(Allowance {
        requests_per_minute: row.opt_number::<u32>()?.and_then(NonZero::new),
        tokens_per_minute: row.opt_number::<u64>()?.and_then(NonZero::new),
        concurrency: row.opt_number::<u32>()?.and_then(NonZero::new),
    })
}

/// The columns of [`allowance`], of the table under another name.
pub(crate) fn allowance_of(alias: &str) -> String {
    format!("{alias}.requests_per_minute, {alias}.tokens_per_minute, {alias}.concurrency")
}

fn from_row(row: &mut Row) -> Result<Limit> {
    let kind: LimitKind = row.parsed()?;
    let id = row.text()?;
    let scope = LimitScope::read(kind, &id)
        .ok_or_else(|| StoreError::corrupt(format!("a limit of kind {kind} has the id {id}")))?;
    Ok(Limit { scope, allowance: allowance(row)? })
}

/// The limits that belong to the catalog; see [`from_rows`]. Those of keys and users are read with the key.
pub(crate) fn catalog_sql() -> Sql {
    format!("SELECT scope, scope_id, {ALLOWANCE} FROM limits WHERE scope NOT IN ('key', 'user')").into()
}

/// The limits in the rows of [`catalog_sql`].
pub(crate) fn from_rows(mut rows: Vec<Row>) -> Result<Vec<Limit>> {
    rows.iter_mut().map(from_row).collect()
}

impl Store {
    /// Sets, changes or lifts the limit of something that exists; the limit after it, which is gone if nothing is
    /// limited any more.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`] for the concurrency of a group as a whole or of a model.
    pub async fn set_limit(&self, scope: LimitScope, patch: LimitPatch) -> Result<Limit> {
        let has_slots = !matches!(scope.kind(), LimitKind::Group | LimitKind::Model);
        if !has_slots && patch.concurrency.flatten().is_some() {
            let why = "can be limited for a key, a user, an account and each key of a group, not for a group as a \
                       whole or a model";
            return Err(StoreError::invalid("concurrency", why));
        }
        let mut tx = self.begin_change().await?;
        let outcome = set(&mut tx, scope, patch).await;
        tx.finish(outcome).await
    }

    /// What something may use.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn get_limit(&self, scope: &LimitScope) -> Result<Allowance> {
        let sql = format!("SELECT {ALLOWANCE} FROM limits WHERE scope = $1 AND scope_id = $2");
        let row = self.db().query_one(sql, params![scope.kind().as_str(), scope.id()]).await?;
        row.map_or(Ok(Allowance::UNLIMITED), |mut row| allowance(&mut row))
    }

    /// What a key itself may use, and the group it is in; `None` if there is no such key.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn key_limit(&self, id: KeyId) -> Result<Option<(GroupId, Allowance)>> {
        let sql = format!(
            "SELECT api_keys.group_id, {} FROM api_keys LEFT JOIN limits ON limits.scope = 'key' \
             AND limits.scope_id = api_keys.id WHERE api_keys.id = $1",
            allowance_of("limits")
        );
        let row = self.db().query_one(sql, params![id]).await?;
        row.map(|mut row| Ok((row.parsed()?, allowance(&mut row)?))).transpose()
    }

    /// All limits, by kind and name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_limits(&self) -> Result<Vec<StoredLimit>> {
        let sql = format!(
            "SELECT scope, scope_id, {ALLOWANCE}, COALESCE( \
               (SELECT name FROM api_keys WHERE scope = 'key' AND id = scope_id), \
               (SELECT name FROM users WHERE scope = 'user' AND id = scope_id), \
               (SELECT name FROM groups WHERE scope IN ('group', 'each_key') AND id = scope_id), \
               (SELECT name FROM accounts WHERE scope = 'account' AND id = scope_id), \
               scope_id) AS name \
             FROM limits ORDER BY scope, name, scope_id"
        );
        let rows = self.db().query(sql, params![]).await?;
        let stored = |mut row: Row| Ok(StoredLimit { limit: from_row(&mut row)?, name: row.text()? });
        rows.into_iter().map(stored).collect()
    }

    /// Lifts all limits of something.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if it has none.
    pub async fn remove_limit(&self, scope: &LimitScope) -> Result<()> {
        let mut tx = self.begin_change().await?;
        let outcome = match delete(&mut tx, scope).await {
            Ok(0) => Err(StoreError::not_found("limit of", format!("{} {}", scope.kind(), scope.id()))),
            other => other.map(drop),
        };
        tx.finish(outcome).await
    }
}

async fn set(tx: &mut Tx, scope: LimitScope, patch: LimitPatch) -> Result<Limit> {
    require_owner(tx, &scope).await?;
    let (kind, id) = (scope.kind().as_str(), scope.id());
    let sql = format!("SELECT {ALLOWANCE} FROM limits WHERE scope = $1 AND scope_id = $2");
    let before = match tx.query_one(sql, params![kind, id.as_str()]).await? {
        Some(mut row) => allowance(&mut row)?,
        None => Allowance::UNLIMITED,
    };
    let after = patch.apply(before);
    delete(tx, &scope).await?;
    if !after.is_unlimited() {
        let sql = format!("INSERT INTO limits (scope, scope_id, {ALLOWANCE}) VALUES ($1, $2, $3, $4, $5)");
        let params = params![
            kind,
            id,
            after.requests_per_minute.map(NonZero::get),
            after.tokens_per_minute.map(NonZero::get),
            after.concurrency.map(NonZero::get),
        ];
        tx.execute(sql, params).await?;
    }
    Ok(Limit { scope, allowance: after })
}

/// Removes a limit, also because what it is set on is removed; how many rows there were.
pub(crate) async fn delete(tx: &mut Tx, scope: &LimitScope) -> Result<u64> {
    let sql = "DELETE FROM limits WHERE scope = $1 AND scope_id = $2";
    tx.execute(sql, params![scope.kind().as_str(), scope.id()]).await
}

async fn require_owner(tx: &mut Tx, scope: &LimitScope) -> Result<()> {
    let (what, sql) = match scope {
        LimitScope::Key(_) => ("key", "SELECT id FROM api_keys WHERE id = $1"),
        LimitScope::User(_) => ("user", "SELECT id FROM users WHERE id = $1"),
        LimitScope::Group(_) | LimitScope::EachKey(_) => ("group", "SELECT id FROM groups WHERE id = $1"),
        LimitScope::Account(_) => ("account", "SELECT id FROM accounts WHERE id = $1"),
        LimitScope::Model(_) => ("model", "SELECT name FROM models WHERE name = $1"),
    };
    let found = tx.query_one(sql, params![scope.id()]).await?;
    found.map(drop).ok_or_else(|| StoreError::not_found(what, scope.id()))
}
