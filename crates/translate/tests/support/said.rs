//! Generated answers, written in both protocols, whole and as streams.

use super::Event;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::{collection, option};
use serde_json::{Value, json};

/// A generated answer.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) thinking: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) calls: Vec<Call>,
    pub(crate) cut_by_limit: bool,
    pub(crate) tokens: [u32; 5],
    /// Where streams are cut into deltas, and in which order parallel calls speak.
    pub(crate) cuts: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: Value,
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z \\n\"\\\\{}]{1,12}", "\\PC{1,8}", Just("üé\u{2028}😀".to_owned())]
}

fn arguments() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        words().prop_map(Value::from),
        any::<bool>().prop_map(Value::from)
    ];
    let inner = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            collection::btree_map("[a-z\"}]{0,3}", inner, 0..3).prop_map(|map| json!(map))
        ]
    });
    collection::btree_map("[a-z\"}]{0,3}", inner, 0..3).prop_map(|map| json!(map))
}

pub(crate) fn said() -> impl Strategy<Value = Said> {
    let call = ("[a-zA-Z0-9_-]{1,8}", "[a-z_]{1,8}", arguments());
    let parts = (option::of(words()), option::of(words()), collection::vec(call, 0..4));
    let ends = (any::<bool>(), any::<[u16; 5]>(), collection::vec(any::<usize>(), 16));
    (parts, ends).prop_map(|((thinking, text, calls), (cut_by_limit, tokens, cuts))| Said {
        thinking,
        text,
        calls: calls
            .into_iter()
            .enumerate()
            .map(|(n, (id, name, arguments))| Call { id: format!("{id}_{n}"), name, arguments })
            .collect(),
        cut_by_limit,
        tokens: tokens.map(u32::from),
        cuts,
    })
}

/// Cuts at characters, two to four pieces, some empty.
fn pieces<'a>(text: &'a str, cuts: &[usize]) -> Vec<&'a str> {
    let mut at: Vec<usize> = cuts
        .iter()
        .take(3)
        .map(|cut| cut % (text.len() + 1))
        .filter(|&at| text.is_char_boundary(at))
        .collect();
    at.sort_unstable();
    let mut pieces = Vec::new();
    let mut from = 0;
    for to in at.into_iter().chain([text.len()]) {
        pieces.push(&text[from..to]);
        from = to;
    }
    pieces
}

impl Said {
    fn stop(&self, limit: &'static str, calls: &'static str, end: &'static str) -> &'static str {
        match (self.cut_by_limit, self.calls.is_empty()) {
            (true, _) => limit,
            (false, false) => calls,
            (false, true) => end,
        }
    }

    /// The same by an upstream that leaves nothing out of its stream.
    pub(crate) fn in_full(mut self) -> Self {
        self.cuts[1] -= self.cuts[1] % 6;
        self
    }

    // ---- Messages

    fn messages_usage(&self) -> Value {
        let [input, output, read, write, thinking] = self.tokens;
        json!({
            "input_tokens": input, "output_tokens": output, "cache_read_input_tokens": read,
            "cache_creation_input_tokens": write, "output_tokens_details": {"thinking_tokens": thinking},
        })
    }

    fn blocks(&self) -> Vec<Value> {
        let thinking =
            self.thinking.iter().map(|t| json!({"type": "thinking", "thinking": t, "signature": ""}));
        let text = self.text.iter().map(|t| json!({"type": "text", "text": t}));
        let calls = self.calls.iter().map(
            |call| json!({"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}),
        );
        thinking.chain(text).chain(calls).collect()
    }

    pub(crate) fn messages_body(&self) -> Value {
        json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": self.blocks(),
            "stop_reason": self.stop("max_tokens", "tool_use", "end_turn"), "stop_sequence": null,
            "usage": self.messages_usage(),
        })
    }

    pub(crate) fn messages_stream(&self) -> Vec<Event> {
        let body = self.messages_body();
        let mut start = body.clone();
        start["content"] = json!([]);
        start["stop_reason"] = Value::Null;
        start["usage"]["output_tokens"] = json!(1);
        let mut events = vec![json!({"type": "message_start", "message": start}), json!({"type": "ping"})];
        for (index, block) in self.blocks().into_iter().enumerate() {
            let (member, kind, key, text) = match block["type"].as_str().unwrap() {
                "text" => ("text", "text_delta", "text", block["text"].as_str().unwrap().to_owned()),
                "thinking" => {
                    ("thinking", "thinking_delta", "thinking", block["thinking"].as_str().unwrap().to_owned())
                }
                _ => ("input", "input_json_delta", "partial_json", block["input"].to_string()),
            };
            let mut first = block.clone();
            first[member] = if member == "input" { json!({}) } else { json!("") };
            events.push(json!({"type": "content_block_start", "index": index, "content_block": first}));
            // A call without arguments may have no delta at all.
            let silent = member == "input" && text == "{}" && self.cuts[0].is_multiple_of(2);
            for piece in pieces(&text, &self.cuts[index..]).into_iter().filter(|_| !silent) {
                let delta = json!({"type": kind, key: piece});
                events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
            }
            if kind == "thinking_delta" {
                let delta = json!({"type": "signature_delta", "signature": ""});
                events.push(json!({"type": "content_block_delta", "index": index, "delta": delta}));
            }
            events.push(json!({"type": "content_block_stop", "index": index}));
        }
        let delta = json!({"stop_reason": body["stop_reason"], "stop_sequence": null});
        events.push(json!({"type": "message_delta", "delta": delta, "usage": body["usage"]}));
        events.push(json!({"type": "message_stop"}));
        events.into_iter().map(|e| (e["type"].as_str().unwrap().to_owned(), e.to_string())).collect()
    }

    // ---- Chat

    fn chat_usage(&self) -> Value {
        let [input, output, read, write, thinking] = self.tokens;
        json!({
            "prompt_tokens": input + read + write, "completion_tokens": output,
            "total_tokens": input + read + write + output,
            "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": write},
            "completion_tokens_details": {"reasoning_tokens": thinking},
        })
    }

