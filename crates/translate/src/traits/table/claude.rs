//! Claude.
//!
//! Sources: Anthropic's model pages and migration notes, the model catalog of `@ai-sdk/anthropic` 4.0. Read in November
//! 2026.

use super::{Row, UNKNOWN, row};
use crate::ir::Effort;
use crate::traits::{Disabling, Efforts, ForcedToolChoice, ModelTraits, SamplingTrait, StructuredOutput};

/// Claude from 4.7 on. 4.7 and 4.8 do not think unasked, those after them do.
const CLAUDE: ModelTraits = ModelTraits {
    sampling: SamplingTrait::Refused,
    temperature_max_tenths: 10,
    top_k: false,
    thinking_adaptive: true,
    thinking_enabled: false,
    efforts: Efforts::between(Effort::Low, Effort::Max),
    context_window_tokens: Some(1_000_000),
    max_output_tokens: Some(128_000),
    prefill: false,
    system_in_messages: true,
    web_search: true,
    ..UNKNOWN
};

const CLAUDE_5: ModelTraits = ModelTraits { thinks_unasked: true, ..CLAUDE };

const CLAUDE_NOT_FORCED: ModelTraits =
    ModelTraits { forced_tool_choice: ForcedToolChoice::Refused, disabling: Disabling::Never, ..CLAUDE_5 };

const CLAUDE_4_6: ModelTraits = ModelTraits {
    sampling: SamplingTrait::Accepted,
    top_k: true,
    thinking_enabled: true,
    efforts: Efforts::between(Effort::Low, Effort::High).and(Effort::Max),
    system_in_messages: false,
    context_window_tokens: Some(200_000),
    ..CLAUDE
};

const CLAUDE_OPUS_4_5: ModelTraits = ModelTraits {
    thinking_adaptive: false,
    efforts: Efforts::between(Effort::Low, Effort::High),
    forced_tool_choice: ForcedToolChoice::NotWithThinking,
    max_output_tokens: Some(64_000),
    prefill: true,
    ..CLAUDE_4_6
};

const CLAUDE_4_5: ModelTraits = ModelTraits { efforts: Efforts::NONE, ..CLAUDE_OPUS_4_5 };

const CLAUDE_4_1: ModelTraits = ModelTraits { max_output_tokens: Some(32_000), ..CLAUDE_4_5 };

const CLAUDE_4: ModelTraits = ModelTraits { structured_output: StructuredOutput::None, ..CLAUDE_4_1 };

const CLAUDE_3: ModelTraits = ModelTraits {
    thinking_enabled: false,
    web_search: false,
    max_output_tokens: Some(4_096),
    pdf: false,
    ..CLAUDE_4
};

pub(super) const ROWS: &[Row] = &[
    row(
        &["claude-fable-5-1", "claude-fable-5.1", "claude-fable-5-2", "claude-fable-5.2", "claude-mythos-5"],
        CLAUDE_NOT_FORCED,
    ),
    row(&["claude-opus-5-5", "claude-opus-5.5"], CLAUDE_NOT_FORCED),
    row(&["claude-sonnet-5-5", "claude-sonnet-5.5"], CLAUDE_NOT_FORCED),
    row(
        &["claude-haiku-5-5", "claude-haiku-5.5"],
        ModelTraits { disabling: Disabling::UpToHigh, system_in_messages: false, ..CLAUDE_5 },
    ),
    row(&["claude-fable-5"], ModelTraits { disabling: Disabling::Never, ..CLAUDE_5 }),
    row(&["claude-opus-5"], ModelTraits { disabling: Disabling::UpToHigh, ..CLAUDE_5 }),
    row(&["claude-sonnet-5"], ModelTraits { system_in_messages: false, ..CLAUDE_5 }),
    row(&["claude-opus-4-8", "claude-opus-4.8"], CLAUDE),
    row(&["claude-opus-4-7", "claude-opus-4.7"], ModelTraits { system_in_messages: false, ..CLAUDE }),
    row(&["claude-opus-4-6", "claude-opus-4.6", "claude-sonnet-4-6", "claude-sonnet-4.6"], CLAUDE_4_6),
    row(&["claude-opus-4-5", "claude-opus-4.5"], CLAUDE_OPUS_4_5),
    row(&["claude-sonnet-4-5", "claude-sonnet-4.5", "claude-haiku-4-5", "claude-haiku-4.5"], CLAUDE_4_5),
    row(&["claude-opus-4-1", "claude-opus-4.1"], CLAUDE_4_1),
    row(&["claude-sonnet-4"], ModelTraits { max_output_tokens: Some(64_000), ..CLAUDE_4 }),
    row(&["claude-opus-4"], CLAUDE_4),
    row(
        &["claude-3-7", "claude-3.7"],
        ModelTraits { max_output_tokens: Some(64_000), prefill: true, ..CLAUDE_4 },
    ),
    row(&["claude-3-5", "claude-3.5"], ModelTraits { max_output_tokens: Some(8_192), pdf: true, ..CLAUDE_3 }),
    row(&["claude-3", "claude-2"], CLAUDE_3),
    // What is not known yet is taken to be like the newest, in the stricter of their ways.
    row(&["claude"], ModelTraits { disabling: Disabling::UpToHigh, system_in_messages: false, ..CLAUDE_5 }),
];
