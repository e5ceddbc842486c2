//! What the blocks of a stream say when they start, and their deltas.

use super::decode::is_server_result;
use super::wire::{BlockIn, DeltaIn, citation};
use crate::error::TranslateError;
use crate::ir::{Delta, PartStart, ToolKind};
use crate::json::{Text, compact, into_cow, non_empty, own_json};
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// How a block starts.
pub(super) fn part_start<'a>(block: BlockIn<'a>, json: &'a str) -> PartStart<'a> {
    let kind = into_cow(block.kind);
    match kind.as_ref() {
        "text" => PartStart::Text,
        "thinking" => PartStart::Reasoning,
        "redacted_thinking" => PartStart::Redacted { data: into_cow(block.data) },
        "tool_use" => PartStart::ToolCall {
            id: into_cow(block.id),
            name: into_cow(block.name),
            namespace: None,
            kind: ToolKind::Function,
        },
        "server_tool_use" => PartStart::ServerToolCall { id: into_cow(block.id), name: into_cow(block.name) },
        result if is_server_result(result) => PartStart::ServerToolResult {
            call_id: into_cow(block.tool_use_id),
            kind,
            content: block.content.map_or(Cow::Borrowed("null"), |raw| compact(raw.get())),
        },
        _ => PartStart::Other { json: own_json(json, &[&kind]), kind },
    }
}

/// What a block already holds when it starts: nothing, except at providers that send a block whole.
pub(super) fn first_deltas<'a>(block: &BlockIn<'a>) -> [Option<Delta<'a>>; 2] {
    let text = match block.kind.as_ref().map(Text::as_str) {
        Some("text") => non_empty(block.text.clone()),
        Some("thinking") => non_empty(block.thinking.clone()),
        _ => return [None, None],
    };
    [text.map(Delta::Text), non_empty(block.signature.clone()).map(Delta::Signature)]
}

/// The input that a call starts with, unless it is the usual `{}`.
pub(super) fn started_input(raw: &RawValue) -> Option<String> {
    let json = compact(raw.get());
    (!matches!(json.as_ref(), "{}" | "null" | "\"\"")).then(|| json.into_owned())
}

/// Reads a delta; none if it is of an unknown kind or says nothing.
pub(super) fn read_delta(delta: DeltaIn<'_>) -> Option<Delta<'_>> {
    match delta.kind.as_ref().map(Text::as_str) {
        Some("text_delta") => delta.text.map(|text| Delta::Text(text.0)),
        Some("input_json_delta") => delta.partial_json.map(|text| Delta::Arguments(text.0)),
        Some("thinking_delta") => delta.thinking.map(|text| Delta::Text(text.0)),
        Some("signature_delta") => delta.signature.map(|text| Delta::Signature(text.0)),
        Some("citations_delta") => delta.citation.map(|raw| Delta::Citation(citation(raw))),
        _ => None,
    }
}

/// The start that a provider left out in front of this delta.
pub(super) fn implied_start(
    delta: &Delta<'_>,
    is_thinking: bool,
) -> Result<PartStart<'static>, TranslateError> {
    match delta {
        Delta::Text(_) if is_thinking => Ok(PartStart::Reasoning),
        Delta::Text(_) | Delta::Citation(_) => Ok(PartStart::Text),
        Delta::Signature(_) | Delta::Encrypted(_) | Delta::Raw(_) | Delta::Break => Ok(PartStart::Reasoning),
        Delta::Arguments(_) => {
            Err(TranslateError::malformed(Protocol::Messages, "tool input for a block that was not started"))
        }
    }
}
