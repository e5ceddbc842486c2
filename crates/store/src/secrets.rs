//! The master key and what is derived from it: the key that seals credentials and the pepper of API key hashes.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{hkdf, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tollgate_base::Secret;
use zeroize::{Zeroize, Zeroizing};

use crate::error::{Result, StoreError};

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
/// How a sealed text starts; a later form gets another number.
const SEALED_PREFIX: &str = "v1:";
/// A longer file is not a key; reading stops here.
const KEY_FILE_LIMIT_BYTES: u64 = 4096;

/// The key under which everything secret in a store stands.
///
/// It is 32 random bytes, written as base64. Four keys are derived from it by HKDF-SHA256 (RFC 5869), so that no key
/// serves two purposes: one seals values with AES-256-GCM, one is the pepper of the API key hashes, one that of the
/// voucher hashes, one seals the carriers of reasoning that callers keep. Losing it makes every stored credential and API key unusable.
#[derive(Clone)]
pub struct MasterKey(Arc<Derived>);

struct Derived {
    sealing: RandomizedNonceKey,
    pepper: hmac::Key,
    vouchers: hmac::Key,
    carriers: Zeroizing<[u8; KEY_BYTES]>,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl MasterKey {
    /// Reads the key from `path`, or makes a new one there, readable by its owner only (mode 0600).
    ///
    /// # Errors
    /// [`StoreError::MasterKey`] if the file cannot be read or made, is readable by group or others, or holds
    /// something other than 32 bytes as base64.
    pub fn load_or_create(path: &Path) -> Result<Self> {
        let said = |error: io::Error| file_error(path, error);
        match File::open(path) {
            Ok(file) => return Self::read(path, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(said(error)),
        }
        create(path, &Self::generate_text()?).map_err(said)?;
        // Another process may have been first: its key counts.
        Self::read(path, File::open(path).map_err(said)?)
    }

    /// The key written as base64, as it comes from an environment variable.
    ///
    /// # Errors
    /// [`StoreError::MasterKey`] if the text is not 32 bytes as base64.
    pub fn from_base64(text: &str) -> Result<Self> {
        let refuse = || StoreError::MasterKey { reason: "expected 32 bytes as base64".to_owned() };
        let bytes = Zeroizing::new(BASE64.decode(text.trim()).map_err(|_| refuse())?);
        let bytes: &[u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| refuse())?;
        Self::derive(bytes)
    }

    /// A new key in its text form, for whoever keeps it in the environment.
    ///
    /// # Errors
    /// [`StoreError::MasterKey`] if the system has no randomness to give.
    pub fn generate_text() -> Result<Secret<String>> {
        let mut bytes = Zeroizing::new([0_u8; KEY_BYTES]);
        rand::fill(bytes.as_mut_slice()).map_err(|_| no_crypto())?;
        Ok(Secret::new(BASE64.encode(bytes.as_slice())))
    }

    fn derive(bytes: &[u8; KEY_BYTES]) -> Result<Self> {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"tollgate master key").extract(bytes);
        let subkey = |label: &[u8]| {
            let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
            root.expand(&[label], hkdf::HKDF_SHA256)
                .and_then(|okm| okm.fill(key.as_mut_slice()))
                .map(|()| key)
        };
        let sealing = subkey(b"sealed values v1").map_err(|_| no_crypto())?;
        let pepper = subkey(b"api key hashes v1").map_err(|_| no_crypto())?;
        let vouchers = subkey(b"voucher hashes v1").map_err(|_| no_crypto())?;
        let carriers = subkey(b"reasoning carriers v1").map_err(|_| no_crypto())?;
        Ok(Self(Arc::new(Derived {
            carriers,
            sealing: RandomizedNonceKey::new(&AES_256_GCM, sealing.as_slice()).map_err(|_| no_crypto())?,
            pepper: hmac::Key::new(hmac::HMAC_SHA256, pepper.as_slice()),
            vouchers: hmac::Key::new(hmac::HMAC_SHA256, vouchers.as_slice()),
        })))
    }

    fn read(path: &Path, file: File) -> Result<Self> {
        refuse_shared(path, &file)?;
        let mut text = Zeroizing::new(String::new());
        file.take(KEY_FILE_LIMIT_BYTES).read_to_string(&mut text).map_err(|error| file_error(path, error))?;
        Self::from_base64(&text)
            .map_err(|error| StoreError::MasterKey { reason: format!("{}: {error}", path.display()) })
    }

    /// Encrypts `plaintext` as `v1:<base64 of nonce, ciphertext and tag>`, bound to `place`: it opens nowhere else.
    ///
    /// # Errors
    /// [`StoreError::MasterKey`] if the system's cryptography fails.
    pub fn seal(&self, place: &str, plaintext: &[u8]) -> Result<String> {
        let mut body = plaintext.to_vec();
        let nonce = self.0.sealing.seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut body);
        let nonce = nonce.map_err(|_| no_crypto())?;
        let sealed = [nonce.as_ref().as_slice(), &body].concat();
        Ok(format!("{SEALED_PREFIX}{}", BASE64.encode(sealed)))
    }

