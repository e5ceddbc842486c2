//! Ids of tool calls that fit the protocol they go to, and the way back.
//!
//! An id that does not fit is written anew in letters every protocol takes, and read back from them, so nothing has to
//! be kept. Only an id too long for that becomes a digest: the same one each time, so calls and results still find each
//! other, but the id itself does not come back.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// OpenAI takes no longer ones; Anthropic's letters are held to the same.
const LIMIT_BYTES: usize = 64;
/// How an id written anew starts.
const REWRITTEN: &str = "tgx_";
/// How the digest of an id starts.
const DIGESTED: &str = "tgh_";

/// The id as `protocol` takes it: at most 64 bytes, and for Messages `^[a-zA-Z0-9_-]+$`.
#[must_use]
pub fn fit(id: &str, protocol: Protocol) -> Cow<'_, str> {
    let letters =
        || !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let fits = match protocol {
        // One that looks rewritten is rewritten too, so that `unfit` never mistakes it.
        Protocol::Messages => letters() && !id.starts_with(REWRITTEN),
        Protocol::Chat | Protocol::Responses => true,
    };
    if fits && id.len() <= LIMIT_BYTES {
        return Cow::Borrowed(id);
    }
    let rewritten = format!("{REWRITTEN}{}", BASE64.encode(id));
    if rewritten.len() <= LIMIT_BYTES {
        return Cow::Owned(rewritten);
    }
    Cow::Owned(format!("{DIGESTED}{}", BASE64.encode(digest(&SHA256, id.as_bytes()))))
}

/// The id that [`fit`] wrote anew; any other as it is.
#[must_use]
pub fn unfit(id: &str) -> Cow<'_, str> {
    let original = id
        .strip_prefix(REWRITTEN)
        .and_then(|text| BASE64.decode(text).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|original| fit(original, Protocol::Messages) == id);
    original.map_or(Cow::Borrowed(id), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_that_fit_stay() {
        for id in ["toolu_01A", "call_abc-DEF", &"a".repeat(64)] {
            assert_eq!(fit(id, Protocol::Messages), id);
        }
        assert_eq!(fit("functions.Bash:0", Protocol::Chat), "functions.Bash:0");
        assert_eq!(unfit("toolu_01A"), "toolu_01A");
        assert_eq!(unfit("tgx_!"), "tgx_!");
    }

    #[test]
    fn ids_that_do_not_fit_come_back() {
        for id in ["functions.Bash:0", "", "tgx_abc", "ü"] {
            let fitted = fit(id, Protocol::Messages).into_owned();
            assert_ne!(fitted, id);
            assert_eq!(unfit(&fitted), id);
        }
    }

    #[test]
    fn a_long_id_is_the_same_digest_each_time() {
        let id = "x".repeat(65);
        let fitted = fit(&id, Protocol::Chat);
        assert_eq!(fitted, fit(&id, Protocol::Messages));
        assert!(fitted.starts_with(DIGESTED) && fitted.len() <= LIMIT_BYTES);
        assert_ne!(fitted, fit(&"x".repeat(66), Protocol::Chat));
    }

    proptest! {
        #[test]
        fn every_id_fits_and_short_ones_come_back(id in "\\PC{0,80}") {
            let fitted = fit(&id, Protocol::Messages).into_owned();
            prop_assert!(!fitted.is_empty() && fitted.len() <= LIMIT_BYTES);
            prop_assert!(fitted.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
            if id.len() <= 45 {
                prop_assert_eq!(unfit(&fitted), id);
            }
        }
    }
}
