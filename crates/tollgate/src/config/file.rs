//! Keys from a TOML file, each with the line and column it stands at.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layers::Layers;
use super::problem::{Place, Problem};
use super::section::join;
use super::value::Raw;

/// Sets the keys the file at `path` names.
pub(crate) fn read(path: &Path, layers: &mut Layers) {
    match std::fs::read_to_string(path) {
        Ok(text) => read_text(path, &text, layers),
        Err(error) => {
            layers.problems.push(Problem::Unreadable { path: path.to_owned(), message: error.to_string() });
        }
    }
}

/// Sets the keys `text` names; `path` is for messages.
pub(crate) fn read_text(path: &Path, text: &str, layers: &mut Layers) {
    let source = Source { path, text };
    match DeTable::parse(text) {
        Ok(table) => source.table("", table.get_ref(), layers),
        Err(error) => {
            let place = source.place(error.span().map_or(0, |span| span.start));
            layers.problems.push(Problem::Syntax { place, message: error.message().to_owned() });
        }
    }
}

struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    fn table(&self, prefix: &str, table: &DeTable<'_>, layers: &mut Layers) {
        for (name, value) in table {
            let path = join(prefix, name.get_ref());
            let place = self.place(name.span().start);
            match value.get_ref() {
                DeValue::Table(inner) if layers.is_section(&path) => self.table(&path, inner, layers),
                _ if layers.is_section(&path) => layers.problems.push(Problem::WrongValue {
                    key: path,
                    place: Some(self.place(value.span().start)),
                    expected: "a table",
                    found: raw(value).to_string(),
                }),
                _ if layers.is_key(&path) => layers.set(&path, raw(value), self.place(value.span().start)),
                _ => layers.unknown(&path, place),
            }
        }
    }

    /// Line and column, both from 1, of a byte offset.
    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place::File {
            path: self.path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

fn raw(value: &Spanned<DeValue<'_>>) -> Raw {
    match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => Raw::Integer(i128::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Float(number) => Raw::Decimal(number.as_str().to_owned()),
        DeValue::Boolean(value) => Raw::Boolean(*value),
        DeValue::Array(items) => Raw::List(items.iter().map(raw).collect()),
        DeValue::Datetime(_) => Raw::Other("date"),
        DeValue::Table(_) => Raw::Other("table"),
    }
}
