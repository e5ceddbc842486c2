//! What of a shaping cannot be used, told before it is saved.

use tollgate_protocol::{BodyPath, check_shaped_header, check_shaped_header_value};

use super::apply::Shaping;
use super::rules::{BodyRule, ClampRule};
use crate::error::RoutingError;

const MAX_RULES: usize = 64;
const MAX_PREFIX_BYTES: usize = 32 * 1024;
/// Of all values together; each is part of every request.
const MAX_VALUE_BYTES: usize = 32 * 1024;
const MAX_BETA_CHARS: usize = 128;

/// What the gate reads and writes itself: which model, whether a stream, how many answers, and where a response is kept.
const OWN_MEMBERS: [&str; 8] =
    ["model", "stream", "stream_options", "n", "store", "background", "previous_response_id", "style"];

impl Shaping {
    /// Checks that it can be used.
    ///
    /// # Errors
    /// [`RoutingError::BadShaping`], which names the field.
    pub fn check(&self) -> Result<(), RoutingError> {
        self.check_sizes()?;
        for (name, value) in &self.headers.set {
            let field = || format!("headers.set.{name}");
            check_shaped_header(name).map_err(|reason| bad(field(), reason))?;
            check_shaped_header_value(value).map_err(|reason| bad(field(), reason))?;
        }
        for (at, name) in self.headers.remove.iter().enumerate() {
            check_shaped_header(name).map_err(|reason| bad(format!("headers.remove[{at}]"), reason))?;
        }
        for (at, name) in self.beta.add.iter().enumerate() {
            let is_name = |c: char| c.is_ascii_graphic() && c != ',';
            if name.is_empty() || name.len() > MAX_BETA_CHARS || !name.chars().all(is_name) {
                return Err(bad(format!("beta.add[{at}]"), "it is not a name"));
            }
        }
        for (at, rule) in self.body.iter().enumerate() {
            rule.check().map_err(|reason| bad(format!("body[{at}]"), reason))?;
        }
        for (at, rule) in self.clamp.iter().enumerate() {
            rule.check().map_err(|reason| bad(format!("clamp[{at}]"), reason))?;
        }
        for (from, to) in &self.status {
            if !(300..=599).contains(from) || !(400..=599).contains(to) {
                return Err(bad(
                    format!("status.{from}"),
                    "a refusal (300 to 599) is taken for an error (400 to 599)",
                ));
            }
        }
        Ok(())
    }

    fn check_sizes(&self) -> Result<(), RoutingError> {
        let beta = self.beta.allow.as_ref().map_or(0, Vec::len) + self.beta.drop.len() + self.beta.add.len();
        for (field, count) in [
            ("headers", self.headers.set.len() + self.headers.remove.len()),
            ("beta", beta),
            ("body", self.body.len()),
            ("clamp", self.clamp.len()),
            ("status", self.status.len()),
        ] {
            if count > MAX_RULES {
                return Err(bad(field.to_owned(), "it has more than 64 entries"));
            }
        }
        match self.system_prefix.as_deref() {
            Some("") => return Err(bad("system_prefix".to_owned(), "it is empty")),
            Some(prefix) if prefix.len() > MAX_PREFIX_BYTES => {
                return Err(bad("system_prefix".to_owned(), "it is longer than 32 KiB"));
            }
            _ => {}
        }
        let values = self.body.iter().flat_map(|rule| rule.set.iter().chain(&rule.default));
        let header_bytes: usize = self.headers.set.values().map(String::len).sum();
        if values.map(|value| value.as_str().len()).sum::<usize>() + header_bytes > MAX_VALUE_BYTES {
            return Err(bad("body".to_owned(), "its values are longer than 32 KiB together"));
        }
        Ok(())
    }
}

impl BodyRule {
    fn check(&self) -> Result<(), &'static str> {
        let changes = [self.set.is_some(), self.default.is_some(), self.remove];
        if changes.into_iter().filter(|given| *given).count() != 1 {
            return Err("it needs one of `set`, `default` and `remove`");
        }
        check_path(&self.path)
    }
}

impl ClampRule {
    fn check(&self) -> Result<(), &'static str> {
        let (min, max) = (self.min.as_ref(), self.max.as_ref());
        let crossed = |(min, max): (&serde_json::Number, &serde_json::Number)| min.as_f64() > max.as_f64();
        if min.is_none() && max.is_none() {
            return Err("it needs `min` or `max`");
        }
        if min.zip(max).is_some_and(crossed) {
            return Err("`min` is larger than `max`");
        }
        check_path(&self.path)
    }
}

fn check_path(path: &BodyPath) -> Result<(), &'static str> {
    match path.top() {
        None => Err("its path begins with `*`, which stands for the gate's own members as well"),
        Some(name) if OWN_MEMBERS.contains(&name) => Err("its path leads to what the gate writes itself"),
        Some(_) => Ok(()),
    }
}

fn bad(field: String, reason: &str) -> RoutingError {
    RoutingError::BadShaping { field, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_named() {
        let long = "x".repeat(33_000);
        let many = [r#"{"path":"a","remove":true}"#; 65].join(",");
        for (json, field) in [
            (r#"{"headers":{"set":{"Host":"x"}}}"#, "headers.set.Host"),
            (r#"{"headers":{"set":{"x-a":"b\nc"}}}"#, "headers.set.x-a"),
            (r#"{"headers":{"set":{"b ad":"x"}}}"#, "headers.set.b ad"),
            (r#"{"headers":{"remove":["x","authorization"]}}"#, "headers.remove[1]"),
            (r#"{"beta":{"add":["a,b"]}}"#, "beta.add[0]"),
            (r#"{"body":[{"path":"a"}]}"#, "body[0]"),
            (r#"{"body":[{"path":"a","set":1,"remove":true}]}"#, "body[0]"),
            (r#"{"body":[{"path":"a","remove":true},{"path":"model","set":"x"}]}"#, "body[1]"),
            (r#"{"body":[{"path":"stream","default":true}]}"#, "body[0]"),
            (r#"{"body":[{"path":"*","remove":true}]}"#, "body[0]"),
            (&format!(r#"{{"body":[{{"path":"a","set":"{long}"}}]}}"#), "body"),
            (&format!(r#"{{"body":[{many}]}}"#), "body"),
            (r#"{"clamp":[{"path":"a"}]}"#, "clamp[0]"),
            (r#"{"clamp":[{"path":"a","min":2,"max":1}]}"#, "clamp[0]"),
            (r#"{"clamp":[{"path":"n","min":2}]}"#, "clamp[0]"),
            (r#"{"system_prefix":""}"#, "system_prefix"),
            (&format!(r#"{{"system_prefix":"{long}"}}"#), "system_prefix"),
            (r#"{"status":{"200":429}}"#, "status.200"),
            (r#"{"status":{"403":200}}"#, "status.403"),
        ] {
            let shaping: Shaping = serde_json::from_str(json).unwrap();
            match shaping.check().unwrap_err() {
                RoutingError::BadShaping { field: named, .. } => assert_eq!(named, field),
                other => panic!("{other}"),
            }
        }
    }
}
