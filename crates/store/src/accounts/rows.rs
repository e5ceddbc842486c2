//! The rows of `accounts` and `account_groups`: sealing on the way in, opening on the way out.

use std::collections::HashMap;

use tollgate_base::{AccountId, GroupId, Secret};
use tollgate_routing::{Account, AuthScheme, LimitScope, Platform, PricePlace, Status};
use tollgate_translate::family::Family;

use super::{AccountPatch, upkeep};
use crate::db::{Row, Sql, Tx, Update, Value, params};
use crate::error::{Result, StoreError};
use crate::quotas::{self, QuotaOwner};
use crate::secrets::{MasterKey, place};
use crate::{groups, limits, prices};

/// In the order of [`from_row`].
pub(super) const COLUMNS: &str = "id, name, platform, family, base_urls, credential, auth, models, model_mapping, \
     capabilities, priority, weight, status, proxy, created_at, rate, organization, shaping, failover, further_keys, \
     probe, attention_at, attention_words";

/// Every account by name; belongs together with [`memberships_sql`].
pub(crate) fn list_sql() -> Sql {
    format!("SELECT {COLUMNS} FROM accounts ORDER BY name").into()
}

/// The beginning of a statement that reads which account serves which group.
pub(super) const MEMBERSHIPS: &str = "SELECT account_id, group_id FROM account_groups";

/// Every pair of account and group.
pub(crate) fn memberships_sql() -> Sql {
    format!("{MEMBERSHIPS} ORDER BY account_id, group_id").into()
}

fn credential_place(id: AccountId) -> String {
    place("accounts", "credential", id)
}

fn proxy_place(id: AccountId) -> String {
    place("accounts", "proxy", id)
}

fn from_row(master: &MasterKey, mut row: Row) -> Result<Account> {
    let id = row.parsed()?;
    Ok(Account {
        id,
        name: row.text()?,
        platform: row.parsed()?,
        family: row.opt_parsed()?,
        base_urls: row.json()?,
        credential: master.open_text(&credential_place(id), &row.text()?)?,
        auth: row.parsed()?,
        models: row.json()?,
        model_mapping: row.json()?,
        capabilities: row.json()?,
        priority: row.number()?,
        weight: row.number()?,
        status: row.parsed()?,
        proxy: row.opt_text()?.map(|sealed| master.open_text(&proxy_place(id), &sealed)).transpose()?,
        groups: Vec::new(),
        created_at: row.time()?,
        rate: row.rate()?,
        organization: row.opt_text()?,
        shaping: row.json()?,
        upkeep: upkeep::from_row(master, id, &mut row)?,
    })
}

/// Accounts from the answers to two statements: their rows, and their groups.
pub(super) fn from_rows(master: &MasterKey, answers: Vec<Vec<Row>>) -> Result<Vec<Account>> {
    let mut answers = answers.into_iter();
    let (accounts, memberships) = (answers.next().unwrap_or_default(), answers.next().unwrap_or_default());
    all_from_rows(master, accounts, memberships)
}

/// Accounts from their rows and the pairs of account and group.
pub(crate) fn all_from_rows(
    master: &MasterKey,
    accounts: Vec<Row>,
    memberships: Vec<Row>,
) -> Result<Vec<Account>> {
    let mut groups: HashMap<AccountId, Vec<GroupId>> = HashMap::new();
    for mut row in memberships {
        groups.entry(row.parsed()?).or_default().push(row.parsed()?);
    }
    let with_groups = |row| {
        let mut account = from_row(master, row)?;
        account.groups = groups.remove(&account.id).unwrap_or_default();
        Ok(account)
    };
    accounts.into_iter().map(with_groups).collect()
}

pub(super) async fn insert(tx: &mut Tx, master: &MasterKey, account: &Account) -> Result<()> {
    let sql = format!(
        "INSERT INTO accounts ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
         $16, $17, $18, $19, '[]', $20, NULL, NULL)"
    );
    let [failover, probe] = upkeep::new_values(&account.upkeep)?;
    let params = params![
        account.id,
        account.name.as_str(),
        account.platform.as_str(),
        account.family.map(Family::as_str),
        Value::json(&account.base_urls)?,
        master.seal_text(&credential_place(account.id), &account.credential)?,
        account.auth.as_str(),
        Value::json(&account.models)?,
        Value::json(&account.model_mapping)?,
        Value::json(&account.capabilities)?,
        account.priority,
        account.weight,
        account.status.as_str(),
        sealed_proxy(master, account.id, account.proxy.as_ref())?,
        account.created_at,
        account.rate,
        account.organization.as_deref(),
        Value::json(&account.shaping)?,
        failover,
        probe,
    ];
    tx.execute(sql, params).await.map_err(|error| error.name_conflict(|| taken(&account.name)))?;
    join_groups(tx, account.id, &account.groups).await
}

