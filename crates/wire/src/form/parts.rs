//! A complete form, taken apart.

use bytes::Bytes;
use memchr::memmem;

use super::{FormError, boundary, header, parameter};

/// One part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormPart {
    /// The field's name.
    pub name: String,
    /// The name of the file, where it is one.
    pub file_name: Option<String>,
    /// The content type that the part says.
    pub content_type: Option<String>,
    /// Its content; no copy.
    pub value: Bytes,
}

/// More parts than any client sends.
const MOST_PARTS: usize = 1000;

/// Takes a complete form apart.
pub fn parts(content_type: &str, body: &Bytes) -> Result<Vec<FormPart>, FormError> {
    let boundary = boundary(content_type).ok_or(FormError::ContentType)?;
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let inner = [b"\r\n", delimiter.as_slice()].concat();
    let mut parts = Vec::new();
    // It begins a line, and may be the first thing there is.
    let mut at = if body.starts_with(&delimiter) {
        delimiter.len()
    } else {
        memmem::find(body, &inner).ok_or(FormError::Incomplete)? + inner.len()
    };
    while !body[at..].starts_with(b"--") {
        let head = memmem::find(&body[at..], b"\r\n\r\n").ok_or(FormError::Incomplete)?;
        let value = at + head + 4;
        // An empty value shares its line break with the headers.
        let from = value - 2;
        let end = from + memmem::find(&body[from..], &inner).ok_or(FormError::Incomplete)?;
        let content = body.slice(value..end.max(value));
        parts.push(part(&body[at..at + head], content)?);
        if parts.len() > MOST_PARTS {
            return Err(FormError::Part);
        }
        at = end + inner.len();
    }
    Ok(parts)
}

fn part(headers: &[u8], value: Bytes) -> Result<FormPart, FormError> {
    let headers = String::from_utf8_lossy(headers);
    let disposition = header(&headers, "content-disposition").ok_or(FormError::Part)?;
    let (_, params) = disposition.split_once(';').ok_or(FormError::Part)?;
    Ok(FormPart {
        name: parameter(params, "name").ok_or(FormError::Part)?,
        file_name: parameter(params, "filename"),
        content_type: header(&headers, "content-type").map(|value| value.trim().to_owned()),
        value,
    })
}
