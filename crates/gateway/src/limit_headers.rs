//! How a caller's limits stand, in the headers of its dialect's provider.

use http::{HeaderMap, HeaderName, HeaderValue};
use tollgate_base::Timestamp;
use tollgate_limits::{Gauge, Standing};
use tollgate_protocol::Dialect;

/// Limit, remaining, reset.
type Names = [HeaderName; 3];

/// <https://docs.claude.com/en/api/rate-limits#response-headers>
const ANTHROPIC: [Names; 2] = [
    [
        HeaderName::from_static("anthropic-ratelimit-requests-limit"),
        HeaderName::from_static("anthropic-ratelimit-requests-remaining"),
        HeaderName::from_static("anthropic-ratelimit-requests-reset"),
    ],
    [
        HeaderName::from_static("anthropic-ratelimit-tokens-limit"),
        HeaderName::from_static("anthropic-ratelimit-tokens-remaining"),
        HeaderName::from_static("anthropic-ratelimit-tokens-reset"),
    ],
];

/// <https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers>
const OPENAI: [Names; 2] = [
    [
        HeaderName::from_static("x-ratelimit-limit-requests"),
        HeaderName::from_static("x-ratelimit-remaining-requests"),
        HeaderName::from_static("x-ratelimit-reset-requests"),
    ],
    [
        HeaderName::from_static("x-ratelimit-limit-tokens"),
        HeaderName::from_static("x-ratelimit-remaining-tokens"),
        HeaderName::from_static("x-ratelimit-reset-tokens"),
    ],
];

/// Adds what is limited; nothing for what is not.
pub(crate) fn add(headers: &mut HeaderMap, dialect: Dialect, standing: &Standing, now: Timestamp) {
    let names = if dialect == Dialect::Messages { ANTHROPIC } else { OPENAI };
    for ([limit, remaining, reset], gauge) in names.into_iter().zip([standing.requests, standing.tokens]) {
        let Some(gauge) = gauge else { continue };
        headers.insert(limit, HeaderValue::from(gauge.limit));
        headers.insert(remaining, HeaderValue::from(gauge.remaining));
        let text = match dialect {
            Dialect::Messages => full_at(&gauge, now),
            Dialect::Chat | Dialect::Responses | Dialect::Envelope => Some(full_in(gauge.full_in_nanos)),
        };
        if let Some(value) = text.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(reset, value);
        }
    }
}

/// When nothing will be missing any more, in RFC 3339, rounded up to a second.
fn full_at(gauge: &Gauge, now: Timestamp) -> Option<String> {
    let micros = i64::try_from(gauge.full_in_nanos.div_ceil(1_000)).ok()?;
    let at_micros = now.micros().checked_add(micros)?;
    let second = at_micros.checked_add(999_999)?.div_euclid(1_000_000);
    Some(jiff::Timestamp::from_second(second).ok()?.to_string())
}

/// A time as OpenAI writes it, in whole milliseconds rounded up: `0s`, `6ms`, `8.64s`, `1m30s`, `1h0m3s`.
fn full_in(nanos: u64) -> String {
    let ms = nanos.div_ceil(1_000_000);
    if (1..1_000).contains(&ms) {
        return format!("{ms}ms");
    }
    let (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60);
    let (seconds, rest) = (ms / 1_000 % 60, ms % 1_000);
    let fraction = if rest == 0 { String::new() } else { format!(".{rest:03}") };
    let seconds = format!("{seconds}{}s", fraction.trim_end_matches('0'));
    match (hours, minutes) {
        (0, 0) => seconds,
        (0, _) => format!("{minutes}m{seconds}"),
        _ => format!("{hours}h{minutes}m{seconds}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_openai_writes_them() {
        for (nanos, expected) in [
            (0, "0s"),
            (1, "1ms"),
            (6_000_000, "6ms"),
            (999_000_001, "1s"),
            (8_640_000_000, "8.64s"),
            (60_000_000_000, "1m0s"),
            (90_000_000_000, "1m30s"),
            (3_603_000_000_000, "1h0m3s"),
        ] {
            assert_eq!(full_in(nanos), expected, "{nanos}");
        }
    }

    #[test]
    fn each_family_has_its_own_names_and_times() {
        let standing = Standing {
            requests: Some(Gauge { limit: 60, remaining: 59, full_in_nanos: 1_000_000_000 }),
            tokens: None,
        };
        let shown = |dialect| {
            let mut headers = HeaderMap::new();
            add(&mut headers, dialect, &standing, Timestamp::from_micros(1_700_000_000_000_001));
            let mut shown: Vec<String> =
                headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
            shown.sort();
            shown
        };
        assert_eq!(
            shown(Dialect::Messages),
            [
                "anthropic-ratelimit-requests-limit: 60",
                "anthropic-ratelimit-requests-remaining: 59",
                "anthropic-ratelimit-requests-reset: 2023-11-14T22:13:22Z",
            ]
        );
        for dialect in [Dialect::Chat, Dialect::Responses, Dialect::Envelope] {
            assert_eq!(
                shown(dialect),
                [
                    "x-ratelimit-limit-requests: 60",
                    "x-ratelimit-remaining-requests: 59",
                    "x-ratelimit-reset-requests: 1s",
                ]
            );
        }
    }
}
