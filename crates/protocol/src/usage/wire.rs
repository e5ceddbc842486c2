//! Forgiving pieces to read vendors' JSON with: a member of the wrong type counts as missing.
//!
//! One odd member must not cost the whole usage of a request, so nothing here fails on well-formed JSON.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A count: a number, a whole float or digits in a string. Negative numbers and everything else are no count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Count(pub(super) Option<u64>);

impl Count {
    /// Takes `later` over unless it says nothing.
    pub(super) fn update(&mut self, later: Self) {
        if later.0.is_some() {
            *self = later;
        }
    }

    pub(super) fn or_zero(self) -> u64 {
        self.0.unwrap_or(0)
    }
}

/// A text, borrowed where it has no escapes. An empty one is no text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

impl Text<'_> {
    pub(super) fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Copies the text into `slot` unless there is none.
    pub(super) fn update(&self, slot: &mut Option<String>) {
        if let Some(text) = &self.0 {
            *slot = Some(text.clone().into_owned());
        }
    }

    pub(super) fn owned(self) -> Option<String> {
        self.0.map(Cow::into_owned)
    }
}

/// Whether the value holds something: a text, list or object that is not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Filled(pub(super) bool);

/// An object, or the default if the value is not an object.
#[derive(Debug, Clone, Default)]
pub(super) struct Object<T>(pub(super) T);

/// An object or nothing.
#[derive(Debug, Clone)]
pub(super) struct Maybe<T>(pub(super) Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

/// A list, empty if the value is not one.
#[derive(Debug, Clone)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Reads a value of any type; the types below say what they make of each.
trait Reading<'de>: Default {
    fn number(self, _: u64) -> Self {
        self
    }
    fn text(self, _: Cow<'de, str>) -> Self {
        self
    }
    fn list<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self)
    }
    fn object<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self)
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Reading<'de>> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(T::default().number(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(u64::try_from(value).map_or_else(|_| T::default(), |value| T::default().number(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<T, E> {
        // Exact up to 2^53, and the cast saturates; NaN and infinities do not occur in JSON.
        let whole = value >= 0.0 && value.fract() == 0.0;
        Ok(if whole { T::default().number(value as u64) } else { T::default() })
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<T, E> {
        Ok(T::default().text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(T::default().text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        T::default().list(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::default().object(members)
    }
}

macro_rules! read_any {
    ($type:ty $(, $generic:ident : $bound:path)?) => {
        impl<'de $(, $generic: $bound)?> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Any(PhantomData))
            }
        }
    };
}

read_any!(Count);
read_any!(Filled);
read_any!(List<T>, T: Deserialize<'de>);
read_any!(Maybe<T>, T: Deserialize<'de>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any::<Text<'de>>(PhantomData))
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Maybe::deserialize(deserializer).map(|maybe: Maybe<T>| Self(maybe.0.unwrap_or_default()))
    }
}

impl<'de> Reading<'de> for Count {
    fn number(self, value: u64) -> Self {
        Self(Some(value))
    }
    fn text(self, value: Cow<'de, str>) -> Self {
        Self(value.parse().ok())
    }
}

impl<'de> Reading<'de> for Text<'de> {
    fn text(self, value: Cow<'de, str>) -> Self {
        Self(Some(value).filter(|value| !value.is_empty()))
    }
}

impl<'de> Reading<'de> for Filled {
    fn text(self, value: Cow<'de, str>) -> Self {
        Self(!value.is_empty())
    }
    fn list<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        let first = items.next_element::<IgnoredAny>()?.is_some();
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self(first))
    }
    fn object<A: MapAccess<'de>>(self, mut members: A) -> Result<Self, A::Error> {
        let first = members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some();
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self(first))
    }
}

impl<'de, T: Deserialize<'de>> Reading<'de> for List<T> {
    fn list<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Self, A::Error> {
        while let Some(item) = items.next_element::<Maybe<T>>()? {
            self.0.extend(item.0);
        }
        Ok(self)
    }
}

impl<'de, T: Deserialize<'de>> Reading<'de> for Maybe<T> {
    fn object<A: MapAccess<'de>>(self, members: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(|value| Self(Some(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_forgive_every_type() {
        for (json, expected) in [
            ("7", Some(7)),
            ("0", Some(0)),
            ("-1", None),
            ("12.0", Some(12)),
            ("12.5", None),
            ("1e3", Some(1000)),
            ("\"42\"", Some(42)),
            ("\"x\"", None),
            ("null", None),
            ("true", None),
            ("[1,[2]]", None),
            ("{\"a\":{}}", None),
        ] {
            assert_eq!(serde_json::from_str::<Count>(json).unwrap().0, expected, "{json}");
        }
    }

    #[test]
    fn texts_borrow_unless_escaped() {
        assert!(matches!(serde_json::from_str("\"ab\"").unwrap(), Text(Some(Cow::Borrowed("ab")))));
        assert_eq!(serde_json::from_str::<Text<'_>>(r#""a\n""#).unwrap().as_str(), Some("a\n"));
        assert_eq!(serde_json::from_str::<Text<'_>>("\"\"").unwrap().as_str(), None);
        assert_eq!(serde_json::from_str::<Text<'_>>("[\"a\"]").unwrap().as_str(), None);
    }

    #[test]
    fn filled_means_not_empty() {
        for (json, expected) in
            [("\"\"", false), ("\"a\"", true), ("[]", false), ("[0,1]", true), ("{}", false)]
        {
            assert_eq!(serde_json::from_str::<Filled>(json).unwrap().0, expected, "{json}");
        }
    }

    #[test]
    fn lists_skip_what_is_no_object() {
        #[derive(serde::Deserialize)]
        struct Item {
            a: Count,
        }
        let list: List<Item> = serde_json::from_str(r#"[{"a":1},null,3,{"a":"2"}]"#).unwrap();
        assert_eq!(list.0.iter().map(|item| item.a.or_zero()).collect::<Vec<_>>(), [1, 2]);
        assert!(serde_json::from_str::<List<Item>>("\"x\"").unwrap().0.is_empty());
    }
}
