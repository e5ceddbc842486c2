//! Random work on the ledger, step by step the same as on a plain model of it.
//!
//! From a seed comes a run: users, holds, settlements with and without cost, duplicates, late ones, batches that come
//! again, adjustments, lost nodes, stores that are closed and opened. Each step is done by one of two stores on the same
//! database and by the model; outcomes and wallets must agree after each. The seeds are always the same, so that a
//! change fails by what it changed and not by luck; `TOLLGATE_TEST_LEDGER_SEEDS=7` or `=1-5000` asks for others.

mod model;
pub(crate) mod random;
mod run;

use std::ops::RangeInclusive;

use tollgate_store::{HoldOutcome, Location};

use super::TestDb;
use run::Run;

const VARIABLE: &str = "TOLLGATE_TEST_LEDGER_SEEDS";
const STEPS: usize = 80;

pub(crate) async fn random_work_matches_a_plain_model(db: &TestDb) {
    let mut outcomes = Vec::new();
    for seed in seeds(db) {
        let told = TellSeed(seed);
        let mut run = Run::start(db, seed).await;
        for _ in 0..STEPS {
            run.step().await;
        }
        outcomes.extend(run.finish().await);
        drop(told);
    }
    if std::env::var(VARIABLE).is_err() {
        let held = outcomes.iter().filter(|outcome| **outcome == HoldOutcome::Held).count();
        let share = held * 100 / outcomes.len();
        assert!(
            (30..70).contains(&share),
            "{share} % of the holds were granted: the runs are too much alike"
        );
    }
}

fn seeds(db: &TestDb) -> RangeInclusive<u64> {
    let Ok(asked) = std::env::var(VARIABLE) else {
        return match db.location {
            Location::Sqlite(_) => 1..=20,
            Location::Postgres(_) => 1..=6,
        };
    };
    let (first, last) = asked.split_once('-').unwrap_or((&asked, &asked));
    first.parse().unwrap()..=last.parse().unwrap()
}

/// Says which seed it was when its run fails.
struct TellSeed(u64);

impl Drop for TellSeed {
    #[allow(clippy::print_stderr, reason = "it is said to whoever looks at the failed test")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the ledger and its model differ: run again with {VARIABLE}={}", self.0);
        }
    }
}
