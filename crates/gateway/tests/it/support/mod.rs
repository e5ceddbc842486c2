//! What the tests stand on: a gate with everything behind it, a client, and readers of errors and records.

pub(crate) mod client;
pub(crate) mod error_table;
pub(crate) mod kind;
pub(crate) mod lane;
pub(crate) mod said;
pub(crate) mod sse;
pub(crate) mod world;

pub(crate) use client::{Call, Reply};
pub(crate) use kind::Kind;
pub(crate) use lane::Lane;
pub(crate) use world::{Setup, World};

use std::future::Future;
use std::time::Duration;

/// How long anything that has to happen may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Asks again and again until there is an answer.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    mut ask: impl FnMut() -> F,
) -> T {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, asking).await.unwrap_or_else(|_| panic!("never happened: {what}"))
}
