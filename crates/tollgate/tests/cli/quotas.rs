//! Quotas, plans, subscriptions and vouchers, as an operator handles them.

use serde_json::{Value, json};

use super::support::Place;

/// Two users, each with a key `laptop`, in one group.
fn place() -> Place {
    let place = Place::new();
    place.ok(&["group", "create", "team", "--platform", "openai"]);
    for user in ["ann", "bob"] {
        place.ok(&["user", "create", user]);
        place.ok(&["key", "create", "laptop", "--user", user, "--group", "team"]);
    }
    place
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

#[test]
fn quotas_through_their_life() {
    let place = place();
    let of_key = place.json(&["quota", "set", "--key", "laptop", "--user", "bob", "--window", "5h", "2.50"]);
    assert_eq!((text(&of_key, "of"), text(&of_key, "owner")), ("key", "laptop"));
    assert_eq!((&of_key["amount"], &of_key["left"]), (&json!("2.5"), &json!("2.5")));
    assert_eq!((&of_key["window"], &of_key["resets_at"]), (&json!("5h"), &Value::Null));
    let of_user =
        ["quota", "set", "--user", "ann", "--window", "month", "--time-zone", "Europe/Berlin", "50"];
    let said = place.ok(&of_user);
    assert!(said.starts_with("set quota quo_"), "{said}");
    assert!(said.ends_with(" of user ann: 50 (month Europe/Berlin)\n"), "{said}");
    let again = [&of_user[..8], &["60"]].concat();
    place.ok(&again);
    let all = place.json(&["quota", "list"]);
    assert_eq!(all.as_array().unwrap().len(), 2, "one for each window: {all}");
    let of_ann = place.json(&["quota", "list", "--user", "ann"]);
    assert_eq!(of_ann[0]["amount"], "60");
    assert!(text(&of_ann[0], "resets_at").ends_with("00:00Z"), "{of_ann}");
    let table = place.ok(&["quota", "list"]);
    assert!(
        table.starts_with("OF    OWNER   WINDOW               AMOUNT  USED  HELD  LEFT  FULL AGAIN"),
        "{table}"
    );

    let id = text(&of_key, "id");
    assert_eq!(place.json(&["quota", "reset", id])["used"], "0");
    assert_eq!(place.ok(&["quota", "remove", id]), format!("removed quota {id}\n"));
    assert_eq!(place.json(&["quota", "list", "--key", "laptop", "--user", "bob"]), json!([]));
}

#[test]
fn what_is_wrong_with_a_quota_is_said() {
    let place = place();
    let fails = |rest: &[&str]| place.fails(&[&["quota", "set"], rest].concat());
    assert_eq!(
        fails(&["--user", "ann", "--window", "day", "5"]),
        "--window day needs --time-zone: where a day begins, such as Europe/Berlin or UTC"
    );
    assert_eq!(
        fails(&["--user", "ann", "--window", "7d", "--time-zone", "UTC", "5"]),
        "--time-zone is for the windows day, week and month; `7d` does not depend on it"
    );
    assert!(
        fails(&["--user", "ann", "--window", "5m", "5"]).starts_with("`5m` is not a window: use `total`")
    );
    assert_eq!(
        fails(&["--window", "5h", "5"]),
        "whose quota? Give --key, --user, --account or --subscription"
    );
    assert!(
        fails(&["--key", "laptop", "--window", "5h", "5"]).starts_with("several keys are called `laptop`")
    );
    assert_eq!(
        fails(&["--key", "desk", "--user", "ann", "--window", "5h", "5"]),
        "user ann has no key `desk`"
    );
    assert_eq!(fails(&["--user", "ann", "--window", "5h", "--", "-5"]), "amount: must not be negative");
    let said = place.run(&["quota", "set", "--user", "ann", "--account", "a", "--window", "5h", "5"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    let said = place.run(&["quota", "set", "--user", "ann", "--window", "day", "--time-zone", "Berlin", "5"]);
    assert!(said.err.contains("expected a name such as Europe/Berlin or UTC"), "{said:?}");
}

#[test]
fn groups_and_accounts_say_how_they_pay() {
    let place = place();
    assert_eq!(place.json(&["group", "show", "team"])["funding"], "subscription_first");
    place.ok(&["group", "update", "team", "--funding", "balance-first"]);
    assert_eq!(place.json(&["group", "show", "team"])["funding"], "balance_first");
    assert!(place.ok(&["group", "show", "team"]).contains("funding         balance_first\n"));
    place.ok(&["group", "create", "flat", "--platform", "openai", "--funding", "subscription"]);
    assert_eq!(place.json(&["group", "show", "flat"])["funding"], "subscription");

    let create = ["account", "create", "a", "--platform", "openai", "--base-url", "http://127.0.0.1:9"];
    place.run_with_input(&[&create[..], &["--credential-stdin", "--rate", "0.8"]].concat(), "key");
    assert_eq!(place.json(&["account", "show", "a"])["rate"], "0.8");
    assert_eq!(place.json(&["account", "update", "a", "--rate", "1.1"])["rate"], "1.1");
    assert!(place.ok(&["account", "show", "a"]).contains("rate           1.1\n"));
}

#[test]
fn plans_through_their_life() {
    let place = place();
    let create = ["plan", "create", "pro", "--group", "team", "--days", "30", "--day", "5", "--month", "60"];
    let made = place.json(&create);
    assert_eq!((&made["day"], &made["week"], &made["month"]), (&json!("5"), &Value::Null, &json!("60")));
    assert_eq!((&made["group"], &made["days"]), (&json!("team"), &json!(30)));
    let changed = place.json(&[
        "plan",
        "update",
        "pro",
        "--name",
        "pro 2",
        "--week",
        "20",
        "--clear",
        "day",
        "--time-zone",
        "Asia/Tokyo",
    ]);
    assert_eq!(
        (&changed["day"], &changed["week"], &changed["month"]),
        (&Value::Null, &json!("20"), &json!("60"))
    );
    assert_eq!(changed["time_zone"], "Asia/Tokyo");
    assert_eq!(place.json(&["plan", "update", "pro 2", "--clear", "time-zone"])["time_zone"], Value::Null);
    assert!(place.ok(&["plan", "show", "pro 2"]).contains("a week   20\n"));
    assert!(place.ok(&["plan", "list"]).starts_with("NAME   GROUP  DAYS  A DAY  A WEEK  A MONTH  ID\npro 2"));
    assert_eq!(place.fails(&["plan", "show", "pro"]), "there is no plan `pro`");
    assert_eq!(place.ok(&["plan", "remove", "pro 2"]), "removed plan pro 2\n");
}

#[test]
fn subscriptions_through_their_life() {
    let place = place();
    place.ok(&["plan", "create", "pro", "--group", "team", "--days", "30", "--day", "5", "--month", "60"]);
    let made = place.json(&["subscription", "create", "--user", "ann", "--plan", "pro"]);
    assert_eq!((text(&made, "status"), text(&made, "plan")), ("active", "pro"));
    let windows = made["windows"].as_array().unwrap();
    assert_eq!((&windows[0]["amount"], &windows[0]["used"]), (&json!("5"), &json!("0")));
    assert_eq!(windows[0]["window"], format!("day {}", text(&made, "starts_at")));
    let id = text(&made, "id");
    let shown = place.ok(&["subscription", "show", id]);
    assert!(shown.contains(": 0 of 60 used, 0 held, full again "), "{shown}");
    let renewed = place.json(&["subscription", "renew", id, "--days", "2"]);
    assert!(text(&renewed, "expires_at") > text(&made, "expires_at"));

    let later = [
        "subscription",
        "create",
        "--user",
        "bob",
        "--group",
        "team",
        "--days",
        "7",
        "--week",
        "9",
        "--time-zone",
        "UTC",
        "--starts",
        "2099-01-31",
    ];
    let waiting = place.json(&later);
    assert_eq!((text(&waiting, "status"), text(&waiting, "starts_at")), ("waiting", "2099-01-31T00:00:00Z"));
    assert_eq!(text(&waiting, "expires_at"), "2099-02-07T00:00:00Z");
    assert_eq!(waiting["windows"][0]["resets_at"], "2099-02-02T00:00:00Z", "the Monday after");
    let ids = |arguments: &[&str]| {
        let list = place.json(&[&["subscription", "list"], arguments].concat());
        list.as_array().unwrap().iter().map(|found| text(found, "id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]).len(), 2);
    assert_eq!(ids(&["--active"]), [id]);
    assert_eq!(ids(&["--user", "bob", "--group", "team"]), [text(&waiting, "id")]);
    let said = place.ok(&["subscription", "cancel", id]);
    assert!(
        said.starts_with(&format!("cancelled subscription {id} of user ann in group team; it ends ")),
        "{said}"
    );
    assert_eq!(ids(&["--active"]), [""; 0]);
    assert_eq!(
        place.fails(&["subscription", "renew", id]),
        format!("subscription {id} is cancelled and cannot be renewed: create another one")
    );
    for wrong in [&["--user", "ann"][..], &["--user", "ann", "--plan", "pro", "--day", "1"]] {
        let said = place.run(&[&["subscription", "create"], wrong].concat());
        assert_eq!(said.code, Some(2), "{said:?}");
    }
    let quota = place.json(&["quota", "set", "--subscription", id, "--window", "total", "100"]);
    assert_eq!((text(&quota, "of"), text(&quota, "owner_id")), ("subscription", id));
}

#[test]
fn vouchers_through_their_life() {
    let place = place();
    let said = place.ok(&["voucher", "create", "--amount", "25", "--count", "3", "--batch", "fair"]);
    let mut lines = said.lines();
    assert_eq!(lines.next(), Some("created 3 voucher(s) of batch fair; the codes are shown only now:"));
    let codes: Vec<&str> = lines.collect();
    assert!(
        codes.len() == 3 && codes.iter().all(|code| code.starts_with("TG-") && code.len() == 22),
        "{said}"
    );
    let listed = place.ok(&["voucher", "list"]);
    assert!(codes.iter().all(|code| !listed.contains(code)), "{listed}");

    let typed = codes[0].to_lowercase().replace('-', "");
    assert_eq!(
        place.ok(&["voucher", "redeem", "--user", "ann", &typed]),
        "redeemed 25: user ann has a balance of 25\n"
    );
    assert_eq!(
        place.fails(&["voucher", "redeem", "--user", "bob", codes[0]]),
        "this voucher was redeemed already"
    );
    let redeemed = place.json(&["voucher", "redeem", "--user", "ann", codes[1]]);
    assert_eq!(redeemed, json!({"amount": "25", "balance": "50"}));
    let left = place.json(&["voucher", "list", "--batch", "fair", "--unused"]);
    assert_eq!(left.as_array().unwrap().len(), 1);
    let id = text(&left[0], "id");
    assert_eq!(place.ok(&["voucher", "revoke", id]), format!("revoked voucher {id}\n"));
    assert_eq!(place.fails(&["voucher", "redeem", "--user", "ann", codes[2]]), "this voucher was revoked");
    for unknown in ["TG-0000-0000-0000-0000", "nonsense"] {
        let said = place.fails(&["voucher", "redeem", "--user", "ann", unknown]);
        assert_eq!(said, "this voucher code does not exist");
    }
    let entries = place.json(&["user", "entries", "ann"]);
    assert_eq!((&entries[0]["kind"], &entries[0]["delta"]), (&json!("voucher"), &json!("25")));

    place.ok(&["plan", "create", "pro", "--group", "team", "--days", "30"]);
    let made = place.json(&["voucher", "create", "--plan", "pro", "--count", "2", "--expires", "2099-01-31"]);
    let first = place.json(&["voucher", "redeem", "--user", "bob", text(&made[0], "code")]);
    assert_eq!(first["subscription"]["plan"], "pro");
    let batch = text(&made[0], "batch");
    assert_eq!(
        place.ok(&["voucher", "revoke", "--batch", batch]),
        format!("revoked 1 voucher(s) of batch {batch}\n")
    );
    assert_eq!(
        place.fails(&["voucher", "create", "--amount", "1", "--count", "10001"]),
        "count: must be from 1 to 10000"
    );
    let said = place.run(&["voucher", "create", "--amount", "1", "--plan", "pro"]);
    assert_eq!(said.code, Some(2), "{said:?}");
}
