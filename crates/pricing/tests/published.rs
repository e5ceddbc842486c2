//! Charges at published prices, worked out by hand.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use tollgate_base::{Money, Rate, TokenPrice, Usage};
use tollgate_pricing::{CostParts, ModelPrice, PricingError, charge};

fn price(dollars: &str) -> TokenPrice {
    dollars.parse().unwrap()
}

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

fn model(input: &str, output: &str) -> ModelPrice {
    ModelPrice::new(price(input), price(output))
}

/// Claude Opus 5.5: a cache read of its own price, writes at the usual multiples.
fn opus_5_5() -> ModelPrice {
    ModelPrice { cache_read: Some(price("0.20")), ..model("4", "20") }
}

const TURN: Usage = Usage {
    input_tokens: 1_234,
    output_tokens: 567,
    cache_write_5m_tokens: 2_048,
    cache_write_1h_tokens: 1_024,
    cache_read_tokens: 45_678,
    reasoning_tokens: 100,
    web_search_calls: 0,
};

#[test]
fn published_prices_and_rates() {
    for (what, usage, price, group, user, total) in [
        // 1234*4 + 567*20 + 2048*5 + 1024*8 + 45678*0.2 = 43,843.6 dollars per million
        ("opus 5.5", TURN, opus_5_5(), "1", "1", "0.0438436"),
        ("opus 5.5 at 0.35", TURN, opus_5_5(), "0.35", "1", "0.01534526"),
        // 0.0438436 * 1.3333 = 0.05845667188
        ("opus 5.5 at 1.3333", TURN, opus_5_5(), "1.3333", "1", "0.058456672"),
        // 0.0438436 * 0.35 * 1.3333 = 0.020459835158, the parts of a nano-dollar rounded once
        ("opus 5.5 at both", TURN, opus_5_5(), "0.35", "1.3333", "0.020459835"),
        ("both the other way round", TURN, opus_5_5(), "1.3333", "0.35", "0.020459835"),
        // Sonnet 5.5 names no cache price: 2.5, 4 and 0.2 follow from 2.
        // 1234*2 + 567*10 + 2048*2.5 + 1024*4 + 45678*0.2 = 26,489.6
        ("sonnet 5.5", TURN, model("2", "10"), "1", "1", "0.0264896"),
        // GPT: no writes billed apart, reads at a tenth. 1000*2 + 500*10 + 24000*0.2
        (
            "gpt-6-sol",
            Usage { input_tokens: 1_000, output_tokens: 500, cache_read_tokens: 24_000, ..Usage::default() },
            ModelPrice { cache_write_5m: Some(price("2.5")), ..model("2", "10") },
            "1",
            "1",
            "0.0118",
        ),
        ("nothing used", Usage::default(), opus_5_5(), "1", "1", "0"),
        ("a rate of nothing", TURN, opus_5_5(), "0", "1", "0"),
    ] {
        let charge = charge(&usage, &price, rate(group), rate(user)).unwrap();
        assert_eq!(charge.total.to_string(), total, "{what}");
    }
}

#[test]
fn parts_show_each_bucket() {
    let usage = Usage { web_search_calls: 3, ..TURN };
    let charge = charge(&usage, &opus_5_5(), rate("0.35"), Rate::ONE).unwrap();
    let parts = CostParts {
        input: "0.0017276".parse().unwrap(),
        output: "0.003969".parse().unwrap(),
        cache_write_5m: "0.003584".parse().unwrap(),
        cache_write_1h: "0.0028672".parse().unwrap(),
        cache_read: "0.00319746".parse().unwrap(),
        // Three searches at 10 dollars a thousand, x 0.35.
        web_search: "0.0105".parse().unwrap(),
    };
    assert_eq!(charge.parts, parts);
    assert_eq!(charge.total.to_string(), "0.02584526");
}

#[test]
fn web_searches_have_a_default_price_and_take_another() {
    let usage = Usage { web_search_calls: 1, ..Usage::default() };
    for (per_thousand, total) in
        [(None, "0.01"), (Some("25"), "0.025"), (Some("0"), "0"), (Some("0.000001"), "0.000000001")]
    {
        let price = ModelPrice {
            web_search_per_thousand: per_thousand.map(|text| text.parse().unwrap()),
            ..ModelPrice::default()
        };
        assert_eq!(charge(&usage, &price, Rate::ONE, Rate::ONE).unwrap().total.to_string(), total);
    }
}

