//! What a stream has said of each item so far, so that nothing is said twice and nothing left out: providers send a text
//! in deltas, again at its end, again with its item, and again with the response; some leave out any of these.

use crate::error::TranslateError;
use crate::ir::{Delta, Emit, Part, PartBody, PartId, PartStart, Phase, StreamEvent};
use crate::notes::Notes;
use std::borrow::Cow;

/// More items than this is no answer of a model.
const ITEM_LIMIT: usize = 4096;
/// How much of a refusal is kept for the end of the stream, in bytes.
const REFUSAL_LIMIT_BYTES: usize = 64 << 10;

/// One item of the stream.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) index: u64,
    pub(super) id: String,
    pub(super) call_id: String,
    /// What its texts are for, if its beginning says so.
    pub(super) phase: Option<Phase>,
    /// Everything of it has been said.
    pub(super) is_done: bool,
    pub(super) slots: Vec<Slot>,
}

/// A part of an item that has been started.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) key: u64,
    part: PartId,
    /// How many bytes of the text, or of its current paragraph, have been said.
    pub(super) said: usize,
    pub(super) paragraph: u64,
    /// Some paragraph has text, of this kind.
    pub(super) spoke: bool,
    raw: bool,
    pub(super) citations: usize,
    is_open: bool,
}

/// The items of one stream.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub(super) list: Vec<Tracked>,
    next_part: u32,
    pub(super) has_calls: bool,
    pub(super) refusal: String,
}

impl Items {
    /// The item that an event belongs to: the open one at its index, or else with its id.
    pub(super) fn find_open(&self, index: Option<u64>, id: &str) -> Option<usize> {
        let by_index = |item: &Tracked| Some(item.index) == index;
        let by_id = |item: &Tracked| !id.is_empty() && item.id == id;
        let find =
            |same: &dyn Fn(&Tracked) -> bool| self.list.iter().rposition(|item| !item.is_done && same(item));
        if index.is_some() { find(&by_index) } else { find(&by_id) }
    }

    /// Whether everything of an item with these names has been said.
    pub(super) fn is_said(&self, id: &str, call_id: &str) -> bool {
        let same = |ours: &str, theirs: &str| !theirs.is_empty() && ours == theirs;
        self.list.iter().any(|item| item.is_done && (same(&item.id, id) || same(&item.call_id, call_id)))
    }

    /// Begins a new item; without an index of its own it is the next.
    pub(super) fn track(
        &mut self,
        index: Option<u64>,
        id: &str,
        call_id: &str,
    ) -> Result<usize, TranslateError> {
        if self.list.len() >= ITEM_LIMIT {
            return Err(TranslateError::TooMuchHeld { limit: ITEM_LIMIT, unit: "parts" });
        }
        let index = index.unwrap_or(self.list.len() as u64);
        let (id, call_id) = (id.to_owned(), call_id.to_owned());
        self.list.push(Tracked { index, id, call_id, phase: None, is_done: false, slots: Vec::new() });
        Ok(self.list.len() - 1)
    }

    /// Starts a part of an item unless it has been started; its place in the item.
    pub(super) fn start(
        &mut self,
        at: usize,
        key: u64,
        part: &Part<'_>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let Some(item) = self.list.get_mut(at) else { return Ok(()) };
        if item.slots.iter().any(|slot| slot.key == key) {
            return Ok(());
        }
        let id = PartId(self.next_part);
        self.next_part = self.next_part.wrapping_add(1);
        self.has_calls |= matches!(part.body, PartBody::ToolCall(_));
        item.slots.push(Slot {
            key,
            part: id,
            said: 0,
            paragraph: 0,
            spoke: false,
            raw: false,
            citations: 0,
            is_open: true,
        });
        emit(StreamEvent::PartStart {
            part: id,
            item_id: part.item_id.clone(),
            phase: part.phase,
            start: part_start(&part.body),
        })
    }

