//! The charge against the same formula in rationals without a size limit.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;
use tollgate_base::{Money, Rate, TokenPrice, Usage};
use tollgate_pricing::{
    ContextTier, ContextTiers, ModelPrice, Multipliers, PricingError, Served, ServiceTier, charge,
};

fn ratio(numerator: impl Into<BigInt>, denominator: u64) -> BigRational {
    BigRational::new(numerator.into(), denominator.into())
}

/// The price with the highest tier the prompt reaches, looked up bucket by bucket.
fn tiered(price: &ModelPrice, usage: &Usage) -> ModelPrice {
    let prompt = [
        usage.input_tokens,
        usage.input_audio_tokens,
        usage.input_image_tokens,
        usage.cache_write_5m_tokens,
        usage.cache_write_1h_tokens,
        usage.cache_read_tokens,
    ];
    let prompt: u128 = prompt.into_iter().map(u128::from).sum();
    let tiers: Vec<&ContextTier> = price.tiers.iter().collect();
    let last = |bucket: fn(&ContextTier) -> Option<TokenPrice>| {
        let named = tiers.iter().rev().filter(|tier| prompt > u128::from(tier.above_prompt_tokens));
        named.into_iter().find_map(|tier| bucket(tier))
    };
    ModelPrice {
        input: last(|tier| tier.input).unwrap_or(price.input),
        output: last(|tier| tier.output).unwrap_or(price.output),
        cache_write_5m: last(|tier| tier.cache_write_5m).or(price.cache_write_5m),
        cache_write_1h: last(|tier| tier.cache_write_1h).or(price.cache_write_1h),
        cache_read: last(|tier| tier.cache_read).or(price.cache_read),
        ..*price
    }
}

/// The exact cost of each bucket in nano-dollars, in the order of `CostParts`.
fn exact_parts(
    usage: &Usage,
    price: &ModelPrice,
    served: Served,
    group: Rate,
    user: Rate,
) -> [BigRational; 11] {
    let price = &tiered(price, usage);
    let per_million = |price: TokenPrice| ratio(price.nanos_per_million(), 1_000_000);
    let input = per_million(price.input);
    let factor = exact_factor(&price.multipliers, served);
    let or = |own: Option<TokenPrice>, numerator: u64, denominator: u64| {
        own.map_or_else(|| &input * ratio(numerator, denominator), per_million)
    };
    let nanos = |own: Option<Money>, default: i64| ratio(own.map_or(default, Money::nanos), 1);
    let thousand = ratio(1, 1_000);
    let tokens = |count: u64, price: BigRational| price * ratio(count, 1) * &factor;
    let calls = |count: u64, price: BigRational| price * ratio(count, 1);
    let output = per_million(price.output);
    let or_input = |own: Option<TokenPrice>| or(own, 1, 1);
    let or_output = |own: Option<TokenPrice>| own.map_or_else(|| output.clone(), per_million);
    // Where reasoning has no price of its own it is shown with the output; either way it is charged once.
    let reasoning =
        if price.reasoning.is_some() { usage.reasoning_tokens.min(usage.output_tokens) } else { 0 };
    let rate = ratio(group.millionths(), 1_000_000) * ratio(user.millionths(), 1_000_000);
    [
        tokens(usage.input_tokens, input.clone()),
        tokens(usage.output_tokens - reasoning, output.clone()),
        tokens(usage.cache_write_5m_tokens, or(price.cache_write_5m, 5, 4)),
        tokens(usage.cache_write_1h_tokens, or(price.cache_write_1h, 2, 1)),
        tokens(usage.cache_read_tokens, or(price.cache_read, 1, 10)),
        calls(usage.web_search_calls, nanos(price.web_search_per_thousand, 10_000_000_000) * &thousand),
        tokens(reasoning, or_output(price.reasoning)),
        tokens(usage.input_audio_tokens, or_input(price.input_audio))
            + tokens(usage.output_audio_tokens, or_output(price.output_audio)),
        tokens(usage.input_image_tokens, or_input(price.input_image))
            + tokens(usage.output_image_tokens, or_output(price.output_image))
            + calls(usage.generated_images, nanos(price.generated_image, 167_000_000)),
        calls(usage.file_search_calls, nanos(price.file_search_per_thousand, 2_500_000_000) * &thousand)
            + calls(usage.code_execution_calls, nanos(price.code_execution, 30_000_000)),
        calls(u64::from(!usage.is_empty()), nanos(price.request, 0)),
    ]
    .map(|part| part * &rate)
}

