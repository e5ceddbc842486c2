//! System text in the middle of a conversation, where the target may not take it.

use crate::ir::{PartOfTurn, Role, Turn, TurnPart};

/// Puts system turns behind the head of the conversation where Messages takes them, or into user turns.
///
/// Messages takes `role: "system"` right behind a user turn and before an assistant turn or last, and from some models
/// only. Elsewhere the text goes into the nearest user turn, in the tags by which Claude knows such text.
pub(crate) fn place(turns: &mut Vec<Turn<'_>>, accepted: bool) {
    let Some(first) = turns.iter().position(|turn| !turn.role.instructs()) else {
        return;
    };
    let mut at = first;
    while at < turns.len() {
        if !turns[at].role.instructs() || (accepted && is_legal(turns, at)) {
            at += 1;
            continue;
        }
        let turn = turns.remove(at);
        let reminders: Vec<TurnPart<'_>> = turn.parts.into_iter().filter_map(reminder).collect();
        match (turns.get(at).map(|next| next.role), at.checked_sub(1).map(|before| turns[before].role)) {
            (Some(Role::User), _) => {
                let head = results_in(&turns[at]);
                turns[at].parts.splice(head..head, reminders);
            }
            (_, Some(Role::User)) => turns[at - 1].parts.extend(reminders),
            _ => turns.insert(at, Turn::new(Role::User, reminders)),
        }
    }
}

fn is_legal(turns: &[Turn<'_>], at: usize) -> bool {
    let behind_user = at.checked_sub(1).is_some_and(|before| turns[before].role == Role::User);
    let before_answer = turns.get(at + 1).is_none_or(|next| next.role == Role::Assistant);
    behind_user && before_answer
}

/// How many parts at a turn's head are results: nothing may come before them.
fn results_in(turn: &Turn<'_>) -> usize {
    turn.parts.iter().take_while(|part| matches!(part.body, PartOfTurn::ToolResult(_))).count()
}

fn reminder(mut part: TurnPart<'_>) -> Option<TurnPart<'_>> {
    let PartOfTurn::Text { text, .. } = &part.body else { return Some(part) };
    if text.is_blank() {
        return None;
    }
    let text = format!("<system-reminder>\n{text}\n</system-reminder>").into();
    part.body = PartOfTurn::Text { text, phase: None };
    Some(part)
}
