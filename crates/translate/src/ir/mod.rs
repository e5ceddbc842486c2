//! The intermediate representation: what a request asks and an answer says, in words that belong to no protocol.
//!
//! A request is a [`Request`] of [`Turn`]s. A whole answer is an [`Answer`]; a stream is a sequence of [`StreamEvent`]s
//! which, put together, say the same.
//! Strings borrow from the input where they can. The shapes follow the richest protocol for each topic: parts carry an
//! item id of their own (Responses), reasoning a signature (Messages) or encrypted content (Responses), tool calls
//! come as functions, as custom tools with free text (Chat, Responses) or by items of their own (Responses).

mod event;
mod part;
mod reasoning;
mod request;
mod tool;
mod turn;
mod wording;
mod words;

pub use event::{Delta, Emit, PartId, PartStart, StreamEvent, StreamStart};
pub use part::{Citation, NativeTool, Part, PartBody, Phase, ToolCall, ToolKind};
pub use reasoning::{Effort, ReasoningSettings, Shown, ThinkingMode};
pub use request::{CacheLifetime, OutputFormat, Request, RequestTier, Sampling};
pub use tool::{ServerTool, ToolChoice, ToolDefinition, ToolDefinitionKind};
pub use turn::{
    CallKind, Document, Extra, MadeBy, PartOfTurn, PastCall, Proof, Reasoning, Role, Source, ToolResult,
    Turn, TurnPart,
};
pub use wording::Wording;

use std::borrow::Cow;
use tollgate_base::Usage;

/// One whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The upstream's id of the answer; empty if it gave none.
    pub id: Cow<'a, str>,
    /// The model as the upstream named it; what the caller reads is its own name for it.
    pub model: Cow<'a, str>,
    /// When the upstream says it was made, in Unix seconds.
    pub created_at_s: Option<i64>,
    /// What was said, in order.
    pub parts: Vec<Part<'a>>,
    /// How it ended.
    pub finish: Finish<'a>,
}

/// How an answer ended, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Finish<'a> {
    /// Why generation stopped.
    pub stop: StopReason,
    /// The stop sequence that was met, if the protocol says which.
    pub stop_sequence: Option<Cow<'a, str>>,
    /// Set when the model or a filter refused.
    pub refusal: Option<RefusalDetails<'a>>,
    /// What was consumed, as far as the upstream said.
    pub usage: Usage,
    /// The tier that served the request.
    pub service_tier: Option<ServiceTier>,
}

/// Why generation stopped. The comments name the wire words that mean it; Responses says `completed` where they name none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum StopReason {
    /// The model was done. Messages `end_turn`, Chat `stop`, Responses `completed`.
    #[default]
    EndTurn,
    /// A stop sequence was met. Messages `stop_sequence`; Chat says `stop`.
    StopSequence,
    /// The limit of output tokens was met. Messages `max_tokens`, Chat `length`, Responses `incomplete`.
    MaxTokens,
    /// The context window was full. Messages `model_context_window_exceeded`; the others say as above.
    ContextWindow,
    /// The caller is to run tools. Messages `tool_use`, Chat `tool_calls`.
    ToolUse,
    /// A long turn of server tools was paused and is to be resumed. Messages `pause_turn`; Chat says `stop`.
    PauseTurn,
    /// The model or a filter refused. Messages `refusal`, Chat and Responses `content_filter`.
    Refusal,
}

/// What is known about a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefusalDetails<'a> {
    /// The provider's policy category, e.g. `cyber`.
    pub category: Option<Cow<'a, str>>,
    /// Words for the reader.
    pub explanation: Option<Cow<'a, str>>,
}

impl RefusalDetails<'_> {
    /// The same, owning its strings.
    #[must_use]
    pub fn into_owned(self) -> RefusalDetails<'static> {
        RefusalDetails {
            category: self.category.map(|text| Cow::Owned(text.into_owned())),
            explanation: self.explanation.map(|text| Cow::Owned(text.into_owned())),
        }
    }
}

/// The tier that served a request, where two protocols have a word for the same thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceTier {
    /// Messages `standard`, Chat and Responses `default`.
    Standard,
    /// `priority` everywhere.
    Priority,
    /// Messages `batch`.
    Batch,
    /// Chat and Responses `flex`.
    Flex,
}
