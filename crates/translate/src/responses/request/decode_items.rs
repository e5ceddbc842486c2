//! Items of a Responses request into turns.
//!
//! Neighbouring items of the model (reasoning, messages, calls) make one assistant turn, neighbouring outputs one user
//! turn; every other item is a turn by itself. A part that came in a message has an item id, empty where the message had
//! none; an item that is kept whole has none, so that the encoder can tell the two apart.

use super::decode::OF_ITEM;
use super::decode_calls::{call, native_call, native_output, output, raw_output_wanted};
use super::decode_parts::{content, reasoning};
use super::decode_settings::{reread, update_effort};
use super::decode_tools::decode_tools;
use super::history::{Source, Whole};
use super::path::Path;
use super::value::Val;
use super::wire::{ItemIn, ToolsItemIn, UpdateIn};
use crate::error::TranslateError;
use crate::ir::{Extra, PartOfTurn, Phase, Request, Role, Turn, TurnPart};
use crate::json::member::raw;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Adds the turns that `items` make to the request's own, and the tools that they bring.
pub(super) fn decode_items<'a>(
    items: Vec<Val<ItemIn<'a>>>,
    source: Source<'a>,
    path: &Path<'_>,
    request: &mut Request<'a>,
) -> Result<(), TranslateError> {
    let mut whole = Whole::new(source);
    for (index, item) in items.into_iter().enumerate() {
        let path = path.index(index);
        let mut item = item.need(&path)?;
        let kind = kind(&mut item, &path)?;
        let mut at = At { whole: &mut whole, index, path: &path };
        decode_item(&kind, item, &mut at, request)?;
    }
    Ok(())
}

/// An item's place.
pub(super) struct At<'w, 'a> {
    whole: &'w mut Whole<'a>,
    index: usize,
    pub(super) path: &'w Path<'w>,
}

impl<'a> At<'_, 'a> {
    /// The item as it came.
    pub(super) fn raw(&mut self) -> Result<&'a RawValue, TranslateError> {
        self.whole.item(self.index, self.path)
    }
}

/// The item's type; messages and references need not tell it.
fn kind<'a>(item: &mut ItemIn<'a>, path: &Path<'_>) -> Result<Cow<'a, str>, TranslateError> {
    let role = item.role.as_str().is_some();
    match item.kind.take().get(&path.at("type"))? {
        Some(kind) => Ok(kind),
        None if role || !item.content.is_absent() => Ok("message".into()),
        None if item.id.as_str().is_some() => Ok("item_reference".into()),
        None => Err(path.at("type").wrong("is required")),
    }
}

fn decode_item<'a>(
    kind: &str,
    item: ItemIn<'a>,
    at: &mut At<'_, 'a>,
    request: &mut Request<'a>,
) -> Result<(), TranslateError> {
    let turns = &mut request.turns;
    match kind {
        "message" => return message(item, at, turns),
        "reasoning" => {
            let part = reasoning(item, at.path)?;
            assistant(turns, part);
        }
        "function_call" | "custom_tool_call" => {
            let part = call(kind, item, at.path)?;
            assistant(turns, part);
        }
        "function_call_output" | "custom_tool_call_output" if !item.call_id.is_absent() => {
            let part = output(kind, item, at)?;
            result(turns, part);
        }
        "local_shell_call" | "shell_call" | "apply_patch_call" | "computer_call" | "tool_search_call" => {
            let part = native_call(kind, at)?;
            assistant(turns, part);
        }
        _ if raw_output_wanted(kind) => {
            let part = native_output(kind, at)?;
            if kind == "tool_search_output" {
                added_tools(at, request)?;
            }
            match part.body {
                PartOfTurn::ToolResult(_) => result(&mut request.turns, part),
                _ => assistant(&mut request.turns, part),
            }
        }
        _ => return other(kind, at, request),
    }
    Ok(())
}

/// An item that is kept whole.
fn other<'a>(kind: &str, at: &mut At<'_, 'a>, request: &mut Request<'a>) -> Result<(), TranslateError> {
    let json = Cow::Borrowed(at.raw()?);
    let part = PartOfTurn::Other { kind: kind.to_owned().into(), json: json.clone() };
    match kind {
        "additional_tools" => {
            added_tools(at, request)?;
            request.turns.push(Turn::new(Role::Developer, vec![part.into()]));
        }
        "configuration_update" => {
            let read: UpdateIn<'a> = reread(at.raw()?, at.path)?;
            let path = at.path.at("reasoning");
            if let Some(reasoning) = read.reasoning.get(&path)? {
                update_effort(reasoning, &path, request)?;
            }
            request.turns.push(Turn::new(Role::Developer, vec![part.into()]));
        }
        "web_search_call"
        | "file_search_call"
        | "code_interpreter_call"
        | "image_generation_call"
        | "mcp_call" => {
            let id = id(at)?;
            let name = kind.strip_suffix("_call").unwrap_or(kind).to_owned().into();
            assistant(&mut request.turns, PartOfTurn::ServerToolCall { id, name, json }.into());
        }
        "compaction_trigger" | "mcp_approval_response" => {
            request.turns.push(Turn::new(Role::User, vec![part.into()]));
        }
        _ => assistant(&mut request.turns, part.into()),
    }
    Ok(())
}

fn id<'a>(at: &mut At<'_, 'a>) -> Result<Cow<'a, str>, TranslateError> {
    let read: ItemIn<'a> = reread(at.raw()?, at.path)?;
    Ok(read.id.get(&at.path.at("id"))?.unwrap_or_default())
}

