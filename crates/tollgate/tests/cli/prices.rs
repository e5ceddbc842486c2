//! Prices: by time, place and hour, and from price files.

use std::fs;

use serde_json::{Value, json};

use crate::support::Place;

/// A price file as LiteLLM has them: a model, one at a tier of its own, one that is no chat model, and one that is odd.
const FILE: &str = r#"{
  "sample_spec": {"mode": "one of: chat, embedding", "input_cost_per_token": 0.0},
  "claude-x": {"mode": "chat", "litellm_provider": "anthropic", "max_input_tokens": 200000, "max_output_tokens": 64000,
    "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05, "cache_creation_input_token_cost": 3.75e-06,
    "cache_creation_input_token_cost_above_1hr": 6e-06, "cache_read_input_token_cost": 3e-07,
    "input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token_above_200k_tokens": 2.25e-05,
    "input_cost_per_token_batches": 1.5e-06, "provider_specific_entry": {"us": 1.1}},
  "gpt-x": {"mode": "responses", "litellm_provider": "openai", "input_cost_per_token": 1.25e-06,
    "output_cost_per_token": 0.00001, "input_cost_per_image": 4e-03},
  "embed-x": {"mode": "embedding", "input_cost_per_token": 1e-07},
  "fine-x": {"mode": "chat", "input_cost_per_token": 1.0000000000000001e-06, "output_cost_per_token": 2e-06}
}"#;

fn with_file(text: &str) -> Place {
    let place = Place::new();
    fs::write(place.path().join("prices.json"), text).unwrap();
    place
}

fn models(place: &Place) -> Vec<Value> {
    place.json(&["model", "list"]).as_array().unwrap().clone()
}

#[test]
fn a_price_file_becomes_models_and_a_second_run_changes_nothing() {
    let place = with_file(FILE);
    let import = ["model", "import-prices", "prices.json"];
    let dry = place.ok(&["model", "import-prices", "prices.json", "--dry-run"]);
    assert!(dry.contains("would be created gpt-x: "), "{dry}");
    assert!(dry.contains("2 would be created, 0 would be updated, 0 unchanged"), "{dry}");
    assert_eq!(models(&place).len(), 0, "a dry run changes nothing");

    let said = place.ok(&import);
    for line in [
        "note gpt-x: not read: input_cost_per_image",
        "skipped 1: mode embedding",
        "skipped 1: mode one",
        "skipped 1: input_cost_per_token is not a whole number of nano-dollars per million tokens",
        "2 created, 0 updated, 0 unchanged",
    ] {
        assert!(said.lines().any(|said| said == line), "{line}: {said}");
    }
    let claude = place.json(&["model", "show", "claude-x"]);
    assert_eq!(
        claude["price"],
        json!({"input": "3", "output": "15", "cache_write_5m": "3.75", "cache_write_1h": "6", "cache_read": "0.3",
               "tiers": [{"above_prompt_tokens": 200_000, "input": "6", "output": "22.5"}],
               "multipliers": {"batch": "0.5", "us": "1.1"}})
    );
    assert_eq!((&claude["owned_by"], &claude["max_output_tokens"]), (&json!("anthropic"), &json!(64_000)));
    let gpt = place.json(&["model", "show", "gpt-x"]);
    assert_eq!(gpt["price"]["cache_read"], "1.25", "no discount is made up");

    let before = models(&place);
    let again = place.json(&import);
    assert_eq!(
        (&again["created"], &again["updated"], &again["unchanged"]),
        (&json!([]), &json!([]), &json!(2))
    );
    assert_eq!(models(&place), before);
}

