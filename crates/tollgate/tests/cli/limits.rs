//! Limits: every verb, every kind of thing that can be limited.

use serde_json::{Value, json};

use super::support::Place;

/// A user with two keys, a group, an account and a model.
fn place() -> Place {
    let place = Place::new();
    for name in ["ann", "bob"] {
        place.ok(&["user", "create", name]);
    }
    place.ok(&["group", "create", "claude", "--platform", "anthropic"]);
    for (name, user) in [("laptop", "ann"), ("ci", "ann"), ("laptop", "bob")] {
        place.ok(&["key", "create", name, "--user", user, "--group", "claude"]);
    }
    place.ok(&["model", "create", "claude-*", "--input", "2", "--output", "10"]);
    let account = ["account", "create", "main", "--group", "claude", "--platform", "anthropic"];
    let url = ["--base-url-messages", "https://api.anthropic.com", "--credential-stdin"];
    let said = place.run_with_input(&[&account[..], &url].concat(), "sk-ant-1");
    assert_eq!(said.code, Some(0), "{said:?}");
    place
}

fn values(view: &Value) -> [&Value; 3] {
    ["requests_per_minute", "tokens_per_minute", "concurrency"].map(|name| &view[name])
}

#[test]
fn limits_through_their_life() {
    let place = place();
    let said = place.ok(&["limit", "set", "--key", "ci", "--rpm", "60", "--concurrency", "2"]);
    assert_eq!(said, "limited key ci: 60 requests per minute, 2 at the same time\n");
    let changed = place.json(&["limit", "set", "--key", "ci", "--tpm", "100000", "--clear", "rpm"]);
    assert_eq!(values(&changed), [&json!(null), &json!(100_000), &json!(2)], "what is not named is kept");
    assert_eq!((&changed["scope"], &changed["name"]), (&json!("key"), &json!("ci")));
    let shown = place.ok(&["limit", "show", "--key", "ci"]);
    assert!(shown.contains("tokens per minute    100000\n"), "{shown}");

    place.ok(&["limit", "set", "--user", "ann", "--rpm", "100"]);
    place.ok(&["limit", "set", "--group", "claude", "--tpm", "2000000"]);
    place.ok(&["limit", "set", "--group", "claude", "--each-key", "--rpm", "20", "--concurrency", "4"]);
    place.ok(&["limit", "set", "--account", "main", "--rpm", "50", "--concurrency", "10"]);
    place.ok(&["limit", "set", "--model", "claude-*", "--rpm", "1000"]);
    let table = place.ok(&["limit", "list"]);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().take(5).collect()).collect();
    assert_eq!(
        rows,
        [
            ["SCOPE", "NAME", "RPM", "TPM", "CONCURRENCY"],
            ["account", "main", "50", "-", "10"],
            ["each_key", "claude", "20", "-", "4"],
            ["group", "claude", "-", "2000000", "-"],
            ["key", "ci", "-", "100000", "2"],
            ["model", "claude-*", "1000", "-", "-"],
            ["user", "ann", "100", "-", "-"],
        ]
    );
    assert_eq!(place.json(&["limit", "list"]).as_array().unwrap().len(), 6);

    assert_eq!(place.ok(&["limit", "remove", "--user", "ann"]), "removed limit user ann\n");
    assert_eq!(place.fails(&["limit", "remove", "--user", "ann"]), "user ann has no limit");
    let each = ["limit", "remove", "--group", "claude", "--each-key"];
    assert_eq!(
        place.json(&each),
        json!({"removed": true, "kind": "limit", "name": "each key of group claude"})
    );
    let lifted = place.ok(&["limit", "set", "--model", "claude-*", "--clear", "rpm"]);
    assert_eq!(lifted, "lifted the limits of model claude-*: no limit\n");
    place.ok(&["account", "remove", "main"]);
    assert_eq!(place.json(&["limit", "list"]).as_array().unwrap().len(), 2);
    let none = place.json(&["limit", "show", "--user", "bob"]);
    assert_eq!(values(&none), [&Value::Null; 3]);
}

#[test]
fn a_key_may_be_named_with_its_user() {
    let place = place();
    let refused = place.fails(&["limit", "set", "--key", "laptop", "--rpm", "1"]);
    assert!(refused.starts_with("several keys are called `laptop`"), "{refused}");
    place.ok(&["limit", "set", "--key", "laptop", "--user", "bob", "--rpm", "1"]);
    let id = place.json(&["limit", "list"])[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(place.json(&["key", "show", &id])["user"], "bob");
    assert_eq!(place.json(&["limit", "show", "--key", &id])["requests_per_minute"], 1);
    let refused = place.fails(&["limit", "set", "--key", "ci", "--user", "bob", "--rpm", "1"]);
    assert_eq!(refused, "user bob has no key `ci`");
}

#[test]
fn what_cannot_be_is_said() {
    let place = place();
    for (arguments, expected) in [
        (&["--key", "nope", "--rpm", "1"][..], "there is no key `nope`"),
        (&["--user", "nope", "--rpm", "1"], "there is no user `nope`"),
        (&["--group", "nope", "--rpm", "1"], "there is no group `nope`"),
        (&["--account", "nope", "--rpm", "1"], "there is no account `nope`"),
        (&["--model", "nope", "--rpm", "1"], "there is no model `nope`"),
        (&["--user", "ann"], "name what to limit: --rpm, --tpm or --concurrency, or --clear one of them"),
        (&["--user", "ann", "--rpm", "1", "--clear", "rpm"], "--rpm and --clear rpm contradict each other"),
    ] {
        let arguments = [&["limit", "set"], arguments].concat();
        assert_eq!(place.fails(&arguments), expected);
    }
    for whole in [["--group", "claude"], ["--model", "claude-*"]] {
        let refused = place.fails(&["limit", "set", whole[0], whole[1], "--concurrency", "3"]);
        assert!(
            refused.starts_with("concurrency: can be limited for a key, a user, an account"),
            "{refused}"
        );
    }
    // What the command line itself does not take.
    for (arguments, expected) in [
        (&["--key", "ci", "--rpm", "0"][..], "0 would let nothing through: use `disable`"),
        (&["--key", "ci", "--tpm", "000"], "0 would let nothing through: use `disable`"),
        (&["--key", "ci", "--concurrency", "-1"], "unexpected argument"),
        (&["--key", "ci", "--rpm", "many"], "expected a whole number from 1 on"),
        (&["--key", "ci", "--tpm", "9223372036854775808"], "expected at most 9223372036854775807"),
        (&["--rpm", "1"], "required"),
        (&["--user", "ann", "--group", "claude", "--rpm", "1"], "cannot be used with"),
        (&["--user", "ann", "--each-key", "--rpm", "1"], "cannot be used with"),
    ] {
        let said = place.run(&[&["limit", "set"], arguments].concat());
        assert_eq!(said.code, Some(2), "{arguments:?}: {said:?}");
        assert!(said.err.contains(expected), "{arguments:?}: {said:?}");
    }
    assert_eq!(place.json(&["limit", "list"]), json!([]));
}
