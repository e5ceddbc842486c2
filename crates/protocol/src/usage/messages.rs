//! Anthropic Messages: <https://docs.claude.com/en/api/messages-streaming>.
//!
//! `input_tokens` leaves cache out, so the buckets are disjoint already. In a stream the first count comes with
//! `message_start`, later ones with `message_delta`; they are cumulative, and what a later one leaves null stands.

use serde::Deserialize;
use tollgate_base::Usage;

use super::failure::StreamFailure;
use super::observer::Common;
use super::wire::{Count, Filled, List, Maybe, Object, Text};
use super::{FrameKind, Observed, OutputHead, Pass, output};
use crate::Protocol;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct WireUsage<'a> {
    input_tokens: Count,
    output_tokens: Count,
    cache_creation_input_tokens: Count,
    cache_read_input_tokens: Count,
    cache_creation: Object<CacheCreation>,
    output_tokens_details: Object<OutputDetails>,
    server_tool_use: Object<ServerToolUse>,
    #[serde(borrow)]
    service_tier: Text<'a>,
    #[serde(borrow)]
    speed: Text<'a>,
    #[serde(borrow)]
    inference_geo: Text<'a>,
    /// With compaction or a server-side fallback the top level covers only the last pass; this lists all of them.
    #[serde(borrow)]
    iterations: List<Iteration<'a>>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Count,
    ephemeral_1h_input_tokens: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct ServerToolUse {
    web_search_requests: Count,
    code_execution_requests: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Iteration<'a> {
    #[serde(borrow)]
    model: Text<'a>,
    input_tokens: Count,
    output_tokens: Count,
    cache_creation_input_tokens: Count,
    cache_read_input_tokens: Count,
    cache_creation: Object<CacheCreation>,
}

/// The counts so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    seen: bool,
    input: Count,
    output: Count,
    written: Count,
    read: Count,
    split: CacheCreation,
    thinking: Count,
    searches: Count,
    runs_of_code: Count,
    passes: Vec<Pass>,
}

impl Counts {
    fn update(&mut self, later: WireUsage<'_>, observed: &mut Observed) {
        self.seen = true;
        self.input.update(later.input_tokens);
        self.output.update(later.output_tokens);
        self.written.update(later.cache_creation_input_tokens);
        self.read.update(later.cache_read_input_tokens);
        self.split.ephemeral_5m_input_tokens.update(later.cache_creation.0.ephemeral_5m_input_tokens);
        self.split.ephemeral_1h_input_tokens.update(later.cache_creation.0.ephemeral_1h_input_tokens);
        self.thinking.update(later.output_tokens_details.0.thinking_tokens);
        self.searches.update(later.server_tool_use.0.web_search_requests);
        self.runs_of_code.update(later.server_tool_use.0.code_execution_requests);
        later.service_tier.update(&mut observed.service_tier);
        later.speed.update(&mut observed.speed);
        later.inference_geo.update(&mut observed.inference_geo);
        if !later.iterations.0.is_empty() {
            self.passes = later.iterations.0.into_iter().map(Iteration::into_pass).collect();
            observed.passes.clone_from(&self.passes);
        }
    }

    fn usage(&self) -> Option<Usage> {
        if !self.seen {
            return None;
        }
        let (write_5m, write_1h) = cache_writes(self.written, self.split);
        let usage = Usage {
            input_tokens: self.input.or_zero(),
            output_tokens: self.output.or_zero(),
            cache_write_5m_tokens: write_5m,
            cache_write_1h_tokens: write_1h,
            cache_read_tokens: self.read.or_zero(),
            reasoning_tokens: self.thinking.or_zero(),
            web_search_calls: self.searches.or_zero(),
            code_execution_calls: self.runs_of_code.or_zero(),
            ..Usage::default()
        };
        Some(if self.passes.is_empty() { usage } else { sum(usage, &self.passes) })
    }
}

impl Iteration<'_> {
    fn into_pass(self) -> Pass {
        let (write_5m, write_1h) = cache_writes(self.cache_creation_input_tokens, self.cache_creation.0);
        let usage = Usage {
            input_tokens: self.input_tokens.or_zero(),
            output_tokens: self.output_tokens.or_zero(),
            cache_write_5m_tokens: write_5m,
            cache_write_1h_tokens: write_1h,
            cache_read_tokens: self.cache_read_input_tokens.or_zero(),
            ..Usage::default()
        };
        Pass { model: self.model.owned(), usage }
    }
}

