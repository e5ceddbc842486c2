//! What is read of a Chat answer or chunk. Fields that are not read are left alone.

use crate::ir::{Citation, ToolKind};
use crate::json::{Count, Text, into_cow, non_empty, text_or_json};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A completion, or a chunk of one.
#[derive(Deserialize)]
pub(super) struct CompletionIn<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) object: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) model: Option<Text<'a>>,
    #[serde(default)]
    pub(super) created: Count,
    #[serde(borrow)]
    pub(super) choices: Option<Vec<ChoiceIn<'a>>>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) service_tier: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

/// One choice. Whole answers have a `message`, chunks a `delta`; some providers' only chunk has a `message`.
#[derive(Deserialize)]
pub(super) struct ChoiceIn<'a> {
    #[serde(default)]
    pub(super) index: Count,
    #[serde(borrow)]
    pub(super) message: Option<MessageIn<'a>>,
    #[serde(borrow)]
    pub(super) delta: Option<MessageIn<'a>>,
    #[serde(borrow)]
    pub(super) finish_reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) logprobs: Option<&'a RawValue>,
    /// Moonshot's place for usage.
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
}

/// A message, or the delta of one.
#[derive(Deserialize, Default)]
pub(super) struct MessageIn<'a> {
    #[serde(borrow)]
    pub(super) content: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) refusal: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<Text<'a>>,
    /// The name that OpenRouter and newer vLLM use; some send both, with the same text.
    #[serde(borrow)]
    reasoning: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) tool_calls: Option<Vec<CallIn<'a>>>,
    /// The older form of a single tool call.
    #[serde(borrow)]
    pub(super) function_call: Option<FunctionIn<'a>>,
    #[serde(borrow)]
    pub(super) annotations: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) audio: Option<&'a RawValue>,
}

impl<'a> MessageIn<'a> {
    /// The reasoning, if there is any.
    pub(super) fn take_reasoning(&mut self) -> Option<Cow<'a, str>> {
        non_empty(self.reasoning_content.take()).or_else(|| non_empty(self.reasoning.take()))
    }
}

/// A tool call, or a piece of one.
#[derive(Deserialize, Default)]
pub(super) struct CallIn<'a> {
    #[serde(default)]
    pub(super) index: Count,
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    #[serde(borrow)]
    function: Option<FunctionIn<'a>>,
    #[serde(borrow)]
    custom: Option<CustomIn<'a>>,
}

#[derive(Deserialize, Default)]
pub(super) struct FunctionIn<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct CustomIn<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    input: Option<Text<'a>>,
}

/// What a call, or a piece of one, says of its tool.
pub(super) struct Piece<'a> {
    pub(super) kind: ToolKind,
    pub(super) name: Cow<'a, str>,
    pub(super) arguments: Cow<'a, str>,
}

impl<'a> CallIn<'a> {
    pub(super) fn piece(self) -> Piece<'a> {
        match (self.custom, self.function) {
            (Some(custom), _) => Piece {
                kind: ToolKind::Custom,
                name: into_cow(custom.name),
                arguments: into_cow(custom.input),
            },
            (None, function) => function.unwrap_or_default().piece(),
        }
    }
}

impl<'a> FunctionIn<'a> {
    pub(super) fn piece(self) -> Piece<'a> {
        Piece {
            kind: ToolKind::Function,
            name: into_cow(self.name),
            arguments: self.arguments.map_or(Cow::Borrowed(""), text_or_json),
        }
    }
}

#[derive(Deserialize)]
struct AnnotationIn<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    url_citation: Option<UrlCitationIn<'a>>,
}

#[derive(Deserialize)]
struct UrlCitationIn<'a> {
    #[serde(borrow)]
    url: Option<Text<'a>>,
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(default)]
    start_index: Count,
    #[serde(default)]
    end_index: Count,
}

/// Reads a message's `annotations`: a list or null.
pub(super) fn citations(raw: Option<&RawValue>) -> Vec<Citation<'_>> {
    let Some(raw) = raw else { return Vec::new() };
    let list: Vec<AnnotationIn<'_>> = serde_json::from_str(raw.get()).unwrap_or_default();
    list.into_iter().map(Citation::from).collect()
}

impl<'a> From<AnnotationIn<'a>> for Citation<'a> {
    fn from(annotation: AnnotationIn<'a>) -> Self {
        let Some(cited) = annotation.url_citation else {
            return Self::Other { kind: into_cow(annotation.kind), json: Cow::Borrowed("") };
        };
        let range = cited.start_index.0.zip(cited.end_index.0).map(|(start, end)| start..end);
        Self::Url { url: into_cow(cited.url), title: non_empty(cited.title), range, quote: None, proof: None }
    }
}
