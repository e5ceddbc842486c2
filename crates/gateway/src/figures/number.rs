//! Amounts as JSON numbers, written from integers digit by digit: clients expect numbers, and no float is near money.

use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use tollgate_base::{Money, format_decimal};

/// An amount that is shown in dollars; nano-dollars in a wider range than [`Money`], for sums of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dollars(pub(super) i128);

impl Dollars {
    /// The amount, or nothing where something is owed.
    pub(super) fn or_nothing(self) -> Self {
        self.max(Self(0))
    }
}

impl From<Money> for Dollars {
    fn from(money: Money) -> Self {
        Self(money.nanos().into())
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw(self.0, 9, serializer)
    }
}

/// The same amount in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cents(pub(super) Dollars);

impl Serialize for Cents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw(self.0.0, 7, serializer)
    }
}

fn raw<S: Serializer>(units: i128, decimals: usize, serializer: S) -> Result<S::Ok, S::Error> {
    let text = format_decimal(units < 0, units.unsigned_abs(), decimals);
    RawValue::from_string(text).map_err(S::Error::custom)?.serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_kept() {
        for (nanos, dollars, cents) in [
            (0, "0", "0"),
            (1, "0.000000001", "0.0000001"),
            (-1, "-0.000000001", "-0.0000001"),
            (12_500_000_000, "12.5", "1250"),
            (i128::from(i64::MAX) + 1, "9223372036.854775808", "922337203685.4775808"),
        ] {
            assert_eq!(serde_json::to_string(&Dollars(nanos)).unwrap(), dollars);
            assert_eq!(serde_json::to_string(&Cents(Dollars(nanos))).unwrap(), cents);
        }
    }
}
