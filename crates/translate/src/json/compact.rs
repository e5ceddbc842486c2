//! JSON text that is carried along: made compact, told complete from incomplete, never taken apart, so that big numbers,
//! key order and escapes stay as the model wrote them.

use serde_json::value::RawValue;
use std::borrow::Cow;

/// `json` without the whitespace between its tokens. `json` must be valid.
pub(crate) fn compact(json: &str) -> Cow<'_, str> {
    let mut in_string = false;
    let mut escaped = false;
    let mut keep = |byte: u8| {
        if !in_string {
            in_string = byte == b'"';
            return !matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        }
        if escaped {
            escaped = false;
        } else if byte == b'\\' {
            escaped = true;
        } else if byte == b'"' {
            in_string = false;
        }
        true
    };
    let Some(first) = json.bytes().position(|byte| !keep(byte)) else {
        return Cow::Borrowed(json);
    };
    let mut out = String::with_capacity(json.len());
    out.push_str(&json[..first]);
    // The scan stopped right behind `first`, outside any string; whole characters are kept or skipped, because only
    // ASCII is ever skipped.
    out.extend(json[first + 1..].chars().filter(|c| !c.is_ascii() || keep(*c as u8)));
    Cow::Owned(out)
}

/// A block or item as it came, made compact, to be written again for readers of its own protocol. Empty if one of its
/// names is missing or no string: no client could read it.
pub(crate) fn own_json<'a>(json: &'a str, names: &[&str]) -> Cow<'a, str> {
    let is_named = |name: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        !name.is_empty() && name.bytes().all(plain) && json.contains(&format!("\"{name}\""))
    };
    if names.iter().all(is_named) { compact(json) } else { Cow::Borrowed("") }
}

/// Whether `text` is one valid JSON object.
pub(crate) fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok()
}

/// Follows JSON text that arrives in pieces and tells when an object or a list is complete.
#[derive(Debug, Default, Clone)]
pub(crate) struct Completeness {
    begun: bool,
    depth: u32,
    in_string: bool,
    escaped: bool,
    complete: bool,
}

impl Completeness {
    pub(crate) fn push(&mut self, piece: &str) {
        for byte in piece.bytes() {
            if self.complete {
                return;
            }
            self.begun |= !byte.is_ascii_whitespace();
            self.byte(byte);
        }
    }

    /// Whether anything but whitespace has come.
    pub(crate) fn is_begun(&self) -> bool {
        self.begun
    }

    /// Whether the outermost object or list has been closed.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    fn byte(&mut self, byte: u8) {
        if self.in_string {
            if self.escaped {
                self.escaped = false;
            } else if byte == b'\\' {
                self.escaped = true;
            } else if byte == b'"' {
                self.in_string = false;
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.complete = self.depth == 0;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitespace_goes_between_tokens_only() {
        for (json, want) in [
            (r#"{"a":1}"#, r#"{"a":1}"#),
            ("{ \"a\" : [ 1 ,\n2 ] }", r#"{"a":[1,2]}"#),
            (r#"{"a b": "c \" d \\", "e":"ü \u00e9"}"#, r#"{"a b":"c \" d \\","e":"ü \u00e9"}"#),
            (" 1e400 ", "1e400"),
        ] {
            assert_eq!(compact(json), want);
        }
    }

    #[test]
    fn an_object_is_told_from_everything_else() {
        for good in ["{}", " {\"a\":1} "] {
            assert!(is_object(good), "{good}");
        }
        for bad in ["", "[]", "null", "\"{}\"", "{", "{}x", "{'a':1}"] {
            assert!(!is_object(bad), "{bad}");
        }
    }

    #[test]
    fn what_has_no_name_of_its_own_is_not_repeated() {
        assert_eq!(
            own_json("{ \"type\": \"a_b\", \"id\": \"i\" }", &["a_b", "i"]),
            r#"{"type":"a_b","id":"i"}"#
        );
        for names in [["a", ""], ["7", "i"]] {
            assert_eq!(own_json(r#"{"type":7,"kind":"a","id":"i"}"#, &names), "");
        }
    }

    #[test]
    fn completeness_is_seen_at_the_last_brace_whatever_the_pieces() {
        let json = r#"{"a":"}\"]","b":[{}]}"#;
        for cut in 0..json.len() {
            let mut scan = Completeness::default();
            scan.push(&json[..cut]);
            assert!(!scan.is_complete(), "{cut}");
            scan.push(&json[cut..]);
            assert!(scan.is_complete(), "{cut}");
        }
        let mut scan = Completeness::default();
        scan.push("12");
        assert!(!scan.is_complete());
    }
}
