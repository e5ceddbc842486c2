//! The intermediate representation into a Chat stream.
//!
//! Chat's chunks name no part, so parts may overlap. The finish chunk waits for the true end of the upstream's stream:
//! once it is out, clients take the answer for whole.

use super::chunk::{CallOut, ChoiceOut, ChunkOut, DeltaOut};
use super::encode::{AnnotationOut, call_id};
use super::join::Joiner;
use super::usage::UsageOut;
use super::{completion_id, stop};
use crate::answer::AnswerContext;
use crate::error::TranslateError;
use crate::frame::FrameWriter;
use crate::ir::{
    Citation, Delta, Finish, PartId, PartStart, ServiceTier, StreamEvent, StreamStart, ToolKind,
};
use crate::notes::Notes;

/// Writes one stream.
#[derive(Debug)]
pub(crate) struct StreamEncoder {
    frames: FrameWriter,
    id: String,
    model: String,
    request_id: String,
    created: i64,
    include_usage: bool,
    service_tier: Option<ServiceTier>,
    open: Vec<(PartId, Open)>,
    next_call: u32,
    content: Joiner,
    content_chars: u64,
    reasoning: Joiner,
    refused: bool,
    notes: Notes,
}

/// An open part.
#[derive(Debug)]
enum Open {
    Text {
        start: u64,
        citations: Vec<Citation<'static>>,
    },
    Reasoning,
    Refusal,
    Call {
        index: u32,
        kind: ToolKind,
        has_arguments: bool,
    },
    /// Chat has no word for it.
    LeftOut,
}

impl StreamEncoder {
    pub(crate) fn new(ctx: &AnswerContext) -> Self {
        Self {
            frames: FrameWriter::default(),
            id: String::new(),
            model: ctx.model.clone(),
            request_id: ctx.request_id.clone(),
            created: ctx.created_at_s,
            include_usage: ctx.include_usage,
            service_tier: None,
            open: Vec::new(),
            next_call: 0,
            content: Joiner::default(),
            content_chars: 0,
            reasoning: Joiner::default(),
            refused: false,
            notes: Notes::default(),
        }
    }

    /// Appends what `event` says to `out`.
    pub(crate) fn event(&mut self, event: StreamEvent<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        match event {
            StreamEvent::Start(start) => self.start(&start, out),
            StreamEvent::PartStart { part, item_id, start, .. } => {
                match start {
                    PartStart::Text => self.content.begin(item_id.as_deref()),
                    _ => self.content.break_off(),
                }
                self.part_start(part, &start, out)
            }
            StreamEvent::Delta { part, delta } => self.part_delta(part, delta, out),
            StreamEvent::PartEnd { part } => self.part_end(part, out),
            StreamEvent::Ping => {
                // A `ping` event breaks Chat clients; every one of them skips a comment.
                tollgate_sse::write_comment(out, "ping");
                Ok(())
            }
            StreamEvent::Finish(finish) => self.finish(&finish, out),
        }
    }

