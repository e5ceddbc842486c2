//! Whose reasoning goes along, for every kind of upstream.

use super::*;
use crate::back::ReasoningBack;
use crate::carrier::{Cargo, CarrierKey, seal};
use crate::family::Family;
use crate::ir::{CallKind, PastCall, Shown, ThinkingMode};
use crate::target::{Forgetful, Remembered};
use crate::traits::ModelTraits;
use std::sync::{Arc, LazyLock};

static KEY: LazyLock<CarrierKey> = LazyLock::new(|| CarrierKey::new(&[1; 32]));
static TRAITS: LazyLock<ModelTraits> = LazyLock::new(|| ModelTraits::of("m"));

struct Knows(&'static str, String);

impl Remembered for Knows {
    fn reasoning_of(&self, call_id: &str) -> Option<Arc<str>> {
        (call_id == self.0).then(|| self.1.as_str().into())
    }
}

fn target<'a>(protocol: Protocol, remembered: &'a dyn Remembered) -> Target<'a> {
    Target {
        protocol,
        model: "m1",
        traits: &TRAITS,
        family: Family::default(),
        account: "org1",
        key: &KEY,
        remembered,
    }
}

fn maker(model: &'static str, account: &'static str) -> MadeBy<'static> {
    MadeBy { vendor: Family::default().as_str().into(), account: account.into(), model: model.into() }
}

fn sealed(made_by: MadeBy<'static>, proof: Option<Proof<'static>>, text: &'static str) -> String {
    let text = if text.is_empty() { Vec::new() } else { vec![text.into()] };
    seal(&KEY, &Cargo { made_by, proof, item_id: Some("rs_1".into()), text }).unwrap()
}

fn signature(data: &str) -> Option<Proof<'static>> {
    Some(Proof::Signature(data.to_owned().into()))
}

fn reasoning(text: &'static str, proof: Option<Proof<'static>>) -> TurnPart<'static> {
    PartOfTurn::Reasoning(Reasoning { text: vec![text.into()], proof, ..Reasoning::default() }).into()
}

