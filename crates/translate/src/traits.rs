//! What models take, as data.

/// What a model takes.
#[derive(Debug, Clone, Default)]
pub struct ModelTraits {}
