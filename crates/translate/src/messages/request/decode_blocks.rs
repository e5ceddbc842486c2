//! The content blocks of a Messages request.

use super::decode_source::{document, image};
use super::wire::{BlockIn, CacheIn, Content};
use crate::error::TranslateError;
use crate::ir::{
    CacheLifetime, CallKind, Extra, PartOfTurn, PastCall, Proof, Reasoning, ToolResult, TurnPart,
};
use crate::json::member::{missing, part_of, raw, required, wire_type};
use crate::json::read::Str;
use crate::json::{Text, compact, non_empty};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a message says; text that stands alone is one part.
pub(super) fn content<'a>(said: Content<'a>, place: &str) -> Result<Vec<TurnPart<'a>>, TranslateError> {
    match said {
        Content::Text(text) if text.is_empty() => Ok(Vec::new()),
        Content::Text(text) => Ok(vec![PartOfTurn::Text { text, phase: None }.into()]),
        Content::Blocks(list) => {
            let mut made = Vec::with_capacity(list.len());
            for (at, json) in list.into_iter().enumerate() {
                made.push(block(json, || format!("{place}.{at}"))?);
            }
            Ok(made)
        }
    }
}

/// What a tool gave. A result is none of it: they would nest as deeply as the caller likes, each level on the stack.
fn result_content<'a>(json: &'a RawValue, place: &str) -> Result<Vec<TurnPart<'a>>, TranslateError> {
    let said: Content<'a> = part_of(place, json)?;
    if let Content::Blocks(list) = &said
        && let Some(at) = list.iter().position(|json| wire_type(json) == "tool_result")
    {
        return Err(TranslateError::bad_request(
            format!("{place}.{at}.type"),
            "must not be tool_result here",
        ));
    }
    content(said, place)
}

fn block<'a>(json: &'a RawValue, place: impl Fn() -> String) -> Result<TurnPart<'a>, TranslateError> {
    // The place is put together only where there is a mistake.
    let mut read: BlockIn<'a> = serde_json::from_str(json.get()).or_else(|_| part_of(&place(), json))?;
    let Some(Str(kind)) = read.kind.take() else {
        return Err(missing(format!("{}.type", place())));
    };
    let (cache, extra) = cache_control(read.cache_control.take());
    let mut extras = std::mem::take(&mut read.extras);
    extras.extend(extra);
    let body = match &*kind {
        "text" => {
            let text = read.text.take().ok_or_else(|| missing(format!("{}.text", place())))?.0;
            PartOfTurn::Text { text, phase: None }
        }
        "image" => image(&mut read, &mut extras, &place)?,
        "document" => document(&mut read, &mut extras, &place)?,
        "thinking" => thinking(&mut read, &place)?,
        "redacted_thinking" => redacted(&mut read, &place)?,
        "tool_use" => call(&mut read, &place)?,
        "tool_result" => result(&mut read, &place)?,
        _ => {
            // The whole block is kept, so its members are not kept again.
            let body = provided(kind, read, json);
            return Ok(TurnPart { item_id: None, cache, body, extras: Vec::new() });
        }
    };
    leftovers(read, &mut extras)?;
    Ok(TurnPart { item_id: None, cache, body, extras })
}

/// Members that belong to blocks of another type.
fn leftovers<'a>(read: BlockIn<'a>, extras: &mut Vec<Extra<'a>>) -> Result<(), TranslateError> {
    let members = [
        ("source", read.source),
        ("title", read.title),
        ("context", read.context),
        ("citations", read.citations),
        ("data", read.data),
        ("input", read.input),
        ("content", read.content),
        ("is_error", read.is_error),
    ];
    for (name, json) in members {
        if let Some(json) = json {
            extras.push(Extra { name: Cow::Borrowed(name), json: Cow::Borrowed(json) });
        }
    }
    let texts = [
        ("text", read.text.map(|text| text.0)),
        ("thinking", read.thinking.map(|text| text.0)),
        ("signature", read.signature.map(|text| text.0)),
        ("id", read.id.map(|text| text.0)),
        ("name", read.name.map(|text| text.0)),
        ("tool_use_id", read.tool_use_id.map(|text| text.0)),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            extras.push(Extra { name: Cow::Borrowed(name), json: Cow::Owned(raw(&*text)?) });
        }
    }
    Ok(())
}

