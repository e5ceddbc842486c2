//! Charges at published prices, worked out by hand.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use tollgate_base::{Money, Rate, TokenPrice, Usage};
use tollgate_pricing::{
    Charge, ContextTier, ContextTiers, CostParts, ModelPrice, Multipliers, PricingError, Served,
};

/// The charge of a request that was served as the list price has it.
fn charge(usage: &Usage, price: &ModelPrice, group: Rate, user: Rate) -> Result<Charge, PricingError> {
    tollgate_pricing::charge(usage, price, Served::STANDARD, group, user)
}

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
    ..Usage::NONE
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
        ..CostParts::default()
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
fn sound_is_charged_at_its_own_price_or_as_text() {
    // gpt-audio: text 2.50 and 10, sound 32 and 64. 100*2.5 + 1000*32 + 50*10 + 2000*64 = 160,750
    let talk = Usage {
        input_tokens: 100,
        input_audio_tokens: 1_000,
        output_tokens: 50,
        output_audio_tokens: 2_000,
        ..Usage::NONE
    };
    let text = model("2.5", "10");
    let gpt_audio = ModelPrice { input_audio: Some(price("32")), output_audio: Some(price("64")), ..text };
    let spoken = charge(&talk, &gpt_audio, Rate::ONE, Rate::ONE).unwrap();
    assert_eq!((spoken.total.to_string(), spoken.parts.audio.to_string()), ("0.16075".into(), "0.16".into()));
    // 1100*2.5 + 2050*10
    let as_text = charge(&talk, &text, Rate::ONE, Rate::ONE).unwrap();
    assert_eq!(as_text.total.to_string(), "0.02325");
    assert_eq!(as_text.parts.audio.to_string(), "0.0225");
}

#[test]
fn pictures_are_charged_by_the_token_and_by_the_piece() {
    // Gemini 2.5 Flash Image: input 0.30, text 2.50, pictures 30; 1,290 tokens are a picture of 3.87 cents.
    let drawn = Usage { input_tokens: 100, output_image_tokens: 1_290, ..Usage::NONE };
    let flash_image = ModelPrice { output_image: Some(price("30")), ..model("0.3", "2.5") };
    assert_eq!(charge(&drawn, &flash_image, Rate::ONE, Rate::ONE).unwrap().total.to_string(), "0.03873");
    let seen = Usage { input_image_tokens: 1_000, generated_images: 2, ..Usage::NONE };
    for (input_image, generated_image, total) in [
        (None, None, "0.3343"),
        (Some("8"), None, "0.342"),
        (Some("8"), Some("0.042"), "0.092"),
        (None, Some("0"), "0.0003"),
    ] {
        let price = ModelPrice {
            input_image: input_image.map(price),
            generated_image: generated_image.map(|text| text.parse().unwrap()),
            ..model("0.3", "2.5")
        };
        assert_eq!(charge(&seen, &price, Rate::ONE, Rate::ONE).unwrap().total.to_string(), total);
    }
}

#[test]
fn reasoning_may_have_a_price_of_its_own() {
    // Qwen Plus: 1.2 without and 4 with thinking. 100*0.4 + 300*1.2 + 700*4 = 3,200
    let thought = Usage { input_tokens: 100, output_tokens: 1_000, reasoning_tokens: 700, ..Usage::NONE };
    let qwen = ModelPrice { reasoning: Some(price("4")), ..model("0.4", "1.2") };
    let own = charge(&thought, &qwen, Rate::ONE, Rate::ONE).unwrap();
    assert_eq!(own.total.to_string(), "0.0032");
    assert_eq!(
        (own.parts.output.to_string(), own.parts.reasoning.to_string()),
        ("0.00036".into(), "0.0028".into())
    );
    // No more can be reasoning than there is output: 100*0.4 + 1000*4
    let odd = Usage { reasoning_tokens: 5_000, ..thought };
    assert_eq!(charge(&odd, &qwen, Rate::ONE, Rate::ONE).unwrap().total.to_string(), "0.00404");
}

