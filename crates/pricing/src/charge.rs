//! The charge formula: one exact sum, one rounding.

use serde::{Deserialize, Serialize};
use tollgate_base::{Money, Rate, TokenPrice, Usage};

use crate::error::PricingError;
use crate::multipliers::Factor;
use crate::price::{
    DEFAULT_CODE_EXECUTION, DEFAULT_FILE_SEARCH_PER_THOUSAND, DEFAULT_GENERATED_IMAGE,
    DEFAULT_WEB_SEARCH_PER_THOUSAND, ModelPrice,
};
use crate::served::Served;
use crate::wide::mul_div_half_even;

/// Default cache prices are fractions of the input price (5/4, 2, 1/10); 20 is the least common denominator, so
/// every bucket is counted in twentieths.
const TWENTIETHS: u128 = 20;
const WRITE_5M_TWENTIETHS: u128 = 25;
const WRITE_1H_TWENTIETHS: u128 = 40;
const READ_TWENTIETHS: u128 = 2;

/// Prices are per million tokens, searches per thousand, other calls each: so much each of them weighs in the common
/// denominator.
const TOKENS_PER_PRICE: u128 = 1_000_000;
const PER_THOUSAND: u128 = TOKENS_PER_PRICE / 1_000;
const EACH: u128 = TOKENS_PER_PRICE;

/// Both rates are in millionths.
const RATES: u128 = (Rate::MILLIONTHS as u128) * (Rate::MILLIONTHS as u128);

/// What one nano-dollar is in the units of the sum, before multipliers; with theirs it stays below 2^105.
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
    /// Generated text; reasoning too where it has no price of its own.
    pub output: Money,
    /// Tokens written to the five-minute cache.
    pub cache_write_5m: Money,
    /// Tokens written to the one-hour cache.
    pub cache_write_1h: Money,
    /// Tokens read from a cache.
    pub cache_read: Money,
    /// Web searches.
    pub web_search: Money,
    /// Reasoning, where it has a price of its own.
    pub reasoning: Money,
    /// Sound, in the prompt and generated.
    pub audio: Money,
    /// Pictures: in the prompt, generated, and made by a tool.
    pub images: Money,
    /// Searches in files, and running code.
    pub tools: Money,
    /// For the request as such.
    pub request: Money,
}

/// What `usage` costs at `price` when it was served so, for a group and a user with these rates.
///
/// ```text
/// total = round_half_even( ( ( input x P.input + (output - reasoning) x P.output
///                            + reasoning x (P.reasoning or P.output)
///                            + write_5m x (P.cache_write_5m or 5/4 P.input)
///                            + write_1h x (P.cache_write_1h or 2 P.input)
///                            + read     x (P.cache_read     or 1/10 P.input)
///                            + audio and image tokens x (their price, or P.input, or P.output)
///                            ) / 1,000,000 x multipliers
///                          + web searches x P.web_search / 1,000 + file searches x P.file_search / 1,000
///                          + runs of code x P.code_execution + pictures x P.generated_image + P.request
///                          ) x group_rate x user_rate )   in nano-dollars
/// ```
///
/// P is the price for the length of the whole prompt, see [`ModelPrice::for_prompt`]; the multipliers are those of
/// `served`, see [`Multipliers`](crate::Multipliers). A request that consumed nothing costs nothing.
///
/// The buckets are disjoint, so nothing is counted twice. The sum is exact and rounded once. The defaults are those of
/// the providers' price lists; the unsigned type is right because neither a count, a price nor a rate can be negative.
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
    charge_part(usage, u64::from(!usage.is_empty()), price, served, group_rate, user_rate)
}

