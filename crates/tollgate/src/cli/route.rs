//! `tollgate route`.

use clap::{Args, Subcommand};
use tollgate_protocol::Protocol;

use super::FormatArgs;

/// `tollgate route`.
#[derive(Debug, Args)]
pub(crate) struct RouteArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(subcommand)]
    pub(crate) command: RouteCommand,
}

/// What to ask about routes.
#[derive(Debug, Subcommand)]
pub(crate) enum RouteCommand {
    /// Tell for every account of a group whether a request may go there, in which order, and why
    Explain(ExplainFields),
}

/// The request that is asked about.
#[derive(Debug, Args)]
pub(crate) struct ExplainFields {
    #[command(flatten)]
    pub(crate) from: RouteFrom,
    /// The model as the caller writes it
    #[arg(long)]
    pub(crate) model: String,
    /// The protocol the caller speaks: messages, chat or responses [default: the platform's own]
    #[arg(long)]
    pub(crate) protocol: Option<Protocol>,
    /// It brings tools
    #[arg(long)]
    pub(crate) tools: bool,
    /// It holds pictures
    #[arg(long)]
    pub(crate) images: bool,
    /// It holds documents
    #[arg(long)]
    pub(crate) documents: bool,
    /// It asks the model to think
    #[arg(long)]
    pub(crate) thinking: bool,
    /// It asks for an answer by a JSON schema
    #[arg(long)]
    pub(crate) schema: bool,
    /// About how many tokens its prompt has
    #[arg(long, value_name = "TOKENS", default_value_t = 0)]
    pub(crate) prompt_tokens: u64,
    /// How many tokens of answer it asks for
    #[arg(long, value_name = "TOKENS")]
    pub(crate) max_tokens: Option<u64>,
    /// The account that its session is bound to, by name or id
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) bound_to: Option<String>,
}

/// Where it comes from.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct RouteFrom {
    /// The key it comes with, by name, id or hint
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// The group, by name or id
    #[arg(long)]
    pub(crate) group: Option<String>,
}
