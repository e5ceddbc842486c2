//! SQLite: one thread writes, a few connections read.
//!
//! The write-ahead log lets readers go on while the writer commits. Every commit is synced to the disk
//! (`synchronous = FULL`); what arrives during a commit shares the next one, so that this costs little under load.

mod apply;
mod connection;
mod readers;
mod statement;
mod writer;

use std::path::Path;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::db::{Params, Row, Sql};
use crate::error::{Result, StoreError};
use crate::ledger::{Applied, LedgerBatch};
use readers::Readers;
use writer::{Job, Op, Task};

/// How many jobs may wait for the writer; more wait in their tasks.
const QUEUE_JOBS: usize = 1024;

/// An open SQLite database.
pub(crate) struct Sqlite {
    jobs: mpsc::Sender<Job>,
    readers: Readers,
}

impl Sqlite {
    /// Opens the file, or makes it and its folder.
    pub(crate) async fn open(path: &Path) -> Result<Self> {
        let owned = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || connection::open_writer(&owned)).await;
        let connection = opened.map_err(StoreError::unavailable)??;
        let (jobs, queue) = mpsc::channel(QUEUE_JOBS);
        let thread = std::thread::Builder::new().name("store-writer".to_owned());
        thread.spawn(move || writer::run(connection, queue)).map_err(StoreError::unavailable)?;
        Ok(Self { jobs, readers: Readers::new(path) })
    }

    /// Hands a job to the writer and waits for its answer.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<Result<T>>) -> Job) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(job(reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    pub(crate) async fn query_all(&self, queries: Vec<(Sql, Params)>) -> Result<Vec<Vec<Row>>> {
        self.readers.query_all(queries).await
    }

    pub(crate) async fn execute_all(&self, statements: Vec<(Sql, Params)>) -> Result<u64> {
        self.ask(|reply| Job::Task(Task::Write { statements, reply })).await
    }

    pub(crate) async fn apply(&self, batch: Arc<LedgerBatch>) -> Result<Applied> {
        self.ask(|reply| Job::Task(Task::Apply { batch, reply })).await
    }

    pub(crate) async fn begin(&self) -> Result<SqliteTx> {
        let (ops, queue) = mpsc::channel(1);
        self.ask(|began| Job::Transaction { ops: queue, began }).await?;
        Ok(SqliteTx { ops })
    }

    pub(crate) async fn close(&self) {
        // An error means that the writer has stopped already.
        let _stopped = self.ask(|reply| Job::Stop { reply }).await;
        self.readers.close();
    }
}

/// An open transaction: the writer serves nobody else until it ends.
pub(crate) struct SqliteTx {
    ops: mpsc::Sender<Op>,
}

impl SqliteTx {
    async fn ask<T>(&self, op: impl FnOnce(oneshot::Sender<Result<T>>) -> Op) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.ops.send(op(reply)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    pub(crate) async fn query(&self, sql: Sql, params: Params) -> Result<Vec<Row>> {
        self.ask(|reply| Op::Query { sql, params, reply }).await
    }

    pub(crate) async fn execute(&self, sql: Sql, params: Params) -> Result<u64> {
        self.ask(|reply| Op::Execute { sql, params, reply }).await
    }

    pub(crate) async fn script(&self, sql: String) -> Result<()> {
        self.ask(|reply| Op::Script { sql, reply }).await
    }

    pub(crate) async fn finish(self, commit: bool) -> Result<()> {
        self.ask(|reply| Op::Finish { commit, reply }).await
    }
}

fn stopped() -> StoreError {
    StoreError::unavailable("the SQLite writer has stopped")
}
