//! Models: names, facts and prices.

use serde::{Deserialize, Serialize};
use tollgate_base::Timestamp;
use tollgate_translate::traits::TraitsPatch;

use crate::error::RoutingError;
use crate::pattern::Pattern;
use crate::price::{PriceVersion, Prices};

/// A model, or with `*` in its name the price of many.
///
/// Only models with exact names are listed to callers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// The exact name (`claude-opus-5-5`, `ZHIPU/GLM-4.6`), or a pattern (`deepseek-*`).
    pub name: String,
    /// What people call it.
    pub display_name: Option<String>,
    /// Who made it, as model lists show it.
    pub owned_by: Option<String>,
    /// How many tokens prompt and answer may have together.
    pub context_window_tokens: Option<u64>,
    /// How many tokens an answer may have.
    pub max_output_tokens: Option<u64>,
    /// What the operator says it takes, where that differs from what its name tells.
    pub traits: Option<TraitsPatch>,
    /// What it costs, where and from when on.
    pub prices: Prices,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Model {
    /// What it costs at this time where no place has a price of its own; `None` if its price is yet to come.
    #[must_use]
    pub fn price_at(&self, at: Timestamp) -> Option<&PriceVersion> {
        self.prices.at(None, at)
    }

    /// The name as a pattern; exact names match only themselves.
    ///
    /// # Errors
    /// [`RoutingError::BadPattern`]. A model whose name is refused here never matches a request; check before saving.
    pub fn pattern(&self) -> Result<Pattern, RoutingError> {
        self.name.parse()
    }
}
