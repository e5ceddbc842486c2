//! The thread that writes: one transaction after another, each with as much as had arrived.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::apply::apply;
use super::statement::{execute, query, script};
use crate::db::{Params, Row, Sql};
use crate::error::{Result, StoreError};
use crate::ledger::{Applied, LedgerBatch};

type Reply<T> = oneshot::Sender<Result<T>>;

/// How many rows share a commit at most: beyond it a commit gets longer, but a row not cheaper.
const GROUP_ROWS: usize = 256;

/// What the writer is asked to do.
pub(super) enum Job {
    /// Independent of what others write.
    Task(Task),
    /// A transaction led by the asker, step by step.
    Transaction { ops: mpsc::Receiver<Op>, began: Reply<()> },
    /// Stop after what came before.
    Stop { reply: Reply<()> },
}

/// A step of a transaction that its asker leads.
pub(super) enum Op {
    Query { sql: Sql, params: Params, reply: Reply<Vec<Row>> },
    Execute { sql: Sql, params: Params, reply: Reply<u64> },
    Script { sql: String, reply: Reply<()> },
    Finish { commit: bool, reply: Reply<()> },
}

/// Writes until it is told to stop or nobody is left to ask.
pub(super) fn run(connection: Connection, mut queue: mpsc::Receiver<Job>) {
    let mut next = queue.blocking_recv();
    while let Some(job) = next.take() {
        match job {
            Job::Transaction { ops, began } => lead(&connection, ops, began),
            Job::Stop { reply } => {
                drop(connection);
                // Nobody waits any more if the reply cannot be given.
                let _gone = reply.send(Ok(()));
                return;
            }
            Job::Task(task) => next = group(&connection, task, &mut queue),
        }
        if next.is_none() {
            next = queue.blocking_recv();
        }
    }
}

/// A job that may share its transaction with others.
pub(super) enum Task {
    /// Close and charge requests that ended, and take holds for those that begin.
    Apply { batch: Arc<LedgerBatch>, reply: Reply<Applied> },
    /// Statements that stand or fall together.
    Write { statements: Vec<(Sql, Params)>, reply: Reply<u64> },
}

/// What a task is answered once its transaction is committed.
enum Done {
    Applied(Applied),
    Changed(u64),
}

impl Task {
    fn rows(&self) -> usize {
        match self {
            Self::Apply { batch, .. } => batch.rows(),
            Self::Write { statements, .. } => statements.len(),
        }
    }

    fn run(&self, connection: &Connection) -> Result<Done> {
        match self {
            Self::Apply { batch, .. } => apply(connection, batch).map(Done::Applied),
            Self::Write { statements, .. } => {
                let mut changed = 0;
                for (sql, params) in statements {
                    changed += execute(connection, sql, params)?;
                }
                Ok(Done::Changed(changed))
            }
        }
    }

    /// Tells the asker, who may have gone: what is committed stays so.
    fn answer(self, outcome: Result<Done>) {
        match (self, outcome) {
            (Self::Apply { reply, .. }, Ok(Done::Applied(applied))) => drop(reply.send(Ok(applied))),
            (Self::Write { reply, .. }, Ok(Done::Changed(rows))) => drop(reply.send(Ok(rows))),
            (Self::Apply { reply, .. }, Err(error)) => drop(reply.send(Err(error))),
            (Self::Write { reply, .. }, Err(error)) => drop(reply.send(Err(error))),
            // `run` gives each kind of task its own kind of answer.
            (Self::Apply { .. } | Self::Write { .. }, Ok(_)) => {}
        }
    }
}

/// Commits `first` together with what else has arrived; the job that came up and could not join.
fn group(connection: &Connection, first: Task, queue: &mut mpsc::Receiver<Job>) -> Option<Job> {
    let mut rows = first.rows();
    let mut tasks = vec![first];
    let mut left = None;
    while rows < GROUP_ROWS {
        let task = match queue.try_recv() {
            Ok(Job::Task(task)) => task,
            Ok(other) => {
                left = Some(other);
                break;
            }
            Err(_) => break,
        };
        rows += task.rows();
        tasks.push(task);
    }
    commit(connection, tasks);
    left
}

/// Runs the tasks in one transaction. If one of them is refused, each gets a transaction of its own; if the database
/// cannot be written at all, trying one by one would only make everybody wait.
fn commit(connection: &Connection, tasks: Vec<Task>) {
    match transaction(connection, || {
        tasks.iter().map(|task| task.run(connection)).collect::<Result<Vec<_>>>()
    }) {
        Ok(outcomes) => tasks.into_iter().zip(outcomes).for_each(|(task, done)| task.answer(Ok(done))),
        Err(error) if tasks.len() == 1 || matches!(error, StoreError::Unavailable { .. }) => {
            tasks.into_iter().for_each(|task| task.answer(Err(error.clone())));
        }
        Err(_) => tasks.into_iter().for_each(|task| commit(connection, vec![task])),
    }
}

fn transaction<T>(connection: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    script(connection, "BEGIN IMMEDIATE")?;
    let outcome = work().and_then(|value| script(connection, "COMMIT").map(|()| value));
    if outcome.is_err() {
        roll_back(connection);
    }
    outcome
}

/// Serves one asker until they finish, or go: then nothing of it stays.
fn lead(connection: &Connection, mut ops: mpsc::Receiver<Op>, began: Reply<()>) {
    if let Err(error) = script(connection, "BEGIN IMMEDIATE") {
        drop(began.send(Err(error)));
        return;
    }
    drop(began.send(Ok(())));
    while let Some(op) = ops.blocking_recv() {
        match op {
            Op::Query { sql, params, reply } => drop(reply.send(query(connection, &sql, &params))),
            Op::Execute { sql, params, reply } => drop(reply.send(execute(connection, &sql, &params))),
            Op::Script { sql, reply } => drop(reply.send(script(connection, &sql))),
            Op::Finish { commit, reply } => {
                let outcome = if commit { script(connection, "COMMIT") } else { Ok(()) };
                roll_back(connection);
                drop(reply.send(outcome));
                return;
            }
        }
    }
    roll_back(connection);
}

/// Ends the open transaction, if one is open, without a trace.
fn roll_back(connection: &Connection) {
    if connection.is_autocommit() {
        return;
    }
    if let Err(error) = script(connection, "ROLLBACK") {
        tracing::error!(%error, "a SQLite transaction could not be rolled back");
    }
}
