//! What must stand where: turns, calls and their results, system messages.

use serde_json::Value;

use super::super::{Check, claude, items};
use super::refuse;
use crate::reading::{self, Body};

pub(super) fn check(body: &Body) -> Check {
    let messages = reading::list(body, "messages");
    if messages.first().is_some_and(|first| reading::member(first, "role") != "user") {
        return refuse("messages: first message must use the \"user\" role");
    }
    let model = reading::text(body, "model").unwrap_or_default();
    for (index, message) in messages.iter().enumerate() {
        if reading::member(message, "role") == "system" {
            check_system(messages, index, model)?;
        }
    }
    check_pairs(&turns(messages))
}

/// Consecutive messages of one role, which the API takes for one.
struct Turn<'a> {
    role: &'a str,
    /// The number of its first message.
    index: usize,
    blocks: Vec<&'a Value>,
}

/// The turns without system messages: those change nothing about pairs.
fn turns(messages: &[Value]) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let role = reading::member(message, "role");
        if role == "system" {
            continue;
        }
        // Text counts as a block, too.
        let content = message.get("content").unwrap_or(&Value::Null);
        let blocks = content.as_array().map_or_else(|| vec![content], |list| list.iter().collect());
        match turns.last_mut() {
            Some(turn) if turn.role == role => turn.blocks.extend(blocks),
            _ => turns.push(Turn { role, index, blocks }),
        }
    }
    turns
}

fn ids<'a>(turn: &Turn<'a>, kind: &str, id: &str) -> Vec<&'a str> {
    let found = turn.blocks.iter().filter(|block| reading::member(block, "type") == kind);
    found.map(|block| reading::member(block, id)).collect()
}

fn check_pairs(turns: &[Turn<'_>]) -> Check {
    let mut seen = std::collections::HashSet::new();
    for (number, turn) in turns.iter().enumerate() {
        if turn.role == "assistant" {
            let calls = ids(turn, "tool_use", "id");
            if let Some(twice) = calls.iter().find(|id| !seen.insert(**id)) {
                return refuse(format!("messages.{}: `tool_use` ids must be unique: {twice}", turn.index));
            }
            check_answered(turn, &calls, turns.get(number + 1))?;
        } else {
            let before = number.checked_sub(1).map(|before| ids(&turns[before], "tool_use", "id"));
            check_asked(turn, &before.unwrap_or_default())?;
        }
    }
    Ok(())
}

fn check_answered(turn: &Turn<'_>, calls: &[&str], next: Option<&Turn<'_>>) -> Check {
    let answered = next.map(|next| ids(next, "tool_result", "tool_use_id")).unwrap_or_default();
    let missing: Vec<&str> = calls.iter().copied().filter(|id| !answered.contains(id)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let index = turn.index;
    refuse(format!(
        "messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        missing.join(", ")
    ))
}

fn check_asked(turn: &Turn<'_>, calls: &[&str]) -> Check {
    let (index, results) = (turn.index, ids(turn, "tool_result", "tool_use_id"));
    for (number, id) in results.iter().enumerate() {
        if !calls.contains(id) {
            return refuse(format!(
                "messages.{index}.content.{number}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            ));
        }
        if results[..number].contains(id) {
            return refuse(format!(
                "messages.{index}.content.{number}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {id}"
            ));
        }
    }
    let first =
        turn.blocks.iter().take_while(|block| reading::member(block, "type") == "tool_result").count();
    if first < results.len() {
        return refuse(format!(
            "messages.{index}: `tool_result` blocks must come first in the content of a user message, before any other block"
        ));
    }
    Ok(())
}

/// After a user turn, or an assistant turn that ends in a server tool's result; before an assistant turn or last.
fn check_system(messages: &[Value], index: usize, model: &str) -> Check {
    if !claude::takes_system_turns(model) {
        return refuse(format!("messages.{index}.role: role 'system' is not supported for this model"));
    }
    let role = |at: usize| messages.get(at).map(|message| reading::member(message, "role"));
    let before = index.checked_sub(1).and_then(role);
    let after_server_tool = before == Some("assistant")
        && items(&messages[index - 1], "content")
            .last()
            .is_some_and(|block| reading::member(block, "type").ends_with("_tool_result"));
    let placed = before == Some("user") || after_server_tool;
    if placed && matches!(role(index + 1), None | Some("assistant")) {
        return Ok(());
    }
    refuse(format!(
        "messages.{index}: a system message must come directly after a user turn and before an assistant turn or at the end"
    ))
}
