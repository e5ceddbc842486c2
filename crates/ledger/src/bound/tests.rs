//! Nothing that a request may do costs more than what is held for it.

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
