//! Whether and how hard the model thinks, in the words its protocol and family have for it.
//!
//! Messages speaks of modes and budgets, OpenAI of efforts. Budgets become efforts by their size and efforts budgets
//! by the same scale, so that there and back is the same.

use crate::ir::{Effort, PartOfTurn, Request, Role, Shown, ThinkingMode, Turn};
use crate::notes::Notes;
use crate::target::Target;
use crate::traits::Disabling;
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
    let has_tools = !request.tools.is_empty();
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
    if has_tools && target.protocol == Protocol::Chat && target.traits.chat_tools_without_reasoning {
        // OpenAI takes these models' tools on Chat with this effort only, and the default is another.
        if wanted.is_none_or(|wanted| wanted != Effort::None) {
            notes.add("reasoning_effort");
        }
        wanted = Some(Effort::None);
    }
    said.effort = wanted.and_then(|wanted| clamped(wanted, target, notes));
    said.mode = mode_for_openai(wanted, said.mode, target, notes);
    if !target.traits.thinks() {
        said.shown = None;
    }
}

/// What is left to say by a switch: all of it where the model has no efforts.
fn mode_for_openai(
    wanted: Option<Effort>,
    mode: Option<ThinkingMode>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Option<ThinkingMode> {
    let traits = target.traits;
    if !traits.thinks() {
        return None;
    }
    let has_switch = traits.disabling != Disabling::Never;
    if !traits.efforts.is_empty() {
        return mode.filter(|_| has_switch);
    }
    match wanted {
        Some(wanted) if wanted > Effort::Minimal => mode.or(Some(ThinkingMode::Adaptive)),
        Some(_) if has_switch => Some(ThinkingMode::Disabled),
        Some(_) => {
            notes.add("reasoning_effort");
            None
        }
        None => mode,
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
    choose_mode(request, target, notes);
    let has_budget = matches!(request.reasoning.mode, Some(ThinkingMode::Enabled { .. }));
    if has_budget && is_thoughtless_loop(request) {
        request.reasoning.mode = None;
        request.reasoning.shown = None;
        notes.add(if request.protocol == Protocol::Messages { "thinking" } else { "reasoning_effort" });
    }
}

/// Whether a tool loop is under way whose turn does not begin with reasoning: because another model made it, or nobody
/// remembers it. Anthropic refuses a budget for thinking in the middle of one.
fn is_thoughtless_loop(request: &Request<'_>) -> bool {
    let turns = &request.turns;
    let Some(last) = turns.iter().rposition(|turn| turn.role == Role::Assistant) else { return false };
    let result =
        |turn: &Turn<'_>| turn.parts.iter().any(|part| matches!(part.body, PartOfTurn::ToolResult(_)));
    if !turns.iter().skip(last + 1).any(result) {
        return false;
    }
    let run = turns.iter().take(last + 1).rev().take_while(|turn| turn.role == Role::Assistant);
    let first = run.filter_map(|turn| turn.parts.first()).last();
    !first.is_some_and(|part| matches!(part.body, PartOfTurn::Reasoning(_)))
}

fn choose_mode(request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes) {
    let traits = target.traits;
    let mode = request.reasoning.mode.take();
    let said = request.reasoning.effort.take();
    let (wanted, asked_budget) = match mode {
        Some(ThinkingMode::Disabled) => (Some(Effort::None), None),
        Some(ThinkingMode::Enabled { budget_tokens }) => {
            (said.or(Some(of_budget(budget_tokens))), Some(budget_tokens))
        }
        Some(ThinkingMode::Adaptive | ThinkingMode::BetweenTools) | None => (said, None),
    };
    if mode.is_none() && wanted.is_none() {
        // Nothing was said of it.
    } else if wanted.is_some_and(|wanted| wanted <= Effort::Minimal) {
        switch_off(request, target, notes);
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
