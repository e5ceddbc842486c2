//! `tollgate ledger`: does everything add up.

mod reconcile;

use anyhow::bail;
use serde::Serialize;
use tollgate_store::{LedgerCounts, LedgerProblem, Store};

use crate::cli::{LedgerArgs, LedgerCommand};
use crate::output;

/// Runs the command on the store.
pub(crate) async fn run(args: LedgerArgs, store: &Store) -> anyhow::Result<()> {
    match args.command {
        LedgerCommand::Verify => verify(store, args.format.json).await,
        LedgerCommand::Reconcile(what) => reconcile::run(what, store, args.format.json).await,
    }
}

/// Prints each problem, or that there is none. That there are some is an error, so that scripts notice.
async fn verify(store: &Store, json: bool) -> anyhow::Result<()> {
    let problems = store.verify_ledger().await?;
    let counts = store.ledger_counts().await?;
    if json {
        output::json(&VerifyView::new(&problems, counts))?;
    } else if problems.is_empty() {
        let LedgerCounts { users, records, open_holds } = counts;
        output::line(&format!(
            "ledger: ok ({users} users, {records} usage records, {open_holds} open holds)"
        ))?;
    } else {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        output::line(&lines.join("\n"))?;
    }
    match problems.len() {
        0 => Ok(()),
        1 => bail!("there is 1 problem in the ledger"),
        several => bail!("there are {several} problems in the ledger"),
    }
}

/// What was found, as it is printed in JSON.
#[derive(Debug, Serialize)]
struct VerifyView {
    ok: bool,
    problems: Vec<String>,
    users: u64,
    records: u64,
    open_holds: u64,
}

impl VerifyView {
    fn new(problems: &[LedgerProblem], counts: LedgerCounts) -> Self {
        Self {
            ok: problems.is_empty(),
            problems: problems.iter().map(ToString::to_string).collect(),
            users: counts.users,
            records: counts.records,
            open_holds: counts.open_holds,
        }
    }
}
