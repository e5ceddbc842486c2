//! Members that are kept by their names and written back into the object they stood in.

use crate::ir::Extra;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

/// Members that are written back as they came.
#[derive(Default)]
pub(crate) struct Extras<'a>(pub(crate) Vec<(&'a str, &'a RawValue)>);

impl<'a> Extras<'a> {
    /// Those at the top of their object: no object within it claims them.
    pub(crate) fn top(extras: &'a [Extra<'a>], objects: &[&str]) -> Self {
        let is_top = |name: &str| !objects.iter().any(|object| member_of(object, name).is_some());
        let own = extras.iter().filter(|extra| is_top(&extra.name));
        Self(own.map(|extra| (&*extra.name, &*extra.json)).collect())
    }

    /// Those of an object within.
    pub(crate) fn of(object: &str, extras: &'a [Extra<'a>]) -> Self {
        let own = extras.iter().filter_map(|extra| Some((member_of(object, &extra.name)?, &*extra.json)));
        Self(own.collect())
    }

    /// All of them.
    pub(crate) fn all(extras: &'a [Extra<'a>]) -> Self {
        Self::top(extras, &[])
    }

    /// Whether one has this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| *other == name)
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn member_of<'n>(object: &str, name: &'n str) -> Option<&'n str> {
    name.strip_prefix(object)?.strip_prefix('.')
}

impl Serialize for Extras<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, json) in &self.0 {
            map.serialize_entry(name, json)?;
        }
        map.end()
    }
}
