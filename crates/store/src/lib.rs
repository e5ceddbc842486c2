//! The durable store: SQLite or PostgreSQL behind one type.
//!
//! [`Store`] keeps users, API keys, groups, accounts, models, balances, holds, usage records and who owns a response. Every
//! statement is written once and runs on both databases: a thin layer (`db`) hides the drivers, and the tests run the
//! same suite on each. API keys are kept as keyed hashes, credentials sealed under the [`MasterKey`].
//!
//! Money: [`Store::apply`] holds what requests may cost, and writes usage records, closes their holds and takes their
//! cost from the balances in one transaction; a record is charged once, however often it is handed in.
//! [`Store::verify_ledger`] recomputes every balance and every sum of holds.

mod accounts;
mod api_key;
mod balance;
mod catalog;
mod config;
mod db;
mod error;
mod groups;
mod kept;
mod keys;
mod ledger;
mod location;
mod migrate;
mod models;
mod name;
mod postgres;
mod quotas;
mod responses;
mod secrets;
mod sqlite;
mod store;
mod subscriptions;
mod usage;
mod users;

pub use accounts::{AccountPatch, NewAccount};
pub use api_key::KeyHash;
pub use balance::BalanceEntry;
pub use error::{Result, StoreError};
pub use groups::{GroupPatch, NewGroup};
pub use kept::{KeptResponse, MAX_KEPT_BYTES};
pub use keys::{KeyFilter, KeyPatch, KeyRecord, NewKey, StoredKey};
pub use ledger::{
    Applied, Hold, HoldFilter, HoldOutcome, LedgerBatch, LedgerCounts, LedgerProblem, Period, Quota, Span,
    Wallet, Window, WindowError,
};
pub use location::Location;
pub use models::{ModelPatch, NewModel, PriceVersion};
pub use quotas::{QuotaOwner, StoredQuota};
pub use responses::ResponseOwner;
pub use secrets::MasterKey;
pub use store::Store;
pub use subscriptions::{Subscription, SubscriptionStatus};
pub use usage::{
    DayUsage, LocalStretch, StreamEnd, UsageCursor, UsageFilter, UsageOf, UsageRecord, UsageTotals,
};
pub use users::{NewUser, StoredUser, UserPatch};
