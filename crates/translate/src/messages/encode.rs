//! The intermediate representation into a whole Messages answer.

use super::message_id;
use super::stop;
use super::usage::UsageOut;
use crate::answer::AnswerContext;
use crate::calls;
use crate::error::TranslateError;
use crate::ir::{Answer, Part, PartBody, RefusalDetails, ToolCall, ToolKind};
use crate::json::{compact, is_object};
use crate::notes::Notes;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Serialize)]
struct MessageOut<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    role: &'static str,
    model: &'a str,
    content: Vec<BlockOut<'a>>,
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_details: Option<StopDetailsOut<'a>>,
    usage: UsageOut,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum BlockOut<'a> {
    Text { text: &'a str },
    Thinking { thinking: &'a str, signature: &'a str },
    RedactedThinking { data: &'a str },
    ToolUse { id: Cow<'a, str>, name: &'a str, input: Box<RawValue> },
}

/// `stop_details` as written.
#[derive(Serialize)]
pub(super) struct StopDetailsOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    category: Option<&'a str>,
    explanation: Option<&'a str>,
}

impl<'a> From<&'a RefusalDetails<'_>> for StopDetailsOut<'a> {
    fn from(refusal: &'a RefusalDetails<'_>) -> Self {
        Self {
            kind: "refusal",
            category: refusal.category.as_deref(),
            explanation: refusal.explanation.as_deref(),
        }
    }
}

/// Encodes a whole answer. What Messages cannot say goes into `notes`.
pub(crate) fn encode(
    answer: &Answer<'_>,
    ctx: &AnswerContext,
    notes: &mut Notes,
) -> Result<Vec<u8>, TranslateError> {
    let mut content = Vec::with_capacity(answer.parts.len());
    for (index, part) in answer.parts.iter().enumerate() {
        if let Some(block) = block(part, index, ctx, notes)? {
            content.push(block);
        }
    }
    let finish = &answer.finish;
    let message = MessageOut {
        id: message_id(&answer.id, &ctx.request_id),
        kind: "message",
        role: "assistant",
        model: &ctx.model,
        content,
        stop_reason: stop::word(finish.stop),
        stop_sequence: finish.stop_sequence.as_deref(),
        stop_details: finish.refusal.as_ref().map(StopDetailsOut::from),
        usage: UsageOut::new(&finish.usage, finish.service_tier),
    };
    serde_json::to_vec(&message).map_err(TranslateError::Encode)
}

fn block<'a>(
    part: &'a Part<'_>,
    index: usize,
    ctx: &AnswerContext,
    notes: &mut Notes,
) -> Result<Option<BlockOut<'a>>, TranslateError> {
    Ok(Some(match &part.body {
        PartBody::Text { text, citations } => {
            if !citations.is_empty() {
                notes.add("annotations");
            }
            BlockOut::Text { text }
        }
        PartBody::Refusal { text } => BlockOut::Text { text },
        PartBody::Reasoning { text, signature, encrypted } => {
            if encrypted.is_some() {
                notes.add("encrypted_content");
            }
            BlockOut::Thinking { thinking: text, signature: signature.as_deref().unwrap_or_default() }
        }
        PartBody::Redacted { data } => BlockOut::RedactedThinking { data },
        PartBody::ToolCall(call) => BlockOut::ToolUse {
            id: call_id(&call.id, index, &ctx.request_id),
            name: &call.name,
            input: input(call)?,
        },
        PartBody::ServerToolCall { .. } => {
            notes.add("server_tool_call");
            return Ok(None);
        }
        PartBody::ServerToolResult { .. } => {
            notes.add("server_tool_result");
            return Ok(None);
        }
        PartBody::Other { kind } => {
            notes.add_block(kind);
            return Ok(None);
        }
    }))
}

/// The call's own id in characters that are taken back, or one made for it: a result names its call, so every call
/// needs one.
pub(super) fn call_id<'a>(id: &'a str, index: usize, request_id: &str) -> Cow<'a, str> {
    if id.is_empty() {
        return Cow::Owned(format!("toolu_{request_id}_{index}"));
    }
    calls::plain(id)
}

/// The arguments as the JSON object that `input` is. What is no object stays readable under a name that no tool has.
fn input(call: &ToolCall<'_>) -> Result<Box<RawValue>, TranslateError> {
    #[derive(Serialize)]
    struct Custom<'a> {
        input: &'a str,
    }
    #[derive(Serialize)]
    struct Unreadable<'a> {
        _raw: &'a str,
    }
    let text = call.arguments.as_ref();
    let json = match call.kind {
        ToolKind::Custom => serde_json::to_string(&Custom { input: text }),
        ToolKind::Function if matches!(text.trim(), "" | "null") => Ok("{}".to_owned()),
        ToolKind::Function if is_object(text) => Ok(compact(text).into_owned()),
        ToolKind::Function => serde_json::to_string(&Unreadable { _raw: text }),
    };
    json.and_then(RawValue::from_string).map_err(TranslateError::Encode)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(kind: ToolKind, arguments: &str) -> String {
        let call = ToolCall { id: "c".into(), name: "n".into(), kind, arguments: Cow::Borrowed(arguments) };
        input(&call).unwrap().get().to_owned()
    }

    #[test]
    fn arguments_become_an_object_whatever_they_are() {
        for (arguments, want) in [
            ("", "{}"),
            (" null ", "{}"),
            ("{ \"n\": 12345678901234567890123 }", r#"{"n":12345678901234567890123}"#),
            ("{\"a\":", r#"{"_raw":"{\"a\":"}"#),
            ("[1]", r#"{"_raw":"[1]"}"#),
        ] {
            assert_eq!(call(ToolKind::Function, arguments), want);
        }
        assert_eq!(call(ToolKind::Custom, "*** Begin \"x\""), r#"{"input":"*** Begin \"x\""}"#);
    }
}
