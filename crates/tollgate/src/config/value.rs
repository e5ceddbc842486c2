//! Values as a source gives them, and the types they are read as.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use tollgate_base::{Money, Secret, TokenPrice};

/// A value before it is known what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Raw {
    /// Untyped text from the environment or a flag.
    Word(String),
    /// A TOML string.
    Text(String),
    /// A TOML integer; `None` beyond 128 bits.
    Integer(Option<i128>),
    /// A TOML float, as it was written: money is never read through a binary fraction.
    Decimal(String),
    /// A TOML boolean.
    Boolean(bool),
    /// A TOML array.
    List(Vec<Raw>),
    /// A TOML date or table.
    Other(&'static str),
}

impl Raw {
    /// The text of a word or string.
    fn text(&self) -> Option<&str> {
        match self {
            Self::Word(text) | Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn integer(&self) -> Option<i128> {
        match self {
            Self::Word(text) => text.parse().ok(),
            Self::Integer(number) => *number,
            _ => None,
        }
    }
}

/// What was found, for an error message.
impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) => write!(f, "`{text}`"),
            Self::Text(text) => write!(f, "the string {text:?}"),
            Self::Integer(Some(number)) => write!(f, "the integer {number}"),
            Self::Integer(None) => f.write_str("a very large integer"),
            Self::Decimal(text) => write!(f, "the number {text}"),
            Self::Boolean(value) => write!(f, "the boolean {value}"),
            Self::List(_) => f.write_str("an array"),
            Self::Other(kind) => write!(f, "a {kind}"),
        }
    }
}

/// A type a key can have.
pub(crate) trait Setting: Sized {
    /// The type in two or three words, for the reference.
    const KIND: &'static str;
    /// What is expected, with an article, for an error message.
    const EXPECTED: &'static str;
    /// Whether the value must not be shown.
    const SECRET: bool = false;

    /// Reads a value; `None` if it is not one of this type.
    fn read(raw: &Raw) -> Option<Self>;
}

macro_rules! setting {
    ($Type:ty, $kind:literal, $expected:literal, |$raw:ident| $read:expr) => {
        impl Setting for $Type {
            const KIND: &'static str = $kind;
            const EXPECTED: &'static str = $expected;

            fn read($raw: &Raw) -> Option<Self> {
                $read
            }
        }
    };
}

/// A duration in whole milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Millis(u64);

impl Millis {
    /// The duration.
    pub(crate) const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// One readable line an event.
    Text,
    /// One JSON object an event.
    Json,
}

/// Directives that pick which events are logged: `info`, or `info,tollgate_gateway=debug`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogFilter(String);

impl LogFilter {
    /// The directives as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether HTTP/2 is offered to upstreams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Http2 {
    /// HTTP/2 where the upstream's TLS chooses it.
    Auto,
    /// HTTP/1.1 only.
    Never,
}

setting!(SocketAddr, "address:port", "an IP address and port such as `127.0.0.1:8787`", |raw| {
    raw.text()?.parse().ok()
});
setting!(PathBuf, "path", "a path", |raw| Some(raw.text()?)
    .filter(|text| !text.is_empty())
    .map(PathBuf::from));
setting!(bool, "boolean", "`true` or `false`", |raw| match raw {
    Raw::Boolean(value) => Some(*value),
    Raw::Word(text) => text.parse().ok(),
    _ => None,
});
setting!(usize, "integer", "an integer of at least 0", |raw| usize::try_from(raw.integer()?).ok());
setting!(NonZeroUsize, "integer", "an integer of at least 1", |raw| {
    NonZeroUsize::new(usize::try_from(raw.integer()?).ok()?)
});
setting!(NonZeroU64, "integer", "an integer of at least 1", |raw| {
    NonZeroU64::new(u64::try_from(raw.integer()?).ok()?)
});
setting!(Millis, "milliseconds", "an integer of at least 1 (milliseconds)", |raw| {
    u64::try_from(raw.integer()?).ok().filter(|ms| *ms > 0).map(Millis)
});
setting!(LogFormat, "`text` or `json`", "`text` or `json`", |raw| match raw.text()? {
    "text" => Some(Self::Text),
    "json" => Some(Self::Json),
    _ => None,
});
setting!(Http2, "`auto` or `never`", "`auto` or `never`", |raw| match raw.text()? {
    "auto" => Some(Self::Auto),
    "never" => Some(Self::Never),
    _ => None,
});
setting!(
    LogFilter,
    "log filter",
    "a level (`off`, `error`, `warn`, `info`, `debug`, `trace`), with `target=level` for exceptions",
    |raw| read_filter(raw.text()?)
);
setting!(TokenPrice, "decimal", "dollars per million tokens, such as `3` or `0.075`", |raw| decimal(raw));
setting!(Money, "decimal", "an amount in dollars, such as `10` or `0.01`", |raw| decimal(raw));

