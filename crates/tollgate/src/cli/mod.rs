//! The command line: what can be asked for, and how it is written.

mod account;
mod fallback;
mod group;
mod key;
mod ledger;
mod limit;
mod model;
mod plan;
mod quota;
mod route;
mod server;
mod statement;
mod subscription;
mod usage;
mod user;
mod voucher;
mod words;

pub(crate) use account::{
    AccountArgs, AccountClear, AccountCommand, AccountFields, BaseUrlFields, CredentialFields,
    FurtherKeyFields,
};
pub(crate) use fallback::FallbackWord;
pub(crate) use group::{GroupArgs, GroupClear, GroupCommand, GroupFields};
pub(crate) use key::{KeyArgs, KeyClear, KeyCommand, KeyFields};
pub(crate) use ledger::{LedgerArgs, LedgerCommand, ReconcileArgs};
pub(crate) use limit::{LimitArgs, LimitClear, LimitCommand, LimitFields, LimitTarget};
pub(crate) use model::{ImportPricesArgs, ModelArgs, ModelCommand, ModelFields, PlaceFields, PriceFields};
pub(crate) use plan::{AllowanceFields, PlanArgs, PlanClear, PlanCommand};
pub(crate) use quota::{OwnerFields, QuotaArgs, QuotaCommand};
pub(crate) use route::{ExplainFields, RouteArgs, RouteCommand, RouteFrom};
pub(crate) use server::{CheckArgs, DemoArgs, HealthArgs, ListenArgs, SandboxArgs};
pub(crate) use statement::{PeriodFields, StatementArgs, StatementFormat};
pub(crate) use subscription::{SubscriptionArgs, SubscriptionCommand, SubscriptionFields};
pub(crate) use usage::UsageArgs;
pub(crate) use user::{AuthorFields, UserArgs, UserCommand};
pub(crate) use voucher::{VoucherArgs, VoucherCommand};
pub(crate) use words::{Expiry, FundingWord, HoldWord, OnDisconnectWord, TokenCountingWord};

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::config::Sources;

/// One gate for every model protocol: Anthropic Messages, OpenAI Chat Completions and OpenAI Responses.
#[derive(Debug, Parser)]
#[command(name = "tollgate", version, disable_help_subcommand = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the configuration comes from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct ConfigArgs {
    /// Read this TOML file
    #[arg(long, global = true, env = "TOLLGATE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Set any configuration key, such as upstream.idle_timeout_ms=60000 (repeatable)
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    assignments: Vec<String>,
    /// Keep the database and the master key in this folder
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// Use this PostgreSQL database instead of SQLite (better in TOLLGATE_DATABASE_URL: others see flags)
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Log from this level on, such as info or info,tollgate_gateway=debug
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
}

impl ConfigArgs {
    /// The sources these flags name, with the process's environment.
    pub(crate) fn sources(&self, listen: Option<&ListenArgs>) -> Sources {
        let flags = [
            ("--listen", "listen", listen.and_then(|args| args.listen.clone())),
            ("--data-dir", "data_dir", self.data_dir.clone()),
            ("--database-url", "database_url", self.database_url.clone()),
            ("--log", "log.level", self.log.clone()),
        ];
        Sources {
            file: self.config.clone(),
            // A name or value that is not Unicode cannot be one of ours.
            environment: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            assignments: self.assignments.clone(),
            flags: flags.into_iter().filter_map(|(flag, key, value)| Some((flag, key, value?))).collect(),
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the gate with a sandbox provider, a user with balance and keys: everything to try it
    Demo(DemoArgs),
    /// Start the gate
    Serve(ListenArgs),
    /// Validate the configuration without starting
    Check(CheckArgs),
    /// Start only the sandbox provider
    Sandbox(SandboxArgs),
    /// Users: who pays
    User(UserArgs),
    /// API keys: what callers show
    Key(KeyArgs),
    /// Groups: where a key's requests may go, and at what rate
    Group(GroupArgs),
    /// Accounts: credentials at providers
    Account(Box<AccountArgs>),
    /// Models and their prices
    Model(Box<ModelArgs>),
    /// Routes: where a request would go, and why
    Route(Box<RouteArgs>),
    /// Limits: requests and tokens per minute, requests at the same time
    Limit(LimitArgs),
    /// Quotas: what a key, a user, an account or a subscription may spend in a window of time
    Quota(QuotaArgs),
    /// Plans: what subscriptions are made from
    Plan(PlanArgs),
    /// Subscriptions: a user's allowance in a group for a time
    Subscription(SubscriptionArgs),
    /// Vouchers: codes that are redeemed once
    Voucher(VoucherArgs),
    /// Usage records
    Usage(UsageArgs),
    /// What changed a user's balance in a period, from its opening to its closing
    Statement(StatementArgs),
    /// The ledger: balances, holds and what explains them
    Ledger(LedgerArgs),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Ask a running gate whether it is healthy; exit code 0 if it is
    Health(HealthArgs),
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct FormatArgs {
    /// Print JSON: snake_case names, money as decimal text
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn definitions_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
