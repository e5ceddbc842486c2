//! Members that are kept as they came.

use crate::ir::Extra;
use crate::json::Text;
use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A member kept as it came; `null` is none.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Raw<'a>(pub(super) Option<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?;
        Ok(Self((raw.get() != "null").then_some(raw)))
    }
}

impl<'a> Raw<'a> {
    /// Keeps the member among the others, if there is one that says anything.
    pub(super) fn keep(self, name: &'static str, extras: &mut Vec<Extra<'a>>) {
        if let Some(raw) = self.0 {
            extras.push(Extra { name: name.into(), json: Cow::Borrowed(raw) });
        }
    }

    /// As [`Self::keep`], but an empty list says nothing.
    pub(super) fn keep_list(self, name: &'static str, extras: &mut Vec<Extra<'a>>) {
        let empty = |raw: &RawValue| {
            let inner = raw.get().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            inner.is_some_and(|inner| inner.trim().is_empty())
        };
        if !self.0.is_some_and(empty) {
            self.keep(name, extras);
        }
    }
}

/// Puts an unknown member aside.
pub(super) fn put_aside<'a>(extras: &mut Vec<Extra<'a>>, name: Text<'a>, raw: Raw<'a>) {
    if let Some(raw) = raw.0 {
        extras.push(Extra { name: name.0, json: Cow::Borrowed(raw) });
    }
}
