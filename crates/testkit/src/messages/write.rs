//! An answer written as a Message, whole or as a stream.

use serde_json::Value;

use super::shape::{Block, Caller, Data, Delta, DeltaUsage, End, FullUsage, Message, StopDetails};
use crate::answer::{Answer, Call, Part, Stop, input_pieces};
use crate::ask::Ask;
use crate::directive::Shape;
use crate::error::to_json;
use crate::seed::Rng;
use crate::wire::Event;

/// The whole answer.
pub(crate) fn json(ask: &Ask, answer: &Answer, shape: &Shape) -> Vec<u8> {
    let mut ids = Rng::new(answer.id_state);
    let id = ids.id("msg_", 24);
    let content = answer.parts.iter().filter_map(|part| block(ask, part, &mut ids)).collect();
    to_json(&Message {
        content,
        stop_reason: Some(stop_reason(answer.stop)),
        stop_sequence: answer.stop_sequence.as_deref(),
        stop_details: stop_details(answer),
        usage: (!shape.no_usage).then(|| FullUsage::new(&answer.usage)),
        ..message(&id, &ask.model)
    })
}

/// The answer as events.
pub(crate) fn events(ask: &Ask, answer: &Answer, shape: &Shape) -> Vec<Event> {
    let mut ids = Rng::new(answer.id_state);
    let id = ids.id("msg_", 24);
    let usage = (!shape.no_usage).then(|| FullUsage::at_start(&answer.usage));
    let mut stream = Stream { events: Vec::new(), index: 0, whole: shape.chunks.is_some() };
    stream.push(
        "message_start",
        &Data::MessageStart { message: Message { usage, ..message(&id, &ask.model) } },
    );
    for part in &answer.parts {
        if let Some(block) = block(ask, part, &mut ids) {
            stream.block(ask, part, block);
        }
    }
    let delta = || End {
        stop_reason: stop_reason(answer.stop),
        stop_sequence: answer.stop_sequence.as_deref(),
        stop_details: stop_details(answer),
        container: (),
    };
    for _ in 0..if shape.duplicate_usage { 2 } else { 1 } {
        let usage = (!shape.no_usage).then(|| DeltaUsage::new(&answer.usage));
        stream.push("message_delta", &Data::MessageDelta { delta: delta(), usage });
    }
    stream.push("message_stop", &Data::MessageStop);
    stream.events
}

struct Stream {
    events: Vec<Event>,
    index: usize,
    /// Each block in one delta.
    whole: bool,
}

impl Stream {
    fn push(&mut self, name: &'static str, data: &Data<'_>) {
        self.events.push(Event { name, data: to_json(data) });
    }

    fn delta(&mut self, delta: Delta<'_>) {
        let index = self.index;
        self.push("content_block_delta", &Data::ContentBlockDelta { index, delta });
    }

    /// A block opens empty, gets its deltas, and closes.
    fn block(&mut self, ask: &Ask, part: &Part, block: Block) {
        let (empty, signature) = emptied(block);
        let index = self.index;
        self.push("content_block_start", &Data::ContentBlockStart { index, content_block: empty });
        match part {
            Part::Text(pieces) => self.pieces(pieces, |text| Delta::Text { text }),
            Part::Thinking(pieces) if !ask.hide_thinking => {
                self.pieces(pieces, |thinking| Delta::Thinking { thinking });
            }
            Part::Call(call) => {
                self.delta(Delta::InputJson { partial_json: "" });
                self.pieces(&input_pieces(&call.input), |partial_json| Delta::InputJson { partial_json });
            }
            _ => {}
        }
        if let Some(signature) = &signature {
            self.delta(Delta::Signature { signature });
        }
        self.push("content_block_stop", &Data::ContentBlockStop { index });
        self.index += 1;
    }

    fn pieces(&mut self, pieces: &[String], delta: impl for<'a> Fn(&'a str) -> Delta<'a>) {
        if self.whole {
            self.delta(delta(&pieces.concat()));
            return;
        }
        for piece in pieces {
            self.delta(delta(piece));
        }
    }
}

fn message<'a>(id: &'a str, model: &'a str) -> Message<'a> {
    Message {
        id,
        kind: "message",
        role: "assistant",
        model,
        content: Vec::new(),
        stop_reason: None,
        stop_sequence: None,
        stop_details: None,
        container: (),
        diagnostics: (),
        usage: None,
    }
}

/// The finished block of a part; refusals and searches have none here.
fn block(ask: &Ask, part: &Part, ids: &mut Rng) -> Option<Block> {
    match part {
        Part::Text(pieces) => Some(Block::Text { text: pieces.concat(), citations: () }),
        Part::Thinking(pieces) => {
            let thinking = if ask.hide_thinking { String::new() } else { pieces.concat() };
            Some(Block::Thinking { thinking, signature: ids.id("", 180) + "==" })
        }
        Part::Call(call) => Some(tool_use(call, ids.id("toolu_", 24))),
        Part::Refusal(_) | Part::Search => None,
    }
}

fn tool_use(call: &Call, id: String) -> Block {
    // A directive may ask for input that is no JSON; then it is a string.
    let input = serde_json::from_str(&call.input).unwrap_or_else(|_| Value::String(call.input.clone()));
    Block::ToolUse { id, name: call.name.clone(), input, caller: Caller { kind: "direct" } }
}

/// A block as it stands when it opens, and the signature that comes with its last delta.
fn emptied(block: Block) -> (Block, Option<String>) {
    match block {
        Block::Text { .. } => (Block::Text { text: String::new(), citations: () }, None),
        Block::Thinking { signature, .. } => {
            (Block::Thinking { thinking: String::new(), signature: String::new() }, Some(signature))
        }
        Block::ToolUse { id, name, caller, .. } => {
            (Block::ToolUse { id, name, input: Value::Object(serde_json::Map::new()), caller }, None)
        }
    }
}

const fn stop_reason(stop: Stop) -> &'static str {
    match stop {
        Stop::EndTurn => "end_turn",
        Stop::Sequence => "stop_sequence",
        Stop::MaxTokens => "max_tokens",
        Stop::ToolUse => "tool_use",
        Stop::PauseTurn => "pause_turn",
        Stop::Refusal => "refusal",
        Stop::ContextWindow => "model_context_window_exceeded",
    }
}

fn stop_details(answer: &Answer) -> Option<StopDetails> {
    let explanation = answer.parts.iter().find_map(|part| match part {
        Part::Refusal(why) => Some(why.clone()),
        _ => None,
    });
    (answer.stop == Stop::Refusal).then_some(StopDetails { kind: "refusal", category: None, explanation })
}
