//! The comparison: every day and model of either side, by every number that the export tells.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;
use tollgate_base::Rate;

use super::export::Export;
use super::sums::{Key, Number, Sums};
use crate::output::View;

/// A number that differs by more than it may.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    day: Date,
    /// Empty where the provider names none.
    model: String,
    number: &'static str,
    gate: String,
    provider: String,
    /// The gate's less the provider's.
    difference: String,
}

/// What differs by more than `tolerance` of the provider's number. What one side does not have at all is zero there.
pub(super) fn compare(export: &Export, served: &BTreeMap<Key, Sums>, tolerance: Rate) -> Vec<Difference> {
    let keys: BTreeSet<&Key> = export.rows.keys().chain(served.keys()).collect();
    let nothing = Sums::default();
    let mut differences = Vec::new();
    for key in keys {
        let gate = served.get(key).unwrap_or(&nothing);
        let provider = export.rows.get(key).unwrap_or(&nothing);
        for number in &export.tells {
            differences.extend(difference(key, *number, gate, provider, tolerance));
        }
    }
    differences
}

fn difference(
    (day, model): &Key,
    number: Number,
    gate: &Sums,
    provider: &Sums,
    tolerance: Rate,
) -> Option<Difference> {
    let (ours, theirs) = (gate.get(number), provider.get(number));
    let rounding = if number == Number::Cost { provider.rounding } else { 0 };
    let off = ours.saturating_sub(theirs);
    let beyond = (off.saturating_abs() - rounding).max(0).saturating_mul(i128::from(Rate::MILLIONTHS));
    if beyond <= theirs.saturating_abs().saturating_mul(i128::from(tolerance.millionths())) {
        return None;
    }
    Some(Difference {
        day: *day,
        model: model.clone(),
        number: number.as_str(),
        gate: number.shown(ours),
        provider: number.shown(theirs),
        difference: number.shown(off),
    })
}

impl View for Difference {
    const COLUMNS: &'static [&'static str] = &["day", "model", "number", "gate", "provider", "difference"];

    fn cells(&self) -> Vec<String> {
        let model = if self.model.is_empty() { "(none)" } else { &self.model };
        vec![
            self.day.to_string(),
            model.to_owned(),
            self.number.to_owned(),
            self.gate.clone(),
            self.provider.clone(),
            self.difference.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        Self::COLUMNS.iter().copied().zip(self.cells()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(number: Number, value: i128, rounding: i128) -> Sums {
        let mut sums = Sums::rounded(rounding);
        sums.add(number, value);
        sums
    }

    #[test]
    fn a_difference_counts_by_the_providers_number() {
        let key = (Date::constant(2026, 11, 1), "m".to_owned());
        let differs = |ours: i128, theirs: i128, rounding: i128, tolerance: &str| {
            let (gate, provider) = (sums(Number::Cost, ours, 0), sums(Number::Cost, theirs, rounding));
            difference(&key, Number::Cost, &gate, &provider, tolerance.parse().unwrap()).is_some()
        };
        assert!(!differs(100, 100, 0, "0") && differs(101, 100, 0, "0") && differs(99, 100, 0, "0"));
        assert!(!differs(101, 100, 0, "0.01") && differs(102, 100, 0, "0.01"));
        assert!(differs(1, 0, 0, "0.99") && differs(0, 1, 0, "0.99"), "what is not there at all");
        assert!(
            !differs(105, 100, 5, "0") && differs(106, 100, 5, "0"),
            "what rounding makes is no difference"
        );
    }
}
