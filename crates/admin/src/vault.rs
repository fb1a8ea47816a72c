//! Secrets at rest: credentials of providers, which only a gateway with the same key can read.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use lockgate_core::Secret;
use lockgate_core::entity::EntityId;
use serde_json::{Map, Value};

/// Seals what entities hold and nobody may read in the database.
///
/// Every kind of entity has a key of its own (HKDF), and what was sealed in one record does not open in
/// another, so that nobody who can write the database can move a secret to where it is used for them.
#[derive(Clone)]
pub struct Vault(Prk);

/// What sealed text begins with: should the way of sealing change, old records can still be told.
const VERSION: &str = "v1.";

// === impl Vault ===

impl Vault {
    /// Seals with keys that are derived from `salt`: `LITELLM_SALT_KEY`, or else the master key.
    #[must_use]
    pub fn new(salt: &Secret) -> Self {
        Self(Salt::new(HKDF_SHA256, b"lockgate vault").extract(salt.expose().as_bytes()))
    }

    /// `values` for the record `of`; `None` only when the system has no randomness.
    #[must_use]
    pub fn seal(&self, of: &EntityId, values: &Map<String, Value>) -> Option<String> {
        let mut sealed = serde_json::to_vec(values).ok()?;
        let nonce = self
            .key(of)?
            .seal_in_place_append_tag(Aad::from(of.id.as_bytes()), &mut sealed)
            .ok()?;
        let whole = [nonce.as_ref().as_slice(), &sealed].concat();
        Some(format!("{VERSION}{}", STANDARD_NO_PAD.encode(whole)))
    }

    /// What was sealed in the record `of`; `None` when the key is another or the text was changed.
    #[must_use]
    pub fn open(&self, of: &EntityId, sealed: &str) -> Option<Map<String, Value>> {
        let whole = STANDARD_NO_PAD.decode(sealed.strip_prefix(VERSION)?).ok()?;
        let (nonce, rest) = whole.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let text = self
            .key(of)?
            .open_in_place(nonce, Aad::from(of.id.as_bytes()), &mut rest)
            .ok()?;
        serde_json::from_slice(text).ok()
    }

    fn key(&self, of: &EntityId) -> Option<RandomizedNonceKey> {
        let mut key = [0; 32];
        let info = [of.kind.as_str().as_bytes()];
        self.0
            .expand(&info, HKDF_SHA256)
            .ok()?
            .fill(&mut key)
            .ok()?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).ok()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}
