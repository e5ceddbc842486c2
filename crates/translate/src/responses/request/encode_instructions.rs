//! The leading system text into `instructions`, or into a message where it cannot be one string.

use super::decode::INSTRUCTIONS;
use super::encode::Encoder;
use super::encode_items::{part_extras, turn_extras};
use super::encode_parts::{breakpoint, field};
use super::shape::{ItemOut, MessageOut};
use super::shape_parts::{PartOut, TextOut};
use crate::error::TranslateError;
use crate::ir::{PartOfTurn, Turn, TurnPart};
use crate::json::Extras;
use crate::messages::is_billing_header;
use crate::repair::NOTHING;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// The input of a prompt in which nothing is said.
pub(super) fn nothing<'a>() -> ItemOut<'a> {
    ItemOut::Message(MessageOut {
        kind: "message",
        id: None,
        role: "developer",
        phase: None,
        content: vec![PartOut::Text(TextOut::plain("input_text", NOTHING))],
        extras: Extras::default(),
    })
}

/// Takes the leading system text off the turns.
pub(super) fn instructions<'a>(
    turns: &'a [Turn<'a>],
    encoder: &mut Encoder<'a, '_>,
    items: &mut Vec<ItemOut<'a>>,
) -> Result<(Option<Cow<'a, str>>, &'a [Turn<'a>]), TranslateError> {
    let count = if encoder.is_own() {
        let marked = |part: &TurnPart<'_>| part.item_id.as_deref() == Some(INSTRUCTIONS);
        usize::from(turns.first().is_some_and(|turn| turn.parts.iter().any(marked)))
    } else {
        turns.iter().take_while(|turn| turn.role.instructs()).count()
    };
    let (head, rest) = turns.split_at(count);
    let is_marked = head.iter().flat_map(|turn| &turn.parts).any(|part| part.cache.is_some());
    // A cached prompt's beginning needs parts to be marked in; one string has none. And there must be some input.
    if is_marked || (rest.is_empty() && !encoder.is_own()) {
        let content = marked_texts(head, encoder)?;
        if content.is_empty() && !rest.is_empty() {
            return Ok((None, rest));
        }
        if content.is_empty() {
            items.push(nothing());
            return Ok((None, rest));
        }
        items.push(ItemOut::Message(MessageOut {
            kind: "message",
            id: None,
            role: "developer",
            phase: None,
            content,
            extras: Extras::default(),
        }));
        return Ok((None, rest));
    }
    let mut texts = Vec::new();
    each_text(head, encoder, |text, _| texts.push(text))?;
    let joined = match texts.as_slice() {
        [] => None,
        [text] => Some(Cow::Borrowed(*text)),
        _ => Some(Cow::Owned(texts.join("\n\n"))),
    };
    Ok((joined, rest))
}

pub(super) fn marked_texts<'a>(
    head: &'a [Turn<'a>],
    encoder: &mut Encoder<'a, '_>,
) -> Result<Vec<PartOut<'a>>, TranslateError> {
    let mut parts = Vec::new();
    each_text(head, encoder, |text, part| {
        let cache = part.cache.map(breakpoint);
        parts.push(PartOut::Text(TextOut { cache, ..TextOut::plain("input_text", text) }));
    })?;
    Ok(parts)
}

/// Calls `with` for each text of the system prompt.
pub(super) fn each_text<'a>(
    head: &'a [Turn<'a>],
    encoder: &mut Encoder<'a, '_>,
    mut with: impl FnMut(&'a str, &'a TurnPart<'a>),
) -> Result<(), TranslateError> {
    for turn in head {
        turn_extras(turn, encoder)?;
        for part in &turn.parts {
            let PartOfTurn::Text { text, .. } = &part.body else {
                encoder.foreign.settle(&field(encoder.from, &part.body))?;
                continue;
            };
            part_extras(part, encoder)?;
            if says_something(text, encoder) {
                with(text, part);
            }
        }
    }
    Ok(())
}

pub(super) fn says_something(text: &str, encoder: &mut Encoder<'_, '_>) -> bool {
    if encoder.from == Protocol::Messages && is_billing_header(text) {
        encoder.foreign.note("system.billing_header");
        return false;
    }
    encoder.is_own() || !text.is_empty()
}
