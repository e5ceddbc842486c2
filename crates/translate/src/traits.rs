//! What models take, as data.
use crate::ir::Effort;

/// stub
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SamplingTrait {
    /// a
    #[default]
    Accepted,
    /// b
    Refused,
    /// c
    WithoutReasoning,
}
/// stub
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Disabling {
    /// a
    #[default]
    Always,
    /// b
    UpToHigh,
    /// c
    Never,
}
/// stub
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ForcedToolChoice {
    /// a
    #[default]
    Ok,
    /// b
    NotWithThinking,
    /// c
    Refused,
}
/// stub
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StructuredOutput {
    /// a
    None,
    /// b
    JsonObjectOnly,
    /// c
    #[default]
    Native,
}
/// stub
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Efforts(u8);
impl Efforts {
    /// stub
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
    /// stub
    pub fn clamp(self, e: Effort) -> Effort {
        e
    }
}
/// What a model takes.
#[derive(Debug, Clone, Default)]
pub struct ModelTraits {
    /// stub
    pub system_in_messages: bool,
    /// stub
    pub sampling: SamplingTrait,
    /// stub
    pub top_k: bool,
    /// stub
    pub temperature_max_tenths: u8,
    /// stub
    pub stop: bool,
    /// stub
    pub thinking_adaptive: bool,
    /// stub
    pub thinking_enabled: bool,
    /// stub
    pub disabling: Disabling,
    /// stub
    pub efforts: Efforts,
    /// stub
    pub forced_tool_choice: ForcedToolChoice,
    /// stub
    pub structured_output: StructuredOutput,
    /// stub
    pub max_output_tokens: Option<u64>,
    /// stub
    pub custom_tools: bool,
    /// stub
    pub tool_search: bool,
    /// stub
    pub web_search: bool,
    /// stub
    pub verbosity: bool,
}
impl ModelTraits {
    /// stub
    pub fn thinks(&self) -> bool {
        true
    }
    /// stub
    pub fn default_max_tokens(&self) -> u64 {
        4096
    }
}
