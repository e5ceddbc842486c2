//! What an answer says, in whichever protocol it says it: by readers of our own, not the ones under test.

use serde_json::Value;
use tollgate_protocol::Protocol;

use super::sse::Event;

/// What an answer says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) model: String,
    pub(crate) text: String,
    pub(crate) thinking: String,
    pub(crate) refusal: String,
    pub(crate) calls: Vec<Called>,
    /// The dialect's own word.
    pub(crate) stop: String,
    /// All tokens of the prompt, cached ones too, and all that were generated; absent where no usage was shown.
    pub(crate) tokens: Option<(u64, u64)>,
}

/// A tool call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Called {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) input: String,
}

impl Said {
    pub(crate) fn whole(protocol: Protocol, answer: &Value) -> Self {
        match protocol {
            Protocol::Messages => messages(answer),
            Protocol::Chat => chat(answer),
            Protocol::Responses => responses(answer),
        }
    }

    pub(crate) fn streamed(protocol: Protocol, events: &[Event]) -> Self {
        let data: Vec<Value> =
            events.iter().filter(|event| event.data != "[DONE]").map(Event::json).collect();
        match protocol {
            Protocol::Messages => messages_stream(&data),
            Protocol::Chat => chat_stream(&data),
            // The grammar has seen to it that the last response is what the events said.
            Protocol::Responses => responses(&data.last().unwrap()["response"]),
        }
    }

    /// Each call's tool and input.
    pub(crate) fn named_calls(&self) -> Vec<(&str, Value)> {
        let input = |call: &Called| serde_json::from_str(&call.input).unwrap_or(Value::Null);
        self.calls.iter().map(|call| (call.name.as_str(), input(call))).collect()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn messages_tokens(usage: &Value) -> (u64, u64) {
    let names = ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"];
    (names.iter().map(|name| count(&usage[name])).sum(), count(&usage["output_tokens"]))
}

fn messages(answer: &Value) -> Said {
    let mut said = Said {
        model: text(&answer["model"]).to_owned(),
        stop: text(&answer["stop_reason"]).to_owned(),
        tokens: Some(messages_tokens(&answer["usage"])),
        ..Said::default()
    };
    for block in answer["content"].as_array().unwrap() {
        match text(&block["type"]) {
            "text" => said.text.push_str(text(&block["text"])),
            "thinking" => said.thinking.push_str(text(&block["thinking"])),
            "tool_use" => said.calls.push(Called {
                id: text(&block["id"]).to_owned(),
                name: text(&block["name"]).to_owned(),
                input: block["input"].to_string(),
            }),
            _ => {}
        }
    }
    said.refusal = text(&answer["stop_details"]["explanation"]).to_owned();
    said
}

fn messages_stream(data: &[Value]) -> Said {
    let mut said = Said::default();
    for event in data {
        let delta = &event["delta"];
        match text(&event["type"]) {
            "message_start" => text(&event["message"]["model"]).clone_into(&mut said.model),
            "content_block_start" if event["content_block"]["type"] == "tool_use" => {
                said.calls.push(Called {
                    id: text(&event["content_block"]["id"]).to_owned(),
                    name: text(&event["content_block"]["name"]).to_owned(),
                    input: String::new(),
                });
            }
            "content_block_delta" => {
                said.text.push_str(text(&delta["text"]));
                said.thinking.push_str(text(&delta["thinking"]));
                if let Some(call) = said.calls.last_mut() {
                    call.input.push_str(text(&delta["partial_json"]));
                }
            }
            "message_delta" => {
                text(&delta["stop_reason"]).clone_into(&mut said.stop);
                text(&delta["stop_details"]["explanation"]).clone_into(&mut said.refusal);
                said.tokens = Some(messages_tokens(&event["usage"]));
            }
            _ => {}
        }
    }
    said
}

fn chat_tokens(usage: &Value) -> Option<(u64, u64)> {
    usage.is_object().then(|| (count(&usage["prompt_tokens"]), count(&usage["completion_tokens"])))
}

fn chat(answer: &Value) -> Said {
    let choice = &answer["choices"][0];
    let message = &choice["message"];
    let calls = message["tool_calls"].as_array().cloned().unwrap_or_default();
    Said {
        model: text(&answer["model"]).to_owned(),
        text: text(&message["content"]).to_owned(),
        thinking: text(&message["reasoning_content"]).to_owned(),
        refusal: text(&message["refusal"]).to_owned(),
        calls: calls.iter().map(chat_call).collect(),
        stop: text(&choice["finish_reason"]).to_owned(),
        tokens: chat_tokens(&answer["usage"]),
    }
}

fn chat_call(call: &Value) -> Called {
    Called {
        id: text(&call["id"]).to_owned(),
        name: text(&call["function"]["name"]).to_owned(),
        input: text(&call["function"]["arguments"]).to_owned(),
    }
}

fn chat_stream(data: &[Value]) -> Said {
    let mut said = Said::default();
    for chunk in data {
        text(&chunk["model"]).clone_into(&mut said.model);
        said.tokens = chat_tokens(&chunk["usage"]).or(said.tokens);
        let choice = &chunk["choices"][0];
        let delta = &choice["delta"];
        said.text.push_str(text(&delta["content"]));
        said.thinking.push_str(text(&delta["reasoning_content"]));
        said.refusal.push_str(text(&delta["refusal"]));
        said.stop.push_str(text(&choice["finish_reason"]));
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            let place = usize::try_from(count(&call["index"])).unwrap();
            if said.calls.len() == place {
                said.calls.push(Called::default());
            }
            let piece = chat_call(call);
            let known = &mut said.calls[place];
            known.id.push_str(&piece.id);
            known.name.push_str(&piece.name);
            known.input.push_str(&piece.input);
        }
    }
    said
}

fn responses(response: &Value) -> Said {
    let usage = &response["usage"];
    let reason = &response["incomplete_details"]["reason"];
    let stop = if reason.is_string() { reason } else { &response["status"] };
    let mut said = Said {
        model: text(&response["model"]).to_owned(),
        stop: text(stop).to_owned(),
        tokens: usage.is_object().then(|| (count(&usage["input_tokens"]), count(&usage["output_tokens"]))),
        ..Said::default()
    };
    for item in response["output"].as_array().unwrap() {
        match text(&item["type"]) {
            "message" => {
                for part in item["content"].as_array().unwrap() {
                    said.text.push_str(text(&part["text"]));
                    said.refusal.push_str(text(&part["refusal"]));
                }
            }
            "reasoning" => {
                for part in item["summary"].as_array().unwrap() {
                    said.thinking.push_str(text(&part["text"]));
                }
            }
            "function_call" => said.calls.push(Called {
                id: text(&item["call_id"]).to_owned(),
                name: text(&item["name"]).to_owned(),
                input: text(&item["arguments"]).to_owned(),
            }),
            _ => {}
        }
    }
    said
}
