//! One rule of failover: what it is for, and what is done then.

use serde::{Deserialize, Serialize};

use super::topic::{Failed, Topic, contains_ignoring_case};
use super::{Cause, Cooling, Verdict};
use crate::error::RoutingError;
use crate::words::word_enum;

/// The most rules that an account may have: all are gone through for each failure.
pub const MAX_RULES: usize = 32;
/// The longest word, name or keyword in a rule, in bytes.
const MAX_TEXT_BYTES: usize = 200;
/// The most times that the same account may be asked again.
const MAX_TIMES: u8 = 5;
/// The longest cool-down that a rule may set: a day.
const MAX_COOL_S: u32 = 86_400;

word_enum!(
    /// What is done about a failed attempt.
    Action, "failover action" {
        /// The same account is asked again after a moment, and then the next one.
        RetrySame = "retry_same",
        /// The next account is asked.
        Next = "next",
        /// The failure is told to the caller.
        Stop = "stop",
    }
);

word_enum!(
    /// What is left alone after a failure.
    Scope, "scope of a cool-down" {
        /// The whole account.
        Account = "account",
        /// One model at the account.
        Model = "model",
        /// One of the account's keys; with a single key it is the account.
        Key = "key",
    }
);

/// Which failures by their status a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// This status.
    Status(u16),
    /// A hundred of them: 5 for all from 500 on.
    Class(u8),
    /// No connection, or it broke.
    Network,
    /// No answer in time.
    Timeout,
    /// What came is not an answer.
    InvalidAnswer,
}

impl On {
    pub(super) fn matches(self, cause: Cause) -> bool {
        match (self, cause) {
            (Self::Status(wanted), Cause::Status(status)) => wanted == status,
            (Self::Class(class), Cause::Status(status)) => status / 100 == u16::from(class),
            (Self::Network, Cause::Network)
            | (Self::Timeout, Cause::Timeout)
            | (Self::InvalidAnswer, Cause::InvalidAnswer) => true,
            _ => false,
        }
    }
}

impl std::fmt::Display for On {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Class(class) => write!(f, "{class}xx"),
            Self::Network => f.write_str("network"),
            Self::Timeout => f.write_str("timeout"),
            Self::InvalidAnswer => f.write_str("invalid_answer"),
        }
    }
}

impl std::str::FromStr for On {
    type Err = RoutingError;

    fn from_str(text: &str) -> Result<Self, RoutingError> {
        match text {
            "network" => return Ok(Self::Network),
            "timeout" => return Ok(Self::Timeout),
            "invalid_answer" => return Ok(Self::InvalidAnswer),
            "3xx" => return Ok(Self::Class(3)),
            "4xx" => return Ok(Self::Class(4)),
            "5xx" => return Ok(Self::Class(5)),
            _ => {}
        }
        let status = text.parse().ok().filter(|status| (300..=599).contains(status));
        status.map(Self::Status).ok_or_else(|| RoutingError::UnknownWord {
            what: "status of a failover rule",
            text: text.chars().take(40).collect(),
            accepted: "300 to 599, 3xx, 4xx, 5xx, network, timeout, invalid_answer",
        })
    }
}

impl Serialize for On {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for On {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// A status may be written as a number too.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u16),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Number(status) => status.to_string(),
            Written::Text(text) => text,
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A rule that an operator puts before the gate's own table. All that it names has to match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailoverRule {
    /// By its status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<On>,
    /// By the provider's `error.type`, exactly.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// By the provider's `error.code`, exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// By words in the provider's message, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    /// By what the gate reads the refusal to be about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Topic>,
    /// What is done.
    pub action: Action,
    /// How often the same account is asked again; 1 unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u8>,
    /// For how many seconds it is left alone; 0 is not at all. Unless said, as the gate's own table has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cool: Option<u32>,
    /// What is left alone; unless said, as the gate's own table has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

impl FailoverRule {
    /// A rule for nothing yet.
    #[must_use]
    pub const fn new(action: Action) -> Self {
        Self {
            status: None,
            error_type: None,
            code: None,
            keyword: None,
            about: None,
            action,
            times: None,
            cool: None,
            scope: None,
        }
    }

    /// Whether everything that the rule names is so.
    pub(super) fn matches(&self, failed: &Failed<'_>, topic: Option<Topic>) -> bool {
        let same = |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
        self.status.is_none_or(|status| status.matches(failed.cause))
            && self.about.is_none_or(|about| Some(about) == topic)
            && same(&self.error_type, &failed.body.error_type)
            && same(&self.code, &failed.body.code)
            && self.keyword.as_ref().is_none_or(|words| contains_ignoring_case(&failed.body.message, words))
    }

