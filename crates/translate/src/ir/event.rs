//! The events of a stream.
//!
//! Order: one [`StreamEvent::Start`]; then parts, each [`StreamEvent::PartStart`], its deltas, [`StreamEvent::PartEnd`];
//! then one [`StreamEvent::Finish`]. Parts may overlap in time, as Chat's parallel tool calls do; an encoder whose
//! protocol forbids that puts a `Sequencer` in front. A decoder ends every part before it finishes, and finishes
//! only a stream that ended well: there is no event for a failure, the decoder returns an error instead.

use super::part::owned;
use super::{Citation, Finish, Phase, ServiceTier, ToolKind};
use crate::error::TranslateError;
use std::borrow::Cow;
use tollgate_base::Usage;

/// Names one part of a stream. Given by the decoder, each once; encoders count their own wire indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartId(pub u32);

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamEvent<'a> {
    /// The answer begins.
    Start(StreamStart<'a>),
    /// A part begins.
    PartStart {
        /// The part.
        part: PartId,
        /// The part's own id, where the protocol gives parts ids.
        item_id: Option<Cow<'a, str>>,
        /// What a text or refusal is for, where the protocol says so at its beginning.
        phase: Option<Phase>,
        /// What it is.
        start: PartStart<'a>,
    },
    /// More of a part.
    Delta {
        /// The part.
        part: PartId,
        /// What is added.
        delta: Delta<'a>,
    },
    /// A part is complete.
    PartEnd {
        /// The part.
        part: PartId,
    },
    /// The upstream kept the stream alive and said nothing.
    Ping,
    /// The answer is complete.
    Finish(Finish<'a>),
}

/// What takes events one by one.
pub trait Emit: FnMut(StreamEvent<'_>) -> Result<(), TranslateError> {}

impl<F: FnMut(StreamEvent<'_>) -> Result<(), TranslateError>> Emit for F {}

/// How a stream begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StreamStart<'a> {
    /// The upstream's id of the answer; empty if it gave none.
    pub id: Cow<'a, str>,
    /// What is known about usage so far; the numbers in [`StreamEvent::Finish`] replace these.
    pub usage: Usage,
    /// The tier that serves the request.
    pub service_tier: Option<ServiceTier>,
}

/// What kind of part begins; see [`super::PartBody`] for the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of PartBody")]
pub enum PartStart<'a> {
    /// Text for the reader.
    Text,
    /// Reasoning.
    Reasoning,
    /// Reasoning shown to nobody; has no deltas.
    Redacted { data: Cow<'a, str> },
    /// A tool for the caller to run; its deltas are [`Delta::Arguments`].
    ToolCall { id: Cow<'a, str>, name: Cow<'a, str>, namespace: Option<Cow<'a, str>>, kind: ToolKind },
    /// The model's own words for a refusal; its deltas are [`Delta::Text`].
    Refusal,
    /// A tool that the provider runs; its deltas are [`Delta::Arguments`].
    ServerToolCall { id: Cow<'a, str>, name: Cow<'a, str> },
    /// What a tool run by the provider gave; has no deltas.
    ServerToolResult { call_id: Cow<'a, str>, kind: Cow<'a, str>, content: Cow<'a, str> },
    /// A part of a kind this crate does not know; [`Delta::Arguments`] is the only delta it may have.
    Other { kind: Cow<'a, str>, json: Cow<'a, str> },
}

/// What is added to a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delta<'a> {
    /// Text of a text, reasoning or refusal part.
    Text(Cow<'a, str>),
    /// Text of a reasoning part that is the reasoning itself and not what is told of it.
    Raw(Cow<'a, str>),
    /// The next paragraph of a reasoning part begins; only said between two that have text.
    Break,
    /// The signature of a reasoning part, whole.
    Signature(Cow<'a, str>),
    /// The encrypted content of a reasoning part, whole.
    Encrypted(Cow<'a, str>),
    /// A piece of a tool call's arguments.
    Arguments(Cow<'a, str>),
    /// A source of a text part.
    Citation(Citation<'a>),
}

impl PartStart<'_> {
    /// The same, owning its strings.
    #[must_use]
    pub fn into_owned(self) -> PartStart<'static> {
        match self {
            Self::Text => PartStart::Text,
            Self::Reasoning => PartStart::Reasoning,
            Self::Refusal => PartStart::Refusal,
            Self::Redacted { data } => PartStart::Redacted { data: owned(data) },
            Self::ToolCall { id, name, namespace, kind } => PartStart::ToolCall {
                id: owned(id),
                name: owned(name),
                namespace: namespace.map(owned),
                kind,
            },
            Self::ServerToolCall { id, name } => {
                PartStart::ServerToolCall { id: owned(id), name: owned(name) }
            }
            Self::ServerToolResult { call_id, kind, content } => PartStart::ServerToolResult {
                call_id: owned(call_id),
                kind: owned(kind),
                content: owned(content),
            },
            Self::Other { kind, json } => PartStart::Other { kind: owned(kind), json: owned(json) },
        }
    }
}

impl Delta<'_> {
    /// The same, owning its strings.
    #[must_use]
    pub fn into_owned(self) -> Delta<'static> {
        match self {
            Self::Text(text) => Delta::Text(owned(text)),
            Self::Raw(text) => Delta::Raw(owned(text)),
            Self::Break => Delta::Break,
            Self::Signature(text) => Delta::Signature(owned(text)),
            Self::Encrypted(text) => Delta::Encrypted(owned(text)),
            Self::Arguments(text) => Delta::Arguments(owned(text)),
            Self::Citation(citation) => Delta::Citation(citation.into_owned()),
        }
    }

    /// How many bytes of content it carries.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        match self {
            Self::Text(text)
            | Self::Raw(text)
            | Self::Signature(text)
            | Self::Encrypted(text)
            | Self::Arguments(text) => text.len(),
            Self::Break => 0,
            Self::Citation(Citation::Url { url, title, quote, proof, .. }) => {
                url.len() + [title, quote, proof].into_iter().flatten().map(|text| text.len()).sum::<usize>()
            }
            Self::Citation(Citation::Other { kind, json }) => kind.len() + json.len(),
        }
    }
}
