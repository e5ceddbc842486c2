//! The order of turns, calls and results as the target wants it.
//!
//! Protocols differ in what they let a conversation look like: Messages wants every result at the head of the user turn
//! right behind its call and no turn without text, Chat the same in messages of their own, Responses only that both are
//! there. The strictest form is made for every other target, so that encoders need not look around. A caller's own
//! protocol is left as it came, but for turns that lost all they had.

mod pairing;
mod system;
mod text;

use crate::error::TranslateError;
use crate::ir::{PartOfTurn, Request, Role, Turn, TurnPart};
use crate::messages;
use crate::notes::Notes;
use crate::target::Target;
use tollgate_protocol::Protocol;

/// What stands for a turn, or a whole prompt, in which nothing is said: an empty one is refused.
pub(crate) const NOTHING: &str = ".";

/// Mends the conversation for `target`.
pub(crate) fn repair(
    request: &mut Request<'_>,
    target: &Target<'_>,
    notes: &mut Notes,
) -> Result<(), TranslateError> {
    let turns = &mut request.turns;
    let to_messages = target.protocol == Protocol::Messages;
    if request.protocol != target.protocol {
        if to_messages {
            messages::leave_unsaid(turns, request.protocol, notes)?;
            turns.retain(says_something);
        }
        merge_assistant_turns(turns, target.protocol == Protocol::Chat);
        pairing::pair(turns, notes);
        if to_messages {
            system::place(turns, target.traits.system_in_messages);
        }
    } else if to_messages {
        // Of other protocols' turns, what says nothing was left out above.
        text::drop_blank(turns);
    }
    turns.retain(says_something);
    if to_messages {
        begin_with_user(turns);
    }
    Ok(())
}

fn says_something(turn: &Turn<'_>) -> bool {
    !turn.parts.is_empty() || !turn.extras.is_empty()
}

/// Joins assistant turns that stand behind one another: what stands between calls and their results is one turn.
///
/// Chat has one text a turn: what two turns said is kept `apart` in it.
fn merge_assistant_turns(turns: &mut Vec<Turn<'_>>, apart: bool) {
    turns.dedup_by(|later, earlier| {
        let mergeable = later.role == Role::Assistant
            && earlier.role == Role::Assistant
            && later.name == earlier.name
            && later.extras.is_empty();
        if mergeable {
            if apart
                && let (
                    Some(PartOfTurn::Text { text: before, .. }),
                    Some(PartOfTurn::Text { text: behind, .. }),
                ) = (
                    earlier.parts.last_mut().map(|part| &mut part.body),
                    later.parts.first().map(|part| &part.body),
                )
                && !before.is_empty()
                && !behind.is_empty()
            {
                before.push_str("\n\n");
            }
            earlier.parts.append(&mut later.parts);
        }
        mergeable
    });
}

/// Messages refuses a conversation that the model opens.
fn begin_with_user(turns: &mut Vec<Turn<'_>>) {
    let first = turns.iter().position(|turn| !turn.role.instructs());
    let opens = first.is_some_and(|at| turns[at].role == Role::Assistant);
    if !opens && first.is_some() {
        return;
    }
    let nothing: TurnPart<'_> = PartOfTurn::Text { text: NOTHING.into(), phase: None }.into();
    turns.insert(first.unwrap_or(turns.len()), Turn::new(Role::User, vec![nothing]));
}

#[cfg(test)]
mod tests;
