//! The bundled price book, and files in LiteLLM's form.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

use std::collections::HashSet;

use tollgate_base::{Rate, Usage};
use tollgate_pricing::{BookModel, ModelPrice, PriceBook, Served, charge};

fn bundled(name: &str) -> BookModel {
    let book = PriceBook::bundled().unwrap();
    book.models.into_iter().find(|model| model.name == name).unwrap()
}

/// The one model of a file that has only this, with the cost members given.
fn read(members: &str) -> BookModel {
    let text = format!(r#"{{"m":{{"mode":"chat","litellm_provider":"p",{members}}}}}"#);
    let mut book = PriceBook::from_litellm(&text).unwrap();
    assert_eq!(book.skipped, []);
    book.models.remove(0)
}

fn price(json: &str) -> ModelPrice {
    serde_json::from_str(json).unwrap()
}

#[test]
fn the_bundled_book_is_sound() {
    let book = PriceBook::bundled().unwrap();
    assert!(book.date.is_some() && book.about.is_some());
    let names: HashSet<&str> = book.models.iter().map(|model| model.name.as_str()).collect();
    assert_eq!(names.len(), book.models.len(), "a name stands twice");
    for family in ["claude-", "gpt-", "deepseek-", "glm-", "mimo-"] {
        assert!(names.iter().any(|name| name.starts_with(family)), "{family}");
    }
    for model in &book.models {
        let name = &model.name;
        assert_eq!(model.price.validate(), Ok(()), "{name}");
        assert!(book.sources.contains_key(model.source.as_ref().unwrap()), "{name}");
        assert!(model.display_name.is_some() && model.owned_by.is_some(), "{name}");
        let (prompt, answer) = (model.context_window_tokens.unwrap(), model.max_output_tokens.unwrap());
        assert!(answer < prompt, "{name}");
        let lengths =
            [0].into_iter().chain(model.price.tiers.iter().map(|tier| tier.above_prompt_tokens + 1));
        for length in lengths {
            let price = model.price.for_prompt(length);
            assert!(price.input < price.output, "{name} at {length}");
            assert!(price.cache_read.unwrap() <= price.input, "{name} at {length}");
            assert!(price.cache_write_5m.unwrap() >= price.input, "{name} at {length}");
            assert!(price.cache_write_1h.unwrap() >= price.cache_write_5m.unwrap(), "{name} at {length}");
        }
    }
}

#[test]
fn bundled_prices_are_the_published_ones() {
    let long = Usage { input_tokens: 300_000, output_tokens: 10_000, ..Usage::default() };
    let cached =
        Usage { input_tokens: 1_000, output_tokens: 1_000, cache_read_tokens: 90_000, ..Usage::default() };
    for (model, usage, tier, total) in [
        // 1000*4 + 1000*20 + 90000*0.2
        ("claude-opus-5-5", cached, None, "0.042"),
        // 1000*10 + 1000*50 + 90000*0.25
        ("claude-fable-5-1", cached, None, "0.0825"),
        // 1000*0.1 + 1000*0.5 + 90000*0.01
        ("claude-haiku-5-5", cached, None, "0.0015"),
        // 300000*0.5 + 10000*2.5
        ("claude-haiku-5-5", long, None, "0.175"),
        // 300000*4 + 10000*15, and twice that
        ("gpt-6-sol", long, None, "1.35"),
        ("gpt-6-sol", long, Some("priority"), "2.7"),
        // 1000*2 + 1000*10 + 90000*0.1
        ("gpt-6.1-sol", cached, None, "0.021"),
        // Priority is two and a half times as dear here.
        ("gpt-5.5", cached, Some("priority"), "0.2"),
        // 1000*1.32 + 1000*3.96 + 90000*0.044
        ("deepseek-v4-pro", cached, None, "0.00924"),
    ] {
        let served = Served::read(tier, None, None);
        let charge = charge(&usage, &bundled(model).price, served, Rate::ONE, Rate::ONE).unwrap();
        assert_eq!(charge.total.to_string(), total, "{model} {tier:?}");
    }
}

#[test]
fn a_litellm_entry_is_read_whole() {
    let model = read(
        r##""input_cost_per_token":2e-06,"output_cost_per_token":1e-05,"max_input_tokens":922000,"max_output_tokens":128000,
        "cache_creation_input_token_cost":2.5e-06,"cache_creation_input_token_cost_above_12hr":5e-06,
        "cache_read_input_token_cost":2e-07,"input_cost_per_token_above_272k_tokens":4e-06,
        "output_cost_per_token_above_272k_tokens":1.5e-05,"cache_creation_input_token_cost_above_272k_tokens":5e-06,
        "cache_creation_input_token_cost_above_12hr_above_272k_tokens":1e-05,
        "cache_read_input_token_cost_above_272k_tokens":4e-07,"input_cost_per_token_priority":4e-06,
        "output_cost_per_token_priority":2e-05,"cache_read_input_token_cost_above_272k_tokens_priority":8e-07,
        "input_cost_per_token_flex":1e-06,"input_cost_per_token_batches":1e-06,"provider_specific_entry":{"us":1.1,"fast":2.0},
        "search_context_cost_per_query":{"search_context_size_low":0.01,"search_context_size_high":0.01},"source":"https://s""##,
    );
    let expected = r#"{"input":"2","output":"10","cache_write_5m":"2.5","cache_write_1h":"5","cache_read":"0.2",
        "web_search_per_thousand":"10","tiers":[{"above_prompt_tokens":272000,"input":"4","output":"15",
        "cache_write_5m":"5","cache_write_1h":"10","cache_read":"0.4"}],
        "multipliers":{"priority":"2","flex":"0.5","batch":"0.5","fast":"2","us":"1.1"}}"#;
    assert_eq!(model.price, price(expected));
    assert_eq!(model.notes, Vec::<String>::new());
    assert_eq!((model.context_window_tokens, model.max_output_tokens), (Some(922_000), Some(128_000)));
    assert_eq!((model.owned_by.as_deref(), model.source.as_deref()), (Some("p"), Some("https://s")));
}

