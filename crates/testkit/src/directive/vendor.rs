//! How vendors of Chat Completions deviate from OpenAI.

use super::{Shape, flag, text};
use crate::keys::Pair;

/// What vendors of Chat Completions write otherwise than OpenAI.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Vendor {
    pub(crate) no_done: bool,
    pub(crate) usage_each: bool,
    pub(crate) string_numbers: bool,
    pub(crate) reasoning_field: Reasoning,
    pub(crate) hit_miss_usage: bool,
    pub(crate) all_index_zero: bool,
    pub(crate) empty_choices: bool,
    pub(crate) bare_error: bool,
    /// `finish_reason` is `stop` although tools are called.
    pub(crate) always_stop: bool,
}

/// The member that holds reasoning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Reasoning {
    #[default]
    Content,
    /// `reasoning`
    Plain,
    /// `reasoning` and `reasoning_details`
    Details,
}

impl Shape {
    /// The habits of a family of Chat vendors, together.
    pub(super) fn family(&mut self, name: &str) -> Result<(), String> {
        match name {
            "deepseek" => {
                self.usage_in_finish = true;
                self.vendor.hit_miss_usage = true;
            }
            "zhipu" => self.usage_in_finish = true,
            "openrouter" => {
                self.comments = true;
                self.vendor.reasoning_field = Reasoning::Details;
            }
            "vllm" => {
                self.vendor.reasoning_field = Reasoning::Plain;
                self.vendor.usage_each = true;
                self.vendor.bare_error = true;
            }
            "ollama" => {
                self.vendor.reasoning_field = Reasoning::Plain;
                self.vendor.all_index_zero = true;
                self.vendor.always_stop = true;
            }
            "azure" => self.vendor.empty_choices = true,
            other => return Err(format!("`{other}` is no `family` the sandbox knows")),
        }
        Ok(())
    }
}

impl Vendor {
    pub(super) fn apply(&mut self, pair: &Pair) -> Result<bool, String> {
        match pair.key.as_str() {
            "no_done" => self.no_done = flag(pair)?,
            "usage_each" => self.usage_each = flag(pair)?,
            "string_numbers" => self.string_numbers = flag(pair)?,
            "hit_miss_usage" => self.hit_miss_usage = flag(pair)?,
            "all_index_zero" => self.all_index_zero = flag(pair)?,
            "empty_choices" => self.empty_choices = flag(pair)?,
            "bare_error" => self.bare_error = flag(pair)?,
            "always_stop" => self.always_stop = flag(pair)?,
            "reasoning_field" => {
                self.reasoning_field = match text(pair)?.as_str() {
                    "reasoning_content" => Reasoning::Content,
                    "reasoning" => Reasoning::Plain,
                    "reasoning_details" => Reasoning::Details,
                    _ => {
                        return Err(
                            "`reasoning_field` is `reasoning_content`, `reasoning` or `reasoning_details`"
                                .to_owned(),
                        );
                    }
                };
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
