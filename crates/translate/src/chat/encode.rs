//! The intermediate representation into a whole Chat answer.

use super::join::Joiner;
use super::usage::UsageOut;
use super::{completion_id, stop};
use crate::answer::AnswerContext;
use crate::error::TranslateError;
use crate::ir::{Answer, Citation, Part, PartBody, ToolCall, ToolKind};
use crate::notes::Notes;
use serde::Serialize;

#[derive(Serialize)]
struct CompletionOut<'a> {
    id: String,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: [ChoiceOut<'a>; 1],
    usage: UsageOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

/// The one choice of an answer.
#[derive(Serialize)]
pub(crate) struct ChoiceOut<'a> {
    index: u32,
    message: MessageOut<'a>,
    /// Null, or left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<Option<()>>,
    finish_reason: &'static str,
}

impl ChoiceOut<'_> {
    /// In the envelope's form: `content` is always a string, and what is null is left out.
    pub(crate) fn into_envelope_form(mut self) -> Self {
        self.logprobs = None;
        self.message.refusal = self.message.refusal.filter(Option::is_some);
        self.message.content.get_or_insert_default();
        self
    }
}

/// The message of a choice.
#[derive(Serialize)]
struct MessageOut<'a> {
    role: &'static str,
    content: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    /// Null if there is none, or left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<AnnotationOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<CallOut<'a>>,
}

/// A source of the content. Indexes count characters of it.
#[derive(Serialize)]
pub(super) struct AnnotationOut<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url_citation: UrlCitationOut<'a>,
}

#[derive(Serialize)]
struct UrlCitationOut<'a> {
    start_index: u64,
    end_index: u64,
    url: &'a str,
    title: &'a str,
}

impl<'a> AnnotationOut<'a> {
    /// An annotation for a part that lies at `start..end` of the content; none if Chat has no word for the citation.
    pub(super) fn new(citation: &'a Citation<'_>, start: u64, end: u64) -> Option<Self> {
        let Citation::Url { url, title, range, .. } = citation else {
            return None;
        };
        let (start_index, end_index) = range.as_ref().map_or((start, end), |range| {
            (start.saturating_add(range.start), start.saturating_add(range.end))
        });
        let title = title.as_deref().unwrap_or_default();
        Some(Self {
            kind: "url_citation",
            url_citation: UrlCitationOut { start_index, end_index, url, title },
        })
    }
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum CallOut<'a> {
    Function { id: String, function: FunctionOut<'a> },
    Custom { id: String, custom: CustomOut<'a> },
}

#[derive(Serialize)]
struct FunctionOut<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct CustomOut<'a> {
    name: &'a str,
    input: &'a str,
}

/// Encodes a whole answer. What Chat cannot say goes into `notes`.
pub(crate) fn encode(
    answer: &Answer<'_>,
    ctx: &AnswerContext,
    notes: &mut Notes,
) -> Result<Vec<u8>, TranslateError> {
    let completion = CompletionOut {
        id: completion_id(&answer.id, &ctx.request_id),
        object: "chat.completion",
        created: ctx.created_at_s,
        model: &ctx.model,
        choices: [encode_choice(answer, ctx, notes)],
        usage: UsageOut::from(&answer.finish.usage),
        service_tier: answer.finish.service_tier.and_then(stop::tier_word),
    };
    serde_json::to_vec(&completion).map_err(TranslateError::Encode)
}

/// Encodes the one choice of an answer.
pub(crate) fn encode_choice<'a>(
    answer: &'a Answer<'_>,
    ctx: &AnswerContext,
    notes: &mut Notes,
) -> ChoiceOut<'a> {
    let mut gathered = Gathered::default();
    for part in &answer.parts {
        gathered.add(part, ctx, notes);
    }
    let finish = &answer.finish;
    if finish.stop_sequence.is_some() {
        notes.add("stop_sequence");
    }
    if finish.refusal.as_ref().is_some_and(|refusal| refusal.category.is_some()) {
        notes.add("stop_details.category");
    }
    let explanation = finish.refusal.as_ref().and_then(|refusal| refusal.explanation.as_deref());
    let refusal = gathered.refusal.or(explanation);
    let silent = gathered.content.is_empty() && (!gathered.calls.is_empty() || refusal.is_some());
    ChoiceOut {
        index: 0,
        message: MessageOut {
            role: "assistant",
            content: (!silent).then_some(gathered.content),
            reasoning_content: (!gathered.reasoning.is_empty()).then_some(gathered.reasoning),
            refusal: Some(refusal),
            annotations: gathered.annotations,
            tool_calls: gathered.calls,
        },
        logprobs: Some(None),
        finish_reason: stop::word(finish.stop),
    }
}

