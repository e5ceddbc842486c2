//! Values on the command line that are more than one word of text.

use clap::ValueEnum;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Zoned};
use tollgate_base::Timestamp;
use tollgate_pricing::HourlyRates;
use tollgate_routing::{Ability, Funding, HoldMode, OnDisconnect, Pattern, TokenCounting};
use tollgate_translate::family::Family;

/// When a key ends: never, at a point in time, or so long from now.
#[derive(Debug, Clone)]
pub(crate) enum Expiry {
    /// It does not.
    Never,
    /// At this time.
    At(Timestamp),
    /// So long after the command runs.
    After(Span),
}

impl Expiry {
    /// The point in time, seen from `now`.
    ///
    /// # Errors
    /// The time is not representable.
    pub(crate) fn resolve(&self, now: Timestamp) -> Result<Option<Timestamp>, jiff::Error> {
        match self {
            Self::Never => Ok(None),
            Self::At(time) => Ok(Some(*time)),
            Self::After(span) => {
                let now = Zoned::new(jiff::Timestamp::from_microsecond(now.micros())?, TimeZone::UTC);
                Ok(Some(timestamp(&now.checked_add(*span)?)))
            }
        }
    }
}

/// A point in time: a date is its midnight in UTC.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp::from_micros(time.as_microsecond()));
    }
    let midnight = text.parse::<jiff::civil::Date>().and_then(|date| date.to_zoned(TimeZone::UTC));
    midnight.map(|midnight| timestamp(&midnight)).map_err(|_| {
        "expected a date such as 2027-01-31 (UTC), or a time such as 2027-01-31T12:00:00Z".to_owned()
    })
}

/// Rates by the hour as JSON: a list, or one alone.
pub(crate) fn hourly_rates(text: &str) -> Result<HourlyRates, serde_json::Error> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(&format!("[{text}]"));
    }
    serde_json::from_str(text)
}

/// A duration such as `90s`, `1h 30m` or `0s`, in whole seconds.
pub(crate) fn whole_seconds(text: &str) -> Result<u32, String> {
    u32::try_from(duration(text)?.as_secs()).map_err(|_| DURATION.to_owned())
}

/// The same in milliseconds.
pub(crate) fn whole_millis(text: &str) -> Result<u32, String> {
    u32::try_from(duration(text)?.as_millis()).map_err(|_| DURATION.to_owned())
}

const DURATION: &str = "expected a duration such as 90s, 1h or 0s";

fn duration(text: &str) -> Result<jiff::SignedDuration, String> {
    text.parse().map_err(|_| DURATION.to_owned())
}

impl std::str::FromStr for Expiry {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        if let Ok(time) = moment(text) {
            return Ok(Self::At(time));
        }
        match text.parse::<Span>() {
            Ok(span) if span.is_positive() => Ok(Self::After(span)),
            _ => Err("expected never, a time from now such as 30d or 12h, a date such as 2027-01-31 (UTC), \
                      or a time such as 2027-01-31T12:00:00Z"
                .to_owned()),
        }
    }
}

/// A day, or a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PointInTime {
    /// The begin of this day, wherever one is.
    Day(Date),
    /// This time.
    At(Timestamp),
}

impl PointInTime {
    /// The point in time, seen from a place.
    ///
    /// # Errors
    /// The time is not representable.
    pub(crate) fn resolve(self, time_zone: &TimeZone) -> Result<Timestamp, jiff::Error> {
        match self {
            // The first moment of the day: not every day has a midnight.
            Self::Day(date) => Ok(timestamp(&date.to_zoned(time_zone.clone())?.start_of_day()?)),
            Self::At(time) => Ok(time),
        }
    }
}

impl std::str::FromStr for PointInTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(time) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::At(Timestamp::from_micros(time.as_microsecond())));
        }
        // A time without its offset would be taken for a day.
        let date = (text.len() == "2027-01-31".len()).then(|| text.parse().ok()).flatten();
        let expected = "expected a date such as 2027-01-31 or a time such as 2027-01-31T12:00:00Z";
        date.map(Self::Day).ok_or_else(|| expected.to_owned())
    }
}

/// A time zone by its name.
pub(crate) fn time_zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| "expected a name such as Europe/Berlin or UTC".to_owned())
}

/// The name of a time zone that is known.
pub(crate) fn time_zone_name(text: &str) -> Result<String, String> {
    time_zone(text).map(|_| text.to_owned())
}

fn timestamp(zoned: &Zoned) -> Timestamp {
    Timestamp::from_micros(zoned.timestamp().as_microsecond())
}

/// How a group counts tokens; `default` is its platform's way.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum TokenCountingWord {
    /// The platform's way: native for anthropic, off for openai
    Default,
    /// Ask the provider
    Native,
    /// Count here
    Estimate,
    /// Refuse
    Off,
}

impl From<TokenCountingWord> for Option<TokenCounting> {
    fn from(word: TokenCountingWord) -> Self {
        match word {
            TokenCountingWord::Default => None,
            TokenCountingWord::Native => Some(TokenCounting::Native),
            TokenCountingWord::Estimate => Some(TokenCounting::Estimate),
            TokenCountingWord::Off => Some(TokenCounting::Off),
        }
    }
}

/// How much is held for a request.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum HoldWord {
    /// The prompt and the longest answer: a balance cannot be overspent
    Full,
    /// The prompt only: answers at the same time may overspend
    Input,
    /// Nothing: it is enough that something is available
    None,
}

