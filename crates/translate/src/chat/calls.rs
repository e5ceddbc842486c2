//! The tool calls of one Chat stream, put together from their pieces.
//!
//! Chat sends calls as pieces named by an index, possibly several calls at a time, and never says that a call is
//! complete. Here each call becomes a part: it starts once its name is certain (with its first argument bytes, or when
//! something else begins), and ends once its JSON is closed and another part needs the place, or with the stream.

use super::decode::nameless;
use super::wire::Piece;
use crate::error::TranslateError;
use crate::ir::{Delta, Emit, PartId, PartStart, StreamEvent, ToolKind};
use crate::json::Completeness;
use crate::notes::Notes;
use std::borrow::Cow;

/// More calls than this is no answer of a model.
const CALL_LIMIT: usize = 1024;

/// The calls of one stream, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Debug)]
struct Call {
    wire_index: u64,
    id: String,
    name: String,
    kind: ToolKind,
    state: State,
    scan: Completeness,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The name may still grow.
    Naming,
    Open(PartId),
    Ended,
}

impl Calls {
    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether the arguments of a call have begun and are not complete.
    pub(super) fn is_cut(&self) -> bool {
        self.0.iter().any(|call| call.scan.is_begun() && !call.scan.is_complete())
    }

    /// Takes one piece of a call.
    pub(super) fn piece(
        &mut self,
        wire_index: Option<u64>,
        id: &str,
        piece: Piece<'_>,
        next_part: &mut u32,
        notes: &mut Notes,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let at = match self.find(wire_index, id, &piece) {
            Some(at) => at,
            None => self.begin(wire_index, piece.kind, next_part, emit)?,
        };
        let is_last = at + 1 == self.0.len();
        let Some(call) = self.0.get_mut(at) else {
            return Ok(());
        };
        call.name(id, &piece.name);
        if piece.arguments.is_empty() {
            return Ok(());
        }
        call.start(next_part, emit)?;
        call.arguments(piece.arguments, notes, emit)?;
        if !is_last {
            call.end_if_complete(emit)?;
        }
        Ok(())
    }

    /// Another kind of part begins: calls that wait for their name have it, and complete ones make room.
    pub(super) fn make_room(
        &mut self,
        next_part: &mut u32,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        for call in &mut self.0 {
            call.start(next_part, emit)?;
            call.end_if_complete(emit)?;
        }
        Ok(())
    }

    /// The answer is complete, so every call is.
    pub(super) fn end(&mut self, next_part: &mut u32, emit: &mut impl Emit) -> Result<(), TranslateError> {
        for call in &mut self.0 {
            call.start(next_part, emit)?;
            call.end(emit)?;
        }
        Ok(())
    }

    /// The call that a piece belongs to. Some providers leave the index out, and some give every call the index 0:
    /// there a new id is what tells a new call.
    fn find(&self, wire_index: Option<u64>, id: &str, piece: &Piece<'_>) -> Option<usize> {
        let (at, call) = match wire_index {
            Some(index) => self.0.iter().enumerate().rev().find(|(_, call)| call.wire_index == index)?,
            None if id.is_empty() => self.0.iter().enumerate().next_back()?,
            None => self.0.iter().enumerate().rev().find(|(_, call)| call.id == id)?,
        };
        let is_new = !id.is_empty() && !call.id.is_empty() && call.id != id && !piece.name.is_empty();
        (!is_new).then_some(at)
    }

    fn begin(
        &mut self,
        wire_index: Option<u64>,
        kind: ToolKind,
        next_part: &mut u32,
        emit: &mut impl Emit,
    ) -> Result<usize, TranslateError> {
        if self.0.len() >= CALL_LIMIT {
            return Err(TranslateError::TooMuchHeld { limit: CALL_LIMIT, unit: "parts" });
        }
        self.make_room(next_part, emit)?;
        self.0.push(Call {
            wire_index: wire_index.unwrap_or(self.0.len() as u64),
            id: String::new(),
            name: String::new(),
            kind,
            state: State::Naming,
            scan: Completeness::default(),
        });
        Ok(self.0.len() - 1)
    }
}

impl Call {
    /// Takes what a piece says of id and name. Names come whole, in pieces, or again with every piece.
    fn name(&mut self, id: &str, name: &str) {
        if self.state != State::Naming {
            return;
        }
        if self.id.is_empty() {
            id.clone_into(&mut self.id);
        }
        if self.name != name {
            self.name.push_str(name);
        }
    }

    fn start(&mut self, next_part: &mut u32, emit: &mut impl Emit) -> Result<(), TranslateError> {
        if self.state != State::Naming {
            return Ok(());
        }
        if self.name.is_empty() {
            return Err(nameless());
        }
        let part = PartId(*next_part);
        *next_part = next_part.wrapping_add(1);
        self.state = State::Open(part);
        let start = PartStart::ToolCall {
            id: Cow::Borrowed(&self.id),
            name: Cow::Borrowed(&self.name),
            namespace: None,
            kind: self.kind,
        };
        emit(StreamEvent::PartStart { part, item_id: None, phase: None, start })
    }

    fn arguments(
        &mut self,
        text: Cow<'_, str>,
        notes: &mut Notes,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let State::Open(part) = self.state else {
            // Only a call whose JSON was closed ends early, so what still comes is no part of it.
            if !text.trim().is_empty() {
                notes.add("tool_calls.arguments");
            }
            return Ok(());
        };
        if self.kind == ToolKind::Function {
            self.scan.push(&text);
        }
        emit(StreamEvent::Delta { part, delta: Delta::Arguments(text) })
    }

    fn end_if_complete(&mut self, emit: &mut impl Emit) -> Result<(), TranslateError> {
        if self.scan.is_complete() { self.end(emit) } else { Ok(()) }
    }

    fn end(&mut self, emit: &mut impl Emit) -> Result<(), TranslateError> {
        let State::Open(part) = self.state else {
            return Ok(());
        };
        self.state = State::Ended;
        emit(StreamEvent::PartEnd { part })
    }
}
