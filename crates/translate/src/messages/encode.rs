//! The intermediate representation into a whole Messages answer.

use super::citation::CitationOut;
use super::message_id;
use super::stop;
use super::usage::UsageOut;
use crate::answer::AnswerContext;
use crate::calls;
use crate::error::TranslateError;
use crate::ir::{Answer, Citation, Part, PartBody, RefusalDetails, ToolCall, ToolKind};
use crate::json::{to_object, wrap_text};
use crate::notes::Notes;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Serialize)]
struct MessageOut<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<BlockOut<'a>>,
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_details: Option<StopDetailsOut<'a>>,
    usage: UsageOut,
}

#[derive(Serialize)]
#[serde(untagged)]
enum BlockOut<'a> {
    Known(KnownOut<'a>),
    /// What a tool run by the provider gave: its type is one of many.
    Result(ResultOut<'a>),
    /// As it came.
    Raw(Box<RawValue>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum KnownOut<'a> {
    Text {
        text: &'a str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        citations: Vec<CitationOut<'a>>,
    },
    Thinking {
        thinking: Cow<'a, str>,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Box<RawValue>,
    },
    ServerToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Box<RawValue>,
    },
}

/// The result of a tool run by the provider, as written.
#[derive(Serialize)]
pub(super) struct ResultOut<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    tool_use_id: Cow<'a, str>,
    content: Box<RawValue>,
}

impl<'a> ResultOut<'a> {
    pub(super) fn new(kind: &'a str, call_id: &'a str, content: &str) -> Result<Self, TranslateError> {
        let content = RawValue::from_string(content.to_owned()).map_err(TranslateError::Encode)?;
        Ok(Self { kind, tool_use_id: calls::plain(call_id), content })
    }
}

/// The name of the one server tool that protocols share.
pub(crate) const WEB_SEARCH: &str = "web_search";
/// The type of the block with what it found.
pub(crate) const WEB_SEARCH_RESULT: &str = "web_search_tool_result";

/// `stop_details` as written.
#[derive(Serialize)]
pub(super) struct StopDetailsOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    category: Option<&'a str>,
    explanation: Option<&'a str>,
}

impl<'a> From<&'a RefusalDetails<'_>> for StopDetailsOut<'a> {
    fn from(refusal: &'a RefusalDetails<'_>) -> Self {
        Self {
            kind: "refusal",
            category: refusal.category.as_deref(),
            explanation: refusal.explanation.as_deref(),
        }
    }
}

/// Encodes a whole answer. What Messages cannot say goes into `notes`. `is_own`: it comes from Messages.
pub(crate) fn encode(
    answer: &Answer<'_>,
    is_own: bool,
    ctx: &AnswerContext,
    notes: &mut Notes,
) -> Result<Vec<u8>, TranslateError> {
    let mut blocks = Blocks { ctx, is_own, searched: false, notes, written: Vec::new() };
    for part in &answer.parts {
        blocks.add(part)?;
    }
    let content = blocks.written;
    let finish = &answer.finish;
    let message = MessageOut {
        id: message_id(&answer.id, &ctx.request_id),
        kind: "message",
        role: "assistant",
        model: &ctx.model,
        content,
        stop_reason: stop::word(finish.stop),
        stop_sequence: finish.stop_sequence.as_deref(),
        stop_details: finish.refusal.as_ref().map(StopDetailsOut::from),
        usage: UsageOut::new(&finish.usage, finish.service_tier),
    };
    serde_json::to_vec(&message).map_err(TranslateError::Encode)
}

/// The blocks of an answer.
struct Blocks<'a, 'n> {
    ctx: &'n AnswerContext,
    is_own: bool,
    /// The answer has a web search.
    searched: bool,
    notes: &'n mut Notes,
    written: Vec<BlockOut<'a>>,
}

impl<'a> Blocks<'a, '_> {
    fn add(&mut self, part: &'a Part<'_>) -> Result<(), TranslateError> {
        let known = match &part.body {
            PartBody::Text { text, citations } => {
                KnownOut::Text { text, citations: self.citations(citations) }
            }
            PartBody::Refusal { text } => KnownOut::Text { text, citations: Vec::new() },
            PartBody::Reasoning { text, signature, encrypted, .. } => {
                if encrypted.is_some() {
                    self.notes.add("encrypted_content");
                }
                KnownOut::Thinking {
                    thinking: joined(text),
                    signature: signature.as_deref().unwrap_or_default(),
                }
            }
            PartBody::Redacted { data } => KnownOut::RedactedThinking { data },
            PartBody::ToolCall(call) => self.tool_use(call)?,
            PartBody::ServerToolCall { id, name, input } if self.is_own || name == WEB_SEARCH => {
                self.searched |= name == WEB_SEARCH;
                let id = call_id(id, self.written.len(), &self.ctx.request_id);
                KnownOut::ServerToolUse { id, name, input: to_object(input).map_err(TranslateError::Encode)? }
            }
            PartBody::ServerToolResult { call_id, kind, content }
                if !call_id.is_empty() && (self.is_own || kind == WEB_SEARCH_RESULT) =>
            {
                self.written.push(BlockOut::Result(ResultOut::new(kind, call_id, content)?));
                return Ok(());
            }
            PartBody::ServerToolCall { .. } => return self.leave_out("server_tool_call"),
            PartBody::ServerToolResult { .. } => return self.leave_out("server_tool_result"),
            PartBody::Other { json, .. } if self.is_own && !json.is_empty() => {
                let json = json.clone().into_owned();
                let raw = RawValue::from_string(json).map_err(TranslateError::Encode)?;
                self.written.push(BlockOut::Raw(raw));
                return Ok(());
            }
            PartBody::Other { kind, .. } => {
                self.notes.add_block(kind);
                return Ok(());
            }
        };
        self.written.push(BlockOut::Known(known));
        Ok(())
    }

    fn leave_out(&mut self, name: &'static str) -> Result<(), TranslateError> {
        self.notes.add(name);
        Ok(())
    }

    fn citations(&mut self, citations: &'a [Citation<'_>]) -> Vec<CitationOut<'a>> {
        let written: Vec<_> = citations
            .iter()
            .filter_map(|citation| CitationOut::new(citation, self.is_own, self.searched))
            .collect();
        if written.len() < citations.len() {
            self.notes.add("annotations");
        }
        written
    }

    fn tool_use(&mut self, call: &'a ToolCall<'_>) -> Result<KnownOut<'a>, TranslateError> {
        if call.namespace.is_some() {
            self.notes.add("namespace");
        }
        let input = match call.kind {
            ToolKind::Custom => wrap_text(&call.arguments),
            ToolKind::Function | ToolKind::Native(_) => to_object(&call.arguments),
        };
        Ok(KnownOut::ToolUse {
            id: call_id(&call.id, self.written.len(), &self.ctx.request_id),
            name: &call.name,
            input: input.map_err(TranslateError::Encode)?,
        })
    }
}

/// Paragraphs as one text.
fn joined<'a>(paragraphs: &'a [Cow<'_, str>]) -> Cow<'a, str> {
    match paragraphs {
        [only] => Cow::Borrowed(only),
        several => Cow::Owned(several.join("\n\n")),
    }
}

/// The call's own id in characters that are taken back, or one made for it: a result names its call, so every call
/// needs one.
pub(super) fn call_id<'a>(id: &'a str, index: usize, request_id: &str) -> Cow<'a, str> {
    if id.is_empty() {
        return Cow::Owned(format!("toolu_{request_id}_{index}"));
    }
    calls::plain(id)
}
