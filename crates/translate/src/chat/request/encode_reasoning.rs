//! How a Chat server is asked to think: one meaning, many words.

use super::encode::Writer;
use super::write::{Extras, ReasoningObjectOut, ReasoningOut, TemplateArgumentsOut, ThinkingOut};
use crate::error::TranslateError;
use crate::family::ReasoningStyle;
use crate::ir::{Effort, Shown, ThinkingMode};
use tollgate_protocol::Protocol;

impl<'r> Writer<'r, '_> {
    /// The members that ask for reasoning.
    pub(super) fn reasoning(&mut self) -> Result<ReasoningOut<'r>, TranslateError> {
        let settings = &self.request.reasoning;
        let mut out = ReasoningOut::default();
        let effort = settings.effort.filter(|effort| *effort != Effort::None);
        match self.habits.reasoning {
            ReasoningStyle::Effort => {
                out.reasoning_effort = settings.effort.map(Effort::as_str);
                if self.own {
                    out.thinking = settings.mode.and_then(|_| self.thinking());
                } else if settings.effort.is_none()
                    && !matches!(settings.mode, None | Some(ThinkingMode::Adaptive))
                {
                    self.foreign.settle("thinking")?;
                }
            }
            ReasoningStyle::ThinkingAndEffort => {
                out.thinking = self.thinking();
                out.reasoning_effort = effort.map(Effort::as_str);
            }
            ReasoningStyle::ThinkingOrEffort => {
                out.reasoning_effort = effort.map(Effort::as_str);
                if effort.is_none() {
                    out.thinking = self.thinking_or_not().map(|on| self.thinking_type(on));
                }
            }
            ReasoningStyle::Thinking => {
                out.thinking = self.thinking_or_not().map(|on| self.thinking_type(on));
            }
            ReasoningStyle::EnableThinking => {
                out.enable_thinking = self.thinking_or_not();
                out.thinking_budget = self.budget().filter(|_| effort.is_none());
                out.reasoning_effort = effort.map(Effort::as_str);
            }
            ReasoningStyle::Object => out.reasoning = self.object(),
            ReasoningStyle::TemplateArguments => {
                out.chat_template_kwargs = self.thinking_or_not().map(|enable_thinking| {
                    TemplateArgumentsOut { enable_thinking, reasoning_effort: effort.map(Effort::as_str) }
                });
                // Servers that check the word know these; templates get any.
                let known =
                    effort.filter(|effort| matches!(effort, Effort::Low | Effort::Medium | Effort::High));
                out.reasoning_effort = known.map(Effort::as_str);
            }
            ReasoningStyle::No => {
                if settings.effort.is_some() || settings.mode.is_some() {
                    self.foreign.settle("reasoning")?;
                }
            }
        }
        self.reasoning_extras(&out)?;
        Ok(out)
    }

    /// Whether to think at all, if the request says so.
    fn thinking_or_not(&self) -> Option<bool> {
        let settings = &self.request.reasoning;
        match (settings.mode, settings.effort) {
            (Some(mode), _) => Some(mode != ThinkingMode::Disabled),
            (None, Some(effort)) => Some(effort != Effort::None),
            (None, None) => None,
        }
    }

    fn budget(&self) -> Option<u64> {
        match self.request.reasoning.mode {
            Some(ThinkingMode::Enabled { budget_tokens }) => Some(budget_tokens),
            _ => None,
        }
    }

    /// `thinking`, where the effort has a word of its own.
    fn thinking(&self) -> Option<ThinkingOut<'r>> {
        match (self.request.reasoning.mode, self.request.reasoning.effort) {
            (Some(mode), _) => Some(self.thinking_type(mode != ThinkingMode::Disabled)),
            (None, Some(Effort::None)) => Some(self.thinking_type(false)),
            (None, _) => None,
        }
    }

    fn thinking_type(&self, on: bool) -> ThinkingOut<'r> {
        ThinkingOut {
            r#type: if on { "enabled" } else { "disabled" },
            budget_tokens: self.budget().filter(|_| self.own),
            extras: if self.own {
                Extras::of("thinking", &self.request.reasoning.extras)
            } else {
                Extras::default()
            },
        }
    }

    fn object(&self) -> Option<ReasoningObjectOut<'r>> {
        let settings = &self.request.reasoning;
        let mut object = ReasoningObjectOut {
            exclude: (settings.shown == Some(Shown::Omitted)).then_some(true),
            ..ReasoningObjectOut::default()
        };
        if self.own {
            object.extras = Extras::of("reasoning", &settings.extras);
        }
        // One of effort and budget only is taken.
        match (settings.mode, settings.effort) {
            (Some(ThinkingMode::Disabled), _) => object.enabled = Some(false),
            // OpenRouter's words end here.
            (_, Some(effort)) => object.effort = Some(effort.min(Effort::Xhigh).as_str()),
            (Some(ThinkingMode::Enabled { budget_tokens }), None) => object.max_tokens = Some(budget_tokens),
            (Some(_), None) => object.enabled = Some(true),
            (None, None) if object.exclude.is_none() && object.extras.is_empty() => return None,
            (None, None) => {}
        }
        Some(object)
    }

    /// Settles what no written member holds.
    fn reasoning_extras(&mut self, out: &ReasoningOut<'_>) -> Result<(), TranslateError> {
        for extra in &self.request.reasoning.extras {
            let written = self.own
                && ((extra.name.starts_with("thinking.") && out.thinking.is_some())
                    || (extra.name.starts_with("reasoning.") && out.reasoning.is_some()));
            if !written {
                let object = match self.request.protocol {
                    Protocol::Messages => "thinking.",
                    // Its several objects are named by the member already.
                    Protocol::Chat => "",
                    Protocol::Responses => "reasoning.",
                };
                self.foreign.settle(&format!("{object}{}", extra.name))?;
            }
        }
        Ok(())
    }
}
