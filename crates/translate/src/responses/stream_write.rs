//! Writes the events inside an item: what its parts say, and that they begin and end.

use super::event::{EventOut, PartOut};
use super::hosted;
use super::item::{Body, Content, Item, RawReasoningOut, SummaryOut};
use crate::error::TranslateError;
use crate::frame::FrameWriter;
use crate::ir::ToolKind;
use serde_json::value::RawValue;

/// How many bytes of text are held for the events that repeat it; an answer that needs more is refused.
const HELD_LIMIT_BYTES: usize = 32 << 20;

/// Writes numbered events.
#[derive(Debug, Default)]
pub(super) struct Writer {
    frames: FrameWriter,
    next_sequence: u64,
    held_bytes: usize,
}

impl Writer {
    /// The number of the next event.
    pub(super) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// The data of the event that was written last.
    pub(super) fn last_event(&self) -> &[u8] {
        self.frames.last()
    }

    /// Counts text that is held until the end of the stream.
    pub(super) fn hold(&mut self, bytes: usize) -> Result<(), TranslateError> {
        self.held_bytes = self.held_bytes.saturating_add(bytes);
        if self.held_bytes > HELD_LIMIT_BYTES {
            return Err(TranslateError::TooMuchHeld { limit: HELD_LIMIT_BYTES, unit: "bytes" });
        }
        Ok(())
    }

    /// Writes one event.
    pub(super) fn event(
        &mut self,
        kind: &'static str,
        event: EventOut<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let event = EventOut { kind, sequence_number: self.next_sequence, ..event };
        self.frames.write(Some(kind), &event, out)?;
        self.next_sequence += 1;
        Ok(())
    }

    /// Writes that an item begins or ends.
    pub(super) fn item(
        &mut self,
        kind: &'static str,
        output_index: usize,
        item: &RawValue,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let event = EventOut { output_index: Some(output_index), item: Some(item), ..EventOut::default() };
        self.event(kind, event, out)
    }

    /// Writes that a part of a message begins.
    pub(super) fn content_added(
        &mut self,
        place: EventOut<'_>,
        is_refusal: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let empty = Content::new(is_refusal);
        let event = EventOut { part: Some(PartOut::Content(empty.out())), ..place };
        self.event("response.content_part.added", event, out)
    }

    /// Writes more of a part of a message.
    pub(super) fn content_delta(
        &mut self,
        place: EventOut<'_>,
        is_refusal: bool,
        text: &str,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let event = EventOut { delta: Some(text), ..place };
        if is_refusal {
            return self.event("response.refusal.delta", event, out);
        }
        self.event("response.output_text.delta", EventOut { logprobs: Some([]), ..event }, out)
    }

    /// Writes that a part of a message ends.
    pub(super) fn content_done(
        &mut self,
        item: &Item,
        output_index: usize,
        content_index: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let Body::Message { contents, .. } = &item.body else { return Ok(()) };
        let Some(content) = contents.get(content_index) else { return Ok(()) };
        let place = || content_place(item, output_index, content_index);
        for (index, annotation) in content.annotations.iter().enumerate() {
            let event = EventOut { annotation_index: Some(index), annotation: Some(annotation), ..place() };
            self.event("response.output_text.annotation.added", event, out)?;
        }
        if content.is_refusal {
            let event = EventOut { refusal: Some(&content.text), ..place() };
            self.event("response.refusal.done", event, out)?;
        } else {
            let event = EventOut { text: Some(&content.text), logprobs: Some([]), ..place() };
            self.event("response.output_text.done", event, out)?;
        }
        let event = EventOut { part: Some(PartOut::Content(content.out())), ..place() };
        self.event("response.content_part.done", event, out)
    }

    /// Writes that the next paragraph of raw reasoning begins.
    pub(super) fn raw_added(
        &mut self,
        item: &Item,
        output_index: usize,
        content_index: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let part = Some(PartOut::Raw(RawReasoningOut::ReasoningText { text: "" }));
        let event = EventOut { part, ..content_place(item, output_index, content_index) };
        self.event("response.content_part.added", event, out)
    }

