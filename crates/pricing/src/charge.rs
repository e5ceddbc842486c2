//! The charge formula: one exact sum, one rounding.

use serde::{Deserialize, Serialize};
use tollgate_base::{Money, Rate, TokenPrice, Usage};

use crate::error::PricingError;
use crate::multipliers::Factor;
use crate::price::{DEFAULT_WEB_SEARCH_PER_THOUSAND, ModelPrice};
use crate::served::Served;
use crate::wide::mul_div_half_even;

/// Default cache prices are fractions of the input price (5/4, 2, 1/10); 20 is the least common denominator, so
/// every bucket is counted in twentieths.
const TWENTIETHS: u128 = 20;
const WRITE_5M_TWENTIETHS: u128 = 25;
const WRITE_1H_TWENTIETHS: u128 = 40;
const READ_TWENTIETHS: u128 = 2;

/// Prices are per million tokens, searches per thousand: a search weighs a thousand in the common denominator.
const TOKENS_PER_PRICE: u128 = 1_000_000;
const SEARCH_WEIGHT: u128 = TOKENS_PER_PRICE / 1_000;

/// Both rates are in millionths.
const RATES: u128 = (Rate::MILLIONTHS as u128) * (Rate::MILLIONTHS as u128);

/// What one nano-dollar is in the units of the sum, before multipliers; with theirs it stays below 2^95.
const DENOMINATOR: u128 = TWENTIETHS * TOKENS_PER_PRICE * RATES;

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Charge {
    /// The amount to charge: the exact sum, rounded half-even once.
    pub total: Money,
    /// The same bucket by bucket, for display. Each part is rounded by itself, so they need not add up to `total`.
    pub parts: CostParts,
}

/// The cost of each bucket with the rates applied, each rounded half-even to the nano-dollar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CostParts {
    /// Uncached prompt tokens.
    pub input: Money,
    /// Generated tokens.
    pub output: Money,
    /// Tokens written to the five-minute cache.
    pub cache_write_5m: Money,
    /// Tokens written to the one-hour cache.
    pub cache_write_1h: Money,
    /// Tokens read from a cache.
    pub cache_read: Money,
    /// Web searches.
    pub web_search: Money,
}

/// What `usage` costs at `price` when it was served so, for a group and a user with these rates.
///
/// ```text
/// total = round_half_even( ( ( input x P.input + output x P.output
///                            + write_5m x (P.cache_write_5m or 5/4 P.input)
///                            + write_1h x (P.cache_write_1h or 2 P.input)
///                            + read     x (P.cache_read     or 1/10 P.input) ) / 1,000,000 x multipliers
///                          + searches x P.web_search / 1,000 ) x group_rate x user_rate )   in nano-dollars
/// ```
///
/// P is the price for the length of the whole prompt, see [`ModelPrice::for_prompt`]; the multipliers are those of
/// `served`, see [`Multipliers`](crate::Multipliers).
///
/// The buckets are disjoint, so nothing is counted twice; `reasoning_tokens` is part of output and has no price of
/// its own. The sum is exact and rounded once. The defaults are those of Anthropic's price list; the
/// unsigned type is right because neither a count, a price nor a rate can be negative.
///
/// # Errors
/// [`PricingError::Overflow`] if the sum or the total does not fit, and what [`ModelPrice::validate`] says of the price.
pub fn charge(
    usage: &Usage,
    price: &ModelPrice,
    served: Served,
    group_rate: Rate,
    user_rate: Rate,
) -> Result<Charge, PricingError> {
    price.validate()?;
    let factor = price.multipliers.factor(served);
    let sums = bucket_sums(usage, &price.for_prompt(usage.prompt_tokens()), factor)?;
    let rate = u128::from(group_rate.millionths()) * u128::from(user_rate.millionths());
    let rated = |sum| rated(sum, rate, DENOMINATOR * factor.denominator);
    let whole =
        sums.iter().try_fold(0_u128, |sum, part| sum.checked_add(*part)).ok_or(PricingError::Overflow)?;
    let [input, output, cache_write_5m, cache_write_1h, cache_read, web_search] = sums;
    Ok(Charge {
        total: rated(whole)?,
        parts: CostParts {
            input: rated(input)?,
            output: rated(output)?,
            cache_write_5m: rated(cache_write_5m)?,
            cache_write_1h: rated(cache_write_1h)?,
            cache_read: rated(cache_read)?,
            web_search: rated(web_search)?,
        },
    })
}

/// The exact cost of each bucket before rates, in twentieths of a millionth of a nano-dollar and of the factor's
/// denominator.
fn bucket_sums(usage: &Usage, price: &ModelPrice, factor: Factor) -> Result<[u128; 6], PricingError> {
    let of = |own: Option<TokenPrice>, default_twentieths: u128| match own {
        Some(own) => (own, TWENTIETHS),
        None => (price.input, default_twentieths),
    };
    let tokens = |count: u64, (price, twentieths): (TokenPrice, u128)| {
        product(count, price.nanos_per_million(), twentieths * factor.numerator)
    };
    let searches = price.web_search_per_thousand.unwrap_or(DEFAULT_WEB_SEARCH_PER_THOUSAND);
    Ok([
        tokens(usage.input_tokens, (price.input, TWENTIETHS))?,
        tokens(usage.output_tokens, (price.output, TWENTIETHS))?,
        tokens(usage.cache_write_5m_tokens, of(price.cache_write_5m, WRITE_5M_TWENTIETHS))?,
        tokens(usage.cache_write_1h_tokens, of(price.cache_write_1h, WRITE_1H_TWENTIETHS))?,
        tokens(usage.cache_read_tokens, of(price.cache_read, READ_TWENTIETHS))?,
        product(
            usage.web_search_calls,
            searches.nanos().unsigned_abs(),
            TWENTIETHS * SEARCH_WEIGHT * factor.denominator,
        )?,
    ])
}

fn product(count: u64, price: u64, factor: u128) -> Result<u128, PricingError> {
    // The product of two 64-bit numbers always fits; only the factor can push it over.
    (u128::from(count) * u128::from(price)).checked_mul(factor).ok_or(PricingError::Overflow)
}

/// Applies the rates (their product, in millionths of millionths) and rounds to the nano-dollar, half-even.
fn rated(sum: u128, rate: u128, denominator: u128) -> Result<Money, PricingError> {
    let nanos = mul_div_half_even(sum, rate, denominator).ok_or(PricingError::Overflow)?;
    Ok(Money::from_nanos(i64::try_from(nanos).map_err(|_| PricingError::Overflow)?))
}
