//! Price book and the charge formula: usage x price x rate becomes money, exactly.
//!
//! This crate is pure: integers in, integers out, no floating point, no clock: it is told the time. A charge is summed as an exact
//! rational and rounded half-even once.

mod book;
mod charge;
mod error;
mod hours;
mod multipliers;
mod price;
mod served;
mod tiers;
mod wide;

pub use book::{BookModel, PriceBook, Skipped};
pub use charge::{Charge, CostParts, charge, charge_part};
pub use error::PricingError;
pub use hours::HourlyRates;
pub use multipliers::Multipliers;
pub use price::{
    DEFAULT_CODE_EXECUTION, DEFAULT_FILE_SEARCH_PER_THOUSAND, DEFAULT_GENERATED_IMAGE,
    DEFAULT_WEB_SEARCH_PER_THOUSAND, ModelPrice,
};
pub use served::{Served, ServiceTier};
pub use tiers::{ContextTier, ContextTiers};
