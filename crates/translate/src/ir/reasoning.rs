//! Whether and how hard a model is to think.

use super::Extra;
use serde::Deserialize;

/// What a request says of reasoning. Absent members leave the model its own habit.
#[derive(Debug, Clone, Default)]
pub struct ReasoningSettings<'a> {
    /// Messages' `thinking.type`.
    pub mode: Option<ThinkingMode>,
    /// Messages' `output_config.effort`, Chat's `reasoning_effort`, Responses' `reasoning.effort`.
    pub effort: Option<Effort>,
    /// How much of the reasoning the caller wants to see. Messages' `thinking.display`, Responses'
    /// `reasoning.summary`.
    pub shown: Option<Shown>,
    /// Other members of Messages' `thinking` or Responses' `reasoning`.
    pub extras: Vec<Extra<'a>>,
}

/// Messages' ways of thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ThinkingMode {
    /// The model decides how much.
    Adaptive,
    /// Up to a number of tokens, at least 1024 and below the limit of the answer.
    Enabled {
        /// The number.
        budget_tokens: u64,
    },
    /// Not at all.
    Disabled,
    /// Only between tool calls.
    BetweenTools,
}

/// How hard a model thinks, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Not at all; OpenAI.
    None,
    /// OpenAI's least.
    Minimal,
    /// `low`
    Low,
    /// `medium`
    Medium,
    /// `high`
    High,
    /// `xhigh`
    Xhigh,
    /// `max`
    Max,
}

/// How much of the reasoning the caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shown {
    /// Nothing: Messages' `omitted`.
    Omitted,
    /// A summary. Messages' `summarized`, Responses' `auto`.
    Summary,
    /// Responses' `concise`.
    Concise,
    /// Responses' `detailed`.
    Detailed,
    /// Messages' beta `updates`.
    Updates,
}
