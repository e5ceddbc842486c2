//! API keys.

use ipnet::IpNet;
use tollgate_base::{GroupId, KeyId, Rate, Secret, Timestamp, UserId};
use tollgate_routing::{Allowance, ApiKey, KeyStatus, LimitScope, Pattern, User};

use crate::api_key;
use crate::balance::lock_user;
use crate::db::{Params, Row, Sql, Tx, Update, Value, params};
use crate::error::{Result, StoreError};
use crate::ledger::Wallet;
use crate::name::{check_name, check_opt_name};
use crate::quotas::{QuotaOwner, StoredQuota};
use crate::store::Store;
use crate::subscriptions::Subscription;
use crate::{groups, limits, quotas, subscriptions, users};

/// A key to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Who pays.
    pub user_id: UserId,
    /// Where its requests go.
    pub group_id: GroupId,
    /// The name, unique among the user's keys that are not revoked.
    pub name: String,
    /// From when on it no longer works; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// The models it may ask for; empty is any.
    pub allowed_models: Vec<Pattern>,
    /// The addresses it may be used from; empty is any.
    pub allowed_addresses: Vec<IpNet>,
}

impl NewKey {
    /// A key without expiry that may ask for any model from anywhere.
    #[must_use]
    pub fn new(user_id: UserId, group_id: GroupId, name: impl Into<String>) -> Self {
        let (allowed_models, allowed_addresses) = (Vec::new(), Vec::new());
        Self { user_id, group_id, name: name.into(), expires_at: None, allowed_models, allowed_addresses }
    }
}

/// What to change of a key; `None` leaves it. A revoked key can no longer be changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyPatch {
    /// Another name.
    pub name: Option<String>,
    /// Another group.
    pub group_id: Option<GroupId>,
    /// Another status; revoking is for good.
    pub status: Option<KeyStatus>,
    /// Another expiry; `Some(None)` is never.
    pub expires_at: Option<Option<Timestamp>>,
    /// Other models.
    pub allowed_models: Option<Vec<Pattern>>,
    /// Other addresses.
    pub allowed_addresses: Option<Vec<IpNet>>,
}

/// Which keys are meant. Everything that is `None` does not matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyFilter {
    /// Keys of this user.
    pub user: Option<UserId>,
    /// Keys of this group.
    pub group: Option<GroupId>,
}

/// A key as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The key.
    pub key: ApiKey,
    /// When it was last used, as far as that was written down.
    pub last_used_at: Option<Timestamp>,
}

/// Everything about a key that a request needs to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key.
    pub key: ApiKey,
    /// Who pays.
    pub user: User,
    /// What the user has left, and what of it is held.
    pub wallet: Wallet,
    /// The quotas of the key and of its user.
    pub quotas: Vec<StoredQuota>,
    /// The user's subscriptions in the key's group, the one that expires first before the others, each with its quotas.
    pub subscriptions: Vec<(Subscription, Vec<StoredQuota>)>,
    /// What the key itself may use.
    pub key_limit: Allowance,
    /// What the user may use, with all keys together.
    pub user_limit: Allowance,
    /// What the user pays in the key's group instead of the group's rate.
    pub group_rate: Option<Rate>,
}

/// In the order of [`from_row`].
const COLUMNS: &str = "api_keys.id, api_keys.user_id, api_keys.group_id, api_keys.name, api_keys.hint, \
     api_keys.status, api_keys.expires_at, api_keys.allowed_models, api_keys.allowed_addresses, \
     api_keys.created_at, api_keys.last_used_at";

/// Takes the columns of [`COLUMNS`].
fn from_row(row: &mut Row) -> Result<StoredKey> {
    let key = ApiKey {
        id: row.parsed()?,
        user_id: row.parsed()?,
        group_id: row.parsed()?,
        name: row.text()?,
        hint: row.text()?,
        status: row.parsed()?,
        expires_at: row.opt_time()?,
        allowed_models: row.json()?,
        allowed_addresses: row.json()?,
        created_at: row.time()?,
    };
    Ok(StoredKey { key, last_used_at: row.opt_time()? })
}

