//! Fallbacks: another model, or another group, for a request that could not be served as it was asked for.

use serde::{Deserialize, Deserializer, Serialize};
use tollgate_base::GroupId;

use crate::error::RoutingError;
use crate::pattern::name_problem;
use crate::words::word_enum;

/// Each is planned for, and held for, with every request of the group.
const MAX_FALLBACKS: usize = 8;

word_enum!(
    /// What a fallback is for.
    FallbackOn, "reason to fall back" {
        /// No account could serve: all failed by themselves, or none could be asked.
        Overload = "overload",
        /// The prompt does not fit the model's context window.
        Context = "context",
        /// The model refused to answer.
        Refusal = "refusal",
    }
);

/// Where a request goes next, and for which reasons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// For which reasons; at least one.
    pub on: Vec<FallbackOn>,
    /// The model to ask for; `None` is the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The group whose accounts serve; `None` is the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
}

/// The fallbacks of a group, in the order that they are tried.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Fallbacks(Vec<Fallback>);

impl Fallbacks {
    /// These fallbacks.
    ///
    /// # Errors
    /// [`RoutingError::BadFallback`] for one without a reason or a target or with a bad name, and for more than 8.
    pub fn new(fallbacks: Vec<Fallback>) -> Result<Self, RoutingError> {
        let bad = |at, reason| RoutingError::BadFallback { at, reason };
        if fallbacks.len() > MAX_FALLBACKS {
            return Err(bad(MAX_FALLBACKS, "there are more than 8"));
        }
        for (at, fallback) in fallbacks.iter().enumerate() {
            if let Some(problem) = fallback.problem() {
                return Err(bad(at, problem));
            }
        }
        Ok(Self(fallbacks))
    }

    /// The fallbacks in order.
    pub fn iter(&self) -> impl Iterator<Item = &Fallback> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Fallback {
    fn problem(&self) -> Option<&'static str> {
        if self.on.is_empty() {
            return Some("it says no reason: overload, context or refusal");
        }
        match (&self.model, &self.group) {
            (None, None) => Some("it names neither a model nor a group"),
            (Some(model), _) if model.contains('*') => Some("its model is a pattern"),
            (Some(model), _) => name_problem(model),
            (None, Some(_)) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Fallbacks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_a_list_and_is_checked() {
        let id = GroupId::from_u128(7);
        let text = format!(
            r#"[{{"on":["overload","context"],"model":"glm-5"}},{{"on":["refusal"],"group":"{id}"}}]"#
        );
        let read: Fallbacks = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(read.iter().count(), 2);
        let many = format!("[{}]", [r#"{"on":["context"],"model":"m"}"#; 9].join(","));
        for (wrong, word) in [
            (r#"[{"on":[],"model":"m"}]"#, "no reason"),
            (r#"[{"on":["context"],"model":"m"},{"on":["context"]}]"#, "fallbacks[1]"),
            (r#"[{"on":["context"],"model":"m-*"}]"#, "pattern"),
            (r#"[{"on":["context"],"model":"m n"}]"#, "space"),
            (r#"[{"on":["rain"],"model":"m"}]"#, "rain"),
            (&many, "more than 8"),
        ] {
            let message = serde_json::from_str::<Fallbacks>(wrong).unwrap_err().to_string();
            assert!(message.contains(word), "{message}");
        }
    }
}
