//! Items: those of an answer, and the input items of a stored response.

use serde_json::{Value, json};

use super::shape::{Annotation, Item, Part as TextPart, SearchAction, Status, SummaryPart};
use crate::answer::{Answer, Part, Source};
use crate::ask::Ask;
use crate::keys;
use crate::reading::Body;
use crate::seed::Rng;

/// The answer's finished output items.
pub(super) fn output(ask: &Ask, answer: &Answer, ids: &mut Rng) -> Vec<Item> {
    let phase = if answer.has_calls() { "commentary" } else { "final_answer" };
    answer.parts.iter().map(|part| item(ask, answer, part, phase, ids)).collect()
}

fn item(ask: &Ask, answer: &Answer, part: &Part, phase: &'static str, ids: &mut Rng) -> Item {
    let status = Status::Completed;
    match part {
        Part::Text(pieces) => {
            let text = pieces.concat();
            let annotations = annotations(&text, answer.sources());
            message(ids, phase, TextPart::OutputText { text, annotations, logprobs: [] })
        }
        Part::Refusal(why) => message(ids, phase, TextPart::Refusal { refusal: why.clone() }),
        Part::Thinking(pieces) => {
            reasoning(ask, answer, vec![SummaryPart::SummaryText { text: pieces.concat() }], ids)
        }
        Part::Redacted => reasoning(ask, answer, Vec::new(), ids),
        Part::Call(call) => {
            let (name, namespace) = (call.name.clone(), call.namespace.clone());
            let (id, call_id) = (ids.id(if call.custom { "ctc_" } else { "fc_" }, 48), ids.id("call_", 24));
            if call.custom {
                Item::CustomToolCall { id, call_id, name, namespace, input: call.input.clone(), status }
            } else {
                Item::FunctionCall { id, call_id, name, namespace, arguments: call.input.clone(), status }
            }
        }
        Part::Search | Part::Found(_) => {
            let query = keys::query(&ask.echo);
            let action = SearchAction::Search { queries: vec![query.clone()], query };
            Item::WebSearchCall { id: ids.id("ws_", 48), status, action }
        }
    }
}

fn reasoning(ask: &Ask, answer: &Answer, summary: Vec<SummaryPart>, ids: &mut Rng) -> Item {
    Item::Reasoning {
        id: ids.id("rs_", 48),
        summary,
        encrypted_content: Some(answer.seal.encrypted(&ask.model, ids)),
        status: Status::Completed,
    }
}

/// A citation of each source, all of the whole text.
fn annotations(text: &str, sources: &[Source]) -> Vec<Annotation> {
    let cite = |source: &Source| Annotation {
        kind: "url_citation",
        url: source.url.clone(),
        title: source.title.clone(),
        start_index: 0,
        end_index: text.chars().count(),
    };
    sources.iter().map(cite).collect()
}

fn message(ids: &mut Rng, phase: &'static str, part: TextPart) -> Item {
    Item::Message {
        id: ids.id("msg_", 48),
        status: Status::Completed,
        role: "assistant",
        content: vec![part],
        phase,
    }
}

impl Item {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Message { id, .. }
            | Self::Reasoning { id, .. }
            | Self::FunctionCall { id, .. }
            | Self::CustomToolCall { id, .. }
            | Self::WebSearchCall { id, .. }
            | Self::Compaction { id, .. } => id,
        }
    }

    /// The item as it stands when it is added: open and empty.
    pub(super) fn opened(&self) -> Self {
        let mut item = self.clone();
        match &mut item {
            Self::Message { status, content, .. } => {
                *status = Status::InProgress;
                content.clear();
            }
            Self::Reasoning { status, summary, encrypted_content, .. } => {
                *status = Status::InProgress;
                summary.clear();
                *encrypted_content = None;
            }
            Self::FunctionCall { status, arguments: input, .. }
            | Self::CustomToolCall { status, input, .. } => {
                *status = Status::InProgress;
                input.clear();
            }
            Self::WebSearchCall { status, .. } => *status = Status::InProgress,
            Self::Compaction { .. } => {}
        }
        item
    }
}

/// The input of a request as items with ids, oldest first: what `GET /v1/responses/{id}/input_items` lists.
pub(crate) fn input_items(body: &Body, state: u64) -> Vec<Value> {
    let mut ids = Rng::new(state ^ 0x1d);
    let items = match body.get("input") {
        Some(Value::String(text)) => {
            vec![
                json!({"type": "message", "role": "user", "status": "completed", "content": [{"type": "input_text", "text": text}]}),
            ]
        }
        Some(Value::Array(items)) => items.clone(),
        _ => Vec::new(),
    };
    items.into_iter().map(|item| with_id(item, &mut ids)).collect()
}

fn with_id(mut item: Value, ids: &mut Rng) -> Value {
    let Value::Object(members) = &mut item else {
        return item;
    };
    members.entry("type").or_insert_with(|| json!("message"));
    let is_message = members.get("type").and_then(Value::as_str) == Some("message");
    if is_message && let Some(Value::String(text)) = members.get("content") {
        let assistant = members.get("role").and_then(Value::as_str) == Some("assistant");
        let kind = if assistant { "output_text" } else { "input_text" };
        let content = json!([{"type": kind, "text": text}]);
        members.insert("content".to_owned(), content);
    }
    let made = ids.id(if is_message { "msg_" } else { "item_" }, 48);
    members.entry("id").or_insert_with(|| Value::String(made));
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_items_have_ids_and_parts() {
        let Value::Object(body) = json!({"input": [
            {"role": "user", "content": "hi"},
            {"type": "function_call_output", "id": "fco_1", "call_id": "c", "output": "x"}
        ]}) else {
            panic!("an object")
        };
        let items = input_items(&body, 5);
        assert_eq!(items[0]["content"], json!([{"type": "input_text", "text": "hi"}]));
        assert!(items[0]["id"].as_str().unwrap().starts_with("msg_"));
        assert_eq!(items[1]["id"], "fco_1");
        assert_eq!(items, input_items(&body, 5));
    }
}
