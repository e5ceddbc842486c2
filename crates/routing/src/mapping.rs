//! Model mappings: which name a request goes on under.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

use crate::entries;
use crate::error::RoutingError;
use crate::pattern::{Pattern, name_problem};

/// Names and patterns on the left, the name to use instead on the right.
///
/// The most specific pattern that matches decides: an exact name, else the pattern with the most literal characters,
/// else the first by text; the order they were written in does not matter. One step only: the result is not looked
/// up again. A `*` in the target is filled with what the one `*` of the pattern stood for, so `ZHIPU/GLM-*` ->
/// `glm-*` sends `ZHIPU/GLM-4.6` on as `glm-4.6`.
///
/// In JSON it is an object: `{"gpt-4o": "gpt-5", "ZHIPU/*": "*"}`; a pattern that comes twice is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelMapping(Vec<(Pattern, String)>);

impl ModelMapping {
    /// The mapping with these entries, in any order.
    ///
    /// # Errors
    /// [`RoutingError::BadMapping`] if a target is not a name, has a `*` that its pattern cannot fill, or if a pattern
    /// comes twice.
    pub fn new(mut entries: Vec<(Pattern, String)>) -> Result<Self, RoutingError> {
        for (pattern, target) in &entries {
            if let Some(reason) = target_problem(pattern, target) {
                return Err(bad(pattern, target, reason));
            }
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(bad(&pair[1].0, &pair[1].1, "the pattern is mapped twice"));
        }
        Ok(Self(entries))
    }

    /// The name to use for `model`, or `None` if no pattern matches or nothing would be left of the name.
    ///
    /// Borrowed from the mapping unless a `*` had to be filled.
    #[must_use]
    pub fn resolve(&self, model: &str) -> Option<Cow<'_, str>> {
        let exact = self.0.partition_point(|(pattern, _)| pattern.is_exact());
        if let Ok(at) = self.0[..exact].binary_search_by(|(pattern, _)| pattern.as_str().cmp(model)) {
            return Some(Cow::Borrowed(&self.0[at].1));
        }
        let (pattern, target) = self.0[exact..].iter().find(|(pattern, _)| pattern.matches(model))?;
        match (target.split_once('*'), pattern.capture(model)) {
            (Some((before, after)), Some(filling)) => {
                // `vendor/*` -> `*` would make a nameless model of `vendor/`.
                let name = [before, filling, after].concat();
                (!name.is_empty()).then_some(Cow::Owned(name))
            }
            _ => Some(Cow::Borrowed(target)),
        }
    }

    /// The entries, most specific first.
    pub fn iter(&self) -> impl Iterator<Item = (&Pattern, &str)> {
        self.0.iter().map(|(pattern, target)| (pattern, target.as_str()))
    }

    /// The exact names on the left, in order.
    pub fn exact_names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map_while(|(pattern, _)| pattern.is_exact().then(|| pattern.as_str()))
    }

    /// Whether it maps nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn target_problem(pattern: &Pattern, target: &str) -> Option<&'static str> {
    if let Some(reason) = name_problem(target) {
        return Some(reason);
    }
    match (target.bytes().filter(|byte| *byte == b'*').count(), pattern.stars()) {
        (0, _) | (1, 1) => None,
        (1, _) => Some("a `*` in the target needs exactly one `*` in the pattern"),
        _ => Some("the target has more than one `*`"),
    }
}

fn bad(pattern: &Pattern, target: &str, reason: &'static str) -> RoutingError {
    RoutingError::BadMapping { pattern: pattern.to_string(), target: target.to_owned(), reason }
}

impl Serialize for ModelMapping {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        entries::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for ModelMapping {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = entries::deserialize(deserializer, "an object of model names")?;
        Self::new(entries).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::mapping;
    use proptest::prelude::*;

    #[test]
    fn the_most_specific_pattern_decides() {
        let mapping = mapping(&[
            ("*", "fallback"),
            ("claude-*", "claude-any"),
            ("claude-opus-*", "claude-opus"),
            ("*-opus-4", "some-opus"),
            ("claude-opus-4", "exactly"),
            ("ZHIPU/GLM-*", "glm-*"),
            ("vendor/*:free", "*"),
            ("b*d*", "two-stars"),
        ]);
        for (model, target) in [
            ("claude-opus-4", "exactly"),
            ("claude-opus-5", "claude-opus"),
            ("claude-haiku", "claude-any"),
            ("x-opus-4", "some-opus"),
            ("ZHIPU/GLM-4.6", "glm-4.6"),
            ("zhipu/glm-4.6", "fallback"),
            ("vendor/m-1:free", "m-1"),
            ("bcde", "two-stars"),
            ("other", "fallback"),
        ] {
            assert_eq!(mapping.resolve(model).as_deref(), Some(target), "{model}");
        }
    }

    #[test]
    fn what_is_not_mapped_stays() {
        let bare = mapping(&[("x/*", "*")]);
        let mapping = mapping(&[("a", "b"), ("b", "c"), ("x/*", "y")]);
        assert_eq!(mapping.resolve("a").as_deref(), Some("b"), "one step only");
        assert_eq!(mapping.resolve("z"), None);
        assert_eq!(ModelMapping::default().resolve("a"), None);
        assert_eq!(mapping.exact_names().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(bare.resolve("x/"), None, "nothing would be left");
        assert!(
            matches!(mapping.resolve("x/1"), Some(Cow::Borrowed("y"))),
            "nothing to fill, nothing to allocate"
        );
    }

    #[test]
    fn unusable_entries_are_refused() {
        for (entries, word) in [
            (&[("a", "")][..], "empty"),
            (&[("a", "b c")], "space"),
            (&[("a", "b-*")], "exactly one"),
            (&[("*a*", "b-*")], "exactly one"),
            (&[("a*", "*b*")], "more than one"),
            (&[("a", "b"), ("c", "d"), ("a", "b")], "twice"),
            (&[("a*", "b"), ("a*", "d")], "twice"),
        ] {
            let entries =
                entries.iter().map(|(from, to)| (from.parse().unwrap(), (*to).to_owned())).collect();
            let message = ModelMapping::new(entries).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
    }

    #[test]
    fn json_is_an_object_and_is_checked() {
        let json = r#"{"a":"b","ZHIPU/*":"*"}"#;
        let read: ModelMapping = serde_json::from_str(json).unwrap();
        assert_eq!(read, mapping(&[("ZHIPU/*", "*"), ("a", "b")]));
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        for wrong in [r#"{"a":"b","a":"c"}"#, r#"{"a":"*"}"#, r#"{"":"b"}"#, r#"[["a","b"]]"#, r#"{"a":1}"#] {
            assert!(serde_json::from_str::<ModelMapping>(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn the_order_of_writing_does_not_matter(
            entries in prop::collection::btree_map("[ab]{0,2}\\*?[ab]{0,2}", "[xyz]{1,3}", 1..6),
            name in "[ab]{1,4}",
        ) {
            let entries: Vec<_> = entries
                .into_iter()
                .filter_map(|(from, to)| Some((from.parse::<Pattern>().ok()?, to)))
                .collect();
            let forth = ModelMapping::new(entries.clone()).unwrap();
            let back = ModelMapping::new(entries.iter().rev().cloned().collect()).unwrap();
            prop_assert_eq!(forth.resolve(&name), back.resolve(&name));
            let best = entries.iter().filter(|(pattern, _)| pattern.matches(&name)).min_by(|a, b| a.0.cmp(&b.0));
            let resolved = forth.resolve(&name);
            prop_assert_eq!(resolved.as_deref(), best.map(|(_, to)| to.as_str()));
        }
    }
}
