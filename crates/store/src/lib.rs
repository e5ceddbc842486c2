//! The durable store: SQLite or PostgreSQL behind one type.
//!
//! [`Store`] keeps users, API keys, groups, accounts, models, limits, balances, quotas, plans, subscriptions, vouchers,
//! holds, usage records and who owns a response. Every
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
mod group_links;
mod groups;
mod kept;
mod keys;
mod ledger;
mod limits;
mod location;
mod migrate;
mod models;
mod name;
mod plans;
mod postgres;
mod prices;
mod quotas;
mod rates;
mod responses;
mod secrets;
mod sqlite;
mod statement;
mod store;
mod subscriptions;
mod usage;
mod users;
mod vouchers;

pub use accounts::{AccountPatch, NewAccount};
pub use api_key::KeyHash;
pub use balance::{BalanceEntry, EntryKind};
pub use error::{Result, StoreError};
pub use groups::{GroupPatch, NewGroup};
pub use kept::{KeptResponse, MAX_KEPT_BYTES};
pub use keys::{KeyFilter, KeyPatch, KeyRecord, NewKey, StoredKey};
pub use ledger::{
    Applied, Hold, HoldFilter, HoldOutcome, LedgerBatch, LedgerCounts, LedgerProblem, Period, Quota, Span,
    Wallet, Window, WindowError,
};
pub use limits::{LimitPatch, StoredLimit};
pub use location::Location;
pub use models::{ModelPatch, NewModel};
pub use plans::{Allowance, NewPlan, Plan, PlanPatch};
pub use prices::{NewPrice, StoredPrice};
pub use quotas::{QuotaOwner, StoredQuota};
pub use rates::GroupRate;
pub use responses::ResponseOwner;
pub use secrets::MasterKey;
pub use statement::{ModelCharges, Statement, SubscriptionCharges};
pub use store::Store;
pub use subscriptions::{
    MAX_DAYS, NewSubscription, StoredSubscription, Subscription, SubscriptionFilter, SubscriptionStatus,
};
pub use usage::{
    DayUsage, LocalStretch, ServedUsage, StreamEnd, UsageCursor, UsageFilter, UsageOf, UsageRecord,
    UsageTotals,
};
pub use users::{NewUser, StoredUser, UserPatch};
pub use vouchers::{
    MAX_VOUCHERS, NewVouchers, Redeemed, Voucher, VoucherFilter, VoucherStatus, VoucherValue,
};
