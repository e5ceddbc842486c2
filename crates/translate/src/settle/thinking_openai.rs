//! Whether and how hard the model thinks, in OpenAI's efforts.

use super::thinking::{clamped, of_budget};
use crate::ir::{Effort, Request, ThinkingMode};
use crate::notes::Notes;
use crate::target::Target;
use crate::traits::Disabling;
use tollgate_protocol::Protocol;

/// Settles mode and effort.
pub(super) fn for_openai(request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes) {
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
