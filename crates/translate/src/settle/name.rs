//! Names of tools that fit the target.
//!
//! Every protocol takes `[a-zA-Z0-9_-]`; OpenAI takes 64 of them (its API reference, `tools.function.name`), Anthropic 128
//! (its API reference, `tools.name`). A name that does not fit is shortened and given a digest, so that the same tool has
//! the same name in every request and prompt caches stay warm.

use crate::digest::{START, fnv1a};
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// The separator between a namespace and a name.
const NAMESPACE_SEPARATOR: &str = "__";
const DIGEST_CHARS: usize = 8;

/// How long a tool's name may be.
const fn limit_bytes(target: Protocol) -> usize {
    match target {
        Protocol::Messages => 128,
        Protocol::Chat | Protocol::Responses => 64,
    }
}

/// The name a tool has at `target`, which may have no namespaces.
pub(super) fn fitting<'n>(namespace: Option<&str>, name: &'n str, target: Protocol) -> Cow<'n, str> {
    let full = match namespace {
        Some(namespace) => Cow::Owned([namespace, NAMESPACE_SEPARATOR, name].concat()),
        None => Cow::Borrowed(name),
    };
    let limit = limit_bytes(target);
    if !full.is_empty() && full.len() <= limit && full.bytes().all(is_plain) {
        return full;
    }
    let mut short: String = full
        .bytes()
        .take(limit - DIGEST_CHARS - 1)
        .map(|b| if is_plain(b) { char::from(b) } else { '_' })
        .collect();
    short.push_str(&format!("_{:08x}", digest(&full)));
    Cow::Owned(short)
}

/// Gives a name that is spoken of the form it has at the target.
pub(super) fn refit(name: &mut Cow<'_, str>, namespace: Option<&str>, target: Protocol) {
    let changed = match fitting(namespace, name, target) {
        Cow::Owned(changed) => changed,
        Cow::Borrowed(_) => return,
    };
    *name = Cow::Owned(changed);
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Folded to 32 bits.
fn digest(text: &str) -> u32 {
    let hash = fnv1a(START, text);
    (hash ^ (hash >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_fit_stay() {
        assert!(matches!(fitting(None, "get_weather-2", Protocol::Chat), Cow::Borrowed("get_weather-2")));
        assert_eq!(fitting(Some("ns"), "f", Protocol::Messages), "ns__f");
    }

    #[test]
    fn names_that_do_not_fit_are_shortened_and_stay_apart() {
        let long = "x".repeat(100);
        let other = format!("{}y", "x".repeat(99));
        let short = fitting(None, &long, Protocol::Chat);
        assert_eq!(short.len(), 64);
        assert_ne!(short, fitting(None, &other, Protocol::Chat));
        assert_eq!(fitting(None, &long, Protocol::Messages), long);
        for odd in ["", "a.b", "größe", "mcp:server/tool"] {
            let fit = fitting(None, odd, Protocol::Responses);
            assert!(!fit.is_empty() && fit.len() <= 64 && fit.bytes().all(is_plain), "{fit}");
            assert_eq!(fit, fitting(None, odd, Protocol::Responses));
        }
    }
}
