//! In what families differ.

use crate::traits::{ForcedToolChoice, StructuredOutput};

/// How a family wants its requests. All but `reasoning_back` is about Chat Completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub struct Quirks {
    /// What the limit of output tokens is called.
    pub max_tokens: MaxTokens,
    /// Whether the role `developer` is known.
    pub developer: bool,
    /// What of earlier reasoning it wants to have back.
    pub reasoning_back: ReasoningBack,
    /// What earlier reasoning is called.
    pub reasoning_member: ReasoningMember,
    /// How reasoning is asked for.
    pub reasoning: ReasoningStyle,
    /// Where text may be a list of parts.
    pub lists: Lists,
    /// Whether the end of a stream tells usage if asked to.
    pub include_usage: bool,
    /// Whether `top_k` is known.
    pub top_k: bool,
    /// Whether `seed` is known.
    pub seed: bool,
    /// How many stop sequences it takes.
    pub stop_max: u8,
    /// Whether a tool call can be forced, whatever the model.
    pub forced_tool_choice: ForcedToolChoice,
    /// Whether `parallel_tool_calls` is known.
    pub parallel_tool_calls: bool,
    /// Whether custom tools, with free text, are known.
    pub custom_tools: bool,
    /// Whether `strict` of functions is known.
    pub strict: bool,
    /// Whether a choice among some tools only is known.
    pub allowed_tools: bool,
    /// How far an answer can be held to a form.
    pub response_format: StructuredOutput,
    /// Whether a tool's message may hold pictures.
    pub tool_images: bool,
    /// Whether `file` parts are known.
    pub files: bool,
    /// Whether a file may be named by its id in the provider's store, from another protocol.
    pub file_ids: bool,
    /// Whether `file_data` may be an address.
    pub file_urls: bool,
    /// Whether `refusal` of assistant messages is known.
    pub refusals: bool,
    /// How the end of a cached prompt is marked.
    pub cache: CacheMark,
    /// What the end user's id is called, if it is known at all.
    pub end_user: Option<EndUser>,
    /// Whether `prompt_cache_key` is known.
    pub cache_key: bool,
    /// Whether `service_tier` is known.
    pub service_tier: bool,
    /// Whether `verbosity` is known.
    pub verbosity: bool,
}

/// What the limit of output tokens is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the members' own names")]
pub enum MaxTokens {
    MaxTokens,
    MaxCompletionTokens,
}

/// What of earlier reasoning a family wants to have back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasoningBack {
    /// Its own, signed, unchanged.
    Proven,
    /// The text, on turns that called tools, if there is one.
    TextIfAny,
    /// The text, on turns that called tools, even if it is empty.
    TextWithCalls,
    /// The text, on every turn.
    Text,
    /// Nothing.
    Nothing,
}

/// What earlier reasoning is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the members' own names")]
pub enum ReasoningMember {
    ReasoningContent,
    Reasoning,
}

/// How reasoning is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReasoningStyle {
    /// `reasoning_effort`.
    Effort,
    /// `thinking: {type}` and `reasoning_effort`.
    ThinkingAndEffort,
    /// `reasoning_effort`, else `thinking: {type}`: both at once are refused.
    ThinkingOrEffort,
    /// `thinking: {type}` alone.
    Thinking,
    /// `enable_thinking` and `thinking_budget`, or `reasoning_effort`.
    EnableThinking,
    /// OpenRouter's `reasoning: {effort | max_tokens | enabled, exclude}`.
    Object,
    /// `chat_template_kwargs: {enable_thinking, reasoning_effort}`, and `reasoning_effort` where its words are everybody's.
    TemplateArguments,
    /// Not at all.
    No,
}

/// Where text may be a list of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lists {
    /// In every message.
    Everywhere,
    /// Where the caller wrote such a list for the same protocol, and beside pictures.
    AsCame,
    /// Only beside pictures.
    WithPictures,
}

/// How the end of a cached prompt is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMark {
    /// Not at all: the provider caches by itself.
    No,
    /// `cache_control`, where the caller wrote a mark for the same protocol.
    AsCame,
    /// `prompt_cache_breakpoint`, from models that know it.
    Breakpoint,
    /// `cache_control`.
    CacheControl,
}

/// What the end user's id is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the members' own names")]
pub enum EndUser {
    User,
    SafetyIdentifier,
}
