//! Carriers: opaque text that takes one provider's reasoning through another protocol's client and back.
//!
//! A carrier is `tgc1.` and base64url of a nonce, AES-256-GCM ciphertext and its tag; inside is deflated JSON. The nonce
//! is made from the plaintext by HMAC-SHA256 under a key of its own, so the same reasoning gives the same carrier each
//! time and the caller's cached prompt stays warm. That is safe: GCM breaks when one nonce serves two plaintexts, and
//! here two plaintexts share a nonce only if 96 bits of a keyed hash collide (below 2^-32 after 2^32 carriers). All that
//! equal carriers tell is that their contents are equal.

use crate::ir::{MadeBy, Proof};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::io::Read;
use std::sync::Arc;

/// How every carrier starts; behind it stand only characters of base64url. A later form gets another number.
pub const CARRIER_PREFIX: &str = "tgc1.";
/// A carrier holds no more than this before it is compressed.
pub const CONTENT_LIMIT_BYTES: usize = 4 << 20;
/// A longer text is not opened.
pub const CARRIER_LIMIT_BYTES: usize = 6 << 20;

const TAG_BYTES: usize = 16;

/// What seals and opens carriers.
#[derive(Clone)]
pub struct CarrierKey(Arc<Keys>);

struct Keys {
    /// None: the cipher does not take the key, which it does for every key of this length.
    sealing: Option<LessSafeKey>,
    nonce: hmac::Key,
}

impl CarrierKey {
    /// The key made from 32 secret random bytes. Two keys are derived from them, so that none serves two purposes.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let sealing = hmac::sign(&root, b"tollgate carrier: sealing");
        let nonce = hmac::sign(&root, b"tollgate carrier: nonce");
        Self(Arc::new(Keys {
            sealing: UnboundKey::new(&AES_256_GCM, sealing.as_ref()).ok().map(LessSafeKey::new),
            nonce: hmac::Key::new(hmac::HMAC_SHA256, nonce.as_ref()),
        }))
    }
}

impl fmt::Debug for CarrierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CarrierKey(..)")
    }
}

/// What a carrier carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cargo<'a> {
    /// Who made the reasoning.
    pub made_by: MadeBy<'a>,
    /// What proves it to its maker; none where reasoning is plain text (Chat).
    pub proof: Option<Proof<'a>>,
    /// The item's id at its maker (Responses).
    pub item_id: Option<Cow<'a, str>>,
    /// The text in paragraphs, as far as the caller is not shown it or must not change it.
    pub text: Vec<Cow<'a, str>>,
}

/// A [`Cargo`] as it is written: short names, because each carrier repeats them.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    #[serde(rename = "v")]
    vendor: Cow<'a, str>,
    #[serde(rename = "a")]
    account: Cow<'a, str>,
    #[serde(rename = "m")]
    model: Cow<'a, str>,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    signature: Option<Cow<'a, str>>,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    redacted: Option<Cow<'a, str>>,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    encrypted: Option<Cow<'a, str>>,
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    item_id: Option<Cow<'a, str>>,
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    text: Vec<Cow<'a, str>>,
}

impl<'a> Wire<'a> {
    fn of(cargo: &'a Cargo<'_>) -> Self {
        let MadeBy { vendor, account, model } = &cargo.made_by;
        let (mut signature, mut redacted, mut encrypted) = (None, None, None);
        match &cargo.proof {
            Some(Proof::Signature(data)) => signature = Some(Cow::Borrowed(&**data)),
            Some(Proof::Redacted(data)) => redacted = Some(Cow::Borrowed(&**data)),
            Some(Proof::Encrypted(data)) => encrypted = Some(Cow::Borrowed(&**data)),
            None => {}
        }
        Self {
            vendor: Cow::Borrowed(vendor),
            account: Cow::Borrowed(account),
            model: Cow::Borrowed(model),
            signature,
            redacted,
            encrypted,
            item_id: cargo.item_id.as_deref().map(Cow::Borrowed),
            text: cargo.text.iter().map(|text| Cow::Borrowed(&**text)).collect(),
        }
    }

