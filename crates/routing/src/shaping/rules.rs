//! The rules of shaping, as the operator writes them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;
use serde_json::value::RawValue;
use tollgate_protocol::{BodyPath, Protocol};

use crate::pattern::{Pattern, admits};

/// Headers of the request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeaderRules {
    /// Headers that are set, whatever the caller sent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Headers that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
}

/// What is done with the names in `anthropic-beta`. First only those are kept that `allow` names, then those that `drop`
/// names go, then those of `add` come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BetaRules {
    /// The only ones kept; `None` keeps all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<Pattern>>,
    /// Those left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<Pattern>,
    /// Those that are always sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<String>,
}

/// Whether a rule for these models and protocols, where none is any, is for a request.
pub(super) fn is_for(
    models: &[Pattern],
    protocols: &[Protocol],
    upstream_model: &str,
    protocol: Protocol,
) -> bool {
    admits(models, upstream_model) && (protocols.is_empty() || protocols.contains(&protocol))
}

/// One change of the body: exactly one of `set`, `default` and `remove`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyRule {
    /// Where.
    pub path: BodyPath,
    /// What is put there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<JsonText>,
    /// What is put there where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<JsonText>,
    /// Whether it is taken away.
    #[serde(default, skip_serializing_if = "is_false")]
    pub remove: bool,
    /// For which models, by the provider's names; empty is any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<Pattern>,
    /// For which protocols of the provider; empty is any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<Protocol>,
}

/// Bounds of a number in the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClampRule {
    /// Where.
    pub path: BodyPath,
    /// The least that it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Number>,
    /// The most that it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Number>,
    /// For which models, by the provider's names; empty is any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<Pattern>,
    /// For which protocols of the provider; empty is any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protocols: Vec<Protocol>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// A JSON value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonText(Box<str>);

impl JsonText {
    /// The JSON.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(raw.get().into()))
    }
}
