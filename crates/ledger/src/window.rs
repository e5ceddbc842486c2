//! Windows: the stretches of time that a quota counts in, one after the other.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{Span as Step, Timestamp as Instant, ToSpan, Unit, Zoned};
use tollgate_base::Timestamp;

const HOUR_MICROS: i64 = 3_600_000_000;
const MINUTE_MICROS: i64 = 60_000_000;
/// A year and a day; longer windows are months or have no end.
const MOST_HOURS: u32 = 24 * 366;

/// When a quota begins to count anew.
///
/// In text: `total`, a length from the first request on (`5h`, `7d`), or a period with where it begins: a time zone for
/// calendar periods (`day Europe/Berlin`), or a moment that all periods are counted from (`month 2026-01-31T10:00:00Z`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Window {
    /// Never.
    Total,
    /// So many hours after its first request; the next begins with the first request after that.
    Rolling {
        /// Its length.
        hours: u32,
    },
    /// With each period of the calendar.
    Calendar {
        /// Its length; weeks begin on Monday.
        period: Period,
        /// Where it is midnight.
        time_zone: TimeZone,
    },
    /// With each period since an anchor.
    Anchored {
        /// Its length. A month ends at the anchor's day and time of day (UTC), or at the month's last day if it has none such.
        period: Period,
        /// Where the first one begins.
        anchor: Timestamp,
    },
}

/// A period of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// A month.
    Month,
}

/// A stretch of time: from `starts_at` on, before `ends_at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first moment in it.
    pub starts_at: Timestamp,
    /// The first moment behind it; `None` if it never ends.
    pub ends_at: Option<Timestamp>,
}

impl Span {
    /// Whether it is over by then.
    #[must_use]
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| end <= at)
    }
}

impl Window {
    /// The window of a quota that is set now. It counts nothing that came before.
    #[must_use]
    pub fn begin(&self, now: Timestamp) -> Span {
        let ends_at = match self {
            Self::Total => None,
            // Over at once: the first request begins one.
            Self::Rolling { .. } => Some(now),
            Self::Calendar { .. } | Self::Anchored { .. } => self.periodic(now).ends_at,
        };
        Span { starts_at: now, ends_at }
    }

    /// The window that `at` belongs to, where `current` was the last one. A moment before that belongs to no other.
    ///
    /// A rolling window begins with the minute of its first request, so that requests which arrive in another order than
    /// they were made find themselves in the same one.
    #[must_use]
    pub fn at(&self, current: Span, at: Timestamp) -> Span {
        let Some(end) = current.ends_at.filter(|end| *end <= at) else { return current };
        match self {
            Self::Total => current,
            Self::Rolling { hours } => {
                let minute = at.micros() - at.micros().rem_euclid(MINUTE_MICROS);
                let starts_at = Timestamp::from_micros(minute.max(end.micros()));
                let length = i64::from(*hours).saturating_mul(HOUR_MICROS);
                let ends_at = Timestamp::from_micros(starts_at.micros().saturating_add(length));
                Span { starts_at, ends_at: Some(ends_at) }
            }
            Self::Calendar { .. } | Self::Anchored { .. } => self.periodic(at),
        }
    }

    /// The period around a moment. What no calendar reaches never ends.
    fn periodic(&self, at: Timestamp) -> Span {
        let endless = Span { starts_at: at, ends_at: None };
        let found = match self {
            Self::Calendar { period, time_zone } => calendar(*period, time_zone, at),
            Self::Anchored { period, anchor } => anchored(*period, *anchor, at),
            Self::Total | Self::Rolling { .. } => None,
        };
        found.unwrap_or(endless)
    }
}

impl Period {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The name: `day`, `week`, `month`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    fn times(self, count: i64) -> Step {
        match self {
            Self::Day => count.days(),
            Self::Week => count.weeks(),
            Self::Month => count.months(),
        }
    }
}

fn calendar(period: Period, time_zone: &TimeZone, at: Timestamp) -> Option<Span> {
    let today = zoned(at, time_zone.clone())?.start_of_day().ok()?;
    let starts = match period {
        Period::Day => today,
        Period::Week => {
            let since_monday = i64::from(today.weekday().to_monday_zero_offset());
            today.checked_sub(since_monday.days()).ok()?.start_of_day().ok()?
        }
        Period::Month => today.first_of_month().ok()?.start_of_day().ok()?,
    };
    let ends = starts.checked_add(period.times(1)).ok()?.start_of_day().ok()?;
    Some(span(&starts, &ends))
}

