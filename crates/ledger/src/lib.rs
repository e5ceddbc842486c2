//! The rules of holding money: the most that a request can cost, and what a wallet can still pay.
//!
//! Beside the wallet, a quota bounds what may be spent in a window of time: it is held, closed and charged in the same way.
//!
//! A request's hold is taken before its caller sees a byte and closed once, when the request is settled. The store makes
//! both durable and has the last word; a [`NodeWallet`] is what a node knows of it between two commits.
//!
//! This crate is pure: no clock, no store, no floating point. Time zones come with the program.

mod bound;
mod node_wallet;
mod prompt;
mod quota;
mod wallet;
mod window;

pub use bound::{Ask, CacheWrites, Calls, most_it_can_cost};
pub use node_wallet::NodeWallet;
pub use prompt::{most_prompt_tokens, prompt_tokens_by_size};
pub use quota::Quota;
pub use wallet::Wallet;
pub use window::{Period, Span, Window, WindowError};
