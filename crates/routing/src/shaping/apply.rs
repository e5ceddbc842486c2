//! All the shaping of one account or group, and what it makes of a body.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tollgate_protocol::{Change, Outcome, Protocol, change_body, put_before_system};

use super::rules::{BetaRules, BodyRule, ClampRule, HeaderRules, is_for};

/// How requests are changed on their way to the provider, and how its refusals are taken.
///
/// A group's is applied first, then the account's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shaping {
    /// Headers.
    #[serde(skip_serializing_if = "is_default")]
    pub headers: HeaderRules,
    /// Names in `anthropic-beta`, where the provider is spoken to in Messages.
    #[serde(skip_serializing_if = "is_default")]
    pub beta: BetaRules,
    /// Words in front of every system prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_prefix: Option<String>,
    /// Changes of the body, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<BodyRule>,
    /// Bounds of numbers in the body; applied last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clamp: Vec<ClampRule>,
    /// Statuses of the provider that are taken for others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub status: BTreeMap<u16, u16>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A body that was shaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shaped {
    /// The body as it is to be sent.
    pub body: Bytes,
    /// Where something that the caller wrote is gone or is another now.
    pub replaced: Vec<String>,
}

impl Shaping {
    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        is_default(self)
    }

    /// Whether any rule is for the body of such a request. One that none is for is not looked at.
    #[must_use]
    pub fn touches_body(&self, upstream_model: &str, protocol: Protocol) -> bool {
        self.system_prefix.is_some()
            || self.body_rules(upstream_model, protocol).next().is_some()
            || self.clamp_rules(upstream_model, protocol).next().is_some()
    }

    /// Changes the body of a request for this model in this protocol.
    #[must_use]
    pub fn shape_body(&self, body: Bytes, upstream_model: &str, protocol: Protocol) -> Shaped {
        let mut shaped = Shaped { body, replaced: Vec::new() };
        shaped.body = self.prefix_body(shaped.body, protocol);
        for rule in self.body_rules(upstream_model, protocol) {
            shaped.take(rule.path.as_str(), change_body(&shaped.body, &rule.path, rule.change()));
        }
        for rule in self.clamp_rules(upstream_model, protocol) {
            let clamp = Change::Clamp(rule.min.as_ref(), rule.max.as_ref());
            shaped.take(rule.path.as_str(), change_body(&shaped.body, &rule.path, clamp));
        }
        shaped
    }

    /// The body with the operator's words in front of its system prompt, and nothing else changed.
    #[must_use]
    pub fn prefix_body(&self, body: Bytes, protocol: Protocol) -> Bytes {
        let prefixed =
            self.system_prefix.as_deref().and_then(|prefix| put_before_system(&body, protocol, prefix));
        prefixed.unwrap_or(body)
    }

    /// The status that one of the provider's is taken for.
    #[must_use]
    pub fn status(&self, status: u16) -> u16 {
        self.status.get(&status).copied().unwrap_or(status)
    }

    pub(super) fn body_rules(
        &self,
        upstream_model: &str,
        protocol: Protocol,
    ) -> impl Iterator<Item = &BodyRule> {
        self.body.iter().filter(move |rule| is_for(&rule.models, &rule.protocols, upstream_model, protocol))
    }

    pub(super) fn clamp_rules(
        &self,
        upstream_model: &str,
        protocol: Protocol,
    ) -> impl Iterator<Item = &ClampRule> {
        self.clamp.iter().filter(move |rule| is_for(&rule.models, &rule.protocols, upstream_model, protocol))
    }
}

impl Shaped {
    fn take(&mut self, path: &str, outcome: Option<Outcome>) {
        let Some(Outcome { body, replaced }) = outcome else { return };
        self.body = body;
        if replaced && !self.replaced.iter().any(|noted| noted == path) {
            self.replaced.push(path.to_owned());
        }
    }
}

impl BodyRule {
    fn change(&self) -> Change<'_> {
        match (&self.set, &self.default) {
            (Some(json), _) => Change::Set(json.as_str()),
            (None, Some(json)) => Change::Default(json.as_str()),
            (None, None) => Change::Remove,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shaping(json: &str) -> Shaping {
        let shaping: Shaping = serde_json::from_str(json).unwrap();
        shaping.check().unwrap();
        shaping
    }

    fn shaped(shaping: &Shaping, body: &str, model: &str, protocol: Protocol) -> (String, Vec<String>) {
        let shaped = shaping.shape_body(Bytes::from(body.to_owned()), model, protocol);
        (String::from_utf8(shaped.body.to_vec()).unwrap(), shaped.replaced)
    }

    #[test]
    fn rules_are_for_models_and_protocols() {
        let shaping = shaping(
            r#"{"body":[
                {"path":"thinking","set":{"type":"disabled"},"models":["glm-*"],"protocols":["messages"]},
                {"path":"top_k","remove":true},
                {"path":"temperature","default":0.7,"models":["glm-*"]}],
              "clamp":[{"path":"max_tokens","max":100}]}"#,
        );
        let body = r#"{"max_tokens":500,"top_k":4}"#;
        assert_eq!(
            shaped(&shaping, body, "glm-5", Protocol::Messages),
            (
                r#"{"temperature":0.7,"thinking":{"type":"disabled"},"max_tokens":100}"#.to_owned(),
                vec!["top_k".to_owned(), "max_tokens".to_owned()]
            )
        );
        assert_eq!(shaped(&shaping, body, "gpt-5", Protocol::Chat).0, r#"{"max_tokens":100}"#);
        assert!(shaping.touches_body("gpt-5", Protocol::Chat));
        let narrow = self::shaping(r#"{"body":[{"path":"a","remove":true,"models":["x"]}]}"#);
        assert!(!narrow.touches_body("gpt-5", Protocol::Chat));
    }

    #[test]
    fn statuses_are_taken_for_others() {
        let shaping = shaping(r#"{"status":{"403":429}}"#);
        assert_eq!((shaping.status(403), shaping.status(404)), (429, 404));
        assert!(!shaping.is_empty() && Shaping::default().is_empty());
    }

    #[test]
    fn it_reads_back_as_it_was_written() {
        let text = r#"{"headers":{"set":{"x-tier":"gold"},"remove":["x-app"]},"beta":{"allow":["context-*"],"drop":["x"],"add":["y"]},"system_prefix":"Be kind.","body":[{"path":"a.b","set":{"z":1,"a":2.50}}],"clamp":[{"path":"temperature","min":0,"max":1.5}],"status":{"403":429}}"#;
        let shaping = shaping(text);
        assert_eq!(serde_json::to_string(&shaping).unwrap(), text);
        assert_eq!(serde_json::to_string(&Shaping::default()).unwrap(), "{}");
        for wrong in [r#"{"bodies":[]}"#, r#"{"body":[{"path":""}]}"#, r#"{"body":[{"path":"a","put":1}]}"#] {
            assert!(serde_json::from_str::<Shaping>(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn a_body_that_no_rule_is_for_stays_as_it_is(body in "\\PC{0,60}", model in "[a-c]{1,3}") {
            let shaping = shaping(
                r#"{"body":[{"path":"a","set":1,"models":["other"]},{"path":"b","remove":true,"protocols":["chat"]}],
                    "clamp":[{"path":"c","max":1,"models":["d*"]}]}"#,
            );
            prop_assert!(!shaping.touches_body(&model, Protocol::Messages));
            let (after, replaced) = shaped(&shaping, &body, &model, Protocol::Messages);
            prop_assert_eq!((after, replaced.len()), (body, 0));
        }
    }
}
