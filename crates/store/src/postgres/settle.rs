//! Settling on PostgreSQL: three statements and one round trip for any number of records.

use std::borrow::Cow;
use std::sync::LazyLock;

use tokio_postgres::types::ToSql;
use tollgate_base::{Money, UserId};

use super::values::rows;
use super::{Postgres, bounded};
use crate::db::Row;
use crate::error::{Result, StoreError};
use crate::usage::{COLUMNS, Cell, Kind, UsageRecord, cells, column_list};

/// Takes the users' rows in one order, so that two settlers wait for each other instead of locking each other out.
const LOCK: &str = "SELECT id FROM users WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";

/// Only rows that were really inserted come back, so only those are charged.
static SETTLE: LazyLock<String> = LazyLock::new(|| {
    let array = |(at, (_, kind)): (usize, &(&str, Kind))| match kind {
        Kind::Int => format!("${}::BIGINT[]", at + 1),
        Kind::Text => format!("${}::TEXT[]", at + 1),
    };
    let arrays: Vec<String> = COLUMNS.iter().enumerate().map(array).collect();
    format!(
        "WITH inserted AS (
           INSERT INTO usage_records ({}) SELECT * FROM UNNEST ({})
           ON CONFLICT (id) DO NOTHING RETURNING user_id, cost
         ), charges AS (
           SELECT user_id, CAST(SUM(cost) AS BIGINT) AS cost FROM inserted GROUP BY user_id
         )
         UPDATE users SET balance = users.balance - charges.cost FROM charges WHERE users.id = charges.user_id
         RETURNING users.id, users.balance",
        column_list(),
        arrays.join(", ")
    )
});

/// How often a transaction is tried that the server broke off to resolve a conflict.
const ATTEMPTS: u32 = 3;

impl Postgres {
    /// Inserts the records that are not there and reduces the balances; the new balances by user id.
    pub(crate) async fn settle(&self, records: &[UsageRecord]) -> Result<Vec<(UserId, Money)>> {
        let mut ordered: Vec<&UsageRecord> = records.iter().collect();
        ordered.sort_by_key(|record| (record.user_id, record.id));
        let mut attempt = 1;
        let found = loop {
            match self.settle_once(&ordered).await {
                Err(error) if attempt < ATTEMPTS && is_conflict(&error) => attempt += 1,
                outcome => break outcome?,
            }
        };
        let mut balances = found.into_iter().map(balance).collect::<Result<Vec<_>>>()?;
        balances.sort_unstable();
        Ok(balances)
    }

    async fn settle_once(&self, records: &[&UsageRecord]) -> Result<Vec<Row>> {
        let mut users: Vec<String> = records.iter().map(|record| record.user_id.to_string()).collect();
        users.dedup();
        let columns = columns(records);
        let arrays: Vec<&(dyn ToSql + Sync)> = columns.iter().map(Column::bound).collect();

        let lease = self.client().await?;
        let client = lease.client()?;
        let found = bounded(async {
            let lock = client.prepare_cached(LOCK).await?;
            let settle = client.prepare_cached(&SETTLE).await?;
            // All four are sent at once. If one fails the server refuses those after it and rolls back.
            let users: [&(dyn ToSql + Sync); 1] = [&users];
            let (began, locked, settled, ended) = tokio::join!(
                biased;
                client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED"),
                client.query(&lock, &users),
                client.query(&settle, &arrays),
                client.batch_execute("COMMIT"),
            );
            began?;
            locked?;
            let settled = settled?;
            ended?;
            Ok(settled)
        });
        let outcome = found.await;
        // Whatever failed, COMMIT has closed the transaction, unless the connection itself is in doubt.
        lease.put_back_after(&outcome);
        rows(&outcome?)
    }
}

/// Deadlock (40P01) or serialization failure (40001): nothing happened, and trying again helps.
fn is_conflict(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable { reason } if reason.ends_with("(40P01)") || reason.ends_with("(40001)"))
}

fn balance(mut row: Row) -> Result<(UserId, Money)> {
    Ok((row.parsed()?, row.money()?))
}

/// One column of all records.
enum Column<'a> {
    Int(Vec<Option<i64>>),
    Text(Vec<Option<Cow<'a, str>>>),
}

impl Column<'_> {
    fn bound(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Int(values) => values,
            Self::Text(values) => values,
        }
    }
}

/// The records turned on their side.
fn columns<'a>(records: &[&'a UsageRecord]) -> Vec<Column<'a>> {
    let empty = |(_, kind): &(&str, Kind)| match kind {
        Kind::Int => Column::Int(Vec::with_capacity(records.len())),
        Kind::Text => Column::Text(Vec::with_capacity(records.len())),
    };
    let mut columns: Vec<Column<'a>> = COLUMNS.iter().map(empty).collect();
    for record in records {
        for (column, cell) in columns.iter_mut().zip(cells(record)) {
            match (column, cell) {
                (Column::Int(values), Cell::Int(value)) => values.push(Some(value)),
                (Column::Text(values), Cell::Text(value)) => values.push(Some(value)),
                (Column::Int(values), Cell::Null) => values.push(None),
                (Column::Text(values), Cell::Null) => values.push(None),
                // A cell that is not of its column's kind would shift nothing and fail on NOT NULL.
                (Column::Int(values), Cell::Text(_)) => values.push(None),
                (Column::Text(values), Cell::Int(_)) => values.push(None),
            }
        }
    }
    columns
}