#[test]
fn ties_go_to_the_even_nano_dollar() {
    // One token at 0.001 dollars per million is one nano-dollar; rates make it fall in between.
    let usage = |tokens| Usage { input_tokens: tokens, ..Usage::default() };
    for (tokens, group, nanos) in [
        (1, "0.5", 0),
        (3, "0.5", 2),
        (5, "0.5", 2),
        (7, "0.5", 4),
        (1, "0.500001", 1),
        (1, "0.499999", 0),
        (5, "0.500001", 3),
    ] {
        let charge = charge(&usage(tokens), &model("0.001", "0"), rate(group), Rate::ONE).unwrap();
        assert_eq!(charge.total, Money::from_nanos(nanos), "{tokens} x {group}");
    }
}

#[test]
fn a_default_cache_price_is_not_rounded_by_itself() {
    // A tenth of one nano-dollar per million is no price that could be written down, yet ten million reads cost one.
    let price = ModelPrice::new(TokenPrice::from_nanos_per_million(1), TokenPrice::ZERO);
    let reads = |tokens| Usage { cache_read_tokens: tokens, ..Usage::default() };
    let total = |tokens| charge(&reads(tokens), &price, Rate::ONE, Rate::ONE).unwrap().total;
    assert_eq!(total(10_000_000), Money::from_nanos(1));
    assert_eq!(total(5_000_000), Money::ZERO);
    assert_eq!(total(5_000_001), Money::from_nanos(1));
}

#[test]
fn the_total_is_rounded_once_not_part_by_part() {
    // Two halves of a nano-dollar: each part rounds to 0, the whole is 1.
    let usage = Usage { input_tokens: 1, output_tokens: 1, ..Usage::default() };
    let charge = charge(&usage, &model("0.0005", "0.0005"), Rate::ONE, Rate::ONE).unwrap();
    assert_eq!((charge.parts.input, charge.parts.output), (Money::ZERO, Money::ZERO));
    assert_eq!(charge.total, Money::from_nanos(1));
}

#[test]
fn reasoning_is_not_charged_again() {
    let with = charge(&TURN, &opus_5_5(), Rate::ONE, Rate::ONE).unwrap();
    let without = charge(&Usage { reasoning_tokens: 0, ..TURN }, &opus_5_5(), Rate::ONE, Rate::ONE).unwrap();
    assert_eq!(with, without);
}

#[test]
fn what_does_not_fit_is_an_error() {
    let all = Usage { input_tokens: u64::MAX, output_tokens: u64::MAX, ..Usage::default() };
    let dear = ModelPrice::new(TokenPrice::from_nanos_per_million(u64::MAX), TokenPrice::ZERO);
    assert_eq!(charge(&all, &dear, Rate::ONE, Rate::ONE), Err(PricingError::Overflow));
    // A million tokens cost the price: the largest amount fits, one nano-dollar more does not.
    let million = Usage { input_tokens: 1_000_000, ..Usage::default() };
    let costing = |nanos| ModelPrice::new(TokenPrice::from_nanos_per_million(nanos), TokenPrice::ZERO);
    let largest = i64::MAX.unsigned_abs();
    assert_eq!(charge(&million, &costing(largest), Rate::ONE, Rate::ONE).unwrap().total, Money::MAX);
    assert_eq!(charge(&million, &costing(largest + 1), Rate::ONE, Rate::ONE), Err(PricingError::Overflow));
    // The bulk of it is in the rates.
    let most = Rate::from_millionths(u32::MAX);
    assert_eq!(charge(&million, &costing(1 << 62), most, most), Err(PricingError::Overflow));
}

#[test]
fn a_negative_search_price_is_refused() {
    let price = ModelPrice { web_search_per_thousand: Some(Money::from_nanos(-1)), ..opus_5_5() };
    let refused = PricingError::NegativePrice("web_search_per_thousand");
    assert_eq!(price.validate(), Err(refused));
    assert_eq!(charge(&TURN, &price, Rate::ONE, Rate::ONE), Err(refused));
    assert_eq!(opus_5_5().validate(), Ok(()));
}

#[test]
fn json_is_decimals_in_text() {
    let json = r#"{"input":"4","output":"20","cache_read":"0.2"}"#;
    assert_eq!(serde_json::to_string(&opus_5_5()).unwrap(), json);
    assert_eq!(serde_json::from_str::<ModelPrice>(json).unwrap(), opus_5_5());
    for wrong in [
        r#"{"input":"4","output":"20","cache_raed":"0.2"}"#,
        r#"{"input":4,"output":"20"}"#,
        r#"{"input":"4"}"#,
        r#"{"input":"-4","output":"20"}"#,
    ] {
        assert!(serde_json::from_str::<ModelPrice>(wrong).is_err(), "{wrong}");
    }
    let parts = CostParts { input: Money::from_nanos(1), ..CostParts::default() };
    let json = serde_json::to_string(&parts).unwrap();
    assert!(json.starts_with(r#"{"input":"0.000000001","output":"0""#), "{json}");
    assert_eq!(serde_json::from_str::<CostParts>(&json).unwrap(), parts);
}
