//! What shaping can add to a request that costs money: known without looking at the body, so that a hold covers it.

use serde_json::Number;
use tollgate_protocol::{MAX_PLACES, Protocol};

use super::apply::Shaping;
use super::rules::BodyRule;

/// The members that say how long an answer may be, each in its protocol.
const LONGEST_ANSWER: [&str; 3] = ["max_tokens", "max_completion_tokens", "max_output_tokens"];
/// About what a name, a prefix and a block have around them in JSON.
const AROUND_BYTES: usize = 64;

/// The most that shaping adds to any request for one model in one protocol.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Additions {
    /// At most so many bytes of prompt.
    pub prompt_bytes: u64,
    /// All that may be put in, as one text to look through for what has a price of its own.
    pub text: String,
    /// An answer may be as long as this, whatever the caller allows.
    pub output_tokens: Option<u64>,
    /// What the caller allows may be taken away: the model's own limit holds.
    pub lifts_output: bool,
    /// The service tier that may be asked for.
    pub service_tier: Option<String>,
}

impl Shaping {
    /// Adds to `additions` the most that this puts into a request for the model in the protocol.
    pub fn add_to(&self, additions: &mut Additions, upstream_model: &str, protocol: Protocol) {
        if let Some(prefix) = &self.system_prefix {
            additions.put(prefix, 1);
        }
        for rule in self.body_rules(upstream_model, protocol) {
            additions.take(rule);
        }
        for rule in self.clamp_rules(upstream_model, protocol) {
            if let Some(min) = rule.min.as_ref().filter(|_| is_longest_answer(rule.path.only())) {
                additions.lengthen(Some(min));
            }
        }
    }
}

impl Additions {
    fn take(&mut self, rule: &BodyRule) {
        let limits_answer = is_longest_answer(rule.path.only());
        let Some(json) = rule.set.as_ref().or(rule.default.as_ref()) else {
            self.lifts_output |= limits_answer;
            return;
        };
        if limits_answer {
            self.lengthen(serde_json::from_str(json.as_str()).ok().as_ref());
        }
        if rule.path.only() == Some("service_tier") {
            self.service_tier = serde_json::from_str(json.as_str()).ok();
        }
        let names = rule.path.as_str().replace('.', "\" \"");
        let places = if rule.path.is_wide() { MAX_PLACES } else { 1 };
        self.put(&format!("\"{names}\":{}", json.as_str()), places);
    }

    /// A limit that is no whole number limits nothing.
    fn lengthen(&mut self, limit: Option<&Number>) {
        match limit.and_then(Number::as_u64) {
            Some(tokens) => self.output_tokens = self.output_tokens.max(Some(tokens)),
            None => self.lifts_output = true,
        }
    }

    fn put(&mut self, text: &str, places: usize) {
        self.text.push_str(text);
        self.text.push(' ');
        let bytes = (text.len() + AROUND_BYTES).saturating_mul(places) as u64;
        self.prompt_bytes = self.prompt_bytes.saturating_add(bytes);
    }
}

fn is_longest_answer(name: Option<&str>) -> bool {
    name.is_some_and(|name| LONGEST_ANSWER.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn additions(json: &str) -> Additions {
        let shaping: Shaping = serde_json::from_str(json).unwrap();
        let mut additions = Additions::default();
        shaping.add_to(&mut additions, "m", Protocol::Messages);
        additions
    }

    #[test]
    fn what_makes_an_answer_longer_is_known() {
        for (json, tokens, lifts) in [
            (r#"{"body":[{"path":"max_tokens","set":500}]}"#, Some(500), false),
            (
                r#"{"body":[{"path":"max_tokens","default":500},{"path":"max_output_tokens","set":9}]}"#,
                Some(500),
                false,
            ),
            (r#"{"clamp":[{"path":"max_completion_tokens","min":700,"max":900}]}"#, Some(700), false),
            (r#"{"clamp":[{"path":"max_tokens","max":900}]}"#, None, false),
            (r#"{"body":[{"path":"max_tokens","remove":true}]}"#, None, true),
            (r#"{"body":[{"path":"max_tokens","set":null}]}"#, None, true),
            (r#"{"body":[{"path":"max_tokens","set":500,"models":["other"]}]}"#, None, false),
            (r#"{"body":[{"path":"temperature","set":500}]}"#, None, false),
        ] {
            let got = additions(json);
            assert_eq!((got.output_tokens, got.lifts_output), (tokens, lifts), "{json}");
        }
    }

    #[test]
    fn what_is_put_in_is_counted_and_can_be_looked_through() {
        let got = additions(r#"{"system_prefix":"Be kind.","body":[{"path":"a.speed","set":"fast"}]}"#);
        assert!(got.prompt_bytes >= "Be kind.".len() as u64 + 20);
        assert!(got.text.contains("\"speed\"") && got.text.contains("Be kind."), "{}", got.text);
        let wide = additions(r#"{"body":[{"path":"tools.*.strict","set":true}]}"#);
        assert!(wide.prompt_bytes > 128 * 20);
        let tier = additions(r#"{"body":[{"path":"service_tier","set":"priority"}]}"#);
        assert_eq!(tier.service_tier.as_deref(), Some("priority"));
        assert_eq!(additions("{}"), Additions::default());
    }
}
