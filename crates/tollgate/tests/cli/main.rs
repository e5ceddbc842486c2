//! The built binary, from the outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod basics;
mod demo;
mod entities;
mod ledger;
mod limits;
mod prices;
mod quotas;
mod reconcile;
mod routes;
mod statements;
mod sticky;
mod support;
mod upkeep;
mod usage;
