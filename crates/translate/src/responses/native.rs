//! Calls of the tools that have items of their own: which member of the item holds what the tool is to do.

use super::wire::{ItemIn, is_filled};
use crate::ir::{NativeTool, ToolCall, ToolKind};
use crate::json::{compact, into_cow, text_or_json};
use crate::notes::Notes;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The tool that an item calls, if the caller is to run it.
pub(super) fn tool(kind: &str, item: &ItemIn<'_>) -> Option<NativeTool> {
    let tool = kind.strip_suffix("_call").and_then(NativeTool::parse)?;
    let by_server = item.execution.as_ref().is_some_and(|execution| execution.as_str() == "server");
    (!by_server).then_some(tool)
}

/// The call that an item makes.
pub(super) fn call<'a>(tool: NativeTool, item: ItemIn<'a>, notes: &mut Notes) -> ToolCall<'a> {
    if is_filled(item.environment) {
        notes.add("shell_call.environment");
    }
    if is_filled(item.pending_safety_checks) {
        notes.add("computer_call.pending_safety_checks");
    }
    let action = |raw: Option<&'a RawValue>| raw.map_or(Cow::Borrowed("{}"), |raw| compact(raw.get()));
    let arguments = match tool {
        NativeTool::LocalShell | NativeTool::Shell => action(item.action),
        NativeTool::ApplyPatch => action(item.operation),
        NativeTool::ToolSearch => item.arguments.map_or(Cow::Borrowed("{}"), text_or_json),
        NativeTool::Computer => match item.actions {
            Some(actions) => Cow::Owned(format!("{{\"actions\":{}}}", compact(actions.get()))),
            None => action(item.action),
        },
    };
    // Codex's tool searches may have no `call_id`: the item's own id names them.
    let id = item.call_id.filter(|id| !id.as_str().is_empty()).or_else(|| item.id.clone());
    ToolCall {
        id: into_cow(id),
        name: Cow::Borrowed(tool.name()),
        namespace: None,
        kind: ToolKind::Native(tool),
        arguments,
    }
}

/// The list in `{"actions":[…]}`, the form that [`call`] gives several actions of a computer.
pub(super) fn actions(arguments: &RawValue) -> Option<&RawValue> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Actions<'a> {
        #[serde(borrow)]
        actions: &'a RawValue,
    }
    serde_json::from_str::<Actions<'_>>(arguments.get()).ok().map(|several| several.actions)
}
