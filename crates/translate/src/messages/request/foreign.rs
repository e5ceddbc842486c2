//! What another protocol's request says that Messages has no word for, by its name in the caller's words.

use crate::error::TranslateError;
use crate::ir::Extra;
use crate::notes::Notes;
use crate::policy;
use tollgate_protocol::Protocol;

/// Settles what Messages cannot say of a request in another protocol.
pub(super) struct Foreign<'n> {
    pub(super) from: Protocol,
    pub(super) notes: &'n mut Notes,
}

impl Foreign<'_> {
    /// Settles a field, named by its whole path.
    pub(super) fn settle(&mut self, field: &str) -> Result<(), TranslateError> {
        policy::settle(self.from, field, Protocol::Messages, self.notes)
    }

    /// Settles the extras of a part, turn, tool or request; `at` is the path to them with a dot at its end.
    pub(super) fn extras(&mut self, at: &str, extras: &[Extra<'_>]) -> Result<(), TranslateError> {
        extras.iter().try_for_each(|extra| self.settle(&format!("{at}{}", extra.name)))
    }

    /// As `extras`, but values that ask for nothing are left out unsaid.
    pub(super) fn values(&mut self, at: &str, extras: &[Extra<'_>]) -> Result<(), TranslateError> {
        extras.iter().try_for_each(|extra| {
            let field = format!("{at}{}", extra.name);
            policy::settle_value(self.from, &field, extra.json.get(), Protocol::Messages, self.notes)
                .map(|_| ())
        })
    }

    /// The path to a member of a part of a turn, in the caller's words.
    pub(super) fn part(&self, member: &str) -> String {
        match self.from {
            Protocol::Responses => format!("input.{member}"),
            _ => format!("messages.content.{member}"),
        }
    }

    /// The path to a member of a turn.
    pub(super) fn turn(&self, member: &str) -> String {
        match self.from {
            Protocol::Responses => format!("input.{member}"),
            _ => format!("messages.{member}"),
        }
    }
}
