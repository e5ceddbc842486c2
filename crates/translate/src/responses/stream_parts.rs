//! The parts of a stream as they begin, go on and end, written into the items that they belong to.

use super::encode::{call_id, item_id};
use super::event::EventOut;
use super::item::{Body, Content, Item};
use super::search::Found;
use super::stream_encode::{State, StreamEncoder};
use super::stream_write::{content_place, item_place, summary_place};
use crate::error::TranslateError;
use crate::ir::{Citation, Delta, PartId, PartStart, Phase, ToolKind};
use crate::messages::{WEB_SEARCH, WEB_SEARCH_RESULT};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Where what a part says goes.
#[derive(Debug)]
pub(super) enum Place {
    Content {
        item: usize,
        content: usize,
        citations: Vec<Citation<'static>>,
    },
    Reasoning {
        item: usize,
        broken: bool,
    },
    Call {
        item: usize,
    },
    Search {
        item: usize,
    },
    /// Items that are written whole begin when they end.
    Whole {
        upstream_id: Option<String>,
        body: Body,
    },
    LeftOut,
}

impl StreamEncoder {
    pub(super) fn part_start(
        &mut self,
        item_id: Option<&str>,
        phase: Option<Phase>,
        start: &PartStart<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Place, TranslateError> {
        let owned = |text: &Cow<'_, str>| text.clone().into_owned();
        match start {
            PartStart::Text => self.content_start(item_id, phase, false, out),
            PartStart::Refusal => {
                self.refused = true;
                self.content_start(item_id, phase, true, out)
            }
            PartStart::Reasoning => {
                let body = Body::Reasoning { summary: Vec::new(), content: Vec::new(), encrypted: None };
                let item = self.item_start(item_id, body, out)?;
                Ok(Place::Reasoning { item, broken: true })
            }
            PartStart::ToolCall { id, name, namespace, kind } => {
                self.spoke = true;
                let body = Body::Call {
                    call_id: call_id(id, &self.base, self.items.len()),
                    name: owned(name),
                    namespace: namespace.as_ref().map(owned),
                    kind: *kind,
                    arguments: String::new(),
                };
                if matches!(kind, ToolKind::Native(_)) {
                    return Ok(Place::Whole { upstream_id: item_id.map(str::to_owned), body });
                }
                Ok(Place::Call { item: self.item_start(item_id, body, out)? })
            }
            PartStart::ServerToolCall { id, name } if name == WEB_SEARCH => {
                let body = Body::Search { call_id: owned(id), input: String::new(), found: Found::default() };
                self.search_start(item_id, body, out)
            }
            PartStart::ServerToolResult { call_id, kind, content } if kind == WEB_SEARCH_RESULT => {
                self.found(call_id, content, out)?;
                Ok(Place::LeftOut)
            }
            PartStart::Redacted { .. } => Ok(self.leave_out("redacted_thinking")),
            PartStart::ServerToolCall { .. } => Ok(self.leave_out("server_tool_use")),
            PartStart::ServerToolResult { .. } => Ok(self.leave_out("server_tool_result")),
            PartStart::Other { json, .. } if self.is_own && !json.is_empty() => {
                let raw = RawValue::from_string(owned(json)).map_err(TranslateError::Encode)?;
                let upstream_id = item_id.map(str::to_owned);
                Ok(Place::Whole { upstream_id, body: Body::Raw(raw) })
            }
            PartStart::Other { kind, .. } => {
                self.notes.add_block(kind);
                Ok(Place::LeftOut)
            }
        }
    }

    fn leave_out(&mut self, name: &'static str) -> Place {
        self.notes.add(name);
        Place::LeftOut
    }

    /// Begins an item. What rests is complete.
    fn item_start(
        &mut self,
        upstream_id: Option<&str>,
        body: Body,
        out: &mut Vec<u8>,
    ) -> Result<usize, TranslateError> {
        self.close_resting(false, false, out)?;
        let index = self.items.len();
        let taken = |id: &str| {
            self.items.iter().any(|state| match state {
                State::Live(item) => item.id == id,
                State::Done { id: other, .. } => other == id,
            })
        };
        let id = item_id(upstream_id, &body, &self.base, index, taken);
        let item = Item { id, upstream_id: upstream_id.map(str::to_owned), body };
        self.writer.item("response.output_item.added", index, &item.added()?, out)?;
        self.items.push(State::Live(item));
        Ok(index)
    }

    pub(super) fn content_start(
        &mut self,
        item_id: Option<&str>,
        phase: Option<Phase>,
        is_refusal: bool,
        out: &mut Vec<u8>,
    ) -> Result<Place, TranslateError> {
        let joins = |state: &State| matches!(state, State::Live(item) if item.takes(item_id));
        let item = match self.resting.filter(|at| self.items.get(*at).is_some_and(joins)) {
            Some(at) => {
                self.resting = None;
                at
            }
            None => self.item_start(item_id, Body::Message { phase, contents: Vec::new() }, out)?,
        };
        let Some(State::Live(message)) = self.items.get_mut(item) else { return Ok(Place::LeftOut) };
        let Body::Message { contents, .. } = &mut message.body else { return Ok(Place::LeftOut) };
        let content = contents.len();
        contents.push(Content::new(is_refusal));
        self.writer.content_added(content_place(message, item, content), is_refusal, out)?;
        Ok(Place::Content { item, content, citations: Vec::new() })
    }

    fn search_start(
        &mut self,
        item_id: Option<&str>,
        body: Body,
        out: &mut Vec<u8>,
    ) -> Result<Place, TranslateError> {
        let at = self.item_start(item_id, body, out)?;
        if let Some(State::Live(item)) = self.items.get(at) {
            self.writer.event("response.web_search_call.in_progress", item_place(item, at), out)?;
            self.writer.event("response.web_search_call.searching", item_place(item, at), out)?;
        }
        Ok(Place::Search { item: at })
    }

    /// What a search found; with it the search is complete.
    fn found(&mut self, call: &str, content: &str, out: &mut Vec<u8>) -> Result<(), TranslateError> {
        let search = self.items.iter_mut().enumerate().rev().find_map(|(at, state)| match state {
            State::Live(Item { body: Body::Search { call_id, found, .. }, .. }) if call_id == call => {
                Some((at, found))
            }
            _ => None,
        });
        let Some((at, found)) = search else {
            self.notes.add("server_tool_result");
            return Ok(());
        };
        *found = Found::read(content, &mut self.notes);
        self.close(at, false, false, out)
    }

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
                if let Some(State::Live(Item { body: Body::Reasoning { encrypted, .. }, .. })) =
                    self.items.get_mut(*item)
                {
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
                let Some(State::Live(item)) = self.items.get_mut(at) else { return Ok(()) };
                if let Body::Call { arguments, .. } = &mut item.body {
                    arguments.push_str(&text);
                }
                self.writer.arguments_delta(item, at, &text, out)
            }
            (Place::Search { item }, Delta::Arguments(text)) => {
                if let Some(State::Live(Item { body: Body::Search { input, .. }, .. })) =
                    self.items.get_mut(*item)
                {
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
