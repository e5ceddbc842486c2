//! The gate as its callers meet it: over a socket, with a real store and the sandbox provider behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod count_tokens;
mod endpoints;
mod errors;
mod failover;
mod holds;
mod limits;
mod limits_accounts;
mod limits_places;
mod live;
mod models;
mod passes;
mod policies;
mod postgres;
mod prices;
mod quotas;
mod refusals;
mod relay;
mod responses;
mod self_service;
mod settle;
mod settle_served;
mod stream_errors;
mod streams;
mod styles;
mod support;
mod translate;
mod translate_failures;
mod translate_state;
mod unreported;
