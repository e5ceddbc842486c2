//! The factor a price is multiplied by.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::money::{DecimalError, format_decimal, parse_decimal, serde_as_text};

const DECIMALS: usize = 6;

/// A multiplier of prices, exact to six decimals: `1`, `0.35`, `1.3333`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u32);

impl Rate {
    /// The price as it stands.
    pub const ONE: Self = Self(1_000_000);
    /// What a rate's millionths are counted in.
    pub const MILLIONTHS: u32 = 1_000_000;

    /// The rate of so many millionths.
    #[must_use]
    pub const fn from_millionths(millionths: u32) -> Self {
        Self(millionths)
    }

    /// The rate in millionths.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self::ONE
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format_decimal(false, self.0, DECIMALS))
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rate({self})")
    }
}

impl FromStr for Rate {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let millionths = parse_decimal(text, DECIMALS)?;
        u32::try_from(millionths).map(Self).map_err(|_| DecimalError(text.to_owned(), DECIMALS))
    }
}

serde_as_text!(Rate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_exact_decimals() {
        assert_eq!("0.35".parse::<Rate>().unwrap(), Rate::from_millionths(350_000));
        assert_eq!("1.3333".parse::<Rate>().unwrap().to_string(), "1.3333");
        assert_eq!("1".parse::<Rate>().unwrap(), Rate::ONE);
        assert!("-1".parse::<Rate>().is_err());
        assert!("0.1234567".parse::<Rate>().is_err());
    }
}