    pub(crate) fn chat_body(&self) -> Value {
        let mut message = json!({"role": "assistant", "content": self.text, "refusal": null});
        if let Some(thinking) = &self.thinking {
            message["reasoning_content"] = json!(thinking);
        }
        if !self.calls.is_empty() {
            let calls = self.calls.iter().map(|call| {
                let function = json!({"name": call.name, "arguments": call.arguments.to_string()});
                json!({"type": "function", "id": call.id, "function": function})
            });
            message["tool_calls"] = calls.collect();
        }
        let finish = self.stop("length", "tool_calls", "stop");
        json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 7, "model": "m",
            "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish}],
            "usage": self.chat_usage(),
        })
    }

    pub(crate) fn chat_stream(&self) -> Vec<Event> {
        let mut deltas = vec![json!({"role": "assistant", "content": ""})];
        for (member, text) in [("reasoning_content", &self.thinking), ("content", &self.text)] {
            for piece in pieces(text.as_deref().unwrap_or_default(), &self.cuts) {
                deltas.push(json!({member: piece}));
            }
        }
        deltas.extend(self.call_deltas());
        let mut frames: Vec<String> = Vec::new();
        let head =
            json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "up"});
        let mut chunk = |choices: Value, usage: Value| {
            let mut chunk = head.clone();
            chunk["choices"] = choices;
            chunk["usage"] = usage;
            frames.push(chunk.to_string());
        };
        for delta in deltas {
            chunk(json!([{"index": 0, "delta": delta, "finish_reason": null}]), Value::Null);
        }
        let finish = self.stop("length", "tool_calls", "stop");
        chunk(json!([{"index": 0, "delta": {}, "finish_reason": finish}]), Value::Null);
        chunk(json!([]), self.chat_usage());
        frames.push("[DONE]".to_owned());
        frames.into_iter().map(|data| (String::new(), data)).collect()
    }

    // ---- Responses

    fn items(&self) -> Vec<Value> {
        let mut items = Vec::new();
        if let Some(text) = &self.thinking {
            let summary = json!([{"type": "summary_text", "text": text}]);
            items.push(json!({"type": "reasoning", "id": "rs_1", "summary": summary}));
        }
        if let Some(text) = &self.text {
            let content = json!([{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]);
            items.push(json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                "content": content}));
        }
        for (n, call) in self.calls.iter().enumerate() {
            items.push(json!({"type": "function_call", "id": format!("fc_{n}"), "call_id": call.id,
                "name": call.name, "arguments": call.arguments.to_string(), "status": "completed"}));
        }
        if let Some(last) = items.last_mut().filter(|item| self.cut_by_limit && item["status"].is_string()) {
            last["status"] = json!("incomplete");
        }
        items
    }

    pub(crate) fn responses_body(&self) -> Value {
        let [input, output, read, write, thinking] = self.tokens;
        let reason = self.cut_by_limit.then(|| json!({"reason": "max_output_tokens"}));
        json!({
            "id": "resp_1", "object": "response", "created_at": 7, "model": "m",
            "status": if self.cut_by_limit { "incomplete" } else { "completed" },
            "error": null, "incomplete_details": reason, "output": self.items(),
            "tools": [], "tool_choice": "auto", "parallel_tool_calls": true,
            "usage": {
                "input_tokens": input + read + write, "output_tokens": output,
                "total_tokens": input + read + write + output,
                "input_tokens_details": {"cached_tokens": read, "cache_write_tokens": write},
                "output_tokens_details": {"reasoning_tokens": thinking},
            },
        })
    }

    /// The stream in one of the forms in which providers send it: whole, without the ends of parts and items, without
    /// their beginnings, or only the items, or only the response.
    pub(crate) fn responses_stream(&self) -> Vec<Event> {
        let form = self.cuts[1] % 6;
        let body = self.responses_body();
        let mut started = body.clone();
        started["status"] = json!("in_progress");
        started["output"] = json!([]);
        started["usage"] = Value::Null;
        let mut events = vec![
            json!({"type": "response.created", "response": started}),
            json!({"type": "response.in_progress", "response": started}),
        ];
        for (index, item) in self.items().into_iter().enumerate() {
            let inside = self.inside(index, &item);
            let ends = |event: &Value| event["type"].as_str().unwrap().ends_with(".done");
            let begins = |event: &Value| event["type"].as_str().unwrap().ends_with(".added");
            events.extend(inside.into_iter().filter(|event| match form {
                0 | 1 => true,
                2 => !ends(event),
                3 => !begins(event),
                4 => event["type"] == "response.output_item.done",
                _ => false,
            }));
        }
        let kind = format!("response.{}", body["status"].as_str().unwrap());
        events.push(json!({"type": kind, "response": body}));
        let numbered = events.into_iter().enumerate().map(|(n, mut event)| {
            event["sequence_number"] = json!(n);
            (event["type"].as_str().unwrap().to_owned(), event.to_string())
        });
        numbered.collect()
    }

    fn inside(&self, index: usize, item: &Value) -> Vec<Value> {
        let id = &item["id"];
        let mut added = item.clone();
        let (kind, place, text) = match item["type"].as_str().unwrap() {
            "message" => {
                added["content"] = json!([]);
                ("output_text", "content_index", item["content"][0]["text"].as_str().unwrap())
            }
            "reasoning" => {
                added["summary"] = json!([]);
                ("reasoning_summary_text", "summary_index", item["summary"][0]["text"].as_str().unwrap())
            }
            _ => {
                added["arguments"] = json!("");
                ("function_call_arguments", "none", item["arguments"].as_str().unwrap())
            }
        };
        let mut events =
            vec![json!({"type": "response.output_item.added", "output_index": index, "item": added})];
        let (part, last) = match kind {
            "output_text" => ("content_part", &item["content"][0]),
            "reasoning_summary_text" => ("reasoning_summary_part", &item["summary"][0]),
            _ => ("", &Value::Null),
        };
        let mut first = last.clone();
        if !part.is_empty() {
            first["text"] = json!("");
            let kind = format!("response.{part}.added");
            events.push(json!({"type": kind, "item_id": id, "output_index": index, place: 0, "part": first}));
        }
        for piece in pieces(text, &self.cuts[index..]) {
            let kind = format!("response.{kind}.delta");
            events
                .push(json!({"type": kind, "item_id": id, "output_index": index, place: 0, "delta": piece}));
        }
        let member = if kind == "function_call_arguments" { "arguments" } else { "text" };
        let kind = format!("response.{kind}.done");
        events.push(json!({"type": kind, "item_id": id, "output_index": index, place: 0, member: text}));
        if !part.is_empty() {
            let kind = format!("response.{part}.done");
            events.push(json!({"type": kind, "item_id": id, "output_index": index, place: 0, "part": last}));
        }
        events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
        events
    }

    /// The pieces of all calls. Each call's come in order; the calls interleave, beginning in order.
    fn call_deltas(&self) -> Vec<Value> {
        let mut queues: Vec<Vec<Value>> = Vec::new();
        for (index, call) in self.calls.iter().enumerate() {
            let function = json!({"name": call.name, "arguments": ""});
            let mut queue =
                vec![json!({"index": index, "id": call.id, "type": "function", "function": function})];
            for piece in pieces(&call.arguments.to_string(), &self.cuts[index..]) {
                queue.push(json!({"index": index, "function": {"arguments": piece}}));
            }
            queue.reverse();
            queues.push(queue);
        }
        let mut deltas = Vec::new();
        let mut begun = 0;
        for turn in 0.. {
            if queues.iter().all(Vec::is_empty) {
                break;
            }
            let cut = self.cuts[turn % self.cuts.len()].wrapping_add(turn / self.cuts.len());
            let pick = (cut % queues.len()).min(begun);
            begun = begun.max(pick + 1).min(queues.len());
            // A turn may fall on a call that is through.
            let pick = if queues[pick].is_empty() {
                queues.iter().position(|q| !q.is_empty()).unwrap()
            } else {
                pick
            };
            begun = begun.max(pick + 1);
            deltas.push(json!({"tool_calls": [queues[pick].pop().unwrap()]}));
        }
        deltas
    }
}
