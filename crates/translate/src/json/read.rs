//! Reading a request's JSON in one pass: structures that keep the members they do not know, strict strings and tolerant
//! numbers, and errors that say where in the body they are.

use crate::error::TranslateError;
use crate::ir::Extra;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt::{self, Display};
use std::marker::PhantomData;

/// Stands in front of an error's place, so that a place can be told from a message.
const PLACED: char = '\u{1f}';

/// Puts `member` in front of the place of an error. Costs nothing until there is one.
pub(crate) fn at<E: de::Error>(member: impl Display, error: &E) -> E {
    let text = error.to_string();
    match text.strip_prefix(PLACED) {
        Some(placed) => E::custom(format_args!("{PLACED}{member}.{placed}")),
        None => E::custom(format_args!("{PLACED}{member}: {text}")),
    }
}

/// Reads a whole body.
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, TranslateError> {
    let text =
        simdutf8::basic::from_utf8(body).map_err(|_| TranslateError::bad_request("body", "must be UTF-8"))?;
    serde_json::from_str(text).map_err(|error| misplaced(&error))
}

/// The parser's own words hold pieces of the body, so only what was expected is repeated.
fn misplaced(error: &serde_json::Error) -> TranslateError {
    let text = error.to_string();
    let (field, what) = match text.strip_prefix(PLACED) {
        Some(placed) => placed.split_once(": ").unwrap_or((placed, "")),
        None => ("body", text.as_str()),
    };
    let what = what.rsplit_once(" at line ").map_or(what, |(what, _)| what);
    match what.rsplit_once(", expected ") {
        Some((_, expected)) => TranslateError::bad_request(field, format!("must be {expected}")),
        None => TranslateError::bad_request(field, "is not valid JSON"),
    }
}

/// Keeps a member that is not known, unless it says nothing.
pub(crate) fn keep<'a>(
    extras: &mut Vec<Extra<'a>>,
    name: Cow<'a, str>,
    json: &'a serde_json::value::RawValue,
) {
    if json.get() != "null" {
        extras.push(Extra { name, json: Cow::Borrowed(json) });
    }
}

/// Defines a structure as it is on the wire: every member may be absent or null, and members that are not named are kept
/// as extras.
macro_rules! wire {
    ($(#[$meta:meta])* $name:ident, $expecting:literal { $($key:literal => $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Default)]
        pub(super) struct $name<'a> {
            $(pub(super) $field: Option<$type>,)*
            pub(super) extras: Vec<$crate::ir::Extra<'a>>,
        }

        impl<'de: 'a, 'a> serde::Deserialize<'de> for $name<'a> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Members<'a>(std::marker::PhantomData<$name<'a>>);

                impl<'de: 'a, 'a> serde::de::Visitor<'de> for Members<'a> {
                    type Value = $name<'a>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name<'a>, A::Error> {
                        let mut made = $name::default();
                        while let Some($crate::json::Text(key)) = map.next_key::<$crate::json::Text<'a>>()? {
                            match &*key {
                                $($key => {
                                    made.$field = map
                                        .next_value()
                                        .map_err(|error| $crate::json::read::at($key, &error))?;
                                })*
                                _ => {
                                    let json = map.next_value()?;
                                    $crate::json::read::keep(&mut made.extras, key, json);
                                }
                            }
                        }
                        Ok(made)
                    }
                }

                deserializer.deserialize_any(Members(std::marker::PhantomData))
            }
        }
    };
}
pub(crate) use wire;

/// A string, and nothing else.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Str<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// A list whose errors say which element they are in.
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<List<T>, A::Error> {
        elements(seq).map(List)
    }
}

/// Reads a list's elements.
pub(crate) fn elements<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(mut seq: A) -> Result<Vec<T>, A::Error> {
    let mut made = Vec::new();
    while let Some(element) = seq.next_element().map_err(|error| at(made.len(), &error))? {
        made.push(element);
    }
    Ok(made)
}

/// A number, possibly in a string.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number(pub(crate) f64);

/// A whole number that is not negative, possibly in a string or written as `1.0`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whole(pub(crate) u64);

/// A whole number, possibly in a string.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Integer(pub(crate) i64);

