//! Calls and their results, brought together.

use crate::ir::{CallKind, PartOfTurn, Role, ToolResult, Turn, TurnPart};
use crate::notes::Notes;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

/// Puts the results of each assistant turn's calls, in the order of the calls, at the head of the user turn behind it.
///
/// A call without a result gets one that says so; a result without a call, or a second one, becomes text, so that
/// the model still reads it.
pub(crate) fn pair(turns: &mut Vec<Turn<'_>>, notes: &mut Notes) {
    let mut results = take_results(turns);
    let mut taken = call_ids(turns);
    let mut seen = HashSet::new();
    let mut at = 0;
    while at < turns.len() {
        if turns[at].role == Role::Assistant {
            let mut answers = answers_to(&turns[at], &mut results, notes);
            tell_apart(&mut turns[at], &mut answers, &mut seen, &mut taken);
            if !answers.is_empty() {
                put_behind(turns, at, answers);
            }
        }
        at += 1;
    }
    orphans_to_text(turns, results, notes);
}

/// The results of a conversation by the id of their call, first in first out, each with the turn it stood in.
type Results<'a> = HashMap<String, Vec<TurnPart<'a>>>;

/// Where a result stood until it is known whether a call claims it.
fn take_results<'a>(turns: &mut [Turn<'a>]) -> Results<'a> {
    let mut results = Results::new();
    let called = call_ids(turns);
    for turn in turns.iter_mut().filter(|turn| turn.role == Role::User) {
        let mut kept = Vec::with_capacity(turn.parts.len());
        for part in std::mem::take(&mut turn.parts) {
            match &part.body {
                PartOfTurn::ToolResult(result) if called.contains(result.call_id.as_ref()) => {
                    results.entry(result.call_id.clone().into_owned()).or_default().push(part);
                }
                _ => kept.push(part),
            }
        }
        turn.parts = kept;
    }
    // The first come, first served: `pop` takes from the end.
    results.values_mut().for_each(|parts| parts.reverse());
    results
}

fn call_ids(turns: &[Turn<'_>]) -> HashSet<String> {
    let parts = turns.iter().filter(|turn| turn.role == Role::Assistant).flat_map(|turn| &turn.parts);
    parts
        .filter_map(|part| match &part.body {
            PartOfTurn::ToolCall(call) => Some(call.id.clone().into_owned()),
            _ => None,
        })
        .collect()
}

fn answers_to<'a>(turn: &Turn<'a>, results: &mut Results<'a>, notes: &mut Notes) -> Vec<TurnPart<'a>> {
    let calls = turn.parts.iter().filter_map(|part| match &part.body {
        PartOfTurn::ToolCall(call) => Some(call),
        _ => None,
    });
    calls
        .map(|call| {
            let found = results.get_mut(call.id.as_ref()).and_then(Vec::pop);
            found.unwrap_or_else(|| {
                notes.add("tool_call_without_result");
                missing(call.id.clone(), call.kind.clone())
            })
        })
        .collect()
}

/// Gives a call whose id an earlier one has another, and its answer with it: some servers number each turn's calls anew,
/// and a strict provider refuses the second.
fn tell_apart<'a>(
    turn: &mut Turn<'a>,
    answers: &mut [TurnPart<'a>],
    seen: &mut HashSet<String>,
    taken: &mut HashSet<String>,
) {
    let calls = turn.parts.iter_mut().filter_map(|part| match &mut part.body {
        PartOfTurn::ToolCall(call) => Some(call),
        _ => None,
    });
    for (call, answer) in calls.zip(answers) {
        if seen.insert(call.id.clone().into_owned()) {
            continue;
        }
        let mut number = seen.len();
        while !taken.insert(format!("call_again_{number}")) {
            number += 1;
        }
        call.id = Cow::Owned(format!("call_again_{number}"));
        if let PartOfTurn::ToolResult(result) = &mut answer.body {
            result.call_id = call.id.clone();
        }
    }
}

fn missing<'a>(call_id: Cow<'a, str>, kind: CallKind<'a>) -> TurnPart<'a> {
    let content = vec![PartOfTurn::Text { text: "[no result]".into(), phase: None }.into()];
    PartOfTurn::ToolResult(ToolResult { call_id, kind, content, is_error: false }).into()
}

/// Results go to the head of the next turn if it is the user's, else into a turn of their own.
fn put_behind<'a>(turns: &mut Vec<Turn<'a>>, at: usize, answers: Vec<TurnPart<'a>>) {
    match turns.get_mut(at + 1) {
        Some(next) if next.role == Role::User => {
            next.parts.splice(0..0, answers);
        }
        _ => turns.insert(at + 1, Turn::new(Role::User, answers)),
    }
}

/// What no call claims is said as text: results that were left in place, and second results of one call.
fn orphans_to_text<'a>(turns: &mut Vec<Turn<'a>>, results: Results<'a>, notes: &mut Notes) {
    let mut left: Vec<TurnPart<'a>> = results.into_values().flatten().collect();
    if !left.is_empty() {
        left.sort_by(|a, b| call_id(a).cmp(call_id(b)));
        turns.push(Turn::new(Role::User, left));
    }
    let mut open: Vec<String> = Vec::new();
    for turn in turns {
        if turn.role != Role::User {
            open = calls_of(turn);
            continue;
        }
        for part in &mut turn.parts {
            let PartOfTurn::ToolResult(result) = &part.body else { continue };
            match open.iter().position(|id| *id == result.call_id) {
                Some(at) => {
                    open.swap_remove(at);
                }
                None => {
                    notes.add("tool_result_without_call");
                    part.body = PartOfTurn::Text { text: as_text(result).into(), phase: None };
                }
            }
        }
    }
}

fn call_id<'p>(part: &'p TurnPart<'_>) -> &'p str {
    match &part.body {
        PartOfTurn::ToolResult(result) => &result.call_id,
        _ => "",
    }
}

fn calls_of(turn: &Turn<'_>) -> Vec<String> {
    turn.parts
        .iter()
        .filter_map(|part| match &part.body {
            PartOfTurn::ToolCall(call) => Some(call.id.clone().into_owned()),
            _ => None,
        })
        .collect()
}

/// A result's texts under a line that says whose they are.
fn as_text(result: &ToolResult<'_>) -> String {
    let mut text = format!("[result of tool call {}]", result.call_id);
    for part in &result.content {
        if let PartOfTurn::Text { text: piece, .. } = &part.body {
            text.push('\n');
            text.push_str(piece);
        }
    }
    text
}
