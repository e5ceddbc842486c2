//! A Messages stream into the intermediate representation.

use super::block::{first_deltas, implied_start, part_start, read_delta, started_input};
use super::stop;
use super::wire::{BlockIn, DeltaIn, EventIn, MessageIn, refusal};
use crate::error::TranslateError;
use crate::ir::{
    Delta, Emit, Finish, PartId, PartStart, RefusalDetails, StopReason, StreamEvent, StreamStart,
};
use crate::json::{Text, into_cow, non_empty};
use crate::meter::Meter;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// More open blocks than this is no answer of a model.
const OPEN_LIMIT: usize = 256;

/// Reads the events of one stream.
#[derive(Debug)]
pub(crate) struct StreamDecoder {
    started: bool,
    ended: bool,
    /// Blocks that have started and not stopped; a well-behaved upstream has one.
    open: Vec<Block>,
    next_part: u32,
    has_calls: bool,
    meter: Meter,
    stop_reason: Option<String>,
    stop_sequence: Option<String>,
    stop_details: Option<RefusalDetails<'static>>,
}

#[derive(Debug)]
struct Block {
    wire_index: u64,
    part: PartId,
    /// The input that a call started with, to be used if no delta brings one.
    input: Option<String>,
}

impl StreamDecoder {
    /// A decoder at the start of a stream.
    pub(crate) fn new() -> Self {
        Self {
            started: false,
            ended: false,
            open: Vec::new(),
            next_part: 0,
            has_calls: false,
            meter: Meter::new(Protocol::Messages),
            stop_reason: None,
            stop_sequence: None,
            stop_details: None,
        }
    }