    /// What the rule makes of what the gate's own table says.
    pub(super) fn amend(&self, built_in: Verdict) -> Verdict {
        let times = if self.action == Action::RetrySame { self.times.unwrap_or(1) } else { 0 };
        let cooling = match self.cool {
            None => built_in.cooling,
            Some(0) => Cooling::None,
            Some(seconds) => Cooling::Seconds(seconds),
        };
        Verdict {
            action: self.action,
            times,
            cooling,
            scope: self.scope.unwrap_or(built_in.scope),
            ..built_in
        }
    }

    /// What is wrong with the rule, if anything is.
    fn problem(&self) -> Option<&'static str> {
        let texts = [&self.error_type, &self.code, &self.keyword];
        let names_nothing = self.status.is_none() && self.about.is_none();
        if names_nothing && texts.iter().all(|text| text.is_none()) {
            return Some("it names no failure: status, type, code, keyword or about");
        }
        if texts.into_iter().flatten().any(|text| text.trim().is_empty() || text.len() > MAX_TEXT_BYTES) {
            return Some("type, code and keyword have 1 to 200 bytes");
        }
        if texts.into_iter().flatten().any(|text| text.chars().any(char::is_control)) {
            return Some("type, code and keyword hold no control characters");
        }
        match (self.action, self.times) {
            (Action::RetrySame, Some(1..=MAX_TIMES)) | (_, None) => {}
            (Action::RetrySame, Some(_)) => return Some("times is 1 to 5"),
            _ => return Some("times is for retry_same only"),
        }
        self.cool.is_some_and(|cool| cool > MAX_COOL_S).then_some("cool is at most 86400 seconds")
    }
}

/// An account's rules, in their order; checked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<FailoverRule>", into = "Vec<FailoverRule>")]
pub struct FailoverRules(Vec<FailoverRule>);

impl FailoverRules {
    /// Checks rules.
    ///
    /// # Errors
    /// [`RoutingError::BadFailover`] that names the rule by its number, from one.
    pub fn new(rules: Vec<FailoverRule>) -> Result<Self, RoutingError> {
        if rules.len() > MAX_RULES {
            return Err(RoutingError::BadFailover {
                rule: rules.len(),
                reason: "an account has at most 32 rules",
            });
        }
        let problem = rules.iter().enumerate().find_map(|(at, rule)| Some((at + 1, rule.problem()?)));
        match problem {
            Some((rule, reason)) => Err(RoutingError::BadFailover { rule, reason }),
            None => Ok(Self(rules)),
        }
    }

    /// The rules in their order.
    #[must_use]
    pub fn rules(&self) -> &[FailoverRule] {
        &self.0
    }
}

impl TryFrom<Vec<FailoverRule>> for FailoverRules {
    type Error = RoutingError;

    fn try_from(rules: Vec<FailoverRule>) -> Result<Self, RoutingError> {
        Self::new(rules)
    }
}

impl From<FailoverRules> for Vec<FailoverRule> {
    fn from(rules: FailoverRules) -> Self {
        rules.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> Result<FailoverRules, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn rules_round_trip_in_json() {
        let json = r#"[{"status":"5xx","action":"retry_same","times":2},{"status":"429","keyword":"daily limit","action":"next","cool":3600,"scope":"key"},{"type":"t","code":"c","about":"model_missing","action":"stop"}]"#;
        let rules = check(json).unwrap();
        assert_eq!(serde_json::to_string(&rules).unwrap(), json);
        assert_eq!(
            check(r#"[{"status":429,"action":"next"}]"#).unwrap().rules()[0].status,
            Some(On::Status(429))
        );
    }

    #[test]
    fn a_bad_rule_is_named() {
        for (json, word) in [
            (r#"[{"status":"5xx","action":"next"},{"action":"next"}]"#, "rule 2: it names no failure"),
            (r#"[{"status":"6xx","action":"next"}]"#, "`6xx` is not a status"),
            (r#"[{"status":200,"action":"next"}]"#, "`200` is not a status"),
            (r#"[{"keyword":" ","action":"next"}]"#, "1 to 200 bytes"),
            (r#"[{"code":"a\u0000","action":"next"}]"#, "control characters"),
            (r#"[{"code":"a","action":"next","times":2}]"#, "retry_same only"),
            (r#"[{"code":"a","action":"retry_same","times":9}]"#, "1 to 5"),
            (r#"[{"code":"a","action":"next","cool":90000}]"#, "at most 86400"),
            (r#"[{"code":"a","action":"fly"}]"#, "fly"),
            (r#"[{"code":"a","action":"next","colour":1}]"#, "colour"),
        ] {
            let error = check(json).unwrap_err();
            assert!(error.contains(word), "{json}: {error}");
        }
        let many = vec![FailoverRule { status: Some(On::Network), ..FailoverRule::new(Action::Next) }; 33];
        assert!(FailoverRules::new(many).unwrap_err().to_string().contains("at most 32"));
    }
}
