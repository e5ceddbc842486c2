//! How much text a whole answer holds, for answers without usage.
//!
//! Read apart from everything else, and only then: hardly any upstream leaves the usage out.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::wire::{Object, Text};

/// The parts of an answer that the model wrote, in any protocol.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    /// Messages.
    content: Spoken,
    /// Chat.
    choices: Spoken,
    /// Responses.
    output: Spoken,
}

/// Bytes of text, reasoning and calls in an answer of any protocol; zero if it cannot be read.
pub(super) fn bytes(body: &[u8]) -> u64 {
    let Ok(Object(answer)) = serde_json::from_slice::<Object<Answer>>(body) else { return 0 };
    answer.content.0.saturating_add(answer.choices.0).saturating_add(answer.output.0)
}

/// Bytes of output at any depth of a value.
#[derive(Default)]
struct Spoken(u64);

impl<'de> Deserialize<'de> for Spoken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Walk)
    }
}

struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Spoken;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Spoken, E> {
        Ok(Spoken(0))
    }

    fn visit_unit<E>(self) -> Result<Spoken, E> {
        Ok(Spoken(0))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Spoken, E> {
        Ok(Spoken(0))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Spoken, E> {
        Ok(Spoken(0))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Spoken, E> {
        Ok(Spoken(0))
    }

    /// Only members whose key says that they are output get here with a string.
    fn visit_str<E>(self, text: &str) -> Result<Spoken, E> {
        Ok(Spoken(text.len() as u64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Spoken, A::Error> {
        let mut sum = 0_u64;
        while let Some(Spoken(bytes)) = items.next_element()? {
            sum = sum.saturating_add(bytes);
        }
        Ok(Spoken(sum))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Spoken, A::Error> {
        let (mut sum, mut reasoning) = (0_u64, 0_u64);
        while let Some(Text(key)) = members.next_key()? {
            let bytes = match key.as_deref().unwrap_or_default() {
                "text" | "thinking" | "refusal" | "name" | "arguments" | "content" | "summary" | "code"
                | "message" | "tool_calls" | "function_call" | "function" | "custom" | "action" => {
                    members.next_value::<Spoken>()?.0
                }
                // Some vendors send the same reasoning under both names.
                "reasoning" | "reasoning_content" => {
                    reasoning = reasoning.max(members.next_value::<Spoken>()?.0);
                    0
                }
                // Messages has the input of a call as an object, the others as text.
                "input" => input_bytes(members.next_value()?),
                _ => {
                    members.next_value::<IgnoredAny>()?;
                    0
                }
            };
            sum = sum.saturating_add(bytes);
        }
        Ok(Spoken(sum.saturating_add(reasoning)))
    }
}

fn input_bytes(input: &RawValue) -> u64 {
    let text = serde_json::from_str::<Text<'_>>(input.get()).unwrap_or_default();
    text.as_str().map_or(input.get().len(), str::len) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_the_model_wrote() {
        for (body, expected) in [
            (
                r#"{"id":"msg_1","role":"assistant","content":[{"type":"thinking","thinking":"abc","signature":"ssssss"},
                {"type":"text","text":"dé\n","citations":[{"cited_text":"x","title":"t"}]},
                {"type":"tool_use","id":"toolu_1","name":"get","input":{"a":1}},{"type":"redacted_thinking","data":"dd"}]}"#,
                3 + 4 + 3 + 7,
            ),
            (
                r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"ab","reasoning":"xyz","reasoning_content":"xyz",
                "reasoning_details":[{"text":"xyz"}],"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
                "logprobs":{"content":[{"token":"ab"}]},"finish_reason":"stop"},{"message":{"content":"cd"}}]}"#,
                2 + 3 + 1 + 2 + 2,
            ),
            (
                r#"{"instructions":"not mine","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"abc"}],
                "encrypted_content":"eeee"},{"type":"message","content":[{"type":"output_text","text":"defg"}]},
                {"type":"custom_tool_call","name":"sh","input":"ls \"x\""},{"type":"function_call","name":"f","arguments":"{}"}]}"#,
                3 + 4 + 2 + 6 + 1 + 2,
            ),
            (r#"{"choices":[]}"#, 0),
            (r#"[]"#, 0),
            ("<html>", 0),
        ] {
            assert_eq!(bytes(body.as_bytes()), expected, "{body}");
        }
    }
}
