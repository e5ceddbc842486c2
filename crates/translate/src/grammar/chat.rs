//! The grammar of a Chat stream.

use super::kept::{Ids, Joined};
use super::read::{Check, broken, filled, is, is_json_object, list, need, number, parse, text};
use super::{Ended, answer};
use serde_json::Value;
use std::collections::BTreeMap;

/// How many choices one stream may have.
const MAX_CHOICES: usize = 128;

/// How many calls one choice may have.
const MAX_CALLS: usize = 10_000;

/// What every chunk must repeat.
const REPEATED: [&str; 3] = ["id", "created", "model"];

#[derive(Debug, Default)]
pub(super) struct Stream {
    head: Option<[Value; 3]>,
    choices: BTreeMap<u64, Choice>,
    ids: Ids,
    /// A chunk had `usage: null`, which promises the usage chunk.
    usage_promised: bool,
    usage_seen: bool,
    ended: Option<Ended>,
}

#[derive(Debug, Default)]
struct Choice {
    calls: Vec<Call>,
    finished: bool,
}

#[derive(Debug)]
struct Call {
    is_custom: bool,
    input: Joined,
}

impl Stream {
    pub(super) fn frame(&mut self, event: &str, data: &[u8]) -> Check {
        need(self.ended.is_none(), "after_end", "a frame after the end")?;
        need(event.is_empty(), "event_name", format!("a frame named `{event}`"))?;
        if data == b"[DONE]" {
            return self.done();
        }
        let chunk = parse(data)?;
        if chunk.get("error").is_some() {
            text(&chunk["error"], "message", "error_shape")?;
            self.ended = Some(Ended::WithError);
            return Ok(());
        }
        self.head(&chunk)?;
        let choices = list(&chunk, "choices", "chunk_shape")?;
        if choices.is_empty() {
            return self.usage(&chunk["usage"]);
        }
        need(!self.usage_seen, "usage_chunk", "a choice after the usage chunk")?;
        need(chunk["usage"].is_null(), "usage_chunk", "usage beside choices")?;
        self.usage_promised |= chunk.get("usage").is_some();
        choices.iter().try_for_each(|choice| self.choice(choice))
    }

    pub(super) fn end(&self) -> Check<Ended> {
        match self.ended {
            Some(ended) => Ok(ended),
            None => broken("cut", "neither [DONE] nor an error"),
        }
    }

    fn done(&mut self) -> Check {
        need(self.all_finished(), "done_place", "[DONE] before every choice has finished")?;
        need(self.usage_seen || !self.usage_promised, "usage_missing", "no usage chunk was sent")?;
        self.ended = Some(Ended::Well);
        Ok(())
    }

    fn all_finished(&self) -> bool {
        !self.choices.is_empty() && self.choices.values().all(|choice| choice.finished)
    }

    /// What every chunk has.
    fn head(&mut self, chunk: &Value) -> Check {
        is(chunk, "object", "chat.completion.chunk", "chunk_shape")?;
        filled(chunk, "id", "chunk_shape")?;
        filled(chunk, "model", "chunk_shape")?;
        number(chunk, "created", "chunk_shape")?;
        let head = REPEATED.map(|member| chunk[member].clone());
        let before = self.head.get_or_insert_with(|| head.clone());
        let changed = REPEATED.iter().zip(before.iter().zip(&head)).find(|(_, (old, new))| old != new);
        match changed {
            Some((member, _)) => broken("same_head", format!("`{member}` changed")),
            None => Ok(()),
        }
    }

    fn usage(&mut self, usage: &Value) -> Check {
        need(!self.usage_seen, "usage_chunk", "a second usage chunk")?;
        need(self.all_finished(), "usage_chunk", "no choices before every choice has finished")?;
        need(!usage.is_null(), "usage_chunk", "neither choices nor usage")?;
        answer::chat_usage(usage)?;
        self.usage_seen = true;
        Ok(())
    }

    fn choice(&mut self, choice: &Value) -> Check {
        let index = number(choice, "index", "chunk_shape")?;
        let is_new = !self.choices.contains_key(&index);
        need(!is_new || self.choices.len() < MAX_CHOICES, "chunk_shape", "too many choices")?;
        let delta = &choice["delta"];
        need(delta.is_object(), "chunk_shape", "`delta` is not an object")?;
        match delta.get("role") {
            Some(role) => need(role == "assistant", "role", "the role is not assistant")?,
            None => need(!is_new, "role", "a choice does not begin with its role")?,
        }
        for member in ["content", "refusal", "reasoning_content"] {
            let fits = delta[member].is_null() || delta[member].is_string();
            need(fits, "chunk_shape", format!("`{member}` is not a string"))?;
        }
        let state = self.choices.entry(index).or_default();
        need(!state.finished, "finish_once", "a delta after the finish chunk")?;
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            state.call(call, &mut self.ids)?;
        }
        state.finish(&choice["finish_reason"])
    }
}

impl Choice {
    fn call(&mut self, call: &Value, ids: &mut Ids) -> Check {
        let index = usize::try_from(number(call, "index", "call_index")?).unwrap_or(usize::MAX);
        let known = self.calls.len();
        need(index <= known, "call_index", format!("call {index} where only {known} are known"))?;
        if index == known {
            need(known < MAX_CALLS, "call_index", "too many calls")?;
            let id = filled(call, "id", "call_first")?;
            let is_custom = match text(call, "type", "call_first")? {
                "function" => false,
                "custom" => true,
                other => return broken("call_first", format!("a call of type `{other}`")),
            };
            let (member, input) = if is_custom { ("custom", "input") } else { ("function", "arguments") };
            filled(&call[member], "name", "call_first")?;
            text(&call[member], input, "call_first")?;
            need(ids.add(id), "tool_id", format!("`{id}` comes twice"))?;
            self.calls.push(Call { is_custom, input: Joined::default() });
        } else {
            let repeats = ["id", "type"].iter().any(|member| !call[*member].is_null())
                || ["function", "custom"].iter().any(|member| !call[*member]["name"].is_null());
            need(!repeats, "call_repeat", "an id, type or name comes again")?;
        }
        let Some(state) = self.calls.get_mut(index) else { return Ok(()) };
        let (member, input) = if state.is_custom { ("custom", "input") } else { ("function", "arguments") };
        state.input.push(text(&call[member], input, "call_repeat")?);
        Ok(())
    }

    fn finish(&mut self, reason: &Value) -> Check {
        if reason.is_null() {
            return Ok(());
        }
        let reason = reason.as_str().unwrap_or_default();
        answer::chat_finish(reason, !self.calls.is_empty())?;
        self.finished = true;
        let bad = |call: &Call| !call.is_custom && call.input.fails(is_json_object);
        let has_bad_input = reason == "tool_calls" && self.calls.iter().any(bad);
        need(!has_bad_input, "tool_input", "the pieces of a call's arguments are no JSON object")
    }
}
