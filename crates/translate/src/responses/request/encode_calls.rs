//! Earlier calls of tools and what they gave into items.

use super::decode_calls::action_member;
use super::encode::Encoder;
use super::encode_items::part_members;
use super::encode_parts::{Place, breakpoint, part};
use super::shape::{
    CallOut, ContentOut, ItemOut, MemberOut, NativeOut, OutcomeOut, OutputOut, ShellOut, UsualOut,
};
use super::shape_parts::{PartOut, TextOut};
use crate::error::TranslateError;
use crate::ir::{CallKind, PartOfTurn, PastCall, Source, ToolResult, TurnPart, Wording};
use crate::json::Extras;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A call of a function or of a custom tool.
pub(super) fn call<'a>(from: &'a TurnPart<'a>, past: &'a PastCall<'a>, own: bool) -> ItemOut<'a> {
    let custom = past.kind == CallKind::Custom;
    let arguments = past.arguments.as_ref();
    let arguments = if !custom && !own && arguments.trim().is_empty() { "{}" } else { arguments };
    ItemOut::Call(CallOut {
        kind: if custom { "custom_tool_call" } else { "function_call" },
        id: from.item_id.as_deref(),
        call_id: &past.id,
        namespace: past.namespace.as_deref(),
        name: &past.name,
        arguments: (!custom).then_some(arguments),
        input: custom.then_some(arguments),
        extras: if own { Extras::all(&from.extras) } else { Extras::default() },
    })
}

/// A call of a tool that the model knows by its type.
pub(super) fn native_call<'a>(from: &'a TurnPart<'a>, past: &'a PastCall<'a>, kind: &'a str) -> ItemOut<'a> {
    let value = raw(&past.arguments).map_or(MemberOut::Text(Cow::Borrowed(&past.arguments)), MemberOut::Raw);
    let usual = match kind {
        "tool_search_call" => vec![("execution", UsualOut::Word("client"))],
        "computer_call" => vec![("pending_safety_checks", UsualOut::None([])), COMPLETED],
        "local_shell_call" | "apply_patch_call" => vec![COMPLETED],
        _ => Vec::new(),
    };
    let list = kind == "computer_call" && past.arguments.trim_start().starts_with('[');
    ItemOut::Native(NativeOut {
        kind,
        id: from.item_id.as_deref(),
        call_id: Some(&past.id),
        member: if list { "actions" } else { action_member(kind) },
        value,
        usual,
        extras: Extras::all(&from.extras),
    })
}

const COMPLETED: (&str, UsualOut) = ("status", UsualOut::Word("completed"));

/// Text that is JSON as it stands.
fn raw(text: &str) -> Option<&RawValue> {
    serde_json::from_str(text).ok()
}

/// What a call gave.
pub(super) fn result<'a>(
    from: &'a TurnPart<'a>,
    gave: &'a ToolResult<'a>,
    encoder: &mut Encoder<'a, '_>,
) -> Result<ItemOut<'a>, TranslateError> {
    let kind = match &gave.kind {
        CallKind::Native { kind } if encoder.is_own() => return native_result(from, gave, kind, encoder),
        // Other protocols do not say with a result what the call was.
        CallKind::Function => encoder.calls.get(gave.call_id.as_ref()).copied().unwrap_or(&gave.kind),
        kind => kind,
    };
    let custom = *kind == CallKind::Custom;
    let own = encoder.is_own();
    Ok(ItemOut::Output(OutputOut {
        kind: if custom { "custom_tool_call_output" } else { "function_call_output" },
        id: from.item_id.as_deref(),
        call_id: &gave.call_id,
        output: output(from, gave, encoder)?,
        extras: if own { Extras::all(&from.extras) } else { Extras::default() },
    }))
}

/// A failed call is told by its text: there is no other place.
const FAILED: &str = "Error: ";

fn output<'a>(
    from: &'a TurnPart<'a>,
    gave: &'a ToolResult<'a>,
    encoder: &mut Encoder<'a, '_>,
) -> Result<ContentOut<'a>, TranslateError> {
    let own = encoder.is_own();
    let mut parts = Vec::with_capacity(gave.content.len());
    for inner in &gave.content {
        let mut made = part(inner, Place::Output, encoder)?;
        if own && !matches!(inner.body, PartOfTurn::Other { .. }) {
            part_members(&mut made, inner);
        }
        parts.extend(made);
    }
    if gave.is_error {
        match parts.first_mut() {
            Some(PartOut::Text(first)) => first.text = format!("{FAILED}{}", first.text).into(),
            _ => parts.insert(0, PartOut::Text(TextOut::plain("input_text", FAILED.trim_end()))),
        }
    }
    if let Some(cache) = from.cache {
        mark_last(&mut parts, cache);
    }
    Ok(match parts.as_mut_slice() {
        [] => ContentOut::Text(Wording::default()),
        [PartOut::Text(only)] if only.cache.is_none() && only.extras.0.is_empty() => {
            ContentOut::Text(std::mem::take(&mut only.text))
        }
        _ => ContentOut::Parts(parts),
    })
}

