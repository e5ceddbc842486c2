//! `tollgate limit`.

use std::num::{NonZeroU32, NonZeroU64};

use clap::{Args, Subcommand, ValueEnum};

use super::FormatArgs;

/// `tollgate limit`.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(subcommand)]
    pub(crate) command: LimitCommand,
}

/// What to do with limits.
#[derive(Debug, Subcommand)]
pub(crate) enum LimitCommand {
    /// Limit something; values that are not named stay as they are
    Set {
        #[command(flatten)]
        target: LimitTarget,
        #[command(flatten)]
        fields: LimitFields,
        /// Lift one of its limits (repeatable)
        #[arg(long, value_name = "WHAT")]
        clear: Vec<LimitClear>,
    },
    /// List all limits
    List,
    /// Show the limits of one thing
    Show {
        #[command(flatten)]
        target: LimitTarget,
    },
    /// Lift all limits of one thing
    Remove {
        #[command(flatten)]
        target: LimitTarget,
    },
}

/// What a limit is set on: exactly one.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct LimitTarget {
    /// A key: its name, id or hint
    #[arg(long, conflicts_with_all = ["group", "account", "model"], required_unless_present_any = ["user", "group", "account", "model"])]
    pub(crate) key: Option<String>,
    /// A user, with all keys together: name or id. With --key: whose key it is
    #[arg(long, conflicts_with_all = ["group", "account", "model"])]
    pub(crate) user: Option<String>,
    /// A group as a whole, with all its keys together: name or id
    #[arg(long, conflicts_with_all = ["account", "model"])]
    pub(crate) group: Option<String>,
    /// Not the group as a whole but each of its keys, where the key has no value of its own
    #[arg(long, requires = "group", conflicts_with_all = ["key", "user", "account", "model"])]
    pub(crate) each_key: bool,
    /// An account: name or id
    #[arg(long, conflicts_with = "model")]
    pub(crate) account: Option<String>,
    /// A model, or pattern, by the name that `tollgate model list` shows
    #[arg(long)]
    pub(crate) model: Option<String>,
}

/// How much it may use.
#[derive(Debug, Args)]
pub(crate) struct LimitFields {
    /// Requests per minute
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroU32>)]
    pub(crate) rpm: Option<NonZeroU32>,
    /// Tokens per minute: prompt, cache writes and output; cache reads do not count
    #[arg(long, value_name = "N", value_parser = tokens)]
    pub(crate) tpm: Option<NonZeroU64>,
    /// Requests at the same time; not for a group as a whole or a model
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroU32>)]
    pub(crate) concurrency: Option<NonZeroU32>,
}

/// A limit that can be lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LimitClear {
    /// Requests per minute
    Rpm,
    /// Tokens per minute
    Tpm,
    /// Requests at the same time
    Concurrency,
}

fn at_least_one<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    if text.trim_start_matches('+').trim_start_matches('0').is_empty() && !text.is_empty() {
        return Err(
            "0 would let nothing through: use `disable` (tollgate key, user, group, account) to switch \
                    something off, or `limit remove` to lift a limit"
                .to_owned(),
        );
    }
    text.parse().map_err(|_| "expected a whole number from 1 on".to_owned())
}

/// The store counts in 63 bits.
fn tokens(text: &str) -> Result<NonZeroU64, String> {
    let tokens: NonZeroU64 = at_least_one(text)?;
    match i64::try_from(tokens.get()) {
        Ok(_) => Ok(tokens),
        Err(_) => Err(format!("expected at most {}", i64::MAX)),
    }
}
