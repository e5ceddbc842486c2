//! Arguments of the commands that start or ask a server.

use std::net::SocketAddr;

use clap::Args;

/// Where the gate listens.
#[derive(Debug, Default, Args)]
pub(crate) struct ListenArgs {
    /// Listen on this address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
}

/// `tollgate demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// Use real providers, with the keys in ANTHROPIC_API_KEY, OPENAI_API_KEY, DEEPSEEK_API_KEY,
    /// ZHIPU_API_KEY and MIMO_API_KEY, instead of the sandbox
    #[arg(long)]
    pub(crate) real: bool,
}

/// `tollgate check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// Open the store too (creates and migrates it, as a start would)
    #[arg(long)]
    pub(crate) store: bool,
    /// Print every key, its value and where it came from
    #[arg(long)]
    pub(crate) show: bool,
    /// Only print the reference of all keys, in Markdown
    #[arg(long, conflicts_with_all = ["store", "show"])]
    pub(crate) reference: bool,
}

/// `tollgate sandbox`.
#[derive(Debug, Args)]
pub(crate) struct SandboxArgs {
    /// Listen on this address and port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8788")]
    pub(crate) listen: SocketAddr,
    /// Answers are a function of the request and this number
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Refuse callers without the key in this environment variable
    #[arg(long, value_name = "NAME")]
    pub(crate) api_key_env: Option<String>,
}

/// `tollgate health`.
#[derive(Debug, Args)]
pub(crate) struct HealthArgs {
    #[command(flatten)]
    pub(crate) listen: ListenArgs,
    /// Ask /readyz (is the store reachable, is it not draining) instead of /healthz
    #[arg(long)]
    pub(crate) ready: bool,
    /// Give up after so many milliseconds
    #[arg(long, default_value_t = 3000, value_name = "MS")]
    pub(crate) timeout_ms: u64,
}
