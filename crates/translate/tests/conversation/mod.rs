//! Conversations of no protocol, made at random, and what they say.

mod facts;
mod write;

pub(crate) use facts::Facts;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};
use tollgate_protocol::Protocol;

/// What a caller sends.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub(crate) system: Option<String>,
    pub(crate) turns: Vec<Said>,
    pub(crate) max_tokens: u64,
    pub(crate) tools: Vec<(String, Value)>,
}

/// One turn.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    /// Texts and pictures.
    User(Vec<Piece>),
    /// Text, and calls: id, name, argument.
    Assistant(Option<String>, Vec<(String, String, String)>),
    /// Results: id and text.
    Results(Vec<(String, String)>),
}

/// A piece of a user's turn.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Text(String),
    /// Base64 of a PNG.
    Image(String),
}

impl Conversation {
    /// The body of the request.
    pub(crate) fn written(&self, protocol: Protocol) -> Vec<u8> {
        serde_json::to_vec(&write::body(self, protocol)).unwrap()
    }
}

/// Text that says something, with what JSON has to escape.
fn text() -> impl Strategy<Value = String> {
    "[a-zß漢\u{1f600}\"\\\\<&]{1,12}[ \n][a-z]{1,4}"
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        3 => text().prop_map(Piece::Text),
        1 => "[A-Za-z0-9+/]{8}".prop_map(Piece::Image),
    ]
}

/// A question, the text of an answer, its calls' arguments and results, and the order of the results.
type Round = (Vec<Piece>, Option<String>, Vec<(String, String)>, Vec<usize>);

/// A question, the model's answer, and the results of its calls in any order.
fn round() -> impl Strategy<Value = Round> {
    let order = Just((0..3).collect::<Vec<usize>>()).prop_shuffle();
    (vec(piece(), 1..4), option::of(text()), vec((text(), text()), 0..4), order)
}

/// A conversation as an agent has it.
pub(crate) fn conversation() -> impl Strategy<Value = Conversation> {
    (option::of(text()), vec(round(), 1..4), 100_u64..4_000).prop_map(|(system, rounds, max_tokens)| {
        let mut turns = Vec::new();
        for (number, (pieces, answer, calls, order)) in rounds.into_iter().enumerate() {
            turns.push(Said::User(pieces));
            let id = |call: usize| format!("call_{number}_{call}");
            if calls.is_empty() {
                turns.push(Said::Assistant(Some(answer.unwrap_or_else(|| "Well.".to_owned())), Vec::new()));
                continue;
            }
            let made = calls.iter().enumerate();
            let made =
                made.map(|(at, (argument, _))| (id(at), "read".to_owned(), argument.clone())).collect();
            turns.push(Said::Assistant(answer, made));
            let results = order.iter().filter(|at| **at < calls.len());
            turns.push(Said::Results(results.map(|at| (id(*at), calls[*at].1.clone())).collect()));
        }
        turns.push(Said::User(vec![Piece::Text("Go on.".to_owned())]));
        let schema = json!({"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]});
        Conversation { system, turns, max_tokens, tools: vec![("read".to_owned(), schema)] }
    })
}

/// A conversation as nobody should have it. Ids of calls are told apart; all else may be wrong.
pub(crate) fn messy() -> impl Strategy<Value = Conversation> {
    let id = || prop_oneof!["[a-d]", "functions\\.Bash:[0-3]"];
    let name = prop_oneof!["[a-z]{1,5}", "[a-z]{60,70}\\.[a-z]{60,70}", "mcp/[a-z]"];
    let said = prop_oneof![
        vec(piece(), 0..3).prop_map(Said::User),
        (option::of("[ a-z]{0,4}"), vec((id(), name, text()), 0..3)).prop_map(|(t, c)| Said::Assistant(t, c)),
        vec((id(), "[ a-z]{0,6}"), 1..4).prop_map(Said::Results),
    ];
    (option::of("[ a-z]{0,3}"), vec(said, 0..8), 1_u64..300_000).prop_map(
        |(system, mut turns, max_tokens)| {
            let mut seen = std::collections::HashSet::new();
            for said in &mut turns {
                if let Said::Assistant(_, calls) = said {
                    calls.retain(|(id, ..)| seen.insert(id.clone()));
                }
            }
            turns.push(Said::User(vec![Piece::Text("Go on.".to_owned())]));
            Conversation { system, turns, max_tokens, tools: Vec::new() }
        },
    )
}