#[test]
fn cached_tokens_without_a_price_cost_what_others_do() {
    let costs = r#""input_cost_per_token":3e-05,"output_cost_per_token":0.00018,
        "input_cost_per_token_above_272k_tokens":6e-05,"output_cost_per_token_above_272k_tokens":0.00027"#;
    let expected = r#"{"input":"30","output":"180","cache_write_5m":"30","cache_write_1h":"30","cache_read":"30",
        "tiers":[{"above_prompt_tokens":272000,"input":"60","output":"270","cache_write_5m":"60","cache_write_1h":"60",
        "cache_read":"60"}]}"#;
    assert_eq!(read(costs).price, price(expected));
}

#[test]
fn sound_pictures_reasoning_and_tools_have_prices_where_they_differ() {
    let text = r#""input_cost_per_token":3e-06,"output_cost_per_token":9e-06"#;
    let others = r#""output_cost_per_reasoning_token":1.2e-05,"input_cost_per_audio_token":4e-05,
        "output_cost_per_audio_token":8e-05,"input_cost_per_image_token":5e-06,"output_cost_per_image_token":3e-05,
        "input_cost_per_request":0.005,"file_search_cost_per_1k_calls":2.5,"code_interpreter_cost_per_session":0.03"#;
    let model = read(&format!("{text},{others}"));
    let expected = r#"{"input":"3","output":"9","cache_write_5m":"3","cache_write_1h":"3","cache_read":"3",
        "reasoning":"12","input_audio":"40","output_audio":"80","input_image":"5","output_image":"30",
        "request":"0.005","file_search_per_thousand":"2.5","code_execution":"0.03"}"#;
    assert_eq!((model.price, model.notes), (price(expected), vec![]));
    let same = r#""output_cost_per_reasoning_token":9e-06,"input_cost_per_audio_token":3e-06"#;
    let plain = r#"{"input":"3","output":"9","cache_write_5m":"3","cache_write_1h":"3","cache_read":"3"}"#;
    let model = read(&format!("{text},{same}"));
    assert_eq!((model.price, model.notes), (price(plain), vec![]));
}

#[test]
fn what_has_no_place_is_noted() {
    for (members, notes) in [
        (r#""input_cost_per_image":1e-03"#, &["not read: input_cost_per_image"][..]),
        (
            r#""input_cost_per_image_above_128k_tokens":1e-06"#,
            &["not read: input_cost_per_image_above_128k_tokens"],
        ),
        (
            r#""input_cost_per_token_priority":5e-06,"output_cost_per_token_priority":1e-05"#,
            &[
                "the factor of priority was rounded up to 1.667",
                "output_cost_per_token_priority is not the list price times 1.667; the factor counts",
            ],
        ),
        (
            r#""input_cost_per_token_ultrafast":9e-06,"tiered_pricing":[]"#,
            &["not read: input_cost_per_token_ultrafast, tiered_pricing"],
        ),
        (
            r#""search_context_cost_per_query":{"low":0.01,"high":0.02}"#,
            &["not read: search_context_cost_per_query differs by size"],
        ),
        (r#""provider_specific_entry":{"eu":1.1}"#, &["not read: provider_specific_entry.eu"]),
    ] {
        let model = read(&format!(r#""input_cost_per_token":3e-06,"output_cost_per_token":9e-06,{members}"#));
        assert_eq!(model.notes, notes, "{members}");
    }
}

#[test]
fn what_cannot_be_priced_is_skipped_and_said() {
    let tier = |thousands| format!(r#""input_cost_per_token_above_{thousands}k_tokens":3e-06"#);
    let four = [1, 2, 3, 4].map(tier).join(",");
    let both = r#""mode":"chat","input_cost_per_token":1e-06,"output_cost_per_token":2e-06"#;
    for (members, reason) in [
        (r#""mode":"embedding","input_cost_per_token":1e-06"#.to_owned(), "mode embedding"),
        (r#""input_cost_per_token":1e-06"#.to_owned(), "no mode"),
        (r#""mode":"chat","input_cost_per_token":1e-06"#.to_owned(), "no price for input and output tokens"),
        (
            r#""mode":"chat","input_cost_per_token":0.0,"output_cost_per_token":0"#.to_owned(),
            "free; create it by hand if that is so",
        ),
        (
            r#""mode":"chat","input_cost_per_token":1.142857142857e-06,"output_cost_per_token":4e-06"#
                .to_owned(),
            "input_cost_per_token is not a whole number of nano-dollars per million tokens",
        ),
        (format!("{both},{four}"), "the tiers by prompt length are wrong: there are more than three"),
        (
            format!(r#"{both},"provider_specific_entry":{{"fast":1.0001}}"#),
            "the multiplier `fast` must be at most 100 and have at most three decimals",
        ),
    ] {
        let book = PriceBook::from_litellm(&format!(r#"{{"m":{{{members}}}}}"#)).unwrap();
        assert_eq!(book.models, [], "{members}");
        assert_eq!(book.skipped[0].reason, reason, "{members}");
    }
    for wrong in ["[]", "{\"m\":1}", "", "{"] {
        assert!(PriceBook::from_litellm(wrong).is_err(), "{wrong}");
    }
}
