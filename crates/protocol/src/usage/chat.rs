//! OpenAI Chat Completions and the vendors that speak it:
//! <https://platform.openai.com/docs/api-reference/chat-streaming>.

use serde::Deserialize;
use serde_json::Value;

use super::failure::StreamFailure;
use super::frames::{chat_chunk_is_plain, trimmed};
use super::observer::Common;
use super::openai::OpenAiUsage;
use super::wire::{Count, Filled, List, Maybe, Object, Text};
use super::{FrameKind, Observed, output};
use crate::Protocol;

/// More choices than this in one stream are not told apart; OpenAI's own limit on `n` is 128.
const CHOICES_MAX: usize = 256;

/// A chunk of a stream, or an answer, whose choices have a `message` that need not be read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Chunk<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    service_tier: Text<'a>,
    #[serde(borrow)]
    choices: List<Choice<'a>>,
    usage: Maybe<OpenAiUsage>,
    error: Option<Value>,
    #[serde(borrow)]
    object: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Choice<'a> {
    index: Count,
    #[serde(borrow)]
    finish_reason: Text<'a>,
    delta: Object<Delta>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta {
    content: Filled,
    tool_calls: Filled,
    function_call: Filled,
    refusal: Filled,
    reasoning_content: Filled,
    reasoning: Filled,
    audio: Filled,
}

impl Delta {
    const fn has_output(&self) -> bool {
        self.content.0
            || self.tool_calls.0
            || self.function_call.0
            || self.refusal.0
            || self.reasoning_content.0
            || self.reasoning.0
            || self.audio.0
    }
}

/// What has to be remembered between chunks.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    usage: OpenAiUsage,
    /// The usage covers all output so far: some vendors send it with every chunk.
    is_covered: bool,
    /// Each choice seen so far, and whether it has a finish reason.
    choices: Vec<(u64, bool)>,
}

impl Progress {
    /// Whether there was a choice and every one seen has its finish reason.
    pub(super) fn all_finished(&self) -> bool {
        !self.choices.is_empty() && self.choices.iter().all(|(_, finished)| *finished)
    }

    fn note(&mut self, index: u64, finished: bool) {
        if let Some((_, done)) = self.choices.iter_mut().find(|(seen, _)| *seen == index) {
            *done |= finished;
        } else if self.choices.len() < CHOICES_MAX {
            self.choices.push((index, finished));
        }
    }
}

/// Reads a whole answer.
pub(super) fn answer(body: &[u8]) -> Result<Observed, serde_json::Error> {
    let chunk: Object<Chunk<'_>> = serde_json::from_slice(body)?;
    let mut observed = Observed::default();
    take(&chunk.0, &mut Progress::default(), &mut observed);
    observed.output_started = !chunk.0.choices.0.is_empty();
    Ok(observed)
}

fn take(chunk: &Chunk<'_>, progress: &mut Progress, observed: &mut Observed) {
    chunk.id.update(&mut observed.id);
    chunk.model.update(&mut observed.model);
    chunk.service_tier.update(&mut observed.service_tier);
    for choice in &chunk.choices.0 {
        let index = choice.index.or_zero();
        let reason = choice.finish_reason.as_str();
        progress.note(index, reason.is_some());
        if index == 0 || observed.stop_reason.is_none() {
            choice.finish_reason.update(&mut observed.stop_reason);
        }
        observed.output_started |= choice.delta.0.has_output();
    }
    if let Some(usage) = chunk.usage.0.as_ref().filter(|usage| usage.is_counted()) {
        progress.usage.update(usage);
        observed.usage = Some(progress.usage.usage());
    }
}

/// Reads one frame of a stream.
pub(super) fn frame(progress: &mut Progress, event: &[u8], data: &[u8], common: &mut Common) -> FrameKind {
    let data = trimmed(data);
    if data == b"[DONE]" {
        common.terminal = true;
        common.observed.usage_is_final |= progress.is_covered;
        return FrameKind::Terminal;
    }
    if event == b"error" {
        return common.fail(StreamFailure::read(Protocol::Chat, data));
    }
    if event == b"ping" {
        return FrameKind::Ping;
    }
    // Every chunk says the same until something happens, so once output runs most need no parsing.
    if common.observed.output_started && chat_chunk_is_plain(data) {
        progress.is_covered = false;
        common.output(|head| output::chat_chunk(data, head));
        return FrameKind::Content;
    }
    let Ok(Object(chunk)) = serde_json::from_slice::<Object<Chunk<'_>>>(data) else {
        return FrameKind::Other;
    };
    if let Some(error) = chunk.error.as_ref().filter(|error| is_error(error)) {
        let failure = StreamFailure::from_value(error);
        take(&chunk, progress, &mut common.observed);
        return common.fail(failure);
    }
    // Older vLLM has no `error` member: the chunk itself is the error.
    if chunk.object.as_str() == Some("error") {
        return common.fail(StreamFailure::read(Protocol::Chat, data));
    }
    take(&chunk, progress, &mut common.observed);
    let counted = chunk.usage.0.is_some_and(|usage| usage.is_counted());
    if !chunk.choices.0.is_empty() {
        let before = common.observed.output_bytes;
        common.output(|head| output::chat_chunk(data, head));
        progress.is_covered &= common.observed.output_bytes == before;
    }
    progress.is_covered |= counted;
    common.observed.usage_is_final = progress.is_covered && progress.all_finished();
    if !chunk.choices.0.is_empty() {
        return FrameKind::Content;
    }
    if counted { FrameKind::Usage } else { FrameKind::Other }
}

fn is_error(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => false,
    }
}
