//! The grammar of a Messages stream, and what a client makes of one.

use super::{Event, json};
use serde_json::{Value, json as value};

/// Checks the order of events, complete or cut off anywhere, and gives the message they add up to.
pub(crate) fn accumulate(events: &[Event], complete: bool) -> Option<Value> {
    let mut message: Option<Value> = None;
    let mut open: Option<(u64, String)> = None;
    let mut blocks = 0;
    let (mut stopped, mut delta_seen) = (false, false);
    for (name, data) in events {
        let event = json(data);
        assert_eq!(event["type"], name.as_str(), "the event's name is not its type");
        assert!(!stopped, "{name} after message_stop");
        assert!(name == "message_start" || message.is_some(), "{name} before message_start");
        match name.as_str() {
            "message_start" => {
                assert!(message.is_none(), "a second message_start");
                message = Some(event["message"].clone());
            }
            "content_block_start" => {
                assert!(open.is_none() && !delta_seen, "a block inside another, or after message_delta");
                assert_eq!(event["index"], blocks, "block indexes count up");
                open = Some((blocks, String::new()));
                blocks += 1;
                content(&mut message).push(event["content_block"].clone());
            }
            "content_block_delta" => {
                let (index, input) = open.as_mut().expect("a delta outside a block");
                assert_eq!(event["index"], *index);
                add(content(&mut message).last_mut().unwrap(), &event["delta"], input);
            }
            "content_block_stop" => {
                let (index, input) = open.take().expect("a stop outside a block");
                assert_eq!(event["index"], index);
                if !input.is_empty() {
                    let read = serde_json::from_str(&input).unwrap_or(Value::String(input));
                    content(&mut message).last_mut().unwrap()["input"] = read;
                }
            }
            "message_delta" => {
                assert!(open.is_none() && !delta_seen, "message_delta inside a block, or twice");
                delta_seen = true;
                let message = message.as_mut().unwrap();
                for (key, member) in event["delta"].as_object().unwrap() {
                    message[key] = member.clone();
                }
                assert!(message["stop_reason"].is_string());
                for (key, member) in event["usage"].as_object().unwrap() {
                    message["usage"][key] = member.clone();
                }
            }
            "message_stop" => {
                assert!(delta_seen, "message_stop before message_delta");
                stopped = true;
            }
            "ping" => {}
            other => panic!("unknown event {other}"),
        }
    }
    assert_eq!(stopped, complete, "message_stop and the verdict disagree");
    assert_eq!(delta_seen, complete, "message_delta and the verdict disagree");
    message
}

fn content(message: &mut Option<Value>) -> &mut Vec<Value> {
    message.as_mut().unwrap()["content"].as_array_mut().unwrap()
}

fn add(block: &mut Value, delta: &Value, input: &mut String) {
    let (kind, member) = match delta["type"].as_str().unwrap() {
        "text_delta" => ("text", "text"),
        "thinking_delta" => ("thinking", "thinking"),
        "signature_delta" => ("thinking", "signature"),
        "input_json_delta" => {
            let kind = block["type"].as_str().unwrap();
            assert!(!matches!(kind, "text" | "thinking" | "redacted_thinking"), "input of a {kind}");
            input.push_str(delta["partial_json"].as_str().unwrap());
            return;
        }
        other => panic!("unknown delta {other}"),
    };
    assert_eq!(block["type"], kind, "a delta of another kind than its block");
    let joined = format!("{}{}", block[member].as_str().unwrap(), delta[member].as_str().unwrap());
    block[member] = value!(joined);
}
