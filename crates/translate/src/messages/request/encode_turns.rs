//! Turns as the system text and the messages.

use super::encode::Writer;
use super::write::{BlockOut, ContentOut, MessageOut, SaidOut};
use crate::error::TranslateError;
use crate::ir::{Role, Turn, TurnPart, Wording};
use crate::json::Extras;

impl<'r> Writer<'r, '_> {
    /// The system text at the head, and every message.
    pub(super) fn turns(&mut self) -> Result<(Option<ContentOut<'r>>, Vec<MessageOut<'r>>), TranslateError> {
        let turns = &self.request.turns;
        let is_head = |turn: &&Turn<'_>| turn.role.instructs() && (!self.own || turn.extras.is_empty());
        let heads = turns.iter().take_while(is_head).count();
        let (head, rest) = turns.split_at(heads);
        let mut system = Vec::new();
        for turn in head {
            self.parts(turn, &mut system)?;
        }
        let system = (!system.is_empty()).then(|| content(system));
        let mut made: Vec<(&'static str, Vec<BlockOut<'r>>, Extras<'r>)> = Vec::with_capacity(rest.len());
        for turn in rest {
            let role = role(turn.role);
            match made.last_mut() {
                Some((last, blocks, _)) if *last == role && !self.own => self.parts(turn, blocks)?,
                _ => {
                    let mut blocks = Vec::with_capacity(turn.parts.len());
                    self.parts(turn, &mut blocks)?;
                    made.push((role, blocks, Extras::top(&turn.extras, &[])));
                }
            }
        }
        let own = self.own;
        let messages = made
            .into_iter()
            .filter(|(_, blocks, _)| own || !blocks.is_empty())
            .map(|(role, blocks, extras)| MessageOut { role, content: content(blocks), extras });
        Ok((system, messages.collect()))
    }

    fn parts(&mut self, turn: &'r Turn<'r>, blocks: &mut Vec<BlockOut<'r>>) -> Result<(), TranslateError> {
        turn.parts.iter().try_for_each(|part| self.part(part, blocks))
    }

    /// What a tool gave; nothing at all is left out.
    pub(super) fn result_content(
        &mut self,
        parts: &'r [TurnPart<'r>],
    ) -> Result<Option<ContentOut<'r>>, TranslateError> {
        let mut blocks = Vec::with_capacity(parts.len());
        for part in parts {
            self.part(part, &mut blocks)?;
        }
        Ok((!blocks.is_empty()).then(|| content(blocks)))
    }
}

const fn role(role: Role) -> &'static str {
    match role {
        Role::System | Role::Developer => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    }
}

/// One plain text is a string.
fn content(mut blocks: Vec<BlockOut<'_>>) -> ContentOut<'_> {
    match blocks.as_mut_slice() {
        [] => ContentOut::Text(Wording::default()),
        [BlockOut::Said(SaidOut { r#type: "text", text: Some(text), cache_control: None, extras, .. })]
            if extras.is_empty() =>
        {
            ContentOut::Text(std::mem::take(text))
        }
        _ => ContentOut::Blocks(blocks),
    }
}
