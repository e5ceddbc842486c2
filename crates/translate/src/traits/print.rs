//! The table of models as Markdown.

use super::table::rows;
use super::{Disabling, ForcedToolChoice, ModelTraits, SamplingTrait, StructuredOutput};
use crate::ir::Effort;
use std::fmt::Write;

/// The table, for `docs/translation.md`.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "| names that begin with | answer tokens | sampling | thinking | unasked | off | efforts | forced tools | form | sees |\n\
         |---|---:|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows() {
        let names: Vec<String> = row.names.iter().map(|name| format!("`{name}`")).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| {} | {} |", names.join(", "), columns(&row.traits));
    }
    out
}

fn columns(traits: &ModelTraits) -> String {
    let output = traits.max_output_tokens.map_or_else(|| "?".to_owned(), |tokens| tokens.to_string());
    let sampling = match traits.sampling {
        SamplingTrait::Accepted => "yes",
        SamplingTrait::WithoutReasoning => "with effort none",
        SamplingTrait::Refused => "no",
    };
    let thinking = match (traits.thinking_adaptive, traits.thinking_enabled) {
        (true, true) => "adaptive, budget",
        (true, false) => "adaptive",
        (false, true) => "budget",
        (false, false) => "",
    };
    let unasked = if traits.thinks_unasked { "yes" } else { "" };
    let off = match traits.disabling {
        Disabling::Always => "yes",
        Disabling::UpToHigh => "up to high",
        Disabling::Never => "no",
    };
    let efforts: Vec<&str> = traits.efforts.iter().map(Effort::as_str).collect();
    let forced = match traits.forced_tool_choice {
        ForcedToolChoice::Accepted => "yes",
        ForcedToolChoice::RequiredOnly => "any, none by name",
        ForcedToolChoice::NotWithThinking => "without thinking",
        ForcedToolChoice::Refused => "no",
    };
    let form = match traits.structured_output {
        StructuredOutput::None => "",
        StructuredOutput::JsonObject => "JSON",
        StructuredOutput::JsonSchema => "schema",
    };
    let sees = match (traits.vision, traits.pdf) {
        (true, true) => "pictures, PDF",
        (true, false) => "pictures",
        (false, true) => "PDF",
        (false, false) => "",
    };
    [&output, sampling, thinking, unasked, off, &efforts.join(" "), forced, form, sees].join(" | ")
}
