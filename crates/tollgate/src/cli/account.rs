//! `tollgate account`.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use tollgate_base::Rate;
use tollgate_routing::failover::FailoverRule;
use tollgate_routing::{AuthScheme, Pattern, Platform};

use super::FormatArgs;
use super::words::{AbilityWord, FamilyWord, mapping_entry};

/// `tollgate account`.
#[derive(Debug, Args)]
pub(crate) struct AccountArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(subcommand)]
    pub(crate) command: AccountCommand,
}

/// What to do with accounts. An account is named by name or id.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Create an account
    Create {
        /// The name, unique among accounts
        name: String,
        /// Whose API it speaks: anthropic or openai
        #[arg(long)]
        platform: Platform,
        #[command(flatten)]
        urls: BaseUrlFields,
        #[command(flatten)]
        credential: CredentialFields,
        #[command(flatten)]
        fields: AccountFields,
    },
    /// List all accounts
    List,
    /// Show one account, without its credential
    Show {
        /// Name or id
        account: String,
    },
    /// Change an account; a list given replaces the old one
    Update {
        /// Name or id
        account: String,
        /// A new name
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        urls: BaseUrlFields,
        #[command(flatten)]
        credential: CredentialFields,
        #[command(flatten)]
        fields: AccountFields,
        #[command(flatten)]
        keys: FurtherKeyFields,
        /// Remove a setting (repeatable)
        #[arg(long, value_name = "WHAT")]
        clear: Vec<AccountClear>,
    },
    /// Send nothing to an account for now
    Disable {
        /// Name or id
        account: String,
    },
    /// Undo disable
    Enable {
        /// Name or id
        account: String,
    },
    /// Remove an account
    Remove {
        /// Name or id
        account: String,
    },
    /// Take an account's mark away: somebody has looked at why its credential was refused
    ClearAttention {
        /// Name or id
        account: String,
    },
}

/// Where a provider is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Addresses")]
pub(crate) struct BaseUrlFields {
    /// The base URL for every protocol of the platform
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The base URL for Anthropic Messages
    #[arg(long, value_name = "URL")]
    pub(crate) base_url_messages: Option<String>,
    /// The base URL for OpenAI Chat Completions
    #[arg(long, value_name = "URL")]
    pub(crate) base_url_chat: Option<String>,
    /// The base URL for OpenAI Responses
    #[arg(long, value_name = "URL")]
    pub(crate) base_url_responses: Option<String>,
}

/// Where the credential is read from: never from the command line, which others see.
#[derive(Debug, Args)]
#[command(next_help_heading = "Credential")]
#[group(multiple = false)]
pub(crate) struct CredentialFields {
    /// Take the credential from this environment variable
    #[arg(long, value_name = "NAME")]
    pub(crate) credential_env: Option<String>,
    /// Take the credential from this file
    #[arg(long, value_name = "FILE")]
    pub(crate) credential_file: Option<PathBuf>,
    /// Take the credential from standard input
    #[arg(long)]
    pub(crate) credential_stdin: bool,
}

