//! Price books: many models and what they cost, bundled with the program or read from a file.

mod decimal;
mod factors;
mod litellm;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::price::ModelPrice;

const BUNDLED: &str = include_str!("prices.json");

/// A list of models with their prices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceBook {
    /// The day it was put together, where it says one: `2026-11-27`.
    #[serde(default)]
    pub date: Option<String>,
    /// What it holds and how it was made.
    #[serde(default)]
    pub about: Option<String>,
    /// Where the prices are published, by the names that models give as their source.
    #[serde(default)]
    pub sources: BTreeMap<String, String>,
    /// The models.
    pub models: Vec<BookModel>,
    /// What stands in the file and was not read.
    #[serde(skip)]
    pub skipped: Vec<Skipped>,
}

/// A model in a price book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookModel {
    /// The exact name.
    pub name: String,
    /// What people call it.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Who made it, or serves it.
    #[serde(default)]
    pub owned_by: Option<String>,
    /// The largest prompt in tokens.
    #[serde(default)]
    pub context_window_tokens: Option<u64>,
    /// The longest answer in tokens.
    #[serde(default)]
    pub max_output_tokens: Option<u64>,
    /// Where the price is published: a name among the book's sources, or an address.
    #[serde(default)]
    pub source: Option<String>,
    /// What the price could not express, or only nearly.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What it costs.
    pub price: ModelPrice,
}

/// An entry of a file that has no price for a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The entry's name.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl PriceBook {
    /// The book that comes with the program; its file says its date and where the prices are from.
    ///
    /// # Errors
    /// The file is not a price book. A test reads it, so that no release has such a file.
    pub fn bundled() -> Result<Self, serde_json::Error> {
        serde_json::from_str(BUNDLED)
    }

    /// Reads a file in the form of LiteLLM's `model_prices_and_context_window.json`: an object of models by name.
    ///
    /// # Errors
    /// The text is not a JSON object of objects.
    pub fn from_litellm(text: &str) -> Result<Self, serde_json::Error> {
        litellm::read(text)
    }
}
