//! Days somewhere: what a caller asks figures for, and which stretches of time those days are.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, ToSpan, Zoned};
use tollgate_base::Timestamp;
use tollgate_store::LocalStretch;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// Days of a calendar, the first and the last included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Days {
    pub(super) first: Date,
    pub(super) last: Date,
}

impl Days {
    /// So many days up to this one; what the calendar does not reach ends at its end.
    pub(super) fn up_to(last: Date, count: i64) -> Self {
        Self { first: last.saturating_sub((count - 1).days()), last }
    }

    pub(super) fn count(&self) -> i64 {
        number(self.last) - number(self.first) + 1
    }

    pub(super) fn holds(&self, day: i64) -> bool {
        (number(self.first)..=number(self.last)).contains(&day)
    }

    /// The time that these days are at a place, cut where its clocks change. Nothing before 1970 counts.
    pub(super) fn stretches(&self, time_zone: &TimeZone) -> Vec<LocalStretch> {
        let begin = |day: Date| day.to_zoned(time_zone.clone()).and_then(|midnight| midnight.start_of_day());
        let Ok(first) = begin(self.first.max(EPOCH.saturating_add(1.days()))) else { return Vec::new() };
        let end = self.last.tomorrow().and_then(begin).map_or(Instant::MAX, |end| end.timestamp());
        let mut stretches = Vec::new();
        let mut from = first.timestamp();
        while from < end {
            let next = time_zone.following(from).next().map_or(end, |change| change.timestamp().min(end));
            stretches.push(LocalStretch {
                from: Timestamp::from_micros(from.as_microsecond()),
                until: Timestamp::from_micros(next.as_microsecond()),
                offset_s: time_zone.to_offset(from).seconds(),
            });
            from = next;
        }
        stretches
    }
}

/// The days since 1970-01-01.
pub(super) fn number(day: Date) -> i64 {
    day.duration_since(EPOCH).as_hours() / 24
}

/// The day of that number.
pub(super) fn date(number: i64) -> Date {
    let far = jiff::SignedDuration::from_hours(number.saturating_mul(24));
    EPOCH.saturating_add(far)
}

/// The moment as clocks there show it.
pub(super) fn zoned(at: Timestamp, time_zone: &TimeZone) -> Zoned {
    Instant::from_microsecond(at.micros()).unwrap_or(Instant::MAX).to_zoned(time_zone.clone())
}

/// The moment as text, always with the offset and six decimals: some clients read no other form.
pub(super) fn text(at: Timestamp, time_zone: &TimeZone) -> String {
    zoned(at, time_zone).strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(first: &str, last: &str) -> Days {
        Days { first: first.parse().unwrap(), last: last.parse().unwrap() }
    }

    fn stretch(from: &str, until: &str, offset_h: i32) -> LocalStretch {
        let at = |text: &str| Timestamp::from_micros(text.parse::<Instant>().unwrap().as_microsecond());
        LocalStretch { from: at(from), until: at(until), offset_s: offset_h * 3600 }
    }

    #[test]
    fn days_are_cut_where_the_clocks_change() {
        for (place, first, last, expected) in [
            (
                "UTC",
                "2026-10-01",
                "2026-10-01",
                vec![stretch("2026-10-01T00:00:00Z", "2026-10-02T00:00:00Z", 0)],
            ),
            (
                "Europe/Berlin",
                "2026-10-25",
                "2026-10-25",
                vec![
                    stretch("2026-10-24T22:00:00Z", "2026-10-25T01:00:00Z", 2),
                    stretch("2026-10-25T01:00:00Z", "2026-10-25T23:00:00Z", 1),
                ],
            ),
            (
                "America/New_York",
                "2026-03-07",
                "2026-03-08",
                vec![
                    stretch("2026-03-07T05:00:00Z", "2026-03-08T07:00:00Z", -5),
                    stretch("2026-03-08T07:00:00Z", "2026-03-09T04:00:00Z", -4),
                ],
            ),
            // The clocks went on from midnight: that day began at one o'clock.
            (
                "America/Sao_Paulo",
                "2018-11-04",
                "2018-11-04",
                vec![stretch("2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z", -2)],
            ),
            // Samoa had no 30th of December.
            (
                "Pacific/Apia",
                "2011-12-29",
                "2011-12-31",
                vec![
                    stretch("2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", -10),
                    stretch("2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z", 14),
                ],
            ),
        ] {
            let stretches = days(first, last).stretches(&TimeZone::get(place).unwrap());
            assert_eq!(stretches, expected, "{place}");
        }
    }

    #[test]
    fn the_ends_of_the_calendar_hold() {
        for place in ["Pacific/Kiritimati", "Pacific/Niue"] {
            let place = TimeZone::get(place).unwrap();
            assert!(days("-009999-01-01", "1969-12-31").stretches(&place).is_empty());
            let last = days("9999-12-30", "9999-12-31").stretches(&place);
            assert!(last.iter().all(|stretch| stretch.from < stretch.until), "{last:?}");
        }
        assert_eq!(Days::up_to("-009999-01-02".parse().unwrap(), 90).count(), 2);
    }

    #[test]
    fn days_have_numbers() {
        let day: Date = "2026-10-25".parse().unwrap();
        assert_eq!((number(day), date(20_751)), (20_751, day));
        let within = days("2026-10-25", "2026-10-26");
        assert_eq!((within.count(), within.holds(20_750), within.holds(20_752)), (2, false, true));
        assert_eq!(Days::up_to(day, 30).first, "2026-09-26".parse().unwrap());
    }

    #[test]
    fn moments_have_one_form() {
        let at = Timestamp::from_micros(1_792_890_000_000_000);
        assert_eq!(text(at, &TimeZone::UTC), "2026-10-25T01:00:00.000000+00:00");
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        assert_eq!(
            text(at.after(std::time::Duration::from_micros(7)), &shanghai),
            "2026-10-25T09:00:00.000007+08:00"
        );
    }
}
