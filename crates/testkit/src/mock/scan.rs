//! Finds single members of a JSON body by a byte scan: the mock must cost little next to what is measured.

use memchr::memmem;

/// The string value of the first member called `name`, at whatever depth; escapes are left as they are.
///
/// A quoted name inside a JSON string has its quotes escaped, so it never matches.
pub(super) fn string<'a>(body: &'a [u8], name: &str) -> Option<&'a str> {
    let value = value(body, name)?.strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', value)?;
    std::str::from_utf8(&value[..end]).ok()
}

/// The boolean value of the first member called `name`.
pub(super) fn boolean(body: &[u8], name: &str) -> Option<bool> {
    let value = value(body, name)?;
    if value.starts_with(b"true") {
        Some(true)
    } else if value.starts_with(b"false") {
        Some(false)
    } else {
        None
    }
}

fn value<'a>(body: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let quoted = format!("\"{name}\"");
    memmem::find_iter(body, quoted.as_bytes()).find_map(|at| {
        let after = body[at + quoted.len()..].trim_ascii_start();
        // A string that merely equals the name is not followed by a colon.
        Some(after.strip_prefix(b":")?.trim_ascii_start())
    })
}
