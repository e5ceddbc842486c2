//! Turns of the intermediate representation into the items of `input`.

use super::decode::OF_ITEM;
use super::encode::Encoder;
use super::encode_calls::{call, native_call, result};
use super::encode_instructions::{instructions, nothing, says_something};
use super::encode_parts::{Place, field, part};
use super::shape::{ItemOut, MessageOut, ReasoningOut};
use super::shape_parts::{PartOut, TextOut};
use crate::error::TranslateError;
use crate::ir::{CallKind, PartOfTurn, Phase, Proof, Reasoning, Role, Turn, TurnPart};
use crate::json::Extras;
use std::borrow::Cow;

/// The text before the conversation, and the conversation.
pub(super) fn encode_turns<'a>(
    turns: &'a [Turn<'a>],
    encoder: &mut Encoder<'a, '_>,
) -> Result<(Option<Cow<'a, str>>, Vec<ItemOut<'a>>), TranslateError> {
    let mut items = Vec::with_capacity(turns.len());
    let (instructions, rest) = instructions(turns, encoder, &mut items)?;
    for turn in rest {
        encode_turn(turn, encoder, &mut items)?;
    }
    if items.is_empty() && !encoder.is_own() {
        items.push(nothing());
    }
    Ok((instructions, items))
}

/// Settles what a foreign turn has beside its parts.
pub(super) fn turn_extras(turn: &Turn<'_>, encoder: &mut Encoder<'_, '_>) -> Result<(), TranslateError> {
    if encoder.is_own() {
        return Ok(());
    }
    if turn.name.is_some() {
        encoder.foreign.settle("messages.name")?;
    }
    encoder.foreign.extras("messages.", &turn.extras)?;
    Ok(())
}

/// Settles what a foreign part has beside its body.
pub(super) fn part_extras(part: &TurnPart<'_>, encoder: &mut Encoder<'_, '_>) -> Result<(), TranslateError> {
    if encoder.is_own() || part.extras.is_empty() {
        return Ok(());
    }
    let field = field(encoder.from, &part.body);
    encoder.foreign.extras(&format!("{field}."), &part.extras)?;
    Ok(())
}

/// A message that is being put together.
struct Open<'a> {
    id: &'a str,
    /// As its texts say; a refusal does not.
    phase: Option<Option<Phase>>,
    parts: Vec<PartOut<'a>>,
    extras: Extras<'a>,
}

/// The items of one turn.
struct Items<'a, 'i> {
    role: Role,
    own: bool,
    open: Option<Open<'a>>,
    /// Members of the turn, for its first message.
    extras: Extras<'a>,
    items: &'i mut Vec<ItemOut<'a>>,
}

fn encode_turn<'a>(
    turn: &'a Turn<'a>,
    encoder: &mut Encoder<'a, '_>,
    items: &mut Vec<ItemOut<'a>>,
) -> Result<(), TranslateError> {
    turn_extras(turn, encoder)?;
    let own = encoder.is_own();
    let extras = if own { Extras::all(&turn.extras) } else { Extras::default() };
    let mut to = Items { role: turn.role, own, open: None, extras, items };
    if own && turn.parts.is_empty() && turn.role != Role::Assistant {
        to.open = Some(Open { id: "", phase: None, parts: Vec::new(), extras: Extras::default() });
    }
    for part in &turn.parts {
        encode_part(part, encoder, &mut to)?;
    }
    to.close();
    Ok(())
}

fn encode_part<'a>(
    turn_part: &'a TurnPart<'a>,
    encoder: &mut Encoder<'a, '_>,
    to: &mut Items<'a, '_>,
) -> Result<(), TranslateError> {
    let own = encoder.is_own();
    match &turn_part.body {
        PartOfTurn::ToolCall(past) => {
            part_extras(turn_part, encoder)?;
            let item = match &past.kind {
                CallKind::Native { kind } if own => native_call(turn_part, past, kind),
                _ => call(turn_part, past, own),
            };
            if turn_part.cache.is_some() {
                encoder.foreign.settle(&format!("{}.cache_control", field(encoder.from, &turn_part.body)))?;
            }
            to.item(item);
        }
        PartOfTurn::ToolResult(gave) => {
            part_extras(turn_part, encoder)?;
            let item = result(turn_part, gave, encoder)?;
            to.item(item);
        }
        PartOfTurn::Reasoning(thought) => {
            if let Some(item) = reasoning(turn_part, thought, encoder)? {
                to.item(item);
            }
        }
        PartOfTurn::ServerToolCall { json, .. } | PartOfTurn::ServerToolResult { json, .. } if own => {
            to.item(ItemOut::Raw(json));
        }
        PartOfTurn::Other { json, .. } if own && turn_part.item_id.is_none() => to.item(ItemOut::Raw(json)),
        PartOfTurn::Text { text, .. } if to.role.instructs() && !says_something(text, encoder) => {}
        body => {
            let place = if to.role == Role::Assistant { Place::Assistant } else { Place::Input };
            let mut parts = part(turn_part, place, encoder)?;
            if own && !matches!(body, PartOfTurn::Other { .. }) {
                part_members(&mut parts, turn_part);
            }
            if !parts.is_empty() {
                to.say(turn_part, parts);
            }
        }
    }
    Ok(())
}

