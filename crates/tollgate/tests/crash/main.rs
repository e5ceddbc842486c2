//! The built gate, killed again and again under load: afterwards every request is charged exactly once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod caller;
mod gate;
mod load;
#[path = "../../../store/tests/server/mod.rs"]
mod server;
mod verdict;

use std::time::Duration;

use tollgate_testkit::{Sandbox, SandboxConfig};

use crate::gate::Gate;

/// How often the gate is killed. `TOLLGATE_CRASH_ROUNDS` asks for more.
const ROUNDS: u64 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    kill_and_count(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let url = server::create("crash_").await;
    kill_and_count(Some(url.clone())).await;
    server::drop(&url).await;
}

/// Loads a gate, kills it in the middle, starts it again on what it left, and in the end holds its books against the
/// sandbox's own.
async fn kill_and_count(database_url: Option<String>) {
    let rounds =
        std::env::var("TOLLGATE_CRASH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let seed = std::env::var("TOLLGATE_CRASH_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    println!("TOLLGATE_CRASH_SEED={seed} TOLLGATE_CRASH_ROUNDS={rounds}");
    let sandbox = SandboxConfig { log_limit: 1_000_000, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(sandbox).await.unwrap();
    let gate = Gate::new(database_url);
    let keys = gate.furnish(&sandbox.base_url()).await;
    let mut told = Vec::new();
    for round in 0..rounds {
        let running = gate.start().await;
        let lasting = Duration::from_millis(150 + (seed * 7919 + round * 104_729) % 450);
        let calling = load::start(running.address(), &keys, seed * 1_000 + round);
        tokio::time::sleep(lasting).await;
        running.kill();
        told.extend(calling.end());
    }
    // Recovery runs at the start; then everything is settled in good order.
    gate.start().await.stop().await;
    gate.verify();
    let records = gate.records().await;
    verdict::judge(&records, &told, &sandbox.counts().served);
}
