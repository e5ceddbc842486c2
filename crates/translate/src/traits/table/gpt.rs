//! GPT and the other models of OpenAI.
//!
//! Sources: OpenAI's API reference and model pages, the model catalog of `@ai-sdk/openai` 4.0. Read in November 2026.

use super::{Row, UNKNOWN, row};
use crate::ir::Effort;
use crate::traits::{Disabling, Efforts, ModelTraits, SamplingTrait, StructuredOutput};

/// OpenAI's models that do not reason.
const GPT_4O: ModelTraits = ModelTraits {
    top_k: false,
    thinking_enabled: false,
    efforts: Efforts::NONE,
    context_window_tokens: Some(128_000),
    max_output_tokens: Some(16_384),
    prefill: false,
    web_search: true,
    ..UNKNOWN
};

const GPT_4_TURBO: ModelTraits = ModelTraits {
    structured_output: StructuredOutput::JsonObject,
    pdf: false,
    web_search: false,
    max_output_tokens: Some(4_096),
    ..GPT_4O
};

const GPT_4: ModelTraits = ModelTraits { vision: false, context_window_tokens: None, ..GPT_4_TURBO };

/// OpenAI's models that reason.
const O_SERIES: ModelTraits = ModelTraits {
    sampling: SamplingTrait::Refused,
    stop: false,
    thinks_unasked: true,
    disabling: Disabling::Never,
    efforts: Efforts::between(Effort::Low, Effort::High),
    context_window_tokens: Some(200_000),
    max_output_tokens: Some(100_000),
    ..GPT_4O
};

const GPT_5: ModelTraits = ModelTraits {
    efforts: Efforts::between(Effort::Minimal, Effort::High),
    context_window_tokens: Some(400_000),
    max_output_tokens: Some(128_000),
    custom_tools: true,
    verbosity: true,
    ..O_SERIES
};

const GPT_5_1: ModelTraits = ModelTraits {
    sampling: SamplingTrait::WithoutReasoning,
    disabling: Disabling::Always,
    efforts: Efforts::between(Effort::Low, Effort::High).and(Effort::None),
    ..GPT_5
};

const GPT_5_2: ModelTraits =
    ModelTraits { efforts: Efforts::between(Effort::Low, Effort::Xhigh).and(Effort::None), ..GPT_5_1 };

const GPT_5_4: ModelTraits =
    ModelTraits { tool_search: true, context_window_tokens: Some(1_000_000), ..GPT_5_2 };

const GPT_5_6: ModelTraits = ModelTraits {
    efforts: Efforts::between(Effort::Low, Effort::Max).and(Effort::None),
    chat_tools_without_reasoning: true,
    cache_breakpoints: true,
    ..GPT_5_4
};

/// GPT-6 takes functions on Chat also while it reasons, unlike GPT-5.6.
const GPT_6: ModelTraits = ModelTraits {
    sampling: SamplingTrait::Refused,
    disabling: Disabling::Never,
    efforts: Efforts::between(Effort::Low, Effort::Max),
    chat_tools_without_reasoning: false,
    ..GPT_5_6
};

const GPT_6_OFF: ModelTraits = ModelTraits {
    sampling: SamplingTrait::WithoutReasoning,
    disabling: Disabling::Always,
    efforts: Efforts::between(Effort::Low, Effort::Max).and(Effort::None),
    ..GPT_6
};

/// Made for agents, served in Responses only.
const CODEX: ModelTraits =
    ModelTraits { responses_only: true, efforts: Efforts::between(Effort::Low, Effort::High), ..GPT_5 };

const CODEX_XHIGH: ModelTraits =
    ModelTraits { efforts: Efforts::between(Effort::Low, Effort::Xhigh), ..CODEX };

/// Thinks longest, served in Responses only.
const PRO: ModelTraits = ModelTraits { efforts: Efforts::between(Effort::Medium, Effort::Xhigh), ..CODEX };

/// The models behind the chat product, which think as they see fit.
const CHAT: ModelTraits = ModelTraits {
    efforts: Efforts::between(Effort::Medium, Effort::Medium),
    context_window_tokens: Some(128_000),
    max_output_tokens: Some(16_384),
    ..GPT_5
};

pub(super) const ROWS: &[Row] = &[
    row(&["gpt-6.1-terra", "gpt-6-luna", "gpt-6-sol"], GPT_6_OFF),
    row(&["gpt-6"], GPT_6),
    row(&["gpt-5.1-codex-max", "gpt-5.2-codex", "gpt-5.3-codex"], CODEX_XHIGH),
    row(&["gpt-5-codex", "gpt-5.1-codex"], CODEX),
    row(
        &["gpt-5-pro"],
        ModelTraits {
            efforts: Efforts::between(Effort::High, Effort::High),
            max_output_tokens: Some(272_000),
            ..PRO
        },
    ),
    row(&["gpt-5.2-pro"], PRO),
    row(
        &["gpt-5.4-pro", "gpt-5.5-pro"],
        ModelTraits { context_window_tokens: Some(1_000_000), tool_search: true, ..PRO },
    ),
    row(
        &["o1-pro", "o3-pro", "o3-deep-research", "o4-mini-deep-research", "codex-"],
        ModelTraits { responses_only: true, ..O_SERIES },
    ),
    row(&["gpt-5-chat"], GPT_4O),
    row(&["gpt-5.1-chat", "gpt-5.2-chat", "gpt-5.3-chat"], CHAT),
    row(&["gpt-5.6"], GPT_5_6),
    row(&["gpt-5.4", "gpt-5.5"], GPT_5_4),
    row(&["gpt-5.2", "gpt-5.3"], GPT_5_2),
    row(&["gpt-5.1"], GPT_5_1),
    row(&["gpt-5"], GPT_5),
    row(&["o3-mini"], ModelTraits { vision: false, pdf: false, ..O_SERIES }),
    row(&["o1", "o3", "o4"], O_SERIES),
    row(
        &["gpt-4.1"],
        ModelTraits { context_window_tokens: Some(1_000_000), max_output_tokens: Some(32_768), ..GPT_4O },
    ),
    row(
        &["gpt-4o-search-preview", "gpt-4o-mini-search-preview"],
        ModelTraits { sampling: SamplingTrait::Refused, ..GPT_4O },
    ),
    row(&["gpt-4o", "chatgpt-4o"], GPT_4O),
    row(&["gpt-4-turbo"], GPT_4_TURBO),
    row(&["gpt-4", "gpt-3.5"], GPT_4),
    // Open weights, served by anybody; their template knows three efforts and no way to be switched off.
    row(
        &["gpt-oss"],
        ModelTraits {
            thinks_unasked: true,
            disabling: Disabling::Never,
            vision: false,
            pdf: false,
            context_window_tokens: Some(131_072),
            ..UNKNOWN
        },
    ),
    // What comes next is taken to be like the newest.
    row(&["gpt-"], GPT_6),
];
