//! What proves that the other side means to speak WebSocket (RFC 6455, section 4.2.2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The `Sec-WebSocket-Key` that these random bytes make.
pub fn key(random: [u8; 16]) -> String {
    STANDARD.encode(random)
}

/// Whether a client may send this as `Sec-WebSocket-Key`: sixteen bytes in base64.
pub fn is_key(key: &[u8]) -> bool {
    STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16)
}

/// The `Sec-WebSocket-Accept` that answers this `Sec-WebSocket-Key`.
pub fn accept(key: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(MAGIC);
    STANDARD.encode(hash.finalize())
}
