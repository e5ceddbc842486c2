//! Every rule, each with a stream or body that breaks it and nothing else.

mod answers;
mod chat;
mod messages;
mod requests;
mod responses;

use super::{Broken, Ended, Grammar, RULES, check_answer, check_request};
use std::collections::BTreeSet;
use tollgate_protocol::Protocol;

/// One frame as written in a table: data, whose `type` is the event's name; or `name|data`.
fn split(frame: &str) -> (String, &str) {
    if let Some((name, data)) = frame.split_once('|')
        && !name.contains('{')
    {
        return (name.to_owned(), data);
    }
    let kind = serde_json::from_str::<serde_json::Value>(frame).ok();
    let kind = kind.and_then(|data| data["type"].as_str().map(str::to_owned));
    (kind.unwrap_or_default(), frame)
}

/// What a grammar says of a stream: the first rule that is broken, and at which frame; or how it ended.
fn run<'a>(protocol: Protocol, frames: impl IntoIterator<Item = &'a str>) -> Result<Ended, (usize, Broken)> {
    let mut grammar = Grammar::new(protocol);
    let mut count = 0;
    for (at, frame) in frames.into_iter().enumerate() {
        let (event, data) = split(frame);
        grammar.frame(&event, data.as_bytes()).map_err(|broken| (at, broken))?;
        count = at + 1;
    }
    grammar.end().map_err(|broken| (count, broken))
}

/// One change of a good stream.
enum Change {
    /// The frame at this place is replaced; by nothing: left out.
    At(usize, &'static [&'static str]),
    /// In the frame at this place, the first text is replaced by the second.
    In(usize, &'static str, &'static str),
    /// What follows is put behind the good stream.
    Behind(&'static [&'static str]),
}

use Change::{At, Behind, In};

/// (name, changes, the rule that the changed stream breaks)
type Case = (&'static str, &'static [Change], &'static str);

fn changed(good: &[&str], changes: &[Change]) -> Vec<String> {
    let mut frames: Vec<Vec<String>> = good.iter().map(|frame| vec![(*frame).to_owned()]).collect();
    let owned = |new: &[&str]| new.iter().map(|frame| (*frame).to_owned()).collect();
    for change in changes {
        match change {
            At(at, new) => frames[*at] = owned(new),
            In(at, old, new) => {
                assert!(frames[*at][0].contains(old), "frame {at} has no {old}");
                frames[*at][0] = frames[*at][0].replacen(old, new, 1);
            }
            Behind(new) => frames.push(owned(new)),
        }
    }
    frames.concat()
}

/// Holds a table against a grammar.
fn check_cases(protocol: Protocol, good: &[&str], cases: &[Case]) {
    assert_eq!(run(protocol, good.iter().copied()), Ok(Ended::Well));
    for (name, changes, rule) in cases {
        let frames = changed(good, changes);
        let got = run(protocol, frames.iter().map(String::as_str)).map_err(|(_, broken)| broken);
        assert_eq!(got.as_ref().map_err(|broken| broken.rule).err(), Some(*rule), "{name}: {got:?}");
    }
}

/// (name, changes, how the changed stream ends)
type Allowed = (&'static str, &'static [Change], Ended);

/// Streams that are all right.
fn check_good(protocol: Protocol, good: &[&str], cases: &[Allowed]) {
    for (name, changes, ended) in cases {
        let frames = changed(good, changes);
        assert_eq!(run(protocol, frames.iter().map(String::as_str)), Ok(*ended), "{name}");
    }
}

type Check = fn(Protocol, &[u8]) -> Result<(), Broken>;

/// (name, replacements of text in the good body, the rule that the changed body breaks, or `""`)
type BodyCase = (&'static str, &'static [(&'static str, &'static str)], &'static str);

fn check_bodies(check: Check, protocol: Protocol, good: &str, cases: &[BodyCase]) {
    assert_eq!(check(protocol, good.as_bytes()), Ok(()));
    for (name, replacements, rule) in cases {
        let mut body = good.to_owned();
        for (old, new) in *replacements {
            assert!(body.contains(old), "{name}: the body has no {old}");
            body = body.replacen(old, new, 1);
        }
        let got = check(protocol, body.as_bytes());
        let broken = got.as_ref().map_or_else(|broken| broken.rule, |()| "");
        assert_eq!(broken, *rule, "{name}: {got:?}");
    }
}

#[test]
fn every_rule_is_listed_once_and_broken_by_a_case() {
    let listed: BTreeSet<_> = RULES.iter().map(|(rule, _)| *rule).collect();
    assert_eq!(listed.len(), RULES.len(), "a rule is listed twice");
    let streams = [messages::CASES, chat::CASES, responses::CASES].concat();
    let bodies = [answers::CASES, requests::CASES].concat();
    let bodies = bodies.iter().flat_map(|cases| cases.iter()).map(|case| case.2);
    let broken: BTreeSet<_> =
        streams.iter().map(|case| case.2).chain(bodies).filter(|rule| !rule.is_empty()).collect();
    assert_eq!(listed, broken);
}

#[test]
fn comments_are_allowed_everywhere_and_inputs_are_judged_on_demand() {
    let mut grammar = Grammar::new(Protocol::Messages);
    assert_eq!(grammar.frame("", b""), Ok(()));
    let frames = changed(messages::GOOD, &[In(9, "[", "")]);
    let broken = run(Protocol::Messages, frames.iter().map(String::as_str)).unwrap_err();
    assert_eq!((broken.0, broken.1.rule), (16, "tool_input"));
    let mut grammar = Grammar::new(Protocol::Messages).with_any_input();
    for frame in &frames {
        let (event, data) = split(frame);
        assert_eq!(grammar.frame(&event, data.as_bytes()), Ok(()));
    }
    assert_eq!(grammar.end(), Ok(Ended::Well));
}