    fn into_cargo(self) -> Cargo<'a> {
        let proof = self
            .signature
            .map(Proof::Signature)
            .or(self.redacted.map(Proof::Redacted))
            .or(self.encrypted.map(Proof::Encrypted));
        let made_by = MadeBy { vendor: self.vendor, account: self.account, model: self.model };
        Cargo { made_by, proof, item_id: self.item_id, text: self.text }
    }
}

/// Whether `text` says that it is a carrier. Whether it is one, only [`open`] tells.
#[must_use]
pub fn is_carrier(text: &str) -> bool {
    text.starts_with(CARRIER_PREFIX)
}

/// Makes the carrier of `cargo`. None if it is larger than a carrier may be.
#[must_use]
pub fn seal(key: &CarrierKey, cargo: &Cargo<'_>) -> Option<String> {
    let json = serde_json::to_vec(&Wire::of(cargo)).ok()?;
    if json.len() > CONTENT_LIMIT_BYTES {
        return None;
    }
    // The nonce's place is kept free in front, so that the ciphertext is made where it stays.
    let mut sealed = vec![0; NONCE_LEN];
    DeflateEncoder::new(json.as_slice(), Compression::fast()).read_to_end(&mut sealed).ok()?;
    let tag = hmac::sign(&key.0.nonce, sealed.get(NONCE_LEN..)?);
    let nonce: [u8; NONCE_LEN] = tag.as_ref().get(..NONCE_LEN)?.try_into().ok()?;
    let aad = Aad::from(CARRIER_PREFIX.as_bytes());
    let (head, plain) = sealed.split_at_mut(NONCE_LEN);
    head.copy_from_slice(&nonce);
    let sealing = key.0.sealing.as_ref()?;
    let tag = sealing.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, plain).ok()?;
    sealed.extend_from_slice(tag.as_ref());
    let mut carrier = String::with_capacity(CARRIER_PREFIX.len() + sealed.len().div_ceil(3) * 4);
    carrier.push_str(CARRIER_PREFIX);
    BASE64.encode_string(&sealed, &mut carrier);
    Some(carrier)
}

/// Opens a carrier. None: it is none, another key made it, or it was changed on the way.
#[must_use]
pub fn open(key: &CarrierKey, carrier: &str) -> Option<Cargo<'static>> {
    let text = carrier.strip_prefix(CARRIER_PREFIX)?;
    if text.len() > CARRIER_LIMIT_BYTES {
        return None;
    }
    let mut sealed = BASE64.decode(text).ok()?;
    if sealed.len() < NONCE_LEN + TAG_BYTES {
        return None;
    }
    let (nonce, sealed) = sealed.split_at_mut(NONCE_LEN);
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let aad = Aad::from(CARRIER_PREFIX.as_bytes());
    let deflated = key.0.sealing.as_ref()?.open_in_place(nonce, aad, sealed).ok()?;
    let json = inflate(deflated)?;
    serde_json::from_slice::<Wire<'static>>(&json).ok().map(Wire::into_cargo)
}

