//! Forms, `multipart/form-data` (RFC 7578): one field found while the body still arrives, a complete
//! one taken apart, one written.
//!
//! An upload is passed on as it comes; only the field that names the model is read and replaced. It
//! is taken apart for a provider with a format of its own.

mod parts;
mod write;

use std::ops::Range;

use memchr::memmem;

pub use parts::{FormPart, parts};
pub use write::FormWriter;

/// Looks for one field in a body that grows.
#[derive(Debug, Clone)]
pub struct FieldFinder {
    /// `--` and the boundary.
    delimiter: Vec<u8>,
    name: &'static str,
    /// Where the part under examination begins, its delimiter included.
    part: usize,
    /// Up to where the part's end was looked for.
    searched: usize,
}

/// What is known about the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Where its value stands.
    Value(Range<usize>),
    /// The form is complete and does not have it.
    Absent,
    /// Nothing yet: more of the body is needed.
    NotYet,
}

/// A body that is no form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The content type is another one, or names no boundary.
    #[error("expected `content-type: multipart/form-data; boundary=...`")]
    ContentType,
    /// A part without the header that names it, or with more headers than anyone sends.
    #[error("a part of the form has no readable `content-disposition`")]
    Part,
    /// The form ends before its last boundary.
    #[error("the form is not complete")]
    Incomplete,
}

/// More than the headers of any part need.
const PART_HEADERS: usize = 8 * 1024;

// === impl FieldFinder ===

impl FieldFinder {
    /// Looks for field `name` in a body with this content type.
    pub fn new(content_type: &str, name: &'static str) -> Result<Self, FormError> {
        let boundary = boundary(content_type).ok_or(FormError::ContentType)?;
        Ok(Self {
            delimiter: [b"--", boundary.as_bytes()].concat(),
            name,
            part: 0,
            searched: 0,
        })
    }

    /// Looks on in `body`, which begins as it did the last time.
    pub fn search(&mut self, body: &[u8]) -> Result<Found, FormError> {
        loop {
            let Some(at) = memmem::find(&body[self.part..], &self.delimiter) else {
                // Looked through once, however many pieces it comes in.
                let settled = body.len().saturating_sub(self.delimiter.len());
                self.part = self.part.max(settled);
                return Ok(Found::NotYet);
            };
            let open = self.part + at + self.delimiter.len();
            let rest = &body[open..];
            if rest.starts_with(b"--") {
                return Ok(Found::Absent);
            }
            let Some(head) = memmem::find(rest, b"\r\n\r\n") else {
                return if rest.len() > PART_HEADERS {
                    Err(FormError::Part)
                } else {
                    Ok(Found::NotYet)
                };
            };
            let value = open + head + 4;
            let from = self.searched.max(value.saturating_sub(2));
            let Some(end) = self.end_of_part(body, from) else {
                // The delimiter may have arrived in half.
                self.searched = body
                    .len()
                    .saturating_sub(self.delimiter.len() + 2)
                    .max(from);
                return Ok(Found::NotYet);
            };
            if field_name(&rest[..head])?.as_deref() == Some(self.name) {
                return Ok(Found::Value(value..end.max(value)));
            }
            self.part = end;
            self.searched = 0;
        }
    }

    fn end_of_part(&self, body: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let found = at + memmem::find(&body[at..], &self.delimiter)?;
            if body[..found].ends_with(b"\r\n") {
                return Some(found - 2);
            }
            at = found + 1;
        }
    }
}

fn boundary(content_type: &str) -> Option<String> {
    let (kind, params) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    parameter(params, "boundary").filter(|boundary| !boundary.is_empty())
}

/// The `name` of a part, from its headers.
fn field_name(headers: &[u8]) -> Result<Option<String>, FormError> {
    let headers = String::from_utf8_lossy(headers);
    let disposition = header(&headers, "content-disposition");
    let (_, params) = disposition
        .ok_or(FormError::Part)?
        .split_once(';')
        .ok_or(FormError::Part)?;
    Ok(parameter(params, "name"))
}

/// The value of header `wanted` among the headers of a part.
fn header<'a>(headers: &'a str, wanted: &str) -> Option<&'a str> {
    headers.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case(wanted).then_some(value)
    })
}

/// The value of parameter `wanted` in `a=b; c="d"`.
fn parameter(params: &str, wanted: &str) -> Option<String> {
    let mut rest = params;
    loop {
        let (name, after) = rest.split_once('=')?;
        let name = name.trim_matches(|c: char| c == ';' || c.is_whitespace());
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = next;
    }
}

/// A quoted value up to its closing quote, and what follows.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => value.push(c),
        }
    }
    (value, "")
}
