//! The grammar of a Responses stream, and what a client makes of one.

use super::{Event, json};
use serde_json::{Value, json as value};

/// Checks the order of events, complete or cut off anywhere, and gives the response they add up to.
pub(crate) fn accumulate(events: &[Event], complete: bool) -> Option<Value> {
    let mut reader = Reader::default();
    for (n, (name, data)) in events.iter().enumerate() {
        let event = json(data);
        assert_eq!(event["type"], name.as_str(), "the event's name is not its type");
        assert_eq!(event["sequence_number"], n, "sequence numbers count up from zero");
        assert!(reader.ended.is_none(), "{name} after the end");
        let order = ["response.created", "response.in_progress"];
        if let Some(want) = order.get(n) {
            assert_eq!(name, want);
        }
        reader.event(name.strip_prefix("response.").unwrap(), &event);
    }
    assert_eq!(reader.ended.is_some(), complete, "the terminal event and the verdict disagree");
    if let Some(response) = &reader.ended {
        assert_eq!(response["output"], Value::Array(reader.done()), "the output is not what was streamed");
    }
    reader.ended
}

#[derive(Default)]
struct Reader {
    id: Value,
    items: Vec<Item>,
    ended: Option<Value>,
}

struct Item {
    added: Value,
    /// The open part's text, by kind of index and index.
    open: Option<(String, u64)>,
    text: String,
    parts: Vec<Value>,
    annotations: Vec<Value>,
    arguments: Option<String>,
    done: Option<Value>,
}

impl Reader {
    fn event(&mut self, kind: &str, event: &Value) {
        match kind {
            "created" => {
                self.id = event["response"]["id"].clone();
                in_progress(&event["response"], &self.id);
            }
            "in_progress" => in_progress(&event["response"], &self.id),
            "completed" | "incomplete" => {
                let response = &event["response"];
                assert_eq!(response["status"], kind);
                assert_eq!(response["incomplete_details"].is_null(), kind == "completed");
                assert_eq!(response["id"], self.id);
                assert!(response["usage"].is_object());
                self.ended = Some(response.clone());
            }
            "output_item.added" => {
                assert_eq!(event["output_index"], self.items.len(), "items are added in order");
                let id = event["item"]["id"].as_str().unwrap();
                assert!(self.items.iter().all(|item| item.added["id"] != id), "{id} comes twice");
                self.items.push(Item::new(event["item"].clone()));
            }
            "output_item.done" => self.item(event).finish(event["item"].clone()),
            _ => {
                let item = self.item(event);
                assert_eq!(event["item_id"], item.added["id"]);
                item.event(kind, event);
            }
        }
    }

    fn item(&mut self, event: &Value) -> &mut Item {
        let at = usize::try_from(event["output_index"].as_u64().unwrap()).unwrap();
        let item = self.items.get_mut(at).expect("an event of an item that was not added");
        assert!(item.done.is_none(), "an event of an item that is done");
        item
    }

    fn done(&self) -> Vec<Value> {
        self.items.iter().map(|item| item.done.clone().expect("an item was not done")).collect()
    }
}

fn in_progress(response: &Value, id: &Value) {
    assert_eq!(&response["id"], id);
    assert_eq!(response["status"], "in_progress");
    assert_eq!(response["output"], value!([]));
    assert!(response["usage"].is_null());
}

impl Item {
    fn new(added: Value) -> Self {
        let (open, done) = (None, None);
        Self {
            added,
            open,
            text: String::new(),
            parts: Vec::new(),
            annotations: Vec::new(),
            arguments: None,
            done,
        }
    }