/// Gives a part its members that are kept as they came.
pub(super) fn part_members<'a>(parts: &mut [PartOut<'a>], from: &'a TurnPart<'a>) {
    let members = from.extras.iter().filter(|extra| !extra.name.starts_with(OF_ITEM));
    let members = members.map(|extra| (extra.name.as_ref(), extra.json.as_ref()));
    if let Some(extras) = parts.first_mut().and_then(PartOut::extras_mut) {
        extras.0.extend(members);
    }
}

impl<'a> Items<'a, '_> {
    /// Adds an item that is no message.
    fn item(&mut self, item: ItemOut<'a>) {
        self.close();
        self.items.push(item);
    }

    /// Adds to the message at the end, or begins one.
    fn say(&mut self, from: &'a TurnPart<'a>, parts: Vec<PartOut<'a>>) {
        let id = from.item_id.as_deref().unwrap_or_default();
        let phase = match &from.body {
            PartOfTurn::Text { phase, .. } => Some(*phase),
            _ => None,
        };
        let joins = |open: &Open<'a>| {
            open.id == id && (phase.is_none() || open.phase.is_none() || phase == open.phase)
        };
        if !self.open.as_ref().is_some_and(joins) {
            self.close();
            let extras = Extras(std::mem::take(&mut self.extras.0));
            self.open = Some(Open { id, phase, parts: Vec::new(), extras });
        }
        let Some(open) = &mut self.open else { return };
        open.phase = open.phase.or(phase);
        open.parts.extend(parts);
        if self.own {
            let of_item = from
                .extras
                .iter()
                .filter_map(|extra| extra.name.strip_prefix(OF_ITEM).map(|name| (name, extra.json.as_ref())));
            open.extras.0.extend(of_item);
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let phase = open.phase.flatten().map(Phase::as_str);
        self.items.push(ItemOut::Message(MessageOut {
            kind: "message",
            id: Some(open.id).filter(|id| !id.is_empty()),
            role: match self.role {
                Role::User => "user",
                Role::Assistant => "assistant",
                Role::System if self.own => "system",
                Role::System | Role::Developer => "developer",
            },
            phase,
            content: open.parts,
            extras: open.extras,
        }));
    }
}

/// Reasoning goes to whoever can prove it; what this protocol's own caller sent without proof goes as it came.
fn reasoning<'a>(
    from: &'a TurnPart<'a>,
    thought: &'a Reasoning<'a>,
    encoder: &mut Encoder<'_, '_>,
) -> Result<Option<ItemOut<'a>>, TranslateError> {
    let encrypted = match &thought.proof {
        Some(Proof::Encrypted(text)) => Some(text.as_ref()),
        None if encoder.is_own() => None,
        _ => {
            encoder.foreign.settle("reasoning")?;
            return Ok(None);
        }
    };
    part_extras(from, encoder)?;
    let kind = if thought.raw { "reasoning_text" } else { "summary_text" };
    let texts = thought.text.iter().filter(|text| encoder.is_own() || !text.is_empty());
    let texts: Vec<_> = texts.map(|text| TextOut::plain(kind, text.as_ref())).collect();
    let (summary, content) = if thought.raw { (Vec::new(), texts) } else { (texts, Vec::new()) };
    Ok(Some(ItemOut::Reasoning(ReasoningOut {
        kind: "reasoning",
        id: from.item_id.as_deref(),
        summary,
        content,
        encrypted_content: encrypted,
        extras: if encoder.is_own() { Extras::all(&from.extras) } else { Extras::default() },
    })))
}
