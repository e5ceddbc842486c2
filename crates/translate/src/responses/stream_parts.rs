//! The parts of a stream as they begin, written into the items that they belong to.

use super::encode::{call_id, item_id};
use super::item::{Body, Content, Item};
use super::search::Found;
use super::stream_encode::{State, StreamEncoder};
use super::stream_write::{content_place, item_place};
use crate::error::TranslateError;
use crate::ir::{Citation, PartStart, Phase, ToolKind};
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
    pub(super) fn item_start(
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
}
