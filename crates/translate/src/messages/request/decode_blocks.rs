//! The content blocks of a Messages request.

use super::block::BlockIn;
use super::decode_source::{document, image};
use super::wire::{CacheIn, Content};
use crate::error::TranslateError;
use crate::ir::{
    CacheLifetime, CallKind, Extra, PartOfTurn, PastCall, Proof, Reasoning, Role, ToolResult, TurnPart,
};
use crate::json::member::{missing, part_of, required};
use crate::json::read::Str;
use crate::json::{Text, compact, non_empty};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Whose content is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    /// A message, or the system text.
    Message(Role),
    /// A tool's result. It holds no other: they would nest as deeply as the caller likes.
    Tool,
}

impl Speaker {
    /// Whether blocks of this type are for this speaker; those that are for more than one are judged by the provider.
    fn may_say(self, kind: &str) -> bool {
        match kind {
            "tool_use" | "thinking" | "redacted_thinking" => self == Self::Message(Role::Assistant),
            "tool_result" => self == Self::Message(Role::User),
            _ => true,
        }
    }
}

/// What a message says; text that stands alone is one part.
pub(super) fn content<'a>(
    said: Content<'a>,
    speaker: Speaker,
    place: &str,
) -> Result<Vec<TurnPart<'a>>, TranslateError> {
    match said {
        Content::Text(text) if text.is_empty() => Ok(Vec::new()),
        Content::Text(text) => Ok(vec![PartOfTurn::Text { text, phase: None }.into()]),
        Content::Blocks(list) => {
            let mut made = Vec::with_capacity(list.len());
            for (at, read) in list.into_iter().enumerate() {
                // The place is put together only where there is a mistake.
                made.push(block(read, speaker, || format!("{place}.{at}"))?);
            }
            Ok(made)
        }
    }
}

fn block<'a>(
    mut read: BlockIn<'a>,
    speaker: Speaker,
    place: impl Fn() -> String,
) -> Result<TurnPart<'a>, TranslateError> {
    let Some(kind) = read.kind.take() else {
        return Err(missing(format!("{}.type", place())));
    };
    if !speaker.may_say(&kind) {
        let what = format!("must not be {kind} here");
        return Err(TranslateError::bad_request(format!("{}.type", place()), what));
    }
    let (cache, extra) = cache_control(read.cache_control.take());
    if let Some(whole) = read.whole.take() {
        // The whole block is kept, so its members are not kept again.
        let body = provided(kind, read, Cow::Owned(whole));
        return Ok(TurnPart { item_id: None, cache, body, extras: Vec::new() });
    }
    let mut extras = std::mem::take(&mut read.extras);
    extras.extend(extra);
    let body = match &*kind {
        "image" => image(&mut read, &mut extras, &place)?,
        "document" => document(&mut read, &mut extras, &place)?,
        "thinking" => thinking(&mut read, &place)?,
        "redacted_thinking" => redacted(&mut read, &place)?,
        "tool_use" => call(&mut read, &place)?,
        "tool_result" => result(&mut read, &place)?,
        _ => {
            let text = read.text.take().ok_or_else(|| missing(format!("{}.text", place())))?;
            PartOfTurn::Text { text, phase: None }
        }
    };
    Ok(TurnPart { item_id: None, cache, body, extras })
}

/// A block of the provider's own, kept as it came.
fn provided<'a>(kind: Cow<'a, str>, read: BlockIn<'a>, json: Cow<'a, RawValue>) -> PartOfTurn<'a> {
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
    let data = required(read.data.take(), place)?;
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
        Some(said) => content(said, Speaker::Tool, &format!("{}.content", place()))?,
    };
    let is_error = read.is_error.unwrap_or_default();
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
