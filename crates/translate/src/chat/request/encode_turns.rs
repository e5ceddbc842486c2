//! Turns as Chat messages.

use super::encode::Writer;
use super::write::{CallOut, CalledCustomOut, CalledOut, Extras, MessageOut};
use super::write_parts::{ContentOut, PartOut, SaidOut};
use crate::chat::join::Joiner;
use crate::error::TranslateError;
use crate::family::ReasoningMember;
use crate::ir::{CallKind, PartOfTurn, PastCall, Reasoning, Role, Turn, TurnPart, Wording};
use crate::messages::is_billing_header;
use crate::repair::NOTHING;
use std::borrow::Cow;

impl<'r> Writer<'r, '_> {
    /// Every message.
    pub(super) fn messages(&mut self) -> Result<Vec<MessageOut<'r>>, TranslateError> {
        let request = self.request;
        let mut messages = Vec::with_capacity(request.turns.len() + 4);
        for turn in &request.turns {
            match turn.role {
                Role::System | Role::Developer => self.instructions(turn, &mut messages)?,
                Role::User => self.user(turn, &mut messages)?,
                Role::Assistant => self.assistant(turn, &mut messages)?,
            }
        }
        if messages.is_empty() && !self.own {
            messages.push(MessageOut::new("user", ContentOut::Text(NOTHING.into())));
        }
        Ok(messages)
    }

    fn instructions(
        &mut self,
        turn: &'r Turn<'r>,
        messages: &mut Vec<MessageOut<'r>>,
    ) -> Result<(), TranslateError> {
        let mut parts = Vec::with_capacity(turn.parts.len());
        for part in &turn.parts {
            match &part.body {
                PartOfTurn::Text { text, .. } if is_billing_header(text) => {
                    self.foreign.note("system.billing_header");
                }
                PartOfTurn::Image { .. } | PartOfTurn::Audio { .. } if !self.own => {
                    let field = self.foreign.part("system.image");
                    self.foreign.settle(&field)?;
                }
                _ => self.part(part, &mut parts)?,
            }
        }
        let extras = self.turn_extras(turn)?;
        if parts.is_empty() && !self.own {
            return Ok(());
        }
        let is_developer = turn.role == Role::Developer && self.habits.developer;
        let role = if is_developer { "developer" } else { "system" };
        let content = self.content(parts);
        messages.push(MessageOut { name: turn.name.as_deref(), extras, ..MessageOut::new(role, content) });
        Ok(())
    }

    fn user(&mut self, turn: &'r Turn<'r>, messages: &mut Vec<MessageOut<'r>>) -> Result<(), TranslateError> {
        let mut parts = Vec::with_capacity(turn.parts.len());
        let mut any_results = false;
        for part in &turn.parts {
            if let PartOfTurn::ToolResult(result) = &part.body {
                any_results = true;
                let message = self.result(part, result, &mut parts)?;
                messages.push(message);
            }
        }
        for part in turn.parts.iter().filter(|part| !matches!(part.body, PartOfTurn::ToolResult(_))) {
            self.part(part, &mut parts)?;
        }
        let extras = self.turn_extras(turn)?;
        let nothing_left = parts.is_empty() && turn.name.is_none() && extras.is_empty();
        if nothing_left && (any_results || !self.own) {
            return Ok(());
        }
        let content = self.content(parts);
        messages.push(MessageOut { name: turn.name.as_deref(), extras, ..MessageOut::new("user", content) });
        Ok(())
    }

    fn assistant(
        &mut self,
        turn: &'r Turn<'r>,
        messages: &mut Vec<MessageOut<'r>>,
    ) -> Result<(), TranslateError> {
        let mut said = Said::default();
        for part in &turn.parts {
            self.assistant_part(part, &mut said)?;
        }
        let extras = self.turn_extras(turn)?;
        let Said { parts, text, reasoning, refusal, calls, .. } = said;
        let says_something =
            !text.is_empty() || reasoning.is_some() || refusal.is_some() || !calls.is_empty();
        if !self.own && !says_something {
            return Ok(());
        }
        let content = if self.own && !parts.is_empty() {
            self.content(parts)
        } else if !text.is_empty() {
            ContentOut::Text(text)
        } else if calls.is_empty() && refusal.is_none() {
            ContentOut::Text(Wording::default())
        } else {
            ContentOut::Null
        };
        let mut message = MessageOut { name: turn.name.as_deref(), ..MessageOut::new("assistant", content) };
        match self.habits.reasoning_member {
            ReasoningMember::ReasoningContent => message.reasoning_content = reasoning,
            ReasoningMember::Reasoning => message.reasoning = reasoning,
        }
        message.refusal = refusal;
        message.tool_calls = calls;
        message.extras = extras;
        messages.push(message);
        Ok(())
    }

    fn assistant_part(&mut self, part: &'r TurnPart<'r>, said: &mut Said<'r>) -> Result<(), TranslateError> {
        match &part.body {
            PartOfTurn::Reasoning(reasoning) => return self.earlier_reasoning(reasoning, said),
            PartOfTurn::ToolCall(call) => {
                said.joiner.break_off();
                let call = self.call(part, call)?;
                said.calls.push(call);
            }
            PartOfTurn::Refusal { text } if self.habits.refusals => {
                join("\n\n", text, said.refusal.get_or_insert_default());
            }
            PartOfTurn::Refusal { text } => {
                said.parts.push(SaidOut::Text { text: Wording::from(&**text) }.into());
                said.text(Wording::from(&**text));
            }
            PartOfTurn::Text { text, .. } => {
                self.part(part, &mut said.parts)?;
                said.text(text.borrowed());
            }
            PartOfTurn::Image { .. } | PartOfTurn::Audio { .. } if !self.own => {
                let field = self.foreign.part("assistant.image");
                self.foreign.settle(&field)?;
            }
            _ => {
                let mut made = Vec::new();
                self.part(part, &mut made)?;
                for part in made {
                    if let PartOut::Said { said: SaidOut::Text { text }, .. } = &part {
                        said.joiner.break_off();
                        said.text(text.clone());
                        said.joiner.break_off();
                    } else if !self.own {
                        let field = self.foreign.part("assistant.document");
                        self.foreign.settle(&field)?;
                    }
                    said.parts.push(part);
                }
            }
        }
        Ok(())
    }

    /// What `reasoning::settle` left without proof is to be written, even if it is empty.
    fn earlier_reasoning(
        &mut self,
        reasoning: &'r Reasoning<'r>,
        said: &mut Said<'r>,
    ) -> Result<(), TranslateError> {
        said.joiner.break_off();
        if reasoning.proof.is_some() {
            let field = self.foreign.part(self.foreign.reasoning());
            return self.foreign.settle(&field);
        }
        let joined = said.reasoning.get_or_insert_default();
        reasoning.text.iter().for_each(|text| join("\n\n", text, joined));
        Ok(())
    }

    fn call(
        &mut self,
        part: &'r TurnPart<'r>,
        call: &'r PastCall<'r>,
    ) -> Result<CallOut<'r>, TranslateError> {
        let extras = self.part_extras(part)?;
        let name = full_name(call.namespace.as_deref(), &call.name);
        let id = &*call.id;
        Ok(if call.kind == CallKind::Custom {
            let custom = Some(CalledCustomOut { name, input: &call.arguments });
            CallOut { id, r#type: "custom", function: None, custom, extras }
        } else {
            let arguments = if call.arguments.is_empty() { "{}" } else { &*call.arguments };
            CallOut {
                id,
                r#type: "function",
                function: Some(CalledOut { name, arguments }),
                custom: None,
                extras,
            }
        })
    }

    fn turn_extras(&mut self, turn: &'r Turn<'r>) -> Result<Extras<'r>, TranslateError> {
        if self.own {
            return Ok(Extras::top(&turn.extras, &[]));
        }
        let at = self.foreign.turn("");
        self.foreign.extras(&at, &turn.extras)?;
        Ok(Extras::default())
    }
}