fn anchored(period: Period, anchor: Timestamp, at: Timestamp) -> Option<Span> {
    let first = zoned(anchor, TimeZone::UTC)?;
    let now = zoned(at, TimeZone::UTC)?;
    let unit = if period == Period::Month { Unit::Month } else { Unit::Day };
    let gone = first.until((unit, &now)).ok()?;
    let gone = match period {
        Period::Day => i64::from(gone.get_days()),
        Period::Week => i64::from(gone.get_days()).div_euclid(7),
        Period::Month => i64::from(gone.get_months()),
    };
    // Counting back from a moment before the anchor rounds towards it, and months differ in length: the one around `at`
    // is a neighbour at most.
    (gone - 1..=gone + 1).find_map(|count| {
        let starts = first.checked_add(period.times(count)).ok()?;
        let ends = first.checked_add(period.times(count + 1)).ok()?;
        (starts <= now && now < ends).then(|| span(&starts, &ends))
    })
}

fn zoned(at: Timestamp, time_zone: TimeZone) -> Option<Zoned> {
    Some(Instant::from_microsecond(at.micros()).ok()?.to_zoned(time_zone))
}

fn span(starts: &Zoned, ends: &Zoned) -> Span {
    let at = |zoned: &Zoned| Timestamp::from_micros(zoned.timestamp().as_microsecond());
    Span { starts_at: at(starts), ends_at: Some(at(ends)) }
}

/// A text that is not a window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a window: use `total`, a length such as `5h` or `7d` (at most 366 days), or `day`, `week` or `month` \
     with a time zone such as `Europe/Berlin`, or with the time that the first one begins at"
)]
pub struct WindowError(String);

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total => f.write_str("total"),
            Self::Rolling { hours } if hours % 24 == 0 => write!(f, "{}d", hours / 24),
            Self::Rolling { hours } => write!(f, "{hours}h"),
            Self::Calendar { period, time_zone } => {
                write!(f, "{} {}", period.as_str(), time_zone.iana_name().unwrap_or("UTC"))
            }
            Self::Anchored { period, anchor } => {
                let anchor = Instant::from_microsecond(anchor.micros()).unwrap_or_default();
                write!(f, "{} {anchor}", period.as_str())
            }
        }
    }
}