/// Inflates what a carrier may hold, and no more.
fn inflate(deflated: &[u8]) -> Option<Vec<u8>> {
    let mut json = Vec::new();
    let limit = CONTENT_LIMIT_BYTES as u64 + 1;
    DeflateDecoder::new(deflated).take(limit).read_to_end(&mut json).ok()?;
    (json.len() <= CONTENT_LIMIT_BYTES).then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(byte: u8) -> CarrierKey {
        CarrierKey::new(&[byte; 32])
    }

    fn cargo(proof: Option<Proof<'static>>, text: &[&str]) -> Cargo<'static> {
        Cargo {
            made_by: MadeBy { vendor: "anthropic".into(), account: "7".into(), model: "claude".into() },
            proof,
            item_id: Some("rs_1".into()),
            text: text.iter().map(|text| Cow::Owned((*text).to_owned())).collect(),
        }
    }

    /// Seals bytes that are no cargo, as only a holder of the key could.
    fn seal_raw(key: &CarrierKey, plain: &[u8]) -> String {
        let mut sealed = plain.to_vec();
        let nonce = [7; NONCE_LEN];
        let aad = Aad::from(CARRIER_PREFIX.as_bytes());
        let sealing = key.0.sealing.as_ref().unwrap();
        sealing.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).unwrap();
        format!("{CARRIER_PREFIX}{}", BASE64.encode([nonce.as_slice(), &sealed].concat()))
    }

    #[test]
    fn the_same_cargo_gives_the_same_carrier_and_another_gives_another() {
        let one = cargo(Some(Proof::Signature("c2ln".into())), &["thought"]);
        let carrier = seal(&key(1), &one).unwrap();
        assert_eq!(seal(&key(1), &one).unwrap(), carrier);
        let other = seal(&key(1), &cargo(Some(Proof::Signature("c2ln".into())), &["thoughu"])).unwrap();
        assert_ne!(carrier, other);
        assert_ne!(carrier[..21], other[..21], "another plaintext has another nonce");
        assert_ne!(seal(&key(2), &one).unwrap(), carrier);
        assert!(is_carrier(&carrier));
        assert!(
            carrier[CARRIER_PREFIX.len()..].bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        );
    }

    #[test]
    fn a_flipped_bit_anywhere_another_key_or_a_cut_end_is_not_opened() {
        let carrier = seal(&key(1), &cargo(Some(Proof::Redacted("cmVk".into())), &["a", "b"])).unwrap();
        assert!(open(&key(1), &carrier).is_some());
        assert_eq!(open(&key(2), &carrier), None);
        let sealed = BASE64.decode(&carrier[CARRIER_PREFIX.len()..]).unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let text = format!("{CARRIER_PREFIX}{}", BASE64.encode(&changed));
            assert_eq!(open(&key(1), &text), None, "bit {bit}");
        }
        for end in 0..carrier.len() {
            assert_eq!(open(&key(1), &carrier[..end]), None, "cut at {end}");
        }
        assert_eq!(open(&key(1), "EqQBCgIYAh"), None);
        assert_eq!(open(&key(1), &format!("{carrier}=")), None);
    }

    #[test]
    fn what_inflates_beyond_the_limit_is_not_opened() {
        let mut bomb = Vec::new();
        let zeros = std::io::repeat(b' ').take(64 << 20);
        DeflateEncoder::new(zeros, Compression::best()).read_to_end(&mut bomb).unwrap();
        assert!(bomb.len() < 1 << 20);
        assert!(inflate(&bomb).is_none());
        assert_eq!(open(&key(1), &seal_raw(&key(1), &bomb)), None);
        let long = format!("{CARRIER_PREFIX}{}", "A".repeat(CARRIER_LIMIT_BYTES + 1));
        assert_eq!(open(&key(1), &long), None);
        let large = "x".repeat(CONTENT_LIMIT_BYTES);
        assert_eq!(seal(&key(1), &cargo(None, &[&large])), None);
    }

    #[test]
    fn sealed_bytes_that_are_no_cargo_are_not_opened() {
        assert_eq!(open(&key(1), &seal_raw(&key(1), b"")), None);
        assert_eq!(open(&key(1), &seal_raw(&key(1), b"no deflate")), None);
    }

    #[test]
    fn the_key_is_not_shown() {
        assert_eq!(format!("{:?}", key(9)), "CarrierKey(..)");
    }

    fn proofs() -> impl Strategy<Value = Option<Proof<'static>>> {
        let data = "\\PC{0,200}";
        prop_oneof![
            Just(None),
            data.prop_map(|data| Some(Proof::Signature(data.into()))),
            data.prop_map(|data| Some(Proof::Redacted(data.into()))),
            data.prop_map(|data| Some(Proof::Encrypted(data.into()))),
        ]
    }

    proptest! {
        #[test]
        fn what_is_sealed_is_opened(
            names in ("\\PC{0,20}", "\\PC{0,20}", "\\PC{0,20}"),
            proof in proofs(),
            item_id in proptest::option::of("\\PC{0,40}"),
            text in proptest::collection::vec(any::<String>(), 0..4),
        ) {
            let made_by = MadeBy { vendor: names.0.into(), account: names.1.into(), model: names.2.into() };
            let text = text.into_iter().map(Cow::Owned).collect();
            let cargo = Cargo { made_by, proof, item_id: item_id.map(Cow::Owned), text };
            let carrier = seal(&key(3), &cargo).unwrap();
            prop_assert_eq!(open(&key(3), &carrier), Some(cargo));
        }
    }
}