/// What can be set on an account.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings")]
pub(crate) struct AccountFields {
    /// Whose habits it has, such as deepseek or vllm; auto tells by the addresses [default: auto]
    #[arg(long, value_name = "FAMILY")]
    pub(crate) family: Option<FamilyWord>,
    /// How the credential is sent: x-api-key or bearer [default: the platform's way]
    #[arg(long, value_name = "SCHEME")]
    pub(crate) auth: Option<AuthScheme>,
    /// Serve only models like this, such as claude-* (repeatable) [default: any]
    #[arg(long = "model", value_name = "PATTERN")]
    pub(crate) models: Vec<Pattern>,
    /// Send the model FROM (a name, or a pattern with *) on as TO (repeatable)
    #[arg(long = "map", value_name = "FROM=TO", value_parser = mapping_entry)]
    pub(crate) mapping: Vec<(Pattern, String)>,
    /// Serve this group, by name or id (repeatable)
    #[arg(long = "group", value_name = "GROUP")]
    pub(crate) groups: Vec<String>,
    /// Lower is tried first
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) priority: Option<i32>,
    /// The share among accounts of one priority
    #[arg(long)]
    pub(crate) weight: Option<u32>,
    /// What the provider charges, as a part of the list price: 0.8 with a discount of 20 %
    #[arg(long)]
    pub(crate) rate: Option<Rate>,
    /// Reach the provider through this proxy: http, https or socks5
    #[arg(long, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Whether the provider counts tokens (/v1/messages/count_tokens)
    #[arg(long, value_name = "BOOL")]
    pub(crate) count_tokens: Option<bool>,
    /// What the account cannot take, such as vision,documents [default: what the model can, it can]
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub(crate) cannot: Vec<AbilityWord>,
    /// How many tokens prompt and answer may have together there [default: the model's own]
    #[arg(long, value_name = "TOKENS")]
    pub(crate) context_window: Option<NonZeroU64>,
    /// How many tokens an answer may have there [default: the model's own]
    #[arg(long, value_name = "TOKENS")]
    pub(crate) max_output: Option<NonZeroU64>,
    /// How requests are changed on their way to it: a file of JSON, see docs/shaping.md
    #[arg(long, value_name = "FILE")]
    pub(crate) shaping: Option<PathBuf>,
    /// The provider's organization that it belongs to: accounts of one name take each other's signed reasoning
    #[arg(long, value_name = "NAME")]
    pub(crate) organization: Option<String>,
    /// What is done when it fails, such as 'status=429 keyword="daily limit" action=next cool=3600' (repeatable; the first
    /// that matches holds, docs/failover.md) [default: the gate's table]
    #[arg(long = "failover", value_name = "RULE")]
    pub(crate) failover: Vec<FailoverRule>,
    /// Ask it for one token every so many seconds while it is left alone, to find it well again [default: never]
    #[arg(long, value_name = "SECONDS", requires = "probe_model")]
    pub(crate) probe_every: Option<u32>,
    /// The model that probes ask for, by the provider's name
    #[arg(long, value_name = "MODEL", requires = "probe_every")]
    pub(crate) probe_model: Option<String>,
    /// Probe it while it is well, too
    #[arg(long, requires = "probe_every")]
    pub(crate) probe_always: bool,
}

/// Keys beside the first. All keys of an account belong to one organization at its provider.
#[derive(Debug, Args)]
#[command(next_help_heading = "Further keys")]
#[group(multiple = true)]
pub(crate) struct FurtherKeyFields {
    /// Add the key in this environment variable: requests take turns
    #[arg(long, value_name = "NAME", conflicts_with_all = ["add_credential_file", "add_credential_stdin"])]
    pub(crate) add_credential_env: Option<String>,
    /// Add the key in this file
    #[arg(long, value_name = "FILE", conflicts_with = "add_credential_stdin")]
    pub(crate) add_credential_file: Option<PathBuf>,
    /// Add the key on standard input
    #[arg(long, conflicts_with = "credential_stdin")]
    pub(crate) add_credential_stdin: bool,
    /// Remove the further key with this hint or number (#2), as shown by `account show`
    #[arg(long, value_name = "HINT")]
    pub(crate) remove_credential: Option<String>,
}

/// A setting that can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AccountClear {
    /// Any model
    Models,
    /// All mappings
    Map,
    /// All groups
    Groups,
    /// The proxy
    Proxy,
    /// The base URL for Anthropic Messages
    BaseUrlMessages,
    /// The base URL for OpenAI Chat Completions
    BaseUrlChat,
    /// The base URL for OpenAI Responses
    BaseUrlResponses,
    /// The organization
    Organization,
    /// The rules of failover
    Failover,
    /// The probe
    Probe,
    /// All shaping
    Shaping,
    /// What it cannot take
    Cannot,
    /// Its own context window
    ContextWindow,
    /// Its own longest answer
    MaxOutput,
}
