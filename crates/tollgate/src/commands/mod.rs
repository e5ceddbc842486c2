//! What each subcommand does.

mod account;
mod author;
mod check;
mod find;
mod group;
mod health;
mod key;
mod ledger;
mod limit;
mod model;
mod plan;
mod quota;
mod route;
mod sandbox;
mod shaping;
mod statement;
mod subscription;
mod text;
mod usage;
mod user;
mod voucher;

use clap::CommandFactory;
use tollgate_base::{Clock, Timestamp};

use crate::cli::{Cli, Command, ListenArgs};
use crate::clock::SystemClock;
use crate::config::{self, Config, Effective};
use crate::serve::with_store;
use crate::wiring::default_price;
use crate::{demo, output, serve, telemetry};

/// Runs the command.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<()> {
    // These need no configuration, and a broken one must not keep them from working.
    match &cli.command {
        Command::Check(args) if args.reference => return Ok(output::text(&config::reference_page())?),
        Command::Completions { shell } => return completions(*shell),
        Command::Sandbox(args) => return Box::pin(sandbox::run(args)).await,
        _ => {}
    }
    let (config, effective) = cli.config.sources(listen(&cli.command)).load()?;
    telemetry::start(&config)?;
    Box::pin(run_configured(cli.command, config, effective)).await
}

async fn run_configured(command: Command, config: Config, effective: Vec<Effective>) -> anyhow::Result<()> {
    match command {
        Command::Demo(args) => demo::run(&args, &config).await,
        Command::Serve(_) => serve::run(&config).await,
        Command::Check(args) => check::run(&args, &config, &effective).await,
        Command::Health(args) => health::run(&args, config.listen).await,
        Command::User(args) => with_store(&config, async |store| user::run(args, store).await).await,
        Command::Key(args) => with_store(&config, async |store| key::run(args, store).await).await,
        Command::Group(args) => with_store(&config, async |store| group::run(args, store).await).await,
        Command::Account(args) => with_store(&config, async |store| account::run(*args, store).await).await,
        Command::Model(args) => {
            Box::pin(with_store(&config, async |store| model::run(*args, store).await)).await
        }
        Command::Route(args) => {
            let default_price = default_price(&config);
            with_store(&config, async |store| route::run(*args, store, default_price).await).await
        }
        Command::Limit(args) => with_store(&config, async |store| limit::run(args, store).await).await,
        Command::Quota(args) => with_store(&config, async |store| quota::run(args, store).await).await,
        Command::Plan(args) => with_store(&config, async |store| plan::run(args, store).await).await,
        Command::Subscription(args) => {
            with_store(&config, async |store| subscription::run(args, store).await).await
        }
        Command::Voucher(args) => with_store(&config, async |store| voucher::run(args, store).await).await,
        Command::Statement(args) => {
            with_store(&config, async |store| statement::run(args, store).await).await
        }
        Command::Usage(args) => with_store(&config, async |store| usage::run(args, store).await).await,
        Command::Ledger(args) => with_store(&config, async |store| ledger::run(args, store).await).await,
        Command::Completions { shell } => completions(shell),
        Command::Sandbox(args) => sandbox::run(&args).await,
    }
}

/// The time by this machine's clock.
fn now() -> Timestamp {
    SystemClock.now()
}

/// The `--listen` of the commands that have one.
fn listen(command: &Command) -> Option<&ListenArgs> {
    match command {
        Command::Demo(args) => Some(&args.listen),
        Command::Serve(args) => Some(args),
        Command::Check(args) => Some(&args.listen),
        Command::Health(args) => Some(&args.listen),
        _ => None,
    }
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tollgate", &mut script);
    Ok(output::text(&String::from_utf8_lossy(&script))?)
}
