//! Hours of the day in a named time zone, and rates that hold in them.
//!
//! Time zones are those of the tz database that is part of the program: the same on every machine, whatever it has
//! installed, so that two gates on one store never disagree.

use std::fmt;
use std::sync::{Arc, LazyLock};

use jiff::civil::Weekday;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tollgate_base::{Rate, Timestamp};

use crate::error::PricingError;
use crate::multipliers::is_factor;

const MINUTES_PER_DAY: u16 = 24 * 60;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A span of the day by the clocks of a time zone, on some days of the week or on all.
///
/// What counts is what a clock on the wall shows there: hours that it shows twice when summer time ends are in the span
/// both times, and hours that it skips are in it at no time. A span that ends before it begins goes on after midnight, and
/// belongs to the day that it began on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hours {
    zone: TimeZone,
    from: Minute,
    to: Minute,
    /// A bit for each day of the week, Monday the lowest.
    days: u8,
}

impl Hours {
    fn contains(&self, at: Timestamp) -> bool {
        let Ok(instant) = jiff::Timestamp::from_microsecond(at.micros()) else { return false };
        let wall = self.zone.to_datetime(instant);
        let minute = minute_of(wall.hour(), wall.minute());
        let (today, yesterday) = (self.is_on(wall.weekday()), self.is_on(wall.weekday().previous()));
        if self.from < self.to {
            return today && (self.from..self.to).contains(&minute);
        }
        (today && minute >= self.from) || (yesterday && minute < self.to)
    }

    fn is_on(&self, day: Weekday) -> bool {
        self.days & bit(day) != 0
    }
}

/// A minute of the day, the end of the day included: `09:30`, `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Minute(u16);

fn minute_of(hour: i8, minute: i8) -> Minute {
    // A clock shows 0 to 23 and 0 to 59.
    Minute(u16::from(hour.unsigned_abs()) * 60 + u16::from(minute.unsigned_abs()))
}

impl Minute {
    fn read(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if !two_digits(hour) || !two_digits(minute) {
            return None;
        }
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        let whole = hour * 60 + minute;
        (minute < 60 && whole <= MINUTES_PER_DAY).then_some(Self(whole))
    }
}

impl fmt::Display for Minute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];
const ALL_DAYS: u8 = 0b111_1111;

const fn bit(day: Weekday) -> u8 {
    match day {
        Weekday::Monday => 1,
        Weekday::Tuesday => 1 << 1,
        Weekday::Wednesday => 1 << 2,
        Weekday::Thursday => 1 << 3,
        Weekday::Friday => 1 << 4,
        Weekday::Saturday => 1 << 5,
        Weekday::Sunday => 1 << 6,
    }
}

/// Rates by the hour: the first one whose hours it is holds.
///
/// In JSON a list: `[{"time_zone":"Asia/Shanghai","from":"00:30","to":"08:30","days":["mon","tue"],"rate":"0.5"}]`.
/// `days` may be left out for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HourlyRates(Arc<[HourlyRate]>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct HourlyRate {
    hours: Hours,
    rate: Rate,
}

impl HourlyRates {
    /// No price list has more.
    pub const MOST: usize = 8;

    /// The rate that holds at this time; `None` if it is none of the hours.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Option<Rate> {
        self.0.iter().find(|one| one.hours.contains(at)).map(|one| one.rate)
    }

    /// Whether no hour is special.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every rate can be a factor on a price.
    ///
    /// # Errors
    /// [`PricingError::BadMultiplier`] for a rate above 100 or finer than a thousandth.
    pub fn validate_as_factors(&self) -> Result<(), PricingError> {
        match self.0.iter().all(|one| is_factor(one.rate)) {
            true => Ok(()),
            false => Err(PricingError::BadMultiplier("hours")),
        }
    }
}

/// For people: `00:30-08:30 Asia/Shanghai mon tue: x 0.5`, one a line.
impl fmt::Display for HourlyRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, HourlyRate { hours, rate }) in self.0.iter().enumerate() {
            let line = if index == 0 { "" } else { "\n" };
            write!(f, "{line}{}-{} {}", hours.from, hours.to, zone_name(&hours.zone))?;
            for day in days_of(hours).into_iter().flatten() {
                write!(f, " {day}")?;
            }
            write!(f, ": x {rate}")?;
        }
        Ok(())
    }
}

/// Every zone that is read has a name.
fn zone_name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// The days that are named; `None` for all of them.
fn days_of(hours: &Hours) -> Option<Vec<&'static str>> {
    let named = DAYS.into_iter().filter(|(_, day)| hours.is_on(*day)).map(|(name, _)| name);
    (hours.days != ALL_DAYS).then(|| named.collect())
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    time_zone: String,
    from: String,
    to: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    days: Option<Vec<String>>,
    rate: Rate,
}

impl Written {
    fn read(self) -> Result<HourlyRate, String> {
        let zone = ZONES
            .get(&self.time_zone)
            .map_err(|_| format!("time_zone: `{}` is no time zone, such as Europe/Berlin", self.time_zone))?;
        let minute = |name: &str, text: &str| {
            Minute::read(text).ok_or_else(|| format!("{name}: `{text}` is no time of day, such as 09:30"))
        };
        let (from, to) = (minute("from", &self.from)?, minute("to", &self.to)?);
        if from == to || from.0 == MINUTES_PER_DAY {
            return Err("from: must be before `to`, or later for a span that goes on after midnight; 00:00 to 24:00 is the whole day".to_owned());
        }
        let days = self.days.map_or(Ok(ALL_DAYS), |days| days_in(&days))?;
        Ok(HourlyRate { hours: Hours { zone, from, to, days }, rate: self.rate })
    }
}

fn days_in(names: &[String]) -> Result<u8, String> {
    if names.is_empty() {
        return Err("days: name at least one, or leave it out for all".to_owned());
    }
    names.iter().try_fold(0, |days, name| {
        let found = DAYS.iter().find(|(known, _)| known == name);
        let found =
            found.ok_or_else(|| format!("days: `{name}` is none of mon, tue, wed, thu, fri, sat, sun"))?;
        Ok(days | bit(found.1))
    })
}

impl Serialize for HourlyRates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|HourlyRate { hours, rate }| Written {
            time_zone: zone_name(&hours.zone).to_owned(),
            from: hours.from.to_string(),
            to: hours.to.to_string(),
            days: days_of(hours).map(|days| days.into_iter().map(str::to_owned).collect()),
            rate: *rate,
        }))
    }
}

impl<'de> Deserialize<'de> for HourlyRates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Vec::<Written>::deserialize(deserializer)?;
        if written.len() > Self::MOST {
            return Err(serde::de::Error::custom("there are more than eight"));
        }
        let read: Result<Vec<HourlyRate>, String> = written.into_iter().map(Written::read).collect();
        read.map(|rates| Self(rates.into())).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
