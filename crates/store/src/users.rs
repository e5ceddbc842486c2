//! Users.

use tollgate_base::{Money, Rate, UserId};
use tollgate_routing::{LimitScope, Status, User};

use crate::balance::{EntryKind, NewEntry, add_entry, lock_user};
use crate::db::{Row, Tx, Update, params};
use crate::error::{Result, StoreError};
use crate::limits;
use crate::name::{check_name, check_opt_name};
use crate::quotas::{self, QuotaOwner};
use crate::store::Store;

/// A user to be created.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewUser {
    /// The name, unique among users.
    pub name: String,
    /// What the user's charges are multiplied by.
    pub rate: Rate,
    /// The balance to begin with.
    pub balance: Money,
    /// Who gives that balance; `None` for the program itself.
    pub author: Option<String>,
}

/// What to change of a user; `None` leaves it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserPatch {
    /// Another name.
    pub name: Option<String>,
    /// Whether the user's keys work.
    pub status: Option<Status>,
    /// Another rate.
    pub rate: Option<Rate>,
}

/// A user as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUser {
    /// The user.
    pub user: User,
    /// What the user has left; negative where something is owed.
    pub balance: Money,
    /// What of it is held by requests that are open.
    pub held: Money,
}

/// In the order of [`from_row`].
pub(crate) const COLUMNS: &str =
    "users.id, users.name, users.status, users.rate, users.created_at, users.balance, users.held";

/// Takes the columns of [`COLUMNS`].
pub(crate) fn from_row(row: &mut Row) -> Result<StoredUser> {
    let user = User {
        id: row.parsed()?,
        name: row.text()?,
        status: row.parsed()?,
        rate: row.rate()?,
        created_at: row.time()?,
    };
    Ok(StoredUser { user, balance: row.money()?, held: row.money()? })
}

impl Store {
    /// Creates a user.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a bad name, [`StoreError::Conflict`] if the name is taken.
    pub async fn create_user(&self, new: NewUser) -> Result<StoredUser> {
        check_name("name", &new.name)?;
        check_opt_name("author", new.author.as_ref())?;
        let created_at = self.now();
        let user = User {
            id: UserId::generate(),
            name: new.name,
            status: Status::Enabled,
            rate: new.rate,
            created_at,
        };
        let mut tx = self.begin_change().await?;
        let outcome = insert(&mut tx, &user, new.balance, new.author.as_deref()).await;
        tx.finish(outcome).await?;
        Ok(StoredUser { user, balance: new.balance, held: Money::ZERO })
    }

    /// The user with this id.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn get_user(&self, id: UserId) -> Result<Option<StoredUser>> {
        let sql = format!("SELECT {COLUMNS} FROM users WHERE id = $1");
        self.db().query_one(sql, params![id]).await?.map(|mut row| from_row(&mut row)).transpose()
    }

    /// The user with this name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn find_user_by_name(&self, name: &str) -> Result<Option<StoredUser>> {
        let sql = format!("SELECT {COLUMNS} FROM users WHERE name = $1");
        self.db().query_one(sql, params![name]).await?.map(|mut row| from_row(&mut row)).transpose()
    }

    /// All users by name.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_users(&self) -> Result<Vec<StoredUser>> {
        let sql = format!("SELECT {COLUMNS} FROM users ORDER BY name");
        self.db().query(sql, params![]).await?.iter_mut().map(from_row).collect()
    }

    /// Changes a user; the user after it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Invalid`], [`StoreError::Conflict`] if the name is taken.
    pub async fn update_user(&self, id: UserId, patch: UserPatch) -> Result<StoredUser> {
        check_opt_name("name", patch.name.as_ref())?;
        let mut tx = self.begin_change().await?;
        let outcome = update(&mut tx, id, patch).await;
        tx.finish(outcome).await
    }

    /// Removes a user who has no key and never had a balance, a subscription or usage. Others can only be disabled: records
    /// name them.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::InUse`].
    pub async fn remove_user(&self, id: UserId) -> Result<()> {
        let mut tx = self.begin_change().await?;
        let outcome = remove(&mut tx, id).await;
        tx.finish(outcome).await
    }
}

async fn insert(tx: &mut Tx, user: &User, balance: Money, author: Option<&str>) -> Result<()> {
    tx.execute(
        "INSERT INTO users (id, name, status, rate, balance, created_at) VALUES ($1, $2, $3, $4, 0, $5)",
        params![user.id, user.name.as_str(), user.status.as_str(), user.rate, user.created_at],
    )
    .await
    .map_err(|error| error.name_conflict(|| taken(&user.name)))?;
    if balance != Money::ZERO {
        let new = NewEntry {
            delta: balance,
            kind: EntryKind::Adjustment,
            reason: "initial balance",
            author,
            at: user.created_at,
        };
        add_entry(tx, user.id, &new).await?;
    }
    Ok(())
}

async fn update(tx: &mut Tx, id: UserId, patch: UserPatch) -> Result<StoredUser> {
    let name = patch.name.clone().unwrap_or_default();
    let update = Update::new("users", id)
        .set("name", patch.name)
        .set("status", patch.status.map(Status::as_str))
        .set("rate", patch.rate);
    if let Some((sql, params)) = update.build("id") {
        tx.execute(sql, params).await.map_err(|error| error.name_conflict(|| taken(&name)))?;
    }
    let row = tx.query_one(format!("SELECT {COLUMNS} FROM users WHERE id = $1"), params![id]).await?;
    from_row(&mut row.ok_or_else(|| StoreError::not_found("user", id))?)
}

async fn remove(tx: &mut Tx, id: UserId) -> Result<()> {
    lock_user(tx, id).await?;
    let uses = "SELECT (SELECT COUNT(*) FROM api_keys WHERE user_id = $1), \
                       (SELECT COUNT(*) FROM balance_entries WHERE user_id = $1), \
                       (SELECT COUNT(*) FROM (SELECT id FROM usage_records WHERE user_id = $1 LIMIT 1) AS used), \
                       (SELECT COUNT(*) FROM holds WHERE user_id = $1), \
                       (SELECT COUNT(*) FROM subscriptions WHERE user_id = $1)";
    let mut row = tx.query_one(uses, params![id]).await?.unwrap_or_else(|| Row::new(Vec::new()));
    let (keys, entries, usage, holds) = (row.int()?, row.int()?, row.int()?, row.int()?);
    let subscriptions = row.int()?;
    let kept = [(usage, "usage records"), (entries, "balance entries"), (subscriptions, "subscriptions")];
    if let Some((_, what)) = kept.into_iter().find(|(count, _)| *count > 0) {
        let what = format!("user {id} has {what} and cannot be removed, only disabled");
        return Err(StoreError::InUse { what });
    }
    if holds > 0 {
        let what = format!("user {id} has {holds} open hold(s): requests that are not settled yet");
        return Err(StoreError::InUse { what });
    }
    if keys > 0 {
        return Err(StoreError::InUse {
            what: format!("user {id} has API keys: remove them first, or disable the user"),
        });
    }
    quotas::remove_all(tx, QuotaOwner::User(id)).await?;
    limits::delete(tx, &LimitScope::User(id)).await?;
    tx.execute("DELETE FROM user_group_rates WHERE user_id = $1", params![id]).await?;
    tx.execute("DELETE FROM users WHERE id = $1", params![id]).await.map(drop)
}

fn taken(name: &str) -> String {
    format!("a user named `{name}` already exists")
}
