//! The API keys callers show: how one is made, what of it may be displayed, and how it is looked up.

use std::fmt;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tollgate_base::Secret;
use zeroize::Zeroizing;

use crate::error::{Result, StoreError};

const PREFIX: &str = "tg-";
const RANDOM_BYTES: usize = 32;

/// The keyed hash under which an API key is stored: HMAC-SHA256 under a pepper derived from the master key.
///
/// The keys hold 256 random bits, so a fast hash is enough; the pepper makes a stolen database useless for testing
/// guesses or recognising leaked keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash(pub [u8; 32]);

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

/// A new key: `tg-` and 43 characters of base64url.
pub(crate) fn generate() -> Result<Secret<String>> {
    let mut bytes = Zeroizing::new([0_u8; RANDOM_BYTES]);
    let no_randomness =
        |_| StoreError::MasterKey { reason: "the system has no randomness to give".to_owned() };
    rand::fill(bytes.as_mut_slice()).map_err(no_randomness)?;
    Ok(Secret::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes.as_slice()))))
}

/// What may be shown of a key, to tell it from others: `tg-ab…wxyz`.
pub(crate) fn hint(key: &Secret<String>) -> String {
    let characters: Vec<char> = key.expose().chars().collect();
    let head: String = characters.iter().take(PREFIX.len() + 2).collect();
    let tail: String = characters.iter().skip(characters.len().saturating_sub(4)).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_stated_form_and_differ() {
        let (one, other) = (generate().unwrap(), generate().unwrap());
        assert_eq!(one.expose().len(), 46);
        let tail = one.expose().strip_prefix("tg-").unwrap();
        assert!(tail.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert_ne!(one, other);
    }

    #[test]
    fn the_hint_shows_six_characters_of_the_secret() {
        assert_eq!(hint(&Secret::from("tg-abcdefghijklmnopqrstuvwxyz")), "tg-ab…wxyz");
    }
}
