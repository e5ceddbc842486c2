//! A writer that is killed.
//!
//! The test starts this very test program again as a child that holds and settles batch after batch, and kills it. The
//! child is told where to write by an environment variable.

use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tollgate_base::Money;
use tollgate_store::{
    Hold, HoldFilter, LedgerBatch, Location, MasterKey, Store, UsageFilter, UsageRecord, Wallet,
};

use super::ledger::{end_of, hold_of};
use super::{MASTER, TestDb, dollars, user};

const VARIABLE: &str = "TOLLGATE_TEST_CRASH_CHILD";
const BATCH: usize = 7;
const KILLS: u64 = 4;

/// In the child: writes until it is killed. Elsewhere: nothing, and `false`.
pub(crate) async fn write_if_child() -> bool {
    let Ok(location) = std::env::var(VARIABLE) else { return false };
    let master = MasterKey::from_base64(MASTER).unwrap();
    let store = Store::open(&Location::parse(&location), master).await.unwrap();
    let users = [store.find_user_by_name("ann").await, store.find_user_by_name("bob").await];
    let users = users.map(|found| found.unwrap().unwrap().user.id);
    let mut open: Vec<Hold> = Vec::new();
    for number in 0..100_000 {
        let session = Some(format!("{}-{number}", std::process::id()));
        let end = |hold: Hold| UsageRecord { session: session.clone(), ..end_of(&hold, "0.000000003") };
        let records = open.drain(..).map(end).collect();
        open.extend((0..BATCH).map(|at| hold_of(users[at % 2], "0.000000005")));
        let batch = LedgerBatch { records, holds: open.clone() };
        store.apply(Arc::new(batch)).await.unwrap();
    }
    true
}

pub(crate) async fn a_killed_writer_leaves_whole_batches(db: &TestDb) {
    let store = db.open().await;
    user(&store, "ann", "1").await;
    user(&store, "bob", "1").await;
    let location = match &db.location {
        Location::Sqlite(path) => path.to_str().unwrap().to_owned(),
        Location::Postgres(url) => url.expose().clone(),
    };
    let mut written = 0;
    for kill in 1..=KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_killed_writer_leaves_whole_batches"])
            .env(VARIABLE, &location)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let before = written;
        for _ in 0..1000 {
            written = store.usage_totals(UsageFilter::default()).await.unwrap().requests;
            if written > before + 50 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Not at the end of a commit, but anywhere.
        tokio::time::sleep(Duration::from_micros(1_370 * kill)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(written > before, "the child wrote nothing");
    }
    assert_eq!(store.verify_ledger().await.unwrap(), []);
    close_what_is_open(&store).await;
    let mut batches: HashMap<String, usize> = HashMap::new();
    let mut filter = UsageFilter { limit: Some(10_000), ..UsageFilter::default() };
    loop {
        let page = store.list_usage(filter).await.unwrap();
        let Some(last) = page.last() else { break };
        filter.after = Some(last.into());
        for record in page {
            *batches.entry(record.session.unwrap()).or_default() += 1;
        }
    }
    assert!(batches.values().all(|records| records.is_multiple_of(BATCH)), "{batches:?}");
}

/// What a killed child had held is there in whole batches, and can be closed.
async fn close_what_is_open(store: &Store) {
    let open = store.open_holds(HoldFilter::All, 10_000).await.unwrap();
    assert!(!open.is_empty() && open.len().is_multiple_of(BATCH), "{} holds", open.len());
    let session = Some("recovered".to_owned());
    let end = |hold: &Hold| UsageRecord { recovered: true, session: session.clone(), ..end_of(hold, "0") };
    let records = open.iter().map(end).collect();
    let applied = store.apply(Arc::new(LedgerBatch { records, holds: Vec::new() })).await.unwrap();
    assert!(applied.wallets.iter().all(|(_, Wallet { held, .. })| *held == Money::ZERO));
    assert!(applied.wallets.iter().all(|(_, Wallet { balance, .. })| *balance < dollars("1")));
    assert_eq!(store.verify_ledger().await.unwrap(), []);
}