impl From<HoldWord> for HoldMode {
    fn from(word: HoldWord) -> Self {
        match word {
            HoldWord::Full => Self::Full,
            HoldWord::Input => Self::Input,
            HoldWord::None => Self::None,
        }
    }
}

/// Something that not every account can do.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum AbilityWord {
    /// To see pictures
    Vision,
    /// To read documents: PDF and other files
    Documents,
    /// To think where it is asked to
    Thinking,
    /// To call tools
    Tools,
    /// To hold its answer to a JSON schema
    StructuredOutput,
}

impl From<AbilityWord> for Ability {
    fn from(word: AbilityWord) -> Self {
        match word {
            AbilityWord::Vision => Self::Vision,
            AbilityWord::Documents => Self::Documents,
            AbilityWord::Thinking => Self::Thinking,
            AbilityWord::Tools => Self::Tools,
            AbilityWord::StructuredOutput => Self::StructuredOutput,
        }
    }
}

/// From what requests are paid.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FundingWord {
    /// A subscription while one has enough left, else the balance
    SubscriptionFirst,
    /// The balance while it has enough, else a subscription
    BalanceFirst,
    /// Subscriptions only
    Subscription,
    /// The balance only
    Balance,
}

impl From<FundingWord> for Funding {
    fn from(word: FundingWord) -> Self {
        match word {
            FundingWord::SubscriptionFirst => Self::SubscriptionFirst,
            FundingWord::BalanceFirst => Self::BalanceFirst,
            FundingWord::Subscription => Self::Subscription,
            FundingWord::Balance => Self::Balance,
        }
    }
}

/// What becomes of an answer whose caller has left.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OnDisconnectWord {
    /// Read it to its end, within bounds, and charge what it used
    Drain,
    /// Break it off and charge an estimate
    Cancel,
}

impl From<OnDisconnectWord> for OnDisconnect {
    fn from(word: OnDisconnectWord) -> Self {
        match word {
            OnDisconnectWord::Drain => Self::Drain,
            OnDisconnectWord::Cancel => Self::Cancel,
        }
    }
}

/// A provider family, or `auto`: told by the addresses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FamilyWord(pub(crate) Option<Family>);

impl std::str::FromStr for FamilyWord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self(None));
        }
        text.parse().map(|family| Self(Some(family))).map_err(|error| format!("{error}, or auto"))
    }
}

/// `FROM=TO`: callers' name (a pattern) and the provider's.
pub(crate) fn mapping_entry(text: &str) -> Result<(Pattern, String), String> {
    let wrong = || "expected FROM=TO, such as claude-sonnet-*=claude-sonnet-5-5".to_owned();
    let (from, to) = text.split_once('=').ok_or_else(wrong)?;
    if from.is_empty() || to.is_empty() {
        return Err(wrong());
    }
    let from = from.parse().map_err(|error| format!("{from}: {error}"))?;
    Ok((from, to.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_reads_every_form() {
        let now = Timestamp::from_micros(0);
        let resolve = |text: &str| text.parse::<Expiry>().unwrap().resolve(now).unwrap();
        assert_eq!(resolve("never"), None);
        assert_eq!(resolve("1d"), Some(Timestamp::from_micros(86_400_000_000)));
        assert_eq!(resolve("90m"), Some(Timestamp::from_micros(5_400_000_000)));
        assert_eq!(resolve("1970-01-02"), Some(Timestamp::from_micros(86_400_000_000)));
        assert_eq!(resolve("1970-01-01T00:00:01+00:00"), Some(Timestamp::from_micros(1_000_000)));
        for wrong in ["", "soon", "-1d", "0d", "2027-13-01"] {
            assert!(wrong.parse::<Expiry>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn hourly_rates_are_one_or_many() {
        let one = r#"{"time_zone":"UTC","from":"09:00","to":"18:00","rate":"1.5"}"#;
        assert_eq!(hourly_rates(one).unwrap(), hourly_rates(&format!("[{one}]")).unwrap());
        assert!(hourly_rates("[]").unwrap().is_empty());
        assert!(hourly_rates("{}").is_err());
    }

    #[test]
    fn a_day_begins_where_it_is_asked_for() {
        let resolve = |text: &str, zone: &str| {
            text.parse::<PointInTime>().unwrap().resolve(&time_zone(zone).unwrap()).unwrap().seconds()
        };
        assert_eq!(resolve("1970-01-02", "UTC"), 86_400);
        assert_eq!(resolve("1970-01-02", "Europe/Berlin"), 82_800);
        assert_eq!(resolve("1970-01-01T00:00:01Z", "Europe/Berlin"), 1);
        for wrong in ["", "soon", "1970-01-02T10:00:00", "1970-13-01", "30d"] {
            assert!(wrong.parse::<PointInTime>().is_err(), "{wrong}");
        }
        assert!(time_zone_name("Berlin").is_err());
    }

    #[test]
    fn families_have_a_word_for_none() {
        let read = |text: &str| text.parse::<FamilyWord>().map(|word| word.0);
        assert_eq!(read("auto"), Ok(None));
        assert_eq!(read("vllm"), Ok(Some(Family::Vllm)));
        let error = read("acme").unwrap_err();
        assert!(
            error.contains("`acme`") && error.contains("deepseek") && error.ends_with("or auto"),
            "{error}"
        );
    }

    #[test]
    fn mapping_entries_need_both_sides() {
        assert_eq!(mapping_entry("a*=b").unwrap().1, "b");
        for wrong in ["a", "=b", "a="] {
            assert!(mapping_entry(wrong).is_err(), "{wrong}");
        }
    }
}
