//! A string that must never be printed.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A credential: a key, a token, a password.
///
/// `Debug` and `Display` print `[REDACTED]`, the memory is wiped on drop, and there is no `==`: comparing goes
/// through [`Secret::matches`], which takes the same time whatever the answer.
#[derive(Clone)]
pub struct Secret(SecretString);

/// The SHA-256 of a secret, for comparing it often.
#[derive(Clone)]
pub struct SecretDigest([u8; 32]);

impl Secret {
    /// Wraps a value.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(SecretString::from(value.into()))
    }

    /// The value itself. Call it only where the value goes onto the wire.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// True when nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// The secret as it is compared with what callers present.
    #[must_use]
    pub fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(self.expose().as_bytes()).into())
    }

    /// Compares with what a caller presented, in constant time.
    ///
    /// Both sides are hashed first, so that not even the length of the secret can be measured.
    #[must_use]
    pub fn matches(&self, presented: impl AsRef<[u8]>) -> bool {
        self.digest().matches(presented)
    }
}

impl SecretDigest {
    /// Compares with what a caller presented, in constant time.
    #[must_use]
    pub fn matches(&self, presented: impl AsRef<[u8]>) -> bool {
        self.matches_hash(&sha256(presented))
    }

    /// Compares with the SHA-256 of what a caller presented, in constant time.
    #[must_use]
    pub fn matches_hash(&self, presented: &[u8; 32]) -> bool {
        self.0.as_slice().ct_eq(presented.as_slice()).into()
    }
}

/// The SHA-256 of what a caller presented: what keys are found by.
#[must_use]
pub fn sha256(presented: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(presented.as_ref()).into()
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

impl From<&str> for Secret {
    fn from(value: &str) -> Self {
        Self::new(value)
    }
}
