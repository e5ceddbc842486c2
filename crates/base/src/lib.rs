//! Ids, money, usage, secrets and time: the words every other crate is written in.
//!
//! This crate is pure. It knows no runtime, no socket, no clock of its own and no environment, and no
//! floating-point number touches money in it.

mod id;
mod money;
mod rate;
mod secret;
mod time;
mod usage;

pub use id::{
    AccountId, GroupId, IdError, KeyId, NodeId, PlanId, QuotaId, RequestId, SubscriptionId, UserId, VoucherId,
};
pub use money::{DecimalError, Money, TokenPrice, format_decimal};
pub use rate::Rate;
pub use secret::Secret;
pub use time::{Clock, ManualClock, Timestamp};
pub use usage::Usage;
