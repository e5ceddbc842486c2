//! A conversation as each protocol's clients write it.

use super::{Conversation, Piece, Said};
use serde_json::{Value, json};
use tollgate_protocol::Protocol;

pub(super) fn body(said: &Conversation, protocol: Protocol) -> Value {
    match protocol {
        Protocol::Messages => messages(said),
        Protocol::Chat => chat(said),
        Protocol::Responses => responses(said),
    }
}

fn set(body: &mut Value, name: &str, value: Option<Value>) {
    if let Some(value) = value.filter(|value| value.as_array().is_none_or(|list| !list.is_empty())) {
        body[name] = value;
    }
}

fn arguments(x: &str) -> String {
    json!({ "x": x }).to_string()
}

fn data_url(data: &str) -> String {
    format!("data:image/png;base64,{data}")
}

fn messages(said: &Conversation) -> Value {
    let turns = said.turns.iter().map(|said| match said {
        Said::User(pieces) => {
            let blocks = pieces.iter().map(|piece| match piece {
                Piece::Text(text) => json!({"type": "text", "text": text}),
                Piece::Image(data) => {
                    let source = json!({"type": "base64", "media_type": "image/png", "data": data});
                    json!({"type": "image", "source": source})
                }
            });
            json!({"role": "user", "content": blocks.collect::<Vec<_>>()})
        }
        Said::Assistant(text, calls) => {
            let text = text.iter().map(|text| json!({"type": "text", "text": text}));
            let calls = calls
                .iter()
                .map(|(id, name, x)| json!({"type": "tool_use", "id": id, "name": name, "input": {"x": x}}));
            json!({"role": "assistant", "content": text.chain(calls).collect::<Vec<_>>()})
        }
        Said::Results(results) => {
            let blocks = results
                .iter()
                .map(|(id, text)| json!({"type": "tool_result", "tool_use_id": id, "content": text}));
            json!({"role": "user", "content": blocks.collect::<Vec<_>>()})
        }
    });
    let turns: Vec<Value> = turns.collect();
    let tools = said.tools.iter().map(|(name, schema)| json!({"name": name, "input_schema": schema}));
    let mut body = json!({"model": "m", "max_tokens": said.max_tokens, "messages": turns});
    set(&mut body, "system", said.system.as_ref().map(|text| json!(text)));
    set(&mut body, "tools", Some(tools.collect()));
    body
}

fn chat(said: &Conversation) -> Value {
    let system = said.system.iter().map(|text| json!({"role": "system", "content": text}));
    let turns = said.turns.iter().flat_map(|said| match said {
        Said::User(pieces) => {
            let parts = pieces.iter().map(|piece| match piece {
                Piece::Text(text) => json!({"type": "text", "text": text}),
                Piece::Image(data) => json!({"type": "image_url", "image_url": {"url": data_url(data)}}),
            });
            vec![json!({"role": "user", "content": parts.collect::<Vec<_>>()})]
        }
        Said::Assistant(text, calls) => {
            let mut message = json!({"role": "assistant", "content": text});
            let calls = calls.iter().map(|(id, name, x)| {
                let function = json!({"name": name, "arguments": arguments(x)});
                json!({"id": id, "type": "function", "function": function})
            });
            set(&mut message, "tool_calls", Some(calls.collect()));
            vec![message]
        }
        Said::Results(results) => results
            .iter()
            .map(|(id, text)| json!({"role": "tool", "tool_call_id": id, "content": text}))
            .collect(),
    });
    let messages: Vec<Value> = system.chain(turns).collect();
    let tools = said
        .tools
        .iter()
        .map(|(name, schema)| json!({"type": "function", "function": {"name": name, "parameters": schema}}));
    let mut body = json!({"model": "m", "max_completion_tokens": said.max_tokens, "messages": messages});
    set(&mut body, "tools", Some(tools.collect()));
    body
}

fn responses(said: &Conversation) -> Value {
    let items = said.turns.iter().flat_map(|said| match said {
        Said::User(pieces) => {
            let parts = pieces.iter().map(|piece| match piece {
                Piece::Text(text) => json!({"type": "input_text", "text": text}),
                Piece::Image(data) => {
                    json!({"type": "input_image", "image_url": data_url(data), "detail": "auto"})
                }
            });
            vec![json!({"type": "message", "role": "user", "content": parts.collect::<Vec<_>>()})]
        }
        Said::Assistant(text, calls) => {
            let text = text.iter().map(|text| {
                let part = json!({"type": "output_text", "text": text, "annotations": []});
                json!({"type": "message", "role": "assistant", "content": [part]})
            });
            let calls = calls.iter().map(|(id, name, x)| {
                json!({"type": "function_call", "call_id": id, "name": name, "arguments": arguments(x)})
            });
            text.chain(calls).collect()
        }
        Said::Results(results) => results
            .iter()
            .map(|(id, text)| json!({"type": "function_call_output", "call_id": id, "output": text}))
            .collect(),
    });
    let items: Vec<Value> = items.collect();
    let tools = said.tools.iter().map(
        |(name, schema)| json!({"type": "function", "name": name, "parameters": schema, "strict": false}),
    );
    let mut body = json!({"model": "m", "max_output_tokens": said.max_tokens, "input": items});
    set(&mut body, "instructions", said.system.as_ref().map(|text| json!(text)));
    set(&mut body, "tools", Some(tools.collect()));
    body
}