/// A block of the provider's own, kept as it came.
fn provided<'a>(kind: Cow<'a, str>, read: BlockIn<'a>, json: &'a RawValue) -> PartOfTurn<'a> {
    let json = Cow::Borrowed(json);
    if kind.ends_with("_tool_result")
        && let Some(call_id) = non_empty(read.tool_use_id)
    {
        return PartOfTurn::ServerToolResult { call_id, kind, json };
    }
    if matches!(&*kind, "server_tool_use" | "mcp_tool_use")
        && let (Some(id), Some(Text(name))) = (non_empty(read.id), read.name)
    {
        return PartOfTurn::ServerToolCall { id, name, json };
    }
    PartOfTurn::Other { kind, json }
}

fn thinking<'a>(
    read: &mut BlockIn<'a>,
    place: impl Fn() -> String,
) -> Result<PartOfTurn<'a>, TranslateError> {
    let Str(text) = read.thinking.take().ok_or_else(|| missing(format!("{}.thinking", place())))?;
    let text = if text.is_empty() { Vec::new() } else { vec![text] };
    let proof = read.signature.take().map(|signature| Proof::Signature(signature.0));
    Ok(PartOfTurn::Reasoning(Reasoning { text, raw: false, proof, made_by: None }))
}

fn redacted<'a>(
    read: &mut BlockIn<'a>,
    place: impl Fn() -> String,
) -> Result<PartOfTurn<'a>, TranslateError> {
    let place = || format!("{}.data", place());
    let json = read.data.take().ok_or_else(|| missing(place()))?;
    let data = required(Some(part_of(&place(), json)?), place)?;
    let proof = Some(Proof::Redacted(data));
    Ok(PartOfTurn::Reasoning(Reasoning { proof, ..Reasoning::default() }))
}

fn call<'a>(read: &mut BlockIn<'a>, place: impl Fn() -> String) -> Result<PartOfTurn<'a>, TranslateError> {
    let id = non_empty(read.id.take()).ok_or_else(|| missing(format!("{}.id", place())))?;
    let name = non_empty(read.name.take()).ok_or_else(|| missing(format!("{}.name", place())))?;
    let input = read.input.take().ok_or_else(|| missing(format!("{}.input", place())))?;
    if !input.get().starts_with('{') {
        return Err(TranslateError::bad_request(format!("{}.input", place()), "must be an object"));
    }
    let arguments = compact(input.get());
    Ok(PartOfTurn::ToolCall(PastCall { id, name, namespace: None, kind: CallKind::Function, arguments }))
}

fn result<'a>(read: &mut BlockIn<'a>, place: impl Fn() -> String) -> Result<PartOfTurn<'a>, TranslateError> {
    let call_id =
        non_empty(read.tool_use_id.take()).ok_or_else(|| missing(format!("{}.tool_use_id", place())))?;
    let content = match read.content.take() {
        None => Vec::new(),
        Some(json) => result_content(json, &format!("{}.content", place()))?,
    };
    let is_error = match read.is_error.take() {
        None => false,
        Some(json) => part_of(&format!("{}.is_error", place()), json)?,
    };
    Ok(PartOfTurn::ToolResult(ToolResult { call_id, kind: CallKind::Function, content, is_error }))
}

/// A mark, and itself as it came where it says more than the representation can.
pub(super) fn cache_control(json: Option<&RawValue>) -> (Option<CacheLifetime>, Option<Extra<'_>>) {
    let Some(json) = json else { return (None, None) };
    let read: CacheIn<'_> = part_of("", json).unwrap_or_default();
    let cache = match (read.kind.as_ref().map(|kind| &*kind.0), read.ttl.as_ref().map(|ttl| &*ttl.0)) {
        (Some("ephemeral"), None) => Some(CacheLifetime::Default),
        (Some("ephemeral"), Some("5m")) => Some(CacheLifetime::Short),
        (Some("ephemeral"), Some("1h")) => Some(CacheLifetime::Long),
        _ => None,
    };
    let is_whole = cache.is_some() && read.extras.is_empty();
    let extra = Extra { name: Cow::Borrowed("cache_control"), json: Cow::Borrowed(json) };
    (cache, (!is_whole).then_some(extra))
}
