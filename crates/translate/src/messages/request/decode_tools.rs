//! The tools of a Messages request, and the choice among them.

use super::decode_blocks::cache_control;
use super::wire::{BodyIn, ChoiceIn, ToolIn};
use crate::error::TranslateError;
use crate::ir::{Request, ServerTool, ToolChoice, ToolDefinition, ToolDefinitionKind};
use crate::json::member::{missing, nested, part_of, required};
use crate::json::read::Str;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// How the types of tools begin that the caller runs.
const CLIENT_RUN: [&str; 5] = ["bash_", "text_editor_", "memory_", "computer_", "browser_"];

/// Reads the tools and the choice.
pub(super) fn read_tools<'a>(body: &mut BodyIn<'a>, request: &mut Request<'a>) -> Result<(), TranslateError> {
    for (at, json) in body.tools.take().map(|list| list.0).unwrap_or_default().into_iter().enumerate() {
        request.tools.push(tool(json, &format!("tools.{at}"))?);
    }
    let Some(read) = body.tool_choice.take() else { return Ok(()) };
    if read.disable_parallel_tool_use == Some(true) {
        request.parallel_tool_calls = Some(false);
    }
    request.tool_choice = Some(choice(read, request)?);
    Ok(())
}

fn tool<'a>(json: &'a RawValue, place: &str) -> Result<ToolDefinition<'a>, TranslateError> {
    let read: ToolIn<'a> = part_of(place, json)?;
    let (cache, extra) = cache_control(read.cache_control);
    let mut made = match read.kind {
        Some(Str(kind)) if kind != "custom" => {
            let name = read.name.map_or_else(|| kind.clone(), |name| name.0);
            let kind = provided(kind, json);
            ToolDefinition {
                name,
                namespace: None,
                description: read.description.map(|text| text.0),
                kind,
                defer_loading: false,
                cache: None,
                extras: Vec::new(),
            }
        }
        _ => {
            let name = required(read.name, || format!("{place}.name"))?;
            let schema = read.input_schema.ok_or_else(|| missing(format!("{place}.input_schema")))?;
            if !schema.get().starts_with('{') {
                let what = "must be an object";
                return Err(TranslateError::bad_request(format!("{place}.input_schema"), what));
            }
            let kind =
                ToolDefinitionKind::Function { schema: Some(Cow::Borrowed(schema)), strict: read.strict };
            let mut extras = read.extras;
            extras.extend(extra);
            ToolDefinition {
                name,
                namespace: None,
                description: read.description.map(|text| text.0),
                kind,
                defer_loading: false,
                cache: None,
                extras,
            }
        }
    };
    made.defer_loading = read.defer_loading.unwrap_or_default();
    made.cache = cache;
    Ok(made)
}

/// A tool known to the model by its type, kept as it came.
fn provided<'a>(kind: Cow<'a, str>, json: &'a RawValue) -> ToolDefinitionKind<'a> {
    let json = Cow::Borrowed(json);
    if CLIENT_RUN.iter().any(|start| kind.starts_with(start)) {
        return ToolDefinitionKind::ClientNative { kind, json };
    }
    let what = if kind.starts_with("web_search") {
        Some(ServerTool::WebSearch)
    } else if kind.starts_with("tool_search") {
        Some(ServerTool::ToolSearch)
    } else if kind.starts_with("code_execution") {
        Some(ServerTool::CodeExecution)
    } else {
        None
    };
    ToolDefinitionKind::Server { what, kind, json }
}

fn choice<'a>(read: ChoiceIn<'a>, request: &mut Request<'a>) -> Result<ToolChoice<'a>, TranslateError> {
    nested("tool_choice", read.extras, &mut request.extras);
    let kind = required(read.kind, || "tool_choice.type".to_owned())?;
    Ok(match &*kind {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Named {
            name: required(read.name, || "tool_choice.name".to_owned())?,
            namespace: None,
        },
        _ => {
            let what = "must be one of auto, any, tool, none";
            return Err(TranslateError::bad_request("tool_choice.type", what));
        }
    })
}
