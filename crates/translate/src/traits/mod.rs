//! What models take, as data: a table of names, and an operator's own word for a row.
//!
//! The table is a judgement of its day about what each model's provider accepts. A name that no row knows is taken to be
//! able to do what most models of its kind can. [`TraitsPatch`] overrides single traits.

mod effort;
mod name;
mod patch;
mod print;
mod table;

pub use effort::Efforts;
pub use patch::TraitsPatch;
pub use print::markdown;

use crate::ir::{Effort, ReasoningSettings, ThinkingMode};
use serde::{Deserialize, Serialize};

/// What a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a trait of its own")]
pub struct ModelTraits {
    /// Whether `temperature`, `top_p` and penalties are accepted.
    pub sampling: SamplingTrait,
    /// The highest `temperature`, in tenths.
    pub temperature_max_tenths: u8,
    /// Whether `top_k` is accepted.
    pub top_k: bool,
    /// Whether stop sequences are accepted.
    pub stop: bool,
    /// Whether `thinking.type: "adaptive"` is accepted (Messages).
    pub thinking_adaptive: bool,
    /// Whether `thinking.type: "enabled"` with a budget is accepted (Messages).
    pub thinking_enabled: bool,
    /// Whether it thinks where a request says nothing of it.
    pub thinks_unasked: bool,
    /// Whether thinking can be switched off.
    pub disabling: Disabling,
    /// The efforts it has.
    pub efforts: Efforts,
    /// Whether a tool call can be forced.
    pub forced_tool_choice: ForcedToolChoice,
    /// How far its answer can be held to a form.
    pub structured_output: StructuredOutput,
    /// Whether it sees pictures.
    pub vision: bool,
    /// Whether it reads PDF documents.
    pub pdf: bool,
    /// How many tokens prompt and answer may have together.
    pub context_window_tokens: Option<u64>,
    /// How many tokens an answer may have.
    pub max_output_tokens: Option<u64>,
    /// Whether it goes on with an assistant turn that stands last.
    pub prefill: bool,
    /// Whether it takes `role: "system"` in the middle of a conversation (Messages).
    pub system_in_messages: bool,
    /// Whether it is served in Responses only.
    pub responses_only: bool,
    /// Whether tools on Chat need an effort of `none`.
    pub chat_tools_without_reasoning: bool,
    /// Whether it calls custom tools, with free text.
    pub custom_tools: bool,
    /// Whether it searches among deferred tools (Responses).
    pub tool_search: bool,
    /// Whether its provider searches the web for it.
    pub web_search: bool,
    /// Whether `verbosity` is accepted.
    pub verbosity: bool,
    /// Whether `prompt_cache_breakpoint` is accepted (OpenAI).
    pub cache_breakpoints: bool,
}

/// Whether sampling parameters are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SamplingTrait {
    /// Yes.
    Accepted,
    /// Only where the model does not reason: with an effort of `none`.
    WithoutReasoning,
    /// No.
    Refused,
}

/// Whether thinking can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disabling {
    /// Yes.
    Always,
    /// At an effort of `high` or less.
    UpToHigh,
    /// No.
    Never,
}

/// Whether a tool call can be forced, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForcedToolChoice {
    /// Yes.
    Accepted,
    /// Some call, but not that of one tool.
    RequiredOnly,
    /// Only where the model does not think.
    NotWithThinking,
    /// No.
    Refused,
}

/// How far an answer can be held to a form, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StructuredOutput {
    /// Not at all.
    None,
    /// To be one JSON object.
    JsonObject,
    /// To a JSON schema.
    JsonSchema,
}

/// What is asked of Anthropic, which wants a limit, for a model whose own is not known.
const USUAL_MAX_TOKENS: u64 = 32_000;

impl ModelTraits {
    /// The traits of a model by its provider's name for it.
    #[must_use]
    pub fn of(model: &str) -> Self {
        table::find(&name::normal(model))
    }

    /// The same with an operator's override.
    #[must_use]
    pub fn patched(self, patch: Option<&TraitsPatch>) -> Self {
        patch.map_or(self, |patch| patch.apply(self))
    }

    /// Whether it reasons in any way that can be asked for.
    #[must_use]
    pub const fn thinks(&self) -> bool {
        self.thinking_adaptive || self.thinking_enabled || !self.efforts.is_empty()
    }

    /// Whether it thinks where a request says this of it.
    #[must_use]
    pub(crate) fn thinks_with(&self, asked: &ReasoningSettings<'_>) -> bool {
        match (asked.mode, asked.effort) {
            _ if self.disabling == Disabling::Never => self.thinks(),
            (Some(ThinkingMode::Disabled), _) | (_, Some(Effort::None)) => false,
            (None, None) => self.thinks_unasked,
            _ => self.thinks(),
        }
    }

    /// The limit of an answer whose caller named none.
    #[must_use]
    pub fn default_max_tokens(&self) -> u64 {
        self.max_output_tokens.unwrap_or(USUAL_MAX_TOKENS)
    }
}
