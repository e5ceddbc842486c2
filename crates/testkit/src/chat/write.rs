//! An answer written as a chat completion, whole or in chunks.

use serde_json::{Value, json};

use super::shape::{
    Annotation, Choice, Chunk, ChunkChoice, Completion, CompletionUsage, Custom, Delta, Function, Message,
    ToolCall, UrlCitation,
};
use super::vendor;
use crate::answer::{Answer, Call, Part, Source, Stop, input_pieces};
use crate::ask::Ask;
use crate::directive::{Chunks, Shape};
use crate::error::to_json;
use crate::respond::CREATED_S;
use crate::seed::Rng;
use crate::wire::Event;

const FINGERPRINT: &str = "fp_sandbox";
/// How the ids of calls begin that belong to a turn with thinking, at the vendors who want the thinking back.
pub(crate) const THOUGHT_ID: &str = "call_thought_";

/// The whole answer.
pub(crate) fn json(ask: &Ask, answer: &Answer, shape: &Shape) -> Vec<u8> {
    let mut ids = Rng::new(answer.id_state);
    let id = ids.id("chatcmpl-", 29);
    let choices = (0..ask.n.max(1)).map(|index| Choice {
        index,
        message: message(ask, answer, &mut ids),
        logprobs: (),
        finish_reason: finish_reason(answer.stop),
    });
    let whole = to_json(&Completion {
        id: &id,
        object: "chat.completion",
        created: CREATED_S,
        model: &ask.model,
        choices: choices.collect(),
        usage: (!shape.no_usage).then(|| CompletionUsage::new(&answer.usage)),
        service_tier: "default",
        system_fingerprint: FINGERPRINT,
    });
    vendor::json(whole, &shape.vendor)
}

/// The answer as chunks and `[DONE]`.
pub(crate) fn events(ask: &Ask, answer: &Answer, shape: &Shape) -> Vec<Event> {
    let mut ids = Rng::new(answer.id_state);
    let id = ids.id("chatcmpl-", 29);
    let usage = CompletionUsage::new(&answer.usage);
    let counted = ask.include_usage && !shape.no_usage;
    let mut stream =
        Stream { events: Vec::new(), id: &id, model: &ask.model, choices: ask.n.max(1), null_usage: counted };
    let finish = finish_reason(answer.stop);
    let in_finish = shape.usage_in_finish || (shape.chunks.is_some() && counted);
    let finish_usage = (in_finish && !shape.no_usage).then(|| usage.clone());
    match shape.chunks {
        Some(Chunks::One) => {
            stream.all(|| whole_delta(ask, answer, &mut ids), Some(finish), finish_usage.as_ref());
        }
        Some(Chunks::Two) => {
            stream.all(|| whole_delta(ask, answer, &mut ids), None, None);
            stream.all(Delta::default, Some(finish), finish_usage.as_ref());
        }
        None => {
            stream.parts(ask, answer, &mut ids);
            stream.all(Delta::default, Some(finish), finish_usage.as_ref());
        }
    }
    if counted && !in_finish {
        for _ in 0..if shape.duplicate_usage { 2 } else { 1 } {
            stream.push(Vec::new(), Some(Some(usage.clone())));
        }
    }
    let mut events = vendor::events(stream.events, &usage, &shape.vendor);
    if !shape.vendor.no_done {
        events.push(Event { name: "", data: b"[DONE]".to_vec() });
    }
    events
}

/// The chunk `first` with a delta that says nothing: a keep-alive every client takes.
pub(crate) fn empty_delta(first: &[u8]) -> Vec<u8> {
    let mut chunk: Value = serde_json::from_slice(first).unwrap_or_default();
    chunk["choices"] = json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": null}]);
    chunk.to_string().into_bytes()
}

struct Stream<'a> {
    events: Vec<Event>,
    id: &'a str,
    model: &'a str,
    choices: usize,
    /// Chunks without usage say `usage: null`.
    null_usage: bool,
}

