//! Settling on SQLite: row by row with one prepared statement, inside the writer's transaction.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension as _, Statement};
use tollgate_base::{Money, UserId};

use super::connection::from_sqlite;
use crate::error::Result;
use crate::usage::{COLUMNS, Cell, UsageRecord, add_cost, cells, column_list};

static INSERT: LazyLock<String> = LazyLock::new(|| {
    let values: Vec<String> = (1..=COLUMNS.len()).map(|at| format!("?{at}")).collect();
    format!(
        "INSERT INTO usage_records ({}) VALUES ({}) ON CONFLICT (id) DO NOTHING",
        column_list(),
        values.join(", ")
    )
});

const CHARGE: &str = "UPDATE users SET balance = balance - ?1 WHERE id = ?2 RETURNING balance";

/// Inserts the records that are not there and reduces the balances; the new balances.
pub(super) fn settle(connection: &Connection, records: &[UsageRecord]) -> Result<Vec<(UserId, Money)>> {
    let mut insert = connection.prepare_cached(&INSERT).map_err(|error| from_sqlite(&error))?;
    let mut costs: BTreeMap<UserId, Money> = BTreeMap::new();
    for record in records {
        if insert_one(&mut insert, record).map_err(|error| from_sqlite(&error))? {
            add_cost(costs.entry(record.user_id).or_default(), record.cost)?;
        }
    }
    let mut charge = connection.prepare_cached(CHARGE).map_err(|error| from_sqlite(&error))?;
    let mut balances = Vec::with_capacity(costs.len());
    for (user, cost) in costs {
        let balance = charge.query_row((cost.nanos(), user.to_string()), |row| row.get(0)).optional();
        match balance.map_err(|error| from_sqlite(&error))? {
            Some(nanos) => balances.push((user, Money::from_nanos(nanos))),
            None => {
                tracing::warn!(%user, %cost, "usage of a user who is gone was recorded without a balance to charge");
            }
        }
    }
    Ok(balances)
}

/// Whether the record was new.
fn insert_one(insert: &mut Statement<'_>, record: &UsageRecord) -> rusqlite::Result<bool> {
    for (at, cell) in cells(record).iter().enumerate() {
        match cell {
            Cell::Null => insert.raw_bind_parameter(at + 1, rusqlite::types::Null)?,
            Cell::Int(value) => insert.raw_bind_parameter(at + 1, value)?,
            Cell::Text(value) => insert.raw_bind_parameter(at + 1, value.as_ref())?,
        }
    }
    Ok(insert.raw_execute()? == 1)
}
