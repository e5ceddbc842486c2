//! The ledger on SQLite: row by row with prepared statements, inside the writer's transaction.

use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension as _, Row, Statement};
use tollgate_base::{Money, UserId};

use super::connection::from_sqlite;
use crate::db::Cell;
use crate::db::cell::names;
use crate::error::{Result, StoreError};
use crate::ledger::{Applied, HOLD_COLUMNS, Hold, HoldOutcome, LedgerBatch, Wallet, Wallets, hold_cells};
use crate::usage::{COLUMNS, UsageRecord, cells, column_list};

static INSERT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO usage_records ({}) VALUES ({}) ON CONFLICT (id) DO NOTHING",
        column_list(),
        placeholders(COLUMNS.len())
    )
});

const CLOSE: &str = "DELETE FROM holds WHERE id = ?1 RETURNING user_id, amount";

/// Writes a hold unless its request has one, or a record.
static HOLD: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO holds ({}) SELECT {} \
         WHERE NOT EXISTS (SELECT 1 FROM usage_records WHERE id = ?1) ON CONFLICT (id) DO NOTHING",
        names(&HOLD_COLUMNS),
        placeholders(HOLD_COLUMNS.len())
    )
});

const KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM holds WHERE id = ?1) \
                         OR EXISTS (SELECT 1 FROM usage_records WHERE id = ?1)";

const READ: &str = "SELECT balance, held FROM users WHERE id = ?1";

const WRITE: &str = "UPDATE users SET balance = ?2, held = ?3 WHERE id = ?1";

/// `?1, ?2, …`
fn placeholders(count: usize) -> String {
    (1..=count).map(|at| format!("?{at}")).collect::<Vec<_>>().join(", ")
}

/// Closes and charges what the records end, then takes the holds. Reads each user's wallet once and writes it once.
pub(super) fn apply(connection: &Connection, batch: &LedgerBatch) -> Result<Applied> {
    let mut wallets = Wallets::default();
    let mut read = prepared(connection, READ)?;
    for user in batch.users() {
        read_wallet(&mut read, user, &mut wallets)?;
    }
    if !batch.records.is_empty() {
        close(connection, &batch.records, &mut wallets)?;
    }
    let holds =
        if batch.holds.is_empty() { Vec::new() } else { take(connection, &batch.holds, &mut wallets)? };
    let mut write = prepared(connection, WRITE)?;
    for (user, wallet) in wallets.changed() {
        let values = (user.to_string(), wallet.balance.nanos(), wallet.held.nanos());
        write.execute(values).map_err(|error| from_sqlite(&error))?;
    }
    Ok(Applied { holds, wallets: wallets.into_list() })
}

fn prepared<'c>(connection: &'c Connection, sql: &str) -> Result<rusqlite::CachedStatement<'c>> {
    connection.prepare_cached(sql).map_err(|error| from_sqlite(&error))
}

fn read_wallet(read: &mut Statement<'_>, user: UserId, wallets: &mut Wallets) -> Result<()> {
    let wallet = |row: &Row<'_>| {
        Ok(Wallet { balance: Money::from_nanos(row.get(0)?), held: Money::from_nanos(row.get(1)?) })
    };
    let found = read.query_row([user.to_string()], wallet).optional().map_err(|error| from_sqlite(&error))?;
    if let Some(wallet) = found {
        wallets.insert(user, wallet);
    }
    Ok(())
}

/// Writes the records that are new, charges them and gives back what was held for them.
fn close(connection: &Connection, records: &[UsageRecord], wallets: &mut Wallets) -> Result<()> {
    let mut insert = prepared(connection, &INSERT)?;
    let mut delete = prepared(connection, CLOSE)?;
    for record in records {
        if !insert_one(&mut insert, &cells(record))? {
            continue;
        }
        wallets.charge(record.user_id, record.cost)?;
        let Some((user, amount)) = close_one(&mut delete, record)? else {
            continue;
        };
        if !wallets.has(user) {
            let mut read = prepared(connection, READ)?;
            read_wallet(&mut read, user, wallets)?;
        }
        wallets.release(user, amount);
    }
    Ok(())
}

/// Removes the record's hold, if one is open; whose it was, and how much.
fn close_one(delete: &mut Statement<'_>, record: &UsageRecord) -> Result<Option<(UserId, Money)>> {
    let hold = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, Money::from_nanos(row.get(1)?)));
    let closed = delete.query_row([record.id.to_string()], hold).optional();
    let Some((user, amount)) = closed.map_err(|error| from_sqlite(&error))? else {
        return Ok(None);
    };
    let user = user.parse().map_err(|error| StoreError::corrupt(format!("a hold's user: {error}")))?;
    Ok(Some((user, amount)))
}

/// Decides on the holds one after the other, each seeing what those before it have taken.
fn take(connection: &Connection, holds: &[Hold], wallets: &mut Wallets) -> Result<Vec<HoldOutcome>> {
    let mut insert = prepared(connection, &HOLD)?;
    let mut outcomes = Vec::with_capacity(holds.len());
    for hold in holds {
        let held = if wallets.can_hold(hold) {
            if insert_one(&mut insert, &hold_cells(hold))? {
                wallets.hold(hold)?;
            }
            true
        } else {
            wallets.has(hold.user_id) && is_known(connection, hold)?
        };
        outcomes.push(if held { HoldOutcome::Held } else { HoldOutcome::Refused });
    }
    Ok(outcomes)
}

/// Whether the request has a hold or a record.
fn is_known(connection: &Connection, hold: &Hold) -> Result<bool> {
    let mut known = prepared(connection, KNOWN)?;
    known.query_row([hold.id.to_string()], |row| row.get(0)).map_err(|error| from_sqlite(&error))
}

/// Whether the row was new.
fn insert_one(insert: &mut Statement<'_>, cells: &[Cell<'_>]) -> Result<bool> {
    let mut run = || {
        for (at, cell) in cells.iter().enumerate() {
            match cell {
                Cell::Null => insert.raw_bind_parameter(at + 1, rusqlite::types::Null)?,
                Cell::Int(value) => insert.raw_bind_parameter(at + 1, value)?,
                Cell::Text(value) => insert.raw_bind_parameter(at + 1, value.as_ref())?,
            }
        }
        insert.raw_execute()
    };
    run().map(|changed| changed == 1).map_err(|error| from_sqlite(&error))
}
