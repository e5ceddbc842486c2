//! Text of a conversation, which most requests carry along unread.

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;
use std::ops::Deref;

/// A text, perhaps still as it stands in the caller's JSON: then it is written as it was read, and its escapes are taken
/// apart only for those who look inside.
#[derive(Clone)]
pub struct Wording<'a>(Form<'a>);

#[derive(Clone)]
enum Form<'a> {
    Plain(Cow<'a, str>),
    /// A JSON string without `\u`: every escape of it can be read.
    Quoted {
        json: &'a RawValue,
        plain: OnceCell<Box<str>>,
    },
}

impl<'a> Wording<'a> {
    /// The text of a JSON string; none if it is something else, or holds half a surrogate pair.
    #[must_use]
    pub fn read(json: &'a RawValue) -> Option<Self> {
        let text = json.get().strip_prefix('"')?.strip_suffix('"')?;
        if memchr::memchr(b'\\', text.as_bytes()).is_none() {
            return Some(Self::from(text));
        }
        if memchr::memmem::find(text.as_bytes(), b"\\u").is_some() {
            return serde_json::from_str::<String>(json.get()).ok().map(Self::from);
        }
        Some(Self(Form::Quoted { json, plain: OnceCell::new() }))
    }

    /// The same, borrowing what this one holds.
    #[must_use]
    pub fn borrowed(&self) -> Wording<'_> {
        match &self.0 {
            Form::Plain(text) => Wording::from(&**text),
            Form::Quoted { json, .. } => Wording(Form::Quoted { json, plain: OnceCell::new() }),
        }
    }

    /// Whether it says nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Form::Plain(text) => text.is_empty(),
            // Without an escape it would be plain.
            Form::Quoted { .. } => false,
        }
    }

    /// Whether there is nothing but whitespace in it.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let first = match &self.0 {
            Form::Plain(text) => text.chars().next(),
            Form::Quoted { json, .. } => json.get().chars().nth(1),
        };
        first.is_none_or(|first| first == '\\' || first.is_whitespace()) && self.trim().is_empty()
    }

    /// Adds to the end.
    pub fn push_str(&mut self, more: &str) {
        let mut text = std::mem::take(self).into_cow();
        text.to_mut().push_str(more);
        *self = Self::from(text);
    }

    /// The text itself.
    #[must_use]
    pub fn into_cow(self) -> Cow<'a, str> {
        match self.0 {
            Form::Plain(text) => text,
            Form::Quoted { json, plain } => match plain.into_inner() {
                Some(text) => Cow::Owned(text.into()),
                None => Cow::Owned(unquoted(json)),
            },
        }
    }
}

/// [`Wording::read`] has seen to it that this cannot fail.
fn unquoted(json: &RawValue) -> String {
    serde_json::from_str(json.get()).unwrap_or_default()
}

impl Deref for Wording<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.0 {
            Form::Plain(text) => text,
            Form::Quoted { json, plain } => plain.get_or_init(|| unquoted(json).into()),
        }
    }
}

impl Default for Wording<'_> {
    fn default() -> Self {
        Self::from("")
    }
}

impl<'a> From<Cow<'a, str>> for Wording<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self(Form::Plain(text))
    }
}

impl<'a> From<&'a str> for Wording<'a> {
    fn from(text: &'a str) -> Self {
        Self(Form::Plain(Cow::Borrowed(text)))
    }
}

impl From<String> for Wording<'_> {
    fn from(text: String) -> Self {
        Self(Form::Plain(Cow::Owned(text)))
    }
}

impl fmt::Debug for Wording<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Wording<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl PartialEq for Wording<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl PartialEq<str> for Wording<'_> {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Wording<'_> {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl Serialize for Wording<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Plain(text) => serializer.serialize_str(text),
            Form::Quoted { json, .. } => json.serialize(serializer),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Wording<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&'de RawValue>::deserialize(deserializer)?;
        Self::read(json).ok_or_else(|| de::Error::custom("something else, expected a string"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<Wording<'_>> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn what_nobody_looks_at_is_written_as_it_was_read() {
        for json in [r#""plain""#, r#""a\n\"b\"\t\/c\\""#, r#""""#] {
            let text = read(json).unwrap();
            assert_eq!(*text, serde_json::from_str::<String>(json).unwrap());
            assert_eq!(serde_json::to_string(&text).unwrap(), json);
            assert_eq!(serde_json::to_string(&text.borrowed()).unwrap(), json);
            assert_eq!(text.is_empty(), json == r#""""#);
        }
    }

    #[test]
    fn only_strings_that_say_something_are_read() {
        assert_eq!(read(r#""caf\u00e9 \ud83d\ude00""#).unwrap(), "café 😀");
        for json in ["5", "null", "{}", r#""\ud83d""#] {
            assert!(read(json).is_none(), "{json}");
        }
    }

    #[test]
    fn blank_is_told_without_and_with_escapes() {
        for (json, blank) in [
            (r#""""#, true),
            (r#"" ""#, true),
            (r#""\n \t""#, true),
            (r#""\n a""#, false),
            (r#""a\n""#, false),
            ("\"\u{a0}\"", true),
        ] {
            assert_eq!(read(json).unwrap().is_blank(), blank, "{json}");
        }
    }

    #[test]
    fn what_is_added_stands_at_the_end() {
        let mut text = read(r#""a\n""#).unwrap();
        text.push_str("b");
        assert_eq!(text, "a\nb");
        assert_eq!(read(r#""a\n""#).unwrap().into_cow(), "a\n");
    }
}
