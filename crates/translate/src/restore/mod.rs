//! The middle of an answer's way back: undoes what was changed in the request, and puts reasoning into a form the caller
//! can send back. It stands between a decoder and an encoder, and takes events as they come.

mod answer;
mod input;
mod memory;
#[cfg(test)]
mod tests;
mod text;
mod thought;

pub use memory::Recollection;

use crate::back::{CallerTool, CallerToolKind, ReasoningBack, WayBack};
use crate::carrier::CarrierKey;
use crate::error::TranslateError;
use crate::ids;
use crate::ir::{
    Delta, Emit, Finish, MadeBy, NativeTool, PartId, PartStart, StopReason, StreamEvent, ToolKind,
};
use input::InputReader;
use memory::Memory;
use std::borrow::Cow;
use text::TextFilter;
use thought::{Thought, Way};
use tollgate_protocol::Protocol;

/// More parts than this are not open at a time.
const OPEN_LIMIT_PARTS: usize = 4096;

/// Restores one answer.
#[derive(Debug)]
pub struct Restorer {
    back: WayBack,
    to: Protocol,
    way: Way,
    is_idle: bool,
    open: Vec<(PartId, Doing)>,
    memory: Memory,
    stopped_by: Option<String>,
}

/// What is done with an open part.
#[derive(Debug)]
enum Doing {
    /// Nothing: it goes on as it is.
    Pass,
    /// It is left out.
    Swallow,
    /// Its text is watched.
    Text(TextFilter),
    /// Its arguments become free text.
    Input(InputReader),
    /// It is reasoning.
    Thought(Thought),
}

impl Restorer {
    /// A restorer of one answer by `maker`, which speaks `from`, for a caller that speaks `to`.
    #[must_use]
    pub fn new(back: WayBack, maker: MadeBy<'static>, key: CarrierKey, from: Protocol, to: Protocol) -> Self {
        let is_idle = from == to
            && back.tools.is_empty()
            && back.stop.is_empty()
            && !back.unfence
            && back.reasoning == ReasoningBack::Shown;
        let way = Way { back: back.reasoning, to, is_native: from == to, maker, key };
        Self { back, to, way, is_idle, open: Vec::new(), memory: Memory::default(), stopped_by: None }
    }

