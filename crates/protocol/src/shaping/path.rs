//! Where in a body a change is made: names and array positions, joined by dots.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const MAX_PATH_BYTES: usize = 256;
const MAX_STEPS: usize = 12;

/// A place in a JSON body, or several: `reasoning.effort`, `tools.0.name`, `messages.*.name`.
///
/// A step is the name of a member, the position of an element (from 0), or `*` for every member or element. A dot or a
/// backslash in a name is written with a backslash before it; `\*` is the name `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyPath {
    text: String,
    steps: Vec<Step>,
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A member by its name; where the name is a number, an element by its position as well.
    Name(String),
    /// Every member or element.
    Every,
}

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a path: {reason}")]
pub struct PathError {
    /// The text, shortened if it was very long.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl BodyPath {
    /// The steps, at least one.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The name of the body's own member that it lies in; `None` where that is any.
    #[must_use]
    pub fn top(&self) -> Option<&str> {
        match self.steps.first() {
            Some(Step::Name(name)) => Some(name),
            _ => None,
        }
    }

    /// The name of the body's own member, if that is all.
    #[must_use]
    pub fn only(&self) -> Option<&str> {
        self.top().filter(|_| self.steps.len() == 1)
    }

    /// Whether it may stand for several places.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.steps.contains(&Step::Every)
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for BodyPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let bad = |reason| PathError { text: text.chars().take(80).collect(), reason };
        if text.len() > MAX_PATH_BYTES {
            return Err(bad("it is longer than 256 bytes"));
        }
        if text.chars().any(char::is_control) {
            return Err(bad("it holds a control character"));
        }
        let steps = read_steps(text).map_err(bad)?;
        if steps.len() > MAX_STEPS {
            return Err(bad("it has more than 12 steps"));
        }
        Ok(Self { text: text.to_owned(), steps })
    }
}

fn read_steps(text: &str) -> Result<Vec<Step>, &'static str> {
    let mut steps = Vec::new();
    let (mut name, mut escaped) = (String::new(), false);
    let mut chars = text.chars();
    loop {
        match chars.next() {
            Some('\\') => {
                name.push(chars.next().ok_or("it ends in a backslash")?);
                escaped = true;
            }
            Some(c) if c != '.' => name.push(c),
            end => {
                let step = std::mem::take(&mut name);
                match step.as_str() {
                    "" => return Err("a step of it is empty"),
                    "*" if !escaped => steps.push(Step::Every),
                    _ => steps.push(Step::Name(step)),
                }
                escaped = false;
                if end.is_none() {
                    return Ok(steps);
                }
            }
        }
    }
}

impl fmt::Display for BodyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for BodyPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for BodyPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_names_positions_and_stars() {
        let name = |text: &str| Step::Name(text.to_owned());
        for (text, steps) in [
            ("temperature", vec![name("temperature")]),
            ("a.0.b", vec![name("a"), name("0"), name("b")]),
            ("messages.*.name", vec![name("messages"), Step::Every, name("name")]),
            (r"a\.b.\*.c\\", vec![name("a.b"), name("*"), name(r"c\")]),
        ] {
            let path: BodyPath = text.parse().unwrap();
            assert_eq!(path.steps(), steps, "{text}");
            let json = serde_json::to_string(&path).unwrap();
            assert_eq!(serde_json::from_str::<BodyPath>(&json).unwrap(), path);
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        let (long, deep) = ("a".repeat(257), ["a"; 13].join("."));
        for (text, word) in [
            ("", "empty"),
            ("a..b", "empty"),
            (".a", "empty"),
            ("a\\", "backslash"),
            ("a\n", "control"),
            (long.as_str(), "257"),
            (deep.as_str(), "12 steps"),
        ] {
            let message = text.parse::<BodyPath>().unwrap_err().to_string();
            assert!(message.contains(word) || word == "257", "{message}");
        }
    }
}
