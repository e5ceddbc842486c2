//! Decimal numbers as JSON writes them, `0.000005` or `1.25e-06`, read exactly and never through a float.

/// `text` times ten to the power of `scale`, if that is a whole number of 63 bits that is not negative.
pub(super) fn scaled(text: &str, scale: i32) -> Option<u64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let cut = i32::try_from(digits.len() - significant.len()).ok()?;
    let decimals = i32::try_from(fraction.len()).ok()?;
    let shift = exponent.checked_sub(decimals)?.checked_add(cut)?.checked_add(scale)?;
    // The last significant digit is not zero: a negative shift would leave a fraction.
    let power = 10_u64.checked_pow(u32::try_from(shift).ok()?)?;
    let number = significant.parse::<u64>().ok()?.checked_mul(power)?;
    (number <= i64::MAX.unsigned_abs()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (text, expected) in [
            ("5e-06", Some(5_000_000_000)),
            ("1.25e-06", Some(1_250_000_000)),
            ("0.000003", Some(3_000_000_000)),
            ("2.8E-9", Some(2_800_000)),
            ("1e-15", Some(1)),
            ("0.0", Some(0)),
            ("0", Some(0)),
            ("0e5", Some(0)),
            ("10e-07", Some(1_000_000_000)),
            ("3.6250e-9", Some(3_625_000)),
            ("100", Some(100_000_000_000_000_000)),
            ("1e-16", None),
            ("1.142857142857143e-06", None),
            ("9300", None),
            ("1e400", None),
            ("1e-999999999999", None),
            ("-1e-06", None),
            ("", None),
            (".5", None),
            ("\"5e-06\"", None),
            ("null", None),
        ] {
            assert_eq!(scaled(text, 15), expected, "{text}");
        }
    }
}