    /// Decrypts what [`seal`](Self::seal) made for the same `place`.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] if it was made under another key, for another place, or changed since.
    pub fn open(&self, place: &str, sealed: &str) -> Result<Secret<Vec<u8>>> {
        let text = sealed.strip_prefix(SEALED_PREFIX).ok_or(StoreError::Sealed)?;
        let mut bytes = BASE64.decode(text).map_err(|_| StoreError::Sealed)?;
        let (nonce, body) = bytes.split_at_mut_checked(NONCE_BYTES).ok_or(StoreError::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| StoreError::Sealed)?;
        let opened = self.0.sealing.open_in_place(nonce, Aad::from(place.as_bytes()), body);
        let plaintext = opened.map_err(|_| StoreError::Sealed)?.to_vec();
        bytes.zeroize();
        Ok(Secret::new(plaintext))
    }

    /// The key for carriers of reasoning.
    pub(crate) fn carrier_key(&self) -> &[u8; KEY_BYTES] {
        &self.0.carriers
    }

    pub(crate) fn seal_text(&self, place: &str, text: &Secret<String>) -> Result<String> {
        self.seal(place, text.expose().as_bytes())
    }

    pub(crate) fn open_text(&self, place: &str, sealed: &str) -> Result<Secret<String>> {
        let bytes = self.open(place, sealed)?;
        let text = std::str::from_utf8(bytes.expose()).map_err(|_| StoreError::Sealed)?;
        Ok(Secret::new(text.to_owned()))
    }

    /// HMAC-SHA256 of an API key under the pepper.
    pub(crate) fn tag(&self, key: &[u8]) -> [u8; 32] {
        tag_under(&self.0.pepper, key)
    }

    /// HMAC-SHA256 of a voucher's code under a pepper of its own.
    pub(crate) fn voucher_tag(&self, code: &[u8]) -> [u8; 32] {
        tag_under(&self.0.vouchers, code)
    }
}

fn tag_under(key: &hmac::Key, message: &[u8]) -> [u8; 32] {
    let mut tag = [0; 32];
    // The tag of HMAC-SHA256 always has 32 bytes; zip keeps that without a way to panic.
    for (to, from) in tag.iter_mut().zip(hmac::sign(key, message).as_ref()) {
        *to = *from;
    }
    tag
}

/// Where a sealed value belongs: column of a row of a table. Names hold no NUL, so no two places read the same.
pub(crate) fn place(table: &str, column: &str, row: impl fmt::Display) -> String {
    format!("{table}\0{column}\0{row}")
}

fn no_crypto() -> StoreError {
    StoreError::MasterKey { reason: "the system's cryptography failed".to_owned() }
}

fn file_error(path: &Path, error: impl fmt::Display) -> StoreError {
    StoreError::MasterKey { reason: format!("{}: {error}", path.display()) }
}

