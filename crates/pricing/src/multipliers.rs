//! Factors on the token prices for how a request was served.

use serde::{Deserialize, Serialize};
use tollgate_base::Rate;

use crate::error::PricingError;
use crate::served::{Served, ServiceTier};

/// A factor above this is a slip of the pen. With it, four factors and two rates multiply within 128 bits.
const MOST_MILLIONTHS: u32 = 100 * Rate::MILLIONTHS;
/// Factors are whole thousandths.
const THOUSANDTH_MILLIONTHS: u32 = 1_000;

/// What the token prices of a model are multiplied by; they stack. `None` is 1. Web searches are not multiplied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Multipliers {
    /// For the priority tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Rate>,
    /// For the flex tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flex: Option<Rate>,
    /// For batches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<Rate>,
    /// For the fast speed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fast: Option<Rate>,
    /// For inference kept in the United States.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub us: Option<Rate>,
    /// For the hour of the day. It is no setting: whoever knows the time of a request puts in what holds then.
    #[serde(skip)]
    pub hour: Option<Rate>,
}

/// Whether the rate is at most 100 and has no more than three decimals.
pub(crate) fn is_factor(rate: Rate) -> bool {
    rate.millionths() <= MOST_MILLIONTHS && rate.millionths().is_multiple_of(THOUSANDTH_MILLIONTHS)
}

/// A fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Factor {
    pub(crate) numerator: u128,
    pub(crate) denominator: u128,
}

impl Multipliers {
    /// Every price as it stands.
    pub const NONE: Self = Self { priority: None, flex: None, batch: None, fast: None, us: None, hour: None };

    /// Whether nothing is set.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.priority.is_none()
            && self.flex.is_none()
            && self.batch.is_none()
            && self.fast.is_none()
            && self.us.is_none()
    }

    /// Whether every factor can be charged.
    ///
    /// # Errors
    /// [`PricingError::BadMultiplier`] for a factor above 100 or finer than a thousandth.
    pub fn validate(&self) -> Result<(), PricingError> {
        let all = [
            ("priority", self.priority),
            ("flex", self.flex),
            ("batch", self.batch),
            ("fast", self.fast),
            ("us", self.us),
            ("hours", self.hour),
        ];
        match all.into_iter().find(|(_, rate)| rate.is_some_and(|rate| !is_factor(rate))) {
            Some((name, _)) => Err(PricingError::BadMultiplier(name)),
            None => Ok(()),
        }
    }

    /// The dearest way to be served among those that `served` allows: what makes it cheaper may not happen.
    #[must_use]
    pub fn dearest(&self, served: Served) -> Served {
        let dearer = |factor: Option<Rate>| factor.is_some_and(|factor| factor > Rate::ONE);
        Served {
            tier: if dearer(self.tier(served.tier)) { served.tier } else { ServiceTier::Standard },
            fast: served.fast && dearer(self.fast),
            us: served.us && dearer(self.us),
        }
    }

    const fn tier(&self, tier: ServiceTier) -> Option<Rate> {
        match tier {
            ServiceTier::Standard => None,
            ServiceTier::Priority => self.priority,
            ServiceTier::Flex => self.flex,
            ServiceTier::Batch => self.batch,
        }
    }

    /// What a request that was served so is multiplied by.
    pub(crate) fn factor(&self, served: Served) -> Factor {
        let tier = self.tier(served.tier);
        let fast = self.fast.filter(|_| served.fast);
        let us = self.us.filter(|_| served.us);
        let one = Factor { numerator: 1, denominator: 1 };
        [tier, fast, us, self.hour].into_iter().flatten().fold(one, |product, rate| {
            let thousandths = u128::from(rate.millionths() / THOUSANDTH_MILLIONTHS);
            reduced(product.numerator * thousandths, product.denominator * 1_000)
        })
    }
}

fn reduced(numerator: u128, denominator: u128) -> Factor {
    let (mut a, mut b) = (numerator, denominator);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    // The denominator is never zero, so neither is the divisor.
    Factor { numerator: numerator / a, denominator: denominator / a }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(text: &str) -> Option<Rate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn factors_stack_in_lowest_terms() {
        let claude =
            Multipliers { batch: rate("0.5"), fast: rate("2"), us: rate("1.1"), ..Multipliers::NONE };
        for (tier, fast, us, numerator, denominator) in [
            (ServiceTier::Standard, false, false, 1, 1),
            (ServiceTier::Priority, false, false, 1, 1),
            (ServiceTier::Batch, false, false, 1, 2),
            (ServiceTier::Batch, true, false, 1, 1),
            (ServiceTier::Batch, true, true, 11, 10),
            (ServiceTier::Standard, true, true, 11, 5),
        ] {
            let served = Served { tier, fast, us };
            assert_eq!(claude.factor(served), Factor { numerator, denominator }, "{served:?}");
        }
        let at_night = Multipliers { hour: rate("0.25"), ..claude };
        assert_eq!(at_night.factor(Served::STANDARD), Factor { numerator: 1, denominator: 4 });
        let free = Multipliers { flex: rate("0"), ..Multipliers::NONE };
        let served = Served { tier: ServiceTier::Flex, ..Served::STANDARD };
        assert_eq!(free.factor(served), Factor { numerator: 0, denominator: 1 });
    }

    #[test]
    fn the_dearest_way_leaves_out_what_is_cheaper() {
        let odd =
            Multipliers { priority: rate("0.9"), fast: rate("2"), us: rate("0.5"), ..Multipliers::NONE };
        let all = Served { tier: ServiceTier::Priority, fast: true, us: true };
        assert_eq!(odd.dearest(all), Served { fast: true, ..Served::STANDARD });
        assert_eq!(odd.dearest(Served { fast: false, ..all }), Served::STANDARD);
        let usual = Multipliers { priority: rate("2"), us: rate("1.1"), ..Multipliers::NONE };
        assert_eq!(usual.dearest(all), Served { fast: false, ..all });
    }

    #[test]
    fn factors_are_whole_thousandths_up_to_a_hundred() {
        for (factor, fits) in
            [("0", true), ("1.999", true), ("100", true), ("100.001", false), ("1.9999", false)]
        {
            let multipliers = Multipliers { flex: rate(factor), ..Multipliers::NONE };
            let expected = if fits { Ok(()) } else { Err(PricingError::BadMultiplier("flex")) };
            assert_eq!(multipliers.validate(), expected, "{factor}");
        }
    }
}
