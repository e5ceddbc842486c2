//! The ledger on SQLite: row by row with prepared statements, inside the writer's transaction.

use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension as _, Row, Statement};
use tollgate_base::{Money, Timestamp, UserId};

use super::connection::from_sqlite;
use super::statement::query;
use crate::db::cell::names;
use crate::db::{Cell, params};
use crate::error::{Result, StoreError};
use crate::ledger::{
    Applied, Books, ClosedHold, HOLD_COLUMNS, Hold, HoldOutcome, LedgerBatch, Quota, Wallet, Wallets,
    hold_cells, quotas_from_list,
};
use crate::quotas;
use crate::usage::{COLUMNS, UsageRecord, cells, column_list};

static INSERT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "INSERT INTO usage_records ({}) VALUES ({}) ON CONFLICT (id) DO NOTHING",
        column_list(),
        placeholders(COLUMNS.len())
    )
});

const CLOSE: &str = "DELETE FROM holds WHERE id = ?1 RETURNING user_id, amount, subscription_id, quotas";

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

/// Most stores have no quotas at all, and then nobody's are looked for.
const ANY_QUOTA: &str = "SELECT EXISTS (SELECT 1 FROM quotas)";

const WRITE_QUOTA: &str =
    "UPDATE quotas SET starts_at = ?2, ends_at = ?3, used = ?4, held = ?5 WHERE id = ?1";

/// `?1, ?2, …`
fn placeholders(count: usize) -> String {
    (1..=count).map(|at| format!("?{at}")).collect::<Vec<_>>().join(", ")
}

/// Closes and charges what the records end, then takes the holds. Reads each wallet and quota once and writes it once.
pub(super) fn apply(connection: &Connection, batch: &LedgerBatch) -> Result<Applied> {
    let mut books = Books::default();
    let mut read = prepared(connection, READ)?;
    for user in batch.users() {
        read_wallet(&mut read, user, &mut books.wallets)?;
    }
    read_quotas(connection, batch, &mut books)?;
    if !batch.records.is_empty() {
        close(connection, &batch.records, &mut books)?;
    }
    let holds = if batch.holds.is_empty() { Vec::new() } else { take(connection, &batch.holds, &mut books)? };
    write(connection, &books)?;
    Ok(books.applied(holds))
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

fn read_quotas(connection: &Connection, batch: &LedgerBatch, books: &mut Books) -> Result<()> {
    let any: bool = prepared(connection, ANY_QUOTA)?
        .query_row([], |row| row.get(0))
        .map_err(|error| from_sqlite(&error))?;
    if !any {
        return Ok(());
    }
    let sql = format!("SELECT {} FROM quotas WHERE owner_id = $1", quotas::COLUMNS);
    for owner in batch.quota_owners() {
        for row in query(connection, &sql, &params![owner.to_string()])? {
            books.quotas.insert(quotas::from_row(row)?);
        }
    }
    Ok(())
}

/// Writes the records that are new, charges them and gives back what was held for them.
fn close(connection: &Connection, records: &[UsageRecord], books: &mut Books) -> Result<()> {
    let mut insert = prepared(connection, &INSERT)?;
    let mut delete = prepared(connection, CLOSE)?;
    for record in records {
        if !insert_one(&mut insert, &cells(record))? {
            continue;
        }
        books.charge(record)?;
        let Some(closed) = close_one(&mut delete, record)? else {
            continue;
        };
        read_others(connection, &closed, books)?;
        books.release(&closed);
    }
    Ok(())
}

/// Removes the record's hold, if one is open.
fn close_one(delete: &mut Statement<'_>, record: &UsageRecord) -> Result<Option<ClosedHold>> {
    type Columns = (String, i64, Option<String>, Option<String>);
    let hold = |row: &Row<'_>| -> rusqlite::Result<Columns> {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    };
    let closed = delete.query_row([record.id.to_string()], hold).optional();
    let Some((user, amount, subscription, quotas)) = closed.map_err(|error| from_sqlite(&error))? else {
        return Ok(None);
    };
    Ok(Some(ClosedHold {
        user_id: user.parse().map_err(|error| StoreError::corrupt(format!("a hold's user: {error}")))?,
        amount: Money::from_nanos(amount),
        subscription_id: subscription
            .map(|id| id.parse())
            .transpose()
            .map_err(|error| StoreError::corrupt(format!("a hold's subscription: {error}")))?,
        quotas: quotas_from_list(quotas.as_deref())?,
    }))
}

/// Reads what a closed hold names and the batch does not; there is nothing unless a record names somebody else than its
/// hold.
fn read_others(connection: &Connection, closed: &ClosedHold, books: &mut Books) -> Result<()> {
    if !books.wallets.has(closed.user_id) {
        let mut read = prepared(connection, READ)?;
        read_wallet(&mut read, closed.user_id, &mut books.wallets)?;
    }
    for id in closed.quotas.iter().filter(|id| !books.quotas.has(**id)).copied().collect::<Vec<_>>() {
        let sql = format!("SELECT {} FROM quotas WHERE id = $1", quotas::COLUMNS);
        for row in query(connection, &sql, &params![id])? {
            books.quotas.insert(quotas::from_row(row)?);
        }
    }
    Ok(())
}

/// Decides on the holds one after the other, each seeing what those before it have taken.
fn take(connection: &Connection, holds: &[Hold], books: &mut Books) -> Result<Vec<HoldOutcome>> {
    let mut insert = prepared(connection, &HOLD)?;
    let mut outcomes = Vec::with_capacity(holds.len());
    for hold in holds {
        let held = if books.can_hold(hold) {
            if insert_one(&mut insert, &hold_cells(hold))? {
                books.hold(hold)?;
            }
            true
        } else {
            books.wallets.has(hold.user_id) && is_known(connection, hold)?
        };
        outcomes.push(if held { HoldOutcome::Held } else { HoldOutcome::Refused });
    }
    Ok(outcomes)
}

fn write(connection: &Connection, books: &Books) -> Result<()> {
    let mut write = prepared(connection, WRITE)?;
    for (user, wallet) in books.wallets.changed() {
        let values = (user.to_string(), wallet.balance.nanos(), wallet.held.nanos());
        write.execute(values).map_err(|error| from_sqlite(&error))?;
    }
    for stored in books.quotas.changed() {
        let Quota { span, used, held, .. } = &stored.quota;
        let (starts_at, ends_at) = (span.starts_at.micros(), span.ends_at.map(Timestamp::micros));
        let values = (stored.id.to_string(), starts_at, ends_at, used.nanos(), held.nanos());
        prepared(connection, WRITE_QUOTA)?.execute(values).map_err(|error| from_sqlite(&error))?;
    }
    Ok(())
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
