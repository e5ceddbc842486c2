//! The events of a Messages stream as written.

use super::citation::CitationOut;
use super::encode::{ResultOut, StopDetailsOut};
use super::usage::UsageOut;
use serde::Serialize;
use serde_json::value::RawValue;

/// One event.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum EventOut<'a> {
    MessageStart { message: MessageStartOut<'a> },
    ContentBlockStart { index: u32, content_block: BlockStartOut<'a> },
    ContentBlockDelta { index: u32, delta: DeltaOut<'a> },
    ContentBlockStop { index: u32 },
    Ping,
    MessageDelta { delta: MessageDeltaOut<'a>, usage: UsageOut },
    MessageStop,
}

/// The message as it starts: without content.
#[derive(Serialize)]
pub(super) struct MessageStartOut<'a> {
    pub(super) id: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) role: &'static str,
    pub(super) model: &'a str,
    pub(super) content: [(); 0],
    pub(super) stop_reason: Option<()>,
    pub(super) stop_sequence: Option<()>,
    pub(super) usage: UsageOut,
}

/// A block as it starts: empty, or whole where it has no deltas.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum BlockStartOut<'a> {
    Empty(EmptyBlockOut<'a>),
    Result(ResultOut<'a>),
    Raw(Box<RawValue>),
}

/// A block to which deltas are added.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum EmptyBlockOut<'a> {
    Text { text: &'a str },
    Thinking { thinking: &'a str, signature: &'a str },
    RedactedThinking { data: &'a str },
    ToolUse { id: &'a str, name: &'a str, input: Empty },
    ServerToolUse { id: &'a str, name: &'a str, input: Empty },
}

/// `{}`.
#[derive(Serialize)]
pub(super) struct Empty {}

/// What is added to the open block.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the wire words")]
pub(super) enum DeltaOut<'a> {
    TextDelta { text: &'a str },
    InputJsonDelta { partial_json: &'a str },
    ThinkingDelta { thinking: &'a str },
    SignatureDelta { signature: &'a str },
    CitationsDelta { citation: CitationOut<'a> },
}

/// How the message ends.
#[derive(Serialize)]
pub(super) struct MessageDeltaOut<'a> {
    pub(super) stop_reason: &'static str,
    pub(super) stop_sequence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stop_details: Option<StopDetailsOut<'a>>,
}

impl EventOut<'_> {
    /// The SSE event name, which is the `type`.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::MessageStart { .. } => "message_start",
            Self::ContentBlockStart { .. } => "content_block_start",
            Self::ContentBlockDelta { .. } => "content_block_delta",
            Self::ContentBlockStop { .. } => "content_block_stop",
            Self::Ping => "ping",
            Self::MessageDelta { .. } => "message_delta",
            Self::MessageStop => "message_stop",
        }
    }
}
