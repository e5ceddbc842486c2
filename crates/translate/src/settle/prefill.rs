//! A beginning of the answer that the caller wrote itself: an assistant turn that stands last.

use crate::error::TranslateError;
use crate::ir::{PartOfTurn, Request, Role, Turn};
use crate::notes::Notes;
use crate::target::Target;
use tollgate_protocol::Protocol;

/// Refuses a beginning where Anthropic would, and notes it where the model starts anew behind it.
pub(super) fn settle(
    request: &Request<'_>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<(), TranslateError> {
    if target.traits.prefill || !begins_the_answer(&request.turns) {
        return Ok(());
    }
    if target.protocol != Protocol::Messages {
        notes.add("prefill");
        return Ok(());
    }
    let field = if request.protocol == Protocol::Responses { "input" } else { "messages" };
    let why = "the model does not go on with an assistant turn: the last turn has to be the user's";
    Err(TranslateError::refused(field, why))
}

/// Whether the model's own words stand last. Behind calls come their results, be they made up.
fn begins_the_answer(turns: &[Turn<'_>]) -> bool {
    let mut said = false;
    for turn in turns.iter().rev().filter(|turn| turn.parts.iter().any(|part| says_something(&part.body))) {
        if turn.role != Role::Assistant {
            break;
        }
        if turn.parts.iter().any(|part| matches!(part.body, PartOfTurn::ToolCall(_))) {
            return false;
        }
        said = true;
    }
    said
}

fn says_something(part: &PartOfTurn<'_>) -> bool {
    match part {
        PartOfTurn::Text { text, .. } => !text.is_blank(),
        PartOfTurn::Reasoning(_) => false,
        _ => true,
    }
}
