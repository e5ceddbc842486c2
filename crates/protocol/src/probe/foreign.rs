//! Signed reasoning of earlier turns that another provider made: found in a body and cut out of it.
//!
//! Providers take back only what they signed themselves, so what was signed elsewhere has to go before a conversation
//! goes on somewhere else. All other bytes stay as they came.

use bytes::Bytes;

use super::Span;
use super::inside::{elements, members, role_and_content, text_of};
use super::scan::{Kind, Value};
use crate::{Edits, Protocol};

/// Which of a body's signed reasoning is foreign to its next reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign<'a> {
    /// All of it.
    All,
    /// As far as the last whose proof has one of these digests, see [`LeftOut::last`].
    Through(&'a [u64]),
}

/// What is to be cut out of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The cuts.
    pub edits: Edits,
    /// The digest of the last proof that is cut out: it marks how far a conversation is foreign.
    pub last: u64,
    /// What is cut out or changed, by its name in the body.
    pub names: Vec<&'static str>,
}

/// Finds the foreign reasoning in a request's body; `None` if there is none.
///
/// Messages: `thinking` and `redacted_thinking` blocks, and messages that hold nothing else. Where a tool loop under way
/// loses the thinking that it began with, thinking with a budget is switched off, because Anthropic refuses it then.
/// Responses: `reasoning` items. A proof that begins with `spared` is not looked at: who made it is known otherwise.
#[must_use]
pub fn leave_out_reasoning(
    body: &[u8],
    protocol: Protocol,
    foreign: Foreign<'_>,
    spared: Option<&str>,
) -> Option<LeftOut> {
    let found = match protocol {
        Protocol::Messages => Found::in_messages(body, spared),
        Protocol::Responses => Found::in_items(body, spared),
        Protocol::Chat => return None,
    };
    let through = match foreign {
        Foreign::All => found.proofs.len(),
        Foreign::Through(marks) => found.proofs.iter().rposition(|digest| marks.contains(digest))? + 1,
    };
    let last = *found.proofs.get(through.checked_sub(1)?)?;
    let mut left_out = LeftOut { edits: Edits::new(), last, names: Vec::new() };
    found.cut(through, &mut left_out);
    if protocol == Protocol::Messages && found.is_thoughtless_loop(through) {
        left_out.switch_thinking_off(body);
    }
    Some(left_out)
}

/// A list in the body: turns, or the blocks of one.
type List = Vec<Element>;

/// An element of a list.
struct Element {
    span: Span,
    /// The number of its proof, counted from one, if it is signed reasoning.
    proof: Option<usize>,
    /// What is inside, if it is a turn of the model in blocks.
    blocks: List,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Model,
    /// A user's turn, with results of tools or without.
    User {
        has_result: bool,
    },
    Other,
}

impl Element {
    const fn new(span: Span) -> Self {
        Self { span, proof: None, blocks: Vec::new(), role: Role::Other }
    }

    /// Whether nothing is left of it once the proofs up to `through` are cut out.
    fn goes(&self, through: usize) -> bool {
        let is_cut = |element: &Self| element.proof.is_some_and(|proof| proof <= through);
        is_cut(self) || (!self.blocks.is_empty() && self.blocks.iter().all(is_cut))
    }
}

/// The turns or items of a body, and the digests of all proofs in them, in order.
#[derive(Default)]
struct Found {
    turns: List,
    proofs: Vec<u64>,
    word: &'static str,
}

impl Found {
    fn in_messages(body: &[u8], spared: Option<&str>) -> Self {
        let mut found = Self { word: "thinking", ..Self::default() };
        let Some(list) = member(body, b"messages") else { return found };
        elements(body, list, |turn| {
            let (role, said) = role_and_content(body, turn);
            let mut element = Element::new(turn.span);
            let mut has_result = false;
            if let Some(said) = said {
                elements(body, said, |block| {
                    let (kind, proof) = kind_and_proof(body, block);
                    has_result |= kind == b"tool_result";
                    let is_reasoning = matches!(kind, b"thinking" | b"redacted_thinking");
                    let is_foreign = is_reasoning && role == b"assistant" && !is_spared(proof, spared);
                    element.blocks.push(Element {
                        proof: is_foreign.then(|| found.number(proof)),
                        // Reasoning that stays is a beginning all the same.
                        role: if is_reasoning { Role::Model } else { Role::Other },
                        ..Element::new(block.span)
                    });
                    true
                });
            }
            element.role = match role {
                b"assistant" => Role::Model,
                b"user" => Role::User { has_result },
                _ => Role::Other,
            };
            found.turns.push(element);
            true
        });
        found
    }

