//! Numbers as exports write them.

use anyhow::{Context, ensure};

/// Nothing that is counted or paid has more digits.
const MOST_CHARACTERS: usize = 40;
const NANO_DECIMALS: usize = 9;

/// A count: `1200`, or `1200.0` as spreadsheets write it. Nothing is zero.
pub(super) fn count(text: &str) -> anyhow::Result<i128> {
    let (whole, rest) = scaled(text, 0)?;
    ensure!(rest.is_empty() && whole >= 0, "`{text}` is not a count");
    Ok(whole)
}

/// Dollars in nano-dollars; what is finer is rounded half to even.
pub(super) fn dollars(text: &str) -> anyhow::Result<i128> {
    rounded(text, NANO_DECIMALS)
}

/// Cents in nano-dollars.
pub(super) fn cents(text: &str) -> anyhow::Result<i128> {
    rounded(text, NANO_DECIMALS - 2)
}

fn rounded(text: &str, decimals: usize) -> anyhow::Result<i128> {
    let (whole, rest) = scaled(text, decimals)?;
    let mut digits = rest.bytes();
    let is_odd = whole % 2 != 0;
    let up = match digits.next() {
        Some(b'6'..) => true,
        Some(b'5') => digits.next().is_some() || is_odd,
        _ => false,
    };
    let away = if text.trim().starts_with('-') { -1 } else { 1 };
    Ok(if up { whole + away } else { whole })
}

/// The number in units of 10^-`decimals`, cut off, and the digits behind, which do not end in zero.
fn scaled(text: &str, decimals: usize) -> anyhow::Result<(i128, &str)> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Ok((0, ""));
    }
    let wrong = || format!("`{trimmed}` is not a decimal number");
    ensure!(trimmed.len() <= MOST_CHARACTERS, wrong());
    let digits = trimmed.strip_prefix('-').unwrap_or(trimmed);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    ensure!(!whole.is_empty() && are_digits(whole) && are_digits(fraction), wrong());
    let fraction = fraction.trim_end_matches('0');
    let (within, behind) = fraction.split_at(fraction.len().min(decimals));
    let units: i128 = format!("{whole}{within:0<decimals$}").parse().with_context(wrong)?;
    Ok((if trimmed.starts_with('-') { -units } else { units }, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole() {
        for (text, expected) in [("0", 0), ("1200", 1200), ("59200.0", 59200), ("", 0), (" 7 ", 7)] {
            assert_eq!(count(text).unwrap(), expected, "{text}");
        }
        for wrong in ["1.5", "-1", "1,000", "x", "1e3", ".5", &"1".repeat(50)] {
            assert!(count(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn amounts_are_exact_to_the_nano_dollar() {
        for (text, expected) in [
            ("0.8958740000000000", 895_874_000),
            ("12", 12_000_000_000),
            ("-0.25", -250_000_000),
            ("0.0000000015", 2),
            ("0.0000000025", 2),
            ("0.00000000251", 3),
            ("-0.0000000015", -2),
            ("0.0000000014", 1),
        ] {
            assert_eq!(dollars(text).unwrap(), expected, "{text}");
        }
        assert_eq!(cents("123.45").unwrap(), 1_234_500_000);
        assert_eq!(cents("0.0000001").unwrap(), 1);
        assert!(dollars("$1").is_err());
    }
}