/// Splits written tokens by lifetime. What the split does not cover, or all if there is none, is short-lived.
fn cache_writes(total: Count, split: CacheCreation) -> (u64, u64) {
    let short = split.ephemeral_5m_input_tokens.or_zero();
    let long = split.ephemeral_1h_input_tokens.or_zero();
    let rest = total.or_zero().saturating_sub(short.saturating_add(long));
    (short.saturating_add(rest), long)
}

/// The tokens of all passes: none of them is free. Calls and thinking are told only at the top.
fn sum(top: Usage, passes: &[Pass]) -> Usage {
    let told_at_the_top = Usage {
        reasoning_tokens: top.reasoning_tokens,
        web_search_calls: top.web_search_calls,
        code_execution_calls: top.code_execution_calls,
        ..Usage::default()
    };
    passes.iter().fold(told_at_the_top, |sum, pass| sum.plus(&pass.usage))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    stop_reason: Text<'a>,
    content: Filled,
    #[serde(borrow)]
    usage: Maybe<WireUsage<'a>>,
}

/// Reads a whole answer.
pub(super) fn answer(body: &[u8]) -> Result<Observed, serde_json::Error> {
    let message: Object<Message<'_>> = serde_json::from_slice(body)?;
    let mut counts = Counts::default();
    let mut observed = Observed::default();
    take_message(message.0, &mut counts, &mut observed);
    Ok(observed)
}

fn take_message(message: Message<'_>, counts: &mut Counts, observed: &mut Observed) {
    message.id.update(&mut observed.id);
    message.model.update(&mut observed.model);
    message.stop_reason.update(&mut observed.stop_reason);
    observed.output_started |= message.content.0;
    if let Some(usage) = message.usage.0 {
        counts.update(usage, observed);
    }
    observed.usage = counts.usage();
}

/// The members of stream events that are read. Events differ in which of them they have.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event<'a> {
    #[serde(borrow)]
    message: Object<Message<'a>>,
    #[serde(borrow)]
    delta: Object<Delta<'a>>,
    #[serde(borrow)]
    usage: Maybe<WireUsage<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta<'a> {
    #[serde(borrow)]
    stop_reason: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    event_type: Text<'a>,
    error: Filled,
}

/// Reads one frame of a stream. The name of the event decides; without one, the `type` in the data.
pub(super) fn frame(counts: &mut Counts, event: &[u8], data: &[u8], common: &mut Common) -> FrameKind {
    if !event.is_empty() && event != b"message" {
        return named(counts, event, data, common);
    }
    if let Some(name) = super::frames::leading_type(data) {
        return named(counts, name, data, common);
    }
    let Ok(Object(head)) = serde_json::from_slice::<Object<Head<'_>>>(data) else {
        return FrameKind::Other;
    };
    match head.event_type.as_str() {
        Some(name) => named(counts, name.as_bytes(), data, common),
        None if head.error.0 => named(counts, b"error", data, common),
        None => FrameKind::Other,
    }
}

fn named(counts: &mut Counts, name: &[u8], data: &[u8], common: &mut Common) -> FrameKind {
    match name {
        b"content_block_delta" => made(output::messages_delta, data, common),
        b"content_block_start" => made(output::messages_block, data, common),
        b"content_block_stop" => FrameKind::Content,
        b"ping" => FrameKind::Ping,
        b"message_start" | b"message_delta" => {
            if let Ok(Object(event)) = serde_json::from_slice::<Object<Event<'_>>>(data) {
                take_event(event, counts, &mut common.observed);
            }
            FrameKind::Other
        }
        b"message_stop" => {
            common.terminal = true;
            FrameKind::Terminal
        }
        b"error" => common.fail(StreamFailure::read(Protocol::Messages, data)),
        _ => FrameKind::Other,
    }
}

/// Notes the output of an event of a block.
fn made(count: fn(&[u8], &mut OutputHead) -> u64, data: &[u8], common: &mut Common) -> FrameKind {
    common.output(|head| count(data, head));
    if !common.observed.output_started {
        common.observed.output_started = output::messages_hidden(data);
    }
    FrameKind::Content
}

fn take_event(event: Event<'_>, counts: &mut Counts, observed: &mut Observed) {
    take_message(event.message.0, counts, observed);
    event.delta.0.stop_reason.update(&mut observed.stop_reason);
    if let Some(usage) = event.usage.0 {
        // What comes with `message_start` is the prompt and a first token or so; the last word is in `message_delta`.
        observed.usage_is_final |= usage.output_tokens.0.is_some() || !usage.iterations.0.is_empty();
        counts.update(usage, observed);
        observed.usage = counts.usage();
    }
}
