//! What is remembered of an account: its circuit breakers, and how long its answers take to begin.
//!
//! All of it is told the time and random bits, so that the gateway and a simulation run the same code.

mod account;
mod attention;
mod breaker;
mod first_byte;

pub use account::{AccountState, Kept, Noticed, Permit};
pub use breaker::{Begun, Breaker};
pub use first_byte::PeakEwma;
