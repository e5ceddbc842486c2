//! The models of the demo and what they cost.

use tollgate_base::TokenPrice;
use tollgate_pricing::ModelPrice;

/// One row of the demo's price book.
#[derive(Debug, Clone, Copy)]
pub(super) struct DemoModel {
    /// The name; with `*` a price for many.
    pub(super) name: &'static str,
    /// What model lists call it; only for exact names.
    pub(super) display_name: Option<&'static str>,
    /// Who made it.
    pub(super) owned_by: &'static str,
    /// The longest answer, where it is known.
    pub(super) max_output_tokens: Option<u64>,
    /// What it costs.
    pub(super) price: ModelPrice,
}

/// Thousandths of a dollar per million tokens.
const fn price(milli_dollars: u64) -> TokenPrice {
    TokenPrice::from_nanos_per_million(milli_dollars * 1_000_000)
}

/// Input, output and cache read.
const fn prices(input: u64, output: u64, cache_read: u64) -> ModelPrice {
    ModelPrice { cache_read: Some(price(cache_read)), ..ModelPrice::new(price(input), price(output)) }
}

/// Input, output, both cache writes and cache read.
const fn with_writes(input: u64, output: u64, write_5m: u64, write_1h: u64, read: u64) -> ModelPrice {
    ModelPrice {
        cache_write_5m: Some(price(write_5m)),
        cache_write_1h: Some(price(write_1h)),
        ..prices(input, output, read)
    }
}

const fn exact(
    name: &'static str,
    display_name: &'static str,
    owned_by: &'static str,
    max_output_tokens: Option<u64>,
    price: ModelPrice,
) -> DemoModel {
    DemoModel { name, display_name: Some(display_name), owned_by, max_output_tokens, price }
}

const fn many(name: &'static str, owned_by: &'static str, price: ModelPrice) -> DemoModel {
    DemoModel { name, display_name: None, owned_by, max_output_tokens: None, price }
}

/// Every model of the demo.
///
/// The providers' published prices of November 2026 where a comment does not say otherwise. "Sandbox price" means a
/// plausible number for trying the gate out; check it before charging anyone.
pub(super) const MODELS: &[DemoModel] = &[
    exact(
        "claude-opus-5-5",
        "Claude Opus 5.5",
        "anthropic",
        Some(128_000),
        with_writes(4000, 20_000, 5000, 8000, 200),
    ),
    exact(
        "claude-sonnet-5-5",
        "Claude Sonnet 5.5",
        "anthropic",
        Some(128_000),
        with_writes(2000, 10_000, 2500, 4000, 200),
    ),
    // The price up to 100,000 prompt tokens; beyond that the provider asks five times as much.
    exact(
        "claude-haiku-5-5",
        "Claude Haiku 5.5",
        "anthropic",
        Some(128_000),
        with_writes(100, 500, 125, 200, 10),
    ),
    // Sandbox price.
    exact(
        "claude-sonnet-4-5",
        "Claude Sonnet 4.5",
        "anthropic",
        Some(64_000),
        with_writes(3000, 15_000, 3750, 6000, 300),
    ),
    // Sandbox price.
    exact(
        "claude-haiku-4-5",
        "Claude Haiku 4.5",
        "anthropic",
        Some(64_000),
        with_writes(1000, 5000, 1250, 2000, 100),
    ),
    // Sandbox price: that of Opus 5, so that a model not listed here is not sold short.
    many("claude-*", "anthropic", with_writes(5000, 25_000, 6250, 10_000, 500)),
    // Up to 272,000 prompt tokens.
    exact("gpt-6-sol", "GPT-6 Sol", "openai", None, with_writes(2000, 10_000, 2500, 2500, 200)),
    // Sandbox price.
    exact("gpt-5.5", "GPT-5.5", "openai", None, prices(1250, 10_000, 125)),
    // Sandbox price.
    exact("gpt-4o", "GPT-4o", "openai", Some(16_384), prices(2500, 10_000, 1250)),
    // Sandbox price.
    many("gpt-*", "openai", prices(2500, 15_000, 250)),
    // Sandbox price.
    many("deepseek-*", "deepseek", prices(280, 420, 28)),
    // Sandbox price.
    exact("ZHIPU/GLM-4.6", "GLM-4.6", "zhipu", None, prices(600, 2200, 110)),
    // Sandbox price.
    many("ZHIPU/GLM-*", "zhipu", prices(1000, 3200, 200)),
    // Sandbox price.
    exact("xiaomi/mimo-v2", "MiMo V2", "xiaomi", None, prices(100, 300, 10)),
    // Sandbox price.
    many("xiaomi/mimo-*", "xiaomi", prices(400, 2000, 80)),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_once_and_prices_are_in_dollars() {
        let mut names: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), MODELS.len());
        let opus = MODELS.iter().find(|model| model.name == "claude-opus-5-5").unwrap().price;
        assert_eq!(
            (opus.input.to_string(), opus.cache_read.unwrap().to_string()),
            ("4".into(), "0.2".into())
        );
        assert!(MODELS.iter().all(|model| model.price.input < model.price.output));
        assert!(MODELS.iter().all(|model| model.name.contains('*') == model.display_name.is_none()));
    }
}
