//! What a caller asks for: days, and whose days.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use tollgate_base::Timestamp;
use tollgate_protocol::ApiError;

use super::period::{Days, zoned};
use crate::route::percent_decode;

const DEFAULT_DAYS: i64 = 30;
/// No name of a time zone is longer.
const MAX_ZONE_BYTES: usize = 64;

/// The days that figures are asked for.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) time_zone: TimeZone,
    pub(super) today: Date,
    pub(super) days: Days,
}

impl Ask {
    /// Reads `timezone`, and `start_date` and `end_date` or `days`. Other parameters do not matter: some clients send the
    /// time to get past caches. Without an end the days go up to today, without a beginning there are `days` of them.
    pub(super) fn read(query: &str, now: Timestamp, most_days: i64) -> Result<Self, ApiError> {
        let time_zone = match value(query, "timezone") {
            None => TimeZone::UTC,
            Some(name) => zone(&name)?,
        };
        let today = zoned(now, &time_zone).date();
        let count = match value(query, "days") {
            None => DEFAULT_DAYS,
            Some(text) => {
                text.parse().ok().filter(|days| (1..=most_days).contains(days)).ok_or_else(|| {
                    ApiError::invalid_field("days", &format!("expected a number from 1 to {most_days}"))
                })?
            }
        };
        let (first, last) = (day(query, "start_date")?, day(query, "end_date")?);
        let last = last.unwrap_or(today);
        let days = first.map_or_else(|| Days::up_to(last, count), |first| Days { first, last });
        match days.count() {
            ..1 => Err(ApiError::invalid_field("start_date", &format!("is after {last}, the last day"))),
            count if count > most_days => {
                let problem = format!("is more than {most_days} days before {last}, the last day");
                Err(ApiError::invalid_field("start_date", &problem))
            }
            _ => Ok(Self { time_zone, today, days }),
        }
    }

    /// The name of the time zone.
    pub(super) fn zone_name(&self) -> &str {
        self.time_zone.iana_name().unwrap_or("UTC")
    }
}

/// A parameter's value; an empty one is none.
fn value(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.find_map(|(key, value)| (key == name).then_some(value));
    found.filter(|value| !value.is_empty()).map(percent_decode)
}

fn zone(name: &str) -> Result<TimeZone, ApiError> {
    let known =
        Some(name).filter(|name| name.len() <= MAX_ZONE_BYTES).and_then(|name| TimeZone::get(name).ok());
    known.ok_or_else(|| {
        ApiError::invalid_field("timezone", "expected the name of a time zone, such as Europe/Berlin")
    })
}

fn day(query: &str, name: &str) -> Result<Option<Date>, ApiError> {
    let wrong = || ApiError::invalid_field(name, "expected a day, such as 2026-11-27");
    let Some(text) = value(query, name) else { return Ok(None) };
    // A whole time would be read as its day; whoever sends one means something else.
    let day = Some(text).filter(|text| text.len() == "2026-11-27".len()).and_then(|text| text.parse().ok());
    day.map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-10-25T23:30:00Z: in Berlin, the 26th has begun.
    const NOW: Timestamp = Timestamp::from_micros(1_792_971_000_000_000);

    fn read(query: &str) -> Result<Ask, ApiError> {
        Ask::read(query, NOW, 90)
    }

    #[test]
    fn days_are_those_of_the_caller() {
        for (query, first, last, zone) in [
            ("", "2026-09-26", "2026-10-25", "UTC"),
            ("days=1", "2026-10-25", "2026-10-25", "UTC"),
            ("days=90&_t=17", "2026-07-28", "2026-10-25", "UTC"),
            ("days=2&timezone=Europe%2FBerlin", "2026-10-25", "2026-10-26", "Europe/Berlin"),
            (
                "timezone=Europe/Berlin&days=&end_date=2026-10-01&days=2",
                "2026-09-02",
                "2026-10-01",
                "Europe/Berlin",
            ),
            ("start_date=2026-10-20", "2026-10-20", "2026-10-25", "UTC"),
            ("start_date=2026-01-01&end_date=2026-01-01&days=1", "2026-01-01", "2026-01-01", "UTC"),
            ("end_date=2026-10-26&days=3", "2026-10-24", "2026-10-26", "UTC"),
        ] {
            let ask = read(query).unwrap();
            let days = Days { first: first.parse().unwrap(), last: last.parse().unwrap() };
            assert_eq!((ask.days, ask.zone_name()), (days, zone), "{query}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, field) in [
            ("days=0", "days"),
            ("days=91", "days"),
            ("days=x", "days"),
            ("timezone=Mars/Base", "timezone"),
            ("timezone=..%2F..%2Fetc%2Fpasswd", "timezone"),
            ("start_date=2026-02-30", "start_date"),
            ("end_date=yesterday", "end_date"),
            ("end_date=2026-10-01T00:00:00", "end_date"),
            ("start_date=2026-10-26", "start_date"),
            ("start_date=2026-07-27", "start_date"),
            ("start_date=0001-01-01&end_date=9999-12-31", "start_date"),
        ] {
            let error = read(query).unwrap_err();
            assert_eq!(error.field.as_deref(), Some(field), "{query}: {}", error.message);
        }
    }
}