/// Messages marks the whole result; here the mark is its last part's.
fn mark_last(parts: &mut Vec<PartOut<'_>>, cache: crate::ir::CacheLifetime) {
    if parts.is_empty() {
        parts.push(PartOut::Text(TextOut::plain("input_text", "")));
    }
    match parts.last_mut() {
        Some(PartOut::Text(last)) => last.cache = Some(breakpoint(cache)),
        Some(PartOut::Image(last)) => last.cache = Some(breakpoint(cache)),
        Some(PartOut::File(last)) => last.cache = Some(breakpoint(cache)),
        _ => {}
    }
}

/// What a tool gave that the model knows by its type.
fn native_result<'a>(
    from: &'a TurnPart<'a>,
    gave: &'a ToolResult<'a>,
    kind: &'a str,
    encoder: &mut Encoder<'a, '_>,
) -> Result<ItemOut<'a>, TranslateError> {
    let id = from.item_id.as_deref();
    // The older shell's outputs have the call's id as their own.
    let call_id = Some(gave.call_id.as_ref()).filter(|call_id| Some(*call_id) != id);
    let mut usual = Vec::new();
    let (member, value) = match kind {
        "computer_call_output" => ("output", screenshot(gave, encoder)?),
        "tool_search_output" => {
            usual = vec![("execution", UsualOut::Word("client")), COMPLETED];
            ("tools", raw_text(gave).map_or(MemberOut::Text(text(gave)), MemberOut::Raw))
        }
        "shell_call_output" => ("output", raw_text(gave).map_or_else(|| shell(gave), MemberOut::Raw)),
        "apply_patch_call_output" => {
            usual = vec![("status", UsualOut::Word(if gave.is_error { "failed" } else { "completed" }))];
            let said = !gave.content.is_empty();
            ("output", if said { MemberOut::Text(text(gave)) } else { MemberOut::Absent })
        }
        _ => ("output", MemberOut::Text(text(gave))),
    };
    let extras = Extras::all(&from.extras);
    Ok(ItemOut::Native(NativeOut { kind, id, call_id, member, value, usual, extras }))
}

/// The result's texts.
fn text<'a>(gave: &'a ToolResult<'a>) -> Cow<'a, str> {
    let mut texts = gave.content.iter().filter_map(|part| match &part.body {
        PartOfTurn::Text { text, .. } => Some(&**text),
        _ => None,
    });
    let mut joined = Cow::Borrowed(texts.next().unwrap_or_default());
    for text in texts {
        joined.to_mut().push_str("\n\n");
        joined.to_mut().push_str(text);
    }
    joined
}

/// The result's text where it is a list in JSON.
fn raw_text<'a>(gave: &'a ToolResult<'a>) -> Option<&'a RawValue> {
    let [TurnPart { body: PartOfTurn::Text { text, .. }, .. }] = gave.content.as_slice() else { return None };
    raw(text).filter(|raw| raw.get().starts_with('['))
}

fn shell<'a>(gave: &'a ToolResult<'a>) -> MemberOut<'a> {
    let outcome = OutcomeOut { kind: "exit", exit_code: i32::from(gave.is_error) };
    MemberOut::Shell([ShellOut { stdout: text(gave), stderr: "", outcome }])
}

fn screenshot<'a>(
    gave: &'a ToolResult<'a>,
    encoder: &mut Encoder<'a, '_>,
) -> Result<MemberOut<'a>, TranslateError> {
    for inner in &gave.content {
        let PartOfTurn::Image { source, detail } = &inner.body else { continue };
        if matches!(source, Source::Text(_) | Source::Blocks(_)) {
            continue;
        }
        let mut made = part(inner, Place::Output, encoder)?;
        part_members(&mut made, inner);
        if let Some(PartOut::Image(mut image)) = made.pop() {
            image.kind = "computer_screenshot";
            image.detail = detail.as_deref();
            return Ok(MemberOut::Part(PartOut::Image(image)));
        }
    }
    Ok(MemberOut::Text(text(gave)))
}
