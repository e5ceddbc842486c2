//! What keeps an account going, as it is stored: its rules of failover, its further keys, its probe, its mark.

use serde::{Deserialize, Serialize};
use tollgate_base::{AccountId, Secret};
use tollgate_routing::{Account, Attention, FurtherKey, MAX_FURTHER_KEYS, Upkeep, key_hint};

use super::rows::{COLUMNS, MEMBERSHIPS, all_from_rows};
use super::{AccountPatch, check_secret};
use crate::db::{Row, Tx, Value, params};
use crate::error::{Result, StoreError};
use crate::secrets::{MasterKey, place};
use crate::store::Store;

/// A further key as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    number: u32,
    hint: String,
    sealed: String,
}

fn key_place(account: AccountId, number: u32) -> String {
    place("accounts", "further_keys", format!("{account}/{number}"))
}

pub(super) fn from_row(master: &MasterKey, account: AccountId, row: &mut Row) -> Result<Upkeep> {
    let failover = row.json()?;
    let stored: Vec<StoredKey> = row.json()?;
    let open = |key: StoredKey| {
        let secret = master.open_text(&key_place(account, key.number), &key.sealed)?;
        Ok(FurtherKey { number: key.number, hint: key.hint, secret })
    };
    let further_keys = stored.into_iter().map(open).collect::<Result<_>>()?;
    let probe = row.opt_json()?;
    let (since, words) = (row.opt_time()?, row.opt_text()?);
    let attention = since.map(|since| Attention { since, words: words.unwrap_or_default() });
    Ok(Upkeep { failover, further_keys, probe, attention })
}

/// The settings of an account that is created, as values of its columns but for those that only time can bring.
pub(super) fn new_values(upkeep: &Upkeep) -> Result<[Value; 2]> {
    let probe = upkeep.probe.as_ref().map_or(Ok(Value::Null), Value::json)?;
    Ok([Value::json(&upkeep.failover)?, probe])
}

pub(super) fn check(patch: &AccountPatch) -> Result<()> {
    patch.add_key.as_ref().map_or(Ok(()), |secret| check_secret("add_key", secret))?;
    check_probe(patch.probe.as_ref().and_then(Option::as_ref))
}

pub(super) fn check_probe(probe: Option<&tollgate_routing::ProbeTerms>) -> Result<()> {
    let checked = probe.map_or(Ok(()), tollgate_routing::ProbeTerms::check);
    checked.map_err(|error| StoreError::invalid("probe", error.to_string()))
}

/// Adds and removes keys beside the first.
pub(super) async fn change_keys(
    tx: &mut Tx,
    master: &MasterKey,
    id: AccountId,
    add: Option<Secret<String>>,
    remove: Option<String>,
) -> Result<()> {
    if add.is_none() && remove.is_none() {
        return Ok(());
    }
    let rows = tx.query("SELECT further_keys FROM accounts WHERE id = $1", params![id]).await?;
    let mut row = rows.into_iter().next().ok_or_else(|| StoreError::not_found("account", id))?;
    let mut keys: Vec<StoredKey> = row.json()?;
    if let Some(named) = remove {
        let at = position(&keys, &named)?;
        keys.remove(at);
    }
    if let Some(secret) = add {
        if keys.len() >= MAX_FURTHER_KEYS {
            return Err(StoreError::invalid("add_key", "an account has at most 16 keys"));
        }
        // The largest number may be of a key that is gone; its state is then taken over, which time puts right.
        let number = keys.iter().map(|key| key.number).max().unwrap_or(0) + 1;
        let sealed = master.seal_text(&key_place(id, number), &secret)?;
        keys.push(StoredKey { number, hint: key_hint(&secret), sealed });
    }
    let sql = "UPDATE accounts SET further_keys = $2 WHERE id = $1";
    tx.execute(sql, params![id, Value::json(&keys)?]).await.map(drop)
}

/// Which key is named: by its number as `#2`, or by its hint if only one has it.
fn position(keys: &[StoredKey], named: &str) -> Result<usize> {
    let number: Option<u32> = named.strip_prefix('#').and_then(|number| number.parse().ok());
    let is_named = |key: &StoredKey| number.map_or(key.hint == named, |number| key.number == number);
    let mut found = keys.iter().enumerate().filter(|(_, key)| is_named(key)).map(|(at, _)| at);
    match (found.next(), found.next()) {
        (Some(at), None) => Ok(at),
        (None, _) => {
            Err(StoreError::invalid("remove_key", "no further key of the account has this hint or #number"))
        }
        _ => Err(StoreError::invalid("remove_key", "several keys have this hint: name its #number")),
    }
}

impl Store {
    /// Marks an account as one that somebody has to look at.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Unavailable`].
    pub async fn mark_attention(&self, id: AccountId, attention: &Attention) -> Result<()> {
        let sql = "UPDATE accounts SET attention_at = $2, attention_words = $3 WHERE id = $1";
        let params = params![id, attention.since, attention.words.as_str()];
        let mut tx = self.begin_change().await?;
        let outcome = match tx.execute(sql, params).await {
            Ok(0) => Err(StoreError::not_found("account", id)),
            other => other.map(drop),
        };
        tx.finish(outcome).await
    }

    /// Removes the mark of an account; the account after it.
    ///
    /// # Errors
    /// As [`mark_attention`](Self::mark_attention).
    pub async fn clear_attention(&self, id: AccountId) -> Result<Account> {
        let mut tx = self.begin_change().await?;
        let outcome = cleared(&mut tx, self.master(), id).await;
        tx.finish(outcome).await
    }
}

async fn cleared(tx: &mut Tx, master: &MasterKey, id: AccountId) -> Result<Account> {
    clear(tx, id).await?;
    let accounts = tx.query(format!("SELECT {COLUMNS} FROM accounts WHERE id = $1"), params![id]).await?;
    let groups =
        tx.query(format!("{MEMBERSHIPS} WHERE account_id = $1 ORDER BY group_id"), params![id]).await?;
    let found = all_from_rows(master, accounts, groups)?.pop();
    found.ok_or_else(|| StoreError::not_found("account", id))
}

/// Removes the mark, because the credential is another one or somebody has looked.
pub(super) async fn clear(tx: &mut Tx, id: AccountId) -> Result<()> {
    let sql = "UPDATE accounts SET attention_at = NULL, attention_words = NULL WHERE id = $1";
    tx.execute(sql, params![id]).await.map(drop)
}
