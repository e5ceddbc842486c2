//! `tollgate key`.

use clap::{Args, Subcommand, ValueEnum};
use ipnet::IpNet;
use tollgate_routing::Pattern;

use super::{Expiry, FormatArgs};

/// `tollgate key`.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

/// What to do with keys. A key is named by name or id.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Create a key and print it; it is never shown again
    Create {
        /// The name
        name: String,
        /// Who pays: a user's name or id
        #[arg(long)]
        user: String,
        /// Where requests go: a group's name or id
        #[arg(long)]
        group: String,
        #[command(flatten)]
        fields: KeyFields,
    },
    /// List keys
    List {
        /// Only those of this user
        #[arg(long)]
        user: Option<String>,
        /// Only those in this group
        #[arg(long)]
        group: Option<String>,
    },
    /// Show one key (not the key itself: it is not kept)
    Show {
        /// Name or id
        key: String,
    },
    /// Change a key; a list given replaces the old one
    Update {
        /// Name or id
        key: String,
        /// A new name
        #[arg(long)]
        name: Option<String>,
        /// Another group
        #[arg(long)]
        group: Option<String>,
        #[command(flatten)]
        fields: KeyFields,
        /// Lift a restriction (repeatable)
        #[arg(long, value_name = "WHAT")]
        clear: Vec<KeyClear>,
    },
    /// Refuse a key's requests for now
    Disable {
        /// Name or id
        key: String,
    },
    /// Undo disable
    Enable {
        /// Name or id
        key: String,
    },
    /// Refuse a key's requests for good
    Revoke {
        /// Name or id
        key: String,
    },
    /// Remove a key that was never used
    Remove {
        /// Name or id
        key: String,
    },
}

/// What can be set on a key.
#[derive(Debug, Args)]
pub(crate) struct KeyFields {
    /// When it ends: never, 30d, 2027-01-31, or 2027-01-31T12:00:00Z
    #[arg(long, value_name = "WHEN")]
    pub(crate) expires: Option<Expiry>,
    /// Allow only models like this, such as claude-* (repeatable)
    #[arg(long = "model", value_name = "PATTERN")]
    pub(crate) models: Vec<Pattern>,
    /// Allow only callers in this network or at this address (repeatable)
    #[arg(long = "address", value_name = "CIDR", value_parser = network)]
    pub(crate) addresses: Vec<IpNet>,
}

/// A restriction that can be lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyClear {
    /// Any model the group serves
    Models,
    /// Any address
    Addresses,
}

fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| "expected an address or a network such as 10.0.0.0/8".to_owned())
}
