//! What can be wrong with a price or a charge.

/// Why a usage could not be turned into money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// The exact sum, or the total in nano-dollars, is beyond what the arithmetic holds.
    #[error("the charge does not fit: tokens, price or rate are beyond what an amount can hold")]
    Overflow,
    /// A price is below zero; nobody is paid for asking.
    #[error("the price of {0} is negative")]
    NegativePrice(&'static str),
    /// A factor that is none.
    #[error("the multiplier `{0}` must be at most 100 and have at most three decimals")]
    BadMultiplier(&'static str),
    /// Tiers that make no sense.
    #[error("the tiers by prompt length are wrong: {0}")]
    BadTiers(&'static str),
}