    /// Reads one frame and gives what it says to `emit`.
    pub(crate) fn frame(
        &mut self,
        event: &str,
        data: &[u8],
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let parsed: EventIn<'_> = match serde_json::from_slice(data) {
            Ok(parsed) => parsed,
            Err(_) if is_unknown(event, data) => return Ok(()),
            Err(error) => return Err(TranslateError::bad_json(Protocol::Messages, &error)),
        };
        let kind = parsed.kind.as_ref().map_or(event, Text::as_str);
        match kind {
            "content_block_delta" => {
                let index = parsed.index.or_zero();
                self.block_delta(index, parsed.delta.unwrap_or_default(), emit)
            }
            "content_block_start" => {
                let index = parsed.index.or_zero();
                self.block_start(index, parsed.content_block, emit)
            }
            "content_block_stop" => self.block_stop(parsed.index.or_zero(), emit),
            "message_start" => self.message_start(parsed.message, emit),
            "message_delta" => {
                self.message_delta(parsed.delta.unwrap_or_default(), parsed.usage);
                Ok(())
            }
            "message_stop" => self.message_stop(emit),
            "ping" if self.started => emit(StreamEvent::Ping),
            // Some gateways send a bare `{"error": …}`.
            "error" | "" | "message" if kind == "error" || parsed.error.is_some() => {
                Err(TranslateError::upstream_failed(Protocol::Messages, data))
            }
            _ => Ok(()),
        }
    }

    /// The upstream's bytes are over. A stream without `message_stop` was cut; nothing is left to say.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    fn message_start(
        &mut self,
        message: Option<MessageIn<'_>>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        if self.started {
            return Ok(());
        }
        self.started = true;
        let (id, usage) = message.map_or((None, None), |message| (message.id, message.usage));
        self.meter.read(usage);
        emit(StreamEvent::Start(StreamStart {
            id: into_cow(id),
            usage: self.meter.usage(),
            service_tier: self.meter.service_tier().and_then(stop::read_tier),
        }))
    }

    fn block_start(
        &mut self,
        index: u64,
        raw: Option<&RawValue>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let json = raw.map_or("{}", RawValue::get);
        let block: BlockIn<'_> =
            serde_json::from_str(json).map_err(|e| TranslateError::bad_json(Protocol::Messages, &e))?;
        self.message_start(None, emit)?;
        self.block_stop(index, emit)?;
        let first = first_deltas(&block);
        let input = block.input.and_then(started_input);
        let start = part_start(block, json);
        self.has_calls |= matches!(start, PartStart::ToolCall { .. });
        let part = self.open_part(index, input, start, emit)?;
        for text in first.into_iter().flatten() {
            emit(StreamEvent::Delta { part, delta: text })?;
        }
        Ok(())
    }

    fn open_part(
        &mut self,
        wire_index: u64,
        input: Option<String>,
        start: PartStart<'_>,
        emit: &mut impl Emit,
    ) -> Result<PartId, TranslateError> {
        if self.open.len() >= OPEN_LIMIT {
            return Err(TranslateError::TooMuchHeld { limit: OPEN_LIMIT, unit: "parts" });
        }
        let part = PartId(self.next_part);
        self.next_part = self.next_part.wrapping_add(1);
        self.open.push(Block { wire_index, part, input });
        emit(StreamEvent::PartStart { part, item_id: None, phase: None, start })?;
        Ok(part)
    }

    fn block_delta(
        &mut self,
        index: u64,
        delta: DeltaIn<'_>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let is_thinking = delta.kind.as_ref().is_some_and(|kind| kind.as_str() == "thinking_delta");
        let Some(read) = read_delta(delta) else {
            return Ok(());
        };
        let known = self.open.iter_mut().find(|block| block.wire_index == index);
        let part = match known {
            Some(block) => {
                if matches!(&read, Delta::Arguments(json) if !json.is_empty()) {
                    block.input = None;
                }
                block.part
            }
            // Some providers leave `content_block_start` out; the delta tells what it would have said.
            None => {
                self.message_start(None, emit)?;
                self.open_part(index, None, implied_start(&read, is_thinking)?, emit)?
            }
        };
        emit(StreamEvent::Delta { part, delta: read })
    }

    fn block_stop(&mut self, index: u64, emit: &mut impl Emit) -> Result<(), TranslateError> {
        let Some(at) = self.open.iter().position(|block| block.wire_index == index) else {
            return Ok(());
        };
        let block = self.open.remove(at);
        end(block, emit)
    }

    fn message_delta(&mut self, delta: DeltaIn<'_>, usage: Option<&RawValue>) {
        self.meter.read(usage);
        if let Some(reason) = non_empty(delta.stop_reason) {
            self.stop_reason = Some(reason.into_owned());
        }
        if let Some(sequence) = non_empty(delta.stop_sequence) {
            self.stop_sequence = Some(sequence.into_owned());
        }
        if delta.stop_details.is_some() {
            self.stop_details = Some(refusal(delta.stop_details).into_owned());
        }
    }

    fn message_stop(&mut self, emit: &mut impl Emit) -> Result<(), TranslateError> {
        if !self.started {
            return Err(TranslateError::malformed(
                Protocol::Messages,
                "`message_stop` before `message_start`",
            ));
        }
        for block in std::mem::take(&mut self.open) {
            end(block, emit)?;
        }
        self.ended = true;
        let stop = stop::read(self.stop_reason.as_deref(), self.has_calls);
        let details = self.stop_details.take();
        emit(StreamEvent::Finish(Finish {
            stop,
            stop_sequence: self
                .stop_sequence
                .take()
                .map(Cow::Owned)
                .filter(|_| stop == StopReason::StopSequence),
            refusal: (stop == StopReason::Refusal).then(|| details.unwrap_or_default()),
            usage: self.meter.usage(),
            service_tier: self.meter.service_tier().and_then(stop::read_tier),
        }))
    }
}

/// Ends a block. A call whose input came whole with its start has it said now.
fn end(block: Block, emit: &mut impl Emit) -> Result<(), TranslateError> {
    let part = block.part;
    if let Some(input) = block.input {
        emit(StreamEvent::Delta { part, delta: Delta::Arguments(Cow::Owned(input)) })?;
    }
    emit(StreamEvent::PartEnd { part })
}

/// Whether a frame that could not be read is of a kind that is ignored anyway.
fn is_unknown(event: &str, data: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct KindOnly<'a> {
        #[serde(borrow, rename = "type")]
        kind: Option<Text<'a>>,
    }
    const KNOWN: [&str; 7] = [
        "content_block_delta",
        "content_block_start",
        "content_block_stop",
        "message_start",
        "message_delta",
        "message_stop",
        "error",
    ];
    serde_json::from_slice::<KindOnly<'_>>(data)
        .is_ok_and(|parsed| !KNOWN.contains(&parsed.kind.as_ref().map_or(event, Text::as_str)))
}
