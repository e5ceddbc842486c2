//! The rows: how names begin, and what those models take.
//!
//! Sources: Anthropic's model pages and the rules of `@ai-sdk/anthropic` 4.0 for Claude; the API reference and the rules of
//! `@ai-sdk/openai` 4.0 for GPT; the vendors' API references for the others. Read in November 2026.

use super::{Disabling, Efforts, ForcedToolChoice, ModelTraits, SamplingTrait, StructuredOutput};
use crate::ir::Effort;

/// How names of some models begin, and what those models take. The first row that fits counts.
pub(super) struct Row {
    /// Beginnings of the name, as [`super::name::normal`] leaves it.
    pub(super) names: &'static [&'static str],
    /// What they take.
    pub(super) traits: ModelTraits,
}

const fn row(names: &'static [&'static str], traits: ModelTraits) -> Row {
    Row { names, traits }
}

/// The traits of a name that [`super::name::normal`] made.
pub(super) fn find(name: &str) -> ModelTraits {
    let row = TABLE.iter().find(|row| row.names.iter().any(|begin| name.starts_with(begin)));
    row.map_or(UNKNOWN, |row| row.traits)
}

/// A model that nothing is known of, as most providers of Chat serve it: what it does not take its provider ignores.
const UNKNOWN: ModelTraits = ModelTraits {
    sampling: SamplingTrait::Accepted,
    temperature_max_tenths: 20,
    top_k: true,
    stop: true,
    thinking_adaptive: false,
    thinking_enabled: true,
    disabling: Disabling::Always,
    efforts: Efforts::between(Effort::Low, Effort::High),
    forced_tool_choice: ForcedToolChoice::Accepted,
    structured_output: StructuredOutput::JsonSchema,
    vision: true,
    pdf: true,
    context_window_tokens: None,
    max_output_tokens: None,
    prefill: true,
    system_in_messages: false,
    responses_only: false,
    chat_tools_without_reasoning: false,
    custom_tools: false,
    tool_search: false,
    web_search: false,
    verbosity: false,
    cache_breakpoints: false,
};

// ---- Claude

const CLAUDE_EFFORTS: Efforts = Efforts::between(Effort::Low, Effort::Max);

/// Claude from 4.7 on.
const CLAUDE: ModelTraits = ModelTraits {
    sampling: SamplingTrait::Refused,
    temperature_max_tenths: 10,
    top_k: false,
    thinking_adaptive: true,
    thinking_enabled: false,
    efforts: CLAUDE_EFFORTS,
    context_window_tokens: Some(1_000_000),
    max_output_tokens: Some(128_000),
    prefill: false,
    system_in_messages: true,
    web_search: true,
    ..UNKNOWN
};

const CLAUDE_NOT_FORCED: ModelTraits =
    ModelTraits { forced_tool_choice: ForcedToolChoice::Refused, disabling: Disabling::Never, ..CLAUDE };

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

// ---- GPT

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

const GPT_4: ModelTraits = ModelTraits {
    structured_output: StructuredOutput::JsonObject,
    vision: false,
    pdf: false,
    web_search: false,
    context_window_tokens: None,
    max_output_tokens: Some(4_096),
    ..GPT_4O
};

