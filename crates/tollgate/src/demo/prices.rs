//! The models of the demo and what they cost: the bundled price book, and the names it does not know.

use anyhow::Context;
use tollgate_base::TokenPrice;
use tollgate_pricing::{ModelPrice, PriceBook};
use tollgate_store::NewModel;

/// A model that is not in the price book.
struct Extra {
    /// The name; with `*` a price for many.
    name: &'static str,
    /// What model lists call it; only for exact names.
    display_name: Option<&'static str>,
    /// Who made it.
    owned_by: &'static str,
    /// Input, output and cache read in thousandths of a dollar per million tokens.
    price: [u64; 3],
}

const fn exact(
    name: &'static str,
    display_name: &'static str,
    owned_by: &'static str,
    price: [u64; 3],
) -> Extra {
    Extra { name, display_name: Some(display_name), owned_by, price }
}

const fn many(name: &'static str, owned_by: &'static str, price: [u64; 3]) -> Extra {
    Extra { name, display_name: None, owned_by, price }
}

/// Plausible numbers for trying the gate out, not anyone's list prices; check them before charging anyone.
const EXTRAS: &[Extra] = &[
    // That of Opus 5, so that a model not listed is not sold short.
    many("claude-*", "anthropic", [5000, 25_000, 500]),
    many("gpt-*", "openai", [2500, 15_000, 250]),
    many("deepseek-*", "deepseek", [280, 420, 28]),
    exact("ZHIPU/GLM-4.6", "GLM-4.6", "zhipu", [600, 2200, 110]),
    many("ZHIPU/GLM-*", "zhipu", [1000, 3200, 200]),
    exact("xiaomi/mimo-v2", "MiMo V2", "xiaomi", [100, 300, 10]),
    many("xiaomi/mimo-*", "xiaomi", [400, 2000, 80]),
];

/// Every model of the demo with its price.
pub(super) fn models() -> anyhow::Result<Vec<NewModel>> {
    let book = PriceBook::bundled().context("the bundled price book")?;
    let listed = book.models.into_iter().map(|model| NewModel {
        display_name: model.display_name,
        owned_by: model.owned_by,
        context_window_tokens: model.context_window_tokens,
        max_output_tokens: model.max_output_tokens,
        ..NewModel::new(model.name, model.price)
    });
    let extras = EXTRAS.iter().map(|extra| NewModel {
        display_name: extra.display_name.map(str::to_owned),
        owned_by: Some(extra.owned_by.to_owned()),
        ..NewModel::new(extra.name, price(extra.price))
    });
    Ok(listed.chain(extras).collect())
}

fn price([input, output, cache_read]: [u64; 3]) -> ModelPrice {
    let price = |milli_dollars: u64| TokenPrice::from_nanos_per_million(milli_dollars * 1_000_000);
    ModelPrice { cache_read: Some(price(cache_read)), ..ModelPrice::new(price(input), price(output)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_once_and_prices_are_in_dollars() {
        let models = models().unwrap();
        let mut names: Vec<&str> = models.iter().map(|model| model.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), models.len());
        let price = |name: &str| models.iter().find(|model| model.name == name).unwrap().price.price;
        let (opus, glm) = (price("claude-opus-5-5"), price("ZHIPU/GLM-4.6"));
        assert_eq!(
            (opus.input.to_string(), opus.cache_read.unwrap().to_string()),
            ("4".into(), "0.2".into())
        );
        assert_eq!(
            (glm.input.to_string(), glm.cache_read.unwrap().to_string()),
            ("0.6".into(), "0.11".into())
        );
        assert!(models.iter().all(|model| model.price.price.input < model.price.price.output));
        assert!(models.iter().all(|model| model.name.contains('*') == model.display_name.is_none()));
    }
}
