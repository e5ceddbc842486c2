//! `tollgate voucher`.

use clap::{Args, Subcommand};
use tollgate_base::{Money, VoucherId};

use super::{Expiry, FormatArgs};

/// `tollgate voucher`.
#[derive(Debug, Args)]
pub(crate) struct VoucherArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(subcommand)]
    pub(crate) command: VoucherCommand,
}

/// What to do with vouchers.
#[derive(Debug, Subcommand)]
pub(crate) enum VoucherCommand {
    /// Create vouchers and print their codes; they are never shown again
    Create {
        /// Each is worth so many dollars
        #[arg(long, required_unless_present = "plan", conflicts_with = "plan")]
        amount: Option<Money>,
        /// Each is worth a subscription of this plan, by name or id, or its renewal
        #[arg(long)]
        plan: Option<String>,
        /// How many, at most 10000
        #[arg(long, default_value_t = 1)]
        count: u32,
        /// When they end: never, 30d, 2027-01-31, or 2027-01-31T12:00:00Z
        #[arg(long, value_name = "WHEN")]
        expires: Option<Expiry>,
        /// A label to find them by [default: the time]
        #[arg(long, value_name = "LABEL")]
        batch: Option<String>,
    },
    /// List vouchers, without their codes
    List {
        /// Only those with this label
        #[arg(long, value_name = "LABEL")]
        batch: Option<String>,
        /// Only those that can still be redeemed
        #[arg(long)]
        unused: bool,
    },
    /// Withdraw a voucher, or all unused ones of a label
    Revoke {
        /// Its id
        #[arg(required_unless_present = "batch", conflicts_with = "batch")]
        voucher: Option<VoucherId>,
        /// All with this label
        #[arg(long, value_name = "LABEL")]
        batch: Option<String>,
    },
    /// Redeem a code for a user
    Redeem {
        /// Who gets it: a user's name or id
        #[arg(long)]
        user: String,
        /// The code; case, dashes and spaces do not matter
        code: String,
    },
}
