//! The price of an answer that several models made: each pass at its own model's price.

use tollgate_base::{Money, Rate, Usage};
use tollgate_pricing::{Charge, CostParts, ModelPrice, PricingError, Served, charge_part};
use tollgate_protocol::Pass;

/// By what a request is charged.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// The price of the model that was asked for.
    pub(crate) price: &'a ModelPrice,
    pub(crate) served: Served,
    pub(crate) group_rate: Rate,
    pub(crate) user_rate: Rate,
}

/// What `usage` costs, which is at least the sum of `passes`. Each pass is charged, and rounded, by itself, at the price
/// that `price_of` gives for its model and for its own prompt's length, or else at the request's. What no pass covers
/// (searches, or output that came behind the last report) is charged at the request's, and so is the request itself.
///
/// # Errors
/// As [`charge_part`], and [`PricingError::Overflow`] for a sum that does not fit.
pub(crate) fn charge_passes(
    usage: &Usage,
    passes: &[Pass],
    terms: &Terms<'_>,
    price_of: impl Fn(&str) -> Option<ModelPrice>,
) -> Result<Charge, PricingError> {
    let at = |usage: &Usage, requests: u64, price: &ModelPrice| {
        charge_part(usage, requests, price, terms.served, terms.group_rate, terms.user_rate)
    };
    let uncovered = passes.iter().fold(*usage, |rest, pass| rest.less(&pass.usage));
    let first = at(&uncovered, u64::from(!usage.is_empty()), terms.price)?;
    passes.iter().try_fold(first, |sum, pass| {
        let own = pass.model.as_deref().and_then(&price_of);
        let next = at(&pass.usage, 0, own.as_ref().unwrap_or(terms.price))?;
        added(&sum, &next).ok_or(PricingError::Overflow)
    })
}

fn added(one: &Charge, other: &Charge) -> Option<Charge> {
    let part = |of: fn(&CostParts) -> Money| of(&one.parts).checked_add(of(&other.parts));
    Some(Charge {
        total: one.total.checked_add(other.total)?,
        parts: CostParts {
            input: part(|parts| parts.input)?,
            output: part(|parts| parts.output)?,
            cache_write_5m: part(|parts| parts.cache_write_5m)?,
            cache_write_1h: part(|parts| parts.cache_write_1h)?,
            cache_read: part(|parts| parts.cache_read)?,
            web_search: part(|parts| parts.web_search)?,
            reasoning: part(|parts| parts.reasoning)?,
            audio: part(|parts| parts.audio)?,
            images: part(|parts| parts.images)?,
            tools: part(|parts| parts.tools)?,
            request: part(|parts| parts.request)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_base::TokenPrice;

    fn price(input_dollars: u64) -> ModelPrice {
        let dollars = |dollars: u64| TokenPrice::from_nanos_per_million(dollars * 1_000_000_000);
        ModelPrice::new(dollars(input_dollars), dollars(5 * input_dollars))
    }

    fn pass(model: &str, input_tokens: u64, output_tokens: u64) -> Pass {
        let usage = Usage { input_tokens, output_tokens, ..Usage::default() };
        Pass { model: (!model.is_empty()).then(|| model.to_owned()), usage }
    }

    #[test]
    fn each_pass_at_its_own_price_and_the_rest_at_the_requests() {
        let request = Some(Money::from_nanos(1_000_000));
        let own = ModelPrice { request, ..price(3) };
        let terms =
            Terms { price: &own, served: Served::STANDARD, group_rate: Rate::ONE, user_rate: Rate::ONE };
        let price_of = |model: &str| (model == "big").then(|| ModelPrice { request, ..price(10) });
        let passes = [pass("big", 100, 10), pass("unknown", 20, 2), pass("", 7, 1)];
        let usage = Usage { input_tokens: 127, output_tokens: 15, web_search_calls: 1, ..Usage::default() };
        let charge = charge_passes(&usage, &passes, &terms, price_of).unwrap();
        // In millionths of a dollar: big, then unknown, unnamed and two tokens of output that no pass covers; a search.
        let tokens = 100 * 10 + 10 * 50 + 27 * 3 + 5 * 15;
        assert_eq!(charge.total, Money::from_nanos(tokens * 1_000 + 10_000_000 + 1_000_000), "one request");
        assert_eq!(charge.parts.web_search, Money::from_nanos(10_000_000));
        assert_eq!(charge.parts.input, Money::from_nanos((100 * 10 + 27 * 3) * 1_000));
        let alone = charge_passes(&usage, &[], &terms, price_of).unwrap();
        assert_eq!(
            alone,
            tollgate_pricing::charge(&usage, &own, Served::STANDARD, Rate::ONE, Rate::ONE).unwrap()
        );
    }
}
