//! What the sources say, later over earlier, and what is wrong with it.

use std::collections::BTreeMap;

use super::problem::{Place, Problem};
use super::section::{Key, env_name};
use super::suggest::nearest;
use super::value::{Raw, Setting};

/// The values given for known keys, by path, and the problems met on the way.
#[derive(Debug)]
pub(crate) struct Layers {
    keys: Vec<Key>,
    given: BTreeMap<String, (Raw, Place)>,
    /// Every key's value as text (secrets hidden), in the order the keys were read.
    pub(crate) effective: Vec<Effective>,
    /// Everything that is wrong so far.
    pub(crate) problems: Vec<Problem>,
}

/// One key's value and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Effective {
    /// The key's path.
    pub(crate) path: String,
    /// The value; `(hidden)` for a secret, empty for none.
    pub(crate) value: String,
    /// The source; `None` for the default.
    pub(crate) place: Option<Place>,
}

impl Layers {
    /// No values yet for these keys.
    pub(crate) const fn new(keys: Vec<Key>) -> Self {
        Self { keys, given: BTreeMap::new(), effective: Vec::new(), problems: Vec::new() }
    }

    /// Whether `path` is a key.
    pub(crate) fn is_key(&self, path: &str) -> bool {
        self.keys.iter().any(|key| key.path == path)
    }

    /// Whether `path` is a section: a table that holds keys.
    pub(crate) fn is_section(&self, path: &str) -> bool {
        self.keys.iter().any(|key| key.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
    }

    /// Sets a key over what an earlier source said; an unknown one becomes a problem.
    pub(crate) fn set(&mut self, path: &str, raw: Raw, place: Place) {
        if self.is_key(path) {
            self.given.insert(path.to_owned(), (raw, place));
        } else {
            self.unknown(path, place);
        }
    }

    /// Notes a key that does not exist, with the name that was probably meant.
    pub(crate) fn unknown(&mut self, path: &str, place: Place) {
        let suggestion =
            nearest(path, self.keys.iter().map(|key| key.path.as_str())).map(|key| match place {
                Place::Environment(_) => env_name(key),
                _ => key.to_owned(),
            });
        self.problems.push(Problem::UnknownKey { key: path.to_owned(), place, suggestion });
    }

    /// The value of a key as its type, `default` where no source gave one; `None` and a problem if it is wrong.
    pub(crate) fn take<T: Setting>(&mut self, path: &str, default: &str) -> Option<T> {
        let (raw, place) = match self.given.remove(path) {
            Some((raw, place)) => (raw, Some(place)),
            None => (Raw::Word(default.to_owned()), None),
        };
        let value = T::read(&raw);
        if value.is_none() {
            let found = if T::SECRET { "something else".to_owned() } else { raw.to_string() };
            self.problems.push(Problem::WrongValue {
                key: path.to_owned(),
                place: place.clone(),
                expected: T::EXPECTED,
                found,
            });
        }
        self.effective.push(Effective { path: path.to_owned(), value: shown::<T>(&raw), place });
        value
    }
}

fn shown<T: Setting>(raw: &Raw) -> String {
    match raw {
        Raw::Word(text) | Raw::Text(text) if T::SECRET && !text.is_empty() => "(hidden)".to_owned(),
        Raw::Word(text) | Raw::Text(text) | Raw::Decimal(text) => text.clone(),
        Raw::Integer(Some(number)) => number.to_string(),
        Raw::Boolean(value) => value.to_string(),
        Raw::List(items) => items.iter().map(shown::<T>).collect::<Vec<_>>().join(","),
        Raw::Integer(None) | Raw::Other(_) => raw.to_string(),
    }
}