    /// Whether every answer goes through unchanged.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.is_idle
    }

    /// What the gate is to remember of the answer, once it has finished.
    #[must_use]
    pub fn remember(&self) -> Option<Recollection> {
        self.memory.recollect()
    }

    /// Takes one event and gives `emit` those that follow from it.
    ///
    /// # Errors
    /// Those of `emit`, and [`TranslateError::TooMuchHeld`] if too many parts are open.
    pub fn event(&mut self, event: StreamEvent<'_>, emit: &mut impl Emit) -> Result<(), TranslateError> {
        if self.is_idle {
            return emit(event);
        }
        match event {
            StreamEvent::PartStart { .. } => self.start(event, emit),
            StreamEvent::Delta { part, delta } => self.delta(part, delta, emit),
            StreamEvent::PartEnd { part } => self.end(part, emit),
            StreamEvent::Finish(mut finish) => {
                self.finish(&mut finish);
                emit(StreamEvent::Finish(finish))
            }
            StreamEvent::Start(_) | StreamEvent::Ping => emit(event),
        }
    }

    fn start(&mut self, mut event: StreamEvent<'_>, emit: &mut impl Emit) -> Result<(), TranslateError> {
        let StreamEvent::PartStart { part, item_id, start, .. } = &mut event else {
            return emit(event);
        };
        let part = *part;
        if self.open.len() >= OPEN_LIMIT_PARTS {
            return Err(TranslateError::TooMuchHeld { limit: OPEN_LIMIT_PARTS, unit: "parts" });
        }
        let mut doing = self.begin(start);
        if let Doing::Thought(thought) = &mut doing {
            thought.item_id = item_id.as_deref().map(|id| Cow::Owned(id.to_owned()));
        }
        let is_said = !matches!(&doing, Doing::Swallow)
            && !matches!(&doing, Doing::Thought(thought) if thought.is_silent(&self.way));
        self.open.push((part, doing));
        if !is_said {
            return Ok(());
        }
        emit(event)
    }

    /// What is to be done with a part that begins as `start`, which is changed to what the caller knows.
    fn begin(&mut self, start: &mut PartStart<'_>) -> Doing {
        if self.stopped_by.is_some() {
            return Doing::Swallow;
        }
        match start {
            PartStart::Text => self.text(),
            PartStart::Reasoning => Doing::Thought(Thought::default()),
            PartStart::Redacted { data } => {
                let thought = Thought::redacted(data);
                thought::begin_redacted(start, &self.way);
                Doing::Thought(thought)
            }
            PartStart::ToolCall { id, name, namespace, kind } => {
                fit_id(id, self.to);
                if self.way.is_remembered() {
                    self.memory.call(id);
                }
                let Some(tool) = self.back.tools.get(&**name) else {
                    return Doing::Pass;
                };
                let doing = match (&tool.kind, *kind) {
                    (CallerToolKind::Custom, ToolKind::Function) => Doing::Input(InputReader::default()),
                    _ => Doing::Pass,
                };
                restore_tool(tool, name, namespace, kind);
                doing
            }
            _ => Doing::Pass,
        }
    }

    fn text(&self) -> Doing {
        if self.back.stop.is_empty() && !self.back.unfence {
            return Doing::Pass;
        }
        Doing::Text(TextFilter::new(&self.back.stop, self.back.unfence))
    }

    fn delta(&mut self, part: PartId, delta: Delta<'_>, emit: &mut impl Emit) -> Result<(), TranslateError> {
        let Some((_, doing)) = self.open.iter_mut().find(|(open, _)| *open == part) else {
            return Ok(());
        };
        match (doing, delta) {
            (Doing::Swallow, _) => Ok(()),
            (Doing::Text(filter), Delta::Text(text)) => {
                let said = filter.push(&text);
                if let Some(stop) = filter.stopped_by() {
                    self.stopped_by.get_or_insert_with(|| stop.to_owned());
                }
                say_text(part, said, emit)
            }
            (Doing::Input(reader), Delta::Arguments(text)) => say_arguments(part, reader.push(&text), emit),
            (Doing::Thought(thought), delta) => match thought.take(delta, &self.way) {
                Some(delta) => emit(StreamEvent::Delta { part, delta }),
                None => Ok(()),
            },
            (_, delta) => emit(StreamEvent::Delta { part, delta }),
        }
    }

    fn end(&mut self, part: PartId, emit: &mut impl Emit) -> Result<(), TranslateError> {
        let Some(at) = self.open.iter().position(|(open, _)| *open == part) else {
            return Ok(());
        };
        match self.open.remove(at).1 {
            Doing::Swallow => return Ok(()),
            Doing::Pass => {}
            Doing::Text(filter) => say_text(part, filter.end(), emit)?,
            Doing::Input(reader) => say_arguments(part, reader.end(), emit)?,
            Doing::Thought(thought) => {
                if self.way.is_remembered() {
                    self.memory.thought(&thought, &self.way);
                }
                if thought.is_silent(&self.way) {
                    return Ok(());
                }
                if let Some(delta) = thought.proof_delta(&self.way) {
                    emit(StreamEvent::Delta { part, delta })?;
                }
            }
        }
        emit(StreamEvent::PartEnd { part })
    }

    fn finish(&self, finish: &mut Finish<'_>) {
        if let Some(stop) = &self.stopped_by {
            finish.stop = StopReason::StopSequence;
            finish.stop_sequence = Some(Cow::Owned(stop.clone()));
        }
    }
}

fn say_text(part: PartId, text: String, emit: &mut impl Emit) -> Result<(), TranslateError> {
    if text.is_empty() {
        return Ok(());
    }
    emit(StreamEvent::Delta { part, delta: Delta::Text(Cow::Owned(text)) })
}

fn say_arguments(part: PartId, text: String, emit: &mut impl Emit) -> Result<(), TranslateError> {
    if text.is_empty() {
        return Ok(());
    }
    emit(StreamEvent::Delta { part, delta: Delta::Arguments(Cow::Owned(text)) })
}

/// Makes a call's id one that the caller can send back.
fn fit_id(id: &mut Cow<'_, str>, to: Protocol) {
    if let Cow::Owned(fitted) = ids::fit(id, to) {
        *id = Cow::Owned(fitted);
    }
}

/// Calls a tool as the caller knows it.
fn restore_tool(
    tool: &CallerTool,
    name: &mut Cow<'_, str>,
    namespace: &mut Option<Cow<'_, str>>,
    kind: &mut ToolKind,
) {
    *name = Cow::Owned(tool.name.clone());
    *namespace = tool.namespace.clone().map(Cow::Owned);
    *kind = match &tool.kind {
        CallerToolKind::Custom => ToolKind::Custom,
        CallerToolKind::Native(call) => NativeTool::parse(call).map_or(*kind, ToolKind::Native),
        CallerToolKind::Function => *kind,
    };
}
