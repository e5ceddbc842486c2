//! The intermediate representation into a Responses stream.
//!
//! Every event names its item, so parts may overlap. An item that has said everything rests until something else begins
//! or the stream ends: only then is it known whether more text joins the same message, what the message was for, and
//! whether the limit of tokens cut it. Deltas never wait.

use super::encode::{note_finish, phase};
use super::event::EventOut;
use super::item::{Body, Item};
use super::object::Head;
use super::stream_parts::Place;
use super::stream_write::{Writer, item_place};
use super::{bare_id, response_id, stop};
use crate::answer::AnswerContext;
use crate::error::TranslateError;
use crate::ir::{Finish, PartId, RefusalDetails, StreamEvent, StreamStart};
use crate::notes::Notes;
use serde_json::value::RawValue;

/// Writes one stream.
#[derive(Debug)]
pub(crate) struct StreamEncoder {
    pub(super) writer: Writer,
    head: Head,
    request_id: String,
    /// What made ids are made of.
    pub(super) base: String,
    /// The stream comes from Responses.
    pub(super) is_own: bool,
    ended: bool,
    /// The items by their place in the output.
    pub(super) items: Vec<State>,
    pub(super) open: Vec<(PartId, Place)>,
    /// The item whose last part has ended and that has not been closed.
    pub(super) resting: Option<usize>,
    /// Something other than a refusal was said.
    pub(super) spoke: bool,
    pub(super) refused: bool,
    pub(super) notes: Notes,
}

/// An item of the output.
#[derive(Debug)]
pub(super) enum State {
    Live(Item),
    Done { id: String, json: Box<RawValue> },
}

impl StreamEncoder {
    /// An encoder at the start of a stream. `is_own`: the stream comes from Responses.
    pub(crate) fn new(ctx: &AnswerContext, is_own: bool) -> Self {
        Self {
            writer: Writer::default(),
            head: Head::new(ctx),
            request_id: ctx.request_id.clone(),
            base: String::new(),
            is_own,
            ended: false,
            items: Vec::new(),
            open: Vec::new(),
            resting: None,
            spoke: false,
            refused: false,
            notes: Notes::default(),
        }
    }

    /// Appends what `event` says to `out`.
    pub(crate) fn event(&mut self, event: StreamEvent<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        match event {
            StreamEvent::Start(start) => self.start(&start, out),
            StreamEvent::PartStart { part, item_id, phase, start } => {
                let place = self.part_start(item_id.as_deref(), phase, &start, out)?;
                self.open.push((part, place));
                Ok(())
            }
            StreamEvent::Delta { part, delta } => self.part_delta(part, delta, out),
            StreamEvent::PartEnd { part } => self.part_end(part, out),
            StreamEvent::Ping => self.keepalive(out),
            StreamEvent::Finish(finish) => self.finish(&finish, out),
        }
    }

    /// What Responses could not say.
    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The id the stream shows; empty until it starts.
    pub(crate) fn id(&self) -> &str {
        &self.head.id
    }

    /// The number of the next event.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.writer.next_sequence()
    }

    /// The response as the terminal event told it.
    pub(crate) fn finished_response(&self) -> Option<&[u8]> {
        #[derive(serde::Deserialize)]
        struct Terminal<'a> {
            #[serde(borrow)]
            response: &'a RawValue,
        }
        let terminal = self.ended.then(|| self.writer.last_event())?;
        let terminal: Terminal<'_> = serde_json::from_slice(terminal).ok()?;
        Some(terminal.response.get().as_bytes())
    }

    /// Writes a keep-alive: `response.in_progress` again, since Codex does not count comments.
    pub(crate) fn keepalive(&mut self, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        if self.head.id.is_empty() || self.ended {
            tollgate_sse::write_comment(out, "ping");
            return Ok(());
        }
        self.in_progress("response.in_progress", out)
    }

    fn in_progress(&mut self, kind: &'static str, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let response = self.head.in_progress();
        self.writer.event(kind, EventOut { response: Some(&response), ..EventOut::default() }, out)
    }

    fn start(&mut self, start: &StreamStart<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        self.head.id = response_id(&start.id, &self.request_id);
        bare_id(&start.id, &self.request_id).clone_into(&mut self.base);
        self.head.service_tier = start.service_tier;
        self.in_progress("response.created", out)?;
        self.in_progress("response.in_progress", out)
    }

    /// Ends the item that rests, if there is one.
    pub(super) fn close_resting(
        &mut self,
        is_last: bool,
        is_incomplete: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        match self.resting.take() {
            Some(at) => self.close(at, is_last, is_incomplete, out),
            None => Ok(()),
        }
    }

    /// Ends an item.
    pub(super) fn close(
        &mut self,
        at: usize,
        is_last: bool,
        is_incomplete: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), TranslateError> {
        let Some(state) = self.items.get_mut(at) else { return Ok(()) };
        let State::Live(item) = state else { return Ok(()) };
        if matches!(item.body, Body::Search { .. }) {
            self.writer.event("response.web_search_call.completed", item_place(item, at), out)?;
        }
        let json = item.done(is_incomplete, phase(self.is_own, is_last))?;
        self.writer.item("response.output_item.done", at, &json, out)?;
        *state = State::Done { id: std::mem::take(&mut item.id), json };
        Ok(())
    }

    /// Says a refusal that no part said. Whether the answer is a refusal in words, and whole.
    fn refuse(
        &mut self,
        refusal: Option<&RefusalDetails<'_>>,
        out: &mut Vec<u8>,
    ) -> Result<bool, TranslateError> {
        if self.refused {
            return Ok(true);
        }
        let Some(words) = refusal.and_then(|refusal| refusal.explanation.as_deref()) else {
            return Ok(false);
        };
        let place = self.content_start(None, None, true, out)?;
        if let Place::Content { item, content, .. } = place {
            self.content_delta(item, content, words, out)?;
            self.content_end(item, content, &[], out)?;
            self.resting = Some(item);
        }
        Ok(!self.spoke)
    }

    fn finish(&mut self, finish: &Finish<'_>, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        note_finish(finish.stop_sequence.is_some(), finish.refusal.as_ref(), &mut self.notes);
        let in_words = self.refuse(finish.refusal.as_ref(), out)?;
        let reason = stop::incomplete_reason(finish.stop, in_words);
        self.close_resting(true, reason.is_some(), out)?;
        // Searches whose findings never came, and whatever else is open.
        for at in 0..self.items.len() {
            self.close(at, false, false, out)?;
        }
        self.ended = true;
        self.head.service_tier = finish.service_tier.or(self.head.service_tier);
        let output: Vec<Box<RawValue>> = std::mem::take(&mut self.items)
            .into_iter()
            .filter_map(|state| match state {
                State::Done { json, .. } => Some(json),
                State::Live(_) => None,
            })
            .collect();
        let response = self.head.ended(reason, &output, &finish.usage);
        let kind = if reason.is_some() { "response.incomplete" } else { "response.completed" };
        self.writer.event(kind, EventOut { response: Some(&response), ..EventOut::default() }, out)
    }
}