    fn in_items(body: &[u8], spared: Option<&str>) -> Self {
        let mut found = Self { word: "reasoning", ..Self::default() };
        let Some(list) = member(body, b"input") else { return found };
        elements(body, list, |item| {
            let (kind, proof) = kind_and_proof(body, item);
            let is_foreign = kind == b"reasoning" && !is_spared(proof, spared);
            let proof = is_foreign.then(|| found.number(proof));
            found.turns.push(Element { proof, ..Element::new(item.span) });
            true
        });
        found
    }

    fn number(&mut self, proof: &[u8]) -> usize {
        self.proofs.push(digest(proof));
        self.proofs.len()
    }

    /// Cuts out the first `through` proofs, and turns in which nothing else is.
    fn cut(&self, through: usize, left_out: &mut LeftOut) {
        left_out.names.push(self.word);
        cut_elements(&self.turns, through, &mut left_out.edits);
        for turn in self.turns.iter().filter(|turn| !turn.goes(through)) {
            cut_elements(&turn.blocks, through, &mut left_out.edits);
        }
    }

    /// Whether a tool loop is under way whose turn began with reasoning and does so no more.
    fn is_thoughtless_loop(&self, through: usize) -> bool {
        let Some(last) = self.turns.iter().rposition(|turn| turn.role == Role::Model) else { return false };
        let (before, behind) = self.turns.split_at(last + 1);
        if !behind.iter().any(|turn| turn.role == Role::User { has_result: true }) {
            return false;
        }
        let run = before.iter().rev().take_while(|turn| turn.role == Role::Model);
        let blocks = || run.clone().collect::<Vec<_>>().into_iter().rev().flat_map(|turn| &turn.blocks);
        let stays = |block: &&Element| !block.goes(through);
        let begins = |block: Option<&Element>| block.is_some_and(|block| block.role == Role::Model);
        begins(blocks().next()) && !begins(blocks().find(stays))
    }
}

