//! Calls of tools and what they gave into the intermediate representation.

use super::decode_items::{At, rest};
use super::decode_parts::{content, part};
use super::decode_settings::reread;
use super::kept::Raw;
use super::path::Path;
use super::wire::{ItemIn, NativeIn, PartIn};
use crate::error::TranslateError;
use crate::ir::{CallKind, Extra, PartOfTurn, PastCall, ToolResult, TurnPart, Wording};
use crate::json::member::raw;
use std::borrow::Cow;

/// Reads a `function_call` or `custom_tool_call`.
pub(super) fn call<'a>(
    kind: &str,
    mut item: ItemIn<'a>,
    path: &Path<'_>,
) -> Result<TurnPart<'a>, TranslateError> {
    let (arguments, kind) = if kind == "custom_tool_call" {
        (item.input.take().need(&path.at("input"))?, CallKind::Custom)
    } else {
        (item.arguments.take().need(&path.at("arguments"))?, CallKind::Function)
    };
    let call = PastCall {
        id: item.call_id.take().need(&path.at("call_id"))?,
        name: item.name.take().need(&path.at("name"))?,
        namespace: item.namespace.take().get(&path.at("namespace"))?,
        kind,
        arguments,
    };
    let item_id = item.id.take().get(&path.at("id"))?;
    let extras = rest(item, path)?;
    Ok(TurnPart { item_id, cache: None, body: PartOfTurn::ToolCall(call), extras })
}

/// Reads a `function_call_output` or `custom_tool_call_output`.
pub(super) fn output<'a>(
    kind: &str,
    mut item: ItemIn<'a>,
    at: &mut At<'_, 'a>,
) -> Result<TurnPart<'a>, TranslateError> {
    let path = at.path;
    let kind = if kind == "custom_tool_call_output" { CallKind::Custom } else { CallKind::Function };
    let call_id = item.call_id.take().need(&path.at("call_id"))?;
    let item_id = item.id.take().get(&path.at("id"))?;
    let gave = item.output.take().need(&path.at("output"))?;
    let content = content(gave, "output", at)?;
    let extras = rest(item, path)?;
    let body = PartOfTurn::ToolResult(ToolResult { call_id, kind, content, is_error: false });
    Ok(TurnPart { item_id, cache: None, body, extras })
}

/// The member of a native call that is its action.
pub(super) fn action_member(kind: &str) -> &'static str {
    match kind {
        "apply_patch_call" => "operation",
        "tool_search_call" => "arguments",
        _ => "action",
    }
}

/// Whether `kind` is what one of the tools that the model knows by type gave.
pub(super) fn raw_output_wanted(kind: &str) -> bool {
    matches!(
        kind,
        "local_shell_call_output"
            | "shell_call_output"
            | "apply_patch_call_output"
            | "computer_call_output"
            | "tool_search_output"
    )
}

/// Reads a call of a tool that the model knows by its type.
pub(super) fn native_call<'a>(kind: &str, at: &mut At<'_, 'a>) -> Result<TurnPart<'a>, TranslateError> {
    let json = at.raw()?;
    let path = at.path;
    let mut read: NativeIn<'a> = reread(json, path)?;
    let item_id = read.id.take().get(&path.at("id"))?;
    let call_id = read.call_id.take().get(&path.at("call_id"))?;
    let name = kind.strip_suffix("_call").unwrap_or(kind).to_owned();
    let by_server = kind == "tool_search_call" && read.execution.as_str() != Some("client");
    let Some(id) = call_id.filter(|_| !by_server) else {
        let id = item_id.unwrap_or_default();
        let body = PartOfTurn::ServerToolCall { id, name: name.into(), json: Cow::Borrowed(json) };
        return Ok(body.into());
    };
    let member = action_member(kind);
    let action = match member {
        "operation" => std::mem::take(&mut read.operation),
        "arguments" => std::mem::take(&mut read.arguments),
        // A computer's newer calls have a list of actions.
        _ if read.action.0.is_none() => std::mem::take(&mut read.actions),
        _ => std::mem::take(&mut read.action),
    };
    let Some(action) = action.0 else {
        return Err(path.at(member).wrong("is required"));
    };
    let body = PartOfTurn::ToolCall(PastCall {
        id,
        name: name.into(),
        namespace: None,
        kind: CallKind::Native { kind: kind.to_owned().into() },
        arguments: Cow::Borrowed(action.get()),
    });
    Ok(TurnPart { item_id, cache: None, body, extras: native_rest(read, path)? })
}

