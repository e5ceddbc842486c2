//! Shaping: how an account's or a group's requests are changed on their way to the provider.
//!
//! It is data that the operator writes. [`Shaping::check`] says what of it cannot be used before it is saved; afterwards
//! nothing about it can fail.

mod additions;
mod apply;
mod check;
mod rules;

pub use additions::Additions;
pub use apply::{Shaped, Shaping};
pub use rules::{BetaRules, BodyRule, ClampRule, HeaderRules, JsonText};
