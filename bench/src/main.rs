//! Measures the gate beside a bare proxy in one run: CPU per request and per event, added latency, memory.
//!
//! `run` starts everything as processes of their own, so that each one's CPU time is its own: the scripted provider,
//! a bare hyper proxy in front of it, and the gate in front of it with keys, billing and durable records on.

mod bodies;
mod cases;
mod driver;
mod latency;
mod peers;
mod procfs;
mod proxy;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use tollgate_testkit::{Sandbox, SandboxConfig};

#[derive(Parser)]
#[command(about = "Measures the gate beside a bare proxy in one run")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measures everything and prints the tables.
    Run(RunArguments),
    /// The scripted provider with prepared answers.
    Provider {
        #[arg(long)]
        listen: SocketAddr,
        /// Text events in a stream.
        #[arg(long, default_value_t = 100)]
        events: usize,
        /// The pause before each event.
        #[arg(long, default_value_t = 0)]
        interval_us: u64,
        /// Follow the directives in prompts instead of answering with what is prepared.
        #[arg(long)]
        scripted: bool,
    },
    /// A reverse proxy that does nothing but pass on: hyper's server and pooled client connections.
    Proxy {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        upstream: SocketAddr,
    },
}

/// How `run` measures.
#[derive(clap::Args)]
struct RunArguments {
    /// The gate's binary.
    #[arg(long)]
    gate: PathBuf,
    /// How long each case is measured, after a warm-up of a third of it.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Only the cases whose name holds this.
    #[arg(long, default_value = "")]
    only: String,
    /// Let the gate use this empty PostgreSQL database; for one case at a time.
    #[arg(long)]
    database_url: Option<String>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command {
            Command::Run(run) => cases::run(&run).await,
            Command::Provider { listen, events, interval_us, scripted } => {
                provider(listen, events, interval_us, scripted).await
            }
            Command::Proxy { listen, upstream } => proxy::serve(listen, upstream).await,
        }
    })
}

async fn provider(listen: SocketAddr, events: usize, interval_us: u64, scripted: bool) -> anyhow::Result<()> {
    let config = SandboxConfig {
        listen,
        fast: !scripted,
        fast_events: events,
        fast_interval: Duration::from_micros(interval_us),
        log_limit: 0,
        ..SandboxConfig::default()
    };
    let _sandbox = Sandbox::start(config).await?;
    std::future::pending::<()>().await;
    Ok(())
}
