//! Text that clients carry and cannot read or make: only gateways with the same master key can.
//!
//! Every purpose has a key of its own, and what is sealed for one caller does not open for another.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lockgate_core::Secret;

use crate::auth::Identity;

/// Seals and opens.
#[derive(Clone)]
pub(crate) struct Seal(Prk);

/// What a sealed text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The id of a response that its provider keeps.
    ResponseId,
    /// A summary in place of a conversation.
    Compaction,
}

// === impl Seal ===

impl Seal {
    /// Seals with keys that are derived from `master`.
    pub(crate) fn new(master: &Secret) -> Self {
        Self(Salt::new(HKDF_SHA256, b"lockgate seal").extract(master.expose().as_bytes()))
    }

    /// `text` as URL-safe characters.
    pub(crate) fn seal(&self, purpose: Purpose, owner: Identity, text: &str) -> Option<String> {
        let mut sealed = text.as_bytes().to_vec();
        let nonce = self
            .key(purpose)?
            .seal_in_place_append_tag(Aad::from(owner.as_bytes()), &mut sealed)
            .ok()?;
        let whole = [nonce.as_ref().as_slice(), &sealed].concat();
        Some(URL_SAFE_NO_PAD.encode(whole))
    }

    /// What was sealed for the same purpose and owner.
    pub(crate) fn open(&self, purpose: Purpose, owner: Identity, sealed: &str) -> Option<String> {
        let whole = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, rest) = whole.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut rest = rest.to_vec();
        let text = self
            .key(purpose)?
            .open_in_place(nonce, Aad::from(owner.as_bytes()), &mut rest)
            .ok()?;
        String::from_utf8(text.to_vec()).ok()
    }

    fn key(&self, purpose: Purpose) -> Option<RandomizedNonceKey> {
        let mut key = [0; 32];
        let info = [purpose.as_bytes()];
        self.0
            .expand(&info, HKDF_SHA256)
            .ok()?
            .fill(&mut key)
            .ok()?;
        RandomizedNonceKey::new(&AES_256_GCM, &key).ok()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

// === impl Purpose ===

impl Purpose {
    fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::ResponseId => b"response id",
            Self::Compaction => b"compaction",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Identity = Identity::Master;

    fn seal() -> Seal {
        Seal::new(&Secret::new("sk-one"))
    }

    #[test]
    fn what_is_sealed_is_opened_with_the_same_key_only() {
        let sealed = seal().seal(Purpose::ResponseId, OWNER, "dep\nm\nresp_1");
        let sealed = sealed.unwrap();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(sealed.chars().all(plain), "{sealed}");
        let open = |seal: &Seal, purpose| seal.open(purpose, OWNER, &sealed);
        let opened = open(&seal(), Purpose::ResponseId);
        assert_eq!(opened.as_deref(), Some("dep\nm\nresp_1"));
        assert_eq!(open(&seal(), Purpose::Compaction), None);
        let other = Seal::new(&Secret::new("sk-two"));
        assert_eq!(open(&other, Purpose::ResponseId), None);
    }

    #[test]
    fn what_was_changed_is_not_opened() {
        let sealed = seal().seal(Purpose::Compaction, OWNER, "summary").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let opened = seal().open(Purpose::Compaction, OWNER, &changed);
            assert_eq!(opened, None, "{at}");
        }
        for short in ["", "AAAA", "!"] {
            assert_eq!(seal().open(Purpose::Compaction, OWNER, short), None);
        }
    }
}
