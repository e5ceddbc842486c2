//! Users, keys, groups, accounts, models and usage: every verb of each.

use std::fs;

use serde_json::{Value, json};

use crate::support::Place;

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

/// A place with a user, two groups and nothing else.
fn with_user_and_groups() -> Place {
    let place = Place::new();
    place.ok(&["user", "create", "ann", "--balance", "10"]);
    place.ok(&["group", "create", "claude", "--platform", "anthropic"]);
    place.ok(&["group", "create", "gpt", "--platform", "openai"]);
    place
}

#[test]
fn users_through_their_life() {
    let place = Place::new();
    let said = place.ok(&["user", "create", "ann", "--rate", "0.35", "--balance", "12.50"]);
    assert!(said.starts_with("created user ann (usr_"), "{said}");
    let shown = place.json(&["user", "show", "ann"]);
    assert_eq!(shown["rate"], "0.35");
    assert_eq!(shown["balance"], "12.5", "money is decimal text");
    assert_eq!(shown["status"], "enabled");
    assert!(shown["created_at"].as_str().unwrap().ends_with('Z'));
    let id = shown["id"].as_str().unwrap();

    assert_eq!(
        place.json(&["user", "topup", "ann", "0.000000001", "--reason", "gift"])["balance"],
        "12.500000001"
    );
    assert_eq!(place.json(&["user", "topup", id, "-2.5"])["balance"], "10.000000001");
    place.ok(&["user", "update", "ann", "--name", "anne", "--rate", "2"]);
    let renamed = place.json(&["user", "show", id]);
    assert_eq!((&renamed["name"], &renamed["rate"]), (&json!("anne"), &json!("2")));
    place.ok(&["user", "disable", "anne"]);
    assert_eq!(place.json(&["user", "show", "anne"])["status"], "disabled");
    assert_eq!(place.json(&["user", "enable", "anne"])["status"], "enabled");

    place.ok(&["user", "create", "bob"]);
    assert_eq!(names(&place.json(&["user", "list"])), ["anne", "bob"]);
    let table = place.ok(&["user", "list"]);
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(
        table.starts_with("NAME  STATUS   BALANCE       RATE  ID\nanne  enabled  10.000000001  2     usr_"),
        "{table}"
    );
    assert!(place.ok(&["user", "show", "bob"]).contains("balance  0\n"));
    assert_eq!(
        place.json(&["user", "remove", "bob"]),
        json!({"removed": true, "kind": "user", "name": "bob"})
    );
    assert_eq!(names(&place.json(&["user", "list"])), ["anne"]);
}