/// The parts of an answer, gathered into the members of a message.
#[derive(Default)]
struct Gathered<'a> {
    content: String,
    content_chars: u64,
    content_join: Joiner,
    reasoning: String,
    reasoning_join: Joiner,
    refusal: Option<&'a str>,
    annotations: Vec<AnnotationOut<'a>>,
    calls: Vec<CallOut<'a>>,
}

impl<'a> Gathered<'a> {
    fn add(&mut self, part: &'a Part<'_>, ctx: &AnswerContext, notes: &mut Notes) {
        match part.body {
            PartBody::Text { .. } => self.content_join.begin(part.item_id.as_deref()),
            _ => self.content_join.break_off(),
        }
        match &part.body {
            PartBody::Text { text, citations } => self.text(text, citations, notes),
            PartBody::Reasoning { text, signature, encrypted, .. } => {
                if signature.is_some() {
                    notes.add("thinking.signature");
                }
                if encrypted.is_some() {
                    notes.add("encrypted_content");
                }
                for paragraph in text {
                    self.reasoning_join.break_off();
                    self.reasoning_join.push(&mut self.reasoning, paragraph);
                }
            }
            PartBody::Redacted { .. } => notes.add("redacted_thinking"),
            PartBody::Refusal { text } => self.refusal = Some(text),
            PartBody::ToolCall(call) => {
                if call.namespace.is_some() {
                    notes.add("namespace");
                }
                let index = self.calls.len();
                self.calls.push(call_out(call, index, ctx));
            }
            PartBody::ServerToolCall { .. } => notes.add("server_tool_use"),
            PartBody::ServerToolResult { .. } => notes.add("server_tool_result"),
            PartBody::Other { kind, .. } => notes.add_block(kind),
        }
    }

    fn text(&mut self, text: &str, citations: &'a [Citation<'_>], notes: &mut Notes) {
        if text.is_empty() {
            return;
        }
        let separator = self.content_join.separator();
        self.content.push_str(separator);
        self.content.push_str(text);
        let start = self.content_chars + separator.len() as u64;
        self.content_chars = start + text.chars().count() as u64;
        for citation in citations {
            match AnnotationOut::new(citation, start, self.content_chars) {
                Some(annotation) => self.annotations.push(annotation),
                None => notes.add("citations"),
            }
        }
    }
}

fn call_out<'a>(call: &'a ToolCall<'_>, index: usize, ctx: &AnswerContext) -> CallOut<'a> {
    let id = call_id(&call.id, index, &ctx.request_id);
    let name = call.name.as_ref();
    match call.kind {
        ToolKind::Function | ToolKind::Native(_) => {
            let arguments = if call.arguments.is_empty() { "{}" } else { call.arguments.as_ref() };
            CallOut::Function { id, function: FunctionOut { name, arguments } }
        }
        ToolKind::Custom => CallOut::Custom { id, custom: CustomOut { name, input: &call.arguments } },
    }
}

/// The call's own id, or one made for it: a result names its call, so every call needs one.
pub(super) fn call_id(id: &str, index: usize, request_id: &str) -> String {
    if id.is_empty() {
        return format!("call_{request_id}_{index}");
    }
    id.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Finish, StopReason};

    #[test]
    fn annotations_point_at_their_text_by_characters() {
        let url =
            Citation::Url { url: "http://a".into(), title: None, range: None, quote: None, proof: None };
        let parts: Vec<Part<'_>> = vec![
            PartBody::Text { text: "über ".into(), citations: Vec::new() }.into(),
            PartBody::Redacted { data: "x".into() }.into(),
            PartBody::Text { text: "cité".into(), citations: vec![url] }.into(),
        ];
        let answer = Answer {
            id: "".into(),
            model: "".into(),
            created_at_s: None,
            parts,
            finish: Finish { stop: StopReason::EndTurn, ..Finish::default() },
        };
        let ctx = AnswerContext { request_id: "r".into(), ..AnswerContext::default() };
        let mut notes = Notes::default();
        let choice = serde_json::to_value(encode_choice(&answer, &ctx, &mut notes)).unwrap();
        assert_eq!(choice["message"]["content"], "über \n\ncité");
        let cited = &choice["message"]["annotations"][0]["url_citation"];
        assert_eq!((&cited["start_index"], &cited["end_index"]), (&7.into(), &11.into()));
        assert_eq!(notes.to_strings(), ["redacted_thinking"]);
    }
}
