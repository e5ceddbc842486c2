//! `tollgate ledger`.

use clap::{Args, Subcommand};

use super::FormatArgs;

/// `tollgate ledger`.
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(subcommand)]
    pub(crate) command: LedgerCommand,
}

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Recompute every balance and every sum of holds; exit code 1 if anything is off
    ///
    /// Reads every usage record, in one snapshot. The gate may run meanwhile.
    Verify,
}
