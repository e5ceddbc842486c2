//! `tollgate user`.

use clap::{Args, Subcommand};
use tollgate_base::{Money, Rate};

use super::FormatArgs;

/// `tollgate user`.
#[derive(Debug, Args)]
pub(crate) struct UserArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(subcommand)]
    pub(crate) command: UserCommand,
}

/// What to do with users. A user is named by name or id.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a user
    Create {
        /// The name, unique among users
        name: String,
        /// Multiply every charge of the user by this
        #[arg(long, default_value = "1")]
        rate: Rate,
        /// Start with this balance in dollars
        #[arg(long, default_value = "0", value_name = "AMOUNT")]
        balance: Money,
        #[command(flatten)]
        author: AuthorFields,
    },
    /// List all users
    List,
    /// Show one user
    Show {
        /// Name or id
        user: String,
    },
    /// Change a user
    Update {
        /// Name or id
        user: String,
        /// A new name
        #[arg(long)]
        name: Option<String>,
        /// A new rate
        #[arg(long)]
        rate: Option<Rate>,
    },
    /// Set what a user pays in a group instead of the group's rate, at every hour
    Rate {
        /// Name or id
        user: String,
        /// The group: name or id
        #[arg(long)]
        group: String,
        /// The rate; the user's own still multiplies it
        #[arg(required_unless_present = "clear")]
        rate: Option<Rate>,
        /// Go back to the group's rate
        #[arg(long, conflicts_with = "rate")]
        clear: bool,
    },
    /// Add to a user's balance; a negative amount takes from it
    Topup {
        /// Name or id
        user: String,
        /// Dollars, such as 10 or 0.50
        #[arg(allow_negative_numbers = true)]
        amount: Money,
        /// Why, for the balance's journal
        #[arg(long, default_value = "topup")]
        reason: String,
        #[command(flatten)]
        author: AuthorFields,
    },
    /// List what was added to a user's balance and taken from it, other than by usage; newest first
    Entries {
        /// Name or id
        user: String,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Refuse all requests of a user
    Disable {
        /// Name or id
        user: String,
    },
    /// Undo disable
    Enable {
        /// Name or id
        user: String,
    },
    /// Remove a user
    Remove {
        /// Name or id
        user: String,
    },
}

/// Who changes a balance.
#[derive(Debug, Args)]
pub(crate) struct AuthorFields {
    /// Who does it, for the balance's journal [default: cli: and the name of the system's user]
    #[arg(long, value_name = "NAME")]
    pub(crate) author: Option<String>,
}
