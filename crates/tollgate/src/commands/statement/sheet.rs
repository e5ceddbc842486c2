//! A statement as a spreadsheet: one CSV table (RFC 4180) whose column `amount` adds up to its last line.

use anyhow::Context;
use tollgate_base::{Money, Timestamp};
use tollgate_store::{ModelCharges, Statement};

/// The header.
const COLUMNS: [&str; 23] = [
    "line",
    "time",
    "model",
    "subscription",
    "reason",
    "author",
    "requests",
    "input_tokens",
    "output_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "cache_read_tokens",
    "reasoning_tokens",
    "web_search_calls",
    "input_audio_tokens",
    "output_audio_tokens",
    "input_image_tokens",
    "output_image_tokens",
    "generated_images",
    "file_search_calls",
    "code_execution_calls",
    "amount",
    "paid_by_subscription",
];

/// The statement as CSV. The amounts from `opening` down to the last charge add up to `closing`; what subscriptions paid has
/// a column of its own.
pub(super) fn write(statement: &Statement) -> anyhow::Result<String> {
    let mut sheet = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    sheet.write_record(COLUMNS)?;
    sheet.write_record(balance("opening", statement.from, statement.opening))?;
    for entry in &statement.entries {
        let mut line = Line::new(entry.kind.as_str());
        line.set("time", time(entry.at));
        line.set("reason", harmless(&entry.reason));
        line.set("author", entry.author.as_deref().map(harmless).unwrap_or_default());
        line.set("amount", entry.delta.to_string());
        sheet.write_record(&line.0)?;
    }
    for charges in &statement.charges {
        let mut line = charged("charges", charges);
        let amount = Money::ZERO.checked_sub(charges.cost).context("a charge is out of range")?;
        line.set("amount", amount.to_string());
        sheet.write_record(&line.0)?;
    }
    for paid in &statement.subscriptions {
        let mut line = charged("subscription", &paid.charges);
        line.set("subscription", paid.subscription_id.to_string());
        line.set("paid_by_subscription", paid.charges.cost.to_string());
        sheet.write_record(&line.0)?;
    }
    sheet.write_record(balance("closing", statement.until, statement.closing))?;
    Ok(String::from_utf8(sheet.into_inner()?)?)
}

/// A line of the sheet; columns that are not set are empty.
struct Line([String; COLUMNS.len()]);

impl Line {
    fn new(what: &str) -> Self {
        let mut line = Self(Default::default());
        line.set("line", what.to_owned());
        line
    }

    fn set(&mut self, column: &str, value: String) {
        for (name, cell) in COLUMNS.iter().zip(&mut self.0) {
            if *name == column {
                *cell = value;
                return;
            }
        }
    }
}

fn balance(what: &str, at: Option<Timestamp>, amount: Money) -> [String; COLUMNS.len()] {
    let mut line = Line::new(what);
    line.set("time", at.map(time).unwrap_or_default());
    line.set("amount", amount.to_string());
    line.0
}

fn charged(what: &str, charges: &ModelCharges) -> Line {
    let mut line = Line::new(what);
    let usage = &charges.usage;
    line.set("model", harmless(&charges.model));
    for (column, count) in [
        ("requests", charges.requests),
        ("input_tokens", usage.input_tokens),
        ("output_tokens", usage.output_tokens),
        ("cache_write_5m_tokens", usage.cache_write_5m_tokens),
        ("cache_write_1h_tokens", usage.cache_write_1h_tokens),
        ("cache_read_tokens", usage.cache_read_tokens),
        ("reasoning_tokens", usage.reasoning_tokens),
        ("web_search_calls", usage.web_search_calls),
        ("input_audio_tokens", usage.input_audio_tokens),
        ("output_audio_tokens", usage.output_audio_tokens),
        ("input_image_tokens", usage.input_image_tokens),
        ("output_image_tokens", usage.output_image_tokens),
        ("generated_images", usage.generated_images),
        ("file_search_calls", usage.file_search_calls),
        ("code_execution_calls", usage.code_execution_calls),
    ] {
        line.set(column, count.to_string());
    }
    line
}

/// RFC 3339 in UTC with the fraction there is.
fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.micros())
        .map_or_else(|_| at.micros().to_string(), |time| time.to_string())
}

/// A text that no spreadsheet takes for a formula: what begins like one gets an apostrophe before it.
fn harmless(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_texts() {
        for text in ["=1+1", "+1", "-1", "@x", "\t=1"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        assert_eq!(harmless("gpt-6=x"), "gpt-6=x");
    }

    #[test]
    fn every_column_can_be_set() {
        let mut line = Line::new("x");
        for column in COLUMNS {
            line.set(column, column.to_owned());
        }
        assert_eq!(line.0, COLUMNS);
    }
}
