//! Finds the top-level members of a JSON object.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

use super::scan::{Fault, Name, Scanner};
use super::{Edit, JsonError, Key, Member};

/// So many members are compared one by one; a body may be hostile and have a million.
const COMPARED: usize = 64;

/// The members of the one JSON object that `text` is, nested at most `max_depth` levels.
///
/// The first fault counts: behind it the text is not looked at.
pub(super) fn members(text: &[u8], max_depth: usize) -> Result<Vec<Member>, JsonError> {
    // Two things that hardly any compact body has are looked for in all of it at once, which is
    // far cheaper than looking for them in every string.
    let (lowest, bits) = text.iter().fold((u8::MAX, 0), |(lowest, bits), byte| {
        (lowest.min(*byte), bits | byte)
    });
    if bits >= 0x80 && simdutf8::basic::from_utf8(text).is_err() {
        return Err(JsonError::Syntax(not_utf8(text)));
    }
    let mut scanner = Scanner::new(text, max_depth, lowest < b' ');
    let mut index = Index {
        text,
        members: Vec::with_capacity(16),
        marks: 0,
        seen: HashSet::new(),
    };
    match index.read(&mut scanner) {
        Ok(()) => Ok(index.members),
        Err(Refusal::Duplicate(name)) => Err(JsonError::Duplicate(name)),
        Err(Refusal::Fault(Fault::TooDeep)) => Err(JsonError::TooDeep(max_depth)),
        Err(Refusal::Fault(Fault::NotJson)) => Err(JsonError::Syntax(explain(text))),
    }
}

/// The members found so far.
struct Index<'t> {
    text: &'t [u8],
    members: Vec<Member>,
    /// The marks of their names, see [`mark`].
    marks: u128,
    /// Their names, once there are many.
    seen: HashSet<Cow<'t, [u8]>>,
}

enum Refusal {
    Fault(Fault),
    Duplicate(String),
}

// === impl Index ===

impl<'t> Index<'t> {
    fn read(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Refusal> {
        if scanner.peek() != Some(b'{') {
            return Err(Fault::NotJson.into());
        }
        scanner.enter(b'}')?;
        if scanner.peek() != Some(b'}') {
            self.read_member(scanner)?;
            while scanner.take(b',') {
                self.read_member(scanner)?;
            }
        }
        if !scanner.take(b'}') || scanner.peek().is_some() {
            return Err(Fault::NotJson.into());
        }
        Ok(())
    }

    fn read_member(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Refusal> {
        let name = scanner.name()?;
        let value = scanner.value()?;
        let start = name.literal.start;
        let key = self.key(&name)?;
        if self.is_known(&key) {
            let name = String::from_utf8_lossy(key.as_bytes(self.text));
            return Err(Refusal::Duplicate(name.into_owned()));
        }
        self.members.push(Member {
            key,
            start,
            value,
            edit: Edit::Keep,
        });
        Ok(())
    }

    fn key(&self, name: &Name) -> Result<Key, Fault> {
        let (start, end) = (name.literal.start, name.literal.end);
        if !name.escaped {
            return Ok(Key::Plain(start + 1..end - 1));
        }
        // Here surrogates must be paired.
        serde_json::from_slice(&self.text[start..end])
            .map(Key::Escaped)
            .map_err(|_| Fault::NotJson)
    }

    fn is_known(&mut self, key: &Key) -> bool {
        let text = self.text;
        if self.members.len() < COMPARED {
            let name = key.as_bytes(text);
            let mark = mark(name);
            let is_new = self.marks & mark == 0;
            self.marks |= mark;
            return !is_new && self.members.iter().any(|m| m.key.as_bytes(text) == name);
        }
        if self.seen.is_empty() {
            let known = self.members.iter().map(|m| m.key.name(text));
            self.seen.extend(known);
        }
        !self.seen.insert(key.name(text))
    }
}

// === impl Refusal ===

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

// === impl Key ===

impl Key {
    /// The name, borrowed from the indexed `text` where it stands there.
    fn name<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        match self {
            Self::Plain(range) => Cow::Borrowed(&text[range.clone()]),
            Self::Escaped(name) => Cow::Owned(name.as_bytes().to_vec()),
        }
    }
}

/// One bit that a name has, and few other names have: a name whose bit was not seen is a new one,
/// and need not be compared.
fn mark(name: &[u8]) -> u128 {
    let ends = [name.first(), name.get(name.len() / 2), name.last()];
    let sum = ends.into_iter().flatten().fold(name.len(), |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(*byte))
    });
    1 << (sum % 128)
}

/// Where `text`, which is not UTF-8, stops being it.
#[cold]
fn not_utf8(text: &[u8]) -> String {
    let valid = std::str::from_utf8(text).map_or_else(|e| e.valid_up_to(), str::len);
    format!("not UTF-8: invalid byte at offset {valid}")
}

/// What is wrong with `text`, and where, in the words of a parser that has them.
#[cold]
fn explain(text: &[u8]) -> String {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let read = deserializer.deserialize_map(Members);
    match read.and_then(|()| deserializer.end()) {
        Err(e) => e.to_string(),
        Ok(()) => "not a JSON object".to_owned(),
    }
}

/// Reads the names of an object's members, and skips the values.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<String, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}
