//! `tollgate statement`.

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

use super::words::{PointInTime, time_zone};

/// `tollgate statement`.
#[derive(Debug, Args)]
pub(crate) struct StatementArgs {
    /// Whose: a user's name or id
    pub(crate) user: String,
    #[command(flatten)]
    pub(crate) period: PeriodFields,
    /// How it is printed
    #[arg(long, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: StatementFormat,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
}

/// A period of time.
#[derive(Debug, Args)]
pub(crate) struct PeriodFields {
    /// From this day or time on: 2027-01-31 or 2027-01-31T12:00:00Z [default: from the beginning]
    #[arg(long, value_name = "WHEN")]
    pub(crate) from: Option<PointInTime>,
    /// Up to this day or time, which is not in it any more [default: until now]
    #[arg(long, value_name = "WHEN")]
    pub(crate) to: Option<PointInTime>,
    /// Where days begin, such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = time_zone)]
    pub(crate) time_zone: TimeZone,
}

/// How a statement is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatementFormat {
    /// For people
    Text,
    /// For spreadsheets (RFC 4180)
    Csv,
    /// For programs
    Json,
}
