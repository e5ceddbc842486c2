//! What keeps an account going: its rules of failover, its further keys, its probe and its mark.

use serde_json::{Value, json};

use crate::support::Place;

fn with_account() -> Place {
    let place = Place::new();
    let create = [
        "account",
        "create",
        "a",
        "--platform",
        "openai",
        "--base-url",
        "http://127.0.0.1:9",
        "--credential-stdin",
    ];
    let said = place.run_with_input(&create, "sk-first-0123456789abcdefghij");
    assert_eq!(said.code, Some(0), "{said:?}");
    place
}

#[test]
fn rules_of_failover_are_checked_kept_and_shown() {
    let place = with_account();
    let rules =
        ["status=429 keyword=\"daily limit\" action=next cool=3600", "status=5xx action=retry_same times=2"];
    let update = ["account", "update", "a", "--failover", rules[0], "--failover", rules[1]];
    assert_eq!(
        place.json(&update)["failover"],
        json!([
            {"status": "429", "keyword": "daily limit", "action": "next", "cool": 3600},
            {"status": "5xx", "action": "retry_same", "times": 2},
        ])
    );
    let shown = place.ok(&["account", "show", "a"]);
    assert!(shown.contains(&format!("failover       {}\n", rules.join(", "))), "{shown}");
    for (rule, words) in [
        ("status=429", "no action"),
        ("status=777 action=next", "777"),
        ("action=next", "failover rule 1: it names no failure"),
    ] {
        let said = place.run(&["account", "update", "a", "--failover", rule]);
        assert!(said.code != Some(0) && said.err.contains(words), "{rule}: {said:?}");
    }
    assert_eq!(place.json(&["account", "update", "a", "--clear", "failover"])["failover"], json!([]));
    assert!(place.ok(&["account", "show", "a"]).contains("failover       the gate's table\n"));
}

#[test]
fn further_keys_are_shown_by_their_hints_and_removed_by_them() {
    let place = with_account();
    let add = ["account", "update", "a", "--add-credential-stdin"];
    for key in ["sk-proj-second-abcdefghijklmnopqr-wxyz", "short-key"] {
        let said = place.run_with_input(&add, key);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(!said.out.contains(key), "{said:?}");
    }
    let keys = place.json(&["account", "show", "a"])["further_keys"].clone();
    assert_eq!(keys, json!([{"number": 1, "hint": "sk-pro…wxyz"}, {"number": 2, "hint": "…"}]));
    assert!(place.ok(&["account", "show", "a"]).contains("further keys   #1 sk-pro…wxyz, #2 …\n"));
    let remove = |named| ["account", "update", "a", "--remove-credential", named];
    assert!(place.fails(&remove("sk-other")).contains("no further key"));
    assert_eq!(place.json(&remove("sk-pro…wxyz"))["further_keys"].as_array().unwrap().len(), 1);
    assert_eq!(place.json(&remove("#2"))["further_keys"], json!([]));
}

#[test]
fn a_probe_is_set_and_cleared_and_a_mark_is_taken_away() {
    let place = with_account();
    let update = ["account", "update", "a", "--probe-every", "60", "--probe-model", "gpt-5.5"];
    assert_eq!(place.json(&update)["probe"], json!({"every_s": 60, "model": "gpt-5.5", "always": false}));
    let shown = place.ok(&["account", "show", "a"]);
    assert!(shown.contains("probe          gpt-5.5 every 60 s while it is left alone\n"), "{shown}");
    let often = ["account", "update", "a", "--probe-every", "1", "--probe-model", "m"];
    assert!(place.fails(&often).contains("10 to 86400"));
    assert_eq!(place.json(&["account", "update", "a", "--clear", "probe"])["probe"], Value::Null);
    assert_eq!(place.json(&["account", "clear-attention", "a"])["attention"], Value::Null);
    assert!(place.ok(&["account", "show", "a"]).contains("attention      no\n"));
}