/// As [`charge`], for a part of a request: the price of a request is charged `requests` times.
///
/// # Errors
/// As [`charge`].
pub fn charge_part(
    usage: &Usage,
    requests: u64,
    price: &ModelPrice,
    served: Served,
    group_rate: Rate,
    user_rate: Rate,
) -> Result<Charge, PricingError> {
    price.validate()?;
    let factor = price.multipliers.factor(served);
    let sums = bucket_sums(usage, requests, &price.for_prompt(usage.prompt_tokens()), factor)?;
    let rate = u128::from(group_rate.millionths()) * u128::from(user_rate.millionths());
    let rated = |sum| match sum {
        0 => Ok(Money::ZERO),
        sum => rated(sum, rate, DENOMINATOR * factor.denominator),
    };
    let whole = sum(sums)?;
    let [
        input,
        output,
        cache_write_5m,
        cache_write_1h,
        cache_read,
        web_search,
        reasoning,
        audio,
        images,
        tools,
        request,
    ] = sums;
    Ok(Charge {
        total: rated(whole)?,
        parts: CostParts {
            input: rated(input)?,
            output: rated(output)?,
            cache_write_5m: rated(cache_write_5m)?,
            cache_write_1h: rated(cache_write_1h)?,
            cache_read: rated(cache_read)?,
            web_search: rated(web_search)?,
            reasoning: rated(reasoning)?,
            audio: rated(audio)?,
            images: rated(images)?,
            tools: rated(tools)?,
            request: rated(request)?,
        },
    })
}

/// The exact cost of each bucket before rates, in the order of [`CostParts`], in twentieths of a millionth of a
/// nano-dollar and of the factor's denominator.
fn bucket_sums(
    usage: &Usage,
    requests: u64,
    price: &ModelPrice,
    factor: Factor,
) -> Result<[u128; 11], PricingError> {
    let cached = |count: u64, own: Option<TokenPrice>, default_twentieths: u128| match own {
        Some(own) => product(count, own.nanos_per_million(), TWENTIETHS * factor.numerator),
        None => product(count, price.input.nanos_per_million(), default_twentieths * factor.numerator),
    };
    let tokens = |count: u64, price: TokenPrice| {
        product(count, price.nanos_per_million(), TWENTIETHS * factor.numerator)
    };
    let calls = |count: u64, own: Option<Money>, default: Money, weight: u128| {
        let nanos = own.unwrap_or(default).nanos().unsigned_abs();
        product(count, nanos, TWENTIETHS * weight * factor.denominator)
    };
    let reasoning = price.reasoning.map_or(0, |_| usage.reasoning_tokens.min(usage.output_tokens));
    Ok([
        tokens(usage.input_tokens, price.input)?,
        tokens(usage.output_tokens - reasoning, price.output)?,
        cached(usage.cache_write_5m_tokens, price.cache_write_5m, WRITE_5M_TWENTIETHS)?,
        cached(usage.cache_write_1h_tokens, price.cache_write_1h, WRITE_1H_TWENTIETHS)?,
        cached(usage.cache_read_tokens, price.cache_read, READ_TWENTIETHS)?,
        calls(
            usage.web_search_calls,
            price.web_search_per_thousand,
            DEFAULT_WEB_SEARCH_PER_THOUSAND,
            PER_THOUSAND,
        )?,
        tokens(reasoning, price.reasoning.unwrap_or(price.output))?,
        sum([
            tokens(usage.input_audio_tokens, price.input_audio.unwrap_or(price.input))?,
            tokens(usage.output_audio_tokens, price.output_audio.unwrap_or(price.output))?,
        ])?,
        sum([
            tokens(usage.input_image_tokens, price.input_image.unwrap_or(price.input))?,
            tokens(usage.output_image_tokens, price.output_image.unwrap_or(price.output))?,
            calls(usage.generated_images, price.generated_image, DEFAULT_GENERATED_IMAGE, EACH)?,
        ])?,
        sum([
            calls(
                usage.file_search_calls,
                price.file_search_per_thousand,
                DEFAULT_FILE_SEARCH_PER_THOUSAND,
                PER_THOUSAND,
            )?,
            calls(usage.code_execution_calls, price.code_execution, DEFAULT_CODE_EXECUTION, EACH)?,
        ])?,
        calls(requests, price.request, Money::ZERO, EACH)?,
    ])
}

fn sum<const N: usize>(parts: [u128; N]) -> Result<u128, PricingError> {
    parts.into_iter().try_fold(0_u128, u128::checked_add).ok_or(PricingError::Overflow)
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
