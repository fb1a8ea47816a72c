//! Finding one field of a `multipart/form-data` body (RFC 7578) while it still arrives.
//!
//! An upload is passed on as it comes; only the field that names the model is read and replaced.

use std::ops::Range;

use memchr::memmem;

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
}

/// More than the headers of any part need.
const PART_HEADERS: usize = 8 * 1024;

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// All of it: from its delimiter to the next one.
    pub part: Range<usize>,
    /// Where its value stands.
    pub value: Range<usize>,
}

/// The fields that stand before the first file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadingFields {
    /// Those found so far, in their order.
    pub fields: Vec<Field>,
    /// There are no others.
    pub is_complete: bool,
}

/// The fields before the first file in the beginning of a body with this content type.
pub fn leading_fields(content_type: &str, body: &[u8]) -> Result<LeadingFields, FormError> {
    let boundary = boundary(content_type).ok_or(FormError::ContentType)?;
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let next = [b"\r\n", delimiter.as_slice()].concat();
    let mut found = LeadingFields::default();
    // A preamble may stand before it, and hold anything in the middle of a line.
    let mut starts = memmem::find_iter(body, &delimiter);
    let Some(mut at) = starts.find(|&at| at == 0 || body[..at].ends_with(b"\n")) else {
        return Ok(found);
    };
    loop {
        let rest = &body[at + delimiter.len()..];
        if rest.starts_with(b"--") {
            found.is_complete = true;
            return Ok(found);
        }
        let Some(head) = memmem::find(rest, b"\r\n\r\n") else {
            let endless = rest.len() > PART_HEADERS;
            return if endless {
                Err(FormError::Part)
            } else {
                Ok(found)
            };
        };
        let disposition = disposition(&rest[..head])?;
        if parameter(&disposition, "filename").is_some() || disposition.contains("filename*=") {
            found.is_complete = true;
            return Ok(found);
        }
        let value = at + delimiter.len() + head + 4;
        // The line feed before the delimiter is the one behind the headers when the value is empty.
        let Some(end) = memmem::find(&body[value - 2..], &next) else {
            return Ok(found);
        };
        let end = value - 2 + end;
        found
            .fields
            .extend(parameter(&disposition, "name").map(|name| Field {
                name,
                part: at..end + 2,
                value: value..end.max(value),
            }));
        at = end + 2;
    }
}

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
    Ok(parameter(&disposition(headers)?, "name"))
}

/// The parameters of a part's `content-disposition`.
fn disposition(headers: &[u8]) -> Result<String, FormError> {
    let headers = String::from_utf8_lossy(headers);
    let disposition = headers.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim()
            .eq_ignore_ascii_case("content-disposition")
            .then_some(value)
    });
    let (_, params) = disposition
        .ok_or(FormError::Part)?
        .split_once(';')
        .ok_or(FormError::Part)?;
    Ok(params.to_owned())
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
