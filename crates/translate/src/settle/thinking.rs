//! Whether and how hard the model thinks, in the words its protocol and family have for it.
//!
//! Messages speaks of modes and budgets, OpenAI of efforts. Budgets become efforts by their size and efforts budgets
//! by the same scale, so that there and back is the same.

use crate::family::ReasoningStyle;
use crate::ir::{Effort, Request, Shown, ThinkingMode, ToolChoice};
use crate::notes::Notes;
use crate::target::Target;
use crate::traits::{Disabling, ForcedToolChoice};
use tollgate_protocol::Protocol;

/// Anthropic's least budget.
const LEAST_BUDGET_TOKENS: u64 = 1_024;
/// What must be left of the limit for the answer itself.
const LEAST_ANSWER_TOKENS: u64 = 1_024;

/// Settles mode and effort for the target.
pub(super) fn settle(request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes) {
    take_effort_of_turns(request);
    match target.protocol {
        Protocol::Messages => for_messages(request, target, notes),
        Protocol::Chat | Protocol::Responses => for_openai(request, target, notes),
    }
}

/// Messages' turns may each bring an effort; the last one is in force for what is asked now.
fn take_effort_of_turns(request: &mut Request<'_>) {
    #[derive(serde::Deserialize)]
    struct OutputConfig {
        effort: Effort,
    }
    for turn in &mut request.turns {
        turn.extras.retain(|extra| {
            let config = (extra.name == "output_config")
                .then(|| serde_json::from_str::<OutputConfig>(extra.json.get()).ok())
                .flatten();
            if let Some(config) = &config {
                request.reasoning.effort = Some(config.effort);
            }
            config.is_none()
        });
    }
}

fn for_openai(request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes) {
    let gives_way = gives_way_to_a_forced_tool(request, target);
    // Providers with a switch think where it is not set.
    let thinks_unasked = target.protocol == Protocol::Chat
        && target.quirks().reasoning.has_switch()
        && cannot_be_forced_while_thinking(request, target);
    let has_tools = !request.tools.is_empty();
    let from = request.protocol;
    let said = &mut request.reasoning;
    let from_mode = match said.mode {
        Some(ThinkingMode::Disabled) => Some(Effort::None),
        Some(ThinkingMode::Enabled { budget_tokens }) => Some(of_budget(budget_tokens)),
        Some(ThinkingMode::Adaptive | ThinkingMode::BetweenTools) | None => None,
    };
    let mut wanted = match (from_mode, said.effort) {
        (Some(Effort::None), _) => Some(Effort::None),
        (_, Some(effort)) => Some(effort),
        (from_mode, None) => from_mode,
    };
    if gives_way {
        notes.add(word(from));
    }
    if gives_way || thinks_unasked {
        wanted = Some(Effort::None);
        said.mode = Some(ThinkingMode::Disabled);
    }
    if target.protocol == Protocol::Chat && !target.quirks().reasoning.is_effort() {
        return for_a_mode(request, target, wanted, notes);
    }
    if has_tools && target.protocol == Protocol::Chat && target.traits.chat_tools_without_reasoning {
        // OpenAI takes these models' tools on Chat with this effort only, and the default is another.
        let settled = target.traits.efforts.clamp(Effort::None);
        if wanted.is_none_or(|wanted| wanted != settled) {
            notes.add("reasoning_effort");
        }
        wanted = Some(settled);
    }
    said.effort = wanted.and_then(|wanted| clamped(wanted, target, notes));
    if wanted.is_some() && said.effort.is_none() && target.traits.thinks() {
        // It thinks as it likes.
        notes.add("reasoning_effort");
    }
    if target.traits.efforts.is_empty() && !target.traits.thinks() {
        said.mode = None;
        said.shown = None;
    }
}

/// Settles for a provider that is told by a switch whether to think, with an effort or a budget beside it at most.
fn for_a_mode(request: &mut Request<'_>, target: &Target<'_>, wanted: Option<Effort>, notes: &mut Notes) {
    let said = &mut request.reasoning;
    if !target.traits.thinks() {
        said.effort = wanted.and_then(|wanted| clamped(wanted, target, notes));
        (said.mode, said.shown) = (None, None);
        return;
    }
    let Some(wanted) = wanted else { return };
    if wanted == Effort::None {
        if target.traits.disabling == Disabling::Never {
            notes.add("reasoning_effort");
            (said.mode, said.effort) = (None, clamped(wanted, target, notes));
        } else {
            (said.mode, said.effort) = (Some(ThinkingMode::Disabled), None);
        }
        return;
    }
    let style = target.quirks().reasoning;
    if said.mode.is_none() && style.has_switch() {
        said.mode = Some(match style {
            ReasoningStyle::EnableThinking => ThinkingMode::Enabled { budget_tokens: budget(wanted) },
            _ => ThinkingMode::Adaptive,
        });
    }
    said.effort = clamped(wanted, target, notes);
}

