//! The events of a stream, one at a time: what each says, before anything is known of those before it.

use super::wire::{EventIn, ItemIn, PieceIn, ResponseIn};
use crate::error::TranslateError;
use crate::ir::{Part, PartBody, ToolCall, ToolKind};
use crate::json::{Text, into_cow, non_empty, text_or_json};
use crate::messages::WEB_SEARCH;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::StreamFailure;

/// What an event says of a part.
pub(super) enum Said<'a> {
    Text(Cow<'a, str>),
    Refusal(Cow<'a, str>),
    Reasoning {
        paragraph: u64,
        raw: bool,
        text: Cow<'a, str>,
    },
    WholeText(Cow<'a, str>),
    WholeRefusal(Cow<'a, str>),
    WholeReasoning {
        paragraph: u64,
        raw: bool,
        text: Cow<'a, str>,
    },
    Arguments(Cow<'a, str>),
    WholeArguments(Cow<'a, str>),
    Citation(&'a RawValue),
    /// A part of a message, whole.
    Part(PieceIn<'a>),
}

pub(super) fn said<'a>(kind: &str, event: EventIn<'a>) -> Option<Said<'a>> {
    let delta = || into_cow(event.delta.clone());
    Some(match kind {
        "output_text.delta" => Said::Text(delta()),
        "refusal.delta" => Said::Refusal(delta()),
        "reasoning_summary_text.delta" => {
            Said::Reasoning { paragraph: event.summary_index.or_zero(), raw: false, text: delta() }
        }
        "reasoning_text.delta" => {
            Said::Reasoning { paragraph: event.content_index.or_zero(), raw: true, text: delta() }
        }
        "function_call_arguments.delta" | "custom_tool_call_input.delta" => Said::Arguments(delta()),
        "function_call_arguments.done" => Said::WholeArguments(event.arguments.map(text_or_json)?),
        "custom_tool_call_input.done" => Said::WholeArguments(event.input?.0),
        "output_text.annotation.added" => Said::Citation(event.annotation?),
        "content_part.done" => Said::Part(serde_json::from_str(event.part?.get()).ok()?),
        "output_text.done" => Said::WholeText(event.text?.0),
        "refusal.done" => Said::WholeRefusal(event.refusal?.0),
        "reasoning_summary_text.done" => {
            let paragraph = event.summary_index.or_zero();
            Said::WholeReasoning { paragraph, raw: false, text: event.text?.0 }
        }
        "reasoning_text.done" => {
            let paragraph = event.content_index.or_zero();
            Said::WholeReasoning { paragraph, raw: true, text: event.text?.0 }
        }
        _ => return None,
    })
}

/// What begins with an item's beginning.
pub(super) fn begun<'a>(id: &Cow<'a, str>, call_id: Cow<'a, str>, item: ItemIn<'a>) -> Option<PartBody<'a>> {
    let kind = match item.kind.as_ref().map(Text::as_str) {
        Some("function_call") => ToolKind::Function,
        Some("custom_tool_call") => ToolKind::Custom,
        Some("web_search_call") if !id.is_empty() => {
            let name = Cow::Borrowed(WEB_SEARCH);
            return Some(PartBody::ServerToolCall { id: id.clone(), name, input: Cow::Borrowed("") });
        }
        _ => return None,
    };
    let name = non_empty(item.name)?;
    let namespace = non_empty(item.namespace);
    (!call_id.is_empty()).then_some(PartBody::ToolCall(ToolCall {
        id: call_id,
        name,
        namespace,
        kind,
        arguments: Cow::Borrowed(""),
    }))
}

pub(super) fn in_item<'a>(id: &'a str, body: PartBody<'a>) -> Part<'a> {
    Part { item_id: (!id.is_empty()).then_some(Cow::Borrowed(id)), phase: None, body }
}

pub(super) fn empty_reasoning() -> PartBody<'static> {
    PartBody::Reasoning { text: Vec::new(), raw: false, signature: None, encrypted: None }
}

/// Reads the `response` of an event; what cannot be read is an object without members.
pub(super) fn read_response(raw: Option<&RawValue>) -> ResponseIn<'_> {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// The failure that a response tells.
pub(super) fn failed(error: Option<&RawValue>) -> TranslateError {
    #[derive(Deserialize, Default)]
    struct ErrorIn<'a> {
        #[serde(borrow)]
        code: Option<Text<'a>>,
        #[serde(borrow, rename = "type")]
        kind: Option<Text<'a>>,
        #[serde(borrow)]
        message: Option<Text<'a>>,
    }
    let error: ErrorIn<'_> = error.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let owned = |text: Option<Text<'_>>| non_empty(text).map(Cow::into_owned);
    let failure = StreamFailure::new(owned(error.kind), owned(error.code), owned(error.message));
    TranslateError::UpstreamFailed { failure }
}

/// Whether a frame that could not be read is of a kind that is ignored anyway.
pub(super) fn is_unknown(event: &str, data: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct KindOnly<'a> {
        #[serde(borrow, rename = "type")]
        kind: Option<Text<'a>>,
    }
    const KNOWN: [&str; 19] = [
        "error",
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.completed",
        "response.incomplete",
        "response.failed",
        "response.cancelled",
        "response.output_item.added",
        "response.output_item.done",
        "response.content_part.done",
        "response.output_text.delta",
        "response.output_text.annotation.added",
        "response.refusal.delta",
        "response.reasoning_summary_text.delta",
        "response.reasoning_text.delta",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.custom_tool_call_input.delta",
    ];
    serde_json::from_slice::<KindOnly<'_>>(data)
        .is_ok_and(|parsed| !KNOWN.contains(&parsed.kind.as_ref().map_or(event, Text::as_str)))
}
