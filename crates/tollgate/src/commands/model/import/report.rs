//! What an import changed, could not read, or left alone.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};
use tollgate_pricing::{ModelPrice, Skipped};
use tollgate_routing::Model;
use tollgate_store::ModelPatch;

/// The outcome of an import.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    pub(super) dry_run: bool,
    /// The book's day.
    pub(super) date: Option<String>,
    pub(super) created: Vec<Change>,
    pub(super) updated: Vec<Change>,
    pub(super) unchanged: usize,
    /// What a price could not express, by model.
    pub(super) notes: BTreeMap<String, Vec<String>>,
    pub(super) skipped: Vec<Skipped>,
}

/// A model and what is new about it.
#[derive(Debug, Serialize)]
pub(super) struct Change {
    pub(super) model: String,
    pub(super) changes: Vec<String>,
}

impl Report {
    pub(super) fn skip(&mut self, name: String, reason: String) {
        self.skipped.push(Skipped { name, reason });
    }
}

/// One line a model, then the sums. What was skipped is counted by reason: a price file has thousands of entries.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let would = if self.dry_run { "would be " } else { "" };
        for (verb, changes) in [("created", &self.created), ("updated", &self.updated)] {
            for Change { model, changes } in changes {
                writeln!(f, "{would}{verb} {model}: {}", changes.join(", "))?;
            }
        }
        for (model, notes) in &self.notes {
            writeln!(f, "note {model}: {}", notes.join("; "))?;
        }
        let mut reasons = BTreeMap::<&str, usize>::new();
        for entry in &self.skipped {
            *reasons.entry(&entry.reason).or_default() += 1;
        }
        for (reason, count) in reasons {
            writeln!(f, "skipped {count}: {reason}")?;
        }
        let (created, updated) = (self.created.len(), self.updated.len());
        write!(f, "{created} {would}created, {updated} {would}updated, {} unchanged", self.unchanged)?;
        self.date.as_ref().map_or(Ok(()), |date| write!(f, "; prices of {date}"))
    }
}

/// What differs between two prices, or all of a new one, by the members' names.
pub(super) fn facts(old: Option<&ModelPrice>, new: &ModelPrice) -> Vec<String> {
    let before = old.map(members).unwrap_or_default();
    let after = members(new);
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    let gone = gone.map(|name| format!("{name} {} -> none", shown(&before[name])));
    let differing = after.iter().filter(|(name, value)| before.get(*name) != Some(value));
    let differing = differing.map(|(name, value)| match (before.get(name), old) {
        (Some(before), _) => format!("{name} {} -> {}", shown(before), shown(value)),
        (None, Some(_)) => format!("{name} none -> {}", shown(value)),
        (None, None) => format!("{name} {}", shown(value)),
    });
    differing.chain(gone).collect()
}

/// What a patch changes besides the price.
pub(super) fn limits(old: &Model, patch: &ModelPatch) -> Vec<String> {
    let number = |number: Option<u64>| number.map_or_else(|| "none".to_owned(), |number| number.to_string());
    let mut limits = Vec::new();
    for (name, old, new) in [
        ("context_window_tokens", old.context_window_tokens, patch.context_window_tokens),
        ("max_output_tokens", old.max_output_tokens, patch.max_output_tokens),
    ] {
        limits.extend(new.map(|new| format!("{name} {} -> {}", number(old), number(new))));
    }
    for (name, new) in [("display_name", &patch.display_name), ("owned_by", &patch.owned_by)] {
        limits.extend(new.iter().flatten().map(|new| format!("{name} none -> {new}")));
    }
    limits
}

fn members(price: &ModelPrice) -> Map<String, Value> {
    match serde_json::to_value(price) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