/// The quotas of a key, of its user, and of the user's subscriptions in its group; the key's hash is `$1`.
fn quotas_sql() -> String {
    format!(
        "SELECT {} FROM quotas WHERE owner_id IN ( \
           SELECT id FROM api_keys WHERE hash = $1 \
           UNION ALL SELECT user_id FROM api_keys WHERE hash = $1 \
           UNION ALL SELECT subscriptions.id FROM subscriptions JOIN api_keys \
             ON api_keys.user_id = subscriptions.user_id AND api_keys.group_id = subscriptions.group_id \
            WHERE api_keys.hash = $1) ORDER BY id",
        quotas::COLUMNS
    )
}

/// The subscriptions of a key's user in its group that may still pay; the key's hash is `$1`.
fn subscriptions_sql() -> String {
    format!(
        "SELECT {} FROM subscriptions WHERE status = 'active' AND expires_at > $2 \
            AND user_id = (SELECT user_id FROM api_keys WHERE hash = $1) \
            AND group_id = (SELECT group_id FROM api_keys WHERE hash = $1) ORDER BY expires_at, id",
        subscriptions::COLUMNS
    )
}

fn record_from_rows(mut key_row: Row, quotas: Vec<Row>, subscriptions: Vec<Row>) -> Result<KeyRecord> {
    let (StoredKey { key, .. }, owner) = (from_row(&mut key_row)?, users::from_row(&mut key_row)?);
    let wallet = Wallet { balance: owner.balance, held: owner.held };
    let (key_limit, user_limit) = (limits::allowance(&mut key_row)?, limits::allowance(&mut key_row)?);
    let group_rate = key_row.opt_number()?.map(Rate::from_millionths);
    let quotas = quotas.into_iter().map(quotas::from_row).collect::<Result<Vec<_>>>()?;
    let own = |owner: &QuotaOwner| matches!(owner, QuotaOwner::Key(_) | QuotaOwner::User(_));
    let (quotas, others): (Vec<_>, Vec<_>) = quotas.into_iter().partition(|stored| own(&stored.owner));
    let with_quotas = |row| {
        let subscription = subscriptions::from_row(row)?;
        let owner = QuotaOwner::Subscription(subscription.id);
        let quotas = others.iter().filter(|stored| stored.owner == owner).cloned().collect();
        Ok((subscription, quotas))
    };
    let subscriptions = subscriptions.into_iter().map(with_quotas).collect::<Result<_>>()?;
    Ok(KeyRecord { key, user: owner.user, wallet, quotas, subscriptions, key_limit, user_limit, group_rate })
}

impl Store {
    /// Creates a key. The second value is the key itself: it is shown this once and never again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if user or group are not there, [`StoreError::Invalid`] for a bad name,
    /// [`StoreError::Conflict`] if the user has a key of this name that is not revoked.
    pub async fn create_key(&self, new: NewKey) -> Result<(ApiKey, Secret<String>)> {
        check_name("name", &new.name)?;
        let secret = api_key::generate()?;
        let key = ApiKey {
            id: KeyId::generate(),
            user_id: new.user_id,
            group_id: new.group_id,
            name: new.name,
            hint: api_key::hint(&secret),
            status: KeyStatus::Enabled,
            expires_at: new.expires_at,
            allowed_models: new.allowed_models,
            allowed_addresses: new.allowed_addresses,
            created_at: self.now(),
        };
        let hash = Value::Blob(self.key_hash(secret.expose()).0.to_vec());
        let mut tx = self.begin_change().await?;
        let outcome = insert(&mut tx, &key, hash).await;
        tx.finish(outcome).await?;
        Ok((key, secret))
    }

