//! Whether and how hard the model thinks, in Messages' modes and budgets.

use super::thinking::{budget, clamped, of_budget};
use crate::ir::{Effort, PartOfTurn, Request, Role, Shown, ThinkingMode, Turn};
use crate::notes::Notes;
use crate::target::Target;
use crate::traits::Disabling;
use tollgate_protocol::Protocol;

/// Anthropic's least budget.
const LEAST_BUDGET_TOKENS: u64 = 1_024;
/// What must be left of the limit for the answer itself.
const LEAST_ANSWER_TOKENS: u64 = 1_024;

/// Settles mode and effort.
pub(super) fn for_messages(request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes) {
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
