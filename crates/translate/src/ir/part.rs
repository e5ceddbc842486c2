//! The parts of a whole answer.

use std::borrow::Cow;
use std::ops::Range;

/// One part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// The part's own id, where the protocol gives parts ids (Responses items); never a tool call's id.
    pub item_id: Option<Cow<'a, str>>,
    /// What it says.
    pub body: PartBody<'a>,
}

impl<'a> From<PartBody<'a>> for Part<'a> {
    fn from(body: PartBody<'a>) -> Self {
        Self { item_id: None, body }
    }
}

/// What a part says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartBody<'a> {
    /// Text for the reader.
    Text {
        /// The text.
        text: Cow<'a, str>,
        /// Sources of it.
        citations: Vec<Citation<'a>>,
    },
    /// The model's reasoning, or a summary of it.
    Reasoning {
        /// The reasoning; may be empty when the provider shows none.
        text: Cow<'a, str>,
        /// What Messages calls `signature`: opaque, to be sent back unchanged.
        signature: Option<Cow<'a, str>>,
        /// What Responses calls `encrypted_content`: opaque, to be sent back unchanged.
        encrypted: Option<Cow<'a, str>>,
    },
    /// Reasoning that the provider shows to nobody (Messages `redacted_thinking`): opaque.
    Redacted {
        /// To be sent back unchanged.
        data: Cow<'a, str>,
    },
    /// A tool for the caller to run.
    ToolCall(ToolCall<'a>),
    /// The model's own words for a refusal.
    Refusal {
        /// The words.
        text: Cow<'a, str>,
    },
    /// A tool that the provider ran itself.
    ServerToolCall {
        /// The call's id.
        id: Cow<'a, str>,
        /// The tool's name.
        name: Cow<'a, str>,
        /// Its input as JSON text.
        input: Cow<'a, str>,
    },
    /// What a tool run by the provider gave.
    ServerToolResult {
        /// The id of the call it answers.
        call_id: Cow<'a, str>,
        /// The wire type of the result, e.g. `web_search_tool_result`.
        kind: Cow<'a, str>,
        /// Its content as JSON text.
        content: Cow<'a, str>,
    },
    /// A part of a kind this crate does not know.
    Other {
        /// Its wire type.
        kind: Cow<'a, str>,
    },
}

/// A call of one of the caller's tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall<'a> {
    /// The id by which the result will name the call.
    pub id: Cow<'a, str>,
    /// The tool's name.
    pub name: Cow<'a, str>,
    /// How the arguments are to be read.
    pub kind: ToolKind,
    /// For a function: JSON text as the model wrote it, not necessarily valid; empty means no arguments.
    /// For a custom tool: free text.
    pub arguments: Cow<'a, str>,
}

/// How a tool takes its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ToolKind {
    /// As JSON.
    Function,
    /// As free text (OpenAI's custom tools).
    Custom,
}

/// Where a piece of text comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Citation<'a> {
    /// A page on the web.
    Url {
        /// Its address.
        url: Cow<'a, str>,
        /// Its title.
        title: Option<Cow<'a, str>>,
        /// Which characters of the part it supports; none means the whole part.
        range: Option<Range<u64>>,
    },
    /// A source of another kind: documents, search results.
    Other {
        /// Its wire type.
        kind: Cow<'a, str>,
    },
}

impl Citation<'_> {
    /// The same, owning its strings.
    #[must_use]
    pub fn into_owned(self) -> Citation<'static> {
        match self {
            Self::Url { url, title, range } => Citation::Url {
                url: Cow::Owned(url.into_owned()),
                title: title.map(|text| Cow::Owned(text.into_owned())),
                range,
            },
            Self::Other { kind } => Citation::Other { kind: Cow::Owned(kind.into_owned()) },
        }
    }
}
