//! Puts overlapping parts one behind the other, for protocols where one part must end before the next begins.
//!
//! The part that began first passes through as it comes. Whatever begins while it is open is kept, and said as soon as
//! it has ended, so nothing waits longer than the order demands.

use crate::error::TranslateError;
use crate::ir::{Delta, Emit, PartId, PartStart, Phase, StreamEvent};
use std::borrow::Cow;
use std::collections::VecDeque;

/// How many bytes of later parts are kept; an answer that needs more is refused.
const HELD_LIMIT_BYTES: usize = 16 << 20;
/// How many later parts are kept.
const HELD_LIMIT_PARTS: usize = 1024;

/// The parts of one stream.
#[derive(Debug, Default)]
pub(crate) struct Sequencer {
    current: Option<PartId>,
    later: VecDeque<Held>,
    held_bytes: usize,
}

/// A part that began while another was open.
#[derive(Debug)]
struct Held {
    part: PartId,
    item_id: Option<Cow<'static, str>>,
    phase: Option<Phase>,
    start: PartStart<'static>,
    deltas: Vec<Delta<'static>>,
    ended: bool,
}

impl Sequencer {
    /// Takes one event and gives `emit` those that may be said now.
    pub(crate) fn event(
        &mut self,
        event: StreamEvent<'_>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        match event {
            StreamEvent::PartStart { part, item_id, phase, start } if self.current.is_some() => {
                self.hold(part, item_id, phase, start)
            }
            StreamEvent::PartStart { part, .. } => {
                self.current = Some(part);
                emit(event)
            }
            StreamEvent::Delta { part, delta } if self.current != Some(part) => self.hold_delta(part, delta),
            StreamEvent::PartEnd { part } if self.current == Some(part) => {
                emit(event)?;
                self.current = None;
                self.release(emit)
            }
            StreamEvent::PartEnd { part } => {
                if let Some(held) = self.later.iter_mut().find(|held| held.part == part) {
                    held.ended = true;
                }
                Ok(())
            }
            StreamEvent::Start(_)
            | StreamEvent::Delta { .. }
            | StreamEvent::Ping
            | StreamEvent::Finish(_) => emit(event),
        }
    }

    fn hold(
        &mut self,
        part: PartId,
        item_id: Option<Cow<'_, str>>,
        phase: Option<Phase>,
        start: PartStart<'_>,
    ) -> Result<(), TranslateError> {
        if self.later.len() >= HELD_LIMIT_PARTS {
            return Err(TranslateError::TooMuchHeld { limit: HELD_LIMIT_PARTS, unit: "parts" });
        }
        let item_id = item_id.map(|id| Cow::Owned(id.into_owned()));
        let start = start.into_owned();
        self.later.push_back(Held { part, item_id, phase, start, deltas: Vec::new(), ended: false });
        Ok(())
    }

    fn hold_delta(&mut self, part: PartId, delta: Delta<'_>) -> Result<(), TranslateError> {
        let Some(held) = self.later.iter_mut().find(|held| held.part == part) else {
            return Ok(());
        };
        self.held_bytes = self.held_bytes.saturating_add(delta.len_bytes());
        if self.held_bytes > HELD_LIMIT_BYTES {
            return Err(TranslateError::TooMuchHeld { limit: HELD_LIMIT_BYTES, unit: "bytes" });
        }
        match (held.deltas.last_mut(), delta) {
            (Some(Delta::Text(kept)), Delta::Text(more))
            | (Some(Delta::Raw(kept)), Delta::Raw(more))
            | (Some(Delta::Arguments(kept)), Delta::Arguments(more)) => kept.to_mut().push_str(&more),
            (_, delta) => held.deltas.push(delta.into_owned()),
        }
        Ok(())
    }

    /// Says the parts that were kept, up to the first that has not ended.
    fn release(&mut self, emit: &mut impl Emit) -> Result<(), TranslateError> {
        while let Some(held) = self.later.pop_front() {
            let part = held.part;
            emit(StreamEvent::PartStart {
                part,
                item_id: held.item_id,
                phase: held.phase,
                start: held.start,
            })?;
            for delta in held.deltas {
                self.held_bytes = self.held_bytes.saturating_sub(delta.len_bytes());
                emit(StreamEvent::Delta { part, delta })?;
            }
            if !held.ended {
                self.current = Some(part);
                return Ok(());
            }
            emit(StreamEvent::PartEnd { part })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(part: u32) -> StreamEvent<'static> {
        StreamEvent::PartStart { part: PartId(part), item_id: None, phase: None, start: PartStart::Text }
    }

    fn text(part: u32, text: &'static str) -> StreamEvent<'static> {
        StreamEvent::Delta { part: PartId(part), delta: Delta::Text(Cow::Borrowed(text)) }
    }

    fn end(part: u32) -> StreamEvent<'static> {
        StreamEvent::PartEnd { part: PartId(part) }
    }

    fn run(events: Vec<StreamEvent<'static>>) -> Vec<String> {
        let mut out = Vec::new();
        let mut sequencer = Sequencer::default();
        for event in events {
            let emit = &mut |event: StreamEvent<'_>| {
                out.push(match event {
                    StreamEvent::PartStart { part, .. } => format!("+{}", part.0),
                    StreamEvent::PartEnd { part } => format!("-{}", part.0),
                    StreamEvent::Delta { part, delta: Delta::Text(text) } => format!("{}{text}", part.0),
                    other => format!("{other:?}"),
                });
                Ok(())
            };
            sequencer.event(event, emit).unwrap();
        }
        out
    }

    #[test]
    fn parts_in_order_pass_through() {
        let events = vec![start(0), text(0, "a"), end(0), start(1), text(1, "b"), end(1)];
        assert_eq!(run(events), ["+0", "0a", "-0", "+1", "1b", "-1"]);
    }

    #[test]
    fn later_parts_wait_and_their_deltas_join() {
        let events = vec![
            start(0),
            start(1),
            text(1, "x"),
            start(2),
            text(0, "a"),
            text(1, "y"),
            end(1),
            text(2, "p"),
            end(0),
            text(2, "q"),
            end(2),
        ];
        assert_eq!(run(events), ["+0", "0a", "-0", "+1", "1xy", "-1", "+2", "2p", "2q", "-2"]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut sequencer = Sequencer::default();
        let emit = &mut |_: StreamEvent<'_>| Ok(());
        sequencer.event(start(0), emit).unwrap();
        sequencer.event(start(1), emit).unwrap();
        let big = "x".repeat(HELD_LIMIT_BYTES + 1);
        let delta = StreamEvent::Delta { part: PartId(1), delta: Delta::Text(Cow::Owned(big)) };
        assert!(matches!(
            sequencer.event(delta, emit),
            Err(TranslateError::TooMuchHeld { limit: HELD_LIMIT_BYTES, .. })
        ));
    }
}
