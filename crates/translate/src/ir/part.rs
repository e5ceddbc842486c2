//! The parts of a whole answer.

use std::borrow::Cow;
use std::ops::Range;

/// One part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// The part's own id, where the protocol gives parts ids (Responses items); never a tool call's id.
    pub item_id: Option<Cow<'a, str>>,
    /// What a text or refusal is for, where the protocol says so (Responses).
    pub phase: Option<Phase>,
    /// What it says.
    pub body: PartBody<'a>,
}

impl<'a> From<PartBody<'a>> for Part<'a> {
    fn from(body: PartBody<'a>) -> Self {
        Self { item_id: None, phase: None, body }
    }
}

/// What a model's text is for. Codex sends it back and wants it kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Said on the way to a tool call.
    Commentary,
    /// The answer.
    FinalAnswer,
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
        /// The reasoning in paragraphs (Responses' summary parts); empty when the provider shows none.
        text: Vec<Cow<'a, str>>,
        /// Whether `text` is the reasoning itself (Responses `content`) and not what is told of it.
        raw: bool,
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
        /// The whole block or item as it came, for an encoder of the same protocol; empty if there is none.
        json: Cow<'a, str>,
    },
}

/// A call of one of the caller's tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall<'a> {
    /// The id by which the result will name the call.
    pub id: Cow<'a, str>,
    /// The tool's name.
    pub name: Cow<'a, str>,
    /// The namespace of the tool (Responses).
    pub namespace: Option<Cow<'a, str>>,
    /// How the arguments are to be read.
    pub kind: ToolKind,
    /// For a function: JSON text as the model wrote it, not necessarily valid; empty means no arguments.
    /// For a custom tool: free text. For a native tool: the JSON of its action.
    pub arguments: Cow<'a, str>,
}

/// How a tool takes its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ToolKind {
    /// As JSON.
    Function,
    /// As free text (OpenAI's custom tools).
    Custom,
    /// By an item of its own (Responses).
    Native(NativeTool),
}

/// Responses' tools that the caller runs and that are called by an item of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NativeTool {
    /// `local_shell_call`
    LocalShell,
    /// `shell_call`
    Shell,
    /// `apply_patch_call`
    ApplyPatch,
    /// `tool_search_call` that the caller executes
    ToolSearch,
    /// `computer_call`
    Computer,
}

impl NativeTool {
    /// The tool whose calls have this wire type, or that has this wire type itself.
    #[must_use]
    pub fn parse(kind: &str) -> Option<Self> {
        match kind.strip_suffix("_call").unwrap_or(kind) {
            "local_shell" => Some(Self::LocalShell),
            "shell" => Some(Self::Shell),
            "apply_patch" => Some(Self::ApplyPatch),
            "tool_search" => Some(Self::ToolSearch),
            "computer" | "computer_use_preview" => Some(Self::Computer),
            _ => None,
        }
    }

    /// The name under which protocols without such tools know it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LocalShell => "local_shell",
            Self::Shell => "shell",
            Self::ApplyPatch => "apply_patch",
            Self::ToolSearch => "tool_search",
            Self::Computer => "computer",
        }
    }
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
        /// What the page says (Messages `cited_text`).
        quote: Option<Cow<'a, str>>,
        /// What Messages calls `encrypted_index`: opaque, to be sent back unchanged.
        proof: Option<Cow<'a, str>>,
    },
    /// A source of another kind: documents, search results.
    Other {
        /// Its wire type.
        kind: Cow<'a, str>,
        /// The whole citation as it came, for an encoder of the same protocol; empty if there is none.
        json: Cow<'a, str>,
    },
}

impl Citation<'_> {
    /// The same, owning its strings.
    #[must_use]
    pub fn into_owned(self) -> Citation<'static> {
        match self {
            Self::Url { url, title, range, quote, proof } => Citation::Url {
                url: owned(url),
                title: title.map(owned),
                range,
                quote: quote.map(owned),
                proof: proof.map(owned),
            },
            Self::Other { kind, json } => Citation::Other { kind: owned(kind), json: owned(json) },
        }
    }
}

pub(super) fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}
