//! Models that their vendors serve in Chat, and many others with them.
//!
//! Sources: DeepSeek's pricing page and thinking guide; the API references of bigmodel.cn, Z.ai, platform.kimi.ai,
//! mimo.mi.com and Model Studio; the model rules of `@ai-sdk/deepseek`, `@ai-sdk/moonshotai` 3.0 and `@ai-sdk/alibaba`
//! 2.0. Read in November 2026.

use super::{Row, UNKNOWN, row};
use crate::ir::Effort;
use crate::traits::{Disabling, Efforts, ForcedToolChoice, ModelTraits, SamplingTrait, StructuredOutput};

/// Thinks unless told not to, and takes one JSON object. Without efforts: it thinks or it does not.
const THINKER: ModelTraits = ModelTraits {
    thinks_unasked: true,
    structured_output: StructuredOutput::JsonObject,
    vision: false,
    pdf: false,
    efforts: Efforts::NONE,
    ..UNKNOWN
};

/// The efforts that several vendors settled on.
const LOW_HIGH_MAX: Efforts = Efforts::NONE.and(Effort::Low).and(Effort::High).and(Effort::Max);

/// Ignores sampling and refuses forced calls while it thinks.
const DEEPSEEK: ModelTraits = ModelTraits {
    sampling: SamplingTrait::WithoutReasoning,
    efforts: LOW_HIGH_MAX.and(Effort::None),
    forced_tool_choice: ForcedToolChoice::NotWithThinking,
    context_window_tokens: Some(1_000_000),
    max_output_tokens: Some(384_000),
    ..THINKER
};

/// The generations before V4, as others still serve them.
const DEEPSEEK_V3: ModelTraits = ModelTraits {
    thinks_unasked: false,
    context_window_tokens: Some(128_000),
    max_output_tokens: None,
    efforts: Efforts::NONE,
    forced_tool_choice: ForcedToolChoice::Accepted,
    sampling: SamplingTrait::Accepted,
    ..DEEPSEEK
};

/// Until GLM-5.1. Its API takes no forced call at all, see the family.
const GLM: ModelTraits = ModelTraits {
    temperature_max_tenths: 10,
    context_window_tokens: Some(200_000),
    max_output_tokens: Some(131_072),
    ..THINKER
};

/// The vendor maps the efforts between these.
const GLM_5_2: ModelTraits =
    ModelTraits { efforts: Efforts::NONE.and(Effort::None).and(Effort::High).and(Effort::Max), ..GLM };

const GLM_5_3: ModelTraits = ModelTraits {
    disabling: Disabling::Never,
    efforts: LOW_HIGH_MAX,
    context_window_tokens: Some(1_048_576),
    ..GLM
};

/// While it thinks it puts its own values in place of a caller's temperature and `top_p`.
const MIMO: ModelTraits = ModelTraits {
    sampling: SamplingTrait::WithoutReasoning,
    temperature_max_tenths: 15,
    context_window_tokens: Some(256_000),
    max_output_tokens: Some(131_072),
    ..THINKER
};

/// Kimi refuses every temperature but its own.
const KIMI: ModelTraits = ModelTraits {
    sampling: SamplingTrait::Refused,
    temperature_max_tenths: 10,
    forced_tool_choice: ForcedToolChoice::NotWithThinking,
    structured_output: StructuredOutput::JsonSchema,
    vision: true,
    context_window_tokens: Some(262_144),
    ..THINKER
};

/// Takes `required`, but no function by its name.
const KIMI_K3: ModelTraits = ModelTraits {
    disabling: Disabling::Never,
    efforts: LOW_HIGH_MAX,
    forced_tool_choice: ForcedToolChoice::RequiredOnly,
    context_window_tokens: Some(1_048_576),
    max_output_tokens: Some(1_048_576),
    ..KIMI
};

/// The last Kimi of before: with `-thinking` in its name it thinks, else not; sampling is free.
const KIMI_K2: ModelTraits = ModelTraits {
    sampling: SamplingTrait::Accepted,
    thinks_unasked: false,
    thinking_enabled: false,
    forced_tool_choice: ForcedToolChoice::Accepted,
    vision: false,
    ..KIMI
};

/// Hybrid models of Model Studio, which think when told to; those with open weights think unless told not to.
const QWEN: ModelTraits = ModelTraits {
    temperature_max_tenths: 19,
    forced_tool_choice: ForcedToolChoice::NotWithThinking,
    thinks_unasked: false,
    ..THINKER
};

const QWEN_UNASKED: ModelTraits = ModelTraits { thinks_unasked: true, ..QWEN };

const QWEN_ALWAYS: ModelTraits = ModelTraits { disabling: Disabling::Never, ..QWEN_UNASKED };

