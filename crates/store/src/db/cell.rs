//! Rows that are written in great number: their columns by kind, and values borrowed from what is written.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use tollgate_base::{Money, Rate};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Text,
}

/// One value of a row, borrowed where that is possible.
#[derive(Debug)]
pub(crate) enum Cell<'a> {
    Null,
    Int(i64),
    Text(Cow<'a, str>),
}

/// `id, at, …` for an `INSERT` or a `SELECT`.
pub(crate) fn names(columns: &[(&str, Kind)]) -> String {
    columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// A value kept as the text it displays as.
pub(crate) fn shown<'a>(id: impl Display) -> Cell<'a> {
    // Room for an id, so that the text does not grow in steps. Writing to a string cannot fail.
    let mut text = String::with_capacity(40);
    let _written = write!(text, "{id}");
    Cell::Text(Cow::Owned(text))
}

/// PostgreSQL cannot hold a NUL in a text; callers' words may hold one. It becomes U+FFFD in both databases.
pub(crate) fn text(value: &str) -> Cell<'_> {
    if value.as_bytes().contains(&0) {
        return Cell::Text(Cow::Owned(value.replace('\0', "\u{fffd}")));
    }
    Cell::Text(Cow::Borrowed(value))
}

/// [`text`] for a text that may be missing.
pub(crate) fn opt_text(value: Option<&str>) -> Cell<'_> {
    value.map_or(Cell::Null, text)
}

/// A count; what no count reaches is held at the end of the range.
pub(crate) fn count<'a>(value: u64) -> Cell<'a> {
    Cell::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// An amount in nano-dollars.
pub(crate) fn money<'a>(value: Money) -> Cell<'a> {
    Cell::Int(value.nanos())
}

/// A rate in millionths.
pub(crate) fn rate<'a>(value: Rate) -> Cell<'a> {
    Cell::Int(i64::from(value.millionths()))
}
