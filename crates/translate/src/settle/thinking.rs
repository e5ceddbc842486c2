//! Whether and how hard the model thinks, in the words its protocol and family have for it.
//!
//! Messages speaks of modes and budgets, OpenAI of efforts. Budgets become efforts by their size and efforts budgets
//! by the same scale, so that there and back is the same.

use super::thinking_messages::for_messages;
use super::thinking_openai::for_openai;
use crate::ir::{Effort, Request};
use crate::notes::Notes;
use crate::target::Target;
use tollgate_protocol::Protocol;

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

/// The nearest effort that the model has; none if it has none.
pub(super) fn clamped(wanted: Effort, target: &Target<'_>, notes: &mut Notes) -> Option<Effort> {
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

/// The effort that a budget stands for.
pub(super) const fn of_budget(budget_tokens: u64) -> Effort {
    match budget_tokens {
        0..4_000 => Effort::Low,
        4_000..16_000 => Effort::Medium,
        16_000..32_000 => Effort::High,
        _ => Effort::Xhigh,
    }
}

/// The budget that an effort stands for.
pub(super) const fn budget(effort: Effort) -> u64 {
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
