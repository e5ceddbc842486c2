//! What the parts of a stream go on to say, written into their items.

use super::event::EventOut;
use super::item::Body;
use super::stream_encode::{State, StreamEncoder};
use super::stream_parts::Place;
use super::stream_write::{content_place, summary_place};
use crate::error::TranslateError;
use crate::ir::{Delta, PartId};

impl StreamEncoder {
    pub(super) fn part_delta(
        &mut self,
        part: PartId,
        delta: Delta<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        self.writer.hold(delta.len_bytes())?;
        let Some((_, place)) = self.open.iter_mut().find(|(id, _)| *id == part) else { return Ok(()) };
        match (place, delta) {
            (_, Delta::Text(text) | Delta::Raw(text) | Delta::Arguments(text)) if text.is_empty() => Ok(()),
            (Place::Content { citations, .. }, Delta::Citation(citation)) => {
                citations.push(citation.into_owned());
                Ok(())
            }
            (Place::Content { item, content, .. }, Delta::Text(text)) => {
                let (item, content) = (*item, *content);
                self.content_delta(item, content, &text, out)
            }
            (Place::Reasoning { broken, .. }, Delta::Break) => {
                *broken = true;
                Ok(())
            }
            (Place::Reasoning { item, broken }, Delta::Text(text)) => {
                let (at, starts) = (*item, std::mem::take(broken));
                self.reason(at, starts, &text, false, out)
            }
            (Place::Reasoning { item, broken }, Delta::Raw(text)) => {
                let (at, starts) = (*item, std::mem::take(broken));
                self.reason(at, starts, &text, true, out)
            }
            (Place::Reasoning { item, .. }, Delta::Encrypted(data)) => {
                if let Some(Body::Reasoning { encrypted, .. }) = body(&mut self.items, *item) {
                    *encrypted = Some(data.into_owned());
                }
                Ok(())
            }
            (Place::Reasoning { .. }, Delta::Signature(signature)) => {
                if !signature.is_empty() {
                    self.notes.add("thinking.signature");
                }
                Ok(())
            }
            (Place::Call { item }, Delta::Arguments(text)) => {
                let at = *item;
                self.arguments(at, &text, out)
            }
            (Place::Search { item }, Delta::Arguments(text)) => {
                if let Some(Body::Search { input, .. }) = body(&mut self.items, *item) {
                    input.push_str(&text);
                }
                Ok(())
            }
            (Place::Whole { body: Body::Call { arguments, .. }, .. }, Delta::Arguments(text)) => {
                arguments.push_str(&text);
                Ok(())
            }
            // What belongs to a part that is left out, or a delta of another kind than its part.
            _ => Ok(()),
        }
    }

    fn arguments(&mut self, at: usize, text: &str, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let Some(State::Live(item)) = self.items.get_mut(at) else { return Ok(()) };
        if let Body::Call { arguments, .. } = &mut item.body {
            arguments.push_str(text);
        }
        self.writer.arguments_delta(item, at, text, out)
    }

    pub(super) fn content_delta(
        &mut self,
        at: usize,
        content: usize,
        text: &str,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let Some(State::Live(item)) = self.items.get_mut(at) else { return Ok(()) };
        let Body::Message { contents, .. } = &mut item.body else { return Ok(()) };
        let Some(held) = contents.get_mut(content) else { return Ok(()) };
        held.text.push_str(text);
        let is_refusal = held.is_refusal;
        self.spoke |= !is_refusal;
        self.writer.content_delta(content_place(item, at, content), is_refusal, text, out)
    }

    fn reason(
        &mut self,
        at: usize,
        starts: bool,
        text: &str,
        is_raw: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let Some(State::Live(item)) = self.items.get_mut(at) else { return Ok(()) };
        if starts {
            self.writer.paragraph_done(item, at, out)?;
        }
        let Body::Reasoning { summary, content, .. } = &mut item.body else { return Ok(()) };
        let list = if is_raw { content } else { summary };
        if starts {
            list.push(String::new());
        }
        let index = list.len().saturating_sub(1);
        if let Some(paragraph) = list.last_mut() {
            paragraph.push_str(text);
        }
        if is_raw {
            if starts {
                self.writer.raw_added(item, at, index, out)?;
            }
            let event = EventOut { delta: Some(text), ..content_place(item, at, index) };
            return self.writer.event("response.reasoning_text.delta", event, out);
        }
        if starts {
            self.writer.summary_added(item, at, index, out)?;
        }
        let event = EventOut { delta: Some(text), ..summary_place(item, at, index) };
        self.writer.event("response.reasoning_summary_text.delta", event, out)
    }
}

/// What an item that has not ended says.
fn body(items: &mut [State], at: usize) -> Option<&mut Body> {
    match items.get_mut(at)? {
        State::Live(item) => Some(&mut item.body),
        State::Done { .. } => None,
    }
}
