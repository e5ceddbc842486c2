//! The most that a request can cost.

use tollgate_base::{Money, Rate, TokenPrice, Usage};
use tollgate_pricing::{ModelPrice, PricingError, Served, charge_part};

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
    /// Whether some of it may be sound, either way.
    pub audio: bool,
    /// Whether some of it may be pictures that are counted in tokens, either way.
    pub images: bool,
    /// What the provider's tools may do.
    pub calls: Calls,
    /// The longest-lived cache that it may be written to.
    pub cache_writes: CacheWrites,
    /// The dearest way in which it may be served.
    pub served: Served,
}

/// What the provider's own tools may do for a request, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Searches of the web.
    pub web_searches: u64,
    /// Searches in files.
    pub file_searches: u64,
    /// Runs of code.
    pub code_executions: u64,
    /// Pictures made.
    pub images: u64,
}

/// The most that `ask` can cost at `price`: the prompt in its dearest bucket (plain, sound, pictures, or written to a
/// cache that is asked for), the longest answer in its dearest, all calls.
///
/// # Errors
/// What [`charge_part`] says of the price, and [`PricingError::Overflow`].
pub fn most_it_can_cost(
    ask: &Ask,
    price: &ModelPrice,
    group_rate: Rate,
    user_rate: Rate,
) -> Result<Money, PricingError> {
    let served = price.multipliers.dearest(ask.served);
    let mut most = Money::ZERO;
    for prompt_tokens in lengths(ask, price) {
        let answer = longest_answer(ask, &price.for_prompt(prompt_tokens));
        for usage in prompts(ask, prompt_tokens, &answer).into_iter().flatten() {
            most = most.max(charge_part(&usage, 1, price, served, group_rate, user_rate)?.total);
        }
    }
    Ok(most)
}

/// The lengths of the prompt that may be the dearest: the longest of each of the price's tiers.
fn lengths(ask: &Ask, price: &ModelPrice) -> impl Iterator<Item = u64> {
    let longest = ask.prompt_tokens;
    let limits = price.tiers.iter().map(|tier| tier.above_prompt_tokens);
    limits.filter(move |limit| *limit < longest).chain([longest])
}

/// The answer and the calls; the answer is what costs most a token.
fn longest_answer(ask: &Ask, price: &ModelPrice) -> Usage {
    let or_output = |own: Option<TokenPrice>| own.unwrap_or(price.output);
    let calls = Usage {
        web_search_calls: ask.calls.web_searches,
        file_search_calls: ask.calls.file_searches,
        code_execution_calls: ask.calls.code_executions,
        generated_images: ask.calls.images,
        ..Usage::default()
    };
    let output_tokens = ask.output_tokens;
    let text = Usage { output_tokens, ..calls };
    let ways = [
        Some((or_output(price.reasoning), Usage { reasoning_tokens: output_tokens, ..text })),
        ask.audio.then_some((or_output(price.output_audio), Usage { output_audio_tokens: output_tokens, ..calls })),
        ask.images.then_some((or_output(price.output_image), Usage { output_image_tokens: output_tokens, ..calls })),
    ];
    let dearest = ways.into_iter().flatten().max_by_key(|(price, _)| *price);
    dearest.filter(|(dearest, _)| *dearest > price.output).map_or(text, |(_, usage)| usage)
}

