//! PostgreSQL: a pool of connections.
//!
//! Needs a server of version 12 or later and, behind a connection pooler, session pooling: statements are prepared
//! once per connection.

mod apply;
mod columns;
mod connect;
mod errors;
mod values;

use std::future::Future;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use tollgate_base::Secret;

use crate::db::{Params, Row, Sql};
use crate::error::{Result, StoreError};
use errors::{from_pool, from_postgres};
use values::{borrowed, rows};

/// The longest any step may take, a little over what the server itself allows a statement.
const STEP_TIMEOUT: Duration = Duration::from_secs(35);

/// An open PostgreSQL database.
pub(crate) struct Postgres {
    pool: Pool,
}

impl Postgres {
    /// Reads the URL and makes the first connection.
    pub(crate) async fn open(url: &Secret<String>) -> Result<Self> {
        let pool = connect::pool(url)?;
        drop(pool.get().await.map_err(|error| from_pool(&error))?);
        Ok(Self { pool })
    }

    async fn client(&self) -> Result<Lease> {
        let client = self.pool.get().await.map_err(|error| from_pool(&error))?;
        Ok(Lease(Some(client)))
    }

    pub(crate) async fn query_all(&self, queries: Vec<(Sql, Params)>) -> Result<Vec<Vec<Row>>> {
        let lease = self.client().await?;
        if let [(sql, params)] = queries.as_slice() {
            let outcome = lease.query(sql, params).await;
            lease.put_back_after(&outcome);
            return Ok(vec![outcome?]);
        }
        lease.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let mut answers = Vec::with_capacity(queries.len());
        for (sql, params) in &queries {
            answers.push(lease.query(sql, params).await?);
        }
        lease.command("COMMIT").await?;
        lease.put_back();
        Ok(answers)
    }

    pub(crate) async fn execute_all(&self, statements: Vec<(Sql, Params)>) -> Result<u64> {
        let lease = self.client().await?;
        if let [(sql, params)] = statements.as_slice() {
            let outcome = lease.execute(sql, params).await;
            lease.put_back_after(&outcome);
            return outcome;
        }
        lease.command("BEGIN").await?;
        let mut changed = 0;
        for (sql, params) in &statements {
            changed += lease.execute(sql, params).await?;
        }
        lease.command("COMMIT").await?;
        lease.put_back();
        Ok(changed)
    }

    pub(crate) async fn begin(&self) -> Result<PostgresTx> {
        let lease = self.client().await?;
        lease.command("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        Ok(PostgresTx { lease })
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

/// An open transaction.
pub(crate) struct PostgresTx {
    lease: Lease,
}

impl PostgresTx {
    pub(crate) async fn query(&self, sql: &str, params: &Params) -> Result<Vec<Row>> {
        self.lease.query(sql, params).await
    }

    pub(crate) async fn execute(&self, sql: &str, params: &Params) -> Result<u64> {
        self.lease.execute(sql, params).await
    }

    pub(crate) async fn script(&self, sql: &str) -> Result<()> {
        self.lease.command(sql).await
    }

    pub(crate) async fn finish(self, commit: bool) -> Result<()> {
        self.lease.command(if commit { "COMMIT" } else { "ROLLBACK" }).await?;
        self.lease.put_back();
        Ok(())
    }
}

/// A connection out of the pool. Unless it is put back it is closed when dropped, and the server then rolls back
/// what was open on it: that is what becomes of a task that is cancelled or fails half way.
struct Lease(Option<Object>);

impl Lease {
    fn client(&self) -> Result<&Object> {
        self.0.as_ref().ok_or_else(|| StoreError::unavailable("the connection was given back"))
    }

    fn put_back(mut self) {
        drop(self.0.take());
    }

    /// Puts the connection back unless what was done outside of a transaction may have left it broken.
    fn put_back_after<T>(self, outcome: &Result<T>) {
        if !matches!(outcome, Err(StoreError::Unavailable { .. })) {
            self.put_back();
        }
    }

    async fn query(&self, sql: &str, params: &Params) -> Result<Vec<Row>> {
        let client = self.client()?;
        let found = bounded(async {
            let statement = client.prepare_cached(sql).await?;
            client.query(&statement, &borrowed(params)).await
        });
        rows(&found.await?)
    }

    async fn execute(&self, sql: &str, params: &Params) -> Result<u64> {
        let client = self.client()?;
        bounded(async {
            let statement = client.prepare_cached(sql).await?;
            client.execute(&statement, &borrowed(params)).await
        })
        .await
    }

    /// Statements without parameters and without an answer.
    async fn command(&self, sql: &str) -> Result<()> {
        bounded(self.client()?.batch_execute(sql)).await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}

/// Waits for a step, but not for ever: a server may vanish without a word.
async fn bounded<T>(step: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T> {
    match tokio::time::timeout(STEP_TIMEOUT, step).await {
        Ok(outcome) => outcome.map_err(|error| from_postgres(&error)),
        Err(_) => Err(StoreError::unavailable("PostgreSQL did not answer in time")),
    }
}
