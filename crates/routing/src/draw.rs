//! The weighted draw: a number for each account, smallest first, that puts them into a weighted random order.

/// The numbers are logarithms in fixed point: so many bits behind the point.
const FRACTION_BITS: u32 = 57;
/// The logarithm is read from a table with so many steps, and between them along a line.
const STEP_BITS: u32 = 8;
const STEPS: usize = 1 << STEP_BITS;

/// An account's number in the draw that `pick` decides; `salt` tells accounts apart.
///
/// With a uniform `u`, `-log(u) / weight` is exponentially distributed with the weight as its rate. In the order of such
/// numbers each place goes to one of those left in proportion to weight (Efraimidis and Spirakis 2006), and every number is
/// made by itself, so that only as many have to be put in order as are asked for.
#[inline]
pub(crate) fn draw(pick: u64, salt: u64, weight: Reciprocal) -> u64 {
    weight.of(negative_log2(mix(pick ^ salt)))
}

/// One over a weight: to divide by weights is dearer than all else that a plan does for an account. Without weight all are
/// alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reciprocal(u64);

impl Reciprocal {
    const BITS: u32 = 63;

    pub(crate) fn new(weight: u32) -> Self {
        // Rounded up, so that what divides evenly does.
        Self((1_u64 << Self::BITS).div_ceil(u64::from(weight.max(1))))
    }

    /// That many of it, rounded down; exact where the number of bits allows it.
    #[inline]
    pub(crate) const fn of(self, number: u64) -> u64 {
        ((number as u128 * self.0 as u128) >> Self::BITS) as u64
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): neighbouring inputs give unrelated outputs.
#[inline]
pub(crate) const fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// `-log2(bits / 2^64)`, at most 64.
#[inline]
fn negative_log2(bits: u64) -> u64 {
    let bits = bits | 1;
    let zeros = bits.leading_zeros();
    // What is behind the first one-bit, as a fraction.
    let fraction = bits << zeros << 1;
    let step = (fraction >> (u64::BITS - STEP_BITS)) as usize;
    let within = (fraction << STEP_BITS) >> (u64::BITS - FRACTION_BITS);
    let (low, high) = (LOG2[step], LOG2[step + 1]);
    let part = (u128::from(high - low) * u128::from(within)) >> FRACTION_BITS;
    let log = low + part as u64;
    (u64::from(zeros + 1) << FRACTION_BITS) - log
}

/// `log2(1 + step / STEPS)`.
static LOG2: [u64; STEPS + 1] = {
    let mut table = [0; STEPS + 1];
    let mut step = 0;
    while step < STEPS {
        table[step] = log2(step as u64);
        step += 1;
    }
    table[STEPS] = 1 << FRACTION_BITS;
    table
};

/// `log2(1 + step / STEPS)`, bit by bit: squaring a number doubles its logarithm.
const fn log2(step: u64) -> u64 {
    let mut number = (1 << 62) + (step << (62 - STEP_BITS));
    let (mut log, mut bit) = (0, 0);
    while bit < FRACTION_BITS {
        let square = (number as u128 * number as u128) >> 62;
        log <<= 1;
        if square >= 1 << 63 {
            log |= 1;
            number = (square >> 1) as u64;
        } else {
            number = square as u64;
        }
        bit += 1;
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_right_where_they_are_known() {
        let one = 1 << FRACTION_BITS;
        for (bits, expected) in [(1_u64 << 63, one), (1 << 62, 2 * one), (1 << 32, 32 * one), (0, 64 * one)] {
            let error = negative_log2(bits).abs_diff(expected);
            assert!(error < one >> 20, "{bits:x}: off by {error}");
        }
        assert!(negative_log2(u64::MAX) < one >> 50);
        // log2(3/4) = -0.41503749927884381855
        let error = negative_log2(3 << 62).abs_diff(one / 10_000_000_000 * 4_150_374_993);
        assert!(error < one >> 24, "off by {error}");
    }

    #[test]
    fn a_part_of_a_whole_is_exact() {
        for weight in [0, 1, 2, 3, 7, 10, 64, 999, 65_535] {
            for times in 0..2_000_u64 {
                let number = times << 31;
                let expected = number / u64::from(weight.max(1));
                assert_eq!(Reciprocal::new(weight).of(number), expected, "{number} / {weight}");
            }
        }
    }

    #[test]
    fn a_larger_number_has_a_smaller_logarithm() {
        let mut last = u64::MAX;
        for bits in (0..u64::MAX - (1 << 44)).step_by(1 << 44) {
            let log = negative_log2(bits);
            assert!(log <= last, "{bits:x}");
            last = log;
        }
    }
}