/// Whether thinking is asked for beside a forced tool at a model that takes one of the two: the tool is what the caller
/// waits for.
fn gives_way_to_a_forced_tool(request: &Request<'_>, target: &Target<'_>) -> bool {
    let thinks = match request.reasoning.mode {
        Some(mode) => mode != ThinkingMode::Disabled,
        None => request.reasoning.effort.is_some_and(|effort| effort > Effort::Minimal),
    };
    thinks && cannot_be_forced_while_thinking(request, target)
}

fn cannot_be_forced_while_thinking(request: &Request<'_>, target: &Target<'_>) -> bool {
    let forced = matches!(request.tool_choice, Some(ToolChoice::Required | ToolChoice::Named { .. }));
    forced && target.traits.forced_tool_choice == ForcedToolChoice::NotWithThinking
}

/// The caller's word for thinking.
const fn word(from: Protocol) -> &'static str {
    match from {
        Protocol::Messages => "thinking",
        Protocol::Chat | Protocol::Responses => "reasoning_effort",
    }
}

/// The nearest effort that the model has; none if it has none.
fn clamped(wanted: Effort, target: &Target<'_>, notes: &mut Notes) -> Option<Effort> {
    let efforts = target.traits.efforts;
    if efforts.is_empty() {
        // A model that does not think is not told not to.
        if wanted > Effort::Minimal && !target.traits.thinks() {
            notes.add("reasoning_effort");
        }
        return None;
    }
    let settled = efforts.clamp(wanted);
    if settled != wanted {
        notes.add("reasoning_effort");
    }
    Some(settled)
}

fn for_messages(request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes) {
    let gives_way = gives_way_to_a_forced_tool(request, target);
    let traits = target.traits;
    let mode = request.reasoning.mode.take();
    let wanted = request.reasoning.effort.take();
    let (wanted, asked_budget) = match mode {
        Some(ThinkingMode::Disabled) => (Some(Effort::None), None),
        Some(ThinkingMode::Enabled { budget_tokens }) => {
            (wanted.or(Some(of_budget(budget_tokens))), Some(budget_tokens))
        }
        Some(ThinkingMode::Adaptive | ThinkingMode::BetweenTools) | None => (wanted, None),
    };
    if mode.is_none() && wanted.is_none() {
        // Nothing was said of it.
    } else if wanted.is_some_and(|wanted| wanted <= Effort::Minimal) {
        switch_off(request, target, notes);
    } else if gives_way {
        notes.add("reasoning_effort");
    } else if traits.thinking_adaptive && !(asked_budget.is_some() && traits.thinking_enabled) {
        request.reasoning.mode = Some(ThinkingMode::Adaptive);
        request.reasoning.effort = wanted.and_then(|wanted| clamped(wanted, target, notes));
    } else if traits.thinking_enabled {
        enable(request, asked_budget.unwrap_or(budget(wanted.unwrap_or(Effort::Medium))), notes);
    } else {
        notes.add("reasoning_effort");
    }
    show(request);
}

fn switch_off(request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes) {
    match target.traits.disabling {
        Disabling::Always | Disabling::UpToHigh => {
            request.reasoning.mode = Some(ThinkingMode::Disabled);
        }
        Disabling::Never => {
            notes.add("reasoning_effort");
            request.reasoning.effort = clamped(Effort::Low, target, notes);
        }
    }
}

/// Thinking with a budget, where the limit leaves room for one.
fn enable(request: &mut Request<'_>, budget_tokens: u64, notes: &mut Notes) {
    let room = request.max_output_tokens.unwrap_or(0).saturating_sub(LEAST_ANSWER_TOKENS);
    if room < LEAST_BUDGET_TOKENS {
        notes.add("reasoning_effort");
        return;
    }
    let budget_tokens = budget_tokens.clamp(LEAST_BUDGET_TOKENS, room);
    request.reasoning.mode = Some(ThinkingMode::Enabled { budget_tokens });
}

/// Messages has two words for what is shown; OpenAI's clients that say nothing want what they would get there.
fn show(request: &mut Request<'_>) {
    let said = &mut request.reasoning;
    let thinks = matches!(said.mode, Some(ThinkingMode::Adaptive | ThinkingMode::Enabled { .. }));
    said.shown = match said.shown {
        Some(Shown::Omitted) if thinks => Some(Shown::Omitted),
        Some(_) if thinks => Some(Shown::Summary),
        None if thinks && request.protocol == Protocol::Chat => Some(Shown::Summary),
        _ => None,
    };
}

/// The effort that a budget stands for.
const fn of_budget(budget_tokens: u64) -> Effort {
    match budget_tokens {
        0..4_000 => Effort::Low,
        4_000..16_000 => Effort::Medium,
        16_000..32_000 => Effort::High,
        _ => Effort::Xhigh,
    }
}

/// The budget that an effort stands for.
const fn budget(effort: Effort) -> u64 {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low => 2_048,
        Effort::Medium => 8_192,
        Effort::High => 16_384,
        Effort::Xhigh | Effort::Max => 32_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_made_of_an_effort_stands_for_it() {
        for effort in [Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh] {
            assert_eq!(of_budget(budget(effort)), effort);
        }
    }
}