fn call(id: &'static str) -> TurnPart<'static> {
    PartOfTurn::ToolCall(PastCall {
        id: id.into(),
        name: "f".into(),
        namespace: None,
        kind: CallKind::Function,
        arguments: "{}".into(),
    })
    .into()
}

fn request(protocol: Protocol, parts: Vec<TurnPart<'static>>) -> Request<'static> {
    let mut request = Request::new(protocol, "m".into());
    request.turns.push(Turn::new(Role::Assistant, parts));
    request
}

/// The reasoning left in the request, as text and proof, and what was noted.
fn left(
    mut request: Request<'static>,
    target: &Target<'_>,
    habit: Habit,
) -> (Vec<(String, Option<Proof<'static>>)>, Vec<String>) {
    let mut notes = Notes::default();
    settle_with(habit, &mut request, target, &mut notes);
    let parts = request.turns.into_iter().flat_map(|turn| turn.parts);
    let left = parts.filter_map(|part| match part.body {
        PartOfTurn::Reasoning(it) => Some((it.text.concat(), it.proof)),
        _ => None,
    });
    (left.collect(), notes.to_strings())
}

const TOOL_TURNS: Habit = Habit::Text { every_turn: false, required: true };

#[test]
fn an_upstream_gets_its_own_reasoning_back_as_it_made_it() {
    let carrier = sealed(maker("m1", "org1"), signature("sig"), "signed");
    let request = request(Protocol::Messages, vec![reasoning("changed by the client", signature(&carrier))]);
    let (left, notes) = left(request, &target(Protocol::Messages, &Forgetful), Habit::Verbatim);
    assert_eq!(left, [("signed".to_owned(), signature("sig"))]);
    assert!(notes.is_empty());
}

#[test]
fn reasoning_of_another_maker_is_left_out_and_noted() {
    for maker in [maker("m2", "org1"), maker("m1", "org2")] {
        let carrier = sealed(maker, signature("sig"), "t");
        let request = request(Protocol::Messages, vec![reasoning("t", signature(&carrier)), call("c1")]);
        let (left, notes) = left(request, &target(Protocol::Messages, &Forgetful), Habit::Verbatim);
        assert!(left.is_empty());
        assert_eq!(notes, ["thinking"]);
    }
}

#[test]
fn a_carrier_of_another_gate_is_left_out_everywhere() {
    let cargo = Cargo { made_by: maker("m1", "org1"), proof: signature("s"), item_id: None, text: vec![] };
    let foreign = seal(&CarrierKey::new(&[2; 32]), &cargo).unwrap();
    for (protocol, habit) in [(Protocol::Messages, Habit::Verbatim), (Protocol::Chat, TOOL_TURNS)] {
        let request = request(Protocol::Messages, vec![reasoning("t", signature(&foreign))]);
        let (left, notes) = left(request, &target(protocol, &Forgetful), habit);
        assert!(left.is_empty());
        assert_eq!(notes, ["thinking"]);
    }
}

#[test]
fn a_callers_own_signature_stays_in_its_protocol_even_without_text() {
    let native = || request(Protocol::Messages, vec![reasoning("", signature("sig"))]);
    let (kept, notes) = left(native(), &target(Protocol::Messages, &Forgetful), Habit::Verbatim);
    assert_eq!(kept, [(String::new(), signature("sig"))]);
    assert!(notes.is_empty());
    let (elsewhere, notes) = left(native(), &target(Protocol::Responses, &Forgetful), Habit::Verbatim);
    assert!(elsewhere.is_empty());
    assert_eq!(notes, ["thinking"]);
}

#[test]
fn encrypted_reasoning_comes_back_to_responses_through_a_messages_client() {
    let proof = Some(Proof::Encrypted("enc".into()));
    let carrier = sealed(maker("m1", "org1"), proof.clone(), "");
    let mut request = request(Protocol::Messages, vec![reasoning("summary", signature(&carrier))]);
    settle_with(
        Habit::Verbatim,
        &mut request,
        &target(Protocol::Responses, &Forgetful),
        &mut Notes::default(),
    );
    let part = &request.turns[0].parts[0];
    assert_eq!(part.item_id.as_deref(), Some("rs_1"));
    let PartOfTurn::Reasoning(it) = &part.body else { panic!("reasoning") };
    assert_eq!((it.text.concat().as_str(), &it.proof), ("summary", &proof));
}

#[test]
fn text_readers_get_the_text_of_anybody_on_turns_with_calls() {
    let carrier = sealed(maker("m9", "org9"), None, "carried");
    let with_call = vec![reasoning("", signature(&carrier)), call("c1")];
    let chat = target(Protocol::Chat, &Forgetful);
    let (kept, notes) = left(request(Protocol::Messages, with_call), &chat, TOOL_TURNS);
    assert_eq!(kept, [("carried".to_owned(), None)]);
    assert!(notes.is_empty());
    let without_call = || request(Protocol::Messages, vec![reasoning("text", None)]);
    assert_eq!(left(without_call(), &chat, TOOL_TURNS), (vec![], vec!["thinking".to_owned()]));
    let every = Habit::Text { every_turn: true, required: false };
    assert_eq!(left(without_call(), &chat, every).0, [("text".to_owned(), None)]);
}

#[test]
fn what_the_caller_left_out_is_remembered_or_empty() {
    let bare = || request(Protocol::Chat, vec![call("c0"), call("c1")]);
    let knows = Knows("c1", "plain".to_owned());
    assert_eq!(left(bare(), &target(Protocol::Chat, &knows), TOOL_TURNS).0, [("plain".to_owned(), None)]);
    let nothing = target(Protocol::Chat, &Forgetful);
    assert_eq!(left(bare(), &nothing, TOOL_TURNS).0, [(String::new(), None)]);
    let lenient = Habit::Text { every_turn: false, required: false };
    assert!(left(bare(), &nothing, lenient).0.is_empty());
}

#[test]
fn signed_thinking_survives_a_chat_client_by_memory() {
    let one = sealed(maker("m1", "org1"), signature("s1"), "one");
    let two = sealed(maker("m1", "org1"), Some(Proof::Redacted("r2".into())), "");
    let other = sealed(maker("m2", "org1"), signature("s3"), "three");
    let knows = Knows("c1", [one, two, other].join("\n"));
    let request = request(Protocol::Chat, vec![call("c1")]);
    let (left, _) = left(request, &target(Protocol::Messages, &knows), Habit::Verbatim);
    let redacted = (String::new(), Some(Proof::Redacted("r2".into())));
    assert_eq!(left, [("one".to_owned(), signature("s1")), redacted]);
}

#[test]
fn items_of_one_turn_are_seen_together() {
    let mut request = request(Protocol::Responses, vec![reasoning("thought", None)]);
    request.turns.push(Turn::new(Role::Assistant, vec![call("c1")]));
    let (left, notes) = left(request, &target(Protocol::Chat, &Forgetful), TOOL_TURNS);
    assert_eq!(left, [("thought".to_owned(), None)]);
    assert!(notes.is_empty());
}

#[test]
fn callers_see_of_reasoning_what_they_asked_for() {
    let back = |from, model: &'static str, mode, shown, to| {
        let mut request = Request::new(from, model.into());
        request.reasoning.mode = mode;
        request.reasoning.shown = shown;
        shown::reasoning_back(&request, to)
    };
    let (m, c, r) = (Protocol::Messages, Protocol::Chat, Protocol::Responses);
    let adaptive = Some(ThinkingMode::Adaptive);
    assert_eq!(back(m, "gpt", None, None, c), ReasoningBack::Hidden);
    assert_eq!(back(m, "claude-opus-5-5", None, None, c), ReasoningBack::Shown);
    assert_eq!(back(m, "claude-opus-5-5", Some(ThinkingMode::Disabled), None, c), ReasoningBack::Hidden);
    assert_eq!(back(m, "gpt", adaptive, None, r), ReasoningBack::Shown);
    assert_eq!(back(m, "gpt", adaptive, Some(Shown::Omitted), r), ReasoningBack::Carried);
    assert_eq!(back(m, "gpt", None, None, m), ReasoningBack::Shown);
    assert_eq!(back(c, "gpt", None, None, m), ReasoningBack::Shown);
    assert_eq!(back(r, "gpt", None, None, m), ReasoningBack::Carried);
    assert_eq!(back(r, "gpt", None, Some(Shown::Summary), m), ReasoningBack::Shown);
}

#[test]
fn an_upstream_that_takes_none_gets_none_and_nothing_is_refilled() {
    let knows = Knows("c1", "plain".to_owned());
    let chat = target(Protocol::Chat, &knows);
    let with = request(Protocol::Chat, vec![reasoning("text", None), call("c1")]);
    assert_eq!(left(with, &chat, Habit::Nothing), (vec![], vec!["reasoning_content".to_owned()]));
    let without = request(Protocol::Chat, vec![call("c1")]);
    assert_eq!(left(without, &chat, Habit::Nothing), (vec![], vec![]));
}
