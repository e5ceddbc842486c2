//! Everything the data plane reads, at one moment.

use tollgate_routing::CatalogData;

use crate::db::{Sql, params};
use crate::error::{Result, StoreError};
use crate::store::Store;
use crate::{accounts, groups, limits, models};

impl Store {
    /// All groups, accounts and models with their limits, and the version they have together.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer, [`StoreError::Sealed`] if a credential was changed
    /// behind the store's back.
    pub async fn catalog(&self) -> Result<CatalogData> {
        let statements: [Sql; 6] = [
            "SELECT version FROM config_version WHERE id = 1".into(),
            groups::list_sql(),
            accounts::list_sql(),
            accounts::memberships_sql(),
            models::list_sql(),
            limits::catalog_sql(),
        ];
        let answers =
            self.db().query_all(statements.into_iter().map(|sql| (sql, params![])).collect()).await?;
        let answers: Result<[_; 6], _> = answers.try_into();
        let [version, groups, accounts, memberships, models, limits] =
            answers.map_err(|_| StoreError::corrupt("a statement was not answered"))?;
        let version = version
            .into_iter()
            .next()
            .ok_or_else(|| StoreError::corrupt("config_version is empty"))?
            .int()?;
        Ok(CatalogData {
            groups: groups::from_rows(groups)?,
            accounts: accounts::all_from_rows(self.master(), accounts, memberships)?,
            models: models::from_rows(models)?,
            limits: limits::from_rows(limits)?,
            version,
        })
    }
}