/// What an assistant's turn says, sorted as Chat has it.
#[derive(Default)]
struct Said<'r> {
    /// As a list of parts.
    parts: Vec<PartOut<'r>>,
    /// As one text.
    text: Wording<'r>,
    joiner: Joiner,
    reasoning: Option<Cow<'r, str>>,
    refusal: Option<Cow<'r, str>>,
    calls: Vec<CallOut<'r>>,
}

impl<'r> Said<'r> {
    fn text(&mut self, piece: Wording<'r>) {
        if piece.is_empty() {
            return;
        }
        let separator = self.joiner.separator();
        if self.text.is_empty() {
            self.text = piece;
        } else {
            self.text.push_str(separator);
            self.text.push_str(&piece);
        }
    }
}

/// Appends a piece to a text that is borrowed as long as it has one piece only.
fn join<'r>(separator: &str, piece: &'r str, joined: &mut Cow<'r, str>) {
    if joined.is_empty() {
        *joined = Cow::Borrowed(piece);
    } else if !piece.is_empty() {
        let joined = joined.to_mut();
        joined.push_str(separator);
        joined.push_str(piece);
    }
}

/// A tool's name with the namespace that Chat does not have.
pub(super) fn full_name<'r>(namespace: Option<&str>, name: &'r str) -> Cow<'r, str> {
    match namespace {
        Some(namespace) => Cow::Owned(format!("{namespace}__{name}")),
        None => Cow::Borrowed(name),
    }
}
