//! What each of OpenAI's models takes.
//!
//! Sources: the API reference and the rules of `@ai-sdk/openai` 4.0.118.

use super::super::{Check, set};
use super::{invalid, refuse};
use crate::reading::{self, Body};

/// One of OpenAI's models, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gpt<'a> {
    name: &'a str,
    /// `(5, 1)` of `gpt-5.1`; the o series is `(4, 0)` and does reason.
    version: (u32, u32),
    pub(super) reasons: bool,
}

/// Whether sampling parameters are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sampling {
    Always,
    WithoutEffort,
    Never,
}

impl<'a> Gpt<'a> {
    /// `None` for everybody else's models.
    pub(super) fn of(model: &'a str) -> Option<Self> {
        let o_series = ["o1", "o3", "o4"].iter().any(|begin| {
            model.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        });
        if o_series {
            return Some(Self { name: model, version: (4, 0), reasons: true });
        }
        let rest = model.strip_prefix("gpt-")?;
        let digits =
            |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
        let major = digits(rest).unwrap_or(0);
        let minor =
            rest.split_once('.').filter(|(whole, _)| whole.len() == 1).and_then(|(_, rest)| digits(rest));
        let reasons = major >= 5 && !rest.contains("-chat");
        Some(Self { name: model, version: (major, minor.unwrap_or(0)), reasons })
    }

    fn off_switch(self) -> bool {
        match self.version {
            (5, minor) => minor >= 1,
            (6.., _) => {
                ["gpt-6-sol", "gpt-6-luna", "gpt-6.1-terra"].iter().any(|begin| self.name.starts_with(begin))
            }
            _ => false,
        }
    }

    fn sampling(self) -> Sampling {
        match (self.reasons, self.off_switch()) {
            (false, _) => Sampling::Always,
            (true, true) => Sampling::WithoutEffort,
            (true, false) => Sampling::Never,
        }
    }

    fn efforts(self) -> Vec<&'static str> {
        let all = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
        let (least, most) = match self.version {
            (4, _) => (2, 4),
            (5, 0) => (1, 4),
            (5, 1) => (2, 4),
            (5, 2..=5) => (2, 5),
            _ => (2, 6),
        };
        let mut efforts = all[least..=most].to_vec();
        if self.off_switch() {
            efforts.insert(0, "none");
        }
        efforts
    }

    /// Whether prompt caching can be told what to do.
    pub(super) fn caches_when_told(self) -> bool {
        self.version >= (5, 6)
    }

    /// In Chat, function tools only without reasoning.
    pub(super) fn tools_without_effort(self) -> bool {
        self.reasons && self.version >= (5, 6)
    }

    /// Sampling parameters, `stop` and the like.
    pub(super) fn check_sampling(self, body: &Body, effort: Option<&str>) -> Check {
        let sampling = self.sampling();
        if sampling == Sampling::Always || (sampling == Sampling::WithoutEffort && effort == Some("none")) {
            return Ok(());
        }
        if set(body, "temperature").is_some_and(|value| value.as_f64() != Some(1.0)) {
            let text = format!(
                "Unsupported value: 'temperature' does not support {} with this model. Only the default (1) value is supported.",
                body["temperature"]
            );
            return refuse("temperature", "unsupported_value", text);
        }
        let names = [
            "top_p",
            "presence_penalty",
            "frequency_penalty",
            "logprobs",
            "top_logprobs",
            "logit_bias",
            "stop",
        ];
        // The defaults change nothing and are let pass.
        let changes = |name: &str| match name {
            "top_p" => set(body, name).is_some_and(|value| value.as_f64() != Some(1.0)),
            "presence_penalty" | "frequency_penalty" => {
                set(body, name).is_some_and(|value| value.as_f64() != Some(0.0))
            }
            "logprobs" => set(body, name).is_some_and(|value| value.as_bool() != Some(false)),
            _ => set(body, name).is_some(),
        };
        match names.into_iter().find(|name| changes(name)) {
            Some(name) => unsupported(name),
            None => Ok(()),
        }
    }

    pub(super) fn check_effort(self, path: &str, effort: Option<&str>) -> Check {
        let Some(effort) = effort else { return Ok(()) };
        if !self.reasons {
            return unsupported(path);
        }
        let known = self.efforts();
        if known.contains(&effort) {
            return Ok(());
        }
        let text = format!(
            "Unsupported value: '{effort}' is not supported with the '{}' model. Supported values are: '{}'.",
            self.name,
            known.join("', '")
        );
        refuse(path, "unsupported_value", text)
    }
}

pub(super) fn unsupported(name: &str) -> Check {
    let text = format!("Unsupported parameter: '{name}' is not supported with this model.");
    refuse(name, "unsupported_parameter", text)
}

/// Ranges, for every model.
pub(super) fn check_ranges(body: &Body) -> Check {
    let ranges = [
        ("temperature", 0.0, 2.0),
        ("top_p", 0.0, 1.0),
        ("presence_penalty", -2.0, 2.0),
        ("frequency_penalty", -2.0, 2.0),
        ("top_logprobs", 0.0, 20.0),
    ];
    for (name, least, most) in ranges {
        if set(body, name)
            .is_some_and(|value| !value.as_f64().is_some_and(|value| (least..=most).contains(&value)))
        {
            return invalid(name, format!("Invalid '{name}': expected a number from {least} to {most}."));
        }
    }
    let stops = reading::stops(body.get("stop"));
    if stops.len() > 4 {
        return refuse(
            "stop",
            "array_above_max_length",
            format!(
                "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length {} instead.",
                stops.len()
            ),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_a_model_takes() {
        for (model, version, reasons) in [
            ("gpt-4o", (4, 0), false),
            ("gpt-4.1-mini", (4, 1), false),
            ("gpt-5", (5, 0), true),
            ("gpt-5-chat-latest", (5, 0), false),
            ("gpt-5.1-codex", (5, 1), true),
            ("gpt-5.5", (5, 5), true),
            ("gpt-6-sol", (6, 0), true),
            ("o3-mini", (4, 0), true),
        ] {
            assert_eq!(Gpt::of(model), Some(Gpt { name: model, version, reasons }), "{model}");
        }
        for other in ["deepseek-chat", "claude-opus-5-5", "m", "o1x", "openai"] {
            assert_eq!(Gpt::of(other), None);
        }
        let efforts = |model| Gpt::of(model).unwrap().efforts();
        assert_eq!(efforts("gpt-5"), ["minimal", "low", "medium", "high"]);
        assert_eq!(efforts("gpt-5.5"), ["none", "low", "medium", "high", "xhigh"]);
        assert_eq!(efforts("gpt-6-astra"), ["low", "medium", "high", "xhigh", "max"]);
        assert_eq!(efforts("gpt-6-sol")[0], "none");
    }
}
