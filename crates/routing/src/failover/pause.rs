//! How long a provider asks to be left alone, as its headers say it.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use tollgate_base::Timestamp;

/// The longest pause that a provider's word is taken for: beyond it the account is asked again, and says it again.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// The limits that come with a number of what is left and a time when they are full again.
const ANTHROPIC: [&str; 4] = ["requests", "tokens", "input-tokens", "output-tokens"];
const OPENAI: [&str; 2] = ["requests", "tokens"];

/// How long a provider asks to be left alone, by what `header` finds of a name; `None` where it does not say.
///
/// `retry-after-ms`, then `retry-after` (seconds or a date), then the resets of those limits of which nothing is left:
/// the last of them. Never longer than [`LONGEST_PAUSE`].
#[must_use]
pub fn told_pause<'a>(header: impl Fn(&str) -> Option<&'a str>, now: Timestamp) -> Option<Duration> {
    let header =
        |name: &str| header(name).map(str::trim).filter(|value| !value.is_empty() && value.len() <= 64);
    let asked = header("retry-after-ms").and_then(|value| millis(value, 1)).or_else(|| {
        header("retry-after").and_then(|value| millis(value, 1_000).or_else(|| until_date(value, now)))
    });
    asked.or_else(|| latest_reset(&header, now)).map(|pause| pause.min(LONGEST_PAUSE))
}

/// The last reset among the limits of which nothing is left.
fn latest_reset<'a>(header: &impl Fn(&str) -> Option<&'a str>, now: Timestamp) -> Option<Duration> {
    let used_up = |name: String| header(&name).is_some_and(|left| left == "0");
    let anthropic = ANTHROPIC.iter().filter_map(|limit| {
        used_up(format!("anthropic-ratelimit-{limit}-remaining")).then(|| {
            header(&format!("anthropic-ratelimit-{limit}-reset")).and_then(|reset| until_time(reset, now))
        })?
    });
    let openai = OPENAI.iter().filter_map(|limit| {
        used_up(format!("x-ratelimit-remaining-{limit}"))
            .then(|| header(&format!("x-ratelimit-reset-{limit}")).and_then(go_duration))?
    });
    anthropic.chain(openai).max()
}

/// A number, perhaps with a fraction, of units of so many milliseconds.
fn millis(text: &str, unit_ms: u64) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    // Too many digits for a number are a pause that is too long anyway.
    let whole = whole.parse().unwrap_or(u64::MAX).saturating_mul(unit_ms);
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    let thousandths: u64 = fraction.parse().ok()?;
    Some(Duration::from_millis(whole.saturating_add(thousandths * unit_ms / 1_000)))
}

/// An HTTP date, `Sun, 06 Nov 1994 08:49:37 GMT`.
fn until_date(text: &str, now: Timestamp) -> Option<Duration> {
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_micros(at.as_microsecond()).since(now))
}

/// RFC 3339, as Anthropic writes it; seconds since 1970 from some vendors that copy its headers.
fn until_time(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Some(Timestamp::from_micros(seconds.saturating_mul(1_000_000)).since(now));
    }
    let at: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_micros(at.as_microsecond()).since(now))
}

/// A duration as Go writes it, and OpenAI: `6ms`, `1.5s`, `1m30s`, `2h0m0s`.
fn go_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let part = match unit {
            "d" => millis(number, 86_400_000)?,
            "h" => millis(number, 3_600_000)?,
            "m" => millis(number, 60_000)?,
            "s" => millis(number, 1_000)?,
            "ms" => millis(number, 1)?,
            "us" | "µs" | "ns" => Duration::ZERO,
            _ => return None,
        };
        total = total.saturating_add(part);
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-27T20:00:00Z
    const NOW: Timestamp = Timestamp::from_micros(1_795_809_600_000_000);

    fn told(headers: &[(&str, &str)]) -> Option<Duration> {
        let find = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        told_pause(find, NOW)
    }

    #[test]
    fn a_pause_is_told_in_many_ways() {
        let ms = Duration::from_millis;
        for (headers, expected) in [
            (&[][..], None),
            (&[("retry-after", "7")], Some(ms(7_000))),
            (&[("retry-after", " 0.5 ")], Some(ms(500))),
            (&[("retry-after", "0")], Some(ms(0))),
            (&[("retry-after-ms", "1500"), ("retry-after", "9")], Some(ms(1_500))),
            (&[("retry-after-ms", "soon"), ("retry-after", "9")], Some(ms(9_000))),
            (&[("retry-after", "Fri, 27 Nov 2026 20:00:30 GMT")], Some(ms(30_000))),
            (&[("retry-after", "Fri, 27 Nov 2026 19:00:00 GMT")], Some(ms(0))),
            (&[("retry-after", "-5")], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "99999999999999999999999")], Some(LONGEST_PAUSE)),
            (
                &[
                    ("anthropic-ratelimit-requests-remaining", "0"),
                    ("anthropic-ratelimit-requests-reset", "2026-11-27T20:00:12Z"),
                    ("anthropic-ratelimit-tokens-remaining", "0"),
                    ("anthropic-ratelimit-tokens-reset", "2026-11-27T20:00:41.5Z"),
                    ("anthropic-ratelimit-output-tokens-remaining", "10"),
                    ("anthropic-ratelimit-output-tokens-reset", "2026-11-27T21:00:00Z"),
                ],
                Some(ms(41_500)),
            ),
            (
                &[
                    ("x-ratelimit-remaining-requests", "0"),
                    ("x-ratelimit-reset-requests", "1m30s"),
                    ("x-ratelimit-remaining-tokens", "5"),
                    ("x-ratelimit-reset-tokens", "6h0m0s"),
                ],
                Some(ms(90_000)),
            ),
            (&[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "6ms")], Some(ms(6))),
            (
                &[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "20h")],
                Some(LONGEST_PAUSE),
            ),
            (&[("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "later")], None),
            (&[("x-ratelimit-reset-tokens", "20s")], None),
            (
                &[
                    ("retry-after", "2"),
                    ("x-ratelimit-remaining-tokens", "0"),
                    ("x-ratelimit-reset-tokens", "9s"),
                ],
                Some(ms(2_000)),
            ),
            (
                &[
                    ("anthropic-ratelimit-tokens-remaining", "0"),
                    ("anthropic-ratelimit-tokens-reset", "1795809609"),
                ],
                Some(ms(9_000)),
            ),
        ] {
            assert_eq!(told(headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn durations_of_go_are_read() {
        for (text, ms) in [("1.5s", 1_500), ("6ms", 6), ("1m30s", 90_000), ("1d1h", 90_000_000), ("0s", 0)] {
            assert_eq!(go_duration(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "5", "s", "1x", "1m-3s", "é"] {
            assert_eq!(go_duration(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_within_the_bound(retry in ".{0,80}", reset in ".{0,80}") {
            let headers = [
                ("retry-after", retry.as_str()),
                ("x-ratelimit-remaining-tokens", "0"),
                ("x-ratelimit-reset-tokens", reset.as_str()),
                ("anthropic-ratelimit-tokens-remaining", "0"),
                ("anthropic-ratelimit-tokens-reset", reset.as_str()),
            ];
            prop_assert!(told(&headers).is_none_or(|pause| pause <= LONGEST_PAUSE));
        }
    }
}
