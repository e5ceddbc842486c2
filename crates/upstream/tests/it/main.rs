//! The client against real servers and proxies on the loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod cancel;
mod http1;
mod http2;
mod policy;
mod proxies;
mod support;
mod timeouts;
mod tls;
