//! An answer written as a Message, whole or as a stream.

use serde_json::{Value, json};

use super::shape::{
    Block, Caller, Citation, Data, Delta, DeltaUsage, End, FullUsage, Message, SearchResult, StopDetails,
};
use crate::answer::{Answer, Call, Part, Source, Stop, input_pieces};
use crate::ask::Ask;
use crate::directive::Shape;
use crate::error::to_json;
use crate::seed::Rng;
use crate::wire::Event;

/// How the ids of calls begin that belong to a turn with thinking.
pub(crate) const THOUGHT_ID: &str = "toolu_thought_";

/// The whole answer.
pub(crate) fn json(ask: &Ask, answer: &Answer, shape: &Shape) -> Vec<u8> {
    let mut ids = Rng::new(answer.id_state);
    let id = ids.id("msg_", 24);
    let content = answer.parts.iter().flat_map(|part| blocks(ask, answer, part, &mut ids)).collect();
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
        for block in blocks(ask, answer, part, &mut ids) {
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

    /// A block opens empty, gets its deltas, and closes. What a server tool brings comes whole.
    fn block(&mut self, ask: &Ask, part: &Part, block: Block) {
        let (empty, last) = emptied(block);
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
        match &last {
            Last::Nothing => {}
            Last::Signature(signature) => self.delta(Delta::Signature { signature }),
            Last::Citations(citations) => {
                for citation in citations {
                    self.delta(Delta::Citations { citation: citation.clone() });
                }
            }
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

/// The finished blocks of a part; refusals and plain searches have none here.
fn blocks(ask: &Ask, answer: &Answer, part: &Part, ids: &mut Rng) -> Vec<Block> {
    match part {
        Part::Text(pieces) => vec![text(pieces.concat(), answer, ids)],
        Part::Thinking(pieces) => {
            let thinking = if ask.hide_thinking { String::new() } else { pieces.concat() };
            let signature = answer.seal.signature(&ask.model, &thinking, ids);
            vec![Block::Thinking { thinking, signature }]
        }
        Part::Redacted => vec![Block::RedactedThinking { data: answer.seal.redacted(&ask.model, ids) }],
        Part::Call(call) => vec![tool_use(call, call_id(answer, ids))],
        Part::Found(sources) => found(ask, sources, ids),
        Part::Refusal(_) | Part::Search => Vec::new(),
    }
}

/// A text with a citation of each source.
fn text(text: String, answer: &Answer, ids: &mut Rng) -> Block {
    let cited: String = text.chars().take(150).collect();
    let mut citation = |source: &Source| Citation {
        kind: "web_search_result_location",
        cited_text: cited.clone(),
        encrypted_index: ids.id("Eo8B", 60),
        title: source.title.clone(),
        url: source.url.clone(),
    };
    let citations: Vec<Citation> = answer.sources().iter().map(&mut citation).collect();
    Block::Text { text, citations: (!citations.is_empty()).then_some(citations) }
}

/// The id tells whether the turn thinks: then the API wants the thinking back with the call.
fn call_id(answer: &Answer, ids: &mut Rng) -> String {
    if answer.has_thinking() { ids.id(THOUGHT_ID, 16) } else { ids.id("toolu_", 24) }
}

fn direct() -> Caller {
    Caller { kind: "direct" }
}

fn tool_use(call: &Call, id: String) -> Block {
    // A directive may ask for input that is no JSON; then it is a string.
    let input = serde_json::from_str(&call.input).unwrap_or_else(|_| Value::String(call.input.clone()));
    Block::ToolUse { id, name: call.name.clone(), input, caller: direct() }
}

/// A search and its results.
fn found(ask: &Ask, sources: &[Source], ids: &mut Rng) -> Vec<Block> {
    let id = ids.id("srvtoolu_", 24);
    let input = json!({"query": crate::keys::query(&ask.echo)});
    let mut result = |source: &Source| SearchResult {
        kind: "web_search_result",
        title: source.title.clone(),
        url: source.url.clone(),
        encrypted_content: ids.id("EqgB", 80),
        page_age: (),
    };
    let content = sources.iter().map(&mut result).collect();
    vec![
        Block::ServerToolUse { id: id.clone(), name: "web_search", input, caller: direct() },
        Block::WebSearchToolResult { tool_use_id: id, content, caller: direct() },
    ]
}

/// What comes in the last deltas of a block.
enum Last {
    Nothing,
    Signature(String),
    Citations(Vec<Citation>),
}

/// A block as it stands when it opens, and what comes with its last deltas.
fn emptied(block: Block) -> (Block, Last) {
    match block {
        Block::Text { citations, .. } => {
            let last = citations.map_or(Last::Nothing, Last::Citations);
            (Block::Text { text: String::new(), citations: None }, last)
        }
        Block::Thinking { signature, .. } => {
            let empty = Block::Thinking { thinking: String::new(), signature: String::new() };
            (empty, Last::Signature(signature))
        }
        Block::ToolUse { id, name, caller, .. } => {
            (Block::ToolUse { id, name, input: Value::Object(serde_json::Map::new()), caller }, Last::Nothing)
        }
        whole => (whole, Last::Nothing),
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
