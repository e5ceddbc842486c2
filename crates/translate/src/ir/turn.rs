//! The turns of a conversation and their parts, as a request has them.

use super::{CacheLifetime, Phase, Wording};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// One turn. Neighbours may have the same role; results of tools are parts of user turns.
#[derive(Debug, Clone)]
pub struct Turn<'a> {
    /// Who speaks.
    pub role: Role,
    /// The speaker's name, where the protocol has one (Chat).
    pub name: Option<Cow<'a, str>>,
    /// What is said, in order.
    pub parts: Vec<TurnPart<'a>>,
    /// Other members of the turn (Messages' per-message `output_config`, Chat's `audio`).
    pub extras: Vec<Extra<'a>>,
}

impl<'a> Turn<'a> {
    /// A turn without name and extras.
    #[must_use]
    pub const fn new(role: Role, parts: Vec<TurnPart<'a>>) -> Self {
        Self { role, name: None, parts, extras: Vec::new() }
    }
}

/// Who speaks in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The operator of the application, in the older word; Messages' `system`, at the head or in between.
    System,
    /// The same in OpenAI's newer word.
    Developer,
    /// The user, and the results of tools.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// Whether the turn instructs rather than converses.
    #[must_use]
    pub const fn instructs(self) -> bool {
        matches!(self, Self::System | Self::Developer)
    }
}

/// One part of a turn.
#[derive(Debug, Clone)]
pub struct TurnPart<'a> {
    /// The item's id in Responses. Neighbouring texts with the same one are one message.
    pub item_id: Option<Cow<'a, str>>,
    /// The prompt up to and with this part is to be cached.
    pub cache: Option<CacheLifetime>,
    /// What it says.
    pub body: PartOfTurn<'a>,
    /// Other members of the part (`caller` of a tool call, `citations` of a text, `status` of an item).
    pub extras: Vec<Extra<'a>>,
}

impl<'a> From<PartOfTurn<'a>> for TurnPart<'a> {
    fn from(body: PartOfTurn<'a>) -> Self {
        Self { item_id: None, cache: None, body, extras: Vec::new() }
    }
}

