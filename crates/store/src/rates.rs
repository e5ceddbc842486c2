//! What a user pays in a group instead of the group's own rate.

use tollgate_base::{GroupId, Rate, UserId};

use crate::balance::lock_user;
use crate::db::{Row, Tx, params};
use crate::error::{Result, StoreError};
use crate::groups;
use crate::store::Store;

/// The rate of a user in one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupRate {
    /// The group.
    pub group_id: GroupId,
    /// What stands in for the group's rate, at every hour.
    pub rate: Rate,
}

fn from_row(mut row: Row) -> Result<GroupRate> {
    Ok(GroupRate { group_id: row.parsed()?, rate: row.rate()? })
}

impl Store {
    /// Sets what a user pays in a group instead of the group's rate; `None` is the group's rate again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if user or group are not there, or there is no such rate to remove.
    pub async fn set_user_rate(&self, user: UserId, group: GroupId, rate: Option<Rate>) -> Result<()> {
        let mut tx = self.begin_change().await?;
        let outcome = set(&mut tx, user, group, rate).await;
        tx.finish(outcome).await
    }

    /// The rates that a user has in groups, by group.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn list_user_rates(&self, user: UserId) -> Result<Vec<GroupRate>> {
        let sql = "SELECT group_id, rate FROM user_group_rates WHERE user_id = $1 ORDER BY group_id";
        self.db().query(sql, params![user]).await?.into_iter().map(from_row).collect()
    }
}

async fn set(tx: &mut Tx, user: UserId, group: GroupId, rate: Option<Rate>) -> Result<()> {
    lock_user(tx, user).await?;
    groups::require(tx, group).await?;
    let Some(rate) = rate else {
        let sql = "DELETE FROM user_group_rates WHERE user_id = $1 AND group_id = $2";
        return match tx.execute(sql, params![user, group]).await? {
            0 => Err(StoreError::not_found("rate", format!("of user {user} in group {group}"))),
            _ => Ok(()),
        };
    };
    let sql = "INSERT INTO user_group_rates (user_id, group_id, rate) VALUES ($1, $2, $3) \
               ON CONFLICT (user_id, group_id) DO UPDATE SET rate = excluded.rate";
    tx.execute(sql, params![user, group, rate]).await.map(drop)
}
