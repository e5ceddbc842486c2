//! Service tiers as factors: a price file lists a price for each, a model here has one factor on all of them.

use tollgate_base::{Rate, TokenPrice};

/// A thousandth as a rate.
const MILLIONTHS: u128 = 1_000;

/// What `from` has to be multiplied by to become `to`, rounded up to a thousandth, and whether that is exact. `None`
/// if no factor makes one of the other.
pub(super) fn between(from: TokenPrice, to: TokenPrice) -> Option<(Rate, bool)> {
    let (from, to) = (u128::from(from.nanos_per_million()), u128::from(to.nanos_per_million()));
    let exact = to.checked_mul(1_000)?;
    let thousandths = exact.checked_add(from.checked_sub(1)?)? / from;
    let millionths = u32::try_from(thousandths * MILLIONTHS).ok()?;
    Some((Rate::from_millionths(millionths), thousandths * from == exact))
}

/// Whether `from` times `factor` is `to`, or at most a thousandth above it, which rounding up may make it.
pub(super) fn agrees(from: TokenPrice, factor: Rate, to: TokenPrice) -> bool {
    let made = u128::from(from.nanos_per_million()) * u128::from(factor.millionths());
    let wanted = u128::from(to.nanos_per_million()) * u128::from(Rate::MILLIONTHS);
    let slack = u128::from(from.nanos_per_million()) * MILLIONTHS;
    (wanted..=wanted + slack).contains(&made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_never_too_small() {
        let price = |text: &str| text.parse::<TokenPrice>().unwrap();
        for (from, to, factor, exact) in [
            ("2.5", "4.25", "1.7", true),
            ("5", "2.5", "0.5", true),
            ("0.15", "0.25", "1.667", false),
            ("3", "0", "0", true),
        ] {
            let found = between(price(from), price(to));
            assert_eq!(found, Some((factor.parse().unwrap(), exact)), "{from} to {to}");
            assert!(agrees(price(from), factor.parse().unwrap(), price(to)));
        }
        assert_eq!(between(TokenPrice::ZERO, price("1")), None);
        assert!(!agrees(price("0.25"), "0.5".parse().unwrap(), price("0.13")));
        assert!(!agrees(price("0.25"), "0.5".parse().unwrap(), price("0.12")));
    }
}
