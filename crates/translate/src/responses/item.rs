//! Output items as written. Both encoders gather an item's pieces here before it is written whole.

use super::item_call::{Call, call};
use super::search::{self, Found};
use super::{annotation, hosted};
use crate::error::TranslateError;
use crate::ir::{Citation, NativeTool, Phase, ToolKind};
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
