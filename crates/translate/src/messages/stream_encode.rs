//! The intermediate representation into a Messages stream.

use super::citation::CitationOut;
use super::encode::{ResultOut, StopDetailsOut, WEB_SEARCH, WEB_SEARCH_RESULT, call_id};
use super::event::{
    BlockStartOut, DeltaOut, Empty, EmptyBlockOut, EventOut, MessageDeltaOut, MessageStartOut,
};
use super::usage::UsageOut;
use super::{message_id, stop};
use crate::answer::AnswerContext;
use crate::error::TranslateError;
use crate::frame::FrameWriter;
use crate::ir::{Delta, Finish, PartStart, StreamEvent, StreamStart, ToolKind};
use crate::notes::Notes;
use crate::sequence::Sequencer;
use serde_json::value::RawValue;
use tollgate_base::Usage;

/// Writes one stream.
#[derive(Debug)]
pub(crate) struct StreamEncoder {
    sequencer: Sequencer,
    writer: Writer,
}

/// Writes events whose parts come one behind the other.
#[derive(Debug)]
struct Writer {
    frames: FrameWriter,
    /// The stream comes from Messages.
    is_own: bool,
    model: String,
    request_id: String,
    /// What is shown of the prompt's size until the upstream tells it.
    estimated_input_tokens: u64,
    /// The id the stream shows; empty until it starts.
    id: String,
    /// The answer has a web search.
    searched: bool,
    next_index: u32,
    open: Open,
    /// Of the open thinking block: it is written last, since clients take what comes behind it for unsigned.
    signature: String,
    notes: Notes,
}

/// The block that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// None, or one that Messages cannot say.
    Nothing,
    Text,
    Thinking,
    /// No deltas belong to it.
    Whole,
    ToolUse,
    /// A custom tool's text, wrapped into `{"input": "…"}`.
    CustomToolUse,
}

impl StreamEncoder {
    /// An encoder at the start of a stream. `is_own`: the stream comes from Messages.
    pub(crate) fn new(ctx: &AnswerContext, is_own: bool) -> Self {
        let writer = Writer {
            frames: FrameWriter::default(),
            is_own,
            estimated_input_tokens: ctx.estimated_input_tokens.unwrap_or_default(),
            id: String::new(),
            searched: false,
            model: ctx.model.clone(),
            request_id: ctx.request_id.clone(),
            next_index: 0,
            open: Open::Nothing,
            signature: String::new(),
            notes: Notes::default(),
        };
        Self { sequencer: Sequencer::default(), writer }
    }

    /// Appends what `event` says to `out`.
    pub(crate) fn event(&mut self, event: StreamEvent<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let Self { sequencer, writer } = self;
        sequencer.event(event, &mut |event| writer.event(event, out))
    }

    /// What Messages could not say.
    pub(crate) fn notes(&self) -> &Notes {
        &self.writer.notes
    }

    /// The id the stream shows; empty until it starts.
    pub(crate) fn id(&self) -> &str {
        &self.writer.id
    }

    /// Writes a keep-alive.
    pub(crate) fn keepalive(&mut self, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        self.writer.write(&EventOut::Ping, out)
    }
}

impl Writer {
    fn event(&mut self, event: StreamEvent<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        match event {
            StreamEvent::Start(start) => self.start(&start, out),
            StreamEvent::PartStart { start, .. } => self.part_start(&start, out),
            StreamEvent::Delta { delta, .. } => self.delta(&delta, out),
            StreamEvent::PartEnd { .. } => self.part_end(out),
            StreamEvent::Ping => self.write(&EventOut::Ping, out),
            StreamEvent::Finish(finish) => self.finish(&finish, out),
        }
    }

    fn write(&mut self, event: &EventOut<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        self.frames.write(Some(event.name()), event, out)
    }

    fn start(&mut self, start: &StreamStart<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        self.id = message_id(&start.id, &self.request_id);
        let mut usage = prompt_only(&start.usage);
        if usage.is_empty() {
            usage.input_tokens = self.estimated_input_tokens;
        }
        let message = EventOut::MessageStart {
            message: MessageStartOut {
                id: &self.id,
                kind: "message",
                role: "assistant",
                model: &self.model,
                content: [],
                stop_reason: None,
                stop_sequence: None,
                usage: UsageOut::new(&usage, start.service_tier),
            },
        };
        self.frames.write(Some(message.name()), &message, out)
    }

