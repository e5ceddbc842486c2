//! Everything the program prints: answers to standard output, problems to standard error.

use std::io::{self, IsTerminal, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;

/// Something a command can print.
pub(crate) trait View: Serialize {
    /// The headings of a list.
    const COLUMNS: &'static [&'static str];

    /// The cells of one line of a list, as many as there are headings.
    fn cells(&self) -> Vec<String>;

    /// Every property by name, for a page of its own.
    fn details(&self) -> Vec<(&'static str, String)>;
}

/// Prints answers for people or for programs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    json: bool,
}

impl Printer {
    /// A printer of JSON, or of tables.
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints a list.
    pub(crate) fn list<V: View>(self, items: &[V]) -> io::Result<()> {
        if self.json {
            return json(items);
        }
        line(&table_of(items))
    }

    /// Prints one thing.
    pub(crate) fn one<V: View>(self, item: &V) -> io::Result<()> {
        if self.json { json(item) } else { line(&page(&item.details())) }
    }

    /// Says what was done to a thing; as JSON the thing itself.
    pub(crate) fn done<V: View>(self, sentence: &str, item: &V) -> io::Result<()> {
        if self.json { json(item) } else { line(sentence) }
    }

    /// Says that a thing was removed.
    pub(crate) fn removed(self, kind: &str, name: &str) -> io::Result<()> {
        if self.json {
            return json(&serde_json::json!({ "removed": true, "kind": kind, "name": name }));
        }
        line(&format!("removed {kind} {name}"))
    }
}

/// A table with one line for each thing.
pub(crate) fn table_of<V: View>(items: &[V]) -> String {
    table(V::COLUMNS, items.iter().map(View::cells), terminal_width())
}

/// Writes one line, or several, to standard output.
pub(crate) fn line(line: &str) -> io::Result<()> {
    text(&format!("{line}\n"))
}

/// Writes text to standard output as it is.
pub(crate) fn text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes JSON to standard output.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> io::Result<()> {
    line(&serde_json::to_string_pretty(value)?)
}

/// Writes lines to standard error. If even that fails there is no one left to tell.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Aligned columns without lines or emphasis, wrapped to `width` where there is one.
fn table(columns: &[&str], rows: impl Iterator<Item = Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(columns.iter().map(|name| name.to_uppercase()));
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// One property a line, values aligned also where they have several lines; properties without a value are left out.
pub(crate) fn page(details: &[(&'static str, String)]) -> String {
    let width = details.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let next_line = format!("\n{:width$}  ", "");
    let lines = details
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name:width$}  {}", value.replace('\n', &next_line)));
    lines.collect::<Vec<_>>().join("\n")
}

/// The terminal's width; `None` where the output goes to a file or another program, which wants whole lines.
fn terminal_width() -> Option<u16> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    terminal_size::terminal_size_of(stdout).map(|(width, _)| width.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> impl Iterator<Item = Vec<String>> {
        [["ann", "usr_0198f3c2a1b47c3e8d5f6a7b8c9d0e1f"], ["bob", "-"]]
            .into_iter()
            .map(|row| row.map(str::to_owned).to_vec())
    }

    #[test]
    fn wide_tables_have_one_line_a_row() {
        assert_eq!(
            table(&["name", "id"], rows(), None),
            "NAME  ID\nann   usr_0198f3c2a1b47c3e8d5f6a7b8c9d0e1f\nbob   -"
        );
    }

    #[test]
    fn narrow_tables_stay_inside_the_terminal() {
        let narrow = table(&["name", "id"], rows(), Some(24));
        assert!(narrow.lines().all(|line| line.chars().count() <= 24), "{narrow}");
        assert!(narrow.lines().count() > 3, "{narrow}");
    }

    #[test]
    fn pages_leave_empty_values_out() {
        let details = [("name", "ann".to_owned()), ("rate", "1".to_owned()), ("note", String::new())];
        assert_eq!(page(&details), "name  ann\nrate  1");
        assert_eq!(
            page(&[("takes", "a\nb".to_owned()), ("id", "c".to_owned())]),
            "takes  a\n       b\nid     c"
        );
    }
}
