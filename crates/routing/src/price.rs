//! What models cost: by place, and from when on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tollgate_base::{AccountId, Timestamp};
use tollgate_pricing::{HourlyRates, ModelPrice, Multipliers};
use tollgate_protocol::Protocol;
use tollgate_translate::family::Family;

use crate::account::Account;
use crate::error::RoutingError;

/// Where alone a price holds. In text `account:<id>` or `family:<name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PricePlace {
    /// At one account.
    Account(AccountId),
    /// At every account of a provider family.
    Family(Family),
}

impl fmt::Display for PricePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Family(family) => write!(f, "family:{family}"),
        }
    }
}

impl FromStr for PricePlace {
    type Err = RoutingError;

    fn from_str(text: &str) -> Result<Self, RoutingError> {
        let read = |text: &str| match text.split_once(':')? {
            ("account", id) => id.parse().ok().map(Self::Account),
            ("family", name) => name.parse().ok().map(Self::Family),
            _ => None,
        };
        read(text).ok_or_else(|| RoutingError::UnknownWord {
            what: "place of a price",
            text: text.to_owned(),
            accepted: "account:<id>, family:<name>",
        })
    }
}

impl Serialize for PricePlace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PricePlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One version of what a model costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceVersion {
    /// The number; unique among all models, growing with every change. A usage record says which one it was charged at.
    pub version: i64,
    /// Where it holds; `None` is everywhere that has no price of its own.
    pub place: Option<PricePlace>,
    /// From when on.
    pub from: Timestamp,
    /// The price.
    pub price: ModelPrice,
    /// What its token prices are multiplied by in some hours.
    pub hours: HourlyRates,
}

impl PriceVersion {
    /// The price of a request that came in at this time.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> ModelPrice {
        let multipliers = Multipliers { hour: self.hours.at(at), ..self.price.multipliers };
        ModelPrice { multipliers, ..self.price }
    }
}

/// The versions of a model's price that are in force, that come, and that were lately.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Prices(Vec<PriceVersion>);

impl Prices {
    /// These versions, in any order.
    #[must_use]
    pub fn new(mut versions: Vec<PriceVersion>) -> Self {
        versions.sort_by_key(|version| (version.from, version.version));
        Self(versions)
    }

    /// All of them, by when they begin.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &PriceVersion> {
        self.0.iter()
    }

    /// What is in force in just this place at a time: the version that began last. Of two that begin together, the later
    /// change counts.
    #[must_use]
    pub fn at(&self, place: Option<PricePlace>, at: Timestamp) -> Option<&PriceVersion> {
        self.iter().rev().find(|version| version.place == place && version.from <= at)
    }

    /// Whether some of them hold in one place only.
    pub(crate) fn differ_by_place(&self) -> bool {
        self.0.iter().any(|version| version.place.is_some())
    }

    /// What a request costs that came in at a time and is answered by this account in this protocol: by the account's own
    /// price, else its family's, else the model's.
    #[must_use]
    pub fn for_account(&self, account: &Account, protocol: Protocol, at: Timestamp) -> Option<&PriceVersion> {
        if self.differ_by_place() {
            let places = [PricePlace::Account(account.id), PricePlace::Family(account.family_for(protocol))];
            if let Some(own) = places.into_iter().find_map(|place| self.at(Some(place), at)) {
                return Some(own);
            }
        }
        self.at(None, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{account, price_version};
    use tollgate_base::Rate;

    const fn time(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn version(version: i64, place: Option<PricePlace>, from: i64) -> PriceVersion {
        PriceVersion { version, place, from: time(from), ..price_version() }
    }

    #[test]
    fn a_version_holds_from_its_time_on_until_the_next() {
        // The second was set to come; the third was set later to hold until then, the fourth mends the second.
        let prices = Prices::new(vec![
            version(1, None, 10),
            version(2, None, 100),
            version(3, None, 50),
            version(4, None, 100),
        ]);
        let at = |micros| prices.at(None, time(micros)).map(|version| version.version);
        assert_eq!(
            [at(9), at(10), at(49), at(50), at(99), at(100)],
            [None, Some(1), Some(1), Some(3), Some(3), Some(4)]
        );
    }

    #[test]
    fn an_accounts_own_price_comes_first_and_its_familys_next() {
        let (one, other) = (account(1), Account { family: Some(Family::Deepseek), ..account(2) });
        let prices = Prices::new(vec![
            version(1, None, 0),
            version(2, Some(PricePlace::Account(one.id)), 10),
            version(3, Some(PricePlace::Family(Family::Deepseek)), 20),
            version(4, Some(PricePlace::Account(other.id)), 30),
        ]);
        let at = |account: &Account, micros| {
            prices.for_account(account, Protocol::Chat, time(micros)).map(|version| version.version)
        };
        assert_eq!([at(&one, 9), at(&one, 10), at(&one, 99)], [Some(1), Some(2), Some(2)]);
        assert_eq!([at(&other, 9), at(&other, 20), at(&other, 30)], [Some(1), Some(3), Some(4)]);
        assert_eq!(at(&account(3), 99), Some(1));
        assert_eq!(Prices::default().for_account(&one, Protocol::Chat, time(9)), None);
    }

    #[test]
    fn the_hour_of_the_request_is_a_factor() {
        let hours = r#"[{"time_zone":"UTC","from":"00:00","to":"01:00","rate":"0.5"}]"#;
        let night = PriceVersion { hours: serde_json::from_str(hours).unwrap(), ..price_version() };
        let hour = |micros| night.at(time(micros)).multipliers.hour;
        assert_eq!((hour(0), hour(3_600_000_000)), (Some(Rate::from_millionths(500_000)), None));
        assert_eq!(night.at(time(3_600_000_000)), night.price);
    }

    #[test]
    fn places_are_written_and_read() {
        for place in [PricePlace::Account(account(7).id), PricePlace::Family(Family::Openrouter)] {
            assert_eq!(place.to_string().parse(), Ok(place));
            let json = serde_json::to_string(&place).unwrap();
            assert_eq!(serde_json::from_str::<PricePlace>(&json).unwrap(), place);
        }
        for wrong in ["", "account", "account:x", "family:acme", "group:1"] {
            assert!(wrong.parse::<PricePlace>().is_err(), "{wrong}");
        }
    }
}
