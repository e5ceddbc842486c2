//! Length, sampling, thinking, form and service, as Messages writes them.

use super::encode::{Writer, mark};
use super::write::{FormatOut, MetadataOut, OutputConfigOut, SettingsOut, ThinkingOut};
use crate::error::TranslateError;
use crate::ir::{Effort, Extra, OutputFormat, RequestTier, Shown, ThinkingMode};
use crate::json::Extras;

impl<'r> Writer<'r, '_> {
    /// The settings.
    pub(super) fn settings(&mut self) -> Result<SettingsOut<'r>, TranslateError> {
        let request = self.request;
        let sampling = request.sampling;
        self.foreign.settle_some(sampling.frequency_penalty.is_some(), "frequency_penalty")?;
        self.foreign.settle_some(sampling.presence_penalty.is_some(), "presence_penalty")?;
        self.foreign.settle_some(sampling.seed.is_some(), "seed")?;
        self.foreign.settle_some(request.verbosity.is_some(), "verbosity")?;
        let has_raw_mark = self.own && request.extras.iter().any(|extra| extra.name == "cache_control");
        let tier = request.service_tier;
        Ok(SettingsOut {
            stop_sequences: &request.stop,
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            top_k: sampling.top_k,
            thinking: self.thinking()?,
            output_config: self.output_config()?,
            cache_control: request.auto_cache.filter(|_| !has_raw_mark).map(mark),
            metadata: self.metadata(),
            service_tier: match tier {
                Some(RequestTier::Auto) => Some("auto"),
                Some(RequestTier::Standard) => Some("standard_only"),
                Some(RequestTier::Priority | RequestTier::Flex | RequestTier::Scale) | None => None,
            },
            speed: (tier == Some(RequestTier::Priority)).then_some("fast"),
        })
    }

    fn own_extras(&self, object: &str) -> Extras<'r> {
        if self.own { Extras::of(object, &self.request.extras) } else { Extras::default() }
    }

    fn metadata(&self) -> Option<MetadataOut<'r>> {
        let user_id = self.request.end_user.as_deref();
        let extras = self.own_extras("metadata");
        (user_id.is_some() || !extras.is_empty()).then_some(MetadataOut { user_id, extras })
    }

    fn thinking(&mut self) -> Result<Option<ThinkingOut<'r>>, TranslateError> {
        let settings = &self.request.reasoning;
        if !self.own {
            self.foreign.extras("reasoning.", &settings.extras)?;
        }
        let Some(mode) = settings.mode else { return Ok(None) };
        let (kind, budget_tokens) = match mode {
            ThinkingMode::Adaptive => ("adaptive", None),
            ThinkingMode::Enabled { budget_tokens } => ("enabled", Some(budget_tokens)),
            ThinkingMode::Disabled => ("disabled", None),
            ThinkingMode::BetweenTools => ("between_tools", None),
        };
        let display = settings.shown.filter(|_| self.own || mode != ThinkingMode::Disabled).map(display);
        let extras = if self.own { Extras::top(&settings.extras, &[]) } else { Extras::default() };
        Ok(Some(ThinkingOut { r#type: kind, budget_tokens, display, extras }))
    }

    fn output_config(&mut self) -> Result<Option<OutputConfigOut<'r>>, TranslateError> {
        let request = self.request;
        let effort = request.reasoning.effort.and_then(effort);
        let mut extras = self.own_extras("output_config");
        let format = match &request.format {
            Some(OutputFormat::JsonSchema { schema, .. }) => {
                let extras = self.own_extras("output_config.format");
                Some(FormatOut::Schema { r#type: "json_schema", schema, extras })
            }
            // Asked for in words before this.
            Some(OutputFormat::JsonObject | OutputFormat::Text) => None,
            None => self.raw_format(),
        };
        // Members of the format, and the format itself, are not members of `output_config` a second time.
        extras.0.retain(|(name, _)| *name != "format" && !name.starts_with("format."));
        let is_empty = effort.is_none() && format.is_none() && extras.is_empty();
        Ok((!is_empty).then_some(OutputConfigOut { effort, format, extras }))
    }

    /// A form that the representation does not know.
    fn raw_format(&self) -> Option<FormatOut<'r>> {
        let is_format = |extra: &&Extra<'_>| extra.name == "output_config.format";
        let extra = self.request.extras.iter().filter(|_| self.own).find(is_format)?;
        Some(FormatOut::Raw(&extra.json))
    }
}

const fn effort(effort: Effort) -> Option<&'static str> {
    match effort {
        Effort::None => None,
        Effort::Minimal | Effort::Low => Some("low"),
        Effort::Medium => Some("medium"),
        Effort::High => Some("high"),
        Effort::Xhigh => Some("xhigh"),
        Effort::Max => Some("max"),
    }
}

const fn display(shown: Shown) -> &'static str {
    match shown {
        Shown::Omitted => "omitted",
        Shown::Summary | Shown::Concise | Shown::Detailed => "summarized",
        Shown::Updates => "updates",
    }
}
