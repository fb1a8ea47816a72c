//! A JSON object as bytes plus an index of its top-level members, edited by splicing.
//!
//! Edits go by parsed key, never by byte search: a client may write `"mod\u0065l"`. Duplicate
//! members are refused, so that gateway and upstream cannot read different values.

mod end;
mod index;
mod scan;

use std::borrow::Cow;
use std::ops::Range;

use bytes::{Bytes, BytesMut};

pub(crate) use end::JsonEnd;

/// Why a body is not an acceptable JSON object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, or not an object. The text says what was expected and where.
    #[error("{0}")]
    Syntax(String),
    /// The same top-level member appears twice.
    #[error("duplicate member `{0}`")]
    Duplicate(String),
    /// Arrays and objects are nested deeper than allowed.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
}

/// Bytes of one JSON object with an index of its top-level members and pending edits.
#[derive(Debug, Clone)]
pub struct JsonObject {
    bytes: Bytes,
    members: Vec<Member>,
    appended: Vec<(Box<str>, Bytes)>,
    edited: bool,
}

#[derive(Debug, Clone)]
struct Member {
    key: Key,
    /// Offset of the key's opening quote.
    start: usize,
    value: Range<usize>,
    edit: Edit,
}

#[derive(Debug, Clone)]
enum Key {
    /// Written without escapes: the bytes between the quotes.
    Plain(Range<usize>),
    /// Written with escapes: what they mean.
    Escaped(Box<str>),
}

#[derive(Debug, Clone)]
enum Edit {
    Keep,
    Replace(Bytes),
    Remove,
}

/// A part of an edited object.
enum Part<'a> {
    /// This much of the original.
    Original(Range<usize>),
    /// Something new.
    Written(&'a [u8]),
}

/// So much of the original in a row is not worth copying.
const SHARED: usize = 4096;

// === impl JsonObject ===

impl JsonObject {
    /// Indexes `bytes`, which must hold exactly one JSON object, nested at most `max_depth` levels.
    pub fn parse(bytes: Bytes, max_depth: usize) -> Result<Self, JsonError> {
        let members = index::members(&bytes, max_depth)?;
        Ok(Self {
            bytes,
            members,
            appended: Vec::new(),
            edited: false,
        })
    }

