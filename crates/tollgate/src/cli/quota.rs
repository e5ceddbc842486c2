//! `tollgate quota`.

use clap::{Args, Subcommand};
use tollgate_base::{Money, QuotaId, SubscriptionId};

use super::FormatArgs;
use super::words::time_zone_name;

/// `tollgate quota`.
#[derive(Debug, Args)]
pub(crate) struct QuotaArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(subcommand)]
    pub(crate) command: QuotaCommand,
}

/// What to do with quotas.
#[derive(Debug, Subcommand)]
pub(crate) enum QuotaCommand {
    /// Set what may be spent in a window; an owner can have one quota for each window
    Set {
        #[command(flatten)]
        owner: OwnerFields,
        /// When it is full again: 5h, 1d, 7d (from the first request on), day, week, month (of the calendar), or total
        #[arg(long)]
        window: String,
        /// Where days, weeks and months begin, such as Europe/Berlin or UTC
        #[arg(long, value_name = "ZONE", value_parser = time_zone_name)]
        time_zone: Option<String>,
        /// Dollars, such as 10 or 0.50
        amount: Money,
    },
    /// List quotas with what is used and held of them
    List {
        #[command(flatten)]
        owner: OwnerFields,
    },
    /// Let a quota count anew from now on
    Reset {
        /// Its id
        quota: QuotaId,
    },
    /// Remove a quota
    Remove {
        /// Its id
        quota: QuotaId,
    },
}

/// Whose quota.
#[derive(Debug, Args)]
pub(crate) struct OwnerFields {
    /// Of this key, by name or id
    #[arg(long, conflicts_with_all = ["account", "subscription"])]
    pub(crate) key: Option<String>,
    /// Of this user, by name or id; with --key: the user whose key it is
    #[arg(long, conflicts_with_all = ["account", "subscription"])]
    pub(crate) user: Option<String>,
    /// Of this account, by name or id
    #[arg(long, conflicts_with = "subscription")]
    pub(crate) account: Option<String>,
    /// Of this subscription, by id
    #[arg(long)]
    pub(crate) subscription: Option<SubscriptionId>,
}
