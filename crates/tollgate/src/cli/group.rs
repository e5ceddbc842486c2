//! `tollgate group`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use tollgate_base::{Money, Rate};
use tollgate_pricing::HourlyRates;
use tollgate_routing::{Pattern, Platform, Policy};

use super::fallback::FallbackWord;
use super::words::{hourly_rates, mapping_entry, whole_millis, whole_seconds};
use super::{FormatArgs, FundingWord, HoldWord, OnDisconnectWord, TokenCountingWord};

/// `tollgate group`.
#[derive(Debug, Args)]
pub(crate) struct GroupArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(subcommand)]
    pub(crate) command: GroupCommand,
}

/// What to do with groups. A group is named by name or id.
#[derive(Debug, Subcommand)]
pub(crate) enum GroupCommand {
    /// Create a group
    Create {
        /// The name, unique among groups
        name: String,
        /// Whose API the group speaks to its providers: anthropic or openai
        #[arg(long)]
        platform: Platform,
        #[command(flatten)]
        fields: GroupFields,
    },
    /// List all groups
    List,
    /// Show one group
    Show {
        /// Name or id
        group: String,
    },
    /// Change a group; mappings, routes and fallbacks given replace the old ones
    Update {
        /// Name or id
        group: String,
        /// A new name
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        fields: GroupFields,
        /// Remove a setting (repeatable)
        #[arg(long, value_name = "WHAT")]
        clear: Vec<GroupClear>,
    },
    /// Refuse all requests of a group
    Disable {
        /// Name or id
        group: String,
    },
    /// Undo disable
    Enable {
        /// Name or id
        group: String,
    },
    /// Remove a group
    Remove {
        /// Name or id
        group: String,
    },
}

/// What can be set on a group.
#[derive(Debug, Args)]
pub(crate) struct GroupFields {
    /// Multiply every charge by this
    #[arg(long)]
    pub(crate) rate: Option<Rate>,
    /// Send the model FROM (a name, or a pattern with *) on as TO (repeatable)
    #[arg(long = "map", value_name = "FROM=TO", value_parser = mapping_entry)]
    pub(crate) mapping: Vec<(Pattern, String)>,
    /// How /v1/messages/count_tokens is answered
    #[arg(long, value_name = "HOW")]
    pub(crate) token_counting: Option<TokenCountingWord>,
    /// What is held of a balance before a request is answered
    #[arg(long, value_name = "WHAT")]
    pub(crate) hold: Option<HoldWord>,
    /// Let holds go this far below zero, in dollars
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) credit_line: Option<Money>,
    /// What becomes of an answer whose caller has left
    #[arg(long, value_name = "WHAT")]
    pub(crate) on_disconnect: Option<OnDisconnectWord>,
    /// From what requests are paid
    #[arg(long, value_name = "WHAT")]
    pub(crate) funding: Option<FundingWord>,
    /// Other rates by the hour, such as
    /// {"time_zone":"Asia/Shanghai","from":"09:00","to":"18:00","days":["mon","fri"],"rate":"1.5"}; one or a list
    #[arg(long, value_name = "JSON", value_parser = hourly_rates)]
    pub(crate) peak_hours: Option<HourlyRates>,
    /// Keep a session on its account for so long after its last request, such as 1h; 0s: keep none [default: 1h]
    #[arg(long, value_name = "DURATION", value_parser = whole_seconds)]
    pub(crate) sticky_ttl: Option<u32>,
    /// Wait so long for a session's account while that is at its limit, such as 3s [default: 3s]
    #[arg(long, value_name = "DURATION", value_parser = whole_millis)]
    pub(crate) sticky_wait: Option<u32>,
    /// Have requests for the model PATTERN served by the accounts of GROUP, a name or id (repeatable)
    #[arg(long = "route", value_name = "PATTERN=GROUP", value_parser = mapping_entry)]
    pub(crate) routes: Vec<(Pattern, String)>,
    /// How requests that its accounts serve are changed on their way out: a file of JSON, see docs/shaping.md
    #[arg(long, value_name = "FILE")]
    pub(crate) shaping: Option<PathBuf>,
    /// Where requests go that could not be served, such as overload,context:model=glm-5,group=backup; reasons are
    /// overload, context and refusal (repeatable, tried in order)
    #[arg(long = "fallback", value_name = "WHY:WHERE")]
    pub(crate) fallbacks: Vec<FallbackWord>,
    /// In which order accounts are tried: priority, weighted, cheapest or fastest
    #[arg(long)]
    pub(crate) policy: Option<Policy>,
}

/// A setting that can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GroupClear {
    /// All mappings
    Map,
    /// All rates by the hour
    PeakHours,
    /// All routes to other groups
    Routes,
    /// All shaping
    Shaping,
    /// All fallbacks
    Fallbacks,
}
