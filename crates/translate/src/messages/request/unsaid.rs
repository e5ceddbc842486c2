//! Turns' members and parts of a conversation that Messages has no word for.
//!
//! They are taken out before turns are put in order: what is left decides which turn stands where.

use crate::error::TranslateError;
use crate::ir::{PartOfTurn, Proof, Role, Turn, TurnPart};
use crate::json::member::{undated, wire_type};
use crate::notes::Notes;
use crate::policy::Foreign;
use tollgate_protocol::Protocol;

/// Takes out of the turns of a request in another protocol what cannot be said, and notes it.
pub(crate) fn leave_unsaid(
    turns: &mut [Turn<'_>],
    from: Protocol,
    notes: &mut Notes,
) -> Result<(), TranslateError> {
    let mut foreign = Foreign::new(from, Protocol::Messages, notes);
    for turn in turns {
        if turn.name.take().is_some() {
            foreign.settle("messages.name")?;
        }
        let at = foreign.turn("");
        foreign.extras(&at, &std::mem::take(&mut turn.extras))?;
        leave(&mut turn.parts, turn.role, &mut foreign)?;
        for part in &mut turn.parts {
            if let PartOfTurn::ToolResult(result) = &mut part.body {
                leave(&mut result.content, Role::User, &mut foreign)?;
            }
        }
    }
    Ok(())
}

fn leave(parts: &mut Vec<TurnPart<'_>>, role: Role, foreign: &mut Foreign<'_>) -> Result<(), TranslateError> {
    for part in parts.extract_if(.., |part| !is_said(&part.body, role)) {
        if let Some(field) = field(&part.body, role, foreign) {
            foreign.settle(&field)?;
        }
    }
    Ok(())
}

/// Whether Messages has a block for a part.
fn is_said(part: &PartOfTurn<'_>, role: Role) -> bool {
    match part {
        // Empty texts are refused.
        PartOfTurn::Text { text, .. } => !text.is_blank(),
        PartOfTurn::Refusal { text } => !text.trim().is_empty(),
        PartOfTurn::Image { .. } | PartOfTurn::Document(_) => role == Role::User,
        // Only what Anthropic itself proves is taken.
        PartOfTurn::Reasoning(reasoning) => {
            matches!(reasoning.proof, Some(Proof::Redacted(_) | Proof::Signature(_)))
        }
        PartOfTurn::Audio { .. } | PartOfTurn::ToolCall(_) | PartOfTurn::ToolResult(_) => true,
        PartOfTurn::ServerToolCall { .. }
        | PartOfTurn::ServerToolResult { .. }
        | PartOfTurn::Other { .. } => false,
    }
}

/// The path to a part that is left out; none where nobody misses it.
fn field(part: &PartOfTurn<'_>, role: Role, foreign: &Foreign<'_>) -> Option<String> {
    match part {
        PartOfTurn::Image { .. } | PartOfTurn::Document(_) => Some(foreign.part(match role {
            Role::Assistant => "assistant.image",
            Role::Developer => "developer.image",
            Role::System | Role::User => "system.image",
        })),
        PartOfTurn::Reasoning(_) => Some("reasoning".to_owned()),
        PartOfTurn::ServerToolCall { json, .. } => Some(foreign.part(undated(&wire_type(json)))),
        // What these items brought was read into the tools and settings.
        PartOfTurn::Other { kind, .. } if matches!(&**kind, "additional_tools" | "configuration_update") => {
            None
        }
        PartOfTurn::ServerToolResult { kind, .. } | PartOfTurn::Other { kind, .. } => {
            Some(foreign.part(undated(kind)))
        }
        _ => None,
    }
}
