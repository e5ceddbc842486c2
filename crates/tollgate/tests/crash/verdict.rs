//! The gate's books held against what callers were told and what the sandbox served.

use std::collections::{HashMap, HashSet};

use tollgate_base::Rate;
use tollgate_pricing::{Served as ServedAs, charge};
use tollgate_store::UsageRecord;
use tollgate_testkit::{Outcome, Served};

use crate::gate::price;
use crate::load::Told;

/// Fails unless every request is in the books exactly once and at the sandbox's own numbers.
pub(crate) fn judge(records: &[UsageRecord], told: &[Told], served: &[Served]) {
    let by_upstream_id: HashMap<&str, &Served> =
        served.iter().map(|served| (served.request_id.as_str(), served)).collect();
    let (mut exact, mut estimated, mut free, mut recovered) = (0, 0, 0, 0);
    let mut seen = HashSet::new();
    for record in records {
        recovered += u32::from(record.recovered);
        if let Some(id) = record.upstream_request_id.as_deref() {
            assert!(seen.insert(id), "served once, charged twice: {record:?}");
            let served = by_upstream_id.get(id);
            let served = served.unwrap_or_else(|| panic!("charged and never served: {record:?}"));
            match served.outcome {
                Outcome::Answered if !record.estimated => {
                    assert_eq!(record.usage, served.usage, "{record:?}");
                    exact += 1;
                }
                Outcome::Refused => assert_eq!(record.cost.nanos(), 0, "{record:?}"),
                _ => estimated += 1,
            }
        } else if record.cost.nanos() > 0 {
            // Only the hold was left of it, and the journal's word that an upstream had answered.
            assert!(record.recovered && record.estimated, "{record:?}");
            estimated += 1;
        } else {
            free += 1;
        }
        let cost = charge(&record.usage, &price(), ServedAs::STANDARD, Rate::ONE, Rate::ONE).unwrap().total;
        assert!(record.cost == cost || record.recovered, "{record:?}");
        assert!(record.held.is_none_or(|held| record.cost <= held), "more than was held: {record:?}");
    }
    every_whole_answer_is_charged(records, told, &by_upstream_id);
    nothing_served_is_forgotten(told, served, &seen);
    println!(
        "{} calls, {} served, {} records: {exact} exact, {estimated} estimated, {free} free, {recovered} recovered",
        told.len(),
        served.len(),
        records.len()
    );
    assert!(exact > 40, "too little happened to prove anything");
    assert!(recovered > 0, "no kill hit a request");
}

/// A caller who read a good answer to its end is charged for it, at the sandbox's own numbers.
fn every_whole_answer_is_charged(records: &[UsageRecord], told: &[Told], served: &HashMap<&str, &Served>) {
    let by_user: HashMap<&str, &UsageRecord> =
        records.iter().filter_map(|record| Some((record.client_user.as_deref()?, record))).collect();
    for told in told.iter().filter(|told| told.came.whole && told.came.status == Some(200)) {
        let record = by_user.get(told.user.as_str());
        let record = record.unwrap_or_else(|| panic!("answered and never recorded: {told:?}"));
        let id = record.upstream_request_id.as_deref().unwrap();
        let served = served[id];
        // A stream that the sandbox broke off ends whole as well: with the error that says so.
        if served.outcome == Outcome::Answered {
            assert!(!record.estimated && record.usage == served.usage, "{record:?} {served:?}");
            assert!(record.cost.nanos() > 0, "{record:?}");
        }
    }
}

/// What the sandbox answered and no record names was in the air when the gate was killed: its caller had not read its
/// end. Recovery has closed its hold, unless the kill came before the hold, and so before the caller's first byte.
fn nothing_served_is_forgotten(told: &[Told], served: &[Served], named: &HashSet<&str>) {
    let unnamed = served
        .iter()
        .filter(|served| served.outcome != Outcome::Refused && !named.contains(served.request_id.as_str()))
        .count();
    let unread = told.iter().filter(|told| !told.came.whole).count();
    assert!(unnamed <= unread, "{unnamed} answers are in no book, {unread} calls were not read to their end");
}
