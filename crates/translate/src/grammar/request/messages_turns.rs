//! The turns of a request to Messages. Turns of one role that follow each other are one turn.

use super::common::distinct;
use super::messages_blocks;
use crate::grammar::read::{Check, broken, need, one_of, only, text};
use serde_json::Value;

/// One turn, after merging.
struct Turn<'a> {
    role: &'a str,
    blocks: Vec<&'a Value>,
}

impl<'a> Turn<'a> {
    fn ids(&self, kind: &str, member: &str) -> Vec<&'a str> {
        let of_kind = self.blocks.iter().filter(|block| block["type"] == kind);
        of_kind.filter_map(|block| block[member].as_str()).collect()
    }
}

pub(super) fn check(messages: &[Value]) -> Check {
    let turns = merged(messages)?;
    let Some(first) = turns.first() else {
        return broken("required", "no messages");
    };
    need(first.role == "user", "first_turn", format!("the first turn is the {}'s", first.role))?;
    let all_calls: Vec<_> = turns.iter().flat_map(|turn| turn.ids("tool_use", "id")).collect();
    distinct(&all_calls, "tool_id")?;
    for (at, turn) in turns.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| turns.get(at));
        match turn.role {
            "user" => results(turn, before)?,
            "assistant" => answered(turn, turns.get(at + 1))?,
            _ => system(before, turns.get(at + 1))?,
        }
    }
    Ok(())
}

fn merged(messages: &[Value]) -> Check<Vec<Turn<'_>>> {
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        only(message, &["role", "content", "output_config", "clear_at"], "unknown_member")?;
        one_of(message, "role", &["user", "assistant", "system"], "role")?;
        let role = text(message, "role", "role")?;
        let blocks = blocks(message, role, at + 1 == messages.len())?;
        match turns.last_mut() {
            Some(last) if last.role == role => last.blocks.extend(blocks),
            _ => turns.push(Turn { role, blocks }),
        }
    }
    Ok(turns)
}

/// The blocks of a message; one whose content is a string has none that matter.
fn blocks<'a>(message: &'a Value, role: &str, is_last: bool) -> Check<Vec<&'a Value>> {
    let may_be_empty = role == "assistant" && is_last;
    match &message["content"] {
        Value::String(text) => {
            need(may_be_empty || !text.trim().is_empty(), "empty_text", "a message without text")?;
            Ok(vec![&message["content"]])
        }
        Value::Array(blocks) => {
            need(may_be_empty || !blocks.is_empty(), "empty_turn", "a message without content")?;
            blocks.iter().try_for_each(|block| messages_blocks::check(block, role))?;
            Ok(blocks.iter().collect())
        }
        _ => broken("member_type", "`content` is neither text nor blocks"),
    }
}

/// A turn's results answer the calls of the turn before, and stand first.
fn results(turn: &Turn<'_>, before: Option<&Turn<'_>>) -> Check {
    let results = turn.ids("tool_result", "tool_use_id");
    let calls = before.map(|turn| turn.ids("tool_use", "id")).unwrap_or_default();
    match results.iter().find(|id| !calls.contains(id)) {
        Some(id) => broken("tool_results", format!("`{id}` answers no call of the turn before")),
        None => distinct(&results, "tool_results"),
    }
}

/// A turn's calls are answered at the head of the next turn.
fn answered(turn: &Turn<'_>, next: Option<&Turn<'_>>) -> Check {
    let calls = turn.ids("tool_use", "id");
    if calls.is_empty() {
        return Ok(());
    }
    let Some(next) = next.filter(|next| next.role == "user") else {
        return broken("tool_results", "calls without a user turn behind them");
    };
    let head = next.blocks.iter().take_while(|block| block["type"] == "tool_result");
    let results: Vec<_> = head.filter_map(|block| block["tool_use_id"].as_str()).collect();
    match calls.iter().find(|id| !results.contains(id)) {
        Some(id) => broken("tool_results", format!("`{id}` is not answered at the head of the next turn")),
        None => Ok(()),
    }
}

/// A system message stands behind a user turn, or a server tool's result, and before an assistant's turn or last.
fn system(before: Option<&Turn<'_>>, next: Option<&Turn<'_>>) -> Check {
    let ends_in_result = |turn: &Turn<'_>| {
        let last = turn.blocks.last().and_then(|block| block["type"].as_str());
        last.is_some_and(|kind| kind.ends_with("_tool_result"))
    };
    let after = before.is_some_and(|turn| turn.role == "user" || ends_in_result(turn));
    let ahead = next.is_none_or(|turn| turn.role == "assistant");
    need(after && ahead, "system_place", "a system message where none may stand")
}
