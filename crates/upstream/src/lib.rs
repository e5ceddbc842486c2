//! HTTP client to providers: pools, TLS, proxies, phase timeouts.
//!
//! One [`Client`] serves every account. [`Client::endpoint`] reads and checks a base URL once; [`Client::send`]
//! sends one request there and gives back an [`Answer`] whose body is read chunk by chunk. It runs on
//! `hyper::client::conn` with a pool of its own:
//!
//! - HTTP/1.1 connections wait in a stack, the last used first; a dead one is thrown away when it is met.
//! - HTTP/2 is spoken where TLS negotiates it, on as many connections as the load needs: each takes at most the
//!   streams its server allows, and a burst dials only as many as it can fill.
//! - Dropping an [`Answer`], or the future of [`Client::send`], cancels the request upstream.
//! - Redirects are answers like any other; nothing is decompressed; no cookies are kept.
//!
//! Addresses inside the operator's network are refused after the name is resolved, on the very address that is
//! connected to, unless the configuration allows them ([`AllowPrivate`]).

mod answer;
mod body;
mod client;
mod config;
mod dial;
mod endpoint;
mod error;
mod policy;
mod pool;
mod proxy;
mod stream;
mod tls;
mod watch;

pub use answer::{Answer, AnswerBody};
pub use client::Client;
pub use config::{AllowPrivate, ClientConfig, Http2Mode, Timeouts};
pub use endpoint::{Endpoint, RequestHead};
pub use error::{Kind, Phase, UpstreamError};
pub use policy::is_public;