impl FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let wrong = || WindowError(text.to_owned());
        if text == "total" {
            return Ok(Self::Total);
        }
        if let Some((period, begins)) = text.split_once(' ') {
            let period = Period::ALL.into_iter().find(|known| known.as_str() == period).ok_or_else(wrong)?;
            if let Ok(anchor) = begins.parse::<Instant>() {
                let anchor = Timestamp::from_micros(anchor.as_microsecond());
                return Ok(Self::Anchored { period, anchor });
            }
            let time_zone = TimeZone::get(begins).map_err(|_| wrong())?;
            return Ok(Self::Calendar { period, time_zone });
        }
        let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
        let number: u32 = number.parse().map_err(|_| wrong())?;
        let hours = match unit {
            "h" => Some(number),
            "d" => number.checked_mul(24),
            _ => None,
        };
        let hours = hours.filter(|hours| (1..=MOST_HOURS).contains(hours)).ok_or_else(wrong)?;
        Ok(Self::Rolling { hours })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<Instant>().unwrap().as_microsecond())
    }

    fn window(text: &str) -> Window {
        text.parse().unwrap()
    }

    fn from_to(starts: &str, ends: &str) -> Span {
        Span { starts_at: time(starts), ends_at: Some(time(ends)) }
    }

    const OVER: Span =
        Span { starts_at: Timestamp::from_micros(0), ends_at: Some(Timestamp::from_micros(0)) };

    #[test]
    fn text_round_trips_and_what_is_no_window_is_said() {
        for text in ["total", "5h", "1d", "7d", "day Europe/Berlin", "week UTC", "month 2026-01-31T10:00:00Z"]
        {
            assert_eq!(window(text).to_string(), text);
        }
        assert_eq!(window("24h").to_string(), "1d");
        for text in ["", "h", "0h", "-1h", "5", "5m", "367d", "day", "year UTC", "day Berlin/Europe", "5é"] {
            let error = text.parse::<Window>().unwrap_err();
            assert!(error.to_string().contains("is not a window"), "{text}");
        }
    }

    #[test]
    fn the_calendar_has_days_of_23_and_25_hours() {
        for (text, at, starts, ends) in [
            ("day Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            ("day Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            ("week UTC", "2026-11-27T17:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
            ("week UTC", "2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"),
            ("month Asia/Shanghai", "2026-11-30T16:00:00Z", "2026-11-30T16:00:00Z", "2026-12-31T16:00:00Z"),
            (
                "month America/New_York",
                "2026-03-31T12:00:00Z",
                "2026-03-01T05:00:00Z",
                "2026-04-01T04:00:00Z",
            ),
        ] {
            assert_eq!(window(text).at(OVER, time(at)), from_to(starts, ends), "{text} {at}");
        }
    }

    #[test]
    fn anchored_periods_are_counted_from_their_anchor() {
        for (text, at, starts, ends) in [
            (
                "month 2026-01-31T10:00:00Z",
                "2026-02-28T09:59:59Z",
                "2026-01-31T10:00:00Z",
                "2026-02-28T10:00:00Z",
            ),
            (
                "month 2026-01-31T10:00:00Z",
                "2026-02-28T10:00:00Z",
                "2026-02-28T10:00:00Z",
                "2026-03-31T10:00:00Z",
            ),
            (
                "month 2026-01-31T10:00:00Z",
                "2026-04-30T10:00:00Z",
                "2026-04-30T10:00:00Z",
                "2026-05-31T10:00:00Z",
            ),
            (
                "week 2026-11-25T08:30:00Z",
                "2026-12-02T08:29:59Z",
                "2026-11-25T08:30:00Z",
                "2026-12-02T08:30:00Z",
            ),
            (
                "day 2026-11-25T08:30:00Z",
                "2026-11-24T08:00:00Z",
                "2026-11-23T08:30:00Z",
                "2026-11-24T08:30:00Z",
            ),
        ] {
            assert_eq!(window(text).at(OVER, time(at)), from_to(starts, ends), "{text} {at}");
        }
    }

    #[test]
    fn a_rolling_window_begins_with_the_minute_of_its_first_request() {
        let five_hours = window("5h");
        let set = five_hours.begin(time("2026-11-27T10:00:30Z"));
        assert!(set.is_over(time("2026-11-27T10:00:30Z")));
        let first = five_hours.at(set, time("2026-11-27T10:00:45Z"));
        assert_eq!(first, from_to("2026-11-27T10:00:30Z", "2026-11-27T15:00:30Z"), "not before it was set");
        assert_eq!(five_hours.at(first, time("2026-11-27T15:00:29Z")), first);
        let next = five_hours.at(first, time("2026-11-27T18:20:59Z"));
        assert_eq!(next, from_to("2026-11-27T18:20:00Z", "2026-11-27T23:20:00Z"));
        assert_eq!(
            five_hours.at(next, time("2026-11-27T12:00:00Z")),
            next,
            "what is late opens no old window"
        );
    }

    #[test]
    fn a_total_never_ends() {
        let set = Window::Total.begin(time("2026-11-27T10:00:00Z"));
        assert_eq!(Window::Total.at(set, time("2126-11-27T10:00:00Z")), set);
    }

    proptest! {
        #[test]
        fn a_moment_lies_in_its_window(which in 0_usize..8, seconds in 1_500_000_000_i64..4_000_000_000, later in 0_i64..10_000_000) {
            let text = ["5h", "7d", "day Europe/Berlin", "week America/New_York", "month Asia/Shanghai",
                "day 2026-11-25T08:30:00Z", "week 2026-11-25T08:30:00Z", "month 2026-01-31T10:00:00Z"][which];
            let (window, at) = (window(text), Timestamp::from_micros(seconds * 1_000_000));
            let first = window.at(OVER, at);
            prop_assert!(first.starts_at <= at && !first.is_over(at), "{text} {first:?}");
            let at = Timestamp::from_micros(at.micros() + later * 1_000_000);
            let next = window.at(first, at);
            prop_assert!(next.starts_at <= at && !next.is_over(at));
            prop_assert!(next == first || Some(next.starts_at) >= first.ends_at, "windows do not overlap");
        }
    }
}
