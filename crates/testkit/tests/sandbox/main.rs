//! The sandbox over its sockets: every protocol, every misbehaviour.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod client;
mod control;
mod faults;
mod loops;
mod prepared;
mod reasoning;
mod refused;
mod shapes;
mod steps;
mod stored;
mod streams;
mod transport;
mod vendors;
