//! The field of an upload that is looked for, beside the simplest reading of the form.

use std::ops::Range;

use lockgate_wire::form::{FieldFinder, FormError, Found};

use crate::arrival::ways;

/// The first byte cuts, the first line is the content type, the rest is the form.
pub(crate) fn check(input: &[u8]) {
    let Some((cuts, rest)) = input.split_first() else {
        return;
    };
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let (Some(kind), Some(body)) = (parts.next(), parts.next()) else {
        return;
    };
    let kind = String::from_utf8_lossy(kind);
    let Ok(finder) = FieldFinder::new(&kind, "model") else {
        return;
    };
    let whole = finder.clone().search(body);
    if let Ok(Found::Value(range)) = &whole {
        delimited(body, range);
    }
    if let Some(expected) = plain(&kind, body) {
        assert_eq!(whole, expected, "line by line");
    }
    for pieces in ways(body, *cuts) {
        let found = arriving(finder.clone(), body, &pieces);
        assert_eq!(found, whole, "in pieces");
    }
}

/// What is found when the body grows by one of `pieces` at a time; the first finding stays.
fn arriving(mut finder: FieldFinder, body: &[u8], pieces: &[&[u8]]) -> Result<Found, FormError> {
    let mut length = 0;
    let mut found = finder.search(&body[..0]);
    for piece in pieces {
        if found != Ok(Found::NotYet) {
            break;
        }
        length += piece.len();
        found = finder.search(&body[..length]);
    }
    found
}

/// A value stands between the blank line behind its headers and the line of the next delimiter.
fn delimited(body: &[u8], value: &Range<usize>) {
    assert!(value.start <= value.end);
    assert!(body[..value.start].ends_with(b"\r\n\r\n"));
    // An empty value may share its line's end with the delimiter.
    let from = if value.is_empty() {
        value.end - 2
    } else {
        value.end
    };
    let behind = |at: usize| {
        body.get(at..)
            .is_some_and(|rest| rest.starts_with(b"\r\n--"))
    };
    assert!(behind(value.end) || behind(from));
}

/// What a form with a plain boundary and plain headers says, read line by line (RFC 2046, section
/// 5.1.1); `None` when it is another one.
fn plain(kind: &str, body: &[u8]) -> Option<Result<Found, FormError>> {
    let boundary = kind.strip_prefix("multipart/form-data; boundary=")?;
    if body.len() > 4096 || !boundary.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let delimiter = format!("--{boundary}");
    let mut part: Option<Vec<Range<usize>>> = None;
    for line in lines(body) {
        let is_last = line.end == body.len();
        let rest = body[line.clone()].strip_prefix(delimiter.as_bytes());
        let closes = match rest {
            Some([b'-', b'-', ..]) => true,
            Some([]) if !is_last => false,
            // Blanks may follow, and more of the line: that is left to the other checks.
            Some([] | [b'-' | b' ' | b'\t' | b'\r', ..]) => return None,
            Some(_) | None => {
                part.iter_mut().for_each(|part| part.push(line.clone()));
                continue;
            }
        };
        if let Some(part) = part.replace(Vec::new())
            && let Some(found) = field(body, &part)?
        {
            return Some(found.map(Found::Value));
        }
        if closes {
            return Some(Ok(Found::Absent));
        }
    }
    Some(Ok(Found::NotYet))
}

/// The lines of `body`, each but the last one ended by a carriage return and a line feed.
fn lines(body: &[u8]) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (at, pair) in body.windows(2).enumerate() {
        if pair == b"\r\n" {
            lines.push(start..at);
            start = at + 2;
        }
    }
    lines.push(start..body.len());
    lines
}

/// Where the value of a part stands, if it is the model's; `None` when its headers are not plain.
fn field(body: &[u8], part: &[Range<usize>]) -> Option<Option<Result<Range<usize>, FormError>>> {
    let Some(blank) = part.iter().position(Range::is_empty) else {
        return Some(Some(Err(FormError::Part)));
    };
    let header = body.get(part[0].clone())?;
    let name = header
        .strip_prefix(b"Content-Disposition: form-data; name=\"")?
        .strip_suffix(b"\"")?;
    if !name.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    if name != b"model" {
        return Some(None);
    }
    let content = &part[blank + 1..];
    let start = part[blank].end + 2;
    let end = content.last().map_or(start, |line| line.end);
    Some(Some(Ok(start..end)))
}