    /// What Chat could not say.
    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The id the stream shows; empty until it starts.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    fn chunk(
        &mut self,
        choices: &[ChoiceOut<'_>],
        usage: Option<UsageOut>,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let chunk = ChunkOut {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.created,
            model: &self.model,
            choices,
            service_tier: self.service_tier.and_then(stop::tier_word),
            usage: self.include_usage.then_some(usage),
        };
        self.frames.write(None, &chunk, out)
    }

    fn delta(&mut self, delta: DeltaOut<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        self.chunk(&[ChoiceOut { index: 0, delta, finish_reason: None }], None, out)
    }

    fn call(&mut self, call: CallOut<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        self.delta(DeltaOut { tool_calls: Some([call]), ..DeltaOut::default() }, out)
    }

    fn start(&mut self, start: &StreamStart<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        self.id = completion_id(&start.id, &self.request_id);
        self.service_tier = start.service_tier;
        self.delta(DeltaOut { role: Some("assistant"), content: Some(""), ..DeltaOut::default() }, out)
    }

    fn part_start(
        &mut self,
        part: PartId,
        start: &PartStart<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let open = match start {
            PartStart::Text => Open::Text { start: self.content_chars, citations: Vec::new() },
            PartStart::Reasoning => {
                self.reasoning.break_off();
                Open::Reasoning
            }
            PartStart::Refusal => Open::Refusal,
            PartStart::ToolCall { id, name, namespace, kind } => {
                if namespace.is_some() {
                    self.notes.add("namespace");
                }
                let index = self.next_call;
                self.next_call += 1;
                let id = call_id(id, index as usize, &self.request_id);
                let wire_kind = match kind {
                    ToolKind::Function | ToolKind::Native(_) => "function",
                    ToolKind::Custom => "custom",
                };
                let first = CallOut::piece(index, *kind, Some(name), "");
                self.call(CallOut { id: Some(&id), kind: Some(wire_kind), ..first }, out)?;
                Open::Call { index, kind: *kind, has_arguments: false }
            }
            PartStart::Redacted { .. } => self.leave_out("redacted_thinking"),
            PartStart::ServerToolCall { .. } => self.leave_out("server_tool_use"),
            PartStart::ServerToolResult { .. } => self.leave_out("server_tool_result"),
            PartStart::Other { kind, .. } => {
                self.notes.add_block(kind);
                Open::LeftOut
            }
        };
        self.open.push((part, open));
        Ok(())
    }

    fn leave_out(&mut self, name: &'static str) -> Open {
        self.notes.add(name);
        Open::LeftOut
    }

    fn part_delta(
        &mut self,
        part: PartId,
        delta: Delta<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let Some((_, open)) = self.open.iter_mut().find(|(id, _)| *id == part) else {
            return Ok(());
        };
        match (open, delta) {
            (_, Delta::Text(text) | Delta::Raw(text) | Delta::Arguments(text)) if text.is_empty() => Ok(()),
            (Open::Text { .. }, Delta::Text(text)) => self.text(part, &text, out),
            (Open::Text { citations, .. }, Delta::Citation(citation)) => {
                citations.push(citation.into_owned());
                Ok(())
            }
            (Open::Reasoning, Delta::Break) => {
                self.reasoning.break_off();
                Ok(())
            }
            (Open::Reasoning, Delta::Text(text) | Delta::Raw(text)) => {
                let text = joined(self.reasoning.separator(), &text);
                self.delta(DeltaOut { reasoning_content: Some(&text), ..DeltaOut::default() }, out)
            }
            (Open::Reasoning, Delta::Signature(signature)) => {
                if !signature.is_empty() {
                    self.notes.add("thinking.signature");
                }
                Ok(())
            }
            (Open::Reasoning, Delta::Encrypted(_)) => {
                self.notes.add("encrypted_content");
                Ok(())
            }
            (Open::Refusal, Delta::Text(text)) => {
                self.refused = true;
                self.delta(DeltaOut { refusal: Some(&text), ..DeltaOut::default() }, out)
            }
            (Open::Call { index, kind, has_arguments }, Delta::Arguments(text)) => {
                *has_arguments = true;
                let piece = CallOut::piece(*index, *kind, None, &text);
                self.call(piece, out)
            }
            // What belongs to a part that is left out, or a delta of another kind than its part.
            _ => Ok(()),
        }
    }

    fn text(&mut self, part: PartId, text: &str, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let separator = self.content.separator();
        if !separator.is_empty() {
            self.content_chars += separator.len() as u64;
            // Citations point at the part, not at the break before it.
            let before = self.content_chars;
            if let Some((_, Open::Text { start, .. })) = self.open.iter_mut().find(|(id, _)| *id == part) {
                *start = before;
            }
        }
        self.content_chars += text.chars().count() as u64;
        let text = joined(separator, text);
        self.delta(DeltaOut { content: Some(&text), ..DeltaOut::default() }, out)
    }

    fn part_end(&mut self, part: PartId, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let Some(at) = self.open.iter().position(|(id, _)| *id == part) else {
            return Ok(());
        };
        let (_, open) = self.open.remove(at);
        match open {
            Open::Call { index, kind: ToolKind::Function | ToolKind::Native(_), has_arguments: false } => {
                self.call(CallOut::piece(index, ToolKind::Function, None, "{}"), out)
            }
            Open::Text { start, citations } if !citations.is_empty() => {
                self.annotations(start, &citations, out)
            }
            _ => Ok(()),
        }
    }

    fn annotations(
        &mut self,
        start: u64,
        citations: &[Citation<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let end = self.content_chars;
        let annotations: Vec<_> =
            citations.iter().filter_map(|citation| AnnotationOut::new(citation, start, end)).collect();
        if annotations.len() < citations.len() {
            self.notes.add("citations");
        }
        if annotations.is_empty() {
            return Ok(());
        }
        self.delta(DeltaOut { annotations: &annotations, ..DeltaOut::default() }, out)
    }

    fn finish(&mut self, finish: &Finish<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        if finish.stop_sequence.is_some() {
            self.notes.add("stop_sequence");
        }
        if let Some(refusal) = &finish.refusal {
            if refusal.category.is_some() {
                self.notes.add("stop_details.category");
            }
            if let (Some(words), false) = (&refusal.explanation, self.refused) {
                self.delta(DeltaOut { refusal: Some(words), ..DeltaOut::default() }, out)?;
            }
        }
        let last =
            ChoiceOut { index: 0, delta: DeltaOut::default(), finish_reason: Some(stop::word(finish.stop)) };
        self.chunk(&[last], None, out)?;
        if self.include_usage {
            self.chunk(&[], Some(UsageOut::from(&finish.usage)), out)?;
        }
        tollgate_sse::write_event(out, None, b"[DONE]");
        Ok(())
    }
}

fn joined<'a>(separator: &str, text: &'a str) -> std::borrow::Cow<'a, str> {
    if separator.is_empty() { text.into() } else { format!("{separator}{text}").into() }
}
