//! Names as they are kept: long ones shortened, so that each fits into an index.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// An index entry of PostgreSQL takes 2,700 bytes, and some hold seven names.
const MOST: usize = 255;

/// `name`, or its beginning and its SHA-256 when it is too long for an index: what clients send
/// must not make a batch unwritable, and two names stay two.
pub(crate) fn indexed(name: &str) -> Cow<'_, str> {
    if name.len() <= MOST {
        return Cow::Borrowed(name);
    }
    let mut short = name[..name.floor_char_boundary(MOST - 65)].to_owned();
    short.push('~');
    short.push_str(&hex(&Sha256::digest(name)));
    Cow::Owned(short)
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}