impl LeftOut {
    fn switch_thinking_off(&mut self, body: &[u8]) {
        let (mut thinking, mut management) = (None, None);
        members(body, 0, |key, value| {
            match key {
                b"thinking" => thinking = Some(value),
                b"context_management" => management = Some(value),
                _ => {}
            }
            true
        });
        let Some(thinking) = thinking.filter(|thinking| kind_and_proof(body, *thinking).0 == b"enabled")
        else {
            return;
        };
        self.edits.replace(thinking.span, Bytes::from_static(br#"{"type":"disabled"}"#));
        // A rule for clearing old thinking is refused where nothing is thought.
        let text = |value: Value| body.get(value.span.start..value.span.end).unwrap_or_default();
        let clears = |value: &Value| memchr::memmem::find(text(*value), b"\"clear_thinking").is_some();
        if let Some(management) = management.filter(clears) {
            self.edits.replace(management.span, Bytes::from_static(b"null"));
            self.names.push("context_management");
        }
    }
}

/// Cuts the elements that go out of their list, each with a comma.
fn cut_elements(list: &[Element], through: usize, edits: &mut Edits) {
    let mut stays_before = false;
    for (at, element) in list.iter().enumerate() {
        if !element.goes(through) {
            stays_before = true;
            continue;
        }
        let previous = at.checked_sub(1).and_then(|at| list.get(at)).filter(|_| stays_before);
        let span = match (previous, list.get(at + 1)) {
            (Some(previous), _) => Span { start: previous.span.end, end: element.span.end },
            (None, Some(next)) => Span { start: element.span.start, end: next.span.start },
            (None, None) => element.span,
        };
        edits.replace(span, Bytes::new());
    }
}

/// `type`, and what proves reasoning to its maker, as they are written.
fn kind_and_proof(body: &[u8], value: Value) -> (&[u8], &[u8]) {
    let (mut kind, mut proof) = (&b""[..], &b""[..]);
    if value.kind == Kind::Object {
        members(body, value.span.start, |key, value| {
            match key {
                b"type" => kind = text_of(body, value),
                b"signature" | b"data" | b"encrypted_content" => proof = text_of(body, value),
                _ => {}
            }
            true
        });
    }
    (kind, proof)
}

fn member(body: &[u8], name: &[u8]) -> Option<Value> {
    let mut found = None;
    members(body, 0, |key, value| {
        if key == name {
            found = Some(value);
        }
        found.is_none()
    });
    found
}

fn is_spared(proof: &[u8], spared: Option<&str>) -> bool {
    spared.is_some_and(|spared| proof.starts_with(spared.as_bytes()))
}

/// FNV-1a: it tells the proofs of one conversation apart and need not resist anybody.
fn digest(proof: &[u8]) -> u64 {
    proof
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    fn cut(body: &Json, protocol: Protocol, foreign: Foreign<'_>) -> Option<(Json, LeftOut)> {
        // Spaces, to see that commas are found behind them.
        let text = serde_json::to_string_pretty(body).unwrap();
        let left_out = leave_out_reasoning(text.as_bytes(), protocol, foreign, Some("tgc1."))?;
        let edited = left_out.edits.apply(&Bytes::from(text)).concat();
        Some((serde_json::from_slice(&edited).unwrap(), left_out))
    }

    fn thinking(signature: &str) -> Json {
        json!({"type": "thinking", "thinking": "so", "signature": signature})
    }

    fn text(text: &str) -> Json {
        json!({"type": "text", "text": text})
    }

    fn call(id: &str) -> Json {
        json!({"type": "tool_use", "id": id, "name": "f", "input": {"type": "thinking"}})
    }

    fn result(id: &str) -> Json {
        json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "ok"}]})
    }

    fn model(blocks: &[Json]) -> Json {
        json!({"role": "assistant", "content": blocks})
    }

    fn messages(turns: &[Json]) -> Json {
        let mut all = vec![json!({"role": "user", "content": "hi"})];
        all.extend_from_slice(turns);
        json!({"model": "m", "thinking": {"type": "enabled", "budget_tokens": 2000}, "messages": all})
    }

    #[test]
    fn blocks_are_cut_wherever_they_stand() {
        let redacted = json!({"type": "redacted_thinking", "data": "r"});
        let body = messages(&[
            model(&[thinking("a"), redacted, text("one")]),
            json!({"role": "user", "content": "and?"}),
            model(&[text("two"), thinking("b"), text("three"), thinking("c")]),
            json!({"role": "user", "content": [thinking("a user's")]}),
        ]);
        let (edited, left_out) = cut(&body, Protocol::Messages, Foreign::All).unwrap();
        let expected = messages(&[
            model(&[text("one")]),
            json!({"role": "user", "content": "and?"}),
            model(&[text("two"), text("three")]),
            json!({"role": "user", "content": [thinking("a user's")]}),
        ]);
        assert_eq!(edited, expected);
        assert_eq!((left_out.last, left_out.names), (digest(b"c"), vec!["thinking"]));
    }

    #[test]
    fn a_turn_that_held_nothing_else_goes_with_it() {
        let body = messages(&[
            model(&[thinking("a")]),
            json!({"role": "user", "content": "and?"}),
            model(&[thinking("b"), thinking("c")]),
        ]);
        let (edited, _) = cut(&body, Protocol::Messages, Foreign::All).unwrap();
        assert_eq!(edited, messages(&[json!({"role": "user", "content": "and?"})]));
        let (edited, _) =
            cut(&json!({"messages": [model(&[thinking("a")])]}), Protocol::Messages, Foreign::All).unwrap();
        assert_eq!(edited, json!({"messages": []}));
    }

    #[test]
    fn a_mark_tells_how_far_a_conversation_is_foreign() {
        let body = messages(&[
            model(&[thinking("a"), text("one")]),
            json!({"role": "user", "content": "and?"}),
            model(&[thinking("b"), text("two")]),
        ]);
        let marks = [digest(b"a"), digest(b"gone")];
        let (edited, left_out) = cut(&body, Protocol::Messages, Foreign::Through(&marks)).unwrap();
        assert_eq!(edited["messages"][1]["content"], json!([text("one")]));
        assert_eq!(edited["messages"][3]["content"], json!([thinking("b"), text("two")]));
        assert_eq!(left_out.last, digest(b"a"));
        assert_eq!(cut(&body, Protocol::Messages, Foreign::Through(&marks[1..])), None);
        assert_eq!(cut(&messages(&[]), Protocol::Messages, Foreign::All), None);
    }

    #[test]
    fn a_loop_without_its_thinking_is_not_told_to_think() {
        let open = [model(&[thinking("a"), call("1")]), result("1")];
        let (edited, left_out) = cut(&messages(&open), Protocol::Messages, Foreign::All).unwrap();
        assert_eq!(edited["thinking"], json!({"type": "disabled"}));
        assert_eq!(left_out.names, ["thinking"]);
        let mut managed = messages(&open);
        managed["context_management"] =
            json!({"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]});
        let (edited, left_out) = cut(&managed, Protocol::Messages, Foreign::All).unwrap();
        assert_eq!(edited["context_management"], Json::Null);
        assert_eq!(left_out.names, ["thinking", "context_management"]);
        // What begins with thinking that stays, is over, or never began with any, thinks on.
        let kept = [model(&[thinking("a"), text("x")]), json!({"role": "user", "content": "?"})];
        let kept = [&kept[..], &[model(&[thinking("b"), call("1")]), result("1")]].concat();
        let over = [&open[..], &[model(&[text("done")]), json!({"role": "user", "content": "?"})]].concat();
        let never = [model(&[thinking("a"), text("x")]), json!({"role": "user", "content": "?"})];
        let never = [&never[..], &[model(&[call("1")]), result("1")]].concat();
        let marks = [digest(b"a")];
        for (turns, foreign) in
            [(&kept, Foreign::Through(&marks)), (&over, Foreign::All), (&never, Foreign::All)]
        {
            let (edited, _) = cut(&messages(turns), Protocol::Messages, foreign).unwrap();
            assert_eq!(edited["thinking"]["type"], "enabled", "{turns:?}");
        }
        let mut adaptive = messages(&open);
        adaptive["thinking"] = json!({"type": "adaptive"});
        let (edited, _) = cut(&adaptive, Protocol::Messages, Foreign::All).unwrap();
        assert_eq!(edited["thinking"]["type"], "adaptive");
    }

    #[test]
    fn reasoning_items_are_cut_and_carriers_are_spared() {
        let item = |proof: &str| json!({"type": "reasoning", "summary": [], "encrypted_content": proof});
        let user = json!({"role": "user", "content": "hi"});
        let body = json!({"model": "m", "input": [item("a"), user, item("tgc1.x"), item("b")]});
        let (edited, left_out) = cut(&body, Protocol::Responses, Foreign::All).unwrap();
        assert_eq!(edited["input"], json!([user, item("tgc1.x")]));
        assert_eq!((left_out.last, left_out.names), (digest(b"b"), vec!["reasoning"]));
        assert_eq!(cut(&json!({"input": "hi"}), Protocol::Responses, Foreign::All), None);
        assert_eq!(cut(&json!({"messages": []}), Protocol::Chat, Foreign::All), None);
        let spared = messages(&[model(&[thinking("tgc1.y"), text("x")])]);
        assert_eq!(cut(&spared, Protocol::Messages, Foreign::All), None);
    }

    #[test]
    fn broken_bodies_are_survived() {
        for body in ["", "{", "[]", r#"{"messages":[{"role":"assistant","content":[{"type":"thinking""#] {
            assert!(leave_out_reasoning(body.as_bytes(), Protocol::Messages, Foreign::All, None).is_none());
        }
    }

    fn proofs(body: &Json) -> Vec<String> {
        let turns = body["messages"].as_array().unwrap().iter();
        let blocks = turns.filter_map(|turn| turn["content"].as_array()).flatten();
        blocks.filter_map(|block| block["signature"].as_str().map(str::to_owned)).collect()
    }

    proptest! {
        #[test]
        fn what_is_left_is_json_and_holds_what_is_behind_the_mark(
            shape in proptest::collection::vec(proptest::collection::vec(any::<bool>(), 1..5), 0..6),
            mark in 0_usize..12,
        ) {
            let mut number = 0;
            let turns: Vec<Json> = shape
                .iter()
                .map(|blocks| {
                    let blocks: Vec<Json> = blocks
                        .iter()
                        .map(|is_thinking| {
                            number += 1;
                            if *is_thinking { thinking(&format!("s{number}")) } else { text("said") }
                        })
                        .collect();
                    model(&blocks)
                })
                .collect();
            let body = messages(&turns);
            let all = proofs(&body);
            let marks: Vec<u64> = all.get(mark).map(|proof| digest(proof.as_bytes())).into_iter().collect();
            let left = cut(&body, Protocol::Messages, Foreign::Through(&marks));
            prop_assert_eq!(left.is_some(), mark < all.len());
            if let Some((edited, _)) = left {
                prop_assert_eq!(proofs(&edited), &all[mark + 1..]);
                let said = |body: &Json| body.to_string().matches("said").count();
                prop_assert_eq!(said(&edited), said(&body), "nothing else is lost");
            }
        }
    }
}
