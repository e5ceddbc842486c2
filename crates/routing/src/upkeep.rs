//! What keeps an account going: what is done when it fails, its further keys, probes, and what somebody has to look at.

use serde::{Deserialize, Serialize};
use tollgate_base::{Secret, Timestamp};

use crate::error::RoutingError;
use crate::failover::FailoverRules;

/// The most keys that an account may have beside its first.
pub const MAX_FURTHER_KEYS: usize = 15;
/// The longest text of an upstream that is kept of a refusal, in characters.
const MAX_WORDS_CHARS: usize = 300;
/// How often an account may be probed: from every ten seconds to once a day.
const PROBE_EVERY_S: std::ops::RangeInclusive<u32> = 10..=86_400;

/// What keeps an account going; the default is the gate's own way.
///
/// In JSON the further keys show their hints only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Upkeep {
    /// What is done when it fails, before the gate's own table.
    pub failover: FailoverRules,
    /// Its keys beside the first, in the order that they were added.
    pub further_keys: Vec<FurtherKey>,
    /// Whether it is probed.
    pub probe: Option<ProbeTerms>,
    /// What somebody has to look at.
    pub attention: Option<Attention>,
}

/// A key of an account beside its first. All keys of an account belong to one organization at its provider: thinking
/// signatures and prompt caches are bound to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FurtherKey {
    /// Its number within the account; the first key has 0.
    pub number: u32,
    /// What is shown of it.
    pub hint: String,
    /// The key itself.
    #[serde(skip_serializing)]
    pub secret: Secret<String>,
}

/// What is shown of a provider's key: its begin and end if it is long, so that those with the key know it again.
#[must_use]
pub fn key_hint(secret: &Secret<String>) -> String {
    let chars: Vec<char> = secret.expose().chars().collect();
    if chars.len() < 24 {
        return "…".to_owned();
    }
    let (begin, end) = (&chars[..6], &chars[chars.len() - 4..]);
    begin.iter().chain(['…'].iter()).chain(end).collect()
}

/// A credential that was refused again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// Since when.
    pub since: Timestamp,
    /// The provider's words.
    pub words: String,
}

impl Attention {
    /// A mark with a provider's words, shortened, without any of the account's secrets that they may repeat.
    #[must_use]
    pub fn new<'a>(
        since: Timestamp,
        words: &str,
        secrets: impl IntoIterator<Item = &'a Secret<String>>,
    ) -> Self {
        let clean = secrets.into_iter().filter(|secret| !secret.expose().is_empty());
        let words = clean.fold(words.to_owned(), |words, secret| words.replace(secret.expose(), "…"));
        let visible = words.chars().map(|c| if c.is_control() { ' ' } else { c });
        Self { since, words: without_keys(&visible.take(MAX_WORDS_CHARS).collect::<String>()) }
    }
}

/// Hides words that look like keys: providers repeat a part of the key that they refuse, `sk-ab***yz`.
fn without_keys(text: &str) -> String {
    let hidden = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        bare.starts_with("sk-") || word.contains("**") || (bare.len() >= 24 && !bare.contains('/'))
    };
    let words = text.split(' ').map(|word| if hidden(word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// How an account is probed: a request of one token, so that it is found to be well again without a caller's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeTerms {
    /// How often, in seconds.
    pub every_s: u32,
    /// The model to ask for, by the provider's name.
    pub model: String,
    /// Whether it is probed while it is well too.
    #[serde(default)]
    pub always: bool,
}

impl ProbeTerms {
    /// Checks the terms.
    ///
    /// # Errors
    /// [`RoutingError::BadProbe`] that says what is wrong.
    pub fn check(&self) -> Result<(), RoutingError> {
        let bad = |reason| Err(RoutingError::BadProbe { reason });
        if !PROBE_EVERY_S.contains(&self.every_s) {
            return bad("every is 10 to 86400 seconds");
        }
        let awkward = |c: char| c.is_control() || c.is_whitespace();
        if self.model.is_empty() || self.model.len() > 200 || self.model.chars().any(awkward) {
            return bad("model is the provider's name of a model");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_shows_little() {
        assert_eq!(key_hint(&Secret::from("sk-ant-api03-abcdefghijklmnop-wxyz")), "sk-ant…wxyz");
        assert_eq!(key_hint(&Secret::from("short-secret")), "…");
        assert_eq!(key_hint(&Secret::from("ünïcödé-ünïcödé-ünïcödé-é")).chars().count(), 11);
    }

    #[test]
    fn a_providers_words_are_kept_without_secrets() {
        let secret = Secret::from("hunter2");
        let words = "Incorrect API key provided: sk-proj-abcdef. You sent hunter2\n(abc***xyz) or AAAAAAAAAAAAAAAAAAAAAAAAAA at https://platform.openai.com/account/api-keys";
        let kept = Attention::new(Timestamp::default(), words, [&secret]).words;
        assert_eq!(
            kept,
            "Incorrect API key provided: … You sent … … or … at https://platform.openai.com/account/api-keys"
        );
        let long = Attention::new(Timestamp::default(), &"word ".repeat(1_000), []);
        assert_eq!(long.words.chars().count(), MAX_WORDS_CHARS);
    }

    #[test]
    fn probes_are_checked() {
        let terms = |every_s, model: &str| ProbeTerms { every_s, model: model.into(), always: false }.check();
        assert_eq!(terms(60, "claude-haiku-4-5"), Ok(()));
        for (every_s, model) in [(9, "m"), (86_401, "m"), (60, ""), (60, "a b")] {
            assert!(terms(every_s, model).is_err(), "{every_s} {model}");
        }
    }
}