    /// An object without members.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            bytes: Bytes::from_static(b"{}"),
            members: Vec::new(),
            appended: Vec::new(),
            edited: false,
        }
    }

    /// The JSON text of member `key`, as edited so far.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        if let Some(member) = self.members.iter().find(|m| m.key.is(&self.bytes, key)) {
            return match &member.edit {
                Edit::Keep => self.bytes.get(member.value.clone()),
                Edit::Replace(bytes) => Some(bytes),
                Edit::Remove => None,
            };
        }
        self.appended
            .iter()
            .find(|(k, _)| &**k == key)
            .map(|(_, v)| &v[..])
    }

    /// Member `key` when it is a JSON string; borrowed when it has no escapes.
    pub fn get_str(&self, key: &str) -> Option<Cow<'_, str>> {
        let raw = self.get(key)?;
        unquote(raw)
    }

    /// Member `key` when it is `true` or `false`.
    pub fn get_bool(&self, key: &str) -> Option<bool> {
        match self.get(key)? {
            b"true" => Some(true),
            b"false" => Some(false),
            _ => None,
        }
    }

    /// Whether member `key` is present (also when its value is `null`).
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether member `key` is present and not `null`.
    pub fn is_set(&self, key: &str) -> bool {
        self.get(key).is_some_and(|v| v != b"null")
    }

    /// Whether `test` holds for the name of any member, given as its UTF-8 bytes.
    pub fn any_key(&self, test: impl Fn(&[u8]) -> bool) -> bool {
        let original = self
            .members
            .iter()
            .filter(|m| !matches!(m.edit, Edit::Remove))
            .any(|m| test(m.key.as_bytes(&self.bytes)));
        original || self.appended.iter().any(|(key, _)| test(key.as_bytes()))
    }

    /// The names of all members in order, edits included.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.members
            .iter()
            .filter(|m| !matches!(m.edit, Edit::Remove))
            .map(|m| m.key.as_str(&self.bytes))
            .chain(self.appended.iter().map(|(k, _)| &**k))
    }

    /// Sets member `key` to `value`, which must be valid JSON text; appended when absent.
    pub fn set(&mut self, key: &str, value: impl Into<Bytes>) {
        let value = value.into();
        self.edited = true;
        let bytes = &self.bytes;
        if let Some(member) = self.members.iter_mut().find(|m| m.key.is(bytes, key)) {
            member.edit = Edit::Replace(value);
        } else if let Some(entry) = self.appended.iter_mut().find(|(k, _)| &**k == key) {
            entry.1 = value;
        } else {
            self.appended.push((key.into(), value));
        }
    }

    /// Sets member `key` to the JSON string `value`.
    pub fn set_str(&mut self, key: &str, value: &str) {
        self.set(key, quote(value));
    }

    /// Removes member `key`; says whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let bytes = &self.bytes;
        if let Some(member) = self.members.iter_mut().find(|m| m.key.is(bytes, key)) {
            let was_there = !matches!(member.edit, Edit::Remove);
            member.edit = Edit::Remove;
            self.edited |= was_there;
            return was_there;
        }
        let before = self.appended.len();
        self.appended.retain(|(k, _)| &**k != key);
        before != self.appended.len()
    }

    /// The object as bytes: the original ones, untouched, with only the edits spliced in.
    pub fn to_bytes(&self) -> Bytes {
        if !self.edited {
            return self.bytes.clone();
        }
        let mut out = BytesMut::with_capacity(self.edited_len());
        self.write(|part| match part {
            Part::Original(range) => out.extend_from_slice(&self.bytes[range]),
            Part::Written(bytes) => out.extend_from_slice(bytes),
        });
        out.freeze()
    }

    /// The same in pieces, one behind the other: much of the original at once is not copied.
    pub fn to_pieces(&self) -> Vec<Bytes> {
        if !self.edited {
            return vec![self.bytes.clone()];
        }
        let mut pieces = Vec::new();
        let mut copied = BytesMut::new();
        self.write(|part| match part {
            Part::Original(range) if range.len() >= SHARED => {
                if !copied.is_empty() {
                    pieces.push(copied.split().freeze());
                }
                pieces.push(self.bytes.slice(range));
            }
            Part::Original(range) => copied.extend_from_slice(&self.bytes[range]),
            Part::Written(bytes) => copied.extend_from_slice(bytes),
        });
        if !copied.is_empty() {
            pieces.push(copied.freeze());
        }
        pieces
    }

    /// Gives `out` the parts of the edited object in order. What was not edited between two edits is
    /// one part.
    fn write(&self, mut out: impl FnMut(Part<'_>)) {
        let head = self
            .members
            .first()
            .map_or_else(|| self.empty_head(), |m| m.start);
        // Where the part of the original begins that is still to be given, and where it ends.
        let mut kept = 0..head;
        let mut first = true;
        let mut previous_end = head;
        for member in &self.members {
            if !matches!(member.edit, Edit::Remove) {
                let start = if first { member.start } else { previous_end };
                if start != kept.end {
                    out(Part::Original(std::mem::replace(&mut kept, start..start)));
                }
                first = false;
                kept.end = member.value.end;
                if let Edit::Replace(value) = &member.edit {
                    out(Part::Original(kept.start..member.value.start));
                    out(Part::Written(value));
                    kept.start = member.value.end;
                }
            }
            previous_end = member.value.end;
        }
        if !self.appended.is_empty() {
            out(Part::Original(std::mem::replace(
                &mut kept,
                previous_end..previous_end,
            )));
        }
        for (key, value) in &self.appended {
            if !std::mem::take(&mut first) {
                out(Part::Written(b","));
            }
            out(Part::Written(&quote(key)));
            out(Part::Written(b":"));
            out(Part::Written(value));
        }
        if previous_end != kept.end {
            out(Part::Original(std::mem::replace(
                &mut kept,
                previous_end..previous_end,
            )));
        }
        out(Part::Original(kept.start..self.bytes.len()));
    }

    /// About how many bytes [`JsonObject::to_bytes`] has; never fewer.
    pub fn size(&self) -> usize {
        self.edited_len()
    }

    fn edited_len(&self) -> usize {
        let replaced: usize = self
            .members
            .iter()
            .map(|m| {
                if let Edit::Replace(v) = &m.edit {
                    v.len()
                } else {
                    0
                }
            })
            .sum();
        // Two quotes, a colon and a comma; an escaped key may still grow past it.
        let appended: usize = self
            .appended
            .iter()
            .map(|(k, v)| k.len() + v.len() + 4)
            .sum();
        self.bytes.len() + replaced + appended
    }

    /// Where the members of an empty object would start: behind its opening brace.
    fn empty_head(&self) -> usize {
        memchr::memchr(b'{', &self.bytes).map_or(0, |brace| brace + 1)
    }
}

// === impl Key ===

impl Key {
    fn is(&self, bytes: &[u8], key: &str) -> bool {
        match self {
            Self::Plain(range) => &bytes[range.clone()] == key.as_bytes(),
            Self::Escaped(text) => &**text == key,
        }
    }

    fn as_bytes<'a>(&'a self, bytes: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Plain(range) => &bytes[range.clone()],
            Self::Escaped(text) => text.as_bytes(),
        }
    }

    fn as_str<'a>(&'a self, bytes: &'a Bytes) -> &'a str {
        match self {
            // Indexed from valid UTF-8 at character boundaries, so the default is never taken.
            Self::Plain(range) => std::str::from_utf8(&bytes[range.clone()]).unwrap_or_default(),
            Self::Escaped(text) => text,
        }
    }
}

/// The JSON string literal for `text`.
pub fn quote(text: &str) -> Bytes {
    // Serialising a string cannot fail; the default keeps the signature honest.
    serde_json::to_vec(text)
        .map(Bytes::from)
        .unwrap_or_default()
}

/// What the JSON string literal `raw` means; `None` when it is not one.
pub fn unquote(raw: &[u8]) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr2(b'\\', b'"', inner).is_none() {
        return std::str::from_utf8(inner).ok().map(Cow::Borrowed);
    }
    serde_json::from_slice::<String>(raw).ok().map(Cow::Owned)
}

/// Valid JSON without the blanks between its tokens. A line feed there would end a line of a
/// stream, and models like to write JSON over several lines.
pub(crate) fn compact(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut at, mut kept) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at),
            b' ' | b'\n' | b'\r' | b'\t' => {
                out.push_str(text.get(kept..at).unwrap_or_default());
                kept = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(kept..).unwrap_or_default());
    Cow::Owned(out)
}

/// Offset of the closing quote of the string that opens at `open` in valid JSON.
pub(crate) fn string_end(text: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    while let Some(found) = text
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        at += found;
        if text[at] == b'"' {
            return at;
        }
        at += 2;
    }
    text.len()
}
