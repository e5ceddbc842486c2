//! Output items as written. Both encoders gather an item's pieces here before it is written whole.

use super::search::{self, Found};
use super::{annotation, hosted, native};
use crate::error::TranslateError;
use crate::ir::{Citation, NativeTool, Phase, ToolKind};
use crate::json::to_object;
use crate::notes::Notes;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// An item.
#[derive(Debug)]
pub(super) struct Item {
    /// The id the caller reads.
    pub(super) id: String,
    /// The upstream's id of it.
    pub(super) upstream_id: Option<String>,
    pub(super) body: Body,
}

/// What an item says.
#[derive(Debug)]
pub(super) enum Body {
    Message {
        phase: Option<Phase>,
        contents: Vec<Content>,
    },
    Reasoning {
        summary: Vec<String>,
        content: Vec<String>,
        encrypted: Option<String>,
    },
    Call {
        call_id: String,
        name: String,
        namespace: Option<String>,
        kind: ToolKind,
        arguments: String,
    },
    Search {
        call_id: String,
        input: String,
        found: Found,
    },
    /// As it came.
    Raw(Box<RawValue>),
}

/// A part of a message.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) is_refusal: bool,
    pub(super) text: String,
    pub(super) annotations: Vec<Box<RawValue>>,
}

impl Content {
    pub(super) fn new(is_refusal: bool) -> Self {
        Self { is_refusal, text: String::new(), annotations: Vec::new() }
    }

    /// Adds a source of the text. False if Responses has no word for it.
    pub(super) fn cite(&mut self, citation: &Citation<'_>, is_own: bool, notes: &mut Notes) -> bool {
        let chars = self.text.chars().count() as u64;
        let Some(written) = annotation::write(citation, chars, is_own) else {
            notes.add("citations");
            return false;
        };
        if matches!(citation, Citation::Url { quote: Some(_), .. } | Citation::Url { proof: Some(_), .. }) {
            notes.add("citations.cited_text");
        }
        self.annotations.push(written);
        true
    }

    pub(super) fn out(&self) -> ContentOut<'_> {
        if self.is_refusal {
            return ContentOut::Refusal { refusal: &self.text };
        }
        ContentOut::OutputText { text: &self.text, annotations: &self.annotations, logprobs: [] }
    }
}

impl Body {
    /// How the id of such an item begins.
    pub(super) fn id_prefix(&self) -> &'static str {
        match self {
            Self::Message { .. } => "msg",
            Self::Reasoning { .. } => "rs",
            Self::Call { kind, .. } => match kind {
                ToolKind::Function => "fc",
                ToolKind::Custom => "ctc",
                ToolKind::Native(NativeTool::LocalShell) => "lsh",
                ToolKind::Native(NativeTool::Shell) => "sh",
                ToolKind::Native(NativeTool::ApplyPatch) => "apc",
                ToolKind::Native(NativeTool::ToolSearch) => "tsc",
                ToolKind::Native(NativeTool::Computer) => "cu",
            },
            Self::Search { .. } => "ws",
            Self::Raw(_) => "item",
        }
    }
}

impl Item {
    /// Whether a text with this id of an item belongs to this message.
    pub(super) fn takes(&self, item_id: Option<&str>) -> bool {
        matches!(self.body, Body::Message { .. })
            && (item_id.is_none() || item_id == self.upstream_id.as_deref())
    }

    /// The item as it stands when it is added: open and empty, or whole where it has no deltas.
    pub(super) fn added(&self) -> Result<Box<RawValue>, TranslateError> {
        let id = &self.id;
        let status = "in_progress";
        let item = match &self.body {
            Body::Message { phase, .. } => ItemOut::message(id, status, Vec::new(), *phase),
            Body::Reasoning { .. } => {
                ItemOut::Reasoning { id, summary: Vec::new(), content: None, encrypted_content: None }
            }
            Body::Call { call_id, name, namespace, kind, arguments } => {
                let empty = if matches!(kind, ToolKind::Native(_)) { arguments } else { "" };
                return call(
                    Call { id, call_id, name, namespace: namespace.as_deref() },
                    *kind,
                    empty,
                    status,
                );
            }
            Body::Search { input, found, .. } => search_item(id, status, input, found)?,
            Body::Raw(raw) => return hosted::begun(raw).map_err(TranslateError::Encode),
        };
        to_raw_value(&item).map_err(TranslateError::Encode)
    }

    /// The item at its end. `phase` is that of a message whose own is not known.
    pub(super) fn done(
        &self,
        is_incomplete: bool,
        phase: Option<Phase>,
    ) -> Result<Box<RawValue>, TranslateError> {
        let id = &self.id;
        let status = if is_incomplete { "incomplete" } else { "completed" };
        let item = match &self.body {
            Body::Message { phase: own, contents } => {
                ItemOut::message(id, status, contents.iter().map(Content::out).collect(), own.or(phase))
            }
            Body::Reasoning { summary, content, encrypted } => ItemOut::Reasoning {
                id,
                summary: summary.iter().map(|text| SummaryOut::SummaryText { text }).collect(),
                content: (!content.is_empty())
                    .then(|| content.iter().map(|text| RawReasoningOut::ReasoningText { text }).collect()),
                encrypted_content: encrypted.as_deref(),
            },
            Body::Call { call_id, name, namespace, kind, arguments } => {
                let names = Call { id, call_id, name, namespace: namespace.as_deref() };
                return call(names, *kind, arguments, status);
            }
            Body::Search { input, found, .. } => {
                search_item(id, if found.failed { "failed" } else { "completed" }, input, found)?
            }
            Body::Raw(raw) => return Ok(raw.clone()),
        };
        to_raw_value(&item).map_err(TranslateError::Encode)
    }
}

/// A part of a message as written.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ContentOut<'a> {
    OutputText { text: &'a str, annotations: &'a [Box<RawValue>], logprobs: [(); 0] },
    Refusal { refusal: &'a str },
}

/// A part of a summary as written.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum SummaryOut<'a> {
    SummaryText { text: &'a str },
}

/// A part of raw reasoning as written.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum RawReasoningOut<'a> {
    ReasoningText { text: &'a str },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ItemOut<'a> {
    Message {
        id: &'a str,
        status: &'static str,
        role: &'static str,
        content: Vec<ContentOut<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        phase: Option<&'static str>,
    },
    Reasoning {
        id: &'a str,
        summary: Vec<SummaryOut<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<Vec<RawReasoningOut<'a>>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<&'a str>,
    },
    WebSearchCall {
        id: &'a str,
        status: &'static str,
        action: Box<RawValue>,
    },
}

impl<'a> ItemOut<'a> {
    fn message(
        id: &'a str,
        status: &'static str,
        content: Vec<ContentOut<'a>>,
        phase: Option<Phase>,
    ) -> Self {
        let phase = phase.map(Phase::as_str);
        Self::Message { id, status, role: "assistant", content, phase }
    }
}

fn search_item<'a>(
    id: &'a str,
    status: &'static str,
    input: &str,
    found: &Found,
) -> Result<ItemOut<'a>, TranslateError> {
    let action = search::action(input, found).map_err(TranslateError::Encode)?;
    Ok(ItemOut::WebSearchCall { id, status, action })
}

/// What names a call.
#[derive(Clone, Copy)]
struct Call<'a> {
    id: &'a str,
    call_id: &'a str,
    name: &'a str,
    namespace: Option<&'a str>,
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

fn call(
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