/// The product of every multiplier that applies.
fn exact_factor(multipliers: &Multipliers, served: Served) -> BigRational {
    let applies = [
        (multipliers.priority, served.tier == ServiceTier::Priority),
        (multipliers.flex, served.tier == ServiceTier::Flex),
        (multipliers.batch, served.tier == ServiceTier::Batch),
        (multipliers.fast, served.fast),
        (multipliers.us, served.us),
        (multipliers.hour, true),
    ];
    let factors = applies.into_iter().filter(|(_, applies)| *applies).filter_map(|(rate, _)| rate);
    factors.map(|rate| ratio(rate.millionths(), 1_000_000)).product()
}

fn half_even(exact: &BigRational) -> BigInt {
    let floor = exact.floor().to_integer();
    let rest = exact - BigRational::from_integer(floor.clone());
    let half = ratio(1, 2);
    let odd = &floor % BigInt::from(2) != BigInt::ZERO;
    if rest > half || (rest == half && odd) { floor + 1 } else { floor }
}

prop_compose! {
    fn usages(tokens: u64)(
        buckets in prop::array::uniform9(prop_oneof![Just(0), 1..1_000_u64, 1..tokens]),
        calls in prop::array::uniform4(0..1_000_u64),
        // More reasoning than output is what a vendor may say and nobody can be charged for.
        reasoning_tokens in prop_oneof![Just(0), 1..1_000_u64, 1..tokens],
    ) -> Usage {
        let [
            input_tokens, output_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_read_tokens,
            input_audio_tokens, output_audio_tokens, input_image_tokens, output_image_tokens,
        ] = buckets;
        let [web_search_calls, generated_images, file_search_calls, code_execution_calls] = calls;
        Usage {
            input_tokens,
            output_tokens,
            cache_write_5m_tokens,
            cache_write_1h_tokens,
            cache_read_tokens,
            reasoning_tokens,
            web_search_calls,
            input_audio_tokens,
            output_audio_tokens,
            input_image_tokens,
            output_image_tokens,
            generated_images,
            file_search_calls,
            code_execution_calls,
        }
    }
}

/// Boxed, since a price has so many that they do not fit on the stack.
fn token_prices(most: u64) -> BoxedStrategy<TokenPrice> {
    // Round prices make ties, odd ones make remainders.
    prop_oneof![0..most, (0..100_u64).prop_map(|cents| cents * 10_000_000), 0..20_u64]
        .prop_map(TokenPrice::from_nanos_per_million)
        .boxed()
}

prop_compose! {
    fn tiers(most: u64)(
        limits in prop::collection::btree_set(prop_oneof![0..2_000_u64, 0..100_000_000_u64], 0..=ContextTiers::MOST),
        prices in prop::array::uniform15(prop::option::weighted(0.7, token_prices(most))),
        output in token_prices(most),
    ) -> ContextTiers {
        let tiers = limits.into_iter().zip(prices.chunks(5)).map(|(above_prompt_tokens, prices)| ContextTier {
            above_prompt_tokens,
            input: prices[0],
            // One price at least.
            output: prices[1].or(Some(output)),
            cache_write_5m: prices[2],
            cache_write_1h: prices[3],
            cache_read: prices[4],
        });
        ContextTiers::new(&tiers.collect::<Vec<_>>()).unwrap()
    }
}