impl Setting for Secret<String> {
    const KIND: &'static str = "secret text";
    const EXPECTED: &'static str = "text that is not empty";
    const SECRET: bool = true;

    fn read(raw: &Raw) -> Option<Self> {
        raw.text().filter(|text| !text.is_empty()).map(Self::from)
    }
}

impl Setting for Vec<IpNet> {
    const KIND: &'static str = "list of CIDR";
    const EXPECTED: &'static str = "a list of networks such as `10.0.0.0/8` or `fd00::/8`";

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Word(text) => {
                text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(network).collect()
            }
            Raw::List(items) => items.iter().map(|item| network(item.text()?)).collect(),
            _ => None,
        }
    }
}

/// Absent, or empty, is `None`.
impl<T: Setting> Setting for Option<T> {
    const KIND: &'static str = T::KIND;
    const EXPECTED: &'static str = T::EXPECTED;
    const SECRET: bool = T::SECRET;

    fn read(raw: &Raw) -> Option<Self> {
        if raw.text() == Some("") { Some(None) } else { T::read(raw).map(Some) }
    }
}

/// A network, or a single address as the network that holds only it.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn decimal<T: std::str::FromStr>(raw: &Raw) -> Option<T> {
    match raw {
        Raw::Integer(number) => (*number)?.to_string().parse().ok(),
        Raw::Decimal(text) => text.parse().ok(),
        _ => raw.text()?.parse().ok(),
    }
}

/// Checks the directives one by one: the subscriber's own parser takes a misspelt level for a target's name.
fn read_filter(text: &str) -> Option<LogFilter> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let known = |directive: &str| {
        let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level);
        LEVELS.contains(&level.trim().to_ascii_lowercase().as_str())
    };
    let good = text.split(',').all(known) && tracing_subscriber::EnvFilter::try_new(text).is_ok();
    good.then(|| LogFilter(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str) -> Raw {
        Raw::Word(text.to_owned())
    }

    #[test]
    fn words_become_every_type() {
        assert_eq!(Millis::read(&word("250")).unwrap().duration(), Duration::from_millis(250));
        assert_eq!(bool::read(&word("true")), Some(true));
        assert_eq!(Option::<PathBuf>::read(&word("")), Some(None));
        assert_eq!(
            Vec::<IpNet>::read(&word("10.0.0.0/8, ::1")).unwrap(),
            ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]
        );
        assert_eq!(Vec::<IpNet>::read(&word("")), Some(Vec::new()));
        assert_eq!(TokenPrice::read(&Raw::Decimal("0.075".into())), "0.075".parse().ok());
        assert_eq!(TokenPrice::read(&Raw::Integer(Some(3))), "3".parse().ok());
    }

    #[test]
    fn other_values_are_refused() {
        assert_eq!(Millis::read(&word("0")), None);
        assert_eq!(usize::read(&Raw::Text("5".into())), None, "a quoted number in a file is not a number");
        assert_eq!(NonZeroUsize::read(&Raw::Integer(Some(0))), None);
        assert_eq!(usize::read(&Raw::Integer(Some(-1))), None);
        assert_eq!(SocketAddr::read(&word("8787")), None);
        assert_eq!(PathBuf::read(&word("")), None);
        assert_eq!(TokenPrice::read(&word("-1")), None);
        assert!(Vec::<IpNet>::read(&Raw::List(vec![Raw::Integer(Some(1))])).is_none());
    }

    #[test]
    fn log_filters_are_checked_level_by_level() {
        for good in ["info", "WARN", "info,tollgate_gateway=debug", "hyper=off,trace"] {
            assert!(LogFilter::read(&word(good)).is_some(), "{good}");
        }
        for bad in ["", "verbose", "info,hyper=loud", "inf o"] {
            assert!(LogFilter::read(&word(bad)).is_none(), "{bad}");
        }
    }
}
