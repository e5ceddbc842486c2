//! `tollgate model import-prices`.

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
    "output_cost_per_token": 0.00001, "input_cost_per_audio_token": 4e-05},
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
        "note gpt-x: not read: input_cost_per_audio_token",
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
