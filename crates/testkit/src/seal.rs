//! Signatures and encrypted reasoning that the sandbox knows again: a digest of whose it is, so that a foreign or
//! edited one is refused as the providers refuse it.

use crate::seed::{self, Rng};

const NONCE_LEN: usize = 36;
const DIGEST_LEN: usize = 144;
/// How `encrypted_content` begins.
const ENCRYPTED: &str = "gAAAAA";
/// How the data of a redacted thinking block begins.
const REDACTED: &str = "EvcB";

/// Makes and checks seals for one caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seal {
    /// The sandbox's seed.
    pub(crate) seed: u64,
    /// What the caller showed: seals of another account do not open.
    pub(crate) credential: String,
}

impl Seal {
    /// The signature of a thinking block as it is shown: of its text, for this model.
    pub(crate) fn signature(&self, model: &str, text: &str, ids: &mut Rng) -> String {
        self.made("", &["thinking", model, text], ids)
    }

    pub(crate) fn is_signature(&self, model: &str, text: &str, signature: &str) -> bool {
        self.opens("", &["thinking", model, text], signature)
    }

    /// The data of a redacted thinking block.
    pub(crate) fn redacted(&self, model: &str, ids: &mut Rng) -> String {
        self.made(REDACTED, &["redacted", model], ids)
    }

    pub(crate) fn is_redacted(&self, model: &str, data: &str) -> bool {
        self.opens(REDACTED, &["redacted", model], data)
    }

    /// The `encrypted_content` of a reasoning item: for all models of the family.
    pub(crate) fn encrypted(&self, model: &str, ids: &mut Rng) -> String {
        self.made(ENCRYPTED, &["encrypted", family(model)], ids)
    }

    pub(crate) fn is_encrypted(&self, model: &str, content: &str) -> bool {
        self.opens(ENCRYPTED, &["encrypted", family(model)], content)
    }

    fn made(&self, prefix: &str, bound: &[&str], ids: &mut Rng) -> String {
        let nonce = ids.id("", NONCE_LEN);
        format!("{prefix}{nonce}{}", self.digest(bound, &nonce))
    }

    fn opens(&self, prefix: &str, bound: &[&str], sealed: &str) -> bool {
        let Some((nonce, digest)) =
            sealed.strip_prefix(prefix).and_then(|rest| rest.split_at_checked(NONCE_LEN))
        else {
            return false;
        };
        digest == self.digest(bound, nonce)
    }

    fn digest(&self, bound: &[&str], nonce: &str) -> String {
        let mut bytes = Vec::new();
        for part in [nonce, &self.credential].iter().chain(bound) {
            // The length first, so that no two lists make the same bytes.
            bytes.extend_from_slice(&part.len().to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        Rng::new(seed::hash(self.seed ^ 0x5ea1, &bytes)).id("", DIGEST_LEN)
    }
}

/// A model's generation: `gpt-5` of `gpt-5.1-codex`, `o3` of `o3-mini`.
fn family(model: &str) -> &str {
    let mut parts = model.match_indices(['-', '.']).map(|(at, _)| at);
    let first = parts.next().unwrap_or(model.len());
    let numbered = model[..first].ends_with(|c: char| c.is_ascii_digit());
    if numbered { &model[..first] } else { &model[..parts.next().unwrap_or(model.len())] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_opens_only_as_it_was_made() {
        let seal = Seal { seed: 1, credential: "key".to_owned() };
        let mut ids = Rng::new(7);
        let signature = seal.signature("m", "so", &mut ids);
        assert_eq!(signature.len(), NONCE_LEN + DIGEST_LEN);
        assert!(seal.is_signature("m", "so", &signature));
        assert!(!seal.is_signature("other", "so", &signature));
        assert!(!seal.is_signature("m", "edited", &signature));
        assert!(!seal.is_signature("m", "so", &signature[1..]));
        assert!(!seal.is_signature("m", "so", "\u{1f980}short"));
        for foreign in
            [Seal { seed: 2, ..seal.clone() }, Seal { credential: "other".to_owned(), ..seal.clone() }]
        {
            assert!(!foreign.is_signature("m", "so", &signature));
        }
        assert_ne!(signature, seal.signature("m", "so", &mut ids), "each has a nonce of its own");
        let redacted = seal.redacted("m", &mut ids);
        assert!(seal.is_redacted("m", &redacted) && !seal.is_redacted("n", &redacted));
        assert!(!seal.is_signature("m", "", &redacted));
    }

    #[test]
    fn encrypted_reasoning_is_for_the_whole_family() {
        let seal = Seal::default();
        let content = seal.encrypted("gpt-5.5", &mut Rng::new(7));
        assert!(seal.is_encrypted("gpt-5.1-codex", &content));
        assert!(!seal.is_encrypted("gpt-6-sol", &content));
        for (model, name) in
            [("gpt-5.5", "gpt-5"), ("gpt-6-sol", "gpt-6"), ("o3-mini", "o3"), ("m", "m"), ("", "")]
        {
            assert_eq!(family(model), name);
        }
    }
}
