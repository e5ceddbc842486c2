//! The sandbox's token rule: four bytes of text are a token.
//!
//! The same rule gives the answer of the counting endpoints, the usage in answers and the sandbox's own counts. What
//! counts as text is written down in `docs/sandbox.md`.

use serde_json::Value;

/// What an image, a document or a sound counts as, in bytes of text.
const MEDIA_BYTES: u64 = 400;

/// Tokens of so many bytes of text, rounded up.
pub(crate) const fn of_bytes(bytes: u64) -> u64 {
    bytes.div_ceil(4)
}

/// Tokens of one text.
pub(crate) const fn of_text(text: &str) -> u64 {
    of_bytes(text.len() as u64)
}

/// Bytes of text in message content: a string, a block, an item, or a list of them.
pub(crate) fn text_bytes(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Array(items) => items.iter().map(text_bytes).sum(),
        Value::Object(members) => {
            if is_media(value) {
                return MEDIA_BYTES;
            }
            let texts: u64 = TEXT_MEMBERS.iter().filter_map(|name| members.get(*name)).map(text_bytes).sum();
            let tools: u64 =
                JSON_MEMBERS.iter().filter_map(|name| members.get(*name)).map(json_or_text).sum();
            texts + tools
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// Bytes of a value as compact JSON: how tool definitions and tool inputs are counted.
pub(crate) fn json_bytes(value: &Value) -> u64 {
    let mut counter = Counter(0);
    // Writing into a counter cannot fail.
    let _ = serde_json::to_writer(&mut counter, value);
    counter.0
}

/// Whether this block or part is an image, a document or a sound.
pub(crate) fn is_media(value: &Value) -> bool {
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
    is_image_kind(kind) || matches!(kind, "document" | "file" | "input_file" | "input_audio")
}

/// Whether a block or part of this `type` is an image, in any of the three protocols.
pub(crate) fn is_image_kind(kind: &str) -> bool {
    matches!(kind, "image" | "image_url" | "input_image")
}

const TEXT_MEMBERS: &[&str] = &[
    "text",
    "content",
    "thinking",
    "reasoning_content",
    "refusal",
    "summary",
    "name",
    "arguments",
    "output",
    "tool_calls",
    "function",
    "custom",
];

/// A tool call's input is JSON in Messages and text in the custom tools of the other two; `tools` holds definitions.
const JSON_MEMBERS: &[&str] = &["input", "tools"];

fn json_or_text(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        other => json_bytes(other),
    }
}

struct Counter(u64);

impl std::io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn counts_text_and_nothing_else() {
        for (value, bytes) in [
            (json!("hello"), 5),
            (
                json!([{"type": "text", "text": "abc", "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": "d"}]),
                4,
            ),
            (json!({"role": "user", "content": "abcd"}), 4),
            (json!({"type": "image", "source": {"type": "base64", "data": "AAAAAAAA"}}), 400),
            (json!({"type": "tool_use", "id": "toolu_1", "name": "get", "input": {"a": 1}}), 3 + 7),
            (json!({"type": "custom_tool_call", "name": "exec", "input": "ls"}), 4 + 2),
            (
                json!({"role": "assistant", "tool_calls": [{"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}),
                3,
            ),
            (json!(null), 0),
        ] {
            assert_eq!(text_bytes(&value), bytes, "{value}");
        }
        assert_eq!(of_text("hello"), 2);
        assert_eq!(of_bytes(0), 0);
    }
}