    /// Who shows this key, or `None` if nobody was ever given it. The key may be revoked, disabled or expired: that
    /// is for the caller to see.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn authenticate(&self, presented: &str) -> Result<Option<KeyRecord>> {
        let sql = format!(
            "SELECT {COLUMNS}, {}, {}, {}, user_group_rates.rate FROM api_keys JOIN users ON users.id = api_keys.user_id \
             LEFT JOIN limits AS of_key ON of_key.scope = 'key' AND of_key.scope_id = api_keys.id \
             LEFT JOIN limits AS of_user ON of_user.scope = 'user' AND of_user.scope_id = users.id \
             LEFT JOIN user_group_rates ON user_group_rates.user_id = api_keys.user_id \
               AND user_group_rates.group_id = api_keys.group_id \
             WHERE api_keys.hash = $1",
            users::COLUMNS,
            limits::allowance_of("of_key"),
            limits::allowance_of("of_user")
        );
        let hash = Value::Blob(self.key_hash(presented).0.to_vec());
        let queries = vec![
            (Sql::from(sql), vec![hash.clone()]),
            (quotas_sql().into(), vec![hash.clone()]),
            (subscriptions_sql().into(), vec![hash, Value::from(self.now())]),
        ];
        let answers: Result<[_; 3], _> = self.db().query_all(queries).await?.try_into();
        let [keys, quotas, subscriptions] =
            answers.map_err(|_| StoreError::corrupt("a statement was not answered"))?;
        let found = keys.into_iter().next();
        found.map(|key| record_from_rows(key, quotas, subscriptions)).transpose()
    }

    /// The key with this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn get_key(&self, id: KeyId) -> Result<Option<StoredKey>> {
        let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE id = $1");
        self.db().query_one(sql, params![id]).await?.map(|mut row| from_row(&mut row)).transpose()
    }

    /// The user's key of this name that is not revoked.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn find_key_by_name(&self, user: UserId, name: &str) -> Result<Option<StoredKey>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM api_keys WHERE user_id = $1 AND name = $2 AND status <> 'revoked'"
        );
        self.db().query_one(sql, params![user, name]).await?.map(|mut row| from_row(&mut row)).transpose()
    }

    /// The matching keys by name, and by creation where names are the same.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_keys(&self, filter: KeyFilter) -> Result<Vec<StoredKey>> {
        let mut conditions = String::from("1 = 1");
        let mut params = Params::new();
        for (column, id) in
            [("user_id", filter.user.map(Value::from)), ("group_id", filter.group.map(Value::from))]
        {
            if let Some(id) = id {
                params.push(id);
                conditions.push_str(&format!(" AND {column} = ${}", params.len()));
            }
        }
        let sql = format!("SELECT {COLUMNS} FROM api_keys WHERE {conditions} ORDER BY name, id");
        self.db().query(sql, params).await?.iter_mut().map(from_row).collect()
    }

    /// Changes a key; the key after it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`], [`StoreError::Conflict`] if the name is taken or the key is
    /// revoked.
    pub async fn update_key(&self, id: KeyId, patch: KeyPatch) -> Result<ApiKey> {
        check_opt_name("name", patch.name.as_ref())?;
        let mut tx = self.begin_change().await?;
        let outcome = update(&mut tx, id, patch).await;
        tx.finish(outcome).await
    }

    /// Withdraws a key for good; the key after it. Does nothing to a key that is revoked already.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn revoke_key(&self, id: KeyId) -> Result<ApiKey> {
        let mut tx = self.begin_change().await?;
        let outcome = revoke(&mut tx, id).await;
        tx.finish(outcome).await
    }

    /// Removes a key that was never used. Others can only be revoked: usage records name them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::InUse`].
    pub async fn remove_key(&self, id: KeyId) -> Result<()> {
        let mut tx = self.begin_change().await?;
        let outcome = remove(&mut tx, id).await;
        tx.finish(outcome).await
    }

    /// Writes down when keys were last used. An earlier time than the one known changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn touch_keys(&self, uses: &[(KeyId, Timestamp)]) -> Result<()> {
        let sql = "UPDATE api_keys SET last_used_at = $2 \
                   WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
        let mut ordered = uses.to_vec();
        // In one order everywhere, so that two nodes cannot lock each other out.
        ordered.sort_unstable();
        let statements: Vec<(Sql, Params)> =
            ordered.into_iter().map(|(key, at)| (Sql::Borrowed(sql), params![key, at])).collect();
        if statements.is_empty() {
            return Ok(());
        }
        self.db().execute_all(statements).await.map(drop)
    }
}

