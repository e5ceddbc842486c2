//! Members of a caller's JSON as they are, wrong ones included: a wrong type is told later, with its place, and never
//! stops the one pass over the body.

use super::path::Path;
use crate::error::TranslateError;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A member's value. `null` counts as absent.
#[derive(Debug, Default)]
pub(super) enum Val<T> {
    #[default]
    Absent,
    Is(T),
    Wrong,
}

impl<T> Val<T> {
    pub(super) const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(super) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

impl<'de, T: Shape<'de>> Val<T> {
    /// The value, if there is one.
    pub(super) fn get(self, path: &Path<'_>) -> Result<Option<T>, TranslateError> {
        match self {
            Self::Absent => Ok(None),
            Self::Is(value) => Ok(Some(value)),
            Self::Wrong => Err(path.wrong(format!("must be {}", T::WHAT))),
        }
    }

    /// The value, which must be there.
    pub(super) fn need(self, path: &Path<'_>) -> Result<T, TranslateError> {
        self.get(path)?.ok_or_else(|| path.wrong("is required"))
    }
}

/// A string member.
pub(super) type Str<'a> = Val<Cow<'a, str>>;

impl Str<'_> {
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Is(text) => Some(text),
            _ => None,
        }
    }
}

/// What a value may look like. The shapes that a type does not take give none.
pub(super) trait Shape<'de>: Sized {
    /// For the caller: must be …
    const WHAT: &'static str;

    fn text(_: Cow<'de, str>) -> Option<Self> {
        None
    }

    fn boolean(_: bool) -> Option<Self> {
        None
    }

    fn whole(_: u64) -> Option<Self> {
        None
    }

    fn number(_: f64) -> Option<Self> {
        None
    }

    fn seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn map<A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

impl<'de, T: Shape<'de>> Deserialize<'de> for Val<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValVisitor(PhantomData))
    }
}

struct ValVisitor<T>(PhantomData<T>);

fn val<T, E>(value: Option<T>) -> Result<Val<T>, E> {
    Ok(value.map_or(Val::Wrong, Val::Is))
}

impl<'de, T: Shape<'de>> Visitor<'de> for ValVisitor<T> {
    type Value = Val<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WHAT)
    }

    fn visit_unit<E>(self) -> Result<Val<T>, E> {
        Ok(Val::Absent)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Val<T>, E> {
        val(T::text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Val<T>, E> {
        val(T::text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Val<T>, E> {
        val(T::text(Cow::Owned(text)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Val<T>, E> {
        val(T::boolean(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Val<T>, E> {
        val(T::whole(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "a negative whole number is never a count")]
    fn visit_i64<E>(self, value: i64) -> Result<Val<T>, E> {
        val(T::number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Val<T>, E> {
        val(T::number(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Val<T>, A::Error> {
        val(T::seq(seq)?)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Val<T>, A::Error> {
        val(T::map(map)?)
    }
}

impl<'de> Shape<'de> for Cow<'de, str> {
    const WHAT: &'static str = "a string";

    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(text)
    }
}

impl Shape<'_> for bool {
    const WHAT: &'static str = "a boolean";

    fn boolean(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl<'de> Shape<'de> for u64 {
    const WHAT: &'static str = "a whole number that is not negative";

    fn whole(value: u64) -> Option<Self> {
        Some(value)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
    fn number(value: f64) -> Option<Self> {
        let fits = value >= 0.0 && value.fract().abs() < f64::EPSILON && value < 1e18;
        fits.then_some(value as Self)
    }

    fn text(text: Cow<'de, str>) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl<'de> Shape<'de> for f64 {
    const WHAT: &'static str = "a number";

    #[expect(clippy::cast_precision_loss, reason = "temperatures are small")]
    fn whole(value: u64) -> Option<Self> {
        Some(value as Self)
    }

    fn number(value: f64) -> Option<Self> {
        Some(value)
    }

    fn text(text: Cow<'de, str>) -> Option<Self> {
        text.trim().parse().ok().filter(|value: &Self| value.is_finite())
    }
}

impl<'de, T: Deserialize<'de>> Shape<'de> for Vec<T> {
    const WHAT: &'static str = "a list";

    fn seq<A: SeqAccess<'de>>(mut seq: A) -> Result<Option<Self>, A::Error> {
        let mut list = Self::new();
        while let Some(element) = seq.next_element()? {
            list.push(element);
        }
        Ok(Some(list))
    }
}

/// Defines an object of the wire: the members that are read, and everything else as it came.
macro_rules! object {
    ($(#[$doc:meta])* $name:ident { $($key:literal => $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(super) struct $name<'a> {
            $(pub(super) $field: $type,)*
            /// Other members.
            pub(super) extras: Vec<Extra<'a>>,
        }

        impl<'a> Shape<'a> for $name<'a> {
            const WHAT: &'static str = "an object";

            fn map<A: MapAccess<'a>>(mut map: A) -> Result<Option<Self>, A::Error> {
                let mut object = Self::default();
                while let Some(key) = map.next_key::<Text<'a>>()? {
                    match key.as_str() {
                        $($key => object.$field = map.next_value()?,)*
                        _ => put_aside(&mut object.extras, key, map.next_value()?),
                    }
                }
                Ok(Some(object))
            }
        }
    };
}
pub(super) use object;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_there_absent_or_wrong() {
        let read = |json| serde_json::from_str::<Val<u64>>(json).unwrap();
        assert!(matches!(read("7"), Val::Is(7)));
        assert!(matches!(read("\"7\""), Val::Is(7)));
        assert!(matches!(read("7.0"), Val::Is(7)));
        assert!(matches!(read("null"), Val::Absent));
        for wrong in ["-1", "1.5", "[1]", "{\"a\":[{}]}", "true", "\"x\"", "1e300"] {
            assert!(matches!(read(wrong), Val::Wrong), "{wrong}");
        }
        let list: Val<Vec<Str<'_>>> = serde_json::from_str(r#"["a", 1, null]"#).unwrap();
        assert!(matches!(list, Val::Is(list) if list.len() == 3));
    }
}
