//! Reasoning that the caller did not send back and the gate remembers.

use super::{Habit, bare, fill, has_call, is_acceptable};
use crate::carrier;
use crate::ir::{PartOfTurn, Reasoning, Turn, TurnPart};
use crate::target::Target;
use std::borrow::Cow;

/// Puts remembered reasoning in front of the model's turns `run` if they call tools and bring none of their own.
pub(super) fn refill(habit: Habit, run: &mut [Turn<'_>], target: &Target<'_>) {
    let has_reasoning = |part: &TurnPart<'_>| matches!(part.body, PartOfTurn::Reasoning(_));
    if !run.iter().any(has_call) || run.iter().any(|turn| turn.parts.iter().any(has_reasoning)) {
        return;
    }
    let mut parts = remembered(run, target);
    parts.retain_mut(|part| match (&mut part.body, habit) {
        (PartOfTurn::Reasoning(reasoning), Habit::Verbatim) => is_acceptable(reasoning, target, false),
        (PartOfTurn::Reasoning(reasoning), Habit::Text { .. }) => bare(reasoning),
        _ => false,
    });
    if parts.is_empty() && matches!(habit, Habit::Text { required: true, .. }) {
        parts.push(said(String::new()));
    }
    if let Some(turn) = run.first_mut() {
        turn.parts.splice(0..0, parts);
    }
}

/// The reasoning that is known by the id of any call in `run`.
fn remembered(run: &[Turn<'_>], target: &Target<'_>) -> Vec<TurnPart<'static>> {
    let mut parts = run.iter().flat_map(|turn| &turn.parts);
    let found = parts.find_map(|part| match &part.body {
        PartOfTurn::ToolCall(call) => target.remembered.reasoning_of(&call.id),
        _ => None,
    });
    match found {
        Some(text) if carrier::is_carrier(&text) => {
            text.lines().filter_map(|line| opened(line, target)).collect()
        }
        Some(text) => vec![said(text.as_ref().to_owned())],
        None => Vec::new(),
    }
}

fn opened(line: &str, target: &Target<'_>) -> Option<TurnPart<'static>> {
    let cargo = carrier::open(target.key, line)?;
    let (mut reasoning, mut item_id) = (Reasoning::default(), None);
    fill(&mut reasoning, &mut item_id, cargo);
    Some(TurnPart { item_id, ..PartOfTurn::Reasoning(reasoning).into() })
}

fn said(text: String) -> TurnPart<'static> {
    PartOfTurn::Reasoning(Reasoning { text: vec![Cow::Owned(text)], raw: true, ..Reasoning::default() })
        .into()
}
