//! Earlier reasoning in a request: opened, held against its next reader, refilled where the caller left it out.

mod refill;
mod shown;
#[cfg(test)]
mod tests;

use crate::back::WayBack;
use crate::carrier;
use crate::family::ReasoningBack;
use crate::ir::{Effort, MadeBy, PartOfTurn, Proof, Reasoning, Request, Role, ThinkingMode, Turn, TurnPart};
use crate::notes::Notes;
use crate::target::Target;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// What an upstream does with the reasoning of earlier turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    /// It takes what it made itself, unchanged, and refuses any other.
    Verbatim,
    /// It takes none.
    Nothing,
    /// It takes text, whoever made it.
    Text {
        /// On every turn; otherwise on turns with tool calls only.
        every_turn: bool,
        /// A turn with tool calls must have it, be it empty.
        required: bool,
    },
}

impl Habit {
    fn of(request: &Request<'_>, target: &Target<'_>) -> Self {
        let is_off = match request.reasoning.mode {
            Some(mode) => mode == ThinkingMode::Disabled,
            None => request.reasoning.effort == Some(Effort::None),
        };
        match target.protocol {
            Protocol::Messages | Protocol::Responses => Self::Verbatim,
            Protocol::Chat => match target.quirks().reasoning_back {
                // Chat has no place for a proof.
                ReasoningBack::Proven | ReasoningBack::Nothing => Self::Nothing,
                ReasoningBack::TextIfAny => Self::Text { every_turn: false, required: false },
                ReasoningBack::TextWithCalls => Self::Text { every_turn: false, required: !is_off },
                ReasoningBack::Text => Self::Text { every_turn: true, required: false },
            },
        }
    }
}

/// Decides what becomes of the reasoning in `request` at `target`.
pub(crate) fn settle(request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes, back: &mut WayBack) {
    back.reasoning = shown::reasoning_back(request, target.protocol);
    settle_with(Habit::of(request, target), request, target, notes);
}

fn settle_with(habit: Habit, request: &mut Request<'_>, target: &Target<'_>, notes: &mut Notes) {
    let from = request.protocol;
    // What the caller's own protocol made stays in it; who exactly made it, nobody can say.
    let is_native = from == target.protocol;
    for run in runs(&mut request.turns) {
        let wants_text = match habit {
            Habit::Text { every_turn, .. } => every_turn || run.iter().any(has_call),
            Habit::Verbatim | Habit::Nothing => false,
        };
        for turn in run.iter_mut() {
            turn.parts.retain_mut(|part| {
                let TurnPart { item_id, body: PartOfTurn::Reasoning(reasoning), .. } = part else {
                    return true;
                };
                let keeps = open(reasoning, item_id, target)
                    && match habit {
                        Habit::Verbatim => is_acceptable(reasoning, target, is_native),
                        Habit::Text { .. } => wants_text && bare(reasoning),
                        Habit::Nothing => false,
                    };
                if !keeps {
                    notes.add(word(from));
                }
                keeps
            });
        }
        refill::refill(habit, run, target);
    }
}

/// The stretches of neighbouring turns of the model: a protocol of items has a turn for each item.
fn runs<'r, 'a>(turns: &'r mut [Turn<'a>]) -> impl Iterator<Item = &'r mut [Turn<'a>]> {
    turns
        .chunk_by_mut(|one, next| one.role == next.role)
        .filter(|run| run.first().is_some_and(|turn| turn.role == Role::Assistant))
}

fn has_call(turn: &Turn<'_>) -> bool {
    turn.parts.iter().any(|part| matches!(part.body, PartOfTurn::ToolCall(_)))
}

/// The caller's word for reasoning.
const fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Messages => "thinking",
        Protocol::Chat => "reasoning_content",
        Protocol::Responses => "reasoning",
    }
}

/// Opens the carrier in the opaque member, if there is one. False: there is one that does not open.
fn open<'a>(reasoning: &mut Reasoning<'a>, item_id: &mut Option<Cow<'a, str>>, target: &Target<'_>) -> bool {
    let Some(Proof::Signature(data) | Proof::Redacted(data) | Proof::Encrypted(data)) = &reasoning.proof
    else {
        return true;
    };
    if !carrier::is_carrier(data) {
        return true;
    }
    let Some(cargo) = carrier::open(target.key, data) else {
        return false;
    };
    fill(reasoning, item_id, cargo);
    true
}

/// Puts in place what a carrier brought. Its text is its maker's; the caller's may be empty or changed.
fn fill<'a>(
    reasoning: &mut Reasoning<'a>,
    item_id: &mut Option<Cow<'a, str>>,
    cargo: carrier::Cargo<'static>,
) {
    reasoning.made_by = Some(cargo.made_by);
    reasoning.proof = cargo.proof;
    if !cargo.text.is_empty() {
        reasoning.text = cargo.text;
    }
    *item_id = cargo.item_id;
}

/// Whether an upstream that takes only its own reasoning takes this.
fn is_acceptable(reasoning: &Reasoning<'_>, target: &Target<'_>, is_native: bool) -> bool {
    let is_right_kind = match (&reasoning.proof, target.protocol) {
        (Some(Proof::Signature(_) | Proof::Redacted(_)), Protocol::Messages)
        | (Some(Proof::Encrypted(_)), Protocol::Responses) => true,
        // Items of a stored conversation are known by their ids.
        (None, Protocol::Responses) => is_native && reasoning.made_by.is_none(),
        _ => false,
    };
    is_right_kind && reasoning.made_by.as_ref().map_or(is_native, |maker| is_maker(maker, target))
}

/// Whether the target made it: the vendor, the model and the account, since organisations do not take each other's.
fn is_maker(maker: &MadeBy<'_>, target: &Target<'_>) -> bool {
    *maker == target.maker()
}

/// Takes the proof off. False: then nothing is left.
fn bare(reasoning: &mut Reasoning<'_>) -> bool {
    reasoning.proof = None;
    reasoning.text.iter().any(|text| !text.is_empty())
}
