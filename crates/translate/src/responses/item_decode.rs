//! One output item into parts.

use super::wire::{ItemIn, PieceIn, is_filled, pieces};
use super::{annotation, native, search};
use crate::error::TranslateError;
use crate::ir::{Part, PartBody, Phase, ToolCall, ToolKind};
use crate::json::{Text, into_cow, non_empty, own_json, text_or_json};
use crate::notes::Notes;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// An item and what it says.
pub(super) struct ReadItem<'a> {
    /// Its id; empty if it has none.
    pub(super) id: Cow<'a, str>,
    /// The id of the call it is; empty if it is none.
    pub(super) call_id: Cow<'a, str>,
    /// Its parts, some of them empty. Texts and refusals are numbered by their place in the item, the rest count up.
    pub(super) parts: Vec<(u64, Part<'a>)>,
}

/// Reads a complete item.
pub(super) fn read<'a>(raw: &'a RawValue, notes: &mut Notes) -> Result<ReadItem<'a>, TranslateError> {
    let item: ItemIn<'a> =
        serde_json::from_str(raw.get()).map_err(|e| TranslateError::bad_json(Protocol::Responses, &e))?;
    let (id, call_id) = (into_cow(item.id.clone()), into_cow(item.call_id.clone()));
    let phase = item.phase();
    let kind = into_cow(item.kind.clone());
    let bodies = match kind.as_ref() {
        "message" => message(item.content, notes),
        "reasoning" => vec![(0, reasoning(item, notes))],
        "function_call" => vec![(0, function_call(item)?)],
        "custom_tool_call" => vec![(0, custom_call(item)?)],
        // Its result names it, so one without an id cannot be said.
        "web_search_call" if !id.is_empty() => {
            let [call, result] = search::read(item).map_err(TranslateError::Encode)?;
            vec![(0, call), (1, result)]
        }
        _ => match native::tool(&kind, &item) {
            Some(tool) => vec![(0, PartBody::ToolCall(native::call(tool, item, notes)))],
            None => {
                let json = own_json(raw.get(), &[&kind, &id]);
                vec![(0, PartBody::Other { kind, json })]
            }
        },
    };
    let part = |(index, body)| (index, part(&id, phase, body));
    Ok(ReadItem { parts: bodies.into_iter().map(part).collect(), id, call_id })
}

fn part<'a>(id: &Cow<'a, str>, phase: Option<Phase>, body: PartBody<'a>) -> Part<'a> {
    Part { item_id: (!id.is_empty()).then(|| id.clone()), phase, body }
}

fn message<'a>(content: Option<&'a RawValue>, notes: &mut Notes) -> Vec<(u64, PartBody<'a>)> {
    let mut bodies = Vec::new();
    for (index, piece) in (0..).zip(pieces(content)) {
        match piece_body(piece, notes) {
            Ok(body) => bodies.push((index, body)),
            Err(kind) if kind == "output_audio" => notes.add("audio"),
            Err(kind) => notes.add_block(&kind),
        }
    }
    bodies
}

/// A piece of a message; its type if it is neither text nor refusal.
pub(super) fn piece_body<'a>(piece: PieceIn<'a>, notes: &mut Notes) -> Result<PartBody<'a>, Cow<'a, str>> {
    if is_filled(piece.logprobs) {
        notes.add("logprobs");
    }
    match piece.kind.as_ref().map(Text::as_str) {
        Some("refusal") => Ok(PartBody::Refusal { text: into_cow(piece.refusal) }),
        Some("output_text" | "text") | None => Ok(PartBody::Text {
            text: into_cow(piece.text),
            citations: annotation::read_all(piece.annotations),
        }),
        Some(_) => Err(into_cow(piece.kind)),
    }
}

/// What is told of the reasoning is kept; the reasoning itself only where nothing is told.
fn reasoning<'a>(item: ItemIn<'a>, notes: &mut Notes) -> PartBody<'a> {
    let texts = |raw| pieces(raw).into_iter().map(|piece| into_cow(piece.text)).collect::<Vec<_>>();
    let (summary, content) = (texts(item.summary), texts(item.content));
    let says = |list: &[Cow<'_, str>]| list.iter().any(|text| !text.is_empty());
    let raw = !says(&summary) && says(&content);
    if says(&summary) && says(&content) {
        notes.add("reasoning.content");
    }
    PartBody::Reasoning {
        text: if raw { content } else { summary },
        raw,
        signature: None,
        encrypted: non_empty(item.encrypted_content),
    }
}

fn function_call(item: ItemIn<'_>) -> Result<PartBody<'_>, TranslateError> {
    let arguments = item.arguments.map_or(Cow::Borrowed(""), text_or_json);
    call(item.call_id, item.name, item.namespace, ToolKind::Function, arguments)
}

fn custom_call(item: ItemIn<'_>) -> Result<PartBody<'_>, TranslateError> {
    call(item.call_id, item.name, item.namespace, ToolKind::Custom, into_cow(item.input))
}

fn call<'a>(
    call_id: Option<Text<'a>>,
    name: Option<Text<'a>>,
    namespace: Option<Text<'a>>,
    kind: ToolKind,
    arguments: Cow<'a, str>,
) -> Result<PartBody<'a>, TranslateError> {
    let Some(name) = non_empty(name) else {
        return Err(TranslateError::malformed(Protocol::Responses, "a tool call has no name"));
    };
    let namespace = non_empty(namespace);
    Ok(PartBody::ToolCall(ToolCall { id: into_cow(call_id), name, namespace, kind, arguments }))
}

/// Takes out the empty paragraphs; whether the part then says anything.
pub(super) fn says_anything(body: &mut PartBody<'_>) -> bool {
    match body {
        PartBody::Text { text, citations } => !text.is_empty() || !citations.is_empty(),
        PartBody::Refusal { text } => !text.is_empty(),
        PartBody::Reasoning { text, encrypted, .. } => {
            text.retain(|paragraph| !paragraph.is_empty());
            !text.is_empty() || encrypted.is_some()
        }
        PartBody::Redacted { .. }
        | PartBody::ToolCall(_)
        | PartBody::ServerToolCall { .. }
        | PartBody::ServerToolResult { .. }
        | PartBody::Other { .. } => true,
    }
}