/// The prompt in each bucket that it may be in as a whole.
fn prompts(ask: &Ask, tokens: u64, answer: &Usage) -> [Option<Usage>; 5] {
    [
        Some(Usage { input_tokens: tokens, ..*answer }),
        (ask.cache_writes >= CacheWrites::Short).then_some(Usage { cache_write_5m_tokens: tokens, ..*answer }),
        (ask.cache_writes >= CacheWrites::Long).then_some(Usage { cache_write_1h_tokens: tokens, ..*answer }),
        ask.audio.then_some(Usage { input_audio_tokens: tokens, ..*answer }),
        ask.images.then_some(Usage { input_image_tokens: tokens, ..*answer }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tollgate_pricing::{ContextTier, ContextTiers, Multipliers, ServiceTier, charge};

    fn dollars() -> impl Strategy<Value = TokenPrice> {
        (0_u64..100_000_000_000).prop_map(TokenPrice::from_nanos_per_million)
    }

    fn counted() -> impl Strategy<Value = Option<Money>> {
        prop::option::of((0_i64..1_000_000_000).prop_map(Money::from_nanos))
    }

    prop_compose! {
        fn tiers()(
            limits in prop::collection::btree_set(0_u64..2_000_000, 0..=ContextTiers::MOST),
            prices in prop::array::uniform6(dollars()),
        ) -> ContextTiers {
            let tiers = limits.into_iter().zip(prices.chunks(2)).map(|(above_prompt_tokens, prices)| ContextTier {
                above_prompt_tokens, input: Some(prices[0]), output: Some(prices[1]), ..ContextTier::default()
            });
            ContextTiers::new(&tiers.collect::<Vec<_>>()).unwrap()
        }
    }

    prop_compose! {
        /// Caches cost no less to write for long than for short, and less to read than plain input: as everywhere.
        fn prices()(
            input in dollars(), output in dollars(), read_share in 0_u64..=100, tiers in tiers(),
            own in prop::array::uniform5(prop::option::of(dollars())),
            counts in prop::array::uniform5(counted()),
            factors in prop::array::uniform3(prop::option::of(0_u32..5_000)),
        ) -> ModelPrice {
            let [reasoning, input_audio, output_audio, input_image, output_image] = own;
            let [web_search_per_thousand, file_search_per_thousand, code_execution, generated_image, request] = counts;
            let [priority, fast, us] =
                factors.map(|factor| factor.map(|thousandths| Rate::from_millionths(thousandths * 1_000)));
            ModelPrice {
                // A read follows the tiers' input unless it has a price of its own.
                cache_read: (tiers.is_empty() && read_share > 0).then(|| {
                    TokenPrice::from_nanos_per_million(input.nanos_per_million() / 100 * read_share)
                }),
                reasoning, input_audio, output_audio, input_image, output_image, web_search_per_thousand,
                file_search_per_thousand, code_execution, generated_image, request, tiers,
                multipliers: Multipliers { priority, fast, us, ..Multipliers::NONE },
                ..ModelPrice::new(input, output)
            }
        }
    }

    proptest! {
        /// However prompt and answer are split over their buckets, and however the request is served, it costs no more
        /// than what was held; nor does a shorter one.
        #[test]
        fn no_usage_within_the_ask_costs_more(
            prompt in prop::array::uniform6(0_u64..500_000), answer in prop::array::uniform3(0_u64..200_000),
            calls in prop::array::uniform4(0_u64..20), reasoning_share in 0_u64..=100,
            spare in 0_u64..1_000_000, price in prices(), ways in prop::array::uniform3(any::<bool>()),
            group_rate in 0_u32..3_000_000, user_rate in 0_u32..3_000_000,
        ) {
            let allowed = Served { tier: ServiceTier::Priority, fast: true, us: true };
            let ask = Ask {
                prompt_tokens: prompt.iter().sum::<u64>() + spare,
                output_tokens: answer.iter().sum::<u64>() + spare,
                audio: true, images: true,
                calls: Calls {
                    web_searches: calls[0], file_searches: calls[1], code_executions: calls[2], images: calls[3],
                },
                cache_writes: CacheWrites::Long, served: allowed,
            };
            let usage = Usage {
                input_tokens: prompt[0], cache_write_5m_tokens: prompt[1], cache_write_1h_tokens: prompt[2],
                cache_read_tokens: prompt[3], input_audio_tokens: prompt[4], input_image_tokens: prompt[5],
                output_tokens: answer[0], output_audio_tokens: answer[1], output_image_tokens: answer[2],
                reasoning_tokens: answer[0] / 100 * reasoning_share,
                web_search_calls: calls[0], file_search_calls: calls[1], code_execution_calls: calls[2],
                generated_images: calls[3],
            };
            let served = Served {
                tier: if ways[0] { ServiceTier::Priority } else { ServiceTier::Standard }, fast: ways[1], us: ways[2],
            };
            let rates = (Rate::from_millionths(group_rate), Rate::from_millionths(user_rate));
            let most = most_it_can_cost(&ask, &price, rates.0, rates.1).unwrap();
            let cost = charge(&usage, &price, served, rates.0, rates.1).unwrap().total;
            prop_assert!(cost <= most, "{cost} > {most}");
        }
    }

    const ASK: Ask = Ask {
        prompt_tokens: 1_000_000,
        output_tokens: 0,
        audio: false,
        images: false,
        calls: Calls { web_searches: 0, file_searches: 0, code_executions: 0, images: 0 },
        cache_writes: CacheWrites::None,
        served: Served::STANDARD,
    };

    fn dollars_per_million(dollars: u64) -> TokenPrice {
        TokenPrice::from_nanos_per_million(dollars * 1_000_000_000)
    }

    #[test]
    fn the_dearest_service_counts() {
        let mut price = ModelPrice::new(dollars_per_million(1), dollars_per_million(5));
        price.multipliers.fast = Some(Rate::from_millionths(6_000_000));
        let fast = Served { fast: true, ..Served::STANDARD };
        for (cache_writes, served, dollars) in [
            (CacheWrites::None, Served::STANDARD, "1"),
            (CacheWrites::Short, Served::STANDARD, "1.25"),
            (CacheWrites::Long, Served::STANDARD, "2"),
            (CacheWrites::Long, fast, "12"),
        ] {
            let ask = Ask { cache_writes, served, ..ASK };
            let most = most_it_can_cost(&ask, &price, Rate::ONE, Rate::ONE).unwrap();
            assert_eq!(most, dollars.parse().unwrap(), "{cache_writes:?} {served:?}");
        }
    }

    #[test]
    fn the_dearest_kind_of_token_counts_where_it_may_come() {
        let price = ModelPrice {
            reasoning: Some(dollars_per_million(7)),
            input_audio: Some(dollars_per_million(10)),
            output_audio: Some(dollars_per_million(20)),
            output_image: Some(dollars_per_million(30)),
            request: Some("0.5".parse().unwrap()),
            ..ModelPrice::new(dollars_per_million(1), dollars_per_million(5))
        };
        for (audio, images, dollars) in
            [(false, false, "8.5"), (true, false, "30.5"), (false, true, "31.5"), (true, true, "40.5")]
        {
            let ask = Ask { output_tokens: 1_000_000, audio, images, ..ASK };
            let most = most_it_can_cost(&ask, &price, Rate::ONE, Rate::ONE).unwrap();
            assert_eq!(most, dollars.parse().unwrap(), "{audio} {images}");
        }
    }
}
