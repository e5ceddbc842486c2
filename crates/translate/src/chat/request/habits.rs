//! What the encoder has to know of the upstream's habits.

#![allow(dead_code, reason = "families are told apart by a table of their own")]

use crate::target::Target;

/// How an upstream wants a Chat request.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub(super) struct Habits {
    /// What the limit of output tokens is called.
    pub(super) max_tokens: MaxTokens,
    /// Whether the role `developer` is known.
    pub(super) developer: bool,
    /// Whether instructions are to come in the role `developer`.
    pub(super) prefers_developer: bool,
    /// What earlier reasoning is called.
    pub(super) reasoning_member: ReasoningMember,
    /// How reasoning is asked for.
    pub(super) reasoning: ReasoningStyle,
    /// Where text may be a list of parts.
    pub(super) lists: Lists,
    /// Whether the end of a stream tells usage if asked to.
    pub(super) include_usage: bool,
    /// Whether `top_k` is known.
    pub(super) top_k: bool,
    /// Whether `strict` of functions is known.
    pub(super) strict: bool,
    /// Whether a tool's message may hold pictures.
    pub(super) tool_images: bool,
    /// Whether `file` parts are known.
    pub(super) files: bool,
    /// Whether a file may be named by its id in the provider's store, from another protocol.
    pub(super) file_ids: bool,
    /// Whether `file_data` may be an address.
    pub(super) file_urls: bool,
    /// Whether `refusal` of assistant messages is known.
    pub(super) refusals: bool,
    /// How the end of a cached prompt is marked.
    pub(super) cache: CacheMark,
    /// What the end user's id is called, if it is known at all.
    pub(super) end_user: Option<EndUser>,
    /// Whether `prompt_cache_key` is known.
    pub(super) cache_key: bool,
    /// Whether `service_tier` is known.
    pub(super) service_tier: bool,
    /// Whether `verbosity` is known.
    pub(super) verbosity: bool,
    /// Whether a choice among some tools only is known.
    pub(super) allowed_tools: bool,
}

/// What the limit of output tokens is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MaxTokens {
    MaxTokens,
    MaxCompletionTokens,
}

/// What earlier reasoning is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReasoningMember {
    ReasoningContent,
    Reasoning,
}

/// How reasoning is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReasoningStyle {
    /// `reasoning_effort`.
    Effort,
    /// `thinking: {type}` and `reasoning_effort`.
    ThinkingAndEffort,
    /// `thinking: {type}` alone.
    Thinking,
    /// `enable_thinking` and `thinking_budget`.
    EnableThinking,
    /// OpenRouter's `reasoning: {effort | max_tokens | enabled, exclude}`.
    Object,
    /// `chat_template_kwargs: {enable_thinking}`.
    TemplateArguments,
    /// Not at all.
    No,
}

/// Where text may be a list of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lists {
    /// In every message.
    Everywhere,
    /// Where the caller wrote such a list for the same protocol, and beside pictures.
    AsCame,
    /// Only beside pictures.
    WithPictures,
}

/// How the end of a cached prompt is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CacheMark {
    /// Not at all: the provider caches by itself.
    No,
    /// `cache_control`, where the caller wrote a mark for the same protocol.
    AsCame,
    /// `prompt_cache_breakpoint`.
    Breakpoint,
    /// `cache_control`.
    CacheControl,
}

/// What the end user's id is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndUser {
    User,
    SafetyIdentifier,
}

impl Habits {
    /// The habits of a target.
    pub(super) const fn of(_target: &Target<'_>) -> Self {
        Self::generic()
    }

    /// The habits of nobody in particular.
    pub(super) const fn generic() -> Self {
        Self {
            max_tokens: MaxTokens::MaxTokens,
            developer: true,
            prefers_developer: false,
            reasoning_member: ReasoningMember::ReasoningContent,
            reasoning: ReasoningStyle::Effort,
            lists: Lists::AsCame,
            include_usage: true,
            top_k: true,
            strict: true,
            tool_images: false,
            files: true,
            file_ids: false,
            file_urls: false,
            refusals: true,
            cache: CacheMark::AsCame,
            end_user: Some(EndUser::User),
            cache_key: true,
            service_tier: true,
            verbosity: true,
            allowed_tools: true,
        }
    }
}
