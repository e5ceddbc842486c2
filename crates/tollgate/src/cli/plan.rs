//! `tollgate plan`.

use clap::{Args, Subcommand, ValueEnum};
use tollgate_base::Money;

use super::FormatArgs;
use super::words::time_zone_name;

/// `tollgate plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(subcommand)]
    pub(crate) command: PlanCommand,
}

/// What to do with plans. A plan is named by name or id.
#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Create a plan
    Create {
        /// The name, unique among plans
        name: String,
        /// In which group its subscriptions pay: a group's name or id
        #[arg(long)]
        group: String,
        /// How many days of 24 hours a subscription lasts
        #[arg(long)]
        days: u32,
        #[command(flatten)]
        allowance: AllowanceFields,
    },
    /// List all plans
    List,
    /// Show one plan
    Show {
        /// Name or id
        plan: String,
    },
    /// Change a plan; subscriptions that were made from it stay as they are
    Update {
        /// Name or id
        plan: String,
        /// A new name
        #[arg(long)]
        name: Option<String>,
        /// Another length
        #[arg(long)]
        days: Option<u32>,
        #[command(flatten)]
        allowance: AllowanceFields,
        /// Remove a bound, or count periods from a subscription's begin again (repeatable)
        #[arg(long, value_name = "WHAT")]
        clear: Vec<PlanClear>,
    },
    /// Remove a plan that has no subscriptions and vouchers
    Remove {
        /// Name or id
        plan: String,
    },
}

/// What may be spent.
#[derive(Debug, Args)]
pub(crate) struct AllowanceFields {
    /// At most so much a day, in dollars
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) day: Option<Money>,
    /// At most so much a week
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) week: Option<Money>,
    /// At most so much a month
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) month: Option<Money>,
    /// Count by the calendar of this place, such as Europe/Berlin [default: from the subscription's begin]
    #[arg(long, value_name = "ZONE", value_parser = time_zone_name)]
    pub(crate) time_zone: Option<String>,
}

/// What can be removed from a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanClear {
    /// The bound of a day
    Day,
    /// The bound of a week
    Week,
    /// The bound of a month
    Month,
    /// The time zone
    TimeZone,
}
