//! A thin layer over both databases, so that every statement is written once.
//!
//! The statements use `$1` parameters, `ON CONFLICT` and `RETURNING`, and only the kinds of [`Value`]. A transaction
//! that is dropped without [`Tx::finish`] is rolled back.

pub(crate) mod cell;
mod row;
mod update;
mod value;

use std::borrow::Cow;
use std::sync::Arc;

pub(crate) use cell::{Cell, Kind};
pub(crate) use row::Row;
pub(crate) use update::Update;
pub(crate) use value::{Params, Value, params};

use crate::error::Result;
use crate::ledger::{Applied, LedgerBatch};
use crate::postgres::{Postgres, PostgresTx};
use crate::sqlite::{Sqlite, SqliteTx};

/// A statement's text.
pub(crate) type Sql = Cow<'static, str>;

/// Which database it is; for the few words they do not share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// An open database.
pub(crate) enum Db {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Db {
    /// Rows of one reading statement.
    pub(crate) async fn query(&self, sql: impl Into<Sql>, params: Params) -> Result<Vec<Row>> {
        let mut answers = self.query_all(vec![(sql.into(), params)]).await?;
        Ok(answers.pop().unwrap_or_default())
    }

    /// The first row of a reading statement.
    pub(crate) async fn query_one(&self, sql: impl Into<Sql>, params: Params) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Rows of several reading statements, all of the same moment.
    pub(crate) async fn query_all(&self, queries: Vec<(Sql, Params)>) -> Result<Vec<Vec<Row>>> {
        match self {
            Self::Sqlite(db) => db.query_all(queries).await,
            Self::Postgres(db) => db.query_all(queries).await,
        }
    }

    /// Runs writing statements in one transaction; how many rows they changed. They may share a commit with others'.
    pub(crate) async fn execute_all(&self, statements: Vec<(Sql, Params)>) -> Result<u64> {
        match self {
            Self::Sqlite(db) => db.execute_all(statements).await,
            Self::Postgres(db) => db.execute_all(statements).await,
        }
    }

    /// Runs one writing statement; how many rows it changed.
    pub(crate) async fn execute(&self, sql: impl Into<Sql>, params: Params) -> Result<u64> {
        self.execute_all(vec![(sql.into(), params)]).await
    }

    /// Closes what the records end, charges them, then takes the new holds; all in one transaction.
    pub(crate) async fn apply(&self, batch: Arc<LedgerBatch>) -> Result<Applied> {
        match self {
            Self::Sqlite(db) => db.apply(batch).await,
            Self::Postgres(db) => db.apply(&batch).await,
        }
    }

    /// Begins a transaction that reads and writes.
    pub(crate) async fn begin(&self) -> Result<Tx> {
        match self {
            Self::Sqlite(db) => db.begin().await.map(Tx::Sqlite),
            Self::Postgres(db) => db.begin().await.map(|tx| Tx::Postgres(Box::new(tx))),
        }
    }

    /// Waits for what was handed in and lets the connections go.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(db) => db.close().await,
            Self::Postgres(db) => db.close(),
        }
    }
}

/// An open transaction.
pub(crate) enum Tx {
    Sqlite(SqliteTx),
    Postgres(Box<PostgresTx>),
}

impl Tx {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Rows of one statement, which may write.
    pub(crate) async fn query(&mut self, sql: impl Into<Sql>, params: Params) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(tx) => tx.query(sql.into(), params).await,
            Self::Postgres(tx) => tx.query(&sql.into(), &params).await,
        }
    }

    /// The first row of a statement.
    pub(crate) async fn query_one(&mut self, sql: impl Into<Sql>, params: Params) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Runs one statement; how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: impl Into<Sql>, params: Params) -> Result<u64> {
        match self {
            Self::Sqlite(tx) => tx.execute(sql.into(), params).await,
            Self::Postgres(tx) => tx.execute(&sql.into(), &params).await,
        }
    }

    /// Runs several statements without parameters, separated by semicolons.
    pub(crate) async fn script(&mut self, sql: String) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.script(sql).await,
            Self::Postgres(tx) => tx.script(&sql).await,
        }
    }

    /// Commits if `outcome` is good, else rolls back; the outcome.
    pub(crate) async fn finish<T>(self, outcome: Result<T>) -> Result<T> {
        let finished = match self {
            Self::Sqlite(tx) => tx.finish(outcome.is_ok()).await,
            Self::Postgres(tx) => tx.finish(outcome.is_ok()).await,
        };
        // What went wrong first is what counts, not that the roll-back failed too.
        outcome.and_then(|value| finished.map(|()| value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The suite in `tests/` covers both databases; this is about what its public functions cannot show.
    async fn database(folder: &tempfile::TempDir) -> Db {
        let db = Db::Sqlite(Sqlite::open(&folder.path().join("t.db")).await.unwrap());
        db.execute("CREATE TABLE t (id BIGINT PRIMARY KEY)", params![]).await.unwrap();
        db
    }

    async fn count(db: &Db) -> i64 {
        db.query_one("SELECT COUNT(*) FROM t", params![]).await.unwrap().unwrap().int().unwrap()
    }

    #[tokio::test]
    async fn a_dropped_transaction_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let db = database(&folder).await;
        let mut tx = db.begin().await.unwrap();
        tx.execute("INSERT INTO t VALUES (1)", params![]).await.unwrap();
        drop(tx);
        let mut tx = db.begin().await.unwrap();
        tx.execute("INSERT INTO t VALUES (2)", params![]).await.unwrap();
        let outcome: Result<()> = tx.finish(Err(crate::StoreError::Sealed)).await;
        assert_eq!(outcome, Err(crate::StoreError::Sealed));
        assert_eq!(count(&db).await, 0);
        db.execute("INSERT INTO t VALUES (3)", params![]).await.unwrap();
        assert_eq!(count(&db).await, 1);
    }

    #[tokio::test]
    async fn one_refused_write_does_not_spoil_those_it_shares_a_commit_with() {
        let folder = tempfile::tempdir().unwrap();
        let db = Arc::new(database(&folder).await);
        // While a transaction is open the others gather, and then form one group.
        let tx = db.begin().await.unwrap();
        let writes: Vec<_> = [1, 2, 2, 3]
            .map(|id: i64| {
                let db = Arc::clone(&db);
                tokio::spawn(async move { db.execute("INSERT INTO t VALUES ($1)", params![id]).await })
            })
            .into();
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        tx.finish(Ok(())).await.unwrap();
        let mut refused = 0;
        for write in writes {
            refused += usize::from(write.await.unwrap().is_err());
        }
        assert_eq!((refused, count(&db).await), (1, 3));
    }

    #[tokio::test]
    async fn a_closed_database_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let db = database(&folder).await;
        db.close().await;
        let refused = db.execute("INSERT INTO t VALUES (1)", params![]).await;
        assert!(matches!(refused, Err(crate::StoreError::Unavailable { .. })), "{refused:?}");
        assert!(db.query("SELECT 1", params![]).await.is_err());
        db.close().await;
    }
}
