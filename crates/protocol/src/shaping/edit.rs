//! One change at one path of a body.

use std::cmp::Ordering;

use bytes::Bytes;
use serde_json::Number;

use super::path::{BodyPath, Step};
use super::scan::{Kind, children, is_named, kind, root, slice};
use crate::{Edits, Member, Span};

/// At how many places one path with `*` puts a value; what a request may cost is reckoned with it.
pub const MAX_PLACES: usize = 128;

/// What is done at a path.
#[derive(Debug, Clone, Copy)]
pub enum Change<'c> {
    /// Puts this JSON there, whatever was there. Objects on the way to it are made.
    Set(&'c str),
    /// The same where nothing, or `null`, is.
    Default(&'c str),
    /// Takes away what is there.
    Remove,
    /// Holds a number within these bounds; what is no number stays.
    Clamp(Option<&'c Number>, Option<&'c Number>),
}

/// What became of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The body after the change.
    pub body: Bytes,
    /// Whether something that stood there is gone or is another now.
    pub replaced: bool,
}

/// Makes a change at all places that a path stands for; `None` if the body stays as it is.
#[must_use]
pub fn change_body(body: &Bytes, path: &BodyPath, change: Change<'_>) -> Option<Outcome> {
    let text = std::str::from_utf8(body).ok()?;
    let mut walk = Walk { text, change, edits: Edits::new(), places: 0, replaced: false };
    walk.down(root(text)?, path.steps());
    if walk.edits.is_empty() {
        return None;
    }
    Some(Outcome { body: Bytes::from(walk.edits.apply(body).concat()), replaced: walk.replaced })
}

struct Walk<'t> {
    text: &'t str,
    change: Change<'t>,
    edits: Edits,
    places: usize,
    replaced: bool,
}

impl Walk<'_> {
    /// Goes down from a value by these steps, of which there is at least one.
    fn down(&mut self, value: Span, steps: &[Step]) {
        let Some((step, rest)) = steps.split_first() else { return };
        let inside = children(self.text, value);
        let meant = self.meant(value, step, &inside);
        if meant.is_empty() {
            self.add_missing(value, step, rest, inside.is_empty());
            return;
        }
        if !rest.is_empty() {
            meant.iter().for_each(|member| self.further(member, rest));
            return;
        }
        if matches!(self.change, Change::Remove) {
            self.replaced = true;
            self.edits.remove_members(&meant);
            return;
        }
        meant.iter().for_each(|member| self.at(member));
    }

    /// The children that a step stands for.
    fn meant(&self, value: Span, step: &Step, inside: &[Member]) -> Vec<Member> {
        match (step, kind(self.text, value)) {
            (Step::Every, _) => inside.to_vec(),
            (Step::Name(name), Kind::Array) => {
                let position = name.parse::<usize>().ok();
                position.and_then(|at| inside.get(at)).copied().into_iter().collect()
            }
            (Step::Name(name), _) => {
                inside.iter().filter(|member| is_named(self.text, member.key, name)).copied().collect()
            }
        }
    }

    /// Goes on below a child that is not the last step. A `null` is as good as nothing.
    fn further(&mut self, member: &Member, rest: &[Step]) {
        if kind(self.text, member.value) != Kind::Null {
            self.down(member.value, rest);
        } else if let Some(made) = self.made(rest) {
            self.put(member.value, made);
        }
    }

    /// Changes what stands at the path's end.
    fn at(&mut self, member: &Member) {
        let there = slice(self.text, member.value);
        let is_null = kind(self.text, member.value) == Kind::Null;
        match self.change {
            Change::Set(json) if there != json => {
                self.replaced |= !is_null;
                self.put(member.value, json.to_owned());
            }
            Change::Default(json) if is_null => self.put(member.value, json.to_owned()),
            Change::Clamp(min, max) => {
                if let Some(bound) = beyond(there, min, max) {
                    self.replaced = true;
                    self.edits.replace(member.value, bound.to_string());
                }
            }
            Change::Set(_) | Change::Default(_) | Change::Remove => {}
        }
    }

    fn put(&mut self, span: Span, json: String) {
        if self.places < MAX_PLACES {
            self.places += 1;
            self.edits.replace(span, json);
        }
    }

    /// Adds a member that is not there to an object.
    fn add_missing(&mut self, object: Span, step: &Step, rest: &[Step], is_empty: bool) {
        let Step::Name(name) = step else { return };
        if kind(self.text, object) != Kind::Object {
            return;
        }
        if let Some(value) = self.made(rest) {
            let comma = if is_empty { "" } else { "," };
            let at = object.start + 1;
            self.put(Span { start: at, end: at }, format!("{}:{value}{comma}", json_string(name)));
        }
    }

    /// The value to put where the rest of a path begins in nothing, if one is to be put there.
    fn made(&self, rest: &[Step]) -> Option<String> {
        let (Change::Set(json) | Change::Default(json)) = self.change else { return None };
        let mut made = json.to_owned();
        for step in rest.iter().rev() {
            let Step::Name(name) = step else { return None };
            made = format!("{{{}:{made}}}", json_string(name));
        }
        Some(made)
    }
}

fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The bound that a number is beyond.
fn beyond<'n>(there: &str, min: Option<&'n Number>, max: Option<&'n Number>) -> Option<&'n Number> {
    let there: Number = serde_json::from_str(there).ok()?;
    max.filter(|max| compare(&there, max) == Some(Ordering::Greater))
        .or_else(|| min.filter(|min| compare(&there, min) == Some(Ordering::Less)))
}

fn compare(one: &Number, other: &Number) -> Option<Ordering> {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn changed(body: &str, path: &str, change: Change<'_>) -> String {
        let outcome = change_body(&Bytes::from(body.to_owned()), &path.parse().unwrap(), change);
        outcome.map_or_else(|| body.to_owned(), |outcome| String::from_utf8(outcome.body.to_vec()).unwrap())
    }

    #[test]
    fn a_member_is_set_wherever_it_is() {
        for (body, path, expected) in [
            (r#"{"a": 1, "b":2}"#, "a", r#"{"a": 9, "b":2}"#),
            (r#"{ "b":2}"#, "a", r#"{"a":9, "b":2}"#),
            ("{}", "a", r#"{"a":9}"#),
            ("{}", "a.b.c", r#"{"a":{"b":{"c":9}}}"#),
            (r#"{"a":null}"#, "a.b", r#"{"a":{"b":9}}"#),
            (r#"{"a":{"x":1}}"#, "a.b", r#"{"a":{"b":9,"x":1}}"#),
            (r#"{"a":[1,2,3]}"#, "a.1", r#"{"a":[1,9,3]}"#),
            (r#"{"a":[1]}"#, "a.1", r#"{"a":[1]}"#),
            (r#"{"a":"text"}"#, "a.b", r#"{"a":"text"}"#),
            (r#"{"a":[{"n":1},{}]}"#, "a.*.n", r#"{"a":[{"n":9},{"n":9}]}"#),
            (r#"{"a":1,"\u0061":2}"#, "a", r#"{"a":9,"\u0061":9}"#),
        ] {
            assert_eq!(changed(body, path, Change::Set("9")), expected, "{body} {path}");
        }
    }

    #[test]
    fn a_default_is_for_what_is_not_there() {
        for (body, expected) in [
            (r#"{"a":1}"#, r#"{"a":1}"#),
            (r#"{"a":null}"#, r#"{"a":9}"#),
            (r#"{"b":1}"#, r#"{"a":9,"b":1}"#),
        ] {
            assert_eq!(changed(body, "a", Change::Default("9")), expected);
        }
    }

    #[test]
    fn what_is_removed_takes_one_comma() {
        for (body, path, expected) in [
            (r#"{"a":1,"b":2,"c":3}"#, "b", r#"{"a":1,"c":3}"#),
            (r#"{"a":1,"b":2}"#, "a", r#"{"b":2}"#),
            (r#"{"a":1}"#, "a", "{}"),
            (r#"{"a":[1,2,3]}"#, "a.0", r#"{"a":[2,3]}"#),
            (r#"{"a":[1,2]}"#, "a.*", r#"{"a":[]}"#),
            (r#"{"m":[{"x":1,"n":2},{"n":3},{"y":4}]}"#, "m.*.n", r#"{"m":[{"x":1},{},{"y":4}]}"#),
            (r#"{"a":1,"b":2,"a":3}"#, "a", r#"{"b":2}"#),
            (r#"{"b":2}"#, "a", r#"{"b":2}"#),
        ] {
            assert_eq!(changed(body, path, Change::Remove), expected, "{body} {path}");
        }
    }

    #[test]
    fn numbers_are_held_within_bounds() {
        let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        let (low, high) = (number("0.5"), number("100"));
        let clamp = Change::Clamp(Some(&low), Some(&high));
        for (there, expected) in [
            ("101", "100"),
            ("1e3", "100"),
            ("100", "100"),
            ("0.4", "0.5"),
            ("-7", "0.5"),
            (r#""101""#, r#""101""#),
        ] {
            let body = format!(r#"{{"t":{there}}}"#);
            assert_eq!(changed(&body, "t", clamp), format!(r#"{{"t":{expected}}}"#));
        }
        assert_eq!(changed("{}", "t", clamp), "{}");
        assert_eq!(changed(r#"{"t":18446744073709551615}"#, "t", clamp), r#"{"t":100}"#);
    }

    #[test]
    fn it_is_told_whether_something_of_the_callers_went() {
        let replaced = |body: &'static str, path: &str, change: Change<'_>| {
            let outcome = change_body(&Bytes::from_static(body.as_bytes()), &path.parse().unwrap(), change);
            outcome.map(|outcome| outcome.replaced)
        };
        assert_eq!(replaced(r#"{"a":1}"#, "a", Change::Set("2")), Some(true));
        assert_eq!(replaced(r#"{"a":1}"#, "a", Change::Set("1")), None);
        assert_eq!(replaced(r#"{"a":1}"#, "b", Change::Set("1")), Some(false));
        assert_eq!(replaced(r#"{"a":1}"#, "a", Change::Remove), Some(true));
        assert_eq!(replaced(r#"{"a":1}"#, "b", Change::Remove), None);
    }

    #[test]
    fn a_wide_path_puts_no_more_than_is_reckoned_with() {
        let elements = ["{}"; MAX_PLACES + 5].join(",");
        let body = changed(&format!(r#"{{"a":[{elements}]}}"#), "a.*.n", Change::Set("1"));
        assert_eq!(body.matches(r#""n":1"#).count(), MAX_PLACES);
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-c\"\\\\{}\\[\\],:é\n]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-c]", inner, 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn get<'v>(value: &'v Value, steps: &[Step]) -> Option<&'v Value> {
        steps.iter().try_fold(value, |value, step| match step {
            Step::Name(name) => match value {
                Value::Array(items) => items.get(name.parse::<usize>().ok()?),
                other => other.get(name),
            },
            Step::Every => None,
        })
    }

    proptest! {
        #[test]
        fn what_was_set_is_there_and_the_rest_is_json(
            members in prop::collection::btree_map("[a-c]", any_json(), 0..4),
            path in "[a-d](\\.([a-d]|[0-2]|\\*)){0,3}",
            pretty in any::<bool>(),
        ) {
            let body = Value::Object(members.into_iter().collect());
            let text = if pretty { serde_json::to_string_pretty(&body) } else { serde_json::to_string(&body) };
            let text = text.unwrap();
            let path: BodyPath = path.parse().unwrap();
            let set = changed(&text, path.as_str(), Change::Set(r#"{"set":true}"#));
            let read: Value = serde_json::from_str(&set).unwrap();
            if set != text && !path.is_wide() {
                prop_assert_eq!(get(&read, path.steps()), Some(&json!({"set": true})));
            }
            let removed = changed(&text, path.as_str(), Change::Remove);
            let read: Value = serde_json::from_str(&removed).unwrap();
            let was_there = get(&body, path.steps()).is_some();
            if !path.is_wide() {
                prop_assert_eq!(removed != text, was_there);
            }
            if was_there && path.steps().iter().all(|step| matches!(step, Step::Name(name) if name.parse::<usize>().is_err())) {
                prop_assert_eq!(get(&read, path.steps()), None);
            }
        }

        #[test]
        fn any_bytes_are_survived(text in "[{}\\[\\]\",:a1\\\\ ]{0,24}") {
            for change in [Change::Set("1"), Change::Default("1"), Change::Remove] {
                let _ = change_body(&Bytes::from(text.clone()), &"a.*.1".parse().unwrap(), change);
            }
        }
    }
}