#[test]
fn a_user_has_rates_in_groups() {
    let place = with_user_and_groups();
    let said = place.ok(&["user", "rate", "ann", "--group", "claude", "0.8"]);
    assert_eq!(said, "user ann has a rate of 0.8 in group claude\n");
    let shown = place.json(&["user", "rate", "ann", "--group", "gpt", "1.25"]);
    assert_eq!(shown["group_rates"], json!({"claude": "0.8", "gpt": "1.25"}));
    assert!(place.ok(&["user", "show", "ann"]).contains("groups   claude=0.8, gpt=1.25\n"));
    let cleared = place.json(&["user", "rate", "ann", "--group", "claude", "--clear"]);
    assert_eq!(cleared["group_rates"], json!({"gpt": "1.25"}));
    assert!(
        place.fails(&["user", "rate", "ann", "--group", "claude", "--clear"]).starts_with("rate of user")
    );
    assert!(place.fails(&["user", "rate", "ann", "--group", "none", "1"]).contains("no group `none`"));
    for wrong in [&["user", "rate", "ann", "--group", "gpt"][..], &["user", "rate", "ann", "1"]] {
        assert_eq!(place.run(wrong).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn errors_are_one_clear_line() {
    let place = with_user_and_groups();
    assert_eq!(place.fails(&["user", "create", "ann"]), "a user named `ann` already exists");
    assert_eq!(place.fails(&["user", "create", " "]), "name: must not begin or end with a space");
    assert_eq!(place.fails(&["user", "show", "bob"]), "there is no user `bob`");
    assert_eq!(place.fails(&["group", "remove", "nope"]), "there is no group `nope`");
    assert_eq!(place.fails(&["account", "disable", "nope"]), "there is no account `nope`");
    assert_eq!(place.fails(&["model", "show", "nope"]), "there is no model `nope`");
    assert_eq!(place.fails(&["key", "revoke", "nope"]), "there is no key `nope`");
    assert_eq!(
        place.fails(&["key", "create", "k", "--user", "ann", "--group", "nope"]),
        "there is no group `nope`"
    );
    assert!(place.fails(&["user", "remove", "ann"]).contains("cannot be removed, only disabled"));
}

/// What the group `mixed` of this place leads to, and its shaping.
fn groups_lead_to_others_and_are_shaped(place: &Place) {
    place.ok(&["group", "create", "pool", "--platform", "anthropic"]);
    let changed = place.json(&["group", "update", "mixed", "--route", "claude-*=pool"]);
    assert_eq!(changed["routes"], json!({"claude-*": "pool"}));
    assert!(place.ok(&["group", "show", "mixed"]).contains("claude-*=pool\n"));
    let said = place.fails(&["group", "update", "pool", "--route", "x=mixed"]);
    assert!(said.starts_with("routes: `x` leads to group `mixed`"), "{said}");
    assert!(place.fails(&["group", "remove", "pool"]).contains("of group(s) mixed"));
    assert_eq!(place.json(&["group", "update", "mixed", "--clear", "routes"])["routes"], json!({}));

    let fallbacks =
        ["--fallback", "overload,context:model=glm-5,group=pool", "--fallback", "refusal:model=x"];
    let changed = place.json(&[&["group", "update", "mixed"][..], &fallbacks].concat());
    let expected = json!([{"on": ["overload", "context"], "model": "glm-5", "group": "pool"},
        {"on": ["refusal"], "model": "x"}]);
    assert_eq!(changed["fallbacks"], expected);
    let shown = place.ok(&["group", "show", "mixed"]);
    assert!(shown.contains("overload,context:model=glm-5,group=pool, refusal:model=x\n"), "{shown}");
    assert!(place.fails(&["group", "remove", "pool"]).contains("of group(s) mixed"));
    let said = place.run(&["group", "update", "mixed", "--fallback", "rain:model=x"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert_eq!(place.json(&["group", "update", "mixed", "--clear", "fallbacks"])["fallbacks"], json!([]));

    let shaping = json!({"system_prefix": "Be kind.", "clamp": [{"path": "max_tokens", "max": 4096}]});
    fs::write(place.path().join("shaping.json"), shaping.to_string()).unwrap();
    let changed = place.json(&["group", "update", "mixed", "--shaping", "shaping.json"]);
    assert_eq!(changed["shaping"], shaping);
    assert!(place.ok(&["group", "show", "mixed"]).contains(r#""system_prefix":"Be kind.""#));
    fs::write(place.path().join("wrong.json"), r#"{"body":[{"path":"model","set":"x"}]}"#).unwrap();
    let said = place.fails(&["group", "update", "mixed", "--shaping", "wrong.json"]);
    assert!(said.starts_with("body[0]: "), "{said}");
    assert_eq!(place.json(&["group", "update", "mixed", "--clear", "shaping"])["shaping"], json!({}));
    place.ok(&["group", "remove", "pool"]);
}

#[test]
fn groups_through_their_life() {
    let place = Place::new();
    let created = place.json(&[
        "group",
        "create",
        "mixed",
        "--platform",
        "anthropic",
        "--rate",
        "1.5",
        "--map",
        "ZHIPU/GLM-*=glm-*",
        "--map",
        "a=b",
        "--token-counting",
        "estimate",
        "--hold",
        "input",
        "--credit-line",
        "2.50",
    ]);
    assert_eq!(created["model_mapping"], json!({"ZHIPU/GLM-*": "glm-*", "a": "b"}));
    assert_eq!(created["token_counting"], "estimate");
    let habits =
        |group: &Value| [&group["hold"], &group["credit_line"], &group["on_disconnect"]].map(Value::clone);
    assert_eq!(habits(&created), ["input", "2.5", "drain"]);
    let changed = place.json(&["group", "update", "mixed", "--map", "c=d", "--token-counting", "default"]);
    assert_eq!(changed["model_mapping"], json!({"c": "d"}), "mappings given replace the old ones");
    assert_eq!(changed["token_counting"], "native");
    assert_eq!(changed["rate"], "1.5", "what is not named is kept");
    let changed = place.json(&["group", "update", "mixed", "--hold", "none", "--on-disconnect", "cancel"]);
    assert_eq!(habits(&changed), ["none", "2.5", "cancel"]);
    assert_eq!(
        place.fails(&["group", "update", "mixed", "--credit-line=-1"]),
        "credit_line: must not be negative"
    );
    assert_eq!(place.json(&["group", "update", "mixed", "--clear", "map"])["model_mapping"], json!({}));
    let peak = r#"{"time_zone":"Asia/Shanghai","from":"09:00","to":"18:00","days":["mon"],"rate":"1.5"}"#;
    let changed = place.json(&["group", "update", "mixed", "--peak-hours", peak]);
    assert_eq!(changed["peak_hours"], json!([serde_json::from_str::<Value>(peak).unwrap()]));
    let shown = place.ok(&["group", "show", "mixed"]);
    assert!(shown.contains("peak hours      09:00-18:00 Asia/Shanghai mon: x 1.5\n"), "{shown}");
    let cleared = place.json(&["group", "update", "mixed", "--clear", "peak-hours"]);
    assert_eq!(cleared["peak_hours"], json!([]));
    groups_lead_to_others_and_are_shaped(&place);
    assert_eq!(place.json(&["group", "disable", "mixed"])["status"], "disabled");
    assert_eq!(place.json(&["group", "enable", "mixed"])["status"], "enabled");
    let shown = place.ok(&["group", "show", "mixed"]);
    for line in ["platform        anthropic\n", "hold            none\n", "credit line     2.5\n"] {
        assert!(shown.contains(line), "{shown}");
    }
    assert_eq!(names(&place.json(&["group", "list"])), ["mixed"]);
    assert!(place.fails(&["group", "create", "bad", "--platform", "openai", "--map", "a=*"]).contains('*'));
    assert_eq!(place.ok(&["group", "remove", "mixed"]), "removed group mixed\n");
    assert_eq!(place.json(&["group", "list"]), json!([]));
}

#[test]
fn keys_through_their_life() {
    let place = with_user_and_groups();
    let created = place.json(&[
        "key",
        "create",
        "laptop",
        "--user",
        "ann",
        "--group",
        "claude",
        "--expires",
        "2099-01-31",
        "--model",
        "claude-*",
        "--address",
        "10.0.0.0/8",
        "--address",
        "::1",
    ]);
    let key = created["key"].as_str().unwrap();
    assert!(key.starts_with("tg-") && key.len() > 40, "{key}");
    assert_eq!(created["expires_at"], "2099-01-31T00:00:00Z");
    assert_eq!(created["allowed_addresses"], json!(["10.0.0.0/8", "::1/128"]));
    let shown = place.json(&["key", "show", "laptop"]);
    assert!(shown.get("key").is_none(), "a key is shown once");
    assert_eq!((&shown["user"], &shown["group"]), (&json!("ann"), &json!("claude")));
    assert!(!place.ok(&["key", "show", "laptop"]).contains(key));
    assert_eq!(place.json(&["key", "show", shown["hint"].as_str().unwrap()])["id"], shown["id"]);

    let said = place.ok(&["key", "create", "ci", "--user", "ann", "--group", "gpt"]);
    let line = said.lines().nth(1).unwrap();
    assert!(line.starts_with("tg-") && line != key, "{said}");
    assert_eq!(names(&place.json(&["key", "list"])), ["ci", "laptop"]);
    assert_eq!(names(&place.json(&["key", "list", "--group", "gpt"])), ["ci"]);
    assert_eq!(names(&place.json(&["key", "list", "--user", "ann", "--group", "claude"])), ["laptop"]);

    let changed = place.json(&[
        "key",
        "update",
        "laptop",
        "--name",
        "desk",
        "--group",
        "gpt",
        "--expires",
        "never",
        "--clear",
        "addresses",
    ]);
    assert_eq!(changed["expires_at"], Value::Null);
    assert_eq!(changed["allowed_addresses"], json!([]));
    assert_eq!(changed["allowed_models"], json!(["claude-*"]), "what is not named is kept");
    assert_eq!((&changed["name"], &changed["group"]), (&json!("desk"), &json!("gpt")));
    assert_eq!(place.json(&["key", "disable", "desk"])["status"], "disabled");
    assert_eq!(place.json(&["key", "enable", "desk"])["status"], "enabled");
    assert_eq!(place.json(&["key", "revoke", "desk"])["status"], "revoked");
    assert!(place.fails(&["key", "enable", "desk"]).contains("revoked"));
    place.ok(&["key", "remove", "ci"]);
    assert_eq!(names(&place.json(&["key", "list"])), ["desk"]);
}

#[test]
fn a_name_that_two_keys_have_is_refused() {
    let place = with_user_and_groups();
    place.ok(&["user", "create", "bob"]);
    for user in ["ann", "bob"] {
        place.ok(&["key", "create", "laptop", "--user", user, "--group", "gpt"]);
    }
    let said = place.fails(&["key", "revoke", "laptop"]);
    assert!(said.starts_with("several keys are called `laptop`; name one by its id: key_"), "{said}");
}

#[test]
fn accounts_through_their_life() {
    let place = with_user_and_groups();
    let said = place.run_with_input(
        &[
            "account",
            "create",
            "main",
            "--platform",
            "anthropic",
            "--base-url",
            "https://api.anthropic.com",
            "--credential-stdin",
            "--group",
            "claude",
            "--model",
            "claude-*",
            "--map",
            "a-*=claude-*",
            "--priority",
            "-1",
            "--weight",
            "3",
            "--proxy",
            "socks5://user:hunter2@127.0.0.1:1080",
            "--json",
        ],
        "sk-ant-secret\n",
    );
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!said.out.contains("sk-ant-secret") && !said.out.contains("hunter2"), "{said:?}");
    let created: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(created["base_urls"]["messages"], "https://api.anthropic.com");
    assert_eq!((&created["auth"], &created["priority"]), (&json!("x-api-key"), &json!(-1)));
    assert_eq!((&created["groups"], &created["proxy"]), (&json!(["claude"]), &json!(true)));
    assert_eq!(created["capabilities"]["count_tokens"], true);

    fs::write(place.path().join("credential"), "sk-new\n").unwrap();
    let changed = place.json(&[
        "account",
        "update",
        "main",
        "--name",
        "first",
        "--credential-file",
        "credential",
        "--auth",
        "bearer",
        "--clear",
        "proxy",
        "--clear",
        "models",
        "--group",
        "claude",
        "--group",
        "gpt",
        "--base-url-chat",
        "https://example.com/v1",
    ]);
    assert_eq!((&changed["auth"], &changed["proxy"]), (&json!("bearer"), &json!(false)));
    assert_eq!((&changed["models"], &changed["groups"]), (&json!([]), &json!(["claude", "gpt"])));
    assert_eq!(changed["base_urls"]["messages"], "https://api.anthropic.com", "what is not named is kept");
    assert_eq!(changed["base_urls"]["chat"], "https://example.com/v1");
    let shaping = json!({"headers": {"set": {"x-tier": "gold"}}, "status": {"403": 429}});
    fs::write(place.path().join("shaping.json"), shaping.to_string()).unwrap();
    let changed = place.json(&["account", "update", "first", "--shaping", "shaping.json"]);
    assert_eq!(changed["shaping"], shaping);
    assert_eq!(place.json(&["account", "update", "first", "--clear", "shaping"])["shaping"], json!({}));
    assert_eq!(place.json(&["account", "disable", "first"])["status"], "disabled");
    assert_eq!(place.json(&["account", "enable", "first"])["status"], "enabled");
    assert!(place.ok(&["account", "show", "first"]).contains("groups         claude, gpt\n"));
    assert_eq!(names(&place.json(&["account", "list"])), ["first"]);
    place.ok(&["account", "remove", "first"]);
    assert_eq!(place.json(&["account", "list"]), json!([]));
}

#[test]
fn an_account_needs_a_place_and_a_credential() {
    let place = Place::new();
    let create = ["account", "create", "a", "--platform", "openai"];
    let with = |more: &[&'static str]| [&create[..], more].concat();
    assert_eq!(place.fails(&create), "--base-url is needed: where the provider is");
    assert!(place.fails(&with(&["--base-url", "https://a.example"])).starts_with("a credential is needed: "));
    let unset = with(&["--base-url", "https://a.example", "--credential-env", "NOT_SET"]);
    assert_eq!(place.fails(&unset), "environment variable NOT_SET: environment variable not found");
    let said = place.run_with_input(&with(&["--base-url", "ftp://a.example", "--credential-stdin"]), "key");
    assert_eq!(said.code, Some(1), "{said:?}");
    let said = place.run_with_input(&with(&["--base-url", "https://a.example", "--credential-stdin"]), " \n");
    assert!(said.err.contains("the credential is empty"), "{said:?}");
}

#[test]
fn models_through_their_life() {
    let place = Place::new();
    assert!(place.fails(&["model", "create", "m"]).starts_with("--input is needed"));
    let created = place.json(&[
        "model",
        "create",
        "ZHIPU/GLM-4.6",
        "--input",
        "0.60",
        "--output",
        "2.2",
        "--cache-read",
        "0.11",
        "--max-output",
        "131072",
        "--display-name",
        "GLM-4.6",
    ]);
    assert_eq!(created["price"], json!({"input": "0.6", "output": "2.2", "cache_read": "0.11"}));
    let renamed = place.json(&["model", "update", "ZHIPU/GLM-4.6", "--owned-by", "zhipu"]);
    assert_eq!(renamed["price_version"], created["price_version"], "the price did not change");
    let dearer = place.json(&["model", "update", "ZHIPU/GLM-4.6", "--output", "3", "--cache-write-5m", "1"]);
    assert!(dearer["price_version"].as_i64() > created["price_version"].as_i64());
    assert_eq!(dearer["price"]["cache_write_5m"], "1");
    assert_eq!((&dearer["owned_by"], &dearer["max_output_tokens"]), (&json!("zhipu"), &json!(131_072)));
    assert!(place.ok(&["model", "show", "ZHIPU/GLM-4.6"]).contains("cache write 1h  2 x input\n"));
    place.ok(&["model", "create", "gpt-*", "--input", "1", "--output", "2"]);
    assert_eq!(names(&place.json(&["model", "list"])), ["ZHIPU/GLM-4.6", "gpt-*"]);
    place.ok(&["model", "remove", "gpt-*"]);
    assert_eq!(names(&place.json(&["model", "list"])), ["ZHIPU/GLM-4.6"]);
}

#[test]
fn prices_of_long_prompts_are_set_shown_and_cleared() {
    let place = Place::new();
    let tiers = r#"[{"above_prompt_tokens":200000,"input":"6","output":"22.5"}]"#;
    place.ok(&["model", "create", "m", "--input", "3", "--output", "15", "--tiers", tiers]);
    let shown = place.json(&["model", "show", "m"]);
    assert_eq!(
        shown["price"]["tiers"],
        json!([{"above_prompt_tokens": 200_000, "input": "6", "output": "22.5"}])
    );
    let lines = place.ok(&["model", "show", "m"]);
    assert!(lines.contains("above 200000: input 6, output 22.5"), "{lines}");
    let other = place.json(&["model", "update", "m", "--input", "4"]);
    assert_eq!(other["price"]["tiers"], shown["price"]["tiers"], "another price leaves the tiers");
    let factors = place.json(&["model", "update", "m", "--multipliers", r#"{"fast":"2","us":"1.1"}"#]);
    assert_eq!(factors["price"]["multipliers"], json!({"fast": "2", "us": "1.1"}));
    assert!(place.ok(&["model", "show", "m"]).contains("fast: 2\n"));
    let said = place.fails(&["model", "update", "m", "--multipliers", r#"{"fast":"200"}"#]);
    assert_eq!(said, "price: the multiplier `fast` must be at most 100 and have at most three decimals");
    place.ok(&["model", "update", "m", "--multipliers", "{}"]);
    let cleared = place.json(&["model", "update", "m", "--tiers", "[]"]);
    assert_eq!((&cleared["price"]["tiers"], &cleared["price_version"]), (&json!(null), &json!(5)));
    let wrong = r#"[{"above_prompt_tokens":1}]"#;
    let said = place.run(&["model", "update", "m", "--tiers", wrong]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("one of them has no price"), "{said:?}");
}

#[test]
fn traits_of_a_model_are_said_shown_and_taken_back() {
    let place = Place::new();
    fs::write(place.path().join("traits.json"), "{\"top_k\": false, \"efforts\": [\"low\", \"max\"]}\n")
        .unwrap();
    let prices = ["--input", "1", "--output", "2"];
    let with = |arguments: &[&'static str]| [arguments, &prices].concat();
    let created =
        place.json(&with(&["model", "create", "claude-opus-5-5", "--traits", r#"{"vision":false}"#]));
    assert_eq!(created["traits"], json!({"vision": false}));
    let effective = &created["effective_traits"];
    assert_eq!((&effective["vision"], &effective["sampling"]), (&json!(false), &json!("refused")));
    let shown = place.ok(&["model", "show", "claude-opus-5-5"]);
    assert!(shown.contains("set traits      vision: no\n"), "{shown}");
    assert!(shown.contains("                sampling: refused\n"), "{shown}");

    let renamed = place.json(&["model", "update", "claude-opus-5-5", "--owned-by", "anthropic"]);
    assert_eq!(renamed["traits"], json!({"vision": false}), "what is not named is kept");
    let changed = place.json(&["model", "update", "claude-opus-5-5", "--traits", "@traits.json"]);
    assert_eq!(changed["traits"], json!({"top_k": false, "efforts": ["low", "max"]}), "replaced as a whole");
    assert_eq!(changed["effective_traits"]["vision"], true);
    let cleared = place.json(&["model", "update", "claude-opus-5-5", "--no-traits"]);
    assert_eq!((&cleared["traits"], &cleared["price_version"]), (&Value::Null, &created["price_version"]));
    assert_eq!(
        place.json(&["model", "show", "claude-opus-5-5"])["effective_traits"]["top_k"],
        effective["top_k"]
    );

    let many = place.json(&with(&["model", "create", "gpt-*", "--traits", r#"{"vision":false}"#]));
    assert_eq!(many["traits"], json!({"vision": false}));
    assert_eq!(many["effective_traits"], Value::Null, "a pattern is no model");
}

#[test]
fn wrong_traits_and_families_are_named() {
    let place = Place::new();
    place.ok(&["model", "create", "m", "--input", "1", "--output", "2"]);
    let fails = |traits: &str| place.fails(&["model", "update", "m", "--traits", traits]);
    assert!(
        fails(r#"{"visions":false}"#).starts_with("--traits: visions: unknown field `visions`, expected")
    );
    assert!(fails(r#"{"vision":"no"}"#).starts_with("--traits: vision: invalid type"));
    assert_eq!(fails(r#"{"max_output_tokens":0}"#), "traits: `max_output_tokens` must not be 0");
    assert!(fails("@nowhere.json").starts_with("--traits: nowhere.json: "));
    assert_eq!(place.json(&["model", "show", "m"])["traits"], Value::Null);
    let said = place.run(&["model", "update", "m", "--no-traits", "--traits", "{}"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    let said = place.run(&["account", "update", "a", "--family", "acme"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(
        said.err.contains("--family") && said.err.contains("`acme` is not a provider family"),
        "{said:?}"
    );
}

#[test]
fn families_are_named_or_told_by_the_addresses() {
    let place = Place::new();
    let create = |name: &str, more: &[&str]| {
        let start = ["account", "create", name, "--platform", "openai", "--credential-stdin", "--json"];
        let said = place.run_with_input(&[&start[..], more].concat(), "key");
        assert_eq!(said.code, Some(0), "{said:?}");
        serde_json::from_str::<Value>(&said.out).unwrap()
    };
    let told = create(
        "told",
        &["--base-url-chat", "https://api.deepseek.com", "--base-url-responses", "http://127.0.0.1:9"],
    );
    assert_eq!(told["family"], Value::Null);
    assert_eq!(told["effective_families"], json!({"chat": "deepseek", "responses": "generic"}));
    let shown = place.ok(&["account", "show", "told"]);
    assert!(shown.contains("family         auto: generic, deepseek\n"), "{shown}");

    let named = create("named", &["--base-url", "http://127.0.0.1:9", "--family", "vllm"]);
    assert_eq!(named["family"], "vllm");
    assert_eq!(named["effective_families"], json!({"chat": "vllm", "responses": "vllm"}));
    let kept = place.json(&["account", "update", "named", "--priority", "1"]);
    assert_eq!(kept["family"], "vllm", "what is not named is kept");
    assert_eq!(place.json(&["account", "update", "named", "--family", "qwen"])["family"], "qwen");
    assert!(place.ok(&["account", "show", "named"]).contains("family         qwen\n"));
    assert_eq!(place.json(&["account", "update", "named", "--family", "auto"])["family"], Value::Null);
}

#[test]
fn usage_of_nothing_is_nothing() {
    let place = with_user_and_groups();
    assert_eq!(place.json(&["usage", "--user", "ann"]), json!([]));
    let totals = place.json(&["usage", "--totals"]);
    assert_eq!((&totals["requests"], &totals["cost"]), (&json!(0), &json!("0")));
    assert_eq!(place.fails(&["usage", "--user", "bob"]), "there is no user `bob`");
}