#[test]
fn an_import_updates_what_differs_and_keeps_what_the_file_does_not_know() {
    let place = with_file(FILE);
    let mine = ["--display-name", "Mine", "--web-search", "25", "--multipliers", r#"{"fast":"2"}"#];
    let create = ["model", "create", "claude-x", "--input", "2", "--output", "15", "--max-output", "1000"];
    place.ok(&[&create[..], &mine].concat());
    let report = place.json(&["model", "import-prices", "prices.json", "--only", "claude-*"]);
    assert_eq!((&report["created"], &report["skipped"]), (&json!([]), &json!([])), "only what matches");
    let changes: Vec<&str> =
        report["updated"][0]["changes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for change in ["input 2 -> 3", "cache_read none -> 0.3", "max_output_tokens 1000 -> 64000"] {
        assert!(changes.contains(&change), "{change}: {changes:?}");
    }
    let model = place.json(&["model", "show", "claude-x"]);
    assert_eq!((&model["display_name"], &model["price_version"]), (&json!("Mine"), &json!(2)));
    assert_eq!(model["price"]["web_search_per_thousand"], "25");
    assert_eq!(model["price"]["multipliers"], json!({"batch": "0.5", "fast": "2", "us": "1.1"}));
    assert_eq!(place.json(&["model", "import-prices", "prices.json"])["unchanged"], 1);
}

#[test]
fn the_bundled_book_is_imported() {
    let place = Place::new();
    let said = place.ok(&["model", "import-prices", "--bundled", "--only", "claude-*", "--only", "glm-5*"]);
    assert!(
        said.lines().last().unwrap().contains(" created, 0 updated, 0 unchanged; prices of 20"),
        "{said}"
    );
    let names: Vec<Value> = models(&place).iter().map(|model| model["name"].clone()).collect();
    assert!(names.contains(&json!("claude-haiku-5-5")) && names.contains(&json!("glm-5.3")), "{names:?}");
    assert!(!names.iter().any(|name| name.as_str().unwrap().starts_with("gpt-")), "{names:?}");
    place.ok(&["model", "import-prices", "--bundled"]);
    let again = place.json(&["model", "import-prices", "--bundled"]);
    assert_eq!((&again["created"], &again["updated"]), (&json!([]), &json!([])));
}

#[test]
fn what_is_no_price_file_is_refused() {
    let place = with_file("[1]");
    let said = place.fails(&["model", "import-prices", "prices.json"]);
    assert!(said.starts_with("prices.json: not a price file: "), "{said}");
    assert!(place.fails(&["model", "import-prices", "none.json"]).starts_with("none.json: "));
    for wrong in [&["model", "import-prices"][..], &["model", "import-prices", "prices.json", "--bundled"]] {
        assert_eq!(place.run(wrong).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn prices_begin_later_and_are_called_off() {
    let place = Place::new();
    place.ok(&["model", "create", "m", "--input", "1", "--output", "2"]);
    place.ok(&["model", "update", "m", "--input", "3", "--from", "2126-12-01"]);
    let shown = place.json(&["model", "show", "m"]);
    assert_eq!((&shown["price"]["input"], &shown["price_version"]), (&json!("1"), &json!(1)));
    let coming = &shown["other_prices"][0];
    assert_eq!((&coming["version"], &coming["from"]), (&json!(2), &json!("2126-12-01T00:00:00Z")));
    assert_eq!(coming["price"], json!({"input": "3", "output": "2"}), "what is not named is kept");
    let page = place.ok(&["model", "show", "m"]);
    assert!(page.contains("more prices     from 2126-12-01T00:00:00Z: input 3, output 2\n"), "{page}");

    place.ok(&["model", "update", "m", "--clear-coming"]);
    let all = place.json(&["model", "prices", "m"]);
    let seen: Vec<_> =
        all.as_array().unwrap().iter().map(|price| (&price["version"], &price["withdrawn"])).collect();
    assert_eq!(seen, [(&json!(1), &json!(false)), (&json!(2), &json!(true))]);
    assert!(place.fails(&["model", "update", "m", "--clear-coming"]).contains("yet to come"));
    let said = place.fails(&["model", "update", "m", "--input", "3", "--from", "2020-01-01"]);
    assert_eq!(said, "from: must not be in the past");
    let said = place.fails(&["model", "update", "m", "--from", "2126-01-01"]);
    assert!(said.starts_with("--from needs a price"), "{said}");
    place.ok(&[
        "model",
        "create",
        "later",
        "--input",
        "1",
        "--output",
        "2",
        "--from",
        "2126-12-01T08:00:00+08:00",
    ]);
    assert_eq!(place.json(&["model", "show", "later"])["price"], json!(null));
    assert_eq!(place.ok(&["model", "prices", "later"]).lines().count(), 2);
    assert!(place.fails(&["model", "prices", "none"]).contains("no model `none`"));
}

#[test]
fn places_and_hours_have_prices_of_their_own() {
    let place = Place::new();
    place.ok(&["model", "create", "m", "--input", "3", "--output", "9", "--cache-read", "0.1"]);
    let hours = r#"[{"time_zone":"Asia/Shanghai","from":"00:30","to":"08:30","rate":"0.5"}]"#;
    let changed = place.json(&["model", "update", "m", "--hours", hours]);
    assert_eq!(changed["hours"][0]["time_zone"], "Asia/Shanghai");
    assert!(place.ok(&["model", "show", "m"]).contains("00:30-08:30 Asia/Shanghai: x 0.5\n"));
    let own =
        place.json(&["model", "update", "m", "--at-family", "openrouter", "--input", "4", "--output", "8"]);
    let there = &own["other_prices"][0];
    assert_eq!(
        (&there["place"], &there["price"]),
        (&json!("family:openrouter"), &json!({"input": "4", "output": "8"}))
    );
    assert_eq!((&own["price"]["input"], &own["price_version"]), (&json!("3"), &json!(2)));
    let changed = place.json(&["model", "update", "m", "--at-family", "openrouter", "--input", "5"]);
    assert_eq!(changed["other_prices"][0]["price"], json!({"input": "5", "output": "8"}));
    let table = place.ok(&["model", "prices", "m"]);
    assert!(table.contains("family openrouter") && table.lines().count() == 5, "{table}");
    let said = place.fails(&["model", "update", "m", "--at-family", "qwen", "--input", "5"]);
    assert!(said.starts_with("--output is needed"), "{said}");
    assert!(
        place
            .fails(&["model", "update", "m", "--at-account", "none", "--clear"])
            .contains("no account `none`")
    );
    let said = place.fails(&["model", "update", "m", "--at-family", "qwen", "--display-name", "M"]);
    assert!(said.starts_with("--at-account and --at-family need a price"), "{said}");
    let cleared = place.json(&["model", "update", "m", "--at-family", "openrouter", "--clear"]);
    assert_eq!(cleared["other_prices"], json!(null));
    for wrong in [
        &["model", "update", "m", "--clear"][..],
        &["model", "update", "m", "--at-family", "qwen", "--at-account", "a", "--input", "1"],
        &["model", "update", "m", "--at-family", "qwen", "--clear", "--input", "1"],
        &[
            "model",
            "update",
            "m",
            "--hours",
            r#"[{"time_zone":"Mars/Olympus","from":"00:30","to":"08:30","rate":"1"}]"#,
        ],
    ] {
        assert_eq!(place.run(wrong).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn everything_else_that_has_a_price_is_set_and_shown() {
    let place = Place::new();
    let create = ["model", "create", "m", "--input", "1", "--output", "2"];
    let tokens = [
        "--reasoning",
        "3",
        "--input-audio",
        "4",
        "--output-audio",
        "5",
        "--input-image",
        "6",
        "--output-image",
        "7",
    ];
    let counted = [
        "--generated-image",
        "0.04",
        "--file-search",
        "8",
        "--code-execution",
        "0",
        "--per-request",
        "0.005",
    ];
    let created = place.json(&[&create[..], &tokens, &counted].concat());
    let expected = json!({"input": "1", "output": "2", "reasoning": "3", "input_audio": "4", "output_audio": "5",
        "input_image": "6", "output_image": "7", "generated_image": "0.04", "file_search_per_thousand": "8",
        "code_execution": "0", "request": "0.005"});
    assert_eq!(created["price"], expected);
    let page = place.ok(&["model", "show", "m"]);
    assert!(page.contains("code execution  0\n") && page.contains("request         0.005\n"), "{page}");
    let said = place.fails(&["model", "update", "m", "--per-request=-1"]);
    assert_eq!(said, "price: the price of request is negative");
}
