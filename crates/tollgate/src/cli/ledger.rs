//! `tollgate ledger`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tollgate_base::Rate;

use super::FormatArgs;
use super::words::time_zone;

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
    /// Compare what accounts served with a provider's own usage export; exit code 1 if anything differs
    ///
    /// Reads usage and cost CSV of Anthropic's console, the JSON of its Usage and Cost Admin API, JSON and CSV of OpenAI's
    /// usage of completions, and a plain CSV: day,model,input_tokens,output_tokens,cache_write_tokens,cache_read_tokens,cost.
    Reconcile(ReconcileArgs),
}

/// `tollgate ledger reconcile`.
#[derive(Debug, Args)]
pub(crate) struct ReconcileArgs {
    /// The provider's export
    #[arg(long = "from", value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Only what this account served, by name or id (repeatable) [default: all accounts]
    #[arg(long = "account", value_name = "ACCOUNT")]
    pub(crate) accounts: Vec<String>,
    /// The first day that is compared [default: the export's first]
    #[arg(long, value_name = "DAY")]
    pub(crate) from_time: Option<Date>,
    /// The first day that is not any more [default: the one after the export's last]
    #[arg(long, value_name = "DAY")]
    pub(crate) to_time: Option<Date>,
    /// Where the export's days begin, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = time_zone)]
    pub(crate) time_zone: TimeZone,
    /// What the export calls NAME is MODEL at the account (repeatable)
    #[arg(long = "map", value_name = "NAME=MODEL", value_parser = name_entry)]
    pub(crate) names: Vec<(String, String)>,
    /// Let numbers differ by this part of the provider's, such as 0.01 for one percent
    #[arg(long, value_name = "PART", default_value = "0")]
    pub(crate) tolerance: Rate,
}

fn name_entry(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, model)) if !name.is_empty() && !model.is_empty() => {
            Ok((name.to_owned(), model.to_owned()))
        }
        _ => Err("expected NAME=MODEL, such as 'Claude Opus 5.5=claude-opus-5-5'".to_owned()),
    }
}
