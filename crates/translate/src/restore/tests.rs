//! What callers get of streams and whole answers.

use super::*;
use crate::carrier::{Cargo, open};
use crate::family::Family;
use crate::ir::{
    Answer, CallKind, Part, PartBody, PartOfTurn, PastCall, Proof, Reasoning, Request, Role, StreamStart,
    ToolCall, Turn,
};
use crate::notes::Notes;
use crate::reasoning as settling;
use crate::target::{Remembered, Target};
use crate::traits::ModelTraits;
use std::sync::Arc;
use tollgate_protocol::Protocol::{Chat, Messages, Responses};

fn key() -> CarrierKey {
    CarrierKey::new(&[1; 32])
}

fn maker() -> MadeBy<'static> {
    MadeBy { vendor: "v".into(), account: "a".into(), model: "m".into() }
}

fn restorer(back: WayBack, from: Protocol, to: Protocol) -> Restorer {
    Restorer::new(back, maker(), key(), from, to)
}

fn start(part: u32, start: PartStart<'static>) -> StreamEvent<'static> {
    StreamEvent::PartStart { part: PartId(part), item_id: None, phase: None, start }
}

fn delta(part: u32, delta: Delta<'static>) -> StreamEvent<'static> {
    StreamEvent::Delta { part: PartId(part), delta }
}

fn text(part: u32, text: &'static str) -> StreamEvent<'static> {
    delta(part, Delta::Text(text.into()))
}

fn arguments(part: u32, text: &'static str) -> StreamEvent<'static> {
    delta(part, Delta::Arguments(text.into()))
}

fn end(part: u32) -> StreamEvent<'static> {
    StreamEvent::PartEnd { part: PartId(part) }
}

fn call(part: u32, id: &'static str, name: &'static str) -> StreamEvent<'static> {
    start(
        part,
        PartStart::ToolCall { id: id.into(), name: name.into(), namespace: None, kind: ToolKind::Function },
    )
}

fn finish(stop: StopReason) -> StreamEvent<'static> {
    StreamEvent::Finish(Finish { stop, ..Finish::default() })
}

/// What a caller gets of `events`.
fn run(restorer: &mut Restorer, events: Vec<StreamEvent<'static>>) -> Vec<String> {
    let mut said = Vec::new();
    for event in events {
        restorer
            .event(event, &mut |event| {
                said.push(match event {
                    StreamEvent::PartStart { start, .. } => match start {
                        PartStart::ToolCall { id, name, kind, .. } => format!("call {id} {name} {kind:?}"),
                        PartStart::Redacted { data } => format!("redacted {data}"),
                        start => format!("{start:?}"),
                    },
                    StreamEvent::Delta { delta, .. } => match delta {
                        Delta::Text(text) => format!("+{text}"),
                        Delta::Arguments(text) => format!("={text}"),
                        Delta::Signature(data) => format!("signature {data}"),
                        Delta::Encrypted(data) => format!("encrypted {data}"),
                        delta => format!("{delta:?}"),
                    },
                    StreamEvent::PartEnd { .. } => "end".to_owned(),
                    StreamEvent::Finish(finish) => {
                        format!("{:?} {}", finish.stop, finish.stop_sequence.unwrap_or_default())
                    }
                    StreamEvent::Start(_) | StreamEvent::Ping => "other".to_owned(),
                });
                Ok(())
            })
            .unwrap();
    }
    said
}

fn tool(name: &str, kind: CallerToolKind) -> CallerTool {
    CallerTool { name: name.to_owned(), namespace: None, kind }
}

#[test]
fn nothing_to_do_costs_nothing() {
    let mut idle = restorer(WayBack::default(), Messages, Messages);
    assert!(idle.is_idle());
    assert_eq!(run(&mut idle, vec![start(0, PartStart::Text), text(0, "a"), end(0)]), ["Text", "+a", "end"]);
    assert!(!restorer(WayBack::default(), Chat, Messages).is_idle());
    let back = WayBack { stop: vec!["x".into()], ..WayBack::default() };
    assert!(!restorer(back, Chat, Chat).is_idle());
}

#[test]
fn tools_get_their_own_names_and_custom_tools_their_text() {
    let mut back = WayBack::default();
    back.tools.insert("patch".into(), tool("apply_patch", CallerToolKind::Custom));
    back.tools.insert("ns__f".into(), tool("f", CallerToolKind::Function));
    let events = vec![
        call(0, "c0", "patch"),
        call(1, "c1", "ns__f"),
        arguments(0, r#"{"input":"a\"#),
        arguments(1, r#"{"input":1}"#),
        arguments(0, r#"nb"}"#),
        end(0),
        end(1),
    ];
    let said = run(&mut restorer(back, Chat, Responses), events);
    let expected =
        ["call c0 apply_patch Custom", "call c1 f Function", "=a", r#"={"input":1}"#, "=\nb", "end", "end"];
    assert_eq!(said, expected);
}

#[test]
fn ids_are_made_to_fit_messages_only() {
    let events = || vec![call(0, "functions.Bash:0", "f")];
    let said = run(&mut restorer(WayBack::default(), Chat, Messages), events());
    let id = said[0].split(' ').nth(1).unwrap().to_owned();
    assert_eq!(ids::unfit(&id), "functions.Bash:0");
    assert_ne!(id, "functions.Bash:0");
    let said = run(&mut restorer(WayBack::default(), Responses, Chat), events());
    assert_eq!(said, ["call functions.Bash:0 f Function"]);
}

#[test]
fn all_that_follows_a_stop_sequence_is_left_out() {
    let back = WayBack { stop: vec!["STOP".into()], ..WayBack::default() };
    let events = vec![
        start(0, PartStart::Text),
        text(0, "one ST"),
        text(0, "OP two"),
        text(0, " three"),
        end(0),
        call(1, "c", "f"),
        arguments(1, "{}"),
        end(1),
        finish(StopReason::ToolUse),
    ];
    let said = run(&mut restorer(back, Responses, Messages), events);
    assert_eq!(said, ["Text", "+one ", "end", "StopSequence STOP"]);
}

#[test]
fn fences_around_json_go() {
    let back = WayBack { unfence: true, ..WayBack::default() };
    let fenced =
        vec![start(0, PartStart::Text), text(0, "```js"), text(0, "on\n{}\n`"), text(0, "``"), end(0)];
    let said = run(&mut restorer(back, Messages, Chat), fenced);
    assert_eq!(said, ["Text", "+{}", "end"]);
}

fn reasoning(proof: Delta<'static>) -> Vec<StreamEvent<'static>> {
    vec![
        start(0, PartStart::Reasoning),
        text(0, "tho"),
        text(0, "ught"),
        delta(0, proof),
        end(0),
        call(1, "c1", "f"),
        end(1),
        finish(StopReason::ToolUse),
    ]
}

fn opened(said: &str) -> Cargo<'static> {
    open(&key(), said.split(' ').nth(1).unwrap()).unwrap()
}

#[test]
fn shown_reasoning_is_shown_and_its_proof_is_carried() {
    let mut events = reasoning(Delta::Encrypted("enc".into()));
    if let StreamEvent::PartStart { item_id, .. } = &mut events[0] {
        *item_id = Some("rs_1".into());
    }
    let said = run(&mut restorer(WayBack::default(), Responses, Messages), events);
    assert_eq!(said[..3], ["Reasoning", "+tho", "+ught"]);
    assert!(said[3].starts_with("signature tgc1."));
    let cargo = opened(&said[3]);
    assert_eq!((cargo.made_by, cargo.proof), (maker(), Some(Proof::Encrypted("enc".into()))));
    assert_eq!(cargo.item_id.as_deref(), Some("rs_1"));
    assert!(cargo.text.is_empty(), "the caller has it");
    assert_eq!(said[4], "end");
}

#[test]
fn a_signature_travels_with_the_text_it_vouches_for() {
    let events = reasoning(Delta::Signature("sig".into()));
    let said = run(&mut restorer(WayBack::default(), Messages, Responses), events);
    assert!(said[3].starts_with("encrypted "));
    let cargo = opened(&said[3]);
    assert_eq!((cargo.proof, cargo.text), (Some(Proof::Signature("sig".into())), vec!["thought".into()]));
}

#[test]
fn carried_reasoning_is_not_shown() {
    let back = WayBack { reasoning: ReasoningBack::Carried, ..WayBack::default() };
    let events = vec![start(0, PartStart::Reasoning), text(0, "thought"), end(0)];
    let said = run(&mut restorer(back, Chat, Messages), events);
    assert_eq!((said.len(), said[0].as_str(), said[2].as_str()), (3, "Reasoning", "end"));
    let cargo = opened(&said[1]);
    assert_eq!((cargo.proof, cargo.text), (None, vec!["thought".into()]));
}

#[test]
fn redacted_thinking_is_carried_by_a_reasoning_item() {
    let events = vec![start(0, PartStart::Redacted { data: "red".into() }), end(0)];
    let said = run(&mut restorer(WayBack::default(), Messages, Responses), events);
    assert_eq!((said.len(), said[0].as_str()), (3, "Reasoning"));
    assert_eq!(opened(&said[1]).proof, Some(Proof::Redacted("red".into())));
}

#[test]
fn hidden_reasoning_is_left_out_and_remembered() {
    let back = WayBack { reasoning: ReasoningBack::Hidden, ..WayBack::default() };
    let mut restorer = restorer(back, Chat, Messages);
    let events =
        vec![start(0, PartStart::Reasoning), text(0, "thought"), end(0), call(1, "c:1", "f"), end(1)];
    let said = run(&mut restorer, events);
    let id = ids::fit("c:1", Messages).into_owned();
    assert_eq!(said, [format!("call {id} f Function"), "end".to_owned()]);
    let recollection = restorer.remember().unwrap();
    assert_eq!((recollection.call_ids, &*recollection.carrier_or_text), (vec![id], "thought"));
}

#[test]
fn signed_thinking_is_remembered_for_a_chat_caller() {
    let mut restorer = restorer(WayBack::default(), Messages, Chat);
    let said = run(&mut restorer, reasoning(Delta::Signature("sig".into())));
    assert_eq!(said[..3], ["Reasoning", "+tho", "+ught"]);
    let recollection = restorer.remember().unwrap();
    assert_eq!(recollection.call_ids, ["c1"]);
    let cargo = open(&key(), &recollection.carrier_or_text).unwrap();
    assert_eq!((cargo.proof, cargo.text), (Some(Proof::Signature("sig".into())), vec!["thought".into()]));
}

#[test]
fn a_turn_without_calls_or_for_a_caller_that_carries_is_not_remembered() {
    let mut without = restorer(WayBack::default(), Messages, Chat);
    run(
        &mut without,
        vec![start(0, PartStart::Reasoning), text(0, "t"), end(0), finish(StopReason::EndTurn)],
    );
    assert_eq!(without.remember(), None);
    let mut carries = restorer(WayBack::default(), Messages, Responses);
    run(&mut carries, reasoning(Delta::Signature("sig".into())));
    assert_eq!(carries.remember(), None);
}

#[test]
fn other_events_pass() {
    let mut restorer = restorer(WayBack::default(), Messages, Chat);
    let events = vec![StreamEvent::Start(StreamStart::default()), StreamEvent::Ping];
    assert_eq!(run(&mut restorer, events), ["other", "other"]);
}

fn answer(parts: Vec<PartBody<'static>>, stop: StopReason) -> Answer<'static> {
    Answer {
        id: "a".into(),
        model: "m".into(),
        created_at_s: None,
        parts: parts.into_iter().map(Part::from).collect(),
        finish: Finish { stop, ..Finish::default() },
    }
}

fn whole_call(id: &'static str, name: &'static str, arguments: &'static str) -> PartBody<'static> {
    let kind = ToolKind::Function;
    PartBody::ToolCall(ToolCall {
        id: id.into(),
        name: name.into(),
        namespace: None,
        kind,
        arguments: arguments.into(),
    })
}

#[test]
fn whole_answers_are_restored_as_streams_are() {
    let mut back = WayBack { stop: vec!["STOP".into()], ..WayBack::default() };
    back.tools.insert("patch".into(), tool("apply_patch", CallerToolKind::Custom));
    let text = PartBody::Text { text: "one STOP two".into(), citations: Vec::new() };
    let parts = vec![
        PartBody::Reasoning {
            text: vec!["thought".into()],
            raw: false,
            signature: Some("sig".into()),
            encrypted: None,
        },
        whole_call("c0", "patch", r#"{"input":"a\nb"}"#),
        text,
        whole_call("c1", "f", "{}"),
    ];
    let mut answer = answer(parts, StopReason::ToolUse);
    restorer(back, Messages, Responses).answer(&mut answer);
    assert_eq!(answer.parts.len(), 3);
    let PartBody::Reasoning { text, signature: None, encrypted: Some(carrier), .. } = &answer.parts[0].body
    else {
        panic!("{:?}", answer.parts[0])
    };
    assert_eq!(*text, ["thought"]);
    assert_eq!(open(&key(), carrier).unwrap().proof, Some(Proof::Signature("sig".into())));
    let PartBody::ToolCall(call) = &answer.parts[1].body else { panic!("call") };
    assert_eq!((&*call.name, call.kind, &*call.arguments), ("apply_patch", ToolKind::Custom, "a\nb"));
    assert_eq!(answer.parts[2].body, PartBody::Text { text: "one ".into(), citations: Vec::new() });
    assert_eq!(answer.finish.stop_sequence.as_deref(), Some("STOP"));
}

#[test]
fn a_whole_answer_is_remembered() {
    let thinking = PartBody::Redacted { data: "red".into() };
    let mut answer = answer(vec![thinking, whole_call("c", "f", "{}")], StopReason::ToolUse);
    let mut restorer = restorer(WayBack::default(), Messages, Chat);
    restorer.answer(&mut answer);
    let recollection = restorer.remember().unwrap();
    assert_eq!(
        open(&key(), &recollection.carrier_or_text).unwrap().proof,
        Some(Proof::Redacted("red".into()))
    );
}

/// Claude's stream as a Chat client gets it, and what the gate remembers of it.
fn through_chat(maker: MadeBy<'static>, frames: &[(&str, &str)]) -> (String, Option<Recollection>) {
    let mut decoder = crate::messages::StreamDecoder::new();
    let context = crate::AnswerContext {
        model: "claude".into(),
        created_at_s: 0,
        request_id: "req".into(),
        ..crate::AnswerContext::default()
    };
    let mut encoder = crate::chat::StreamEncoder::new(&context);
    let mut restorer = Restorer::new(WayBack::default(), maker, key(), Messages, Chat);
    let mut out = Vec::new();
    for (event, data) in frames {
        decoder
            .frame(event, data.as_bytes(), &mut |event: StreamEvent<'_>| {
                restorer.event(event, &mut |event: StreamEvent<'_>| encoder.event(event, &mut out))
            })
            .unwrap();
    }
    (String::from_utf8(out).unwrap(), restorer.remember())
}

struct Kept(Recollection);

impl Remembered for Kept {
    fn reasoning_of(&self, call_id: &str) -> Option<Arc<str>> {
        let is_known = self.0.call_ids.iter().any(|id| id == call_id);
        is_known.then(|| self.0.carrier_or_text.clone())
    }
}

const CLAUDE: &[(&str, &str)] = &[
    (
        "message_start",
        r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"claude","usage":{"input_tokens":1,"output_tokens":1}}}"#,
    ),
    (
        "content_block_start",
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
    ),
    (
        "content_block_delta",
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Look at "}}"#,
    ),
    (
        "content_block_delta",
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"the file."}}"#,
    ),
    (
        "content_block_delta",
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2lnbmVk"}}"#,
    ),
    ("content_block_stop", r#"{"type":"content_block_stop","index":0}"#),
    (
        "content_block_start",
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"read","input":{}}}"#,
    ),
    ("content_block_stop", r#"{"type":"content_block_stop","index":1}"#),
    (
        "message_delta",
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":9}}"#,
    ),
    ("message_stop", r#"{"type":"message_stop"}"#),
];

/// What is sent to `model` of the thinking that the gate remembers of a turn that called `toolu_1`.
fn sent_back(recollection: Recollection, model: &str) -> Vec<Reasoning<'static>> {
    let call = PastCall {
        id: "toolu_1".into(),
        name: "read".into(),
        namespace: None,
        kind: CallKind::Function,
        arguments: "{}".into(),
    };
    let mut request = Request::new(Chat, "claude".into());
    request.turns.push(Turn::new(Role::Assistant, vec![PartOfTurn::ToolCall(call).into()]));
    let target = Target {
        protocol: Messages,
        model,
        traits: &ModelTraits::of(model),
        family: Family::default(),
        account: "a",
        key: &key(),
        remembered: &Kept(recollection),
    };
    settling::settle(&mut request, &target, &mut Notes::default(), &mut WayBack::default());
    let parts = request.turns.into_iter().flat_map(|turn| turn.parts);
    let thoughts = parts.filter_map(|part| match part.body {
        PartOfTurn::Reasoning(thought) => Some(thought),
        _ => None,
    });
    thoughts.collect()
}

#[test]
fn signed_thinking_of_claude_survives_a_tool_loop_of_a_chat_client() {
    let made_by =
        MadeBy { vendor: Family::default().as_str().into(), account: "a".into(), model: "claude".into() };
    let (chunks, recollection) = through_chat(made_by, CLAUDE);
    assert!(chunks.contains("reasoning_content") && chunks.contains("toolu_1"), "{chunks}");
    assert!(!chunks.contains("c2lnbmVk") && !chunks.contains("tgc1."), "{chunks}");
    let recollection = recollection.unwrap();
    let back = sent_back(recollection.clone(), "claude");
    assert_eq!(back.len(), 1);
    assert_eq!(back[0].text, ["Look at the file."]);
    assert_eq!(back[0].proof, Some(Proof::Signature("c2lnbmVk".into())));
    assert!(sent_back(recollection, "another").is_empty());
}
