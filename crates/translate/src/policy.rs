//! The policy table: what becomes of each thing that one protocol says and another cannot.
//!
//! A row names a field as its protocol writes it, without indexes (`top_k`, `messages.content.document.citations`,
//! `tools.file_search`). Decoders and encoders ask [`settle`] for everything they do not carry; a field without a row is
//! left out and noted.

use crate::error::TranslateError;
use crate::notes::Notes;
use tollgate_protocol::Protocol;

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Said in the target's own words, with the same meaning.
    Carried,
    /// Said with the nearest meaning that the target has; noted where that is less.
    Adapted,
    /// Left out and noted.
    Dropped,
    /// The request is refused, naming the field.
    Refused,
}

/// One row: a field of one protocol at one target.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Whose field it is.
    pub from: Protocol,
    /// The field, without indexes.
    pub field: &'static str,
    /// Where it is to go.
    pub to: Protocol,
    /// What becomes of it.
    pub fate: Fate,
    /// How, or why not.
    pub how: &'static str,
}

/// Every rule.
pub const TABLE: &[Rule] = &[];

/// Settles a field that the encoder for `to` does not carry: noted as dropped, or refused.
///
/// # Errors
/// [`TranslateError::Refused`] where the table says so.
pub(crate) fn settle(
    from: Protocol,
    field: &str,
    to: Protocol,
    notes: &mut Notes,
) -> Result<(), TranslateError> {
    let rule = TABLE.iter().find(|rule| rule.from == from && rule.to == to && rule.field == field);
    match rule {
        Some(rule) if rule.fate == Fate::Refused => Err(TranslateError::refused(field, rule.how)),
        _ => {
            notes.add_field(field);
            Ok(())
        }
    }
}
