//! Small pieces of text that several commands print.

use serde::{Serialize, Serializer};
use tollgate_base::Timestamp;
use tollgate_routing::ModelMapping;

/// A point in time as RFC 3339 in UTC, whole seconds: for people.
pub(super) fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.seconds())
        .map_or_else(|_| at.micros().to_string(), |time| time.to_string())
}

/// A point in time that may be missing.
pub(super) fn opt_time(at: Option<Timestamp>, missing: &str) -> String {
    at.map_or_else(|| missing.to_owned(), time)
}

/// What may be missing; empty text then.
pub(super) fn opt<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(String::new, ToString::to_string)
}

/// Items joined by commas; `empty` if there are none.
pub(super) fn list<T: ToString>(items: impl IntoIterator<Item = T>, empty: &str) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { empty.to_owned() } else { items.join(", ") }
}

/// A mapping as `from=to` pairs.
pub(super) fn mapping(mapping: &ModelMapping) -> String {
    list(mapping.iter().map(|(from, to)| format!("{from}={to}")), "")
}

/// For `serialize_with`: RFC 3339 in UTC with the fraction there is.
pub(super) fn time_json<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    match jiff::Timestamp::from_microsecond(at.micros()) {
        Ok(time) => time.serialize(serializer),
        Err(_) => at.micros().serialize(serializer),
    }
}

/// [`time_json`] for a time that may be missing: `null` then.
pub(super) fn opt_time_json<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time_json(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// A duration, such as `1h 30m` or `3s`.
pub(super) fn millis(millis: u64) -> String {
    format!("{:#}", jiff::SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(time(Timestamp::from_micros(1_500_000)), "1970-01-01T00:00:01Z");
        assert_eq!(opt_time(None, "never"), "never");
    }

    #[test]
    fn lists_say_when_they_are_empty() {
        assert_eq!(list(["a", "b"], "any"), "a, b");
        assert_eq!(list([""; 0], "any"), "any");
    }
}
