//! Reasoning that a vendor encrypted: bytes here, text in the canonical form.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Marks text that is base64 because the bytes are no text themselves.
const BINARY: &str = "data:;base64,";

/// The encrypted reasoning as text. Claude's is text already, the same that Anthropic's own API
/// gives, so that either API takes it back from the other.
pub(super) fn from_bytes(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| format!("{BINARY}{}", STANDARD.encode(error.as_bytes())))
}

/// The same from base64; what is none is kept as it is.
pub(super) fn from_base64(blob: &str) -> String {
    match STANDARD.decode(blob) {
        Ok(bytes) => from_bytes(bytes),
        Err(_) => blob.to_owned(),
    }
}

/// The text as the base64 of the bytes it stands for.
pub(super) fn to_base64(data: &str) -> String {
    match data.strip_prefix(BINARY) {
        Some(base64) => base64.to_owned(),
        None => STANDARD.encode(data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_whatever_they_are() {
        for blob in ["RW1zS0FoZ0I=", "/wD+gA==", ""] {
            assert_eq!(to_base64(&from_base64(blob)), blob);
        }
        assert_eq!(from_base64("RW1zS0FoZ0I="), "EmsKAhgB");
    }
}
