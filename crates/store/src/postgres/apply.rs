//! The ledger on PostgreSQL: two round trips for any number of records and holds.
//!
//! The users' rows are locked first. So whatever two nodes do at the same time, one of them sees what the other has
//! left, and together they never hold more than there is.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use deadpool_postgres::Object;
use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;
use tollgate_base::{Money, QuotaId, RequestId, Timestamp, UserId};

use super::columns::{Column, arrays, bound, turned};
use super::values::rows;
use super::{Lease, Postgres, bounded};
use crate::db::Row;
use crate::db::cell::names;
use crate::error::{Result, StoreError};
use crate::ledger::{
    Applied, Books, ClosedHold, HOLD_COLUMNS, Hold, HoldOutcome, LedgerBatch, hold_cells, quotas_from_list,
    wallet_from_row,
};
use crate::quotas;
use crate::usage::{COLUMNS, UsageRecord, cells, column_list};

/// Takes the users' rows in one order, so that two nodes wait for each other instead of locking each other out.
const LOCK: &str = "SELECT id, balance, held FROM users WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE";

/// Taken after the users' rows, in one order too.
static LOCK_QUOTAS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {} FROM quotas WHERE owner_id = ANY ($1) OR id = ANY ($2) ORDER BY id FOR NO KEY UPDATE",
        quotas::COLUMNS
    )
});

/// Only records that were really inserted come back, each with the hold that it closed.
static CLOSE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "WITH inserted AS (
           INSERT INTO usage_records ({}) SELECT * FROM UNNEST ({})
           ON CONFLICT (id) DO NOTHING RETURNING id
         ), closed AS (
           DELETE FROM holds USING inserted WHERE holds.id = inserted.id
           RETURNING holds.id, holds.user_id, holds.amount, holds.subscription_id, holds.quotas
         )
         SELECT inserted.id, closed.user_id, closed.amount, closed.subscription_id, closed.quotas
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

const WRITE_QUOTAS: &str = "UPDATE quotas SET starts_at = changed.starts_at, ends_at = changed.ends_at, \
                              used = changed.used, held = changed.held \
                            FROM UNNEST ($1::TEXT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::BIGINT[]) \
                              AS changed (id, starts_at, ends_at, used, held) \
                            WHERE quotas.id = changed.id";

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
    quota_owners: Vec<String>,
    records: Vec<Column<'a>>,
    by_id: HashMap<RequestId, &'a UsageRecord>,
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
            quota_owners: batch.quota_owners().iter().map(ToString::to_string).collect(),
            // Of two records of the same id the first is written.
            by_id: ordered.iter().rev().map(|record| (record.id, *record)).collect(),
            records: turned(&COLUMNS, ordered.into_iter().map(cells)),
            requests: batch.holds.iter().map(|hold| hold.id.to_string()).collect(),
        }
    }
}

/// The statements that a batch needs. They are prepared before anything is sent at once: a statement that had to wait
/// for its preparation would come after the one behind it.
struct Statements {
    lock: Statement,
    lock_quotas: Statement,
    close: Option<Statement>,
    known: Option<Statement>,
    hold: Option<Statement>,
    write: Statement,
    write_quotas: Statement,
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
            lock_quotas: client.prepare_cached(&LOCK_QUOTAS).await?,
            close: optional(records, &CLOSE).await?,
            known: optional(holds, KNOWN).await?,
            hold: optional(holds, &HOLD).await?,
            write: client.prepare_cached(WRITE).await?,
            write_quotas: client.prepare_cached(WRITE_QUOTAS).await?,
        })
    }
}

async fn transaction(lease: &Lease, work: &Work<'_>) -> Result<Applied> {
    let client = lease.client()?;
    let statements = bounded(Statements::prepare(client, work.batch)).await?;
    let Found { mut books, closed, known } = begin(client, &statements, work).await?;
    lock_others(client, &statements, &closed, &mut books).await?;
    for Closed { id, hold } in closed {
        let record =
            work.by_id.get(&id).ok_or_else(|| StoreError::corrupt("a record came back that was not sent"))?;
        books.charge(record)?;
        if let Some(hold) = hold {
            books.release(&hold);
        }
    }
    let (granted, holds) = decide(&work.batch.holds, known, &mut books)?;
    commit(client, &statements, &granted, &books).await?;
    Ok(books.applied(holds))
}

/// What the first round trip brings.
struct Found {
    books: Books,
    closed: Vec<Closed>,
    /// The requests that have a hold or a record.
    known: HashSet<RequestId>,
}

/// A record that was new, and the hold that it closed.
struct Closed {
    id: RequestId,
    hold: Option<ClosedHold>,
}

impl Closed {
    fn from_row(mut row: Row) -> Result<Self> {
        let id = row.parsed()?;
        let (user, amount): (Option<UserId>, _) = (row.opt_parsed()?, row.opt_int()?.map(Money::from_nanos));
        let (subscription_id, quotas) = (row.opt_parsed()?, quotas_from_list(row.opt_text()?.as_deref())?);
        let hold =
            user.zip(amount).map(|(user_id, amount)| ClosedHold { user_id, amount, subscription_id, quotas });
        Ok(Self { id, hold })
    }
}

