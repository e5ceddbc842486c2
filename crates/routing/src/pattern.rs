//! Model names and patterns of model names.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::RoutingError;

/// The longest name or pattern, in bytes; no provider's names come near it.
const MAX_NAME_BYTES: usize = 256;

/// A model name, or a pattern in which each `*` stands for any run of characters, also none.
///
/// Matching is case-sensitive and over the whole name. Nothing but `*` is special: slashes, dots and colons are
/// ordinary (`ZHIPU/GLM-*`, `xiaomi/mimo-v2`, `llama3:8b`).
///
/// Patterns are ordered by how specific they are, most specific first: exact names, then more literal characters,
/// then by text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Pattern {
    text: Box<str>,
    stars: u16,
}

impl Pattern {
    /// Whether `name` is one of the names that the pattern stands for.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        if self.stars == 0 {
            return *self.text == *name;
        }
        let mut literals = self.text.split('*');
        let (Some(prefix), Some(suffix)) = (literals.next(), literals.next_back()) else {
            return false;
        };
        let Some(rest) = name.strip_prefix(prefix) else {
            return false;
        };
        let Some(mut rest) = rest.strip_suffix(suffix) else {
            return false;
        };
        // The earliest place is always a right place: what is left for the later literals is longest then.
        for literal in literals {
            match rest.find(literal) {
                Some(at) => rest = &rest[at + literal.len()..],
                None => return false,
            }
        }
        true
    }

    /// What the `*` of a pattern with exactly one of them stands for in `name`; `None` if it does not match.
    #[must_use]
    pub fn capture<'n>(&self, name: &'n str) -> Option<&'n str> {
        if self.stars != 1 {
            return None;
        }
        let (prefix, suffix) = self.text.split_once('*')?;
        name.strip_prefix(prefix)?.strip_suffix(suffix)
    }

    /// Whether it stands for one name only.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.stars == 0
    }

    /// How many `*` it has.
    #[must_use]
    pub fn stars(&self) -> usize {
        usize::from(self.stars)
    }

    /// The text as it was written.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.text
    }

    const fn literal_bytes(&self) -> usize {
        self.text.len() - self.stars as usize
    }
}

/// Whether an allow-list admits `name`; an empty list admits every name.
pub(crate) fn admits(allowed: &[Pattern], name: &str) -> bool {
    allowed.is_empty() || allowed.iter().any(|pattern| pattern.matches(name))
}

