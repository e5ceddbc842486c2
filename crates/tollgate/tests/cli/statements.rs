//! Statements, and who changed a balance.

use serde_json::{Value, json};

use super::support::Place;
use super::usage::Used;

/// A place with a user, and usage of hers: 0.25 and 0.5 in November (UTC), the second in December where it is Berlin, and 3
/// that a subscription paid.
fn place() -> Place {
    let place = Place::new();
    let ann = place.json(&["user", "create", "ann"])["id"].as_str().unwrap().to_owned();
    let connection = rusqlite::Connection::open(place.path().join("data/tollgate.db")).unwrap();
    let paid = Some("sub_00000000000000000000000000000001");
    for (number, at, model, cost, subscription) in [
        (1, "2026-11-05T10:00:00Z", "=SUM(A1)", 250_000_000, None),
        (2, "2026-11-30T23:30:00Z", "gpt-6", 500_000_001, None),
        (3, "2026-11-06T10:00:00Z", "gpt-6", 3_000_000_000, paid),
    ] {
        Used { number, at, user: &ann, model, cost, subscription, ..Used::default() }.insert(&connection);
    }
    connection.execute_batch("UPDATE users SET balance = -750000001").unwrap();
    for (at, delta, after, reason) in [
        ("2026-11-01T00:00:00Z", 10_000_000_000_i64, 10_000_000_000_i64, "first month"),
        ("2026-11-20T12:30:00.5Z", -1_500_000_000, 8_250_000_000, "-refund, \"late\""),
    ] {
        let at = at.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        connection
            .execute(
                "INSERT INTO balance_entries (id, user_id, delta, balance_after, kind, reference, author, at) \
                 VALUES (?1, ?2, ?3, ?4, 'adjustment', ?5, 'cli:eve', ?6)",
                rusqlite::params![format!("bal_{at}"), ann, delta, after, reason, at],
            )
            .unwrap();
        connection.execute("UPDATE users SET balance = balance + ?1", [delta]).unwrap();
    }
    assert!(place.ok(&["ledger", "verify"]).starts_with("ledger: ok"));
    place
}

const NOVEMBER: [&str; 7] = ["statement", "ann", "--from", "2026-11-01", "--to", "2026-12-01", "--time-zone"];

#[test]
fn a_statement_adds_up_in_every_format() {
    let place = place();
    let told = place.json(&[&NOVEMBER[..], &["UTC"]].concat());
    assert_eq!((&told["opening"], &told["closing"]), (&json!("0"), &json!("7.749999999")));
    assert_eq!((&told["added"], &told["charged"]), (&json!("8.5"), &json!("0.750000001")));
    assert_eq!(
        (&told["from"], &told["to"]),
        (&json!("2026-11-01T00:00:00Z"), &json!("2026-12-01T00:00:00Z"))
    );
    assert_eq!(told["entries"][1]["author"], "cli:eve");
    assert_eq!(told["charges"][1]["usage"]["cache_read_tokens"], 5);
    assert_eq!(told["subscriptions"][0]["cost"], "3");

    let lines = place.ok(&[&NOVEMBER[..], &["UTC"]].concat());
    assert!(
        lines.contains("opening  0\nadded    8.5\ncharged  0.750000001\nclosing  7.749999999\n"),
        "{lines}"
    );
    assert!(lines.contains("Paid by subscriptions, not by the balance:\n"), "{lines}");

    let sheet = place.ok(&[&NOVEMBER[..], &["UTC", "--format", "csv"]].concat());
    let expected = [
        "line,time,model,subscription,reason,author,requests,input_tokens,output_tokens,cache_write_5m_tokens,\
         cache_write_1h_tokens,cache_read_tokens,reasoning_tokens,web_search_calls,\
         input_audio_tokens,output_audio_tokens,input_image_tokens,output_image_tokens,generated_images,\
         file_search_calls,code_execution_calls,amount,paid_by_subscription",
        "opening,2026-11-01T00:00:00Z,,,,,,,,,,,,,,,,,,,,0,",
        "adjustment,2026-11-01T00:00:00Z,,,first month,cli:eve,,,,,,,,,,,,,,,,10,",
        "adjustment,2026-11-20T12:30:00.5Z,,,\"'-refund, \"\"late\"\"\",cli:eve,,,,,,,,,,,,,,,,-1.5,",
        "charges,,'=SUM(A1),,,,1,100,20,3,4,5,6,7,0,0,0,0,0,0,0,-0.25,",
        "charges,,gpt-6,,,,1,100,20,3,4,5,6,7,0,0,0,0,0,0,0,-0.500000001,",
        "subscription,,gpt-6,sub_00000000000000000000000000000001,,,1,100,20,3,4,5,6,7,0,0,0,0,0,0,0,,3",
        "closing,2026-12-01T00:00:00Z,,,,,,,,,,,,,,,,,,,,7.749999999,",
        "",
    ];
    assert_eq!(sheet, expected.join("\r\n"));
}

#[test]
fn days_begin_where_the_time_zone_says() {
    let place = place();
    let told = place.json(&[&NOVEMBER[..], &["Europe/Berlin"]].concat());
    assert_eq!((&told["from"], &told["closing"]), (&json!("2026-10-31T23:00:00Z"), &json!("8.25")));
    let december = place.json(&["statement", "ann", "--from", "2026-12-01", "--time-zone", "Europe/Berlin"]);
    assert_eq!((&december["opening"], &december["charged"]), (&json!("8.25"), &json!("0.500000001")));
    assert_eq!(december["closing"], place.json(&["user", "show", "ann"])["balance"]);
    assert_eq!((&december["to"], &december["entries"]), (&Value::Null, &json!([])));
    assert_eq!(place.fails(&["statement", "bob"]), "there is no user `bob`");
    assert_eq!(
        place.fails(&["statement", "ann", "--from", "2026-12-01", "--to", "2026-11-01"]),
        "to: must not be before the begin"
    );
    for wrong in [&["--from", "yesterday"][..], &["--time-zone", "Berlin"], &["--format", "xml"]] {
        let said = place.run(&[&["statement", "ann"], wrong].concat());
        assert_eq!(said.code, Some(2), "{said:?}");
    }
}

#[test]
fn a_change_of_a_balance_names_its_author() {
    let place = Place::new();
    place.ok(&["user", "create", "ann", "--balance", "1"]);
    place.ok(&["user", "topup", "ann", "2", "--reason", "invoice 7", "--author", "eve"]);
    place.ok(&["user", "topup", "ann", "-0.5"]);
    let entries = place.json(&["user", "entries", "ann"]);
    let told = |at: usize| (entries[at]["delta"].as_str().unwrap(), entries[at]["reason"].as_str().unwrap());
    assert_eq!(
        [told(0), told(1), told(2)],
        [("-0.5", "topup"), ("2", "invoice 7"), ("1", "initial balance")]
    );
    assert_eq!(entries[1]["author"], "eve");
    let user = entries[0]["author"].as_str().unwrap();
    assert!(user.starts_with("cli:") && user.len() > 4, "{user}");
    assert_eq!(entries[2]["author"], user);
    let table = place.ok(&["user", "entries", "ann", "--limit", "1"]);
    assert!(table.starts_with("TIME") && table.lines().count() == 2, "{table}");
    let said = place.fails(&["user", "topup", "ann", "1", "--author", ""]);
    assert_eq!(said, "author: must not be empty");
}
