//! Members of a request's objects: those that must be there, those that are read later, those that are kept by their
//! whole path.

use super::read::{Str, read, wire};
use crate::error::TranslateError;
use crate::ir::Extra;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A member that has to be there.
pub(crate) fn missing(field: impl Into<String>) -> TranslateError {
    TranslateError::bad_request(field, "is required")
}

/// A string that has to be there and to say something.
pub(crate) fn required<'a>(
    text: Option<Str<'a>>,
    field: impl FnOnce() -> String,
) -> Result<Cow<'a, str>, TranslateError> {
    match text {
        Some(Str(text)) if !text.is_empty() => Ok(text),
        Some(_) => Err(TranslateError::bad_request(field(), "must not be empty")),
        None => Err(missing(field())),
    }
}

/// Keeps the unknown members of `object` by their whole path, which tells the encoder where they stood.
pub(crate) fn nested<'a>(object: &str, extras: Vec<Extra<'a>>, into: &mut Vec<Extra<'a>>) {
    into.extend(
        extras
            .into_iter()
            .map(|extra| Extra { name: Cow::Owned(format!("{object}.{}", extra.name)), json: extra.json }),
    );
}

/// Reads a small member that has been kept as JSON, with its place in front of errors.
pub(crate) fn part_of<'a, T: serde::Deserialize<'a>>(
    field: &str,
    json: &'a RawValue,
) -> Result<T, TranslateError> {
    read(json.get().as_bytes()).map_err(|error| match error {
        TranslateError::BadRequest { field: inner, what } if inner == "body" => {
            TranslateError::bad_request(field, what)
        }
        TranslateError::BadRequest { field: inner, what } => {
            TranslateError::bad_request(format!("{field}.{inner}"), what)
        }
        other => other,
    })
}

/// A value as JSON.
pub(crate) fn raw<T: serde::Serialize + ?Sized>(value: &T) -> Result<Box<RawValue>, TranslateError> {
    serde_json::value::to_raw_value(value).map_err(TranslateError::Encode)
}

/// An object of these members.
pub(crate) fn object<'m>(
    members: impl Iterator<Item = (&'m str, &'m RawValue)>,
) -> Result<Box<RawValue>, TranslateError> {
    struct Object<I>(std::cell::RefCell<I>);
    impl<'m, I: Iterator<Item = (&'m str, &'m RawValue)>> serde::Serialize for Object<I> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(&mut *self.0.borrow_mut())
        }
    }
    raw(&Object(std::cell::RefCell::new(members)))
}

/// A type's name without the date of its version: `web_search_20250305` is `web_search`.
pub(crate) fn undated(kind: &str) -> &str {
    match kind.rsplit_once('_') {
        Some((name, date)) if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => kind,
    }
}

wire! {
    /// A block of which only the type matters.
    TypeIn, "an object" {
        "type" => kind: Str<'a>,
    }
}

/// The type of a block or item.
pub(crate) fn wire_type(json: &RawValue) -> String {
    let read: TypeIn<'_> = serde_json::from_str(json.get()).unwrap_or_default();
    read.kind.unwrap_or_default().0.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_left_out_of_types() {
        assert_eq!(undated("web_search_20250305"), "web_search");
        assert_eq!(undated("file_search"), "file_search");
    }
}
