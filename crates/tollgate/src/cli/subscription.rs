//! `tollgate subscription`.

use clap::{Args, Subcommand};
use tollgate_base::SubscriptionId;

use super::words::PointInTime;
use super::{AllowanceFields, FormatArgs};

/// `tollgate subscription`.
#[derive(Debug, Args)]
pub(crate) struct SubscriptionArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(subcommand)]
    pub(crate) command: SubscriptionCommand,
}

/// What to do with subscriptions. A subscription is named by its id.
#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionCommand {
    /// Create a subscription, from a plan or for a group
    Create(Box<SubscriptionFields>),
    /// List subscriptions
    List {
        /// Only those of this user
        #[arg(long)]
        user: Option<String>,
        /// Only those in this group
        #[arg(long)]
        group: Option<String>,
        /// Only those that pay now
        #[arg(long)]
        active: bool,
    },
    /// Show one subscription, with what is used of each window
    Show {
        /// Its id
        subscription: SubscriptionId,
    },
    /// Let a subscription last longer: from its end on, or from now on where it has expired
    Renew {
        /// Its id
        subscription: SubscriptionId,
        /// How many days [default: as many as its plan says]
        #[arg(long)]
        days: Option<u32>,
    },
    /// End a subscription now, for good
    Cancel {
        /// Its id
        subscription: SubscriptionId,
    },
}

/// A subscription to be created.
#[derive(Debug, Args)]
pub(crate) struct SubscriptionFields {
    /// Whose: a user's name or id
    #[arg(long)]
    pub(crate) user: String,
    /// Take group, length and amounts from this plan, by name or id
    #[arg(long, required_unless_present = "group", conflicts_with_all = ["group", "day", "week", "month", "time_zone"])]
    pub(crate) plan: Option<String>,
    /// In which group it pays, by name or id
    #[arg(long, requires = "days")]
    pub(crate) group: Option<String>,
    /// How many days of 24 hours it lasts [default: as many as the plan says]
    #[arg(long)]
    pub(crate) days: Option<u32>,
    /// From when on it pays: 2027-01-31 (UTC) or 2027-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "WHEN")]
    pub(crate) starts: Option<PointInTime>,
    #[command(flatten)]
    pub(crate) allowance: AllowanceFields,
}