    /// Whether a part has been started.
    pub(super) fn has(&self, at: usize, key: u64) -> bool {
        self.list.get(at).is_some_and(|item| item.slots.iter().any(|slot| slot.key == key))
    }

    /// Says more of a started part.
    pub(super) fn more(
        &mut self,
        at: usize,
        key: u64,
        delta: Delta<'_>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let Some(slot) = slot(&mut self.list, at, key) else { return Ok(()) };
        match &delta {
            Delta::Text(text) | Delta::Arguments(text) => slot.said += text.len(),
            Delta::Citation(_) => slot.citations += 1,
            Delta::Raw(_) | Delta::Break | Delta::Signature(_) | Delta::Encrypted(_) => {}
        }
        emit(StreamEvent::Delta { part: slot.part, delta })
    }

    /// Says more of a refusal, and keeps it for the end of the stream.
    pub(super) fn refuse(
        &mut self,
        at: usize,
        key: u64,
        text: Cow<'_, str>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        if self.refusal.len() + text.len() <= REFUSAL_LIMIT_BYTES {
            self.refusal.push_str(&text);
        }
        self.more(at, key, Delta::Text(text), emit)
    }

    /// Says more of a paragraph of reasoning. Of an item that has both, what is told of the reasoning and the reasoning
    /// itself, only the one that came first is said.
    pub(super) fn reason(
        &mut self,
        at: usize,
        paragraph: u64,
        raw: bool,
        text: Cow<'_, str>,
        notes: &mut Notes,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let Some(slot) = slot(&mut self.list, at, 0) else { return Ok(()) };
        if text.is_empty() || (slot.spoke && paragraph < slot.paragraph) {
            return Ok(());
        }
        if slot.spoke && slot.raw != raw {
            notes.add("reasoning.content");
            return Ok(());
        }
        if paragraph != slot.paragraph {
            slot.said = 0;
            slot.paragraph = paragraph;
            if slot.spoke {
                emit(StreamEvent::Delta { part: slot.part, delta: Delta::Break })?;
            }
        }
        slot.raw = raw;
        slot.spoke = true;
        slot.said += text.len();
        let delta = if raw { Delta::Raw(text) } else { Delta::Text(text) };
        emit(StreamEvent::Delta { part: slot.part, delta })
    }

    /// Ends one part of an item, or all of them.
    pub(super) fn end(
        &mut self,
        at: usize,
        key: Option<u64>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let Some(item) = self.list.get_mut(at) else { return Ok(()) };
        for slot in item.slots.iter_mut().filter(|slot| slot.is_open) {
            if key.is_none_or(|key| slot.key == key) {
                slot.is_open = false;
                emit(StreamEvent::PartEnd { part: slot.part })?;
            }
        }
        Ok(())
    }
}

/// The open part of an item with this key.
pub(super) fn slot(list: &mut [Tracked], at: usize, key: u64) -> Option<&mut Slot> {
    list.get_mut(at)?.slots.iter_mut().find(|slot| slot.key == key && slot.is_open)
}

fn part_start<'a>(body: &PartBody<'a>) -> PartStart<'a> {
    match body {
        PartBody::Text { .. } => PartStart::Text,
        PartBody::Refusal { .. } => PartStart::Refusal,
        PartBody::Reasoning { .. } => PartStart::Reasoning,
        PartBody::Redacted { data } => PartStart::Redacted { data: data.clone() },
        PartBody::ToolCall(call) => PartStart::ToolCall {
            id: call.id.clone(),
            name: call.name.clone(),
            namespace: call.namespace.clone(),
            kind: call.kind,
        },
        PartBody::ServerToolCall { id, name, .. } => {
            PartStart::ServerToolCall { id: id.clone(), name: name.clone() }
        }
        PartBody::ServerToolResult { call_id, kind, content } => PartStart::ServerToolResult {
            call_id: call_id.clone(),
            kind: kind.clone(),
            content: content.clone(),
        },
        PartBody::Other { kind, json } => PartStart::Other { kind: kind.clone(), json: json.clone() },
    }
}
