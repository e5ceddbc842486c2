//! Whatever conversation a caller has, in whichever protocol: what the upstream is sent keeps its protocol's rules, and
//! there and back it says the same.

#![allow(clippy::unwrap_used, clippy::panic)]

mod conversation;

use conversation::{Conversation, Facts, conversation, messy};
use proptest::prelude::*;
use tollgate_protocol::Protocol;
use tollgate_translate::carrier::CarrierKey;
use tollgate_translate::family::Family;
use tollgate_translate::grammar::check_request;
use tollgate_translate::traits::ModelTraits;
use tollgate_translate::{Forgetful, Prepared, Target, translate_request};

/// The body that `to` is sent.
fn translated(from: Protocol, to: Protocol, body: &[u8]) -> Prepared {
    let (model, family) = match to {
        Protocol::Messages => ("claude-sonnet-4-5", Family::Anthropic),
        Protocol::Chat => ("gpt-4o", Family::Openai),
        Protocol::Responses => ("gpt-5.5", Family::Openai),
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
    translate_request(from, body, None, &target).unwrap()
}

/// The same, held against the grammar and made twice.
fn checked(from: Protocol, to: Protocol, body: &[u8]) -> Vec<u8> {
    let made = translated(from, to, body).body;
    assert_eq!(made, translated(from, to, body).body, "not the same twice");
    let kept = check_request(to, &made);
    assert!(kept.is_ok(), "{from} to {to}: {kept:?}: {}", String::from_utf8_lossy(&made));
    made
}

fn there_and_back(said: &Conversation) {
    for from in Protocol::ALL {
        let body = said.written(from);
        let meant = Facts::of(from, &body);
        assert_eq!(Facts::of(from, &translated(from, from, &body).body), meant, "{from} to itself");
        for to in Protocol::ALL.into_iter().filter(|to| *to != from) {
            let there = checked(from, to, &body);
            assert_eq!(Facts::of(to, &there), meant, "{from} to {to}");
            let back = checked(to, from, &there);
            assert_eq!(Facts::of(from, &back), meant, "{from} to {to} and back");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn there_and_back_it_says_the_same(said in conversation()) {
        there_and_back(&said);
    }

    /// Calls without results, results without calls, ids and names that fit nowhere, turns of one role in a row.
    #[test]
    fn the_worst_conversation_is_put_in_order(said in messy()) {
        for from in Protocol::ALL {
            let body = said.written(from);
            for to in Protocol::ALL.into_iter().filter(|to| *to != from) {
                checked(from, to, &body);
            }
        }
    }
}