async fn insert(tx: &mut Tx, key: &ApiKey, hash: Value) -> Result<()> {
    lock_user(tx, key.user_id).await?;
    groups::require(tx, key.group_id).await?;
    let sql = "INSERT INTO api_keys (id, hash, user_id, group_id, name, hint, status, expires_at, \
                                     allowed_models, allowed_addresses, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let params = params![
        key.id,
        hash,
        key.user_id,
        key.group_id,
        key.name.as_str(),
        key.hint.as_str(),
        key.status.as_str(),
        key.expires_at,
        Value::json(&key.allowed_models)?,
        Value::json(&key.allowed_addresses)?,
        key.created_at,
    ];
    tx.execute(sql, params).await.map_err(|error| error.name_conflict(|| taken(&key.name))).map(drop)
}

async fn find(tx: &mut Tx, id: KeyId) -> Result<ApiKey> {
    let row = tx.query_one(format!("SELECT {COLUMNS} FROM api_keys WHERE id = $1"), params![id]).await?;
    let found = from_row(&mut row.ok_or_else(|| StoreError::not_found("key", id))?)?;
    Ok(found.key)
}

async fn update(tx: &mut Tx, id: KeyId, patch: KeyPatch) -> Result<ApiKey> {
    let before = find(tx, id).await?;
    if before.status == KeyStatus::Revoked {
        return Err(StoreError::Conflict {
            what: format!("key {id} is revoked and can no longer be changed"),
        });
    }
    if let Some(group) = patch.group_id {
        groups::require(tx, group).await?;
    }
    let name = patch.name.clone().unwrap_or_default();
    let update = Update::new("api_keys", id)
        .set("name", patch.name)
        .set("group_id", patch.group_id)
        .set("status", patch.status.map(KeyStatus::as_str))
        .set("expires_at", patch.expires_at)
        .set("allowed_models", patch.allowed_models.as_ref().map(Value::json).transpose()?)
        .set("allowed_addresses", patch.allowed_addresses.as_ref().map(Value::json).transpose()?);
    if let Some((sql, params)) = update.build("id") {
        tx.execute(sql, params).await.map_err(|error| error.name_conflict(|| taken(&name)))?;
    }
    find(tx, id).await
}

async fn revoke(tx: &mut Tx, id: KeyId) -> Result<ApiKey> {
    tx.execute("UPDATE api_keys SET status = 'revoked' WHERE id = $1", params![id]).await?;
    find(tx, id).await
}

async fn remove(tx: &mut Tx, id: KeyId) -> Result<()> {
    let key = find(tx, id).await?;
    let used = "SELECT id FROM usage_records WHERE user_id = $1 AND key_id = $2 LIMIT 1";
    if tx.query_one(used, params![key.user_id, id]).await?.is_some() {
        let what = format!("key {id} has usage records and cannot be removed, only revoked");
        return Err(StoreError::InUse { what });
    }
    quotas::remove_all(tx, QuotaOwner::Key(id)).await?;
    limits::delete(tx, &LimitScope::Key(id)).await?;
    tx.execute("DELETE FROM api_keys WHERE id = $1", params![id]).await.map(drop)
}

fn taken(name: &str) -> String {
    format!("the user already has a key named `{name}`")
}
