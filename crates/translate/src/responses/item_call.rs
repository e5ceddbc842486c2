//! Calls as written: one item for each kind of tool.

use super::native;
use crate::error::TranslateError;
use crate::ir::{NativeTool, ToolKind};
use crate::json::to_object;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// What names a call.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) id: &'a str,
    pub(super) call_id: &'a str,
    pub(super) name: &'a str,
    pub(super) namespace: Option<&'a str>,
}

/// A call of any kind as written; each kind has its members.
#[derive(Clone, Copy, Serialize, Default)]
struct CallOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    call_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a str>,
    #[serde(rename = "arguments", skip_serializing_if = "Option::is_none")]
    argument_object: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actions: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_safety_checks: Option<[(); 0]>,
    status: &'static str,
}

/// Writes a call of any kind.
pub(super) fn call(
    names: Call<'_>,
    kind: ToolKind,
    arguments: &str,
    status: &'static str,
) -> Result<Box<RawValue>, TranslateError> {
    let Call { id, call_id, name, namespace } = names;
    let base = CallOut { id, call_id, status, ..CallOut::default() };
    let object;
    let written = match kind {
        ToolKind::Function => {
            CallOut { kind: "function_call", name: Some(name), namespace, arguments: Some(arguments), ..base }
        }
        ToolKind::Custom => {
            CallOut { kind: "custom_tool_call", name: Some(name), namespace, input: Some(arguments), ..base }
        }
        ToolKind::Native(tool) => {
            object = to_object(arguments).map_err(TranslateError::Encode)?;
            native_call(base, tool, &object)
        }
    };
    to_raw_value(&written).map_err(TranslateError::Encode)
}

fn native_call<'a>(base: CallOut<'a>, tool: NativeTool, action: &'a RawValue) -> CallOut<'a> {
    match tool {
        NativeTool::LocalShell => CallOut { kind: "local_shell_call", action: Some(action), ..base },
        NativeTool::Shell => CallOut { kind: "shell_call", action: Some(action), ..base },
        NativeTool::ApplyPatch => CallOut { kind: "apply_patch_call", operation: Some(action), ..base },
        NativeTool::ToolSearch => CallOut {
            kind: "tool_search_call",
            execution: Some("client"),
            argument_object: Some(action),
            ..base
        },
        NativeTool::Computer => {
            let several = native::actions(action);
            CallOut {
                kind: "computer_call",
                action: several.is_none().then_some(action),
                actions: several,
                pending_safety_checks: Some([]),
                ..base
            }
        }
    }
}