/// Writes a complete file under another name and links it into place, so that nobody ever reads half a key and a
/// key that is already there is never replaced.
fn create(path: &Path, text: &Secret<String>) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(format!("new-{}", uuid::Uuid::now_v7().simple()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    let written = file.write_all(text.expose().as_bytes()).and_then(|()| file.write_all(b"\n"));
    let linked = written.and_then(|()| file.sync_all()).and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(unix)]
fn refuse_shared(path: &Path, file: &File) -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = file.metadata().map_err(|error| file_error(path, error))?.mode() & 0o777;
    if mode & 0o077 != 0 {
        let advice = format!("mode {mode:04o} lets others read the key: chmod 600 it");
        return Err(file_error(path, advice));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_shared(_path: &Path, _file: &File) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(byte: u8) -> MasterKey {
        MasterKey::derive(&[byte; KEY_BYTES]).unwrap()
    }

    #[test]
    fn seals_and_opens() {
        let sealed = key(1).seal("accounts\0credential\0a", b"sk-live").unwrap();
        assert!(sealed.starts_with("v1:") && !sealed.contains("sk-live"));
        assert_eq!(key(1).open("accounts\0credential\0a", &sealed).unwrap().expose(), b"sk-live");
        assert_ne!(
            sealed,
            key(1).seal("accounts\0credential\0a", b"sk-live").unwrap(),
            "the nonce is random"
        );
    }

    #[test]
    fn opens_nowhere_else() {
        let sealed = key(1).seal(&place("accounts", "credential", "a"), b"sk-live").unwrap();
        assert_eq!(key(2).open(&place("accounts", "credential", "a"), &sealed), Err(StoreError::Sealed));
        assert_eq!(key(1).open(&place("accounts", "credential", "b"), &sealed), Err(StoreError::Sealed));
        assert_eq!(key(1).open(&place("accounts", "proxy", "a"), &sealed), Err(StoreError::Sealed));
        for broken in ["", "v1:", "v1:AAAA", "v2:AAAA", "v1:%", &sealed[3..]] {
            assert_eq!(
                key(1).open(&place("accounts", "credential", "a"), broken),
                Err(StoreError::Sealed),
                "{broken}"
            );
        }
    }

    #[test]
    fn hkdf_and_hmac_are_the_published_ones() {
        // Computed apart: HKDF-SHA256(ikm = 32 x 0x01, salt, info = "api key hashes v1"), then HMAC-SHA256("tg-x").
        assert_eq!(
            hex(&key(1).tag(b"tg-x")),
            "06a080af13a4ff39fc201f159f70f5c5e749eb4caf7e75c9b743826a4f658a0b"
        );
        assert_ne!(key(1).tag(b"tg-x"), key(2).tag(b"tg-x"));
        assert_ne!(key(1).tag(b"tg-x"), key(1).voucher_tag(b"tg-x"));
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens_unless_a_byte_changed(plain: Vec<u8>, at: prop::sample::Index, bit in 0..8_u32) {
            let sealed = key(1).seal("here", &plain).unwrap();
            let opened = key(1).open("here", &sealed).unwrap();
            prop_assert_eq!(opened.expose(), &plain);
            let mut bytes = BASE64.decode(&sealed[SEALED_PREFIX.len()..]).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let changed = format!("{SEALED_PREFIX}{}", BASE64.encode(bytes));
            prop_assert_eq!(key(1).open("here", &changed), Err(StoreError::Sealed));
        }
    }

    #[test]
    fn the_file_is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/master.key");
        let made = MasterKey::load_or_create(&path).unwrap();
        let again = MasterKey::load_or_create(&path).unwrap();
        assert_eq!(made.tag(b"x"), again.tag(b"x"));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(MasterKey::from_base64(&text).unwrap().tag(b"x"), made.tag(b"x"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::load_or_create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o660] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = MasterKey::load_or_create(&path).unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn a_text_that_is_no_key_is_refused_unseen() {
        for text in ["", "short", "AAAA", &"A".repeat(100)] {
            let error = MasterKey::from_base64(text).unwrap_err().to_string();
            assert_eq!(error, "master key: expected 32 bytes as base64");
        }
    }
}