    fn part_start(&mut self, start: &PartStart<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let made_id;
        let (open, block) = match start {
            PartStart::Text | PartStart::Refusal => (Open::Text, EmptyBlockOut::Text { text: "" }),
            PartStart::Reasoning => (Open::Thinking, EmptyBlockOut::Thinking { thinking: "", signature: "" }),
            PartStart::Redacted { data } => (Open::Whole, EmptyBlockOut::RedactedThinking { data }),
            PartStart::ToolCall { id, name, namespace, kind } => {
                if namespace.is_some() {
                    self.notes.add("namespace");
                }
                made_id = call_id(id, self.next_index as usize, &self.request_id);
                let open = match kind {
                    ToolKind::Function | ToolKind::Native(_) => Open::ToolUse,
                    ToolKind::Custom => Open::CustomToolUse,
                };
                (open, EmptyBlockOut::ToolUse { id: &made_id, name, input: Empty {} })
            }
            PartStart::ServerToolCall { id, name } if self.is_own || name == WEB_SEARCH => {
                self.searched |= name == WEB_SEARCH;
                made_id = call_id(id, self.next_index as usize, &self.request_id);
                (Open::ToolUse, EmptyBlockOut::ServerToolUse { id: &made_id, name, input: Empty {} })
            }
            PartStart::ServerToolResult { call_id, kind, content }
                if !call_id.is_empty() && (self.is_own || kind == WEB_SEARCH_RESULT) =>
            {
                let result = ResultOut::new(kind, call_id, content)?;
                return self.block_start(Open::Whole, BlockStartOut::Result(result), out);
            }
            PartStart::ServerToolCall { .. } => return self.leave_out("server_tool_call"),
            PartStart::ServerToolResult { .. } => return self.leave_out("server_tool_result"),
            PartStart::Other { kind, json } if self.is_own && !json.is_empty() => {
                let json = json.clone().into_owned();
                let raw = RawValue::from_string(json).map_err(TranslateError::Encode)?;
                // Other blocks that are not known come whole; a delta of theirs would not be known either.
                let open = if kind.ends_with("tool_use") { Open::ToolUse } else { Open::Whole };
                return self.block_start(open, BlockStartOut::Raw(raw), out);
            }
            PartStart::Other { kind, .. } => {
                self.notes.add_block(kind);
                self.open = Open::Nothing;
                return Ok(());
            }
        };
        self.block_start(open, BlockStartOut::Empty(block), out)?;
        if open == Open::CustomToolUse {
            return self.block_delta(DeltaOut::InputJsonDelta { partial_json: "{\"input\":\"" }, out);
        }
        Ok(())
    }

    fn block_start(
        &mut self,
        open: Open,
        content_block: BlockStartOut<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        self.open = open;
        let event = EventOut::ContentBlockStart { index: self.next_index, content_block };
        self.frames.write(Some(event.name()), &event, out)
    }

    fn leave_out(&mut self, name: &'static str) -> Result<(), TranslateError> {
        self.notes.add(name);
        self.open = Open::Nothing;
        Ok(())
    }

    fn block_delta(&mut self, delta: DeltaOut<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        self.write(&EventOut::ContentBlockDelta { index: self.next_index, delta }, out)
    }

    fn delta(&mut self, delta: &Delta<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        match (self.open, delta) {
            (Open::Nothing | Open::Whole, _) => Ok(()),
            (Open::Text, Delta::Citation(citation)) => {
                match CitationOut::new(citation, self.is_own, self.searched) {
                    Some(citation) => self.block_delta(DeltaOut::CitationsDelta { citation }, out),
                    None => {
                        self.notes.add("annotations");
                        Ok(())
                    }
                }
            }
            (_, Delta::Encrypted(_)) => {
                self.notes.add("encrypted_content");
                Ok(())
            }
            (_, Delta::Text(text) | Delta::Raw(text) | Delta::Arguments(text)) if text.is_empty() => Ok(()),
            (Open::Thinking, Delta::Break) => {
                self.block_delta(DeltaOut::ThinkingDelta { thinking: "\n\n" }, out)
            }
            (Open::Thinking, Delta::Text(text) | Delta::Raw(text)) => {
                self.block_delta(DeltaOut::ThinkingDelta { thinking: text }, out)
            }
            (Open::Thinking, Delta::Signature(signature)) => {
                signature.as_ref().clone_into(&mut self.signature);
                Ok(())
            }
            (Open::Text, Delta::Text(text)) => self.block_delta(DeltaOut::TextDelta { text }, out),
            (Open::ToolUse, Delta::Arguments(json)) => {
                self.block_delta(DeltaOut::InputJsonDelta { partial_json: json }, out)
            }
            (Open::CustomToolUse, Delta::Arguments(text)) => {
                let quoted = serde_json::to_string(text).map_err(TranslateError::Encode)?;
                let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
                self.block_delta(DeltaOut::InputJsonDelta { partial_json: inner }, out)
            }
            // A delta of another kind than its part: no decoder says that.
            (Open::Text | Open::Thinking | Open::ToolUse | Open::CustomToolUse, _) => Ok(()),
        }
    }

    fn part_end(&mut self, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => return Ok(()),
            // Clients expect a signature before a thinking block stops, even where there is none to give.
            Open::Thinking => {
                let signature = std::mem::take(&mut self.signature);
                self.block_delta(DeltaOut::SignatureDelta { signature: &signature }, out)?;
            }
            Open::CustomToolUse => self.block_delta(DeltaOut::InputJsonDelta { partial_json: "\"}" }, out)?,
            Open::Text | Open::Whole | Open::ToolUse => {}
        }
        let index = self.next_index;
        self.next_index += 1;
        self.write(&EventOut::ContentBlockStop { index }, out)
    }

    fn finish(&mut self, finish: &Finish<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let delta = MessageDeltaOut {
            stop_reason: stop::word(finish.stop),
            stop_sequence: finish.stop_sequence.as_deref(),
            stop_details: finish.refusal.as_ref().map(StopDetailsOut::from),
        };
        let usage = UsageOut::new(&finish.usage, None);
        self.write(&EventOut::MessageDelta { delta, usage }, out)?;
        self.write(&EventOut::MessageStop, out)
    }
}

/// What is known at the start is the prompt; all else is counted at the end.
fn prompt_only(usage: &Usage) -> Usage {
    Usage {
        input_tokens: usage.uncached_tokens(),
        cache_write_5m_tokens: usage.cache_write_5m_tokens,
        cache_write_1h_tokens: usage.cache_write_1h_tokens,
        cache_read_tokens: usage.cache_read_tokens,
        ..Usage::default()
    }
}
