//! A product of 128-bit numbers divided without losing its upper half.

const HALF_BITS: u32 = 64;
const LOW_HALF: u128 = u64::MAX as u128;

/// `a x b / divisor` to the nearest whole number, a tie to the even one; `None` if it does not fit. The divisor is
/// even and below 2^127.
pub(crate) fn mul_div_half_even(a: u128, b: u128, divisor: u128) -> Option<u128> {
    if let Some(product) = a.checked_mul(b) {
        return half_even(product / divisor, product % divisor, divisor);
    }
    let (high, low) = product(a, b);
    if high >= divisor {
        return None;
    }
    // Long division, bit by bit; only amounts beyond reason get here.
    let (mut whole, mut rest) = (0, high);
    for bit in (0..u128::BITS).rev() {
        rest = (rest << 1) | ((low >> bit) & 1);
        whole <<= 1;
        if rest >= divisor {
            rest -= divisor;
            whole |= 1;
        }
    }
    half_even(whole, rest, divisor)
}

/// Rounds `whole` up if `rest` is more than half of the divisor, or half of it and `whole` is odd.
fn half_even(whole: u128, rest: u128, divisor: u128) -> Option<u128> {
    // The divisor is even, so half of it is exact.
    let half = divisor / 2;
    let up = rest > half || (rest == half && whole % 2 == 1);
    whole.checked_add(u128::from(up))
}

/// The upper and the lower half of the whole product.
const fn product(a: u128, b: u128) -> (u128, u128) {
    let (a_high, a_low) = (a >> HALF_BITS, a & LOW_HALF);
    let (b_high, b_low) = (b >> HALF_BITS, b & LOW_HALF);
    let lowest = a_low * b_low;
    // A product of halves is at most (2^64 - 1)^2, which leaves room for two more halves.
    let middle = a_low * b_high + (lowest >> HALF_BITS);
    let other = a_high * b_low + (middle & LOW_HALF);
    let high = a_high * b_high + (middle >> HALF_BITS) + (other >> HALF_BITS);
    (high, (other << HALF_BITS) | (lowest & LOW_HALF))
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::*;

    fn expected(a: u128, b: u128, divisor: u128) -> Option<u128> {
        let (product, divisor) = (BigUint::from(a) * b, BigUint::from(divisor));
        let (whole, rest) = (&product / &divisor, &product % &divisor);
        let twice = rest * 2_u8;
        let up = twice > divisor || (twice == divisor && whole.bit(0));
        u128::try_from(whole + u8::from(up)).ok()
    }

    proptest! {
        #[test]
        fn divides_whole_products(
            a in prop_oneof![any::<u128>(), any::<u64>().prop_map(u128::from)],
            b in prop_oneof![any::<u128>(), any::<u64>().prop_map(u128::from)],
            half in prop_oneof![1..1_u128 << 40, 1..1_u128 << 126],
        ) {
            prop_assert_eq!(mul_div_half_even(a, b, half * 2), expected(a, b, half * 2));
        }

        #[test]
        fn ties_of_wide_products_go_to_the_even(whole in any::<u128>(), half in 1..1_u128 << 63) {
            // Any product that is an odd number of halves.
            let (a, b) = (whole | 1, half);
            prop_assert_eq!(mul_div_half_even(a, b, half * 2), expected(a, b, half * 2));
        }
    }

    #[test]
    fn the_ends_of_the_range() {
        assert_eq!(mul_div_half_even(u128::MAX, 2, 2), Some(u128::MAX));
        assert_eq!(mul_div_half_even(u128::MAX, 3, 2), None);
        assert_eq!(mul_div_half_even(u128::MAX, u128::MAX, 1 << 126), None);
        assert_eq!(product(u128::MAX, u128::MAX), (u128::MAX - 1, 1));
    }
}
