//! Amounts of money and prices, as integers of nano-dollars.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NANOS_PER_DOLLAR: i64 = 1_000_000_000;
const DECIMALS: usize = 9;

/// A text that is not an amount with at most nine decimals inside the range of 64 bits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal number with at most {1} decimals")]
pub struct DecimalError(pub(crate) String, pub(crate) usize);

/// An amount of money in nano-dollars (1e-9 USD); negative where something is owed.
///
/// Arithmetic is checked: an overflow is `None`, never a wrapped number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount; what a sum is capped at where capping is right.
    pub const MAX: Self = Self(i64::MAX);

    /// The amount of so many nano-dollars.
    #[must_use]
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The amount of so many whole dollars; `None` beyond about 9.2 billion.
    #[must_use]
    pub const fn from_dollars(dollars: i64) -> Option<Self> {
        match dollars.checked_mul(NANOS_PER_DOLLAR) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// The amount in nano-dollars.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The sum, or `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// The difference, or `None` on overflow.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(nanos) => Some(Self(nanos)),
            None => None,
        }
    }

    /// Whether the amount is above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }
}

/// Dollars in decimal, without a currency sign and without trailing zeros: `12.5`, `-0.000000001`, `0`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ZERO {
            // Most buckets of most records.
            return f.pad("0");
        }
        f.pad(&format_decimal(self.0 < 0, self.0.unsigned_abs(), DECIMALS))
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Money({self})")
    }
}

impl FromStr for Money {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        parse_decimal(text, DECIMALS).map(Self)
    }
}

/// A price in nano-dollars per million tokens; never negative.
///
/// In text it is dollars per million tokens, as providers publish it: `3`, `0.075`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TokenPrice(u64);

impl TokenPrice {
    /// Free.
    pub const ZERO: Self = Self(0);

    /// The price of so many nano-dollars per million tokens.
    #[must_use]
    pub const fn from_nanos_per_million(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The price in nano-dollars per million tokens.
    #[must_use]
    pub const fn nanos_per_million(self) -> u64 {
        self.0
    }
}

impl fmt::Display for TokenPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parsing bounds a price to the positive half of i64, so the cast keeps the value.
        f.pad(&format_decimal(false, i64::try_from(self.0).unwrap_or(i64::MAX), DECIMALS))
    }
}

impl fmt::Debug for TokenPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenPrice({self}/M)")
    }
}

impl FromStr for TokenPrice {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let nanos = parse_decimal(text, DECIMALS)?;
        u64::try_from(nanos).map(Self).map_err(|_| DecimalError(text.to_owned(), DECIMALS))
    }
}

macro_rules! serde_as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use serde_as_text;

serde_as_text!(Money);
serde_as_text!(TokenPrice);

/// Writes so many units of 10^-`decimals` as a decimal number without trailing zeros. The magnitude is a number of any
/// width.
#[must_use]
pub fn format_decimal(is_negative: bool, magnitude: impl fmt::Display, decimals: usize) -> String {
    let sign = if is_negative { "-" } else { "" };
    let digits = format!("{magnitude:0width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    match fraction.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

/// Reads a decimal number as units of 10^-`decimals`; more decimals than that, or an overflow, is an error.
pub(crate) fn parse_decimal(text: &str, decimals: usize) -> Result<i64, DecimalError> {
    let wrong = || DecimalError(text.to_owned(), decimals);
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || fraction.len() > decimals {
        return Err(wrong());
    }
    let padded = format!("{}{whole}{fraction:0<decimals$}", if negative { "-" } else { "" });
    padded.parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_writes_decimals() {
        for (text, nanos) in [
            ("0", 0),
            ("12.5", 12_500_000_000),
            ("-0.000000001", -1),
            ("9223372036.854775807", i64::MAX),
            ("-9223372036.854775808", i64::MIN),
        ] {
            assert_eq!(text.parse::<Money>().unwrap(), Money::from_nanos(nanos), "{text}");
            assert_eq!(Money::from_nanos(nanos).to_string(), text);
        }
        assert_eq!("1.50".parse::<Money>().unwrap().to_string(), "1.5");
    }

    #[test]
    fn refuses_what_it_cannot_hold() {
        for text in
            ["", "-", ".5", "5.", "1e3", "+1", "1,5", "0.0000000001", "9223372036.854775808", "$1", "--1"]
        {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
        assert!("-1".parse::<TokenPrice>().is_err());
    }

    #[test]
    fn overflow_is_none() {
        assert_eq!(Money::MAX.checked_add(Money::from_nanos(1)), None);
        assert_eq!(Money::from_nanos(i64::MIN).checked_sub(Money::from_nanos(1)), None);
        assert_eq!(Money::from_dollars(i64::MAX), None);
    }

    proptest! {
        #[test]
        fn money_text_round_trips(nanos in any::<i64>()) {
            let money = Money::from_nanos(nanos);
            prop_assert_eq!(money.to_string().parse::<Money>().unwrap(), money);
        }
    }
}
