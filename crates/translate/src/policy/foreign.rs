//! What a request says that the target has no word for, settled under its name in the caller's words.

use super::{settle, settle_value};
use crate::error::TranslateError;
use crate::ir::Extra;
use crate::notes::Notes;
use tollgate_protocol::Protocol;

/// Settles what the encoder of `to` cannot say of a request in `from`.
pub(crate) struct Foreign<'n> {
    from: Protocol,
    to: Protocol,
    notes: &'n mut Notes,
}

impl<'n> Foreign<'n> {
    pub(crate) const fn new(from: Protocol, to: Protocol, notes: &'n mut Notes) -> Self {
        Self { from, to, notes }
    }

    /// Notes a part of the prompt that says nothing to the model.
    pub(crate) fn note(&mut self, name: &'static str) {
        self.notes.add(name);
    }

    /// Settles a field, named by its whole path.
    pub(crate) fn settle(&mut self, field: &str) -> Result<(), TranslateError> {
        settle(self.from, field, self.to, self.notes)
    }

    /// Settles a field that the request may have.
    pub(crate) fn settle_some(&mut self, is_there: bool, field: &str) -> Result<(), TranslateError> {
        if is_there { self.settle(field) } else { Ok(()) }
    }

    /// Settles the extras of a part, turn, tool or request; `at` is the path to them with a dot at its end.
    pub(crate) fn extras(&mut self, at: &str, extras: &[Extra<'_>]) -> Result<(), TranslateError> {
        extras.iter().try_for_each(|extra| self.settle(&format!("{at}{}", extra.name)))
    }

    /// As `extras`, but values that ask for nothing are left out unsaid.
    pub(crate) fn values(&mut self, at: &str, extras: &[Extra<'_>]) -> Result<(), TranslateError> {
        extras.iter().try_for_each(|extra| {
            let field = format!("{at}{}", extra.name);
            settle_value(self.from, &field, extra.json.get(), self.to, self.notes).map(|_| ())
        })
    }

    /// The path to a member of a part of a turn, in the caller's words.
    pub(crate) fn part(&self, member: &str) -> String {
        match self.from {
            Protocol::Responses => format!("input.{member}"),
            Protocol::Messages | Protocol::Chat => format!("messages.content.{member}"),
        }
    }

    /// The path to a member of a turn.
    pub(crate) fn turn(&self, member: &str) -> String {
        match self.from {
            Protocol::Responses => format!("input.{member}"),
            Protocol::Messages | Protocol::Chat => format!("messages.{member}"),
        }
    }

    /// The word for earlier reasoning.
    pub(crate) const fn reasoning(&self) -> &'static str {
        match self.from {
            Protocol::Messages => "thinking",
            Protocol::Chat | Protocol::Responses => "reasoning",
        }
    }
}