/// Why `text` cannot be a model name, if it cannot.
pub(crate) fn name_problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > MAX_NAME_BYTES {
        return Some("it is longer than 256 bytes");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("it holds a space or a control character");
    }
    None
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |p: &Self| (!p.is_exact(), Reverse(if p.is_exact() { 0 } else { p.literal_bytes() }));
        key(self).cmp(&key(other)).then_with(|| self.text.cmp(&other.text))
    }
}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Pattern {
    type Err = RoutingError;

    fn from_str(text: &str) -> Result<Self, RoutingError> {
        let wrong = |reason| RoutingError::BadPattern { text: shortened(text), reason };
        if let Some(reason) = name_problem(text) {
            return Err(wrong(reason));
        }
        if text.contains("**") {
            return Err(wrong("`**` says no more than `*`"));
        }
        let stars = text.bytes().filter(|byte| *byte == b'*').count();
        let stars = u16::try_from(stars).map_err(|_| wrong("it has too many `*`"))?;
        Ok(Self { text: text.into(), stars })
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({})", self.text)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pattern(text: &str) -> Pattern {
        text.parse().unwrap()
    }

    #[test]
    fn matches_whole_names_with_stars_anywhere() {
        for (text, name, expected) in [
            ("gpt-5", "gpt-5", true),
            ("gpt-5", "gpt-5-mini", false),
            ("gpt-5", "GPT-5", false),
            ("gpt-5*", "gpt-5", true),
            ("gpt-5*", "gpt-5-mini", true),
            ("*", "anything", true),
            ("*-mini", "gpt-5-mini", true),
            ("*-mini", "gpt-5-mini-high", false),
            ("claude-*-5", "claude-opus-5", true),
            ("claude-*-5", "claude-5", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "ba", false),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("a*bc*c", "abcbcc", true),
            ("ZHIPU/GLM-4.6", "ZHIPU/GLM-4.6", true),
            ("ZHIPU/GLM-4.6", "ZHIPU/GLM-4x6", false),
            ("ZHIPU/*", "ZHIPU/GLM-4.6", true),
            ("xiaomi/mimo-*", "xiaomi/mimo-v2", true),
            ("llama3:*", "llama3:8b", true),
            ("gpt-[45]", "gpt-4", false),
            ("名*", "名前", true),
        ] {
            assert_eq!(pattern(text).matches(name), expected, "{text} on {name}");
        }
    }

    #[test]
    fn captures_only_where_there_is_one_star() {
        for (text, name, expected) in [
            ("ZHIPU/*", "ZHIPU/GLM-4.6", Some("GLM-4.6")),
            ("a*c", "abc", Some("b")),
            ("a*c", "ac", Some("")),
            ("a*c", "abd", None),
            ("a*a", "a", None),
            ("*", "x", Some("x")),
            ("abc", "abc", None),
            ("*b*", "abc", None),
        ] {
            assert_eq!(pattern(text).capture(name), expected, "{text} on {name}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_text() {
        for (text, word) in [
            ("", "empty"),
            (" gpt", "space"),
            ("gpt 5", "space"),
            ("gpt\n", "control"),
            ("gpt-**", "no more than"),
            (&"x".repeat(257), "256 bytes"),
        ] {
            let message = text.parse::<Pattern>().unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
            assert!(message.len() < 200, "{message}");
        }
    }

    #[test]
    fn the_most_specific_is_first() {
        let sorted =
            ["claude-opus-5", "zz", "claude-opus-*", "*-opus-thing", "claude-*", "gpt-*", "*x", "x*", "*"];
        let mut shuffled: Vec<Pattern> = sorted.iter().rev().map(|text| pattern(text)).collect();
        shuffled.sort();
        let texts: Vec<&str> = shuffled.iter().map(Pattern::as_str).collect();
        assert_eq!(texts, sorted);
    }

    #[test]
    fn json_is_the_text() {
        assert_eq!(serde_json::to_string(&pattern("a/*")).unwrap(), r#""a/*""#);
        assert_eq!(serde_json::from_str::<Pattern>(r#""a/*""#).unwrap(), pattern("a/*"));
        assert!(serde_json::from_str::<Pattern>(r#""a b""#).is_err());
    }

    #[test]
    fn an_empty_list_admits_everything() {
        assert!(admits(&[], "x"));
        assert!(!admits(&[pattern("y*")], "x"));
    }

    /// Matching by trying every split: slow, and plain enough to believe.
    fn plainly_matches(pattern: &[char], name: &[char]) -> bool {
        match pattern.split_first() {
            None => name.is_empty(),
            Some(('*', rest)) => (0..=name.len()).any(|skipped| plainly_matches(rest, &name[skipped..])),
            Some((first, rest)) => {
                name.split_first().is_some_and(|(c, name)| c == first && plainly_matches(rest, name))
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_plain_matching(text in "[ab*]{1,7}", name in "[ab]{0,8}") {
            prop_assume!(!text.contains("**"));
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = plainly_matches(&chars(&text), &chars(&name));
            prop_assert_eq!(pattern(&text).matches(&name), expected);
            if let Some(captured) = pattern(&text).capture(&name) {
                prop_assert_eq!(text.replacen('*', captured, 1), name);
            }
        }

        #[test]
        fn order_agrees_with_equality(a in "[ab*]{1,4}", b in "[ab*]{1,4}") {
            prop_assume!(!a.contains("**") && !b.contains("**"));
            let (a, b) = (pattern(&a), pattern(&b));
            prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        }
    }
}
