//! `tollgate route explain`, and the settings that it tells of.

use serde_json::{Value, json};

use crate::support::Place;

/// A group with three accounts: a dear one, one with a discount that takes no pictures, and one that is disabled.
fn with_accounts() -> Place {
    let place = Place::new();
    place.ok(&["user", "create", "ann"]);
    place.ok(&["group", "create", "team", "--platform", "anthropic", "--map", "sonnet=claude-sonnet-5-5"]);
    place.ok(&["model", "create", "claude-*", "--input", "3", "--output", "15"]);
    place.ok(&["key", "create", "laptop", "--user", "ann", "--group", "team", "--model", "sonnet"]);
    for name in ["first", "cheap", "spare"] {
        let url = "https://api.anthropic.com";
        let create = ["account", "create", name, "--platform", "anthropic", "--base-url", url];
        let rest = ["--credential-stdin", "--group", "team"];
        let said = place.run_with_input(&[&create[..], &rest].concat(), "sk-ant\n");
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    place.ok(&[
        "account",
        "update",
        "cheap",
        "--rate",
        "0.5",
        "--priority",
        "1",
        "--cannot",
        "vision,documents",
    ]);
    place.ok(&["account", "disable", "spare"]);
    place
}

/// Each account and what became of it: its place, or why it is passed over.
fn found(explained: &Value) -> Vec<(String, Value)> {
    let accounts = explained["accounts"].as_array().unwrap();
    let became = |account: &Value| match account["verdict"].as_str().unwrap() {
        "taken" => json!([account["place"], account["reason"]]),
        _ => account["why"].clone(),
    };
    accounts
        .iter()
        .map(|account| (account["account"].as_str().unwrap().to_owned(), became(account)))
        .collect()
}

fn is(found: &[(String, Value)], expected: &[(&str, Value)]) {
    let expected: Vec<_> = expected.iter().map(|(name, what)| ((*name).to_owned(), what.clone())).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_account_is_explained() {
    let place = with_accounts();
    let explain = ["route", "explain", "--key", "laptop", "--model", "sonnet"];
    let explained = place.json(&explain);
    assert_eq!(
        (&explained["passed_on"], &explained["health"]),
        (&json!("claude-sonnet-5-5"), &json!("unknown"))
    );
    let by_priority =
        [("first", json!([1, "priority"])), ("cheap", json!([2, "priority"])), ("spare", json!("disabled"))];
    is(&found(&explained), &by_priority);
    place.ok(&["group", "update", "team", "--policy", "cheapest"]);
    let by_cost =
        [("cheap", json!([1, "cheapest"])), ("first", json!([2, "cheapest"])), ("spare", json!("disabled"))];
    is(&found(&place.json(&explain)), &by_cost);
    let with_pictures =
        [("first", json!([1, "cheapest"])), ("spare", json!("disabled")), ("cheap", json!("cannot"))];
    is(&found(&place.json(&[&explain[..], &["--images"]].concat())), &with_pictures);
    let bound = place.json(&[&explain[..], &["--bound-to", "first"]].concat());
    assert_eq!(found(&bound)[0], ("first".to_owned(), json!([1, "sticky"])));
    let translated = place.ok(&[&explain[..], &["--protocol", "chat", "--images"]].concat());
    for words in [
        "group team (policy cheapest), model sonnet, passed on as claude-sonnet-5-5, asked for in chat",
        "cannot take: vision",
        "disabled",
        "not known here",
    ] {
        assert!(translated.contains(words), "{translated}");
    }
}

#[test]
fn what_cannot_be_explained_is_an_error() {
    let place = with_accounts();
    fn of<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["route", "explain"][..], more].concat()
    }
    let said = place.fails(&of(&["--key", "laptop", "--model", "claude-opus-4-1"]));
    assert_eq!(said, "the key laptop may not ask for the model `claude-opus-4-1`");
    assert_eq!(place.fails(&of(&["--group", "nope", "--model", "m"])), "there is no group `nope`");
    assert_eq!(place.run(&of(&["--model", "m"])).code, Some(2), "a key or a group is needed");
    let unpriced = place.json(&of(&["--group", "team", "--model", "gpt-5.5"]));
    assert_eq!(found(&unpriced)[1], ("first".to_owned(), json!("unpriced")));
}

#[test]
fn capabilities_are_set_shown_and_cleared() {
    let place = with_accounts();
    let shown = place.json(&["account", "show", "cheap"]);
    assert_eq!(shown["capabilities"]["cannot"], json!(["vision", "documents"]));
    assert_eq!(shown["capabilities"]["count_tokens"], true, "the others stay");
    let update = ["account", "update", "cheap"];
    let sized = place.json(&[&update[..], &["--context-window", "32768", "--max-output", "4096"]].concat());
    let own = &sized["capabilities"];
    assert_eq!((&own["context_window_tokens"], &own["max_output_tokens"]), (&json!(32_768), &json!(4_096)));
    assert_eq!(own["cannot"], json!(["vision", "documents"]));
    assert!(place.ok(&["account", "show", "cheap"]).contains("vision, documents"));
    let cleared = ["--clear", "cannot", "--clear", "context-window", "--clear", "max-output"];
    let cleared = place.json(&[&update[..], &cleared].concat());
    let expected = json!({"count_tokens": true, "cannot": [],
        "context_window_tokens": null, "max_output_tokens": null});
    assert_eq!(cleared["capabilities"], expected);
    assert_eq!(place.run(&[&update[..], &["--cannot", "flight"]].concat()).code, Some(2));
    assert_eq!(place.run(&[&update[..], &["--context-window", "0"]].concat()).code, Some(2));
}

#[test]
fn a_groups_policy_is_set_and_shown() {
    let place = with_accounts();
    assert_eq!(place.json(&["group", "show", "team"])["policy"], "priority");
    place.ok(&["group", "update", "team", "--policy", "fastest"]);
    assert!(place.ok(&["group", "show", "team"]).contains("fastest"));
    let said = place.run(&["group", "update", "team", "--policy", "best"]);
    assert!(said.code == Some(2) && said.err.contains("cheapest"), "{said:?}");
}

#[test]
fn where_a_groups_routes_lead_and_what_is_shaped_is_told() {
    let place = with_accounts();
    let shaping = r#"{"headers":{"set":{"x-tier":"gold"}}}"#;
    std::fs::write(place.path().join("shaping.json"), shaping).unwrap();
    place.ok(&["account", "update", "first", "--shaping", "shaping.json"]);
    place.ok(&["group", "create", "all", "--platform", "openai", "--route", "sonnet=team"]);
    let explain = ["route", "explain", "--group", "all", "--model", "sonnet"];
    let explained = place.json(&explain);
    assert_eq!((&explained["group"], &explained["routed_from"]), (&json!("team"), &json!("all")));
    assert_eq!(explained["accounts"][0]["shaping"]["headers"]["set"]["x-tier"], "gold");
    assert_eq!((&explained["shaping"], &explained["accounts"][1]["shaping"]), (&Value::Null, &Value::Null));
    let told = place.ok(&explain);
    assert!(
        told.starts_with("group all, whose routes lead to group team (policy priority), model sonnet"),
        "{told}"
    );
    assert!(told.contains("\nshaped for the account first: "), "{told}");
    place.ok(&["group", "disable", "team"]);
    assert_eq!(place.fails(&explain), "the routes of all lead this model to a group that is disabled");
}
