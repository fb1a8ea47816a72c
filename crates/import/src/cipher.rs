//! Values as LiteLLM encrypts them in its database: `NaCl`'s secret box, and in newer versions AES-GCM.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use crypto_secretbox::aead::Aead as _;
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305};
use lockgate_core::Secret;
use sha2::{Digest as _, Sha256};

/// The keys a value may be encrypted with: LiteLLM takes its salt key, and its master key if there
/// is none.
#[derive(Clone, Default)]
pub struct Keychain {
    keys: Vec<Secret>,
}

/// What a stored value turned out to be.
#[derive(Debug)]
pub(crate) enum Opened {
    /// It was encrypted.
    Secret(Secret),
    /// It is what it says: LiteLLM leaves values that are no ciphertext as they are.
    Plain,
    /// It looks encrypted, and none of the keys opens it.
    Locked,
}

/// In front of values in the newer format.
const GCM_PREFIX: &str = "v2:gcm:";
const BOX_NONCE: usize = 24;
/// Length of the tag in both formats.
const TAG: usize = 16;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

// === impl Keychain ===

impl Keychain {
    /// Keys to try, in this order; empty ones are left out.
    pub fn new(keys: impl IntoIterator<Item = Secret>) -> Self {
        Self {
            keys: keys.into_iter().filter(|key| !key.is_empty()).collect(),
        }
    }

    /// Whether there is any key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Decrypts `stored`, if it is encrypted.
    pub(crate) fn open(&self, stored: &str) -> Opened {
        let newer = stored.strip_prefix(GCM_PREFIX);
        let sealed = decode(newer.unwrap_or(stored));
        let decrypt = if newer.is_some() { open_gcm } else { open_box };
        let plain = sealed.as_deref().and_then(|sealed| {
            self.keys.iter().find_map(|key| {
                let key: [u8; 32] = Sha256::digest(key.expose().as_bytes()).into();
                String::from_utf8(decrypt(&key, sealed)?).ok()
            })
        });
        match plain {
            Some(plain) => Opened::Secret(Secret::new(plain)),
            None if looks_encrypted(stored, sealed.as_deref()) => Opened::Locked,
            None => Opened::Plain,
        }
    }
}

/// Base64 as LiteLLM writes it, and as it did in its first versions.
fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE
        .decode(text)
        .or_else(|_| STANDARD.decode(text))
        .ok()
}

/// A guess for values that no key opens. Base64 of a box always has its padding, and keys of
/// providers that are valid base64 are mostly hexadecimal.
fn looks_encrypted(stored: &str, decoded: Option<&[u8]>) -> bool {
    stored.starts_with(GCM_PREFIX)
        || decoded.is_some_and(|bytes| bytes.len() >= BOX_NONCE + TAG)
            && stored.len().is_multiple_of(4)
            && !stored.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Nonce, tag and ciphertext of `NaCl`'s secret box.
fn open_box(key: &[u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = sealed.split_at_checked(BOX_NONCE)?;
    let nonce: [u8; BOX_NONCE] = nonce.try_into().ok()?;
    XSalsa20Poly1305::new(key.into())
        .decrypt(&nonce.into(), rest)
        .ok()
}

/// Nonce, ciphertext and tag of AES-256-GCM, without associated data.
fn open_gcm(key: &[u8; 32], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut buffer = rest.to_vec();
    let plain = key.open_in_place(nonce, Aad::empty(), &mut buffer).ok()?;
    Some(plain.to_vec())
}