/// Implements reading for a number, by a visitor that takes it in every way it is written.
macro_rules! number {
    ($name:ident, $inner:ty, $expecting:literal, $from_u64:expr, $from_i64:expr, $from_f64:expr) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Read;

                impl Visitor<'_> for Read {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }

                    fn visit_u64<E: de::Error>(self, value: u64) -> Result<$name, E> {
                        let read: Option<$inner> = $from_u64(value);
                        read.map($name)
                            .ok_or_else(|| E::invalid_value(de::Unexpected::Unsigned(value), &self))
                    }

                    fn visit_i64<E: de::Error>(self, value: i64) -> Result<$name, E> {
                        let read: Option<$inner> = $from_i64(value);
                        read.map($name).ok_or_else(|| E::invalid_value(de::Unexpected::Signed(value), &self))
                    }

                    fn visit_f64<E: de::Error>(self, value: f64) -> Result<$name, E> {
                        let read: Option<$inner> = $from_f64(value);
                        read.map($name).ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
                    }

                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        let read = text.trim().parse::<$inner>().ok();
                        read.map($name).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
                    }
                }

                deserializer.deserialize_any(Read)
            }
        }
    };
}

#[expect(clippy::cast_precision_loss, reason = "a setting of this size means nothing anyway")]
fn float_of_unsigned(value: u64) -> Option<f64> {
    Some(value as f64)
}

#[expect(clippy::cast_precision_loss, reason = "a setting of this size means nothing anyway")]
fn float_of_signed(value: i64) -> Option<f64> {
    Some(value as f64)
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: whole and in range")]
fn whole(value: f64) -> Option<u64> {
    (value >= 0.0 && value.fract() == 0.0 && value < 1e15).then_some(value as u64)
}

fn integer(value: f64) -> Option<i64> {
    whole(value.abs())
        .and_then(|size| i64::try_from(size).ok())
        .map(|size| if value < 0.0 { -size } else { size })
}

number!(Number, f64, "a number", float_of_unsigned, float_of_signed, finite);
number!(Whole, u64, "a whole number", Some, |value: i64| u64::try_from(value).ok(), whole);
number!(Integer, i64, "a whole number", |value: u64| i64::try_from(value).ok(), Some, integer);

#[cfg(test)]
mod tests {
    use super::*;

    wire! {
        /// A test's.
        Outer, "an object" {
            "list" => list: List<Inner<'a>>,
            "number" => number: Number,
        }
    }
    wire! {
        /// A test's.
        Inner, "an inner object" {
            "text" => text: Str<'a>,
            "count" => count: Whole,
        }
    }

    #[test]
    fn members_are_borrowed_and_strangers_kept() {
        let read: Outer<'_> =
            read(br#"{"list":[{"text":"a","count":"7","x":[1, 2]}],"number":1,"gone":null}"#).unwrap();
        assert!(read.extras.is_empty());
        assert!(read.number.is_some_and(|number| (number.0 - 1.0).abs() < 1e-9));
        let inner = &read.list.unwrap().0[0];
        assert!(matches!(inner.text, Some(Str(Cow::Borrowed("a")))));
        assert_eq!(inner.count.unwrap().0, 7);
        assert_eq!((&*inner.extras[0].name, inner.extras[0].json.get()), ("x", "[1, 2]"));
    }

    #[test]
    fn errors_name_their_place_and_repeat_nothing() {
        for (body, want) in [
            (r#"{"list":[{},{"text":5}]}"#, "list.1.text: must be a string"),
            (r#"{"list":[{},"secret"]}"#, "list.1: must be an inner object"),
            (r#"{"list":{}}"#, "list: must be a list"),
            (r#"{"number":"a, b"}"#, "number: must be a number"),
            (r#"{"list":[{"count":-1}]}"#, "list.0.count: must be a whole number"),
            (r#"{"list":[{"count":1.5}]}"#, "list.0.count: must be a whole number"),
            ("[]", "body: must be an object"),
            (r#"{"list":[{"#, "list.0: is not valid JSON"),
        ] {
            assert_eq!(read::<Outer<'_>>(body.as_bytes()).err().unwrap().to_string(), want, "{body}");
        }
    }
}
