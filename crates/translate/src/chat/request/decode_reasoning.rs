//! What a Chat request says of thinking: OpenAI's effort, and the words that other providers have for it.

use super::decode::nested;
use super::read::Str;
use super::wire::{BodyIn, ReasoningIn, ThinkingIn};
use crate::error::TranslateError;
use crate::ir::{Effort, ReasoningSettings, Request, Shown, ThinkingMode};

/// Reads `reasoning_effort`, `thinking`, `enable_thinking`, `thinking_budget` and `reasoning`. Where two of them speak of
/// the same thing, the more widely used one wins.
pub(super) fn read<'a>(body: &mut BodyIn<'a>, request: &mut Request<'a>) -> Result<(), TranslateError> {
    let settings = &mut request.reasoning;
    if let Some(Str(word)) = body.reasoning_effort.take() {
        settings.effort = Some(effort("reasoning_effort", &word)?);
    }
    if let Some(thinking) = body.thinking.take() {
        read_thinking(thinking, settings)?;
    }
    let budget = body.thinking_budget.take().map(|budget| budget.0);
    let mode = match (body.enable_thinking.take(), budget) {
        (Some(false), _) => Some(ThinkingMode::Disabled),
        (_, Some(budget_tokens)) => Some(ThinkingMode::Enabled { budget_tokens }),
        (Some(true), None) => Some(ThinkingMode::Adaptive),
        (None, None) => None,
    };
    settings.mode = settings.mode.or(mode);
    match body.reasoning.take() {
        Some(reasoning) => read_object(reasoning, settings),
        None => Ok(()),
    }
}

fn read_thinking<'a>(
    thinking: ThinkingIn<'a>,
    settings: &mut ReasoningSettings<'a>,
) -> Result<(), TranslateError> {
    let budget = thinking.budget_tokens.map(|budget| budget.0);
    let kind = super::decode::required(thinking.kind, || "thinking.type".to_owned())?;
    settings.mode = Some(match (&*kind, budget) {
        ("disabled", _) => ThinkingMode::Disabled,
        ("enabled", Some(budget_tokens)) => ThinkingMode::Enabled { budget_tokens },
        ("enabled" | "adaptive" | "auto", _) => ThinkingMode::Adaptive,
        _ => {
            let what = "must be one of enabled, disabled, adaptive, auto";
            return Err(TranslateError::bad_request("thinking.type", what));
        }
    });
    nested("thinking", thinking.extras, &mut settings.extras);
    Ok(())
}

fn read_object<'a>(
    reasoning: ReasoningIn<'a>,
    settings: &mut ReasoningSettings<'a>,
) -> Result<(), TranslateError> {
    if let Some(Str(word)) = reasoning.effort {
        let read = effort("reasoning.effort", &word)?;
        settings.effort = settings.effort.or(Some(read));
    }
    let mode = match (reasoning.enabled, reasoning.max_tokens) {
        (Some(false), _) => Some(ThinkingMode::Disabled),
        (_, Some(budget)) => Some(ThinkingMode::Enabled { budget_tokens: budget.0 }),
        (Some(true), None) => Some(ThinkingMode::Adaptive),
        (None, None) => None,
    };
    settings.mode = settings.mode.or(mode);
    if reasoning.exclude == Some(true) {
        settings.shown = Some(Shown::Omitted);
    }
    nested("reasoning", reasoning.extras, &mut settings.extras);
    Ok(())
}

fn effort(field: &str, word: &str) -> Result<Effort, TranslateError> {
    Effort::read(word).ok_or_else(|| {
        TranslateError::bad_request(field, "must be one of none, minimal, low, medium, high, xhigh, max")
    })
}
