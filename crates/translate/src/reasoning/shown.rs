//! What the caller wants to see of the model's reasoning.

use crate::back::ReasoningBack;
use crate::ir::{Request, Shown, ThinkingMode};
use tollgate_protocol::Protocol;

/// What becomes of the reasoning in the answer to `request` from an upstream that speaks `target`.
pub(super) fn reasoning_back(request: &Request<'_>, target: Protocol) -> ReasoningBack {
    if request.protocol == target {
        return ReasoningBack::Shown;
    }
    match request.protocol {
        Protocol::Chat => ReasoningBack::Shown,
        Protocol::Messages => for_messages(request),
        Protocol::Responses => match request.reasoning.shown {
            Some(Shown::Summary | Shown::Concise | Shown::Detailed | Shown::Updates) => ReasoningBack::Shown,
            Some(Shown::Omitted) | None => ReasoningBack::Carried,
        },
    }
}

fn for_messages(request: &Request<'_>) -> ReasoningBack {
    let asked = match request.reasoning.mode {
        Some(ThinkingMode::Disabled) => false,
        Some(_) => true,
        None => thinks_unasked(&request.model),
    };
    match request.reasoning.shown {
        _ if !asked => ReasoningBack::Hidden,
        Some(Shown::Omitted) => ReasoningBack::Carried,
        _ => ReasoningBack::Shown,
    }
}

/// Whether a caller that names this model counts on thinking without asking for it.
fn thinks_unasked(model: &str) -> bool {
    const ALWAYS: [&str; 7] = [
        "claude-fable-",
        "claude-mythos-",
        "claude-opus-5",
        "claude-sonnet-5",
        "claude-haiku-5-5",
        "fable-",
        "mythos-",
    ];
    ALWAYS.iter().any(|prefix| model.starts_with(prefix))
}
