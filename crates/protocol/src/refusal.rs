//! Whether a whole answer is a refusal: the model, or a filter in front of it, declined, and there is nothing else in it.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Protocol;

/// Whether the model refused to answer and gave nothing else. What is no answer is no refusal.
#[must_use]
pub fn is_refusal(protocol: Protocol, answer: &[u8]) -> bool {
    match protocol {
        Protocol::Messages => serde_json::from_slice(answer).is_ok_and(|read: Message| read.is_refusal()),
        Protocol::Chat => serde_json::from_slice(answer).is_ok_and(|read: Completion| read.is_refusal()),
        Protocol::Responses => serde_json::from_slice(answer).is_ok_and(|read: Response| read.is_refusal()),
    }
}

#[derive(Deserialize)]
struct Message {
    stop_reason: Option<String>,
    #[serde(default)]
    content: Vec<Part>,
}

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    finish_reason: Option<String>,
    #[serde(default)]
    message: Said,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Said {
    content: Option<Box<RawValue>>,
    tool_calls: Option<Vec<Box<RawValue>>>,
}

#[derive(Deserialize)]
struct Response {
    status: Option<String>,
    incomplete_details: Option<Incomplete>,
    #[serde(default)]
    output: Vec<Item>,
}

#[derive(Deserialize)]
struct Incomplete {
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    content: Option<Vec<Part>>,
}

/// A block of Messages, or a part of an item of Responses.
#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type", default)]
    kind: String,
    text: Option<String>,
}

impl Part {
    fn is_empty_text(&self) -> bool {
        matches!(self.kind.as_str(), "text" | "output_text") && self.text.as_deref().unwrap_or("").is_empty()
    }
}

impl Message {
    fn is_refusal(&self) -> bool {
        self.stop_reason.as_deref() == Some("refusal") && self.content.iter().all(Part::is_empty_text)
    }
}

impl Completion {
    fn is_refusal(&self) -> bool {
        let refused = |choice: &Choice| {
            let said = &choice.message;
            let content = said.content.as_deref().map_or("null", RawValue::get);
            choice.finish_reason.as_deref() == Some("content_filter")
                && matches!(content, "null" | "\"\"" | "[]")
                && said.tool_calls.as_ref().is_none_or(Vec::is_empty)
        };
        !self.choices.is_empty() && self.choices.iter().all(refused)
    }
}

impl Response {
    fn is_refusal(&self) -> bool {
        let filtered = self.status.as_deref() == Some("incomplete")
            && self
                .incomplete_details
                .as_ref()
                .is_some_and(|why| why.reason.as_deref() == Some("content_filter"));
        let parts = || {
            self.output
                .iter()
                .filter(|item| item.kind == "message")
                .flat_map(|item| item.content.iter().flatten())
        };
        let refused = parts().any(|part| part.kind == "refusal");
        let only_that = self.output.iter().all(|item| matches!(item.kind.as_str(), "message" | "reasoning"));
        (filtered || refused)
            && only_that
            && parts().all(|part| part.kind == "refusal" || part.is_empty_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocols_refusals_are_known() {
        use Protocol::{Chat, Messages, Responses};
        for (protocol, answer, expected) in [
            (Messages, r#"{"stop_reason":"refusal","content":[]}"#, true),
            (Messages, r#"{"stop_reason":"refusal","content":[{"type":"text","text":""}]}"#, true),
            (Messages, r#"{"stop_reason":"refusal","content":[{"type":"text","text":"Half of"}]}"#, false),
            (Messages, r#"{"stop_reason":"end_turn","content":[]}"#, false),
            (
                Chat,
                r#"{"choices":[{"finish_reason":"content_filter","message":{"content":null,"refusal":"No."}}]}"#,
                true,
            ),
            (
                Chat,
                r#"{"choices":[{"finish_reason":"content_filter","message":{"content":"Half of"}}]}"#,
                false,
            ),
            (Chat, r#"{"choices":[{"finish_reason":"stop","message":{"content":null}}]}"#, false),
            (Chat, r#"{"choices":[]}"#, false),
            (
                Responses,
                r#"{"status":"completed","output":[{"type":"message","content":[{"type":"refusal","refusal":"No."}]}]}"#,
                true,
            ),
            (
                Responses,
                r#"{"status":"incomplete","incomplete_details":{"reason":"content_filter"},"output":[]}"#,
                true,
            ),
            (
                Responses,
                r#"{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[]}"#,
                false,
            ),
            (
                Responses,
                r#"{"status":"completed","output":[{"type":"message","content":[{"type":"output_text","text":"Yes."}]}]}"#,
                false,
            ),
            (
                Responses,
                r#"{"status":"completed","output":[{"type":"function_call"},{"type":"message","content":[{"type":"refusal"}]}]}"#,
                false,
            ),
            (Messages, "{", false),
        ] {
            assert_eq!(is_refusal(protocol, answer.as_bytes()), expected, "{answer}");
        }
    }
}
