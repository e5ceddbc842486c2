//! Providers' usage exports: what they are and what they tell.
//!
//! The fields are those of:
//! - Anthropic's Usage and Cost Admin API:
//!   <https://platform.claude.com/docs/en/api/admin/usage_report/retrieve_messages>,
//!   <https://platform.claude.com/docs/en/api/admin/cost_report>
//! - Anthropic's console, which exports CSV of tokens and of costs:
//!   <https://support.claude.com/en/articles/9534590-cost-and-usage-reporting-in-the-claude-console>
//! - OpenAI's usage of completions (Responses too), as JSON and as the dashboard exports it:
//!   <https://platform.openai.com/docs/api-reference/usage/completions>

mod decimal;
mod pages;
mod sheet;

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::sums::{Key, Number, Sums};

/// An export as it was read.
#[derive(Debug)]
pub(super) struct Export {
    /// What it is, in words.
    pub(super) what: &'static str,
    /// The numbers that it tells.
    pub(super) tells: Vec<Number>,
    /// By day and model; the model is empty where the provider names none.
    pub(super) rows: BTreeMap<Key, Sums>,
}

impl Export {
    fn new(what: &'static str, tells: &[Number]) -> Self {
        Self { what, tells: tells.to_vec(), rows: BTreeMap::new() }
    }

    fn add(&mut self, day: Date, model: &str, sums: &Sums) {
        self.rows.entry((day, model.to_owned())).or_default().add_all(sums);
    }

    /// Takes other names for its models.
    pub(super) fn rename(&mut self, names: &[(String, String)]) {
        for (key, sums) in std::mem::take(&mut self.rows) {
            let renamed = names.iter().find(|(name, _)| *name == key.1).map(|(_, model)| model);
            let model = renamed.unwrap_or(&key.1);
            self.add(key.0, model, &sums);
        }
    }
}

/// Reads an export, whichever it is. Its days are those of `time_zone`.
pub(super) fn parse(text: &str, time_zone: &TimeZone) -> anyhow::Result<Export> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.trim_start().starts_with(['{', '[']) {
        true => pages::parse(text, time_zone),
        false => sheet::parse(text, time_zone),
    }
}

/// The day that a stretch of time lies in. An export of longer stretches cannot be told by day.
fn day_of(starts: jiff::Timestamp, ends: jiff::Timestamp, time_zone: &TimeZone) -> anyhow::Result<Date> {
    let day = starts.to_zoned(time_zone.clone()).date();
    let last = ends.checked_sub(jiff::SignedDuration::from_nanos(1)).context("a time is out of range")?;
    let zone = time_zone.iana_name().unwrap_or("UTC");
    ensure!(
        last.to_zoned(time_zone.clone()).date() == day,
        "the stretch from {starts} to {ends} is not within one day ({zone}): export by the day (UTC), or by the hour"
    );
    Ok(day)
}

/// Days that are written as such are UTC.
fn require_utc(time_zone: &TimeZone) -> anyhow::Result<()> {
    let zone = time_zone.iana_name().unwrap_or("UTC");
    ensure!(zone == "UTC", "the days of this export are UTC: leave out --time-zone {zone}");
    Ok(())
}