pub(super) async fn update(
    tx: &mut Tx,
    master: &MasterKey,
    id: AccountId,
    patch: AccountPatch,
) -> Result<Account> {
    let name = patch.name.clone().unwrap_or_default();
    let has_new_credential = patch.credential.is_some();
    let credential =
        patch.credential.map(|secret| master.seal_text(&credential_place(id), &secret)).transpose()?;
    let proxy = patch.proxy.map(|proxy| sealed_proxy(master, id, proxy.as_ref())).transpose()?;
    let probe = patch.probe.map(|probe| probe.as_ref().map_or(Ok(Value::Null), Value::json)).transpose()?;
    let update = Update::new("accounts", id)
        .set("name", patch.name)
        .set("platform", patch.platform.map(Platform::as_str))
        .set("family", patch.family.map(|family| family.map(Family::as_str)))
        .set("base_urls", patch.base_urls.as_ref().map(Value::json).transpose()?)
        .set("credential", credential)
        .set("auth", patch.auth.map(AuthScheme::as_str))
        .set("models", patch.models.as_ref().map(Value::json).transpose()?)
        .set("model_mapping", patch.model_mapping.as_ref().map(Value::json).transpose()?)
        .set("capabilities", patch.capabilities.as_ref().map(Value::json).transpose()?)
        .set("priority", patch.priority)
        .set("weight", patch.weight)
        .set("rate", patch.rate)
        .set("status", patch.status.map(Status::as_str))
        .set("proxy", proxy)
        .set("organization", patch.organization)
        .set("failover", patch.failover.as_ref().map(Value::json).transpose()?)
        .set("probe", probe)
        .set("shaping", patch.shaping.as_ref().map(Value::json).transpose()?);
    if let Some((sql, params)) = update.build("id") {
        tx.execute(sql, params).await.map_err(|error| error.name_conflict(|| taken(&name)))?;
    }
    if has_new_credential {
        upkeep::clear(tx, id).await?;
    }
    upkeep::change_keys(tx, master, id, patch.add_key, patch.remove_key).await?;
    let accounts = tx.query(format!("SELECT {COLUMNS} FROM accounts WHERE id = $1"), params![id]).await?;
    if accounts.is_empty() {
        return Err(StoreError::not_found("account", id));
    }
    if let Some(groups) = patch.groups {
        tx.execute("DELETE FROM account_groups WHERE account_id = $1", params![id]).await?;
        join_groups(tx, id, &groups).await?;
    }
    let groups =
        tx.query(format!("{MEMBERSHIPS} WHERE account_id = $1 ORDER BY group_id"), params![id]).await?;
    let found = all_from_rows(master, accounts, groups)?.pop();
    found.ok_or_else(|| StoreError::not_found("account", id))
}

pub(super) async fn remove(tx: &mut Tx, id: AccountId) -> Result<()> {
    tx.execute("DELETE FROM account_groups WHERE account_id = $1", params![id]).await?;
    tx.execute("DELETE FROM response_owners WHERE account_id = $1", params![id]).await?;
    quotas::remove_all(tx, QuotaOwner::Account(id)).await?;
    limits::delete(tx, &LimitScope::Account(id)).await?;
    prices::withdraw_place(tx, PricePlace::Account(id)).await?;
    match tx.execute("DELETE FROM accounts WHERE id = $1", params![id]).await? {
        0 => Err(StoreError::not_found("account", id)),
        _ => Ok(()),
    }
}

async fn join_groups(tx: &mut Tx, id: AccountId, groups: &[GroupId]) -> Result<()> {
    for group in groups {
        groups::require(tx, *group).await?;
        let sql = "INSERT INTO account_groups (account_id, group_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        tx.execute(sql, params![id, *group]).await?;
    }
    Ok(())
}

fn sealed_proxy(master: &MasterKey, id: AccountId, proxy: Option<&Secret<String>>) -> Result<Option<String>> {
    proxy.map(|proxy| master.seal_text(&proxy_place(id), proxy)).transpose()
}

fn taken(name: &str) -> String {
    format!("an account named `{name}` already exists")
}
