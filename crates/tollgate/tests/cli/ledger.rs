//! Whether the ledger adds up, as an operator asks.

use serde_json::{Value, json};

use super::support::Place;

#[test]
fn a_sound_ledger_is_said_with_counts() {
    let place = Place::new();
    place.ok(&["user", "create", "ann", "--balance", "5"]);
    place.ok(&["user", "topup", "ann", "2.5"]);
    assert_eq!(place.ok(&["ledger", "verify"]), "ledger: ok (1 users, 0 usage records, 0 open holds)\n");
    let told = place.json(&["ledger", "verify"]);
    assert_eq!(told, json!({"ok": true, "problems": [], "users": 1, "records": 0, "open_holds": 0}));
}

#[test]
fn each_problem_is_said_and_fails_the_command() {
    let place = Place::new();
    let ann = place.json(&["user", "create", "ann", "--balance", "5"])["id"].as_str().unwrap().to_owned();
    let database = place.path().join("data/tollgate.db");
    let connection = rusqlite::Connection::open(database).unwrap();
    connection.execute_batch("UPDATE users SET balance = balance + 1, held = 3").unwrap();
    let said = place.run(&["ledger", "verify"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(
        said.out,
        format!(
            "user {ann} has a balance of 5.000000001, but the entries less the usage records make 5\n\
             0.000000003 is held of user {ann}'s balance, but the open holds make 0\n"
        )
    );
    assert!(said.err.contains("error: there are 2 problems in the ledger"), "{said:?}");
    let said = place.run(&["ledger", "verify", "--json"]);
    let told: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &told["ok"]), (Some(1), &json!(false)));
    assert_eq!(told["problems"].as_array().unwrap().len(), 2);
}