const QWEN_NEVER: ModelTraits =
    ModelTraits { thinking_enabled: false, forced_tool_choice: ForcedToolChoice::Accepted, ..QWEN };

const QWEN_3_7: ModelTraits =
    ModelTraits { structured_output: StructuredOutput::JsonSchema, vision: true, ..QWEN_UNASKED };

const QWEN_3_8: ModelTraits = ModelTraits {
    efforts: Efforts::NONE.and(Effort::None).and(Effort::Low).and(Effort::Medium).and(Effort::Xhigh),
    max_output_tokens: Some(131_072),
    ..QWEN_3_7
};

pub(super) const ROWS: &[Row] = &[
    row(&["deepseek-r1"], ModelTraits { disabling: Disabling::Never, thinks_unasked: true, ..DEEPSEEK_V3 }),
    row(&["deepseek-v3", "deepseek-v2", "deepseek-coder", "deepseek-llm"], DEEPSEEK_V3),
    row(&["deepseek-flash", "deepseek-v4-flash-vision"], ModelTraits { vision: true, ..DEEPSEEK }),
    // Names of before, which the vendor answers with the newest: one without thinking, one with it.
    row(&["deepseek-chat"], ModelTraits { thinks_unasked: false, ..DEEPSEEK }),
    row(&["deepseek"], DEEPSEEK),
    row(&["glm-4.5v", "glm-4.6v", "glm-5v"], ModelTraits { vision: true, ..GLM }),
    row(&["glm-5.3"], GLM_5_3),
    row(&["glm-5.2"], GLM_5_2),
    row(&["glm-4-", "glm-3"], ModelTraits { thinking_enabled: false, thinks_unasked: false, ..GLM }),
    row(&["glm"], GLM),
    row(&["mimo-v2-flash"], ModelTraits { thinks_unasked: false, max_output_tokens: Some(65_536), ..MIMO }),
    row(&["mimo-v2.5-pro", "mimo-v2-pro"], ModelTraits { context_window_tokens: Some(1_000_000), ..MIMO }),
    row(
        &["mimo-v2.5", "mimo-v2-omni"],
        ModelTraits { context_window_tokens: Some(1_000_000), vision: true, ..MIMO },
    ),
    row(&["mimo"], MIMO),
    row(&["kimi-k3"], KIMI_K3),
    row(&["kimi-k2.7", "kimi-for-coding"], ModelTraits { disabling: Disabling::Never, ..KIMI }),
    row(&["kimi-k2.5", "kimi-k2.6"], KIMI),
    row(
        &["kimi-k2-thinking"],
        ModelTraits {
            thinks_unasked: true,
            thinking_enabled: true,
            disabling: Disabling::Never,
            forced_tool_choice: ForcedToolChoice::NotWithThinking,
            ..KIMI_K2
        },
    ),
    row(&["kimi-k2"], KIMI_K2),
    row(&["kimi"], KIMI_K3),
    row(&["moonshot-v1"], ModelTraits { context_window_tokens: Some(128_000), vision: true, ..KIMI_K2 }),
    row(&["qwq", "qvq"], QWEN_ALWAYS),
    row(
        &[
            "qwen3-next-80b-a3b-thinking",
            "qwen3-235b-a22b-thinking",
            "qwen3-30b-a3b-thinking",
            "qwen3-max-thinking",
            "qwen3-4b-thinking",
        ],
        QWEN_ALWAYS,
    ),
    row(
        &[
            "qwen-coder",
            "qwen3-coder",
            "qwen2",
            "qwen1",
            "qwen-max",
            "qwen-long",
            "qwen3-next-80b-a3b-instruct",
            "qwen3-235b-a22b-instruct",
            "qwen3-30b-a3b-instruct",
            "qwen3-4b-instruct",
        ],
        QWEN_NEVER,
    ),
    row(&["qwen-vl", "qwen3-vl", "qwen-omni", "qwen3-omni"], ModelTraits { vision: true, ..QWEN }),
    row(&["qwen3.8"], QWEN_3_8),
    row(&["qwen3.7"], QWEN_3_7),
    row(&["qwen3.5", "qwen3.6"], ModelTraits { vision: true, ..QWEN_UNASKED }),
    row(&["qwen3-max", "qwen-plus", "qwen-flash", "qwen-turbo"], QWEN),
    row(&["qwen"], QWEN_UNASKED),
    row(
        &["gemini"],
        ModelTraits {
            efforts: Efforts::between(Effort::None, Effort::High),
            thinks_unasked: true,
            prefill: false,
            ..UNKNOWN
        },
    ),
    row(
        &["llama", "meta-llama", "mistral", "mixtral", "ministral", "codestral", "devstral"],
        ModelTraits { thinking_enabled: false, efforts: Efforts::NONE, pdf: false, ..UNKNOWN },
    ),
];