    fn event(&mut self, kind: &str, event: &Value) {
        match (self.added["type"].as_str().unwrap(), kind) {
            ("message", "content_part.added") => self.begin("content_index", event),
            ("message", "output_text.delta" | "refusal.delta") => self.more("content_index", event),
            ("message", "output_text.annotation.added") => {
                assert_eq!(event["annotation_index"], self.annotations.len());
                self.annotations.push(event["annotation"].clone());
            }
            ("message", "output_text.done") => assert_eq!(event["text"], self.text.as_str()),
            ("message", "refusal.done") => assert_eq!(event["refusal"], self.text.as_str()),
            ("message", "content_part.done") => {
                let part = &event["part"];
                if part["type"] == "output_text" {
                    assert_eq!(part["text"], self.text.as_str());
                    assert_eq!(part["annotations"], Value::Array(std::mem::take(&mut self.annotations)));
                } else {
                    assert_eq!(part["refusal"], self.text.as_str());
                }
                self.end("content_index", event);
            }
            ("reasoning", "reasoning_summary_part.added") => self.begin("summary_index", event),
            ("reasoning", "reasoning_summary_text.delta") => self.more("summary_index", event),
            ("reasoning", "reasoning_summary_text.done") => assert_eq!(event["text"], self.text.as_str()),
            ("reasoning", "reasoning_summary_part.done") => {
                assert_eq!(event["part"]["text"], self.text.as_str());
                self.end("summary_index", event);
            }
            ("reasoning", "content_part.added") => self.begin("content_index", event),
            ("reasoning", "reasoning_text.delta") => self.more("content_index", event),
            ("reasoning", "content_part.done") => {
                assert_eq!(event["part"]["text"], self.text.as_str());
                self.end("content_index", event);
            }
            ("reasoning", "reasoning_text.done") => assert_eq!(event["text"], self.text.as_str()),
            ("function_call", "function_call_arguments.delta")
            | ("custom_tool_call", "custom_tool_call_input.delta") => {
                assert!(self.arguments.is_none());
                self.text.push_str(event["delta"].as_str().unwrap());
            }
            ("function_call", "function_call_arguments.done") => {
                assert_eq!(event["arguments"], self.text.as_str());
                self.arguments = Some(self.text.clone());
            }
            ("custom_tool_call", "custom_tool_call_input.done") => {
                assert_eq!(event["input"], self.text.as_str());
                self.arguments = Some(self.text.clone());
            }
            ("web_search_call", kind) if kind.starts_with("web_search_call.") => {}
            (item, event) => panic!("{event} in a {item}"),
        }
    }

    fn begin(&mut self, index: &str, event: &Value) {
        assert!(self.open.is_none(), "a part inside another");
        assert_eq!(event[index], self.parts.len(), "parts count up");
        self.open = Some((index.to_owned(), event[index].as_u64().unwrap()));
        self.text.clear();
    }

    fn more(&mut self, index: &str, event: &Value) {
        let open = self.open.as_ref().expect("a delta outside a part");
        assert_eq!((open.0.as_str(), open.1), (index, event[index].as_u64().unwrap()));
        self.text.push_str(event["delta"].as_str().unwrap());
    }

    fn end(&mut self, index: &str, event: &Value) {
        let open = self.open.take().expect("an end outside a part");
        assert_eq!((open.0.as_str(), open.1), (index, event[index].as_u64().unwrap()));
        self.parts.push(event["part"].clone());
    }

    fn finish(&mut self, item: Value) {
        assert!(self.open.is_none(), "an item ends before its part");
        for member in ["id", "type", "call_id", "name"] {
            assert_eq!(item[member], self.added[member], "{member}");
        }
        match item["type"].as_str().unwrap() {
            "message" => assert_eq!(item["content"], Value::Array(self.parts.clone())),
            "reasoning" => {
                let told = if item["content"].is_null() { "summary" } else { "content" };
                assert_eq!(item[told], Value::Array(self.parts.clone()));
            }
            "function_call" => assert_eq!(item["arguments"].as_str(), self.arguments.as_deref()),
            "custom_tool_call" => assert_eq!(item["input"].as_str(), self.arguments.as_deref()),
            _ => {}
        }
        self.done = Some(item);
    }
}

/// A response with its calls' arguments read, without what is made up on the way: ids of items, phases.
pub(crate) fn meaning(response: &Value) -> Value {
    let mut response = response.clone();
    for item in response["output"].as_array_mut().unwrap() {
        item.as_object_mut().unwrap().remove("id");
        item.as_object_mut().unwrap().remove("phase");
        if let Some(text) = item["arguments"].as_str() {
            item["arguments"] = serde_json::from_str(text).unwrap_or_else(|_| value!(text));
        }
    }
    response
}