/// The tools that an item brings.
fn added_tools<'a>(at: &mut At<'_, 'a>, request: &mut Request<'a>) -> Result<(), TranslateError> {
    let read: ToolsItemIn<'a> = reread(at.raw()?, at.path)?;
    let path = at.path.at("tools");
    let Some(tools) = read.tools.get(&path)? else { return Ok(()) };
    let mut added = Vec::new();
    decode_tools(tools, &path, &mut added)?;
    for tool in added {
        // A search may find a tool twice, or one that is there deferred; what it brings is not deferred any more.
        let same = |known: &&mut crate::ir::ToolDefinition<'a>| {
            known.name == tool.name && known.namespace == tool.namespace
        };
        match request.tools.iter_mut().find(same) {
            Some(_) => {}
            None => request.tools.push(tool),
        }
    }
    Ok(())
}

fn message<'a>(
    mut item: ItemIn<'a>,
    at: &mut At<'_, 'a>,
    turns: &mut Vec<Turn<'a>>,
) -> Result<(), TranslateError> {
    let path = at.path;
    let role_path = path.at("role");
    let role = match item.role.take().need(&role_path)?.as_ref() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        "developer" => Role::Developer,
        _ => return Err(role_path.wrong("must be `user`, `assistant`, `system` or `developer`")),
    };
    let id = item.id.take().get(&path.at("id"))?.unwrap_or_default();
    let word = item.phase.take().get(&path.at("phase"))?;
    let said = item.content.take().need(&path.at("content"))?;
    let mut parts = content(said, "content", at)?;
    let texts = parts.iter().any(|part| matches!(part.body, PartOfTurn::Text { .. }));
    let phase = word.as_deref().and_then(Phase::read).filter(|_| texts);
    for part in &mut parts {
        part.item_id = Some(id.clone());
        if let PartOfTurn::Text { phase: of_text, .. } = &mut part.body {
            *of_text = phase;
        }
    }
    let mut extras = rest(item, at.path)?;
    if let (Some(word), None) = (word, phase) {
        extras.push(Extra { name: "phase".into(), json: Cow::Owned(raw(&word)?) });
    }
    if role != Role::Assistant {
        turns.push(Turn { role, name: None, parts, extras });
        return Ok(());
    }
    if let Some(first) = parts.first_mut() {
        for extra in extras {
            let name = format!("{OF_ITEM}{}", extra.name).into();
            first.extras.push(Extra { name, json: extra.json });
        }
    }
    said_by_assistant(turns, parts);
    Ok(())
}

/// The members that an item's type has no use for. `status` says something only where it is not `completed`.
pub(super) fn rest<'a>(item: ItemIn<'a>, path: &Path<'_>) -> Result<Vec<Extra<'a>>, TranslateError> {
    let mut extras = item.extras;
    for (name, value) in [
        ("status", item.status),
        ("role", item.role),
        ("phase", item.phase),
        ("encrypted_content", item.encrypted_content),
        ("call_id", item.call_id),
        ("name", item.name),
        ("namespace", item.namespace),
        ("arguments", item.arguments),
        ("input", item.input),
        ("execution", item.execution),
    ] {
        let Some(text) = value.get(&path.at(name))? else { continue };
        if (name, text.as_ref()) != ("status", "completed") {
            extras.push(Extra { name: name.into(), json: Cow::Owned(raw(&text)?) });
        }
    }
    for (name, absent) in [
        ("content", item.content.is_absent()),
        ("summary", item.summary.is_absent()),
        ("output", item.output.is_absent()),
    ] {
        let odd = || path.at(name).wrong("does not belong to an item of this type");
        if !absent {
            return Err(odd());
        }
    }
    Ok(extras)
}

/// Adds to the assistant's turn at the end, or begins one.
fn assistant<'a>(turns: &mut Vec<Turn<'a>>, part: TurnPart<'a>) {
    match turns.last_mut() {
        Some(turn) if turn.role == Role::Assistant => turn.parts.push(part),
        _ => turns.push(Turn::new(Role::Assistant, vec![part])),
    }
}

/// A message of the assistant's. Two in a row without ids would run into each other, so the second begins a turn.
fn said_by_assistant<'a>(turns: &mut Vec<Turn<'a>>, parts: Vec<TurnPart<'a>>) {
    let follows = |turn: &Turn<'a>| {
        let last = turn.parts.last().and_then(|part| part.item_id.as_deref());
        let in_message = turn.parts.last().is_some_and(|part| {
            matches!(
                part.body,
                PartOfTurn::Text { .. } | PartOfTurn::Refusal { .. } | PartOfTurn::Other { .. }
            )
        });
        let next = parts.first().and_then(|part| part.item_id.as_deref());
        !(in_message && last.is_some() && last == next)
    };
    match turns.last_mut() {
        Some(turn) if turn.role == Role::Assistant && follows(turn) => turn.parts.extend(parts),
        _ => turns.push(Turn::new(Role::Assistant, parts)),
    }
}

/// Adds to the results at the end, or begins a turn of them.
fn result<'a>(turns: &mut Vec<Turn<'a>>, part: TurnPart<'a>) {
    let results = |turn: &Turn<'a>| {
        turn.role == Role::User
            && turn.parts.last().is_some_and(|part| matches!(part.body, PartOfTurn::ToolResult(_)))
    };
    match turns.last_mut() {
        Some(turn) if results(turn) => turn.parts.push(part),
        _ => turns.push(Turn::new(Role::User, vec![part])),
    }
}
