//! `tollgate usage`.

use clap::Args;

use super::FormatArgs;

/// `tollgate usage`.
#[derive(Debug, Args)]
pub(crate) struct UsageArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    /// Only this user's, by name or id
    #[arg(long)]
    pub(crate) user: Option<String>,
    /// Only this key's, by name or id
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// At most so many records, newest first
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: u32,
    /// Print sums instead of records
    #[arg(long)]
    pub(crate) totals: bool,
}
