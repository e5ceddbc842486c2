//! Everything the data plane reads, at one moment.

use tollgate_routing::CatalogData;

use crate::db::{Params, Sql, params};
use crate::error::{Result, StoreError};
use crate::store::Store;
use crate::{accounts, groups, limits, models, prices};

impl Store {
    /// All groups, accounts and models with their limits, and the version they have together.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the database does not answer, [`StoreError::Sealed`] if a credential was changed
    /// behind the store's back.
    pub async fn catalog(&self) -> Result<CatalogData> {
        let statements: [(Sql, Params); 7] = [
            ("SELECT version FROM config_version WHERE id = 1".into(), params![]),
            (groups::list_sql(), params![]),
            (accounts::list_sql(), params![]),
            (accounts::memberships_sql(), params![]),
            (models::list_sql(), params![]),
            (prices::current_sql(), params![prices::recent(self.now())]),
            (limits::catalog_sql(), params![]),
        ];
        let answers: Result<[_; 7], _> = self.db().query_all(statements.into()).await?.try_into();
        let [version, groups, accounts, memberships, models, prices, limits] =
            answers.map_err(|_| StoreError::corrupt("a statement was not answered"))?;
        let version = version
            .into_iter()
            .next()
            .ok_or_else(|| StoreError::corrupt("config_version is empty"))?
            .int()?;
        Ok(CatalogData {
            groups: groups::from_rows(groups)?,
            accounts: accounts::all_from_rows(self.master(), accounts, memberships)?,
            models: models::from_rows(models, prices)?,
            limits: limits::from_rows(limits)?,
            version,
        })
    }
}
