//! The table of families as Markdown.

use super::{Family, MaxTokens, Quirks, ReasoningBack, ReasoningMember, ReasoningStyle};
use crate::traits::{ForcedToolChoice, StructuredOutput};
use std::fmt::Write;

/// The table, for `docs/translation.md`.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(
        "| family | limit | reasoning asked | and sent back | stop | form | forced tools | usage at the end | takes | does not take |\n\
         |---|---|---|---|---:|---|---|---|---|---|\n",
    );
    for family in Family::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "| `{family}` | {} |", columns(family.quirks()));
    }
    out
}

fn columns(quirks: &Quirks) -> String {
    let limit = match quirks.max_tokens {
        MaxTokens::MaxTokens => "`max_tokens`",
        MaxTokens::MaxCompletionTokens => "`max_completion_tokens`",
    };
    let asked = match quirks.reasoning {
        ReasoningStyle::Effort => "`reasoning_effort`",
        ReasoningStyle::ThinkingAndEffort => "`thinking`, `reasoning_effort`",
        ReasoningStyle::ThinkingOrEffort => "`reasoning_effort` or `thinking`",
        ReasoningStyle::Thinking => "`thinking`",
        ReasoningStyle::EnableThinking => "`enable_thinking`, `thinking_budget`, `reasoning_effort`",
        ReasoningStyle::Object => "`reasoning`",
        ReasoningStyle::TemplateArguments => "`chat_template_kwargs`",
        ReasoningStyle::No => "",
    };
    let member = match quirks.reasoning_member {
        ReasoningMember::ReasoningContent => "`reasoning_content`",
        ReasoningMember::Reasoning => "`reasoning`",
    };
    let back = match quirks.reasoning_back {
        ReasoningBack::Proven => "its own, signed".to_owned(),
        ReasoningBack::TextIfAny => format!("{member} with calls, if any"),
        ReasoningBack::TextWithCalls => format!("{member} with calls, be it empty"),
        ReasoningBack::Text => format!("{member} always"),
        ReasoningBack::Nothing => String::new(),
    };
    let stop = match quirks.stop_max {
        u8::MAX => "any".to_owned(),
        most => most.to_string(),
    };
    let form = match quirks.response_format {
        StructuredOutput::None => "",
        StructuredOutput::JsonObject => "JSON",
        StructuredOutput::JsonSchema => "schema",
    };
    let forced = match quirks.forced_tool_choice {
        ForcedToolChoice::Accepted => "yes",
        ForcedToolChoice::RequiredOnly => "any, none by name",
        ForcedToolChoice::NotWithThinking => "without thinking",
        ForcedToolChoice::Refused => "no",
    };
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    let (takes, not) = words(quirks);
    [limit, asked, &back, &stop, form, forced, yes(quirks.include_usage), &takes, &not].join(" | ")
}

/// What is taken, and what is not, each by its word.
fn words(quirks: &Quirks) -> (String, String) {
    let all = [
        (quirks.developer, "developer role"),
        (quirks.top_k, "top_k"),
        (quirks.seed, "seed"),
        (quirks.parallel_tool_calls, "parallel_tool_calls"),
        (quirks.custom_tools, "custom tools"),
        (quirks.strict, "strict"),
        (quirks.tool_images, "images in results"),
        (quirks.files, "files"),
        (quirks.end_user.is_some(), "user"),
        (quirks.cache_key, "prompt_cache_key"),
        (quirks.service_tier, "service_tier"),
        (quirks.verbosity, "verbosity"),
    ];
    let named = |wanted: bool| {
        let words: Vec<&str> = all.iter().filter(|(has, _)| *has == wanted).map(|(_, word)| *word).collect();
        words.join(", ")
    };
    (named(true), named(false))
}
