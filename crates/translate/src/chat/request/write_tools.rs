//! The tools of a Chat request, and the choice among them, as they are written.

use super::write::Extras;
use super::write_parts::MarkOut;
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A tool.
#[derive(Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "nearly all are the larger one")]
pub(super) enum ToolOut<'a> {
    Raw(&'a RawValue),
    Said {
        r#type: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        function: Option<FunctionOut<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        custom: Option<CustomOut<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<MarkOut>,
        #[serde(flatten)]
        extras: Extras<'a>,
    },
}

#[derive(Serialize)]
pub(super) struct FunctionOut<'a> {
    pub(super) name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parameters: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strict: Option<bool>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

#[derive(Serialize)]
pub(super) struct CustomOut<'a> {
    pub(super) name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<CustomFormatOut<'a>>,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// A custom tool's format: what Responses writes flat, Chat writes in a member of its own.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum CustomFormatOut<'a> {
    Raw(&'a RawValue),
    Grammar { r#type: &'static str, grammar: GrammarOut<'a> },
}

#[derive(Serialize)]
pub(super) struct GrammarOut<'a> {
    pub(super) syntax: Cow<'a, str>,
    pub(super) definition: Cow<'a, str>,
}

/// A choice among tools.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ChoiceOut<'a> {
    Word(&'static str),
    Raw(&'a RawValue),
    Named(NamedOut<'a>),
    Allowed { r#type: &'static str, allowed_tools: AllowedOut<'a> },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum NamedOut<'a> {
    Function { function: NameOut<'a> },
    Custom { custom: NameOut<'a> },
}

#[derive(Serialize)]
pub(super) struct NameOut<'a> {
    pub(super) name: Cow<'a, str>,
}

#[derive(Serialize)]
pub(super) struct AllowedOut<'a> {
    pub(super) mode: &'static str,
    pub(super) tools: Vec<NamedOut<'a>>,
}
