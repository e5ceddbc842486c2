//! The ledger on PostgreSQL: two round trips for any number of records and holds.
//!
//! The users' rows are locked first. So whatever two nodes do at the same time, one of them sees what the other has
//! left, and together they never hold more than there is.

use std::collections::HashSet;
use std::sync::LazyLock;

use deadpool_postgres::Object;
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;
use tollgate_base::{Money, RequestId, UserId};

use super::columns::{Column, arrays, bound, turned};
use super::values::rows;
use super::{Lease, Postgres, bounded};
use crate::db::Row;
use crate::db::cell::names;
use crate::error::{Result, StoreError};
use crate::ledger::{
    Applied, HOLD_COLUMNS, Hold, HoldOutcome, LedgerBatch, Wallets, hold_cells, wallet_from_row,
};
use crate::usage::{COLUMNS, UsageRecord, cells, column_list};

/// Takes the users' rows in one order, so that two nodes wait for each other instead of locking each other out.
const LOCK: &str = "SELECT id, balance, held FROM users WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";

/// Only records that were really inserted come back, each with the hold that it closed.
static CLOSE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH inserted AS (
           INSERT INTO usage_records ({}) SELECT * FROM UNNEST ({})
           ON CONFLICT (id) DO NOTHING RETURNING id, user_id, cost
         ), closed AS (
           DELETE FROM holds USING inserted WHERE holds.id = inserted.id
           RETURNING holds.id, holds.user_id, holds.amount
         )
         SELECT inserted.user_id, inserted.cost, closed.user_id, closed.amount
           FROM inserted LEFT JOIN closed ON closed.id = inserted.id",
        column_list(),
        arrays(&COLUMNS)
    )
});

/// Which of the requests have a hold or a record.
const KNOWN: &str = "SELECT id FROM holds WHERE id = ANY ($1) \
                     UNION ALL SELECT id FROM usage_records WHERE id = ANY ($1)";

static HOLD: LazyLock<String> = LazyLock::new(|| {
    format!("INSERT INTO holds ({}) SELECT * FROM UNNEST ({})", names(&HOLD_COLUMNS), arrays(&HOLD_COLUMNS))
});

const WRITE: &str = "UPDATE users SET balance = changed.balance, held = changed.held \
                     FROM UNNEST ($1::TEXT[], $2::BIGINT[], $3::BIGINT[]) AS changed (id, balance, held) \
                     WHERE users.id = changed.id";

/// How often a transaction is tried that the server broke off to resolve a conflict.
const ATTEMPTS: u32 = 3;

impl Postgres {
    /// Closes and charges what the records end, then takes the holds.
    pub(crate) async fn apply(&self, batch: &LedgerBatch) -> Result<Applied> {
        let work = Work::new(batch);
        let mut attempt = 1;
        loop {
            match self.apply_once(&work).await {
                Err(error) if attempt < ATTEMPTS && is_conflict(&error) => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn apply_once(&self, work: &Work<'_>) -> Result<Applied> {
        let lease = self.client().await?;
        match transaction(&lease, work).await {
            Ok(applied) => {
                lease.put_back();
                Ok(applied)
            }
            Err(error) => {
                // A connection that is in doubt is closed, which ends its transaction too.
                let in_doubt = matches!(error, StoreError::Unavailable { .. }) && !is_conflict(&error);
                if !in_doubt && lease.command("ROLLBACK").await.is_ok() {
                    lease.put_back();
                }
                Err(error)
            }
        }
    }
}

/// Deadlock (40P01) or serialization failure (40001): nothing happened, and trying again helps.
fn is_conflict(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable { reason } if reason.ends_with("(40P01)") || reason.ends_with("(40001)"))
}

/// A batch as it is sent.
struct Work<'a> {
    batch: &'a LedgerBatch,
    users: Vec<String>,
    records: Vec<Column<'a>>,
    /// The ids of the new holds.
    requests: Vec<String>,
}

impl<'a> Work<'a> {
    fn new(batch: &'a LedgerBatch) -> Self {
        let mut ordered: Vec<&UsageRecord> = batch.records.iter().collect();
        ordered.sort_by_key(|record| (record.user_id, record.id));
        Self {
            batch,
            users: batch.users().iter().map(ToString::to_string).collect(),
            records: turned(&COLUMNS, ordered.into_iter().map(cells)),
            requests: batch.holds.iter().map(|hold| hold.id.to_string()).collect(),
        }
    }
}

/// The statements that a batch needs. They are prepared before anything is sent at once: a statement that had to wait
/// for its preparation would come after the one behind it.
struct Statements {
    lock: Statement,
    close: Option<Statement>,
    known: Option<Statement>,
    hold: Option<Statement>,
    write: Statement,
}

impl Statements {
    async fn prepare(client: &Object, batch: &LedgerBatch) -> Result<Self, tokio_postgres::Error> {
        let optional = async |needed: bool, sql: &str| {
            if !needed {
                return Ok(None);
            }
            client.prepare_cached(sql).await.map(Some)
        };
        let (records, holds) = (!batch.records.is_empty(), !batch.holds.is_empty());
        Ok(Self {
            lock: client.prepare_cached(LOCK).await?,
            close: optional(records, &CLOSE).await?,
            known: optional(holds, KNOWN).await?,
            hold: optional(holds, &HOLD).await?,
            write: client.prepare_cached(WRITE).await?,
        })
    }
}

async fn transaction(lease: &Lease, work: &Work<'_>) -> Result<Applied> {
    let client = lease.client()?;
    let statements = bounded(Statements::prepare(client, work.batch)).await?;
    let Found { mut wallets, closed, known } = begin(client, &statements, work).await?;
    lock_others(client, &statements, &closed, &mut wallets).await?;
    for closed in closed {
        wallets.charge(closed.payer, closed.cost)?;
        if let Some((user, amount)) = closed.hold {
            wallets.release(user, amount);
        }
    }
    let (granted, holds) = decide(&work.batch.holds, known, &mut wallets)?;
    commit(client, &statements, &granted, &wallets).await?;
    Ok(Applied { holds, wallets: wallets.into_list() })
}

/// What the first round trip brings.
struct Found {
    wallets: Wallets,
    closed: Vec<Closed>,
    /// The requests that have a hold or a record.
    known: HashSet<RequestId>,
}

/// A record that was new, and the hold that it closed.
struct Closed {
    payer: UserId,
    cost: Money,
    hold: Option<(UserId, Money)>,
}

impl Closed {
    fn from_row(mut row: Row) -> Result<Self> {
        let (payer, cost) = (row.parsed()?, row.money()?);
        let hold = row.opt_parsed()?.zip(row.opt_int()?.map(Money::from_nanos));
        Ok(Self { payer, cost, hold })
    }
}

/// Begins, locks, writes the records and looks for the holds' requests; all sent at once. If one fails the server
/// refuses those after it.
async fn begin(client: &Object, statements: &Statements, work: &Work<'_>) -> Result<Found> {
    let records = bound(&work.records);
    let (users, requests): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 1]) =
        ([&work.users], [&work.requests]);
    let (locked, closed, known) = bounded(async {
        let (began, locked, closed, known) = tokio::join!(
            biased;
            client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED"),
            run(client, Some(&statements.lock), &users),
            run(client, statements.close.as_ref(), &records),
            run(client, statements.known.as_ref(), &requests),
        );
        began?;
        Ok((locked?, closed?, known?))
    })
    .await?;
    let mut wallets = Wallets::default();
    take_in(&mut wallets, &locked)?;
    let closed = rows(&closed)?.into_iter().map(Closed::from_row).collect::<Result<_>>()?;
    let known = rows(&known)?.into_iter().map(|mut row| row.parsed()).collect::<Result<_>>()?;
    Ok(Found { wallets, closed, known })
}