/// OpenAI's models that reason.
const O_SERIES: ModelTraits = ModelTraits {
    sampling: SamplingTrait::Refused,
    stop: false,
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

const GPT_6: ModelTraits = ModelTraits {
    sampling: SamplingTrait::Refused,
    disabling: Disabling::Never,
    efforts: Efforts::between(Effort::Low, Effort::Max),
    ..GPT_5_6
};

const GPT_6_OFF: ModelTraits = ModelTraits {
    sampling: SamplingTrait::WithoutReasoning,
    disabling: Disabling::Always,
    efforts: Efforts::between(Effort::Low, Effort::Max).and(Effort::None),
    ..GPT_6
};

const RESPONSES_ONLY: ModelTraits = ModelTraits { responses_only: true, ..GPT_5_2 };

// ---- Others

/// Providers of Chat whose models think when told to and take one JSON object.
const THINKER: ModelTraits = ModelTraits {
    structured_output: StructuredOutput::JsonObject,
    vision: false,
    pdf: false,
    efforts: Efforts::NONE,
    ..UNKNOWN
};

const DEEPSEEK: ModelTraits = ModelTraits {
    efforts: Efforts::between(Effort::Low, Effort::Low).and(Effort::High).and(Effort::Max),
    forced_tool_choice: ForcedToolChoice::NotWithThinking,
    context_window_tokens: Some(128_000),
    max_output_tokens: Some(64_000),
    ..THINKER
};

const KIMI: ModelTraits = ModelTraits {
    structured_output: StructuredOutput::JsonSchema,
    forced_tool_choice: ForcedToolChoice::NotWithThinking,
    context_window_tokens: Some(256_000),
    ..THINKER
};

const QWEN: ModelTraits = ModelTraits {
    structured_output: StructuredOutput::JsonSchema,
    forced_tool_choice: ForcedToolChoice::NotWithThinking,
    ..THINKER
};

const GLM: ModelTraits =
    ModelTraits { context_window_tokens: Some(200_000), max_output_tokens: Some(128_000), ..THINKER };

/// Rows from the narrowest beginning to the widest.
pub(super) const TABLE: &[Row] = &[
    row(&["claude-fable-5-1", "claude-fable-5-2", "claude-mythos-5"], CLAUDE_NOT_FORCED),
    row(&["claude-opus-5-5", "claude-opus-5.5"], CLAUDE_NOT_FORCED),
    row(&["claude-sonnet-5-5", "claude-sonnet-5.5"], CLAUDE_NOT_FORCED),
    row(&["claude-haiku-5-5", "claude-haiku-5.5"], ModelTraits { disabling: Disabling::UpToHigh, ..CLAUDE }),
    row(&["claude-fable-5"], ModelTraits { disabling: Disabling::Never, ..CLAUDE }),
    row(&["claude-opus-5"], ModelTraits { disabling: Disabling::UpToHigh, ..CLAUDE }),
    row(&["claude-sonnet-5"], ModelTraits { system_in_messages: false, ..CLAUDE }),
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
    row(&["claude"], CLAUDE),
    row(&["gpt-6.1-terra", "gpt-6-luna", "gpt-6-sol"], GPT_6_OFF),
    row(&["gpt-6"], GPT_6),
    row(
        &["gpt-5-codex", "gpt-5.1-codex", "gpt-5.2-codex", "gpt-5.3-codex", "gpt-5-pro", "gpt-5.2-pro"],
        RESPONSES_ONLY,
    ),
    row(
        &["o1-pro", "o3-pro", "o3-deep-research", "o4-mini-deep-research", "codex-"],
        ModelTraits { responses_only: true, ..O_SERIES },
    ),
    row(
        &["gpt-5-chat", "gpt-5.1-chat", "gpt-5.2-chat", "gpt-5.3-chat"],
        ModelTraits { max_output_tokens: Some(16_384), ..GPT_4O },
    ),
    row(&["gpt-5.6"], GPT_5_6),
    row(&["gpt-5.4", "gpt-5.5"], GPT_5_4),
    row(&["gpt-5.2", "gpt-5.3"], GPT_5_2),
    row(&["gpt-5.1"], GPT_5_1),
    row(&["gpt-5"], GPT_5),
    row(&["o1", "o3", "o4"], O_SERIES),
    row(
        &["gpt-4.1"],
        ModelTraits { context_window_tokens: Some(1_000_000), max_output_tokens: Some(32_768), ..GPT_4O },
    ),
    row(&["gpt-4o", "chatgpt-4o"], GPT_4O),
    row(
        &["gpt-4-turbo", "gpt-4-vision", "gpt-4-1106-vision"],
        ModelTraits { vision: true, context_window_tokens: Some(128_000), ..GPT_4 },
    ),
    row(&["gpt-4", "gpt-3.5"], GPT_4),
    row(&["gpt-oss"], ModelTraits { vision: false, pdf: false, ..UNKNOWN }),
    row(&["deepseek-vl", "deepseek-ocr"], ModelTraits { vision: true, ..DEEPSEEK }),
    row(&["deepseek"], DEEPSEEK),
    row(&["glm-4v", "glm-4.1v", "glm-4.5v", "glm-4.6v", "glm-5v"], ModelTraits { vision: true, ..GLM }),
    row(&["glm"], GLM),
    row(
        &["mimo-vl", "mimo-v2-omni", "mimo-v2.5"],
        ModelTraits { vision: true, context_window_tokens: Some(256_000), ..THINKER },
    ),
    row(
        &["mimo"],
        ModelTraits { context_window_tokens: Some(256_000), max_output_tokens: Some(128_000), ..THINKER },
    ),
    row(
        &["kimi-k2.", "kimi-k3", "kimi-latest", "kimi-vl", "kimi-thinking-preview"],
        ModelTraits { vision: true, ..KIMI },
    ),
    row(&["kimi", "moonshot"], KIMI),
    row(
        &[
            "qwen-vl",
            "qwen2-vl",
            "qwen2.5-vl",
            "qwen3-vl",
            "qwen-omni",
            "qwen2.5-omni",
            "qwen3-omni",
            "qwen3.5",
            "qwen3.6",
        ],
        ModelTraits { vision: true, ..QWEN },
    ),
    row(&["qwen"], QWEN),
    row(
        &["gemini"],
        ModelTraits { efforts: Efforts::between(Effort::None, Effort::High), prefill: false, ..UNKNOWN },
    ),
    row(
        &["llama", "mistral"],
        ModelTraits { thinking_enabled: false, efforts: Efforts::NONE, pdf: false, ..UNKNOWN },
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_reached() {
        for (at, row) in TABLE.iter().enumerate() {
            for name in row.names {
                let first =
                    TABLE.iter().position(|row| row.names.iter().any(|begin| name.starts_with(begin)));
                assert_eq!(first, Some(at), "{name} is hidden by a row before it");
            }
        }
    }

    #[test]
    fn claude_by_generation() {
        use Disabling::{Always, Never, UpToHigh};
        use ForcedToolChoice::{Accepted, NotWithThinking, Refused};
        // Name, longest answer, sampling, adaptive, budget, switching off, forcing, efforts.
        for (model, output, sampling, adaptive, budget, off, forced, efforts) in [
            ("claude-fable-5-2", 128_000, false, true, false, Never, Refused, 5),
            ("claude-opus-5-5", 128_000, false, true, false, Never, Refused, 5),
            ("claude-sonnet-5-5-20261001", 128_000, false, true, false, Never, Refused, 5),
            ("claude-haiku-5-5", 128_000, false, true, false, UpToHigh, Accepted, 5),
            ("claude-fable-5", 128_000, false, true, false, Never, Accepted, 5),
            ("claude-opus-5", 128_000, false, true, false, UpToHigh, Accepted, 5),
            ("claude-opus-4-8", 128_000, false, true, false, Always, Accepted, 5),
            ("claude-sonnet-5", 128_000, false, true, false, Always, Accepted, 5),
            ("anthropic/claude-opus-4.6", 128_000, true, true, true, Always, Accepted, 4),
            ("claude-opus-4-5-20251101", 64_000, true, false, true, Always, NotWithThinking, 3),
            (
                "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                64_000,
                true,
                false,
                true,
                Always,
                NotWithThinking,
                0,
            ),
            ("claude-opus-4-1", 32_000, true, false, true, Always, NotWithThinking, 0),
            ("claude-3-haiku-20240307", 4_096, true, false, false, Always, NotWithThinking, 0),
        ] {
            let traits = ModelTraits::of(model);
            assert_eq!(traits.max_output_tokens, Some(output), "{model}");
            assert_eq!(traits.sampling == SamplingTrait::Accepted, sampling, "{model}");
            assert_eq!((traits.thinking_adaptive, traits.thinking_enabled), (adaptive, budget), "{model}");
            assert_eq!((traits.disabling, traits.forced_tool_choice), (off, forced), "{model}");
            assert_eq!(traits.efforts.iter().count(), efforts, "{model}");
        }
        let prefill = |model| ModelTraits::of(model).prefill;
        assert!(prefill("claude-opus-4-5") && !prefill("claude-opus-4-6") && !prefill("claude-opus-5-5"));
    }

    #[test]
    fn gpt_by_generation() {
        use SamplingTrait::{Accepted, Refused, WithoutReasoning};
        for (model, sampling, least, most) in [
            ("gpt-4o-mini", Accepted, None, None),
            ("o3-mini", Refused, Some(Effort::Low), Some(Effort::High)),
            ("gpt-5", Refused, Some(Effort::Minimal), Some(Effort::High)),
            ("gpt-5.1", WithoutReasoning, Some(Effort::None), Some(Effort::High)),
            ("gpt-5.5", WithoutReasoning, Some(Effort::None), Some(Effort::Xhigh)),
            ("gpt-5.6-sol", WithoutReasoning, Some(Effort::None), Some(Effort::Max)),
            ("gpt-6-astra", Refused, Some(Effort::Low), Some(Effort::Max)),
            ("gpt-6-sol", WithoutReasoning, Some(Effort::None), Some(Effort::Max)),
            ("gpt-5-chat-latest", Accepted, None, None),
        ] {
            let traits = ModelTraits::of(model);
            assert_eq!(traits.sampling, sampling, "{model}");
            assert_eq!(
                (traits.efforts.iter().next(), traits.efforts.iter().last()),
                (least, most),
                "{model}"
            );
        }
        assert!(ModelTraits::of("gpt-5.1-codex").responses_only);
        assert!(ModelTraits::of("gpt-5.6-sol").chat_tools_without_reasoning);
    }

    #[test]
    fn an_unknown_model_may_do_what_most_can() {
        assert_eq!(ModelTraits::of("some-model"), UNKNOWN);
    }
}
