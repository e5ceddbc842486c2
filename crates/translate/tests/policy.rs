//! Every row of the policy table is what happens: a request with the row's sample is translated, and what comes out, is
//! noted or is refused is held against the row.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use tollgate_protocol::Protocol;
use tollgate_translate::carrier::CarrierKey;
use tollgate_translate::family::Family;
use tollgate_translate::policy::{Fate, Row, TABLE};
use tollgate_translate::traits::ModelTraits;
use tollgate_translate::{Forgetful, Prepared, Target, TranslateError, translate_request};

/// The least request of a protocol.
fn base(protocol: Protocol) -> Value {
    match protocol {
        Protocol::Messages => {
            json!({"model": "m", "max_tokens": 9000, "messages": [{"role": "user", "content": "x"}]})
        }
        Protocol::Chat => json!({"model": "m", "messages": [{"role": "user", "content": "x"}]}),
        Protocol::Responses => json!({"model": "m", "input": "x"}),
    }
}

fn translate(from: Protocol, to: Protocol, body: &Value) -> Result<Prepared, TranslateError> {
    let (model, family) = match to {
        Protocol::Messages => ("claude-opus-4-5", Family::Anthropic),
        Protocol::Chat | Protocol::Responses => ("gpt-5.1", Family::Openai),
    };
    let target = Target {
        protocol: to,
        model,
        traits: &ModelTraits::of(model),
        family,
        account: "a",
        key: &CarrierKey::new(&[7; 32]),
        remembered: &Forgetful,
    };
    translate_request(from, body.to_string().as_bytes(), None, &target)
}

fn with_sample(row: &Row) -> Value {
    let mut body = base(row.from);
    let sample: Value = serde_json::from_str(row.sample).unwrap_or_else(|_| panic!("{}: no JSON", row.field));
    for (name, value) in sample.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// The name that a note of the row has: for a row about ends of fields, any with that end.
fn names(row: &Row, noted: &[String]) -> bool {
    let end = row.field.strip_prefix('*');
    noted.iter().any(|name| end.map_or(name == row.field, |end| name.ends_with(end)))
}

#[test]
fn every_row_is_what_happens() {
    for row in TABLE {
        let body = with_sample(row);
        for (to, fate, how) in row.at {
            let told = format!("{} of {} at {to} ({how})", row.field, row.from);
            let made = translate(row.from, *to, &body);
            match fate {
                Fate::Refused => match made {
                    Err(TranslateError::Refused { field, .. }) => assert_eq!(field, row.field, "{told}"),
                    other => panic!("{told}: {other:?}"),
                },
                Fate::Dropped => {
                    let made = made.unwrap_or_else(|error| panic!("{told}: {error}"));
                    assert!(names(row, &made.dropped), "{told}: {:?}", made.dropped);
                }
                Fate::Carried => {
                    let made = made.unwrap_or_else(|error| panic!("{told}: {error}"));
                    let sent: Value = serde_json::from_slice(&made.body).unwrap();
                    assert_eq!(sent[row.field], body[row.field], "{told}");
                    assert!(!names(row, &made.dropped), "{told}");
                }
                Fate::Adapted => {
                    let made = made.unwrap_or_else(|error| panic!("{told}: {error}"));
                    assert!(!names(row, &made.dropped), "{told}: {:?}", made.dropped);
                }
            }
        }
    }
}

#[test]
fn a_value_that_asks_for_nothing_is_neither_noted_nor_refused() {
    for row in TABLE.iter().filter(|row| !row.field.contains('.')) {
        for neutral in row.neutral {
            let mut body = base(row.from);
            body[row.field] = serde_json::from_str(neutral).unwrap();
            for (to, ..) in row.at {
                let made = translate(row.from, *to, &body);
                let made = made.unwrap_or_else(|error| panic!("{} = {neutral} at {to}: {error}", row.field));
                assert!(!names(row, &made.dropped), "{} = {neutral} at {to}", row.field);
            }
        }
    }
}

#[test]
fn a_member_that_no_row_knows_is_left_out_and_noted() {
    for from in Protocol::ALL {
        for to in Protocol::ALL.into_iter().filter(|to| *to != from) {
            let mut body = base(from);
            body["something_new"] = json!({"a": 1});
            let made = translate(from, to, &body).unwrap();
            assert_eq!(made.dropped, ["something_new"], "{from} to {to}");
            assert!(!String::from_utf8(made.body).unwrap().contains("something_new"));
        }
    }
}

#[test]
fn an_unknown_setting_of_reasoning_is_noted_by_the_path_it_was_written_at() {
    let cases = [
        (Protocol::Messages, json!({"thinking": {"type": "adaptive", "new": 1}}), "thinking.new"),
        (Protocol::Responses, json!({"reasoning": {"effort": "low", "new": 1}}), "reasoning.new"),
        (Protocol::Chat, json!({"reasoning": {"effort": "low", "new": 1}}), "reasoning.new"),
        (Protocol::Chat, json!({"thinking": {"type": "enabled", "new": 1}}), "thinking.new"),
    ];
    for (from, settings, path) in cases {
        let mut body = base(from);
        for (name, value) in settings.as_object().unwrap() {
            body[name] = value.clone();
        }
        for to in Protocol::ALL.into_iter().filter(|to| *to != from) {
            let dropped = translate(from, to, &body).unwrap().dropped;
            assert!(dropped.iter().any(|name| name == path), "{path} of {from} at {to}: {dropped:?}");
        }
    }
}

/// The tables of `docs/translation.md`, behind its last line of prose.
#[test]
fn the_document_has_the_tables() {
    const MARK: &str =
        "<!-- The tables below are printed: UPDATE_DOCS=1 cargo test -p tollgate-translate -->\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/translation.md");
    let text = std::fs::read_to_string(path).unwrap();
    let prose = text.split(MARK).next().unwrap();
    let tables = [
        "\n## The policy table\n",
        &tollgate_translate::policy::markdown(),
        "\n## Models\n\nThe first row that fits a name counts; names are compared in lower case, without their vendor and version.\n\n",
        &tollgate_translate::traits::markdown(),
        "\n## Families\n\nWhat each family's Chat Completions takes.\n\n",
        &tollgate_translate::family::markdown(),
    ]
    .concat();
    let want = format!("{prose}{MARK}{tables}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, want).unwrap();
        return;
    }
    assert!(text == want, "docs/translation.md is stale: UPDATE_DOCS=1 cargo test -p tollgate-translate");
}
