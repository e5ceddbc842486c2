//! The ledger: what is held for a request before it is answered, and what closes it.
//!
//! A hold is taken before the caller sees a byte and closed in the transaction that writes the request's usage record
//! and charges it. Every request is closed once: a record whose id is there already changes nothing, and a hold whose
//! request has a record is never taken.

mod batch;
mod books;
mod hold;
mod nodes;
mod quotas;
mod verify;
mod wallet;

pub use batch::{Applied, LedgerBatch};
pub(crate) use books::{Books, ClosedHold};
pub(crate) use hold::{COLUMNS as HOLD_COLUMNS, cells as hold_cells, quotas_from_list};
pub use hold::{Hold, HoldFilter, HoldOutcome};
pub use tollgate_ledger::{Period, Quota, Span, Wallet, Window, WindowError};
pub use verify::{LedgerCounts, LedgerProblem};
pub(crate) use wallet::{Wallets, wallet_from_row};
