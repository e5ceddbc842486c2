//! The most that a request can cost.

use tollgate_base::{Money, Rate, Usage};
use tollgate_pricing::{ModelPrice, PricingError, Served, charge};

/// Where a prompt may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CacheWrites {
    /// To no cache.
    None,
    /// To one of minutes.
    Short,
    /// To one of an hour or longer.
    Long,
}

/// The most that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Tokens of the prompt, at most.
    pub prompt_tokens: u64,
    /// Tokens of the answer, reasoning included, at most.
    pub output_tokens: u64,
    /// Searches that the provider may run.
    pub web_searches: u64,
    /// The longest-lived cache that it may be written to.
    pub cache_writes: CacheWrites,
    /// The dearest way in which it may be served.
    pub served: Served,
}

/// The most that `ask` can cost at `price`: the prompt in its dearest bucket (plain, or written to a cache that is asked
/// for), the longest answer, all searches.
///
/// # Errors
/// What [`charge`] says of the price, and [`PricingError::Overflow`].
pub fn most_it_can_cost(
    ask: &Ask,
    price: &ModelPrice,
    group_rate: Rate,
    user_rate: Rate,
) -> Result<Money, PricingError> {
    let base =
        Usage { output_tokens: ask.output_tokens, web_search_calls: ask.web_searches, ..Usage::default() };
    let prompts = [
        (CacheWrites::None, Usage { input_tokens: ask.prompt_tokens, ..base }),
        (CacheWrites::Short, Usage { cache_write_5m_tokens: ask.prompt_tokens, ..base }),
        (CacheWrites::Long, Usage { cache_write_1h_tokens: ask.prompt_tokens, ..base }),
    ];
    let mut most = Money::ZERO;
    for (_, usage) in prompts.into_iter().filter(|(written, _)| *written <= ask.cache_writes) {
        for served in [Served::STANDARD, ask.served] {
            most = most.max(charge(&usage, price, served, group_rate, user_rate)?.total);
        }
    }
    Ok(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tollgate_base::TokenPrice;

    fn price(input: u64, output: u64, read: u64) -> ModelPrice {
        let per_million = TokenPrice::from_nanos_per_million;
        ModelPrice {
            cache_read: Some(per_million(read)),
            ..ModelPrice::new(per_million(input), per_million(output))
        }
    }

    proptest! {
        /// However the prompt is split over its buckets, it costs no more than what was held.
        #[test]
        fn no_usage_within_the_ask_costs_more(
            parts in prop::array::uniform4(0_u64..500_000), output in 0_u64..200_000, searches in 0_u64..20,
            input in 0_u64..100_000_000_000, out in 0_u64..100_000_000_000, read_share in 0_u64..=100,
            group_rate in 0_u32..3_000_000, user_rate in 0_u32..3_000_000,
        ) {
            let price = price(input, out, input / 100 * read_share);
            let ask = Ask {
                prompt_tokens: parts.iter().sum(), output_tokens: output, web_searches: searches,
                cache_writes: CacheWrites::Long, served: Served::STANDARD,
            };
            let usage = Usage {
                input_tokens: parts[0], cache_write_5m_tokens: parts[1], cache_write_1h_tokens: parts[2],
                cache_read_tokens: parts[3], output_tokens: output, web_search_calls: searches, ..Usage::default()
            };
            let rates = (Rate::from_millionths(group_rate), Rate::from_millionths(user_rate));
            let most = most_it_can_cost(&ask, &price, rates.0, rates.1).unwrap();
            let cost = charge(&usage, &price, Served::STANDARD, rates.0, rates.1).unwrap().total;
            prop_assert!(cost <= most, "{cost} > {most}");
        }
    }

    #[test]
    fn the_dearest_service_counts() {
        let per_million = TokenPrice::from_nanos_per_million;
        let mut price = ModelPrice::new(per_million(1_000_000_000), per_million(5_000_000_000));
        price.multipliers.fast = Some(Rate::from_millionths(6_000_000));
        let fast = Served { fast: true, ..Served::STANDARD };
        for (cache_writes, served, dollars) in [
            (CacheWrites::None, Served::STANDARD, "1"),
            (CacheWrites::Short, Served::STANDARD, "1.25"),
            (CacheWrites::Long, Served::STANDARD, "2"),
            (CacheWrites::Long, fast, "12"),
        ] {
            let ask =
                Ask { prompt_tokens: 1_000_000, output_tokens: 0, web_searches: 0, cache_writes, served };
            let most = most_it_can_cost(&ask, &price, Rate::ONE, Rate::ONE).unwrap();
            assert_eq!(most, dollars.parse().unwrap(), "{cache_writes:?} {served:?}");
        }
    }
}
