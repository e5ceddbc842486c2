//! The gate's own token count: exact vocabularies for OpenAI's models, a stated estimate for all others.
//!
//! Every text of the request is counted: the string values in `messages`, `input`, `system`, `instructions` and
//! `tools`, and a fixed frame for each message. Encoded images and files count at a flat rate, not as text.

use bytes::Bytes;
use serde_json::Value;
use tollgate_protocol::{ApiError, ErrorKind};

use crate::vocabulary::Vocabulary;

/// The most text that is run through a vocabulary; the rest counts by the share of what was.
const MAX_COUNTED_BYTES: usize = 4 << 20;
/// What an image or a file counts: about a full-size picture at either family.
const TOKENS_PER_ATTACHMENT: u64 = 1_500;
/// The frame around each message: its role and separators.
const TOKENS_PER_MESSAGE: u64 = 4;
/// A string at least this long with no space in its head is encoded data, not text.
const ENCODED_MIN_BYTES: usize = 4 << 10;
/// The members of a request body that become the prompt.
const PROMPT_MEMBERS: [&str; 5] = ["messages", "input", "system", "instructions", "tools"];

/// Counts the prompt of a request body, away from the runtime's own threads.
pub(crate) async fn estimate_body(model: &str, body: Bytes) -> Result<u64, ApiError> {
    let model = model.to_owned();
    let counted = tokio::task::spawn_blocking(move || {
        let body: Value = serde_json::from_slice(&body).ok()?;
        count_prompt(&model, &body)
    });
    counted.await.ok().flatten().ok_or_else(|| ApiError::of(ErrorKind::Internal))
}

fn count_prompt(model: &str, body: &Value) -> Option<u64> {
    let mut prompt = Prompt::default();
    for member in PROMPT_MEMBERS {
        if let Some(value) = body.get(member) {
            prompt.gather(value);
        }
        if let (Some(Value::Array(items)), "messages" | "input") = (body.get(member), member) {
            prompt.messages += items.len() as u64;
        }
    }
    let counted = head(&prompt.text, MAX_COUNTED_BYTES);
    let tokens = Vocabulary::of(model).tokens(counted, prompt.text.len() as u64)?;
    let frame = prompt.messages * TOKENS_PER_MESSAGE + prompt.attachments * TOKENS_PER_ATTACHMENT;
    Some(tokens + frame)
}

/// The texts of a prompt, joined, and what is counted beside them.
#[derive(Default)]
struct Prompt {
    text: String,
    messages: u64,
    attachments: u64,
}

impl Prompt {
    fn gather(&mut self, value: &Value) {
        match value {
            Value::String(text) if is_encoded(text) => self.attachments += 1,
            Value::String(text) => {
                self.text.push_str(text);
                self.text.push('\n');
            }
            Value::Array(items) => items.iter().for_each(|item| self.gather(item)),
            Value::Object(members) => {
                for (name, member) in members {
                    // Schemas and tool arguments are sent by name, so their names are part of the prompt.
                    if member.is_object() {
                        self.text.push_str(name);
                        self.text.push(' ');
                    }
                    if !matches!(name.as_str(), "type" | "role" | "cache_control" | "signature") {
                        self.gather(member);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn is_encoded(text: &str) -> bool {
    text.len() >= ENCODED_MIN_BYTES
        && !text.as_bytes()[..ENCODED_MIN_BYTES].contains(&b' ')
        && text.is_ascii()
}

/// The longest head of a text within a number of bytes.
fn head(text: &str, limit_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(limit_bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn count(model: &str, text: &str) -> u64 {
        count_prompt(model, &json!({"messages": [{"role": "user", "content": text}]})).unwrap()
    }

    #[test]
    fn openai_texts_are_counted_exactly() {
        // tiktoken's o200k_base has 3 tokens for "hello world" and the line feed behind it.
        assert_eq!(count("gpt-4o", "hello world"), 3 + TOKENS_PER_MESSAGE);
        assert_eq!(count("gpt-4o", ""), 1 + TOKENS_PER_MESSAGE);
    }

    #[test]
    fn claude_is_the_factor_of_its_generation() {
        let text = "The quick brown fox jumps over the lazy dog. ".repeat(50);
        let base = count("gpt-4o", &text) - TOKENS_PER_MESSAGE;
        assert_eq!(count("claude-opus-4-5", &text), base * 118 / 100 + TOKENS_PER_MESSAGE);
        assert_eq!(count("claude-opus-5-5", &text), base * 153 / 100 + TOKENS_PER_MESSAGE);
    }

    #[test]
    fn encoded_data_counts_flat() {
        let image = "A".repeat(200_000);
        assert_eq!(count("gpt-4o", &image), TOKENS_PER_ATTACHMENT + TOKENS_PER_MESSAGE);
    }

    #[test]
    fn a_special_token_in_a_text_is_text() {
        assert!(count("gpt-4o", "<|endoftext|>") > 2 + TOKENS_PER_MESSAGE);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(head("aé", 2), "a");
        assert_eq!(head("ab", 9), "ab");
    }
}