#[test]
fn tools_and_requests_are_charged_each() {
    let used = Usage { input_tokens: 1, file_search_calls: 4, code_execution_calls: 2, ..Usage::NONE };
    let own = ModelPrice {
        file_search_per_thousand: Some("5".parse().unwrap()),
        code_execution: Some("0.001".parse().unwrap()),
        request: Some("0.005".parse().unwrap()),
        ..ModelPrice::default()
    };
    for (what, usage, price, total) in [
        // OpenAI's list: four searches at 2.50 a thousand, two containers at 3 cents.
        ("defaults", used, ModelPrice::default(), "0.07"),
        ("own prices, and a request", used, own, "0.027"),
        // Perplexity Sonar: half a cent a request, whatever its length.
        ("a request that used nothing", Usage::NONE, own, "0"),
    ] {
        assert_eq!(charge(&usage, &price, Rate::ONE, Rate::ONE).unwrap().total.to_string(), total, "{what}");
    }
    let fast = Multipliers { fast: factor("2"), ..Multipliers::NONE };
    let price = ModelPrice { multipliers: fast, ..own };
    let served = Served { fast: true, ..Served::STANDARD };
    let twice = tollgate_pricing::charge(&used, &price, served, Rate::ONE, Rate::ONE).unwrap();
    assert_eq!(twice.total.to_string(), "0.027", "what is counted is not multiplied");
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
fn a_negative_price_is_refused() {
    let below = Some(Money::from_nanos(-1));
    for (name, price) in [
        ("web_search_per_thousand", ModelPrice { web_search_per_thousand: below, ..opus_5_5() }),
        ("generated_image", ModelPrice { generated_image: below, ..opus_5_5() }),
        ("file_search_per_thousand", ModelPrice { file_search_per_thousand: below, ..opus_5_5() }),
        ("code_execution", ModelPrice { code_execution: below, ..opus_5_5() }),
        ("request", ModelPrice { request: below, ..opus_5_5() }),
    ] {
        let refused = PricingError::NegativePrice(name);
        assert_eq!(price.validate(), Err(refused));
        assert_eq!(charge(&TURN, &price, Rate::ONE, Rate::ONE), Err(refused));
    }
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

/// Claude Haiku 5.5: five times as dear above 100,000 prompt tokens.
fn haiku_5_5() -> ModelPrice {
    let above = ContextTier { input: Some(price("0.5")), output: Some(price("2.5")), ..tier_above(100_000) };
    ModelPrice { tiers: ContextTiers::new(&[above]).unwrap(), ..model("0.1", "0.5") }
}

/// GPT-6 Sol: above 272,000 prompt tokens input and cache cost twice, output one and a half times as much.
fn gpt_6_sol() -> ModelPrice {
    let above = ContextTier {
        input: Some(price("4")),
        output: Some(price("15")),
        cache_write_5m: Some(price("5")),
        cache_read: Some(price("0.4")),
        ..tier_above(272_000)
    };
    ModelPrice {
        cache_write_5m: Some(price("2.5")),
        cache_read: Some(price("0.2")),
        tiers: ContextTiers::new(&[above]).unwrap(),
        ..model("2", "10")
    }
}

fn tier_above(above_prompt_tokens: u64) -> ContextTier {
    ContextTier { above_prompt_tokens, ..ContextTier::default() }
}

#[test]
fn a_long_prompt_changes_the_whole_request() {
    let haiku = |input_tokens, cache_write_5m_tokens, cache_read_tokens| Usage {
        input_tokens,
        output_tokens: 1_000,
        cache_write_5m_tokens,
        cache_read_tokens,
        ..Usage::default()
    };
    let gpt = |input_tokens, cache_read_tokens| Usage {
        input_tokens,
        output_tokens: 10_000,
        cache_read_tokens,
        ..Usage::default()
    };
    for (what, usage, price, total) in [
        // 20000*0.1 + 30000*0.125 + 50000*0.01 + 1000*0.5 = 6,750
        ("haiku at the limit", haiku(20_000, 30_000, 50_000), haiku_5_5(), "0.00675"),
        // 20001*0.5 + 30000*0.625 + 50000*0.05 + 1000*2.5 = 33,750.5
        ("haiku one token above", haiku(20_001, 30_000, 50_000), haiku_5_5(), "0.0337505"),
        // 72000*2 + 200000*0.2 + 10000*10
        ("sol at the limit", gpt(72_000, 200_000), gpt_6_sol(), "0.284"),
        // 72001*4 + 200000*0.4 + 10000*15
        ("sol one token above", gpt(72_001, 200_000), gpt_6_sol(), "0.518004"),
    ] {
        let charge = charge(&usage, &price, Rate::ONE, Rate::ONE).unwrap();
        assert_eq!(charge.total.to_string(), total, "{what}");
    }
}

#[test]
fn what_a_tier_does_not_name_stays() {
    let tiers = [
        ContextTier { input: Some(price("6")), ..tier_above(200_000) },
        ContextTier { output: Some(price("30")), ..tier_above(500_000) },
    ];
    let sonnet = ModelPrice { tiers: ContextTiers::new(&tiers).unwrap(), ..model("3", "15") };
    let at = |tokens| {
        let price = sonnet.for_prompt(tokens);
        (price.input.to_string(), price.output.to_string())
    };
    assert_eq!(at(200_000), ("3".into(), "15".into()));
    assert_eq!(at(200_001), ("6".into(), "15".into()));
    assert_eq!(at(500_001), ("6".into(), "30".into()));
    assert!(sonnet.for_prompt(500_001).tiers.is_empty());
}

#[test]
fn tiers_are_checked_wherever_they_come_from() {
    let json = r#"{"input":"0.1","output":"0.5","tiers":[{"above_prompt_tokens":100000,"input":"0.5","output":"2.5"}]}"#;
    assert_eq!(serde_json::to_string(&haiku_5_5()).unwrap(), json);
    assert_eq!(serde_json::from_str::<ModelPrice>(json).unwrap(), haiku_5_5());
    for (tiers, problem) in [
        (r#"[{"above_prompt_tokens":1}]"#, "one of them has no price"),
        (
            r#"[{"above_prompt_tokens":2,"input":"1"},{"above_prompt_tokens":2,"input":"2"}]"#,
            "`above_prompt_tokens` does not rise",
        ),
        (
            r#"[{"above_prompt_tokens":1,"input":"1"},{"above_prompt_tokens":2,"input":"1"},
                {"above_prompt_tokens":3,"input":"1"},{"above_prompt_tokens":4,"input":"1"}]"#,
            "there are more than three",
        ),
        (r#"[{"input":"1"}]"#, "missing field `above_prompt_tokens`"),
        (r#"[{"above_prompt_tokens":1,"inptu":"1"}]"#, "unknown field `inptu`"),
    ] {
        let json = format!(r#"{{"input":"1","output":"1","tiers":{tiers}}}"#);
        let error = serde_json::from_str::<ModelPrice>(&json).unwrap_err().to_string();
        assert!(error.contains(problem), "{tiers}: {error}");
    }
}

fn factor(text: &str) -> Option<Rate> {
    Some(rate(text))
}

#[test]
fn the_answered_tier_speed_and_region_multiply_the_tokens() {
    let claude =
        Multipliers { batch: factor("0.5"), fast: factor("2"), us: factor("1.1"), ..Multipliers::NONE };
    let opus = ModelPrice { multipliers: claude, ..opus_5_5() };
    let gpt =
        Multipliers { priority: factor("2"), flex: factor("0.5"), batch: factor("0.5"), ..Multipliers::NONE };
    let sol = ModelPrice { multipliers: gpt, ..gpt_6_sol() };
    let long =
        Usage { input_tokens: 72_001, output_tokens: 10_000, cache_read_tokens: 200_000, ..Usage::default() };
    let searching = Usage { web_search_calls: 1, ..TURN };
    for (usage, price, answer, group, total) in [
        // 0.0438436, as published_prices_and_rates has it, doubled.
        (TURN, opus, (Some("standard"), Some("fast"), Some("global")), "1", "0.0876872"),
        (TURN, opus, (Some("standard"), Some("standard"), Some("us")), "1", "0.04822796"),
        // x 2 x 1.1
        (TURN, opus, (Some("standard"), Some("fast"), Some("us")), "1", "0.09645592"),
        // x 0.5 x 1.1 x 1.3333 = 0.032151169534, rounded once
        (TURN, opus, (Some("batch"), None, Some("us")), "1.3333", "0.03215117"),
        // Anthropic's priority is bought ahead and has no factor.
        (TURN, opus, (Some("priority"), None, None), "1", "0.0438436"),
        // The search costs a cent at every speed.
        (searching, opus, (None, Some("fast"), None), "1", "0.0976872"),
        // 0.518004, the price above 272,000 tokens, doubled and halved.
        (long, sol, (Some("priority"), None, None), "1", "1.036008"),
        (long, sol, (Some("flex"), None, None), "1", "0.259002"),
        (long, sol, (Some("default"), None, None), "1", "0.518004"),
    ] {
        let (tier, speed, geo) = answer;
        let served = Served::read(tier, speed, geo);
        let charge = tollgate_pricing::charge(&usage, &price, served, rate(group), Rate::ONE).unwrap();
        assert_eq!(charge.total.to_string(), total, "{answer:?} x {group}");
    }
}

#[test]
fn multipliers_are_decimals_in_text_too() {
    let json = r#"{"input":"4","output":"20","cache_read":"0.2","multipliers":{"fast":"2","us":"1.1"}}"#;
    let multipliers = Multipliers { fast: factor("2"), us: factor("1.1"), ..Multipliers::NONE };
    let opus = ModelPrice { multipliers, ..opus_5_5() };
    assert_eq!(serde_json::to_string(&opus).unwrap(), json);
    assert_eq!(serde_json::from_str::<ModelPrice>(json).unwrap(), opus);
    assert!(serde_json::from_str::<Multipliers>(r#"{"fats":"2"}"#).is_err());
    let multipliers = Multipliers { us: factor("1.0001"), ..Multipliers::NONE };
    let refused = PricingError::BadMultiplier("us");
    let price = ModelPrice { multipliers, ..opus_5_5() };
    assert_eq!((price.validate(), charge(&TURN, &price, Rate::ONE, Rate::ONE)), (Err(refused), Err(refused)));
}
