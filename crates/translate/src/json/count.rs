//! A token count as providers write it.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A count. Some providers write it as a string, as a float, as a negative number when they do not know, or as null:
/// what cannot be a count is none, since usage never makes an answer unreadable.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) Option<u64>);

impl Count {
    pub(crate) fn or_zero(self) -> u64 {
        self.0.unwrap_or(0)
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor).map(Self)
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count")
    }

    fn visit_u64<E>(self, value: u64) -> Result<Option<u64>, E> {
        Ok(Some(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Option<u64>, E> {
        Ok(u64::try_from(value).ok())
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
    fn visit_f64<E>(self, value: f64) -> Result<Option<u64>, E> {
        Ok((value >= 0.0).then_some(value as u64))
    }

    fn visit_str<E>(self, value: &str) -> Result<Option<u64>, E> {
        Ok(value.trim().parse().ok())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<u64>, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<u64>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<u64>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_a_count_or_none() {
        for (json, want) in [
            ("7", Some(7)),
            (r#""7""#, Some(7)),
            ("7.0", Some(7)),
            ("-1", None),
            ("-1.5", None),
            ("null", None),
            ("{}", None),
            ("[1]", None),
            (r#""x""#, None),
            ("18446744073709551615", Some(u64::MAX)),
            ("1e300", Some(u64::MAX)),
        ] {
            assert_eq!(serde_json::from_str::<Count>(json).unwrap(), Count(want), "{json}");
        }
    }
}
