//! The `tollgate` binary: configuration, wiring, and the commands.

mod address;
mod cli;
mod clock;
mod commands;
mod config;
mod demo;
mod output;
mod serve;
mod server;
mod signals;
mod telemetry;
mod wiring;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

/// What a blocking call may still take after everything is done.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&format!("error: the runtime cannot start: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let result = runtime.block_on(commands::run(cli));
    runtime.shutdown_timeout(SHUTDOWN_PATIENCE);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has enough of it, as in `tollgate user list | head -1`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
