//! Provider families and their deviations, as data.
use crate::traits::StructuredOutput;

/// Whose habits an upstream has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Family {
    /// Nobody's in particular.
    #[default]
    Generic,
}

/// stub
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quirks {
    /// stub
    pub custom_tools: bool,
    /// stub
    pub stop_max: u8,
    /// stub
    pub top_k: bool,
    /// stub
    pub seed: bool,
    /// stub
    pub forced_tool_choice: bool,
    /// stub
    pub response_format: StructuredOutput,
    /// stub
    pub service_tier: bool,
    /// stub
    pub verbosity: bool,
    /// stub
    pub parallel_tool_calls: bool,
}

impl Family {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        "generic"
    }
    /// stub
    pub fn quirks(self) -> &'static Quirks {
        &Quirks {
            custom_tools: false,
            stop_max: 4,
            top_k: false,
            seed: false,
            forced_tool_choice: true,
            response_format: StructuredOutput::Native,
            service_tier: true,
            verbosity: true,
            parallel_tool_calls: true,
        }
    }
}
