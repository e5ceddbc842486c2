//! The version of the configuration: it grows with every change that a running gate has to learn of.

use crate::db::{Tx, params};
use crate::error::{Result, StoreError};
use crate::store::Store;

impl Store {
    /// Counts the changes of users, keys, groups, accounts, models, limits, and balances other than by usage. Whoever keeps
    /// any of them in memory reads them again when this number has changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer.
    pub async fn config_version(&self) -> Result<i64> {
        let row = self.db().query_one("SELECT version FROM config_version WHERE id = 1", params![]).await?;
        row.ok_or_else(|| StoreError::corrupt("config_version is empty"))?.int()
    }

    /// A transaction that changes the configuration. It counts the change first, which also lets only one such
    /// transaction run at a time, so that what it checks stays true until it commits.
    pub(crate) async fn begin_change(&self) -> Result<Tx> {
        let mut tx = self.db().begin().await?;
        tx.execute("UPDATE config_version SET version = version + 1 WHERE id = 1", params![]).await?;
        Ok(tx)
    }
}
