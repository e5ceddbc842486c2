//! The rows: how names begin, and what those models take.
//!
//! Each vendor's rows are in a file of their own, which names its sources. A row stands before those whose beginning is
//! a part of its own.

mod claude;
mod gpt;
mod others;
#[cfg(test)]
mod tests;

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

/// Every row, in order.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    [claude::ROWS, gpt::ROWS, others::ROWS].into_iter().flatten()
}

/// The traits of a name that [`super::name::normal`] made.
pub(super) fn find(name: &str) -> ModelTraits {
    let row = rows().find(|row| row.names.iter().any(|begin| name.starts_with(begin)));
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
    thinks_unasked: false,
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
