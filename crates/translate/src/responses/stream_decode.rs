//! A Responses stream into the intermediate representation.

use super::item_decode::{self, ReadItem, says_anything};
use super::stop;
use super::stream_item::Items;
use super::stream_said::{begun, failed, in_item, is_unknown, read_response};
use super::wire::{EventIn, ItemIn, ResponseIn, is_filled};
use crate::chat::read_tier;
use crate::error::TranslateError;
use crate::ir::{Emit, Finish, RefusalDetails, ServiceTier, StopReason, StreamEvent, StreamStart};
use crate::json::{Text, into_cow};
use crate::meter::Meter;
use crate::notes::Notes;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// Reads the events of one stream.
#[derive(Debug)]
pub(crate) struct StreamDecoder {
    started: bool,
    /// `response.in_progress` has come; another one keeps the stream alive.
    in_progress: bool,
    ended: bool,
    pub(super) items: Items,
    meter: Meter,
    service_tier: Option<ServiceTier>,
    pub(super) notes: Notes,
}

impl StreamDecoder {
    /// A decoder at the start of a stream.
    pub(crate) fn new() -> Self {
        Self {
            started: false,
            in_progress: false,
            ended: false,
            items: Items::default(),
            meter: Meter::new(Protocol::Responses),
            service_tier: None,
            notes: Notes::default(),
        }
    }