impl Stream<'_> {
    fn push(&mut self, choices: Vec<ChunkChoice>, usage: Option<Option<CompletionUsage>>) {
        let chunk = Chunk {
            id: self.id,
            object: "chat.completion.chunk",
            created: CREATED_S,
            model: self.model,
            service_tier: "default",
            system_fingerprint: FINGERPRINT,
            choices,
            usage: usage.or_else(|| self.null_usage.then_some(None)),
        };
        self.events.push(Event { name: "", data: to_json(&chunk) });
    }

    /// One chunk for each choice.
    fn all(
        &mut self,
        mut delta: impl FnMut() -> Delta,
        finish: Option<&'static str>,
        usage: Option<&CompletionUsage>,
    ) {
        for index in 0..self.choices {
            let last = index + 1 == self.choices;
            let usage = usage.filter(|_| last).map(|usage| Some(usage.clone()));
            self.push(
                vec![ChunkChoice { index, delta: delta(), logprobs: (), finish_reason: finish }],
                usage,
            );
        }
    }

    fn parts(&mut self, ask: &Ask, answer: &Answer, ids: &mut Rng) {
        let role = || Delta { role: Some("assistant"), content: Some(String::new()), ..Delta::default() };
        self.all(role, None, None);
        let mut calls = 0;
        for part in &answer.parts {
            match part {
                Part::Thinking(pieces) => {
                    self.pieces(pieces, |text| Delta { reasoning_content: Some(text), ..Delta::default() });
                }
                Part::Text(pieces) => {
                    self.pieces(pieces, |text| Delta { content: Some(text), ..Delta::default() });
                    let annotations = annotations(&pieces.concat(), answer);
                    if !annotations.is_empty() {
                        let cite = || Delta { annotations: annotations.clone(), ..Delta::default() };
                        self.all(cite, None, None);
                    }
                }
                Part::Refusal(why) => {
                    self.pieces(&crate::answer::pieces(why), |text| Delta {
                        refusal: Some(text),
                        ..Delta::default()
                    });
                }
                Part::Call(call) => {
                    self.call(call, calls, &mut || call_id(ask, answer, ids));
                    calls += 1;
                }
                Part::Redacted | Part::Search | Part::Found(_) => {}
            }
        }
    }

    fn pieces(&mut self, pieces: &[String], delta: impl Fn(String) -> Delta) {
        for piece in pieces {
            self.all(|| delta(piece.clone()), None, None);
        }
    }

    /// The first delta names the call, the others bring its input.
    fn call(&mut self, call: &Call, index: usize, id: &mut impl FnMut() -> String) {
        let start = || {
            let named = ToolCall { index: Some(index), ..tool_call(call, String::new(), id()) };
            Delta { tool_calls: vec![named], ..Delta::default() }
        };
        self.all(start, None, None);
        for piece in input_pieces(&call.input) {
            let delta = || {
                let call =
                    ToolCall { index: Some(index), id: None, kind: None, ..input(call, None, piece.clone()) };
                Delta { tool_calls: vec![call], ..Delta::default() }
            };
            self.all(delta, None, None);
        }
    }
}

fn message(ask: &Ask, answer: &Answer, ids: &mut Rng) -> Message {
    let delta = whole_delta(ask, answer, ids);
    let tool_calls = delta.tool_calls.into_iter().map(|call| ToolCall { index: None, ..call });
    Message {
        role: "assistant",
        content: delta.content,
        reasoning_content: delta.reasoning_content,
        refusal: delta.refusal,
        annotations: delta.annotations,
        tool_calls: tool_calls.collect(),
    }
}

/// The whole answer in one delta.
fn whole_delta(ask: &Ask, answer: &Answer, ids: &mut Rng) -> Delta {
    let mut delta = Delta { role: Some("assistant"), ..Delta::default() };
    for part in &answer.parts {
        match part {
            Part::Thinking(pieces) => add(&mut delta.reasoning_content, pieces),
            Part::Text(pieces) => {
                add(&mut delta.content, pieces);
                delta.annotations = annotations(&pieces.concat(), answer);
            }
            Part::Refusal(why) => delta.refusal = Some(why.clone()),
            Part::Call(call) => {
                let index = Some(delta.tool_calls.len());
                let id = call_id(ask, answer, ids);
                delta.tool_calls.push(ToolCall { index, ..tool_call(call, call.input.clone(), id) });
            }
            Part::Redacted | Part::Search | Part::Found(_) => {}
        }
    }
    delta
}

fn add(text: &mut Option<String>, pieces: &[String]) {
    text.get_or_insert_default().push_str(&pieces.concat());
}

/// A citation of each source, all of the whole text.
fn annotations(text: &str, answer: &Answer) -> Vec<Annotation> {
    let cite = |source: &Source| {
        let (title, url) = (source.title.clone(), source.url.clone());
        let url_citation = UrlCitation { start_index: 0, end_index: text.chars().count(), title, url };
        Annotation { kind: "url_citation", url_citation }
    };
    answer.sources().iter().map(cite).collect()
}

/// The id tells whether the turn thinks, for models whose vendors want the thinking back with the call.
fn call_id(ask: &Ask, answer: &Answer, ids: &mut Rng) -> String {
    let marked = answer.has_thinking() && vendor::wants_reasoning_back(&ask.model);
    if marked { ids.id(THOUGHT_ID, 16) } else { ids.id("call_", 24) }
}

fn tool_call(call: &Call, text: String, id: String) -> ToolCall {
    let kind = if call.custom { "custom" } else { "function" };
    ToolCall { id: Some(id), kind: Some(kind), ..input(call, Some(call.name.clone()), text) }
}

fn input(call: &Call, name: Option<String>, text: String) -> ToolCall {
    let (function, custom) = if call.custom {
        (None, Some(Custom { name, input: text }))
    } else {
        (Some(Function { name, arguments: text }), None)
    };
    ToolCall { index: None, id: None, kind: None, function, custom }
}

const fn finish_reason(stop: Stop) -> &'static str {
    match stop {
        Stop::EndTurn | Stop::Sequence | Stop::PauseTurn => "stop",
        Stop::MaxTokens | Stop::ContextWindow => "length",
        Stop::ToolUse => "tool_calls",
        Stop::Refusal => "content_filter",
    }
}
