//! Finds the members and elements of one value in a JSON text, and looks at nothing below them.

use crate::{Member, Span};

/// What a value is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    String,
    Null,
    /// A number or a boolean.
    Scalar,
}

/// The kind of the value at `span`.
pub(super) fn kind(text: &str, span: Span) -> Kind {
    match text.as_bytes().get(span.start) {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::String,
        Some(b'n') => Kind::Null,
        _ => Kind::Scalar,
    }
}

/// The text of a value.
pub(super) fn slice(text: &str, span: Span) -> &str {
    text.get(span.start..span.end).unwrap_or("")
}

/// Where the whole text's value is.
pub(super) fn root(text: &str) -> Option<Span> {
    let start = skip_space(text.as_bytes(), 0);
    let end = value_end(text.as_bytes(), start)?;
    Some(Span { start, end })
}

/// The members of an object or the elements of an array, in order; an element has an empty span for its key. Nothing for
/// other values.
pub(super) fn children(text: &str, value: Span) -> Vec<Member> {
    let is_object = match kind(text, value) {
        Kind::Object => true,
        Kind::Array => false,
        _ => return Vec::new(),
    };
    let mut found = Vec::new();
    // A text that is no JSON ends the list where it is broken.
    let _ended = read_children(text.as_bytes(), value.start + 1, is_object, &mut found);
    found
}

fn read_children(bytes: &[u8], mut at: usize, is_object: bool, found: &mut Vec<Member>) -> Option<()> {
    let mut comma_before = None;
    loop {
        at = skip_space(bytes, at);
        if matches!(bytes.get(at)?, b'}' | b']') {
            return Some(());
        }
        let key_start = at;
        let mut key = Span { start: key_start, end: key_start };
        if is_object {
            key.end = string_end(bytes, at)?;
            at = skip_space(bytes, key.end);
            if *bytes.get(at)? != b':' {
                return None;
            }
            at = skip_space(bytes, at + 1);
        }
        let value = Span { start: at, end: value_end(bytes, at)? };
        at = skip_space(bytes, value.end);
        let comma_after = (*bytes.get(at)? == b',').then_some(at);
        let index = u32::try_from(found.len()).ok()?;
        found.push(Member { key, value, index, comma_before, comma_after });
        at = comma_after? + 1;
        comma_before = comma_after;
    }
}

/// Whether a key, with its quotes, is this name.
pub(super) fn is_named(text: &str, key: Span, name: &str) -> bool {
    let written = slice(text, key);
    let inner = written.get(1..written.len().saturating_sub(1)).unwrap_or("");
    if inner.contains('\\') {
        return serde_json::from_str::<String>(written).is_ok_and(|read| read == name);
    }
    inner == name
}

/// The members of an object with this name: more than one where the text is odd.
pub(super) fn named(text: &str, object: Span, name: &str) -> Vec<Member> {
    let mut found = children(text, object);
    found.retain(|member| is_named(text, member.key, name));
    found
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// Behind the closing quote of the string at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    if *bytes.get(at)? != b'"' {
        return None;
    }
    let mut at = at + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// Behind the value at `at`.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => string_end(bytes, at),
        b'{' | b'[' => container_end(bytes, at),
        _ => {
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
            let length = bytes[at..].iter().position(ends).unwrap_or(bytes.len() - at);
            (length > 0).then_some(at + length)
        }
    }
}

fn container_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<(String, String)> {
        let found = children(text, root(text).unwrap());
        let pair =
            |member: &Member| (slice(text, member.key).to_owned(), slice(text, member.value).to_owned());
        found.iter().map(pair).collect()
    }

    #[test]
    fn members_and_elements_are_found_whatever_is_in_them() {
        let found = texts(r#" { "a" : 1 , "b\"}" : [ "]" , {"c":"\\"} ] ,"d":null} "#);
        let expected = [(r#""a""#, "1"), (r#""b\"}""#, r#"[ "]" , {"c":"\\"} ]"#), (r#""d""#, "null")];
        assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let found = texts(r#"[1, "x,y", {"a": [2]}, true]"#);
        let values: Vec<&str> = found.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, ["1", r#""x,y""#, r#"{"a": [2]}"#, "true"]);
        assert!(texts("{}").is_empty() && texts("[ ]").is_empty() && texts("12").is_empty());
    }

    #[test]
    fn names_are_compared_unescaped() {
        let text = r#"{"temper\u0061ture":1,"temperature":2}"#;
        assert_eq!(named(text, root(text).unwrap(), "temperature").len(), 2);
    }

    #[test]
    fn what_is_no_json_is_not_read_on() {
        for text in ["", "{", r#"{"a"#, r#"{"a" 1}"#, "[1", r#"["\"#, "]"] {
            let read = root(text).map(|span| children(text, span));
            assert!(read.is_none_or(|found| found.len() <= 1), "{text}");
        }
    }
}