/// Reads what such a tool gave.
pub(super) fn native_output<'a>(kind: &str, at: &mut At<'_, 'a>) -> Result<TurnPart<'a>, TranslateError> {
    let json = at.raw()?;
    let path = at.path;
    let mut read: NativeIn<'a> = reread(json, path)?;
    let item_id = read.id.take().get(&path.at("id"))?;
    let call_id = read.call_id.take().get(&path.at("call_id"))?;
    if kind == "tool_search_output" && (call_id.is_none() || read.execution.as_str() != Some("client")) {
        let body = PartOfTurn::ServerToolResult {
            call_id: call_id.unwrap_or_default(),
            kind: kind.to_owned().into(),
            json: Cow::Borrowed(json),
        };
        return Ok(body.into());
    }
    // The older shell's outputs have the call's id as their own.
    let call_id =
        call_id.or_else(|| item_id.clone()).ok_or_else(|| path.at("call_id").wrong("is required"))?;
    let is_error = kind == "apply_patch_call_output" && read.status.as_str() == Some("failed");
    if is_error {
        read.status.take();
    }
    let content = gave(kind, &mut read, path)?;
    let kind = CallKind::Native { kind: kind.to_owned().into() };
    let body = PartOfTurn::ToolResult(ToolResult { call_id, kind, content, is_error });
    Ok(TurnPart { item_id, cache: None, body, extras: native_rest(read, path)? })
}

fn gave<'a>(
    kind: &str,
    read: &mut NativeIn<'a>,
    path: &Path<'_>,
) -> Result<Vec<TurnPart<'a>>, TranslateError> {
    let output_path = path.at("output");
    let text = |text: Wording<'a>| vec![PartOfTurn::Text { text, phase: None }.into()];
    let tools = kind == "tool_search_output";
    let member = if tools { std::mem::take(&mut read.tools) } else { std::mem::take(&mut read.output) };
    let Some(raw) = member.0 else {
        return match kind {
            "apply_patch_call_output" => Ok(Vec::new()),
            "tool_search_output" => Err(path.at("tools").wrong("is required")),
            _ => Err(output_path.wrong("is required")),
        };
    };
    if kind == "computer_call_output" {
        let read: PartIn<'a> = reread(raw, &output_path)?;
        let shot = part(read, &output_path)?;
        return Ok(shot.into_iter().collect());
    }
    if raw.get().starts_with('"') {
        return Ok(text(reread::<Cow<'a, str>>(raw, &output_path)?.into()));
    }
    Ok(text(raw.get().into()))
}

fn native_rest<'a>(read: NativeIn<'a>, path: &Path<'_>) -> Result<Vec<Extra<'a>>, TranslateError> {
    let mut extras = read.extras;
    let mut keep = |raw: Raw<'a>, name| raw.keep(name, &mut extras);
    keep(read.action, "action");
    keep(read.actions, "actions");
    keep(read.operation, "operation");
    keep(read.arguments, "arguments");
    keep(read.output, "output");
    keep(read.tools, "tools");
    read.pending_safety_checks.keep_list("pending_safety_checks", &mut extras);
    if let Some(word) = read.status.get(&path.at("status"))?.filter(|word| word != "completed") {
        let json = Cow::Owned(raw(&word)?);
        extras.push(Extra { name: "status".into(), json });
    }
    if let Some(word) = read.execution.get(&path.at("execution"))?.filter(|word| word != "client") {
        let json = Cow::Owned(raw(&word)?);
        extras.push(Extra { name: "execution".into(), json });
    }
    Ok(extras)
}
