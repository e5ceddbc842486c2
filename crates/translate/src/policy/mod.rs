//! The policy table: what becomes of each thing that one protocol says and another has no word of its own for.
//!
//! A row names a field as its protocol writes it, without indexes (`top_k`, `messages.content.document.citations`,
//! `tools.file_search`); a row that begins with `*.` is about every field that ends so. Passes and encoders ask `settle`
//! for everything they do not carry; a field without a row is left out and noted. [`markdown`] prints the table for
//! `docs/translation.md`.

mod foreign;
mod table;

use crate::error::TranslateError;
use crate::notes::Notes;
use std::fmt::Write;
use tollgate_protocol::Protocol;

pub(crate) use foreign::Foreign;
pub use table::TABLE;

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Said in the target's own words, with the same meaning.
    Carried,
    /// Said with the nearest meaning that the target has.
    Adapted,
    /// Left out and noted.
    Dropped,
    /// The request is refused, naming the field.
    Refused,
}

impl Fate {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Carried => "carried",
            Self::Adapted => "adapted",
            Self::Dropped => "dropped",
            Self::Refused => "refused",
        }
    }
}

/// A field of one protocol, and what becomes of it at the two others.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Whose field it is.
    pub from: Protocol,
    /// The field, without indexes.
    pub field: &'static str,
    /// Where it is to go, what becomes of it there, and how or why.
    pub at: &'static [(Protocol, Fate, &'static str)],
    /// Values that ask for nothing, as compact JSON: they are left out unsaid.
    pub neutral: &'static [&'static str],
    /// Members of a request that holds the field, for the table's own test.
    pub sample: &'static str,
}

fn find(from: Protocol, field: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| {
        let named = match row.field.strip_prefix('*') {
            Some(end) => field.ends_with(end),
            None => field == row.field,
        };
        row.from == from && named
    })
}

/// Settles a field that is not carried to `to`: noted as dropped, or refused.
///
/// # Errors
/// [`TranslateError::Refused`] where the table says so.
pub(crate) fn settle(
    from: Protocol,
    field: &str,
    to: Protocol,
    notes: &mut Notes,
) -> Result<(), TranslateError> {
    let fate = find(from, field).and_then(|row| row.at.iter().find(|(target, ..)| *target == to));
    match fate {
        Some((_, Fate::Refused, why)) => Err(TranslateError::refused(field, *why)),
        Some((_, Fate::Carried | Fate::Adapted, _)) => Ok(()),
        Some((_, Fate::Dropped, _)) | None => {
            notes.add_field(field);
            Ok(())
        }
    }
}

/// What becomes of an extra member of a request with the value `json`; a value that asks for nothing is carried nowhere.
///
/// # Errors
/// As [`settle`].
pub(crate) fn settle_value(
    from: Protocol,
    field: &str,
    json: &str,
    to: Protocol,
    notes: &mut Notes,
) -> Result<Extra, TranslateError> {
    let row = find(from, field);
    if json == "null" || row.is_some_and(|row| row.neutral.contains(&json)) {
        return Ok(Extra::Left);
    }
    let fate = row.and_then(|row| row.at.iter().find(|(target, ..)| *target == to));
    if matches!(fate, Some((_, Fate::Carried, _))) {
        return Ok(Extra::Kept);
    }
    settle(from, field, to, notes).map(|()| Extra::Left)
}

/// Whether an extra member goes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    /// Under its own name and with its own value.
    Kept,
    /// Not.
    Left,
}

/// The table as Markdown.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::new();
    for from in Protocol::ALL {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "\n### From {from}\n\n| field | to | | how, or why not |\n|---|---|---|---|");
        for row in TABLE.iter().filter(|row| row.from == from) {
            for (to, fate, how) in row.at {
                let _ = writeln!(out, "| `{}` | {to} | {} | {how} |", row.field, fate.as_str());
            }
        }
    }
    out
}
