//! Settings of sessions: how long they are kept to their accounts, and which accounts are of one organization.

use serde_json::json;

use crate::support::Place;

#[test]
fn a_group_keeps_sessions_as_it_is_told() {
    let place = Place::new();
    let created = place.json(&["group", "create", "g", "--platform", "anthropic"]);
    assert_eq!((&created["sticky_ttl_s"], &created["sticky_wait_ms"]), (&json!(3600), &json!(3000)));
    let shown = place.ok(&["group", "show", "g"]);
    assert!(shown.contains("sticky ttl      1h\n") && shown.contains("sticky wait     3s\n"), "{shown}");
    let changed = place.json(&["group", "update", "g", "--sticky-ttl", "2h 30m", "--sticky-wait", "500ms"]);
    assert_eq!((&changed["sticky_ttl_s"], &changed["sticky_wait_ms"]), (&json!(9000), &json!(500)));
    let changed = place.json(&["group", "update", "g", "--sticky-ttl", "0s"]);
    assert_eq!((&changed["sticky_ttl_s"], &changed["sticky_wait_ms"]), (&json!(0), &json!(500)));
    let off = ["group", "create", "off", "--platform", "openai", "--sticky-ttl", "0s"];
    assert_eq!(place.json(&off)["sticky_ttl_s"], 0);
    assert_eq!(
        place.fails(&["group", "update", "g", "--sticky-ttl", "9000h"]),
        "sticky_ttl: must be at most 30 days"
    );
    for wrong in ["soon", "-1s", "5"] {
        let said = place.run(&["group", "update", "g", &format!("--sticky-wait={wrong}")]);
        assert!(said.err.contains("expected a duration such as 90s, 1h or 0s"), "{said:?}");
    }
}

#[test]
fn an_account_is_of_an_organization() {
    let place = Place::new();
    let create = ["account", "create", "a", "--platform", "anthropic", "--base-url", "https://h", "--json"];
    let create = [&create[..], &["--credential-stdin", "--organization", "acme"]].concat();
    let said = place.run_with_input(&create, "sk-1\n");
    assert!(said.out.contains(r#""organization": "acme""#), "{said:?}");
    assert!(place.ok(&["account", "show", "a"]).contains("organization   acme\n"));
    let cleared = place.json(&["account", "update", "a", "--clear", "organization"]);
    assert_eq!(cleared["organization"], json!(null));
    assert!(place.ok(&["account", "show", "a"]).contains("organization   its own\n"));
    assert_eq!(place.json(&["account", "update", "a", "--organization", "b"])["organization"], "b");
}
