//! The key itself: made once, shown once, and kept as its hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::refusal::Refusal;

/// What every key begins with.
const PREFIX: &str = "sk-";
/// The shortest key that a client may choose.
const SHORTEST: usize = 16;

/// A fresh key: 16 random bytes.
pub(super) fn fresh() -> String {
    let bytes: [u8; 16] = rand::random();
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// A key that a client chose, if it may be one.
pub(super) fn chosen(key: &str) -> Result<String, Refusal> {
    if !key.starts_with(PREFIX) {
        return Err(Refusal::bad(format!(
            "Invalid key format. LiteLLM Virtual Key must start with 'sk-'. Received: {}",
            abbreviated(key)
        )));
    }
    if key.len() < SHORTEST || key.contains(|c: char| !c.is_ascii_graphic()) {
        return Err(Refusal::bad(format!(
            "A key has at least {SHORTEST} characters, none of them a space."
        )));
    }
    Ok(key.to_owned())
}

/// The id of a key: its SHA-256 in lower-case hex. What is no key is taken for an id.
pub(crate) fn id_of(key: &str) -> String {
    if !key.starts_with(PREFIX) {
        return key.to_owned();
    }
    let hash = Sha256::digest(key.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What of a key may be shown.
pub(super) fn abbreviated(key: &str) -> String {
    let start = key.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    // Of a short text four characters would be most of it.
    let end = if key.len() >= SHORTEST {
        &key[start..]
    } else {
        ""
    };
    format!("{PREFIX}...{end}")
}
