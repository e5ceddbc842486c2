//! A whole Messages answer into the intermediate representation.

use super::stop;
use super::wire::{BlockIn, MessageIn, citations, refusal};
use crate::error::TranslateError;
use crate::ir::{Answer, Finish, Part, PartBody, StopReason, ToolCall, ToolKind};
use crate::json::{Text, compact, into_cow, non_empty, own_json};
use crate::meter::Meter;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// Decodes a 200 answer's body.
pub(crate) fn decode(body: &[u8]) -> Result<Answer<'_>, TranslateError> {
    let message: MessageIn<'_> =
        serde_json::from_slice(body).map_err(|e| TranslateError::bad_json(Protocol::Messages, &e))?;
    if message.error.is_some() {
        return Err(TranslateError::upstream_failed(Protocol::Messages, body));
    }
    let Some(content) = message.content else {
        return Err(TranslateError::malformed(Protocol::Messages, "`content` is missing"));
    };
    let parts: Vec<Part<'_>> =
        content.into_iter().map(|raw| part(raw).map(Part::from)).collect::<Result<_, _>>()?;
    let has_calls = parts.iter().any(|part| matches!(part.body, PartBody::ToolCall(_)));
    let stop = stop::read(message.stop_reason.as_ref().map(Text::as_str), has_calls);
    let refusal = (stop == StopReason::Refusal).then(|| refusal(message.stop_details));
    let mut meter = Meter::new(Protocol::Messages);
    meter.read(message.usage);
    Ok(Answer {
        id: into_cow(message.id),
        model: into_cow(message.model),
        created_at_s: None,
        parts,
        finish: Finish {
            stop,
            stop_sequence: non_empty(message.stop_sequence).filter(|_| stop == StopReason::StopSequence),
            refusal,
            usage: meter.usage(),
            service_tier: meter.service_tier().and_then(stop::read_tier),
        },
    })
}

fn part(raw: &RawValue) -> Result<PartBody<'_>, TranslateError> {
    let block: BlockIn<'_> =
        serde_json::from_str(raw.get()).map_err(|e| TranslateError::bad_json(Protocol::Messages, &e))?;
    let kind = into_cow(block.kind);
    Ok(match kind.as_ref() {
        "text" => PartBody::Text { text: into_cow(block.text), citations: citations(block.citations) },
        "thinking" => PartBody::Reasoning {
            text: non_empty(block.thinking).into_iter().collect(),
            raw: false,
            signature: non_empty(block.signature),
            encrypted: None,
        },
        "redacted_thinking" => PartBody::Redacted { data: into_cow(block.data) },
        "tool_use" => PartBody::ToolCall(ToolCall {
            id: into_cow(block.id),
            name: into_cow(block.name),
            namespace: None,
            kind: ToolKind::Function,
            arguments: input(block.input),
        }),
        "server_tool_use" => PartBody::ServerToolCall {
            id: into_cow(block.id),
            name: into_cow(block.name),
            input: input(block.input),
        },
        result if is_server_result(result) => PartBody::ServerToolResult {
            call_id: into_cow(block.tool_use_id),
            kind,
            content: block.content.map_or(Cow::Borrowed("null"), |raw| compact(raw.get())),
        },
        _ => PartBody::Other { json: own_json(raw.get(), &[&kind]), kind },
    })
}

/// Whether a block of this type is what a tool run by the provider gave, told by an id and a content and no more.
pub(super) fn is_server_result(kind: &str) -> bool {
    kind.ends_with("_tool_result") && kind != "mcp_tool_result"
}

/// A call's input as compact JSON text.
fn input(raw: Option<&RawValue>) -> Cow<'_, str> {
    raw.map_or(Cow::Borrowed("{}"), |raw| compact(raw.get()))
}