    /// Reads one frame and gives what it says to `emit`.
    pub(crate) fn frame(
        &mut self,
        event: &str,
        data: &[u8],
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        if data.trim_ascii() == b"[DONE]" {
            return Ok(());
        }
        let parsed: EventIn<'_> = match serde_json::from_slice(data) {
            Ok(parsed) => parsed,
            Err(_) if is_unknown(event, data) => return Ok(()),
            Err(error) => return Err(TranslateError::bad_json(Protocol::Responses, &error)),
        };
        let kind = parsed.kind.as_ref().map_or(event, Text::as_str);
        let Some(kind) = kind.strip_prefix("response.") else {
            return match kind {
                "error" => Err(TranslateError::upstream_failed(Protocol::Responses, data)),
                _ if parsed.error.is_some() => {
                    Err(TranslateError::upstream_failed(Protocol::Responses, data))
                }
                "ping" | "keepalive" if self.started => emit(StreamEvent::Ping),
                _ => Ok(()),
            };
        };
        match kind {
            "created" | "queued" | "in_progress" => self.status(kind, parsed.response, emit),
            "completed" | "incomplete" | "failed" | "cancelled" => {
                let name = kind.to_owned();
                self.terminal(&name, parsed.response, data, emit)
            }
            "output_item.added" => self.item_added(parsed.output_index.0, parsed.item, emit),
            "output_item.done" => {
                self.meter.read_event("response.output_item.done", data);
                let index = parsed.output_index.0;
                parsed.item.map_or(Ok(()), |raw| self.item_done(index, raw, false, emit))
            }
            _ => {
                if is_filled(parsed.logprobs) {
                    self.notes.add("logprobs");
                }
                let kind = kind.to_owned();
                self.inside(&kind, parsed, emit)
            }
        }
    }

    /// Whether the stream has been brought to its end.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// What the representation could not hold.
    pub(crate) fn notes(&self) -> &Notes {
        &self.notes
    }

    fn status(
        &mut self,
        kind: &str,
        response: Option<&RawValue>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let is_repeated = self.in_progress;
        self.in_progress |= kind == "in_progress";
        if self.started {
            return if is_repeated { emit(StreamEvent::Ping) } else { Ok(()) };
        }
        self.start(read_response(response), emit)
    }

    pub(super) fn start(
        &mut self,
        response: ResponseIn<'_>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        if self.started {
            return Ok(());
        }
        self.started = true;
        self.service_tier = response.service_tier.and_then(|tier| read_tier(tier.as_str()));
        emit(StreamEvent::Start(StreamStart {
            id: into_cow(response.id),
            usage: self.meter.usage(),
            service_tier: self.service_tier,
        }))
    }

    /// An item begins. Calls and searches begin with it; texts once there is text.
    fn item_added(
        &mut self,
        index: Option<u64>,
        raw: Option<&RawValue>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        self.start(ResponseIn::default(), emit)?;
        let Some(raw) = raw else { return Ok(()) };
        let item: ItemIn<'_> =
            serde_json::from_str(raw.get()).map_err(|e| TranslateError::bad_json(Protocol::Responses, &e))?;
        let (id, call_id) = (into_cow(item.id.clone()), into_cow(item.call_id.clone()));
        if self.items.find_open(index, &id).is_some() || self.items.is_said(&id, &call_id) {
            return Ok(());
        }
        let at = self.items.track(index, &id, &call_id)?;
        if let Some(tracked) = self.items.list.get_mut(at) {
            tracked.phase = item.phase();
        }
        let Some(body) = begun(&id, call_id, item) else { return Ok(()) };
        self.items.start(at, 0, &in_item(&id, body), emit)
    }

    /// An item is complete: what of it has not been said is said now. `is_last`: it is told by the response at its end,
    /// where an item's place tells which it is.
    fn item_done(
        &mut self,
        index: Option<u64>,
        raw: &RawValue,
        is_last: bool,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        self.start(ResponseIn::default(), emit)?;
        let open = self.items.find_open(index, "");
        if is_last && open.is_none() && self.items.list.iter().any(|item| Some(item.index) == index) {
            return Ok(());
        }
        let ReadItem { id, call_id, parts } = item_decode::read(raw, &mut self.notes)?;
        let open = open.or_else(|| self.items.find_open(None, &id));
        let at = match open {
            Some(at) => at,
            None if self.items.is_said(&id, &call_id) => return Ok(()),
            None => self.items.track(index, &id, &call_id)?,
        };
        for (key, mut part) in parts {
            // The paragraphs of reasoning that has begun keep their numbers.
            if !self.items.has(at, key) && !says_anything(&mut part.body) {
                continue;
            }
            self.items.complete(at, key, part, &mut self.notes, emit)?;
        }
        self.items.end(at, None, emit)?;
        if let Some(item) = self.items.list.get_mut(at) {
            item.is_done = true;
            call_id.as_ref().clone_into(&mut item.call_id);
        }
        Ok(())
    }

    fn terminal(
        &mut self,
        name: &str,
        response: Option<&RawValue>,
        data: &[u8],
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let mut response = read_response(response);
        if name == "failed" || response.error.is_some() {
            return Err(failed(response.error));
        }
        if name == "cancelled" {
            return Err(TranslateError::malformed(Protocol::Responses, "the response was cancelled"));
        }
        self.meter.read_event("response.completed", data);
        let is_incomplete = name == "incomplete"
            || response.status.as_ref().is_some_and(|status| status.as_str() == "incomplete");
        let reason = if is_incomplete { response.incomplete_reason() } else { String::new() };
        let tier = response.service_tier.as_ref().and_then(|tier| read_tier(tier.as_str()));
        let output = response.output.take().unwrap_or_default();
        self.start(response, emit)?;
        for (index, raw) in (0..).zip(output) {
            self.item_done(Some(index), raw, true, emit)?;
        }
        for at in 0..self.items.list.len() {
            self.items.end(at, None, emit)?;
        }
        self.ended = true;
        let words = &self.items.refusal;
        let stop = stop::read(is_incomplete, &reason, self.items.has_calls, !words.is_empty());
        let explanation = (!words.is_empty()).then_some(Cow::Borrowed(words.as_str()));
        emit(StreamEvent::Finish(Finish {
            stop,
            stop_sequence: None,
            refusal: (stop == StopReason::Refusal).then_some(RefusalDetails { category: None, explanation }),
            usage: self.meter.usage(),
            service_tier: tier.or(self.service_tier),
        }))
    }
}