    /// Writes that the next part of a summary begins.
    pub(super) fn summary_added(
        &mut self,
        item: &Item,
        output_index: usize,
        summary_index: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let part = Some(PartOut::Summary(SummaryOut::SummaryText { text: "" }));
        let event = EventOut { part, ..summary_place(item, output_index, summary_index) };
        self.event("response.reasoning_summary_part.added", event, out)
    }

    /// Writes that the last paragraph of an item of reasoning ends.
    pub(super) fn paragraph_done(
        &mut self,
        item: &Item,
        output_index: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let Body::Reasoning { summary, content, .. } = &item.body else { return Ok(()) };
        if let Some(text) = content.last() {
            let place = || content_place(item, output_index, content.len() - 1);
            self.event("response.reasoning_text.done", EventOut { text: Some(text), ..place() }, out)?;
            let part = Some(PartOut::Raw(RawReasoningOut::ReasoningText { text }));
            return self.event("response.content_part.done", EventOut { part, ..place() }, out);
        }
        let Some(text) = summary.last() else { return Ok(()) };
        let place = || summary_place(item, output_index, summary.len() - 1);
        let event = EventOut { text: Some(text), ..place() };
        self.event("response.reasoning_summary_text.done", event, out)?;
        let part = Some(PartOut::Summary(SummaryOut::SummaryText { text }));
        self.event("response.reasoning_summary_part.done", EventOut { part, ..place() }, out)
    }

    /// Writes more of a call's arguments.
    pub(super) fn arguments_delta(
        &mut self,
        item: &Item,
        output_index: usize,
        text: &str,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let Body::Call { kind, .. } = &item.body else { return Ok(()) };
        let event = EventOut { delta: Some(text), ..item_place(item, output_index) };
        let kind = match kind {
            ToolKind::Custom => "response.custom_tool_call_input.delta",
            ToolKind::Function => "response.function_call_arguments.delta",
            ToolKind::Native(_) => return Ok(()),
        };
        self.event(kind, event, out)
    }

    /// Writes what is streamed of an item that came whole.
    pub(super) fn hosted_input(
        &mut self,
        item: &Item,
        output_index: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let Body::Raw(raw) = &item.body else { return Ok(()) };
        let Some((streamed, text)) = hosted::streamed(raw) else { return Ok(()) };
        let place = item_place(item, output_index);
        self.event(streamed.delta, EventOut { delta: Some(&text), ..place }, out)?;
        let done = match streamed.member {
            "code" => EventOut { code: Some(&text), ..place },
            _ => EventOut { arguments: Some(&text), ..place },
        };
        self.event(streamed.done, done, out)
    }

    /// Writes that a call's arguments are complete.
    pub(super) fn arguments_done(
        &mut self,
        item: &Item,
        output_index: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let Body::Call { kind, arguments, .. } = &item.body else { return Ok(()) };
        let place = item_place(item, output_index);
        match kind {
            ToolKind::Custom => {
                let event = EventOut { input: Some(arguments), ..place };
                self.event("response.custom_tool_call_input.done", event, out)
            }
            ToolKind::Function => {
                let event = EventOut { arguments: Some(arguments), ..place };
                self.event("response.function_call_arguments.done", event, out)
            }
            ToolKind::Native(_) => Ok(()),
        }
    }
}

/// Names an item.
pub(super) fn item_place(item: &Item, output_index: usize) -> EventOut<'_> {
    EventOut { item_id: Some(&item.id), output_index: Some(output_index), ..EventOut::default() }
}

/// Names a part of a message, or a paragraph of raw reasoning.
pub(super) fn content_place(item: &Item, output_index: usize, content_index: usize) -> EventOut<'_> {
    EventOut { content_index: Some(content_index), ..item_place(item, output_index) }
}

/// Names a part of a summary.
pub(super) fn summary_place(item: &Item, output_index: usize, summary_index: usize) -> EventOut<'_> {
    EventOut { summary_index: Some(summary_index), ..item_place(item, output_index) }
}
