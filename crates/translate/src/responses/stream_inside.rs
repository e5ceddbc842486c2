//! Events of a stream about a part of an item.

use super::annotation;
use super::item_decode::{piece_body, says_anything};
use super::stream_decode::StreamDecoder;
use super::stream_said::{Said, empty_reasoning, in_item, said};
use super::wire::{EventIn, PieceIn, ResponseIn};
use crate::error::TranslateError;
use crate::ir::{Delta, Emit, Part, PartBody};
use crate::json::into_cow;

impl StreamDecoder {
    /// An event about a part of an item.
    pub(super) fn inside(
        &mut self,
        kind: &str,
        event: EventIn<'_>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let id = into_cow(event.item_id.clone());
        let (index, content) = (event.output_index.0, event.content_index.or_zero());
        let Some(what) = said(kind, event) else { return Ok(()) };
        self.start(ResponseIn::default(), emit)?;
        let at = match self.items.find_open(index, &id) {
            Some(at) => at,
            // A late event of an item that is complete.
            None if self.items.list.iter().any(|item| item.is_done && Some(item.index) == index) => {
                return Ok(());
            }
            None => self.items.track(index, &id, "")?,
        };
        match what {
            Said::Text(text) if !text.is_empty() => {
                self.begin(at, content, PartBody::Text { text: "".into(), citations: Vec::new() }, emit)?;
                self.items.more(at, content, Delta::Text(text), emit)
            }
            Said::Refusal(text) if !text.is_empty() => {
                self.begin(at, content, PartBody::Refusal { text: "".into() }, emit)?;
                self.items.refuse(at, content, text, emit)
            }
            Said::Reasoning { paragraph, raw, text } if !text.is_empty() => {
                self.begin(at, 0, empty_reasoning(), emit)?;
                self.items.reason(at, paragraph, raw, text, &mut self.notes, emit)
            }
            Said::WholeText(text) if !text.is_empty() => {
                self.begin(at, content, PartBody::Text { text: "".into(), citations: Vec::new() }, emit)?;
                self.items.rest_of(at, content, &text, Delta::Text, emit)
            }
            Said::WholeRefusal(text) if !text.is_empty() => {
                self.begin(at, content, PartBody::Refusal { text: "".into() }, emit)?;
                self.items.rest_of_refusal(at, content, &text, emit)
            }
            Said::WholeReasoning { paragraph, raw, text } if !text.is_empty() => {
                self.begin(at, 0, empty_reasoning(), emit)?;
                self.items.rest_of_paragraph(at, paragraph, &text, raw, &mut self.notes, emit)
            }
            Said::Arguments(text) if !text.is_empty() => self.items.more(at, 0, Delta::Arguments(text), emit),
            Said::WholeArguments(text) => self.items.rest_of(at, 0, &text, Delta::Arguments, emit),
            Said::Citation(raw) => self.items.more(at, content, Delta::Citation(annotation::read(raw)), emit),
            Said::Part(piece) => self.part_done(at, content, piece, emit),
            Said::Text(_) | Said::WholeText(_) | Said::Refusal(_) | Said::WholeRefusal(_) => Ok(()),
            Said::Reasoning { .. } | Said::WholeReasoning { .. } | Said::Arguments(_) => Ok(()),
        }
    }

    fn begin(
        &mut self,
        at: usize,
        key: u64,
        body: PartBody<'_>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        if self.items.has(at, key) {
            return Ok(());
        }
        let Some(item) = self.items.list.get(at) else { return Ok(()) };
        let (id, phase) = (item.id.clone(), item.phase);
        let part = Part { phase, ..in_item(&id, body) };
        self.items.start(at, key, &part, emit)
    }

    /// A part of a message is complete.
    fn part_done(
        &mut self,
        at: usize,
        key: u64,
        piece: PieceIn<'_>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let Ok(mut body) = piece_body(piece, &mut self.notes) else { return Ok(()) };
        if !self.items.has(at, key) && !says_anything(&mut body) {
            return Ok(());
        }
        let Some(item) = self.items.list.get(at) else { return Ok(()) };
        let (id, phase) = (item.id.clone(), item.phase);
        let part = Part { phase, ..in_item(&id, body) };
        self.items.complete(at, key, part, &mut self.notes, emit)
    }
}