prop_compose! {
    fn prices(most: u64)(
        input in token_prices(most),
        output in token_prices(most),
        cache_write_5m in prop::option::of(token_prices(most)),
        cache_write_1h in prop::option::of(token_prices(most)),
        cache_read in prop::option::of(token_prices(most)),
        own in prop::array::uniform5(prop::option::of(token_prices(most))),
        counted in prop::array::uniform5(prop::option::of((0..1_000_000_000_000_i64).prop_map(Money::from_nanos))),
        tiers in tiers(most),
        multipliers in multipliers(),
    ) -> ModelPrice {
        let [reasoning, input_audio, output_audio, input_image, output_image] = own;
        let [web_search_per_thousand, generated_image, file_search_per_thousand, code_execution, request] = counted;
        ModelPrice {
            input, output, cache_write_5m, cache_write_1h, cache_read, web_search_per_thousand, reasoning, input_audio,
            output_audio, input_image, output_image, generated_image, file_search_per_thousand, code_execution, request,
            tiers, multipliers,
        }
    }
}

fn multipliers() -> impl Strategy<Value = Multipliers> {
    let factor = prop_oneof![Just(500), Just(1_100), Just(2_000), 0..=100_000_u32];
    let factor = factor.prop_map(|thousandths| Rate::from_millionths(thousandths * 1_000));
    prop::array::uniform6(prop::option::of(factor)).prop_map(|[priority, flex, batch, fast, us, hour]| {
        Multipliers { priority, flex, batch, fast, us, hour }
    })
}

fn serveds() -> impl Strategy<Value = Served> {
    let tiers = [ServiceTier::Standard, ServiceTier::Priority, ServiceTier::Flex, ServiceTier::Batch];
    (prop::sample::select(tiers.to_vec()), any::<bool>(), any::<bool>()).prop_map(|(tier, fast, us)| Served {
        tier,
        fast,
        us,
    })
}

fn rates() -> impl Strategy<Value = Rate> {
    prop_oneof![
        Just(Rate::ONE),
        Just(Rate::from_millionths(350_000)),
        Just(Rate::from_millionths(1_333_300)),
        (0..10_000_000_u32).prop_map(Rate::from_millionths),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn equals_the_rational_formula(
        usage in usages(100_000_000),
        price in prices(1_000_000_000_000),
        served in serveds(),
        group in rates(),
        user in rates(),
    ) {
        let exact = exact_parts(&usage, &price, served, group, user);
        let total: BigRational = exact.iter().sum();
        prop_assume!(half_even(&total) <= BigInt::from(i64::MAX));
        let charge = charge(&usage, &price, served, group, user).unwrap();
        prop_assert_eq!(BigInt::from(charge.total.nanos()), half_even(&total));
        let parts = charge.parts;
        let shown = [
            parts.input, parts.output, parts.cache_write_5m, parts.cache_write_1h, parts.cache_read, parts.web_search,
            parts.reasoning, parts.audio, parts.images, parts.tools, parts.request,
        ];
        for (shown, exact) in shown.iter().zip(&exact) {
            prop_assert_eq!(BigInt::from(shown.nanos()), half_even(exact));
        }
    }

    #[test]
    fn never_a_wrong_number_however_large(
        usage in usages(u64::MAX),
        price in prices(u64::MAX),
        served in serveds(),
        group in any::<u32>().prop_map(Rate::from_millionths),
        user in any::<u32>().prop_map(Rate::from_millionths),
    ) {
        match charge(&usage, &price, served, group, user) {
            Ok(charge) => {
                let total: BigRational = exact_parts(&usage, &price, served, group, user).iter().sum();
                prop_assert_eq!(BigInt::from(charge.total.nanos()), half_even(&total));
            }
            Err(error) => prop_assert_eq!(error, PricingError::Overflow),
        }
    }

    #[test]
    fn more_usage_never_costs_less(
        usage in usages(100_000_000),
        more in 0..1_000_u64,
        price in prices(1_000_000_000_000),
        served in serveds(),
        rate in rates(),
    ) {
        let total = |usage: &Usage| charge(usage, &price, served, rate, Rate::ONE).map(|charge| charge.total);
        let larger = Usage { output_tokens: usage.output_tokens + more, ..usage };
        match (total(&usage), total(&larger)) {
            (Ok(less), Ok(more)) => prop_assert!(more >= less),
            (less, more) => {
                prop_assert_eq!(more, Err(PricingError::Overflow));
                prop_assert!(matches!(less, Ok(_) | Err(PricingError::Overflow)));
            }
        }
    }
}
