//! A rule as one line of text: `status=429 keyword="daily limit" action=next cool=3600 scope=key`.

use std::fmt::{self, Display, Write as _};
use std::str::FromStr;

use super::rule::{Action, FailoverRule};
use crate::error::RoutingError;

/// The longest line that is read.
const MAX_LINE_BYTES: usize = 2_000;

impl FromStr for FailoverRule {
    type Err = RoutingError;

    fn from_str(text: &str) -> Result<Self, RoutingError> {
        if text.len() > MAX_LINE_BYTES {
            return Err(bad(text, "it is too long"));
        }
        let mut rule = Self::new(Action::Next);
        let mut action = None;
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (key, value, after) = next_pair(rest).ok_or_else(|| bad(text, "expected key=value"))?;
            let number = || value.parse().map_err(|_| bad(text, "cool and times are whole numbers"));
            match key {
                "status" => rule.status = Some(value.parse()?),
                "type" => rule.error_type = Some(value.clone()),
                "code" => rule.code = Some(value.clone()),
                "keyword" => rule.keyword = Some(value.clone()),
                "about" => rule.about = Some(value.parse()?),
                "action" => action = Some(value.parse()?),
                "scope" => rule.scope = Some(value.parse()?),
                "cool" => rule.cool = Some(number()?),
                "times" => {
                    let times = u8::try_from(number()?);
                    rule.times = Some(times.map_err(|_| bad(text, "times is 1 to 5"))?);
                }
                _ => {
                    return Err(bad(
                        text,
                        "the keys are status, type, code, keyword, about, action, times, cool and scope",
                    ));
                }
            }
            rest = after.trim_start();
        }
        rule.action = action.ok_or_else(|| bad(text, "it has no action"))?;
        Ok(rule)
    }
}

/// The first `key=value`, the value perhaps in quotes, and what follows.
fn next_pair(text: &str) -> Option<(&str, String, &str)> {
    let (key, rest) = text.split_once('=')?;
    let quote = rest.chars().next().filter(|first| matches!(first, '"' | '\''));
    let (value, after) = match quote {
        Some(quote) => rest[1..].split_once(quote)?,
        None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
    };
    let clean = !key.is_empty() && !key.contains(char::is_whitespace);
    let apart = after.is_empty() || after.starts_with(char::is_whitespace);
    (clean && apart).then(|| (key, value.to_owned(), after))
}

fn bad(text: &str, reason: &'static str) -> RoutingError {
    RoutingError::BadFailoverText { text: text.chars().take(100).collect(), reason }
}

impl Display for FailoverRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        let mut put = |key: &str, value: Option<&dyn Display>| match value {
            Some(value) => write!(line, "{key}={} ", Quoted(&value.to_string())),
            None => Ok(()),
        };
        put("status", self.status.as_ref().map(|value| value as _))?;
        put("type", self.error_type.as_ref().map(|value| value as _))?;
        put("code", self.code.as_ref().map(|value| value as _))?;
        put("keyword", self.keyword.as_ref().map(|value| value as _))?;
        put("about", self.about.as_ref().map(|value| value as _))?;
        put("action", Some(&self.action))?;
        put("times", self.times.as_ref().map(|value| value as _))?;
        put("cool", self.cool.as_ref().map(|value| value as _))?;
        put("scope", self.scope.as_ref().map(|value| value as _))?;
        f.write_str(line.trim_end())
    }
}

/// A value in quotes where it needs them.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\'');
        match (self.0.chars().all(plain), self.0.contains('"')) {
            (true, _) => f.write_str(self.0),
            (false, false) => write!(f, "\"{}\"", self.0),
            (false, true) => write!(f, "'{}'", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_reads_back_as_it_is_written() {
        for text in [
            "status=5xx action=retry_same times=2",
            "status=429 keyword=\"daily limit\" action=next cool=3600 scope=account",
            "type=overloaded_error code=x about=overload action=stop cool=0",
            "keyword='say \"no\"' action=next",
            "status=network action=next",
        ] {
            let rule: FailoverRule = text.parse().unwrap();
            assert_eq!(rule.to_string(), text);
        }
    }

    #[test]
    fn a_line_that_is_no_rule_says_why() {
        for (text, word) in [
            ("", "no action"),
            ("status=429", "no action"),
            ("action", "key=value"),
            ("action=next keyword=\"open", "key=value"),
            ("action=next keyword='a'b", "key=value"),
            ("colour=red action=next", "the keys are"),
            ("action=fly", "fly"),
            ("action=next cool=long", "whole numbers"),
            ("action=retry_same times=300", "1 to 5"),
            ("status=7xx action=next", "7xx"),
        ] {
            let error = text.parse::<FailoverRule>().unwrap_err().to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
