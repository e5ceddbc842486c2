//! The tools of a Responses request, and the choice of them, as written.

use crate::json::Extras;
use serde::Serialize;
use serde_json::value::RawValue;

/// A tool.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ToolOut<'a> {
    Raw(&'a RawValue),
    Function(FunctionOut<'a>),
    Custom(CustomOut<'a>),
    Namespace(NamespaceOut<'a>),
    WebSearch(WebSearchOut<'a>),
    Bare(TypeOut<'a>),
}

/// A function.
#[derive(Serialize)]
pub(super) struct FunctionOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    pub(super) parameters: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) strict: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) defer_loading: bool,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// A custom tool.
#[derive(Serialize)]
pub(super) struct CustomOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) defer_loading: bool,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
}

/// Tools with a name in common.
#[derive(Serialize)]
pub(super) struct NamespaceOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) name: &'a str,
    #[serde(flatten)]
    pub(super) extras: Extras<'a>,
    pub(super) tools: Vec<ToolOut<'a>>,
}

/// The web search.
#[derive(Serialize)]
pub(super) struct WebSearchOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filters: Option<FiltersOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user_location: Option<&'a RawValue>,
}

/// What the web search is held to.
#[derive(Serialize)]
pub(super) struct FiltersOut<'a> {
    pub(super) allowed_domains: &'a RawValue,
}

/// A tool that its type says all of.
#[derive(Serialize)]
pub(super) struct TypeOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
}

/// `tool_choice`.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ChoiceOut<'a> {
    Word(&'static str),
    Raw(&'a RawValue),
    Named(NamedOut<'a>),
    Allowed(AllowedOut<'a>),
}

/// A tool as a choice names it.
#[derive(Serialize)]
pub(super) struct NamedOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<&'a str>,
}

/// Several tools to choose from.
#[derive(Serialize)]
pub(super) struct AllowedOut<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) mode: &'static str,
    pub(super) tools: Vec<NamedOut<'a>>,
}