/// Begins, locks, writes the records and looks for the holds' requests; all sent at once. If one fails the server
/// refuses those after it.
async fn begin(client: &Object, statements: &Statements, work: &Work<'_>) -> Result<Found> {
    let records = bound(&work.records);
    let (users, requests): ([&(dyn ToSql + Sync); 1], [&(dyn ToSql + Sync); 1]) =
        ([&work.users], [&work.requests]);
    let no_ids: Vec<String> = Vec::new();
    let owners: [&(dyn ToSql + Sync); 2] = [&work.quota_owners, &no_ids];
    let (locked, quotas, closed, known) = bounded(async {
        let (began, locked, quotas, closed, known) = tokio::join!(
            biased;
            client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED"),
            run(client, Some(&statements.lock), &users),
            run(client, Some(&statements.lock_quotas), &owners),
            run(client, statements.close.as_ref(), &records),
            run(client, statements.known.as_ref(), &requests),
        );
        began?;
        Ok((locked?, quotas?, closed?, known?))
    })
    .await?;
    let mut books = Books::default();
    take_in(&mut books, &locked, &quotas)?;
    let closed = rows(&closed)?.into_iter().map(Closed::from_row).collect::<Result<_>>()?;
    let known = rows(&known)?.into_iter().map(|mut row| row.parsed()).collect::<Result<_>>()?;
    Ok(Found { books, closed, known })
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

fn take_in(books: &mut Books, users: &[tokio_postgres::Row], quotas: &[tokio_postgres::Row]) -> Result<()> {
    for mut row in rows(users)? {
        let user = row.parsed()?;
        books.wallets.insert(user, wallet_from_row(&mut row)?);
    }
    for row in rows(quotas)? {
        books.quotas.insert(quotas::from_row(row)?);
    }
    Ok(())
}

/// Locks what closed holds name and the batch does not; there is nothing unless a record names somebody else than its
/// hold.
async fn lock_others(
    client: &Object,
    statements: &Statements,
    closed: &[Closed],
    books: &mut Books,
) -> Result<()> {
    let holds = || closed.iter().filter_map(|closed| closed.hold.as_ref());
    let users = holds().map(|hold| hold.user_id).filter(|user| !books.wallets.has(*user));
    let users: Vec<String> = users.map(|user| user.to_string()).collect();
    let is_unknown = |id: &QuotaId| !books.quotas.has(*id);
    let ids: Vec<String> = holds()
        .flat_map(|hold| hold.quotas.iter().copied())
        .filter(is_unknown)
        .map(|id| id.to_string())
        .collect();
    if users.is_empty() && ids.is_empty() {
        return Ok(());
    }
    let no_owners: Vec<String> = Vec::new();
    let (locked, quotas) = bounded(async {
        let locked = run(client, Some(&statements.lock), &[&users]).await?;
        Ok((locked, run(client, Some(&statements.lock_quotas), &[&no_owners, &ids]).await?))
    })
    .await?;
    take_in(books, &locked, &quotas)
}

/// Decides on the holds one after the other, each seeing what those before it have taken; those to be written, and the
/// outcome of each.
fn decide<'a>(
    holds: &'a [Hold],
    mut known: HashSet<RequestId>,
    books: &mut Books,
) -> Result<(Vec<&'a Hold>, Vec<HoldOutcome>)> {
    let mut granted = Vec::new();
    let mut outcomes = Vec::with_capacity(holds.len());
    for hold in holds {
        let is_known = known.contains(&hold.id) && books.wallets.has(hold.user_id);
        let is_new = !is_known && books.can_hold(hold);
        if is_new {
            books.hold(hold)?;
            known.insert(hold.id);
            granted.push(hold);
        }
        outcomes.push(if is_known || is_new { HoldOutcome::Held } else { HoldOutcome::Refused });
    }
    Ok((granted, outcomes))
}

/// Writes the holds, the wallets and the quotas and commits; all sent at once.
async fn commit(client: &Object, statements: &Statements, granted: &[&Hold], books: &Books) -> Result<()> {
    let holds = turned(&HOLD_COLUMNS, granted.iter().map(|hold| hold_cells(hold)));
    let holds = bound(&holds);
    let users = ChangedUsers::of(books);
    let quotas = ChangedQuotas::of(books);
    let changed_users: [&(dyn ToSql + Sync); 3] = [&users.ids, &users.balances, &users.held];
    let changed_quotas: [&(dyn ToSql + Sync); 5] =
        [&quotas.ids, &quotas.starts_at, &quotas.ends_at, &quotas.used, &quotas.held];
    bounded(async {
        let (inserted, wallets, quotas, ended) = tokio::join!(
            biased;
            run(client, statements.hold.as_ref().filter(|_| !granted.is_empty()), &holds),
            run(client, Some(&statements.write).filter(|_| !users.ids.is_empty()), &changed_users),
            run(client, Some(&statements.write_quotas).filter(|_| !quotas.ids.is_empty()), &changed_quotas),
            client.batch_execute("COMMIT"),
        );
        inserted?;
        wallets?;
        quotas?;
        ended
    })
    .await
}

/// Wallets as columns.
#[derive(Default)]
struct ChangedUsers {
    ids: Vec<String>,
    balances: Vec<i64>,
    held: Vec<i64>,
}

impl ChangedUsers {
    fn of(books: &Books) -> Self {
        let mut changed = Self::default();
        for (user, wallet) in books.wallets.changed() {
            changed.ids.push(user.to_string());
            changed.balances.push(wallet.balance.nanos());
            changed.held.push(wallet.held.nanos());
        }
        changed
    }
}

/// Quotas as columns.
#[derive(Default)]
struct ChangedQuotas {
    ids: Vec<String>,
    starts_at: Vec<i64>,
    ends_at: Vec<Option<i64>>,
    used: Vec<i64>,
    held: Vec<i64>,
}

impl ChangedQuotas {
    fn of(books: &Books) -> Self {
        let mut changed = Self::default();
        for stored in books.quotas.changed() {
            changed.ids.push(stored.id.to_string());
            changed.starts_at.push(stored.quota.span.starts_at.micros());
            changed.ends_at.push(stored.quota.span.ends_at.map(Timestamp::micros));
            changed.used.push(stored.quota.used.nanos());
            changed.held.push(stored.quota.held.nanos());
        }
        changed
    }
}
