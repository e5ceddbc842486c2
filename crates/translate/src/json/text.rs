//! A string member, borrowed where possible, tolerant of the other shapes that providers send in its place.

use super::compact;
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// A string that borrows from the input unless it holds escapes.
///
/// Providers send content as a list of `{"type": "text", "text": …}` pieces, and ids as numbers: a list is joined, an
/// object gives its `text` member, a number its digits, and `null` the empty string.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text, or the empty string if there was none.
pub(crate) fn into_cow(text: Option<Text<'_>>) -> Cow<'_, str> {
    text.unwrap_or_default().0
}

/// JSON text from a member that holds it in a string, as OpenAI's protocols do, or as some providers do bare.
pub(crate) fn text_or_json(raw: &RawValue) -> Cow<'_, str> {
    let json = raw.get();
    if json.starts_with('"') {
        return serde_json::from_str::<Text<'_>>(json).unwrap_or_default().0;
    }
    compact(json)
}

/// The text if there is one and it is not empty.
pub(crate) fn non_empty(text: Option<Text<'_>>) -> Option<Cow<'_, str>> {
    text.map(|text| text.0).filter(|text| !text.is_empty())
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(""))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(if value { "true" } else { "false" }))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut joined: Cow<'de, str> = Cow::Borrowed("");
        while let Some(Text(piece)) = seq.next_element::<Text<'de>>()? {
            if joined.is_empty() {
                joined = piece;
            } else {
                joined.to_mut().push_str(&piece);
            }
        }
        Ok(joined)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Cow::Borrowed("");
        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
            if key == "text" {
                found = map.next_value::<Text<'de>>()?.0;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_string_is_borrowed_and_an_escaped_one_owned() {
        let text: Text<'_> = serde_json::from_str(r#""abc""#).unwrap();
        assert!(matches!(text.0, Cow::Borrowed("abc")));
        let text: Text<'_> = serde_json::from_str(r#""a\nc""#).unwrap();
        assert_eq!(text.0, "a\nc");
    }

    #[test]
    fn other_shapes_become_text() {
        for (json, want) in [
            ("null", ""),
            ("12", "12"),
            ("-3", "-3"),
            ("true", "true"),
            ("[]", ""),
            (
                r#"[{"type":"text","text":"a"},"b",{"type":"image_url","image_url":{"url":"x"}},{"text":"c"}]"#,
                "abc",
            ),
            (r#"{"a":[1,{}]}"#, ""),
        ] {
            let text: Text<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(text.0, want, "{json}");
        }
    }
}