/// What a part of a turn says.
#[derive(Debug, Clone)]
pub enum PartOfTurn<'a> {
    /// Text.
    Text {
        /// The text.
        text: Wording<'a>,
        /// Whether it led up to a tool call or was the answer; Responses, assistant turns.
        phase: Option<Phase>,
    },
    /// A picture.
    Image {
        /// Where it is.
        source: Source<'a>,
        /// How closely to look: OpenAI's `detail`.
        detail: Option<Cow<'a, str>>,
    },
    /// A document: PDF or text.
    Document(Document<'a>),
    /// Sound.
    Audio {
        /// Base64.
        data: Cow<'a, str>,
        /// `wav` or `mp3`.
        format: Cow<'a, str>,
    },
    /// The model's earlier reasoning.
    Reasoning(Reasoning<'a>),
    /// The model's earlier call of one of the caller's tools.
    ToolCall(PastCall<'a>),
    /// What that call gave.
    ToolResult(ToolResult<'a>),
    /// The model's earlier words for a refusal.
    Refusal {
        /// The words.
        text: Cow<'a, str>,
    },
    /// A call of a tool that the provider ran.
    ServerToolCall {
        /// The call's id.
        id: Cow<'a, str>,
        /// The tool's name.
        name: Cow<'a, str>,
        /// The whole block or item as it came.
        json: Cow<'a, RawValue>,
    },
    /// What a tool run by the provider gave.
    ServerToolResult {
        /// The id of the call it answers.
        call_id: Cow<'a, str>,
        /// The wire type, e.g. `web_search_tool_result`.
        kind: Cow<'a, str>,
        /// The whole block or item as it came.
        json: Cow<'a, RawValue>,
    },
    /// A part that only its own protocol can say.
    Other {
        /// The wire type.
        kind: Cow<'a, str>,
        /// The whole block or item as it came.
        json: Cow<'a, RawValue>,
    },
}

/// Where the bytes of an image or document are.
#[derive(Debug, Clone)]
pub enum Source<'a> {
    /// In the request.
    Base64 {
        /// `image/png`, `application/pdf` and so on.
        media_type: Cow<'a, str>,
        /// Base64 without line breaks.
        data: Cow<'a, str>,
    },
    /// At an address.
    Url(Cow<'a, str>),
    /// In the provider's file store.
    FileId(Cow<'a, str>),
    /// Plain text in the request.
    Text(Cow<'a, str>),
    /// Content blocks in the request (Messages).
    Blocks(Cow<'a, RawValue>),
}

/// A document.
#[derive(Debug, Clone)]
pub struct Document<'a> {
    /// Where it is.
    pub source: Source<'a>,
    /// Its title (Messages) or file name (OpenAI).
    pub title: Option<Cow<'a, str>>,
    /// What the reader should know of it; Messages.
    pub context: Option<Cow<'a, str>>,
    /// Whether the answer is to cite it; Messages.
    pub citations: bool,
}

/// Earlier reasoning.
#[derive(Debug, Clone, Default)]
pub struct Reasoning<'a> {
    /// The text, or its summary's parts; empty where the provider shows none.
    pub text: Vec<Cow<'a, str>>,
    /// Whether `text` is raw reasoning (Responses `content`) and no summary.
    pub raw: bool,
    /// What proves it to the provider that made it.
    pub proof: Option<Proof<'a>>,
    /// Who made it, as far as is known: read from the gate's own carrier. None: whoever serves the caller's protocol.
    pub made_by: Option<MadeBy<'a>>,
}

/// The opaque member of reasoning, to be sent back unchanged to whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof<'a> {
    /// Messages `thinking.signature`.
    Signature(Cow<'a, str>),
    /// Messages `redacted_thinking.data`: there is no text.
    Redacted(Cow<'a, str>),
    /// Responses `encrypted_content`.
    Encrypted(Cow<'a, str>),
}

/// Who made a piece of reasoning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeBy<'a> {
    /// The provider family's word, such as `anthropic`.
    pub vendor: Cow<'a, str>,
    /// The account at the provider: organisations do not take each other's reasoning.
    pub account: Cow<'a, str>,
    /// The provider's name of the model.
    pub model: Cow<'a, str>,
}

/// An earlier call of one of the caller's tools.
#[derive(Debug, Clone)]
pub struct PastCall<'a> {
    /// The id by which its result names it.
    pub id: Cow<'a, str>,
    /// The tool's name.
    pub name: Cow<'a, str>,
    /// The namespace of the tool (Responses).
    pub namespace: Option<Cow<'a, str>>,
    /// How the arguments are to be read.
    pub kind: CallKind<'a>,
    /// A function: JSON text as the model wrote it, not necessarily valid; empty means no arguments. A custom tool: free
    /// text. A native tool: the JSON of its action.
    pub arguments: Cow<'a, str>,
}

/// How a tool takes its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallKind<'a> {
    /// As JSON.
    Function,
    /// As free text (OpenAI's custom tools).
    Custom,
    /// By an item of its own (Responses `local_shell_call`, `apply_patch_call`, `tool_search_call` ...).
    Native {
        /// The wire type of the call, or of the output that answers it.
        kind: Cow<'a, str>,
    },
}

impl MadeBy<'_> {
    /// The same, owning its strings.
    #[must_use]
    pub fn into_owned(self) -> MadeBy<'static> {
        MadeBy {
            vendor: Cow::Owned(self.vendor.into_owned()),
            account: Cow::Owned(self.account.into_owned()),
            model: Cow::Owned(self.model.into_owned()),
        }
    }
}

/// What a call of one of the caller's tools gave.
#[derive(Debug, Clone)]
pub struct ToolResult<'a> {
    /// The id of the call.
    pub call_id: Cow<'a, str>,
    /// How the tool takes its arguments, where the protocol says so with the result.
    pub kind: CallKind<'a>,
    /// What it gave: texts, images, documents, and what only one protocol has.
    pub content: Vec<TurnPart<'a>>,
    /// Whether it failed; only Messages says so.
    pub is_error: bool,
}

/// A member that the representation has no word for, kept as it came.
#[derive(Debug, Clone)]
pub struct Extra<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its value.
    pub json: Cow<'a, RawValue>,
}
