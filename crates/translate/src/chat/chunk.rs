//! The chunks of a Chat stream as written.

use super::encode::AnnotationOut;
use super::usage::UsageOut;
use crate::ir::ToolKind;
use serde::Serialize;

/// One chunk.
#[derive(Serialize)]
pub(super) struct ChunkOut<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) created: i64,
    pub(super) model: &'a str,
    pub(super) choices: &'a [ChoiceOut<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_tier: Option<&'static str>,
    /// Callers who asked for usage find the member in every chunk, null but in the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<Option<UsageOut>>,
}

/// The one choice of a chunk.
#[derive(Serialize)]
pub(super) struct ChoiceOut<'a> {
    pub(super) index: u32,
    pub(super) delta: DeltaOut<'a>,
    pub(super) finish_reason: Option<&'static str>,
}

/// What a chunk adds to the message.
#[derive(Serialize, Default)]
pub(super) struct DeltaOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) annotations: &'a [AnnotationOut<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_calls: Option<[CallOut<'a>; 1]>,
}

/// A piece of a tool call.
#[derive(Serialize, Default)]
pub(super) struct CallOut<'a> {
    pub(super) index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) function: Option<FunctionOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) custom: Option<CustomOut<'a>>,
}

/// A piece of a function call: the name with the first, then arguments.
#[derive(Serialize)]
pub(super) struct FunctionOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    pub(super) arguments: &'a str,
}

/// A piece of a custom tool's call: the name with the first, then input.
#[derive(Serialize)]
pub(super) struct CustomOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    pub(super) input: &'a str,
}

impl<'a> CallOut<'a> {
    /// A piece of a call; with a name it is the first.
    pub(super) fn piece(index: u32, kind: ToolKind, name: Option<&'a str>, arguments: &'a str) -> Self {
        match kind {
            ToolKind::Function | ToolKind::Native(_) => {
                Self { index, function: Some(FunctionOut { name, arguments }), ..Self::default() }
            }
            ToolKind::Custom => {
                Self { index, custom: Some(CustomOut { name, input: arguments }), ..Self::default() }
            }
        }
    }
}
