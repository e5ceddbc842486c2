//! The rows: what each family's Chat Completions takes.
//!
//! Sources: each vendor's API reference of Chat Completions, and for servers their own documentation of the OpenAI
//! compatible endpoint. Read in November 2026.

use super::Family;
use super::quirks::{
    CacheMark, EndUser, Lists, MaxTokens, Quirks, ReasoningBack, ReasoningMember, ReasoningStyle,
};
use crate::traits::{ForcedToolChoice, StructuredOutput};

pub(super) const fn of(family: Family) -> &'static Quirks {
    match family {
        Family::Generic => &GENERIC,
        Family::Openai => &OPENAI,
        Family::Azure => &AZURE,
        Family::Anthropic => &ANTHROPIC,
        Family::Deepseek => &DEEPSEEK,
        Family::Zhipu => &ZHIPU,
        Family::Mimo => &MIMO,
        Family::Moonshot => &MOONSHOT,
        Family::Qwen => &QWEN,
        Family::Openrouter => &OPENROUTER,
        Family::Vllm => &VLLM,
        Family::Llamacpp => &LLAMACPP,
        Family::Ollama => &OLLAMA,
    }
}

/// The words that nearly every server knows, and none that a strict one refuses.
const GENERIC: Quirks = Quirks {
    max_tokens: MaxTokens::MaxTokens,
    developer: false,
    reasoning_back: ReasoningBack::TextIfAny,
    reasoning_member: ReasoningMember::ReasoningContent,
    reasoning: ReasoningStyle::Effort,
    lists: Lists::AsCame,
    include_usage: true,
    top_k: true,
    seed: true,
    stop_max: 4,
    forced_tool_choice: ForcedToolChoice::Accepted,
    parallel_tool_calls: true,
    custom_tools: false,
    strict: true,
    allowed_tools: false,
    response_format: StructuredOutput::JsonSchema,
    tool_images: false,
    files: true,
    file_ids: false,
    file_urls: false,
    refusals: false,
    cache: CacheMark::AsCame,
    end_user: Some(EndUser::User),
    cache_key: false,
    service_tier: false,
    verbosity: false,
};

const OPENAI: Quirks = Quirks {
    max_tokens: MaxTokens::MaxCompletionTokens,
    developer: true,
    // Chat has no place for it; OpenAI's models go on without.
    reasoning_back: ReasoningBack::Nothing,
    lists: Lists::Everywhere,
    top_k: false,
    custom_tools: true,
    allowed_tools: true,
    refusals: true,
    cache: CacheMark::Breakpoint,
    end_user: Some(EndUser::SafetyIdentifier),
    cache_key: true,
    service_tier: true,
    verbosity: true,
    ..GENERIC
};

/// OpenAI's API of a while ago.
const AZURE: Quirks =
    Quirks { cache: CacheMark::No, end_user: Some(EndUser::User), service_tier: false, ..OPENAI };

/// Claude behind an OpenAI compatible endpoint.
const ANTHROPIC: Quirks =
    Quirks { reasoning_back: ReasoningBack::Proven, reasoning: ReasoningStyle::No, seed: false, ..GENERIC };

/// Refuses a turn with calls that comes without its reasoning. Source: api-docs.deepseek.com, thinking mode and chat
/// completions.
const DEEPSEEK: Quirks = Quirks {
    reasoning_back: ReasoningBack::TextWithCalls,
    reasoning: ReasoningStyle::ThinkingAndEffort,
    lists: Lists::WithPictures,
    top_k: false,
    seed: false,
    stop_max: 16,
    parallel_tool_calls: false,
    response_format: StructuredOutput::JsonObject,
    files: false,
    cache: CacheMark::No,
    end_user: None,
    ..GENERIC
};

/// Takes one stop sequence and no forced tool. Source: docs.bigmodel.cn, chat completions and function calling.
const ZHIPU: Quirks =
    Quirks { stop_max: 1, forced_tool_choice: ForcedToolChoice::Refused, strict: false, ..DEEPSEEK };

/// Wants its reasoning back as DeepSeek does. Source: mimo.mi.com, OpenAI API compatibility and deep thinking.
const MIMO: Quirks = Quirks {
    max_tokens: MaxTokens::MaxCompletionTokens,
    developer: true,
    reasoning: ReasoningStyle::Thinking,
    forced_tool_choice: ForcedToolChoice::Refused,
    stop_max: 4,
    ..DEEPSEEK
};

/// Kimi keeps its reasoning over a whole tool loop, and `max_tokens` has no effect any more. Source: platform.kimi.ai,
/// chat completions, tool choice and model parameters.
const MOONSHOT: Quirks = Quirks {
    max_tokens: MaxTokens::MaxCompletionTokens,
    reasoning: ReasoningStyle::ThinkingOrEffort,
    end_user: Some(EndUser::SafetyIdentifier),
    reasoning_back: ReasoningBack::Text,
    stop_max: 5,
    response_format: StructuredOutput::JsonSchema,
    cache_key: true,
    ..DEEPSEEK
};

/// Takes reasoning back and goes on without it. Source: Model Studio, OpenAI compatible chat completions and deep
/// thinking.
const QWEN: Quirks = Quirks {
    reasoning: ReasoningStyle::EnableThinking,
    reasoning_back: ReasoningBack::TextIfAny,
    top_k: true,
    seed: true,
    parallel_tool_calls: true,
    response_format: StructuredOutput::JsonSchema,
    ..DEEPSEEK
};

/// Passes on what the model behind it takes, and drops the rest itself. Source: openrouter.ai, parameters and reasoning
/// tokens.
const OPENROUTER: Quirks = Quirks {
    reasoning_back: ReasoningBack::Text,
    reasoning_member: ReasoningMember::Reasoning,
    reasoning: ReasoningStyle::Object,
    lists: Lists::Everywhere,
    tool_images: true,
    file_urls: true,
    cache: CacheMark::CacheControl,
    verbosity: true,
    ..GENERIC
};

/// Source: docs.vllm.ai, OpenAI compatible server and reasoning outputs.
const VLLM: Quirks = Quirks {
    reasoning_back: ReasoningBack::Text,
    reasoning_member: ReasoningMember::Reasoning,
    reasoning: ReasoningStyle::TemplateArguments,
    stop_max: u8::MAX,
    files: false,
    cache: CacheMark::No,
    ..GENERIC
};

/// Takes a tool by its name for no choice at all. Source: the server's own README.
const LLAMACPP: Quirks = Quirks {
    reasoning_member: ReasoningMember::ReasoningContent,
    forced_tool_choice: ForcedToolChoice::RequiredOnly,
    end_user: None,
    ..VLLM
};

/// Source: docs.ollama.com, OpenAI compatibility.
const OLLAMA: Quirks = Quirks {
    reasoning_back: ReasoningBack::Nothing,
    reasoning: ReasoningStyle::Effort,
    reasoning_member: ReasoningMember::Reasoning,
    lists: Lists::WithPictures,
    top_k: false,
    parallel_tool_calls: false,
    forced_tool_choice: ForcedToolChoice::Refused,
    strict: false,
    end_user: None,
    ..VLLM
};
