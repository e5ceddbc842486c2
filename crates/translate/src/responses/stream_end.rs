//! The ends of the parts of a stream, and of the items that end with them.

use super::item::Body;
use super::stream_encode::{State, StreamEncoder};
use super::stream_parts::Place;
use crate::error::TranslateError;
use crate::ir::{Citation, PartId, ToolKind};

impl StreamEncoder {
    pub(super) fn part_end(&mut self, part: PartId, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let Some(at) = self.open.iter().position(|(id, _)| *id == part) else { return Ok(()) };
        let (_, place) = self.open.remove(at);
        let at = match place {
            // A search is complete with what it found.
            Place::LeftOut | Place::Search { .. } => return Ok(()),
            Place::Content { item, content, citations } => {
                self.content_end(item, content, &citations, out)?;
                item
            }
            Place::Reasoning { item: at, .. } => {
                if let Some(State::Live(item)) = self.items.get(at) {
                    self.writer.paragraph_done(item, at, out)?;
                }
                at
            }
            Place::Call { item } => {
                self.call_end(item, out)?;
                item
            }
            Place::Whole { upstream_id, body } => {
                let at = self.item_start(upstream_id.as_deref(), body, out)?;
                if let Some(State::Live(item)) = self.items.get(at) {
                    self.writer.hosted_input(item, at, out)?;
                }
                at
            }
        };
        // Only the last item can be continued or cut.
        if at + 1 < self.items.len() {
            return self.close(at, false, false, out);
        }
        self.resting = Some(at);
        Ok(())
    }

    pub(super) fn content_end(
        &mut self,
        at: usize,
        content: usize,
        citations: &[Citation<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let Some(State::Live(item)) = self.items.get_mut(at) else { return Ok(()) };
        if let Body::Message { contents, .. } = &mut item.body
            && let Some(held) = contents.get_mut(content)
        {
            for citation in citations {
                held.cite(citation, self.is_own, &mut self.notes);
            }
        }
        self.writer.content_done(item, at, content, out)
    }

    fn call_end(&mut self, at: usize, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let Some(State::Live(item)) = self.items.get_mut(at) else { return Ok(()) };
        if let Body::Call { kind: ToolKind::Function, arguments, .. } = &mut item.body
            && arguments.is_empty()
        {
            arguments.push_str("{}");
            self.writer.arguments_delta(item, at, "{}", out)?;
        }
        self.writer.arguments_done(item, at, out)
    }
}
