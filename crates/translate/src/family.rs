//! Provider families and their deviations, as data.

/// Whose habits an upstream has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Family {
    /// Nobody's in particular.
    #[default]
    Generic,
}

impl Family {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        "generic"
    }
}