/// Runs a statement if there is something to do.
async fn run(
    client: &Object,
    statement: Option<&Statement>,
    params: &[&(dyn ToSql + Sync)],
) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
    match statement {
        Some(statement) => client.query(statement, params).await,
        None => Ok(Vec::new()),
    }
}

fn take_in(wallets: &mut Wallets, locked: &[tokio_postgres::Row]) -> Result<()> {
    for mut row in rows(locked)? {
        let user = row.parsed()?;
        wallets.insert(user, wallet_from_row(&mut row)?);
    }
    Ok(())
}

/// Locks the users of holds that were closed by records of somebody else; there are none unless something is wrong.
async fn lock_others(
    client: &Object,
    statements: &Statements,
    closed: &[Closed],
    wallets: &mut Wallets,
) -> Result<()> {
    let mut others: Vec<String> = closed
        .iter()
        .filter_map(|closed| closed.hold)
        .filter(|(user, _)| !wallets.has(*user))
        .map(|(user, _)| user.to_string())
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    others.sort_unstable();
    let locked = bounded(run(client, Some(&statements.lock), &[&others])).await?;
    take_in(wallets, &locked)
}

/// Decides on the holds one after the other, each seeing what those before it have taken; those to be written, and the
/// outcome of each.
fn decide<'a>(
    holds: &'a [Hold],
    mut known: HashSet<RequestId>,
    wallets: &mut Wallets,
) -> Result<(Vec<&'a Hold>, Vec<HoldOutcome>)> {
    let mut granted = Vec::new();
    let mut outcomes = Vec::with_capacity(holds.len());
    for hold in holds {
        let is_known = known.contains(&hold.id) && wallets.has(hold.user_id);
        let is_new = !is_known && wallets.can_hold(hold);
        if is_new {
            wallets.hold(hold)?;
            known.insert(hold.id);
            granted.push(hold);
        }
        outcomes.push(if is_known || is_new { HoldOutcome::Held } else { HoldOutcome::Refused });
    }
    Ok((granted, outcomes))
}

/// Writes the holds and the wallets and commits; all sent at once.
async fn commit(
    client: &Object,
    statements: &Statements,
    granted: &[&Hold],
    wallets: &Wallets,
) -> Result<()> {
    let holds = turned(&HOLD_COLUMNS, granted.iter().map(|hold| hold_cells(hold)));
    let holds = bound(&holds);
    let (mut users, mut balances, mut held) = (Vec::new(), Vec::new(), Vec::new());
    for (user, wallet) in wallets.changed() {
        users.push(user.to_string());
        balances.push(wallet.balance.nanos());
        held.push(wallet.held.nanos());
    }
    let changed: [&(dyn ToSql + Sync); 3] = [&users, &balances, &held];
    bounded(async {
        let (inserted, written, ended) = tokio::join!(
            biased;
            run(client, statements.hold.as_ref().filter(|_| !granted.is_empty()), &holds),
            run(client, Some(&statements.write).filter(|_| !users.is_empty()), &changed),
            client.batch_execute("COMMIT"),
        );
        inserted?;
        written?;
        ended
    })
    .await
}
