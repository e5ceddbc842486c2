//! Test parts: the scripted sandbox provider.
//!
//! [`Sandbox`] is a provider that runs in the test's own process and speaks Anthropic Messages, OpenAI Chat
//! Completions and OpenAI Responses, plain and streamed. What it answers, and how it misbehaves, is asked for in the
//! request itself: see `docs/sandbox.md` for every directive. Answers are deterministic: the same seed and the same
//! request body give the same answer, ids included. It counts what it served, so a ledger can be reconciled with it.
//!
//! The settable clock that tests use is [`tollgate_base::ManualClock`].

mod answer;
mod ask;
mod body;
mod chat;
mod config;
mod connection;
mod control;
mod counts;
mod directive;
mod endpoints;
mod error;
mod fast;
mod keys;
mod messages;
mod models;
mod reading;
mod record;
mod respond;
mod responses;
mod route;
mod schema;
mod scope;
mod script;
mod seal;
mod seed;
mod serve;
mod server;
mod state;
mod steps;
mod strict;

mod tokens;
mod wire;

pub use config::SandboxConfig;
pub use counts::{Counts, Outcome, Served, Tally};
pub use record::Recorded;
pub use server::Sandbox;
