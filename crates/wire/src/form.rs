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
    /// Where the part under examination begins, at the end of its delimiter's line; `None` before
    /// the first one.
    part: Option<usize>,
    /// Up to where the next delimiter was looked for.
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

/// What stands between the headers of a part and its content.
const BLANK_LINE: &[u8] = b"\r\n\r\n";

/// More blanks than anyone puts behind a boundary.
const PADDING: usize = 32;

/// The line that stands before, between and behind the parts.
struct Delimiter {
    /// Where it begins, behind the end of the line before it.
    open: usize,
    /// Where its own line's end begins.
    end: usize,
    /// Whether it closes the form.
    last: bool,
}

/// What follows a boundary in its line (RFC 2046, section 5.1.1).
enum Follows {
    /// The line ends, behind so many blanks.
    End(usize),
    /// What closes the form.
    Close,
    /// Something else: the line is content that begins like a delimiter.
    Content,
    /// It did not arrive yet.
    NotYet,
}

// === impl FieldFinder ===

impl FieldFinder {
    /// Looks for field `name` in a body with this content type.
    pub fn new(content_type: &str, name: &'static str) -> Result<Self, FormError> {
        let boundary = boundary(content_type).ok_or(FormError::ContentType)?;
        Ok(Self {
            delimiter: [b"--", boundary.as_bytes()].concat(),
            name,
            part: None,
            searched: 0,
        })
    }

    /// Looks on in `body`, which begins as it did the last time.
    pub fn search(&mut self, body: &[u8]) -> Result<Found, FormError> {
        loop {
            let next = self.next_delimiter(body);
            if let Some(part) = self.part {
                // The end of the last header's line may be the one before the delimiter.
                let limit = next.as_ref().map_or(body.len(), |next| next.open);
                let head = head(&body[part..limit], next.is_some())?;
                if let (Some(head), Some(next)) = (head, &next)
                    && field_name(head)?.as_deref() == Some(self.name)
                {
                    let value = part + head.len() + BLANK_LINE.len();
                    return Ok(Found::Value(value..next.end_of_part().max(value)));
                }
            }
            match next {
                None => return Ok(Found::NotYet),
                Some(next) if next.last => return Ok(Found::Absent),
                Some(next) => self.part = Some(next.end),
            }
        }
    }

    /// The first delimiter behind those that were found; the body is looked through once, however
    /// many pieces it comes in.
    fn next_delimiter(&mut self, body: &[u8]) -> Option<Delimiter> {
        while let Some(found) = memmem::find(&body[self.searched..], &self.delimiter) {
            let open = self.searched + found;
            let end = open + self.delimiter.len();
            let begins_line = open == 0 || body[..open].ends_with(b"\r\n");
            let (end, last) = match Follows::in_line(&body[end..]) {
                _ if !begins_line => (end, None),
                Follows::End(padding) => (end + padding, Some(false)),
                Follows::Close => (end, Some(true)),
                Follows::Content => (end, None),
                Follows::NotYet => {
                    self.searched = open;
                    return None;
                }
            };
            self.searched = open + 1;
            if let Some(last) = last {
                return Some(Delimiter { open, end, last });
            }
        }
        // It may have arrived in part.
        let settled = body.len().saturating_sub(self.delimiter.len());
        self.searched = self.searched.max(settled);
        None
    }
}

/// The fields before the first file in the beginning of a body with this content type.
pub fn leading_fields(content_type: &str, body: &[u8]) -> Result<LeadingFields, FormError> {
    let mut finder = FieldFinder::new(content_type, "")?;
    let mut found = LeadingFields::default();
    let mut current = finder.next_delimiter(body);
    while let Some(delimiter) = current {
        if delimiter.last {
            found.is_complete = true;
            break;
        }
        let next = finder.next_delimiter(body);
        let limit = next.as_ref().map_or(body.len(), |next| next.open);
        let Some(head) = head(&body[delimiter.end..limit], next.is_some())? else {
            break;
        };
        let params = disposition(head)?;
        if parameter(&params, "filename").is_some() || params.contains("filename*=") {
            found.is_complete = true;
            break;
        }
        let value = delimiter.end + head.len() + BLANK_LINE.len();
        if let (Some(next), Some(name)) = (&next, parameter(&params, "name")) {
            found.fields.push(Field {
                name,
                part: delimiter.open..next.open,
                value: value..next.end_of_part().max(value),
            });
        }
        current = next;
    }
    Ok(found)
}

// === impl Delimiter ===

impl Delimiter {
    /// Where the part before it ends; the line's end in between belongs to neither.
    fn end_of_part(&self) -> usize {
        self.open.saturating_sub(2)
    }
}

// === impl Follows ===

impl Follows {
    fn in_line(rest: &[u8]) -> Self {
        let blanks = rest.iter().take_while(|byte| b" \t".contains(byte));
        let padding = blanks.take(PADDING + 1).count();
        match &rest[padding..] {
            _ if padding > PADDING => Self::Content,
            [b'-', b'-', ..] if padding == 0 => Self::Close,
            [b'\r', b'\n', ..] => Self::End(padding),
            [] | [b'\r'] => Self::NotYet,
            [b'-'] if padding == 0 => Self::NotYet,
            _ => Self::Content,
        }
    }
}

/// The headers that `part` begins with, once all of them arrived.
fn head(part: &[u8], whole: bool) -> Result<Option<&[u8]>, FormError> {
    let window = &part[..part.len().min(PART_HEADERS)];
    match memmem::find(window, BLANK_LINE) {
        Some(end) => Ok(Some(&part[..end])),
        None if whole || window.len() == PART_HEADERS => Err(FormError::Part),
        None => Ok(None),
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
