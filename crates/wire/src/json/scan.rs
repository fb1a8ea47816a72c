//! Walks over the values of a JSON text and refuses what is not JSON.

use std::ops::Range;

/// Reads a JSON text from front to back, once. Nested values are checked and skipped, not kept.
///
/// What it accepts is what `serde_json` accepts when it ignores a value: an escape must have the
/// shape of one, while only who reads the string cares whether surrogates are paired.
pub(super) struct Scanner<'t> {
    text: &'t [u8],
    at: usize,
    /// What closes the arrays and objects that are open, the outermost first.
    open: Vec<u8>,
    /// How many may be open.
    max_open: usize,
    /// Whether a control character stands anywhere in the text, so that strings must be searched.
    has_controls: bool,
}

/// The name of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Where its string literal stands.
    pub literal: Range<usize>,
    /// Whether it is written with escapes.
    pub escaped: bool,
}

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    NotJson,
    TooDeep,
}

// === impl Scanner ===

impl<'t> Scanner<'t> {
    /// A scanner at the start of `text`, which is UTF-8.
    pub(super) fn new(text: &'t [u8], max_open: usize, has_controls: bool) -> Self {
        Self {
            text,
            at: 0,
            open: Vec::new(),
            max_open,
            has_controls,
        }
    }

    /// The next byte that is not blank; it is not consumed.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.get(self.at) {
                Some(&byte) if byte > b' ' => return Some(byte),
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Consumes `byte`, and the blanks before it, when it comes next; says whether it did.
    #[inline]
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let comes = self.peek() == Some(byte);
        self.at += usize::from(comes);
        comes
    }

    /// Consumes what opens an array or object, to be closed with `closer`.
    #[inline]
    pub(super) fn enter(&mut self, closer: u8) -> Result<(), Fault> {
        if self.open.len() >= self.max_open {
            return Err(Fault::TooDeep);
        }
        self.at += 1;
        self.open.push(closer);
        Ok(())
    }

    /// Consumes the name of a member and its colon.
    #[inline]
    pub(super) fn name(&mut self) -> Result<Name, Fault> {
        if self.peek() != Some(b'"') {
            return Err(Fault::NotJson);
        }
        let start = self.at;
        let escaped = self.string()?;
        let literal = start..self.at;
        if !self.take(b':') {
            return Err(Fault::NotJson);
        }
        Ok(Name { literal, escaped })
    }

    /// Consumes a value and says where it stands. However deep it is nested, the stack is not.
    pub(super) fn value(&mut self) -> Result<Range<usize>, Fault> {
        self.peek();
        let start = self.at;
        let outside = self.open.len();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                }
                Some(b'{') => {
                    self.enter(b'}')?;
                    if self.peek() != Some(b'}') {
                        self.name()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.enter(b']')?;
                    if self.peek() != Some(b']') {
                        continue;
                    }
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                _ => return Err(Fault::NotJson),
            }
            if !self.goes_on(outside)? {
                return Ok(start..self.at);
            }
        }
    }

    /// Consumes what may follow a value: closers until `outside` are open, or a comma and, in an
    /// object, the next name. Says whether another value follows.
    #[inline]
    fn goes_on(&mut self, outside: usize) -> Result<bool, Fault> {
        while self.open.len() > outside {
            let closer = self.open.last().copied();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    if closer == Some(b'}') {
                        self.name()?;
                    }
                    return Ok(true);
                }
                byte if byte == closer => {
                    self.at += 1;
                    self.open.pop();
                }
                _ => return Err(Fault::NotJson),
            }
        }
        Ok(false)
    }

    /// Consumes the string literal that opens here; says whether it has escapes.
    #[inline]
    fn string(&mut self) -> Result<bool, Fault> {
        let inside = self.text.get(self.at + 1..).unwrap_or_default();
        match near(inside) {
            Some(end) if inside[end] == b'"' && !self.has_controls => {
                self.at += end + 2;
                Ok(false)
            }
            _ => self.any_string(),
        }
    }

    /// Consumes the string literal that opens here, whatever it holds; says whether it has escapes.
    #[inline(never)]
    fn any_string(&mut self) -> Result<bool, Fault> {
        let mut at = self.at + 1;
        let mut escaped = false;
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            at += memchr::memchr2(b'"', b'\\', rest).ok_or(Fault::NotJson)?;
            if self.text[at] == b'"' {
                break;
            }
            at += escape_len(&self.text[at..]).ok_or(Fault::NotJson)?;
            escaped = true;
        }
        if self.has_controls && lowest(&self.text[self.at..at]) < b' ' {
            return Err(Fault::NotJson);
        }
        self.at = at + 1;
        Ok(escaped)
    }

    fn number(&mut self) -> Result<(), Fault> {
        if self.text.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let start = self.at;
        self.digits()?;
        // A leading zero stands alone.
        if self.text[start] == b'0' && self.at > start + 1 {
            return Err(Fault::NotJson);
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.text.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        // What may not follow a number may not follow a value.
        Ok(())
    }

    /// Consumes one digit or more.
    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start {
            return Err(Fault::NotJson);
        }
        Ok(())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Fault> {
        if !self.text[self.at..].starts_with(word) {
            return Err(Fault::NotJson);
        }
        self.at += word.len();
        Ok(())
    }
}

/// Offset of the first quote or backslash, if one stands among the first bytes, where those of
/// names and other short strings do. A vector search would take longer to begin.
#[inline]
fn near(text: &[u8]) -> Option<usize> {
    const EACH: u128 = u128::from_le_bytes([1; 16]);
    let word = u128::from_le_bytes(*text.first_chunk()?);
    // The highest bit of the first byte that is zero, and of none before it.
    let zero = |word: u128| word.wrapping_sub(EACH) & !word & (EACH << 7);
    let equal = |byte: u8| zero(word ^ (EACH * u128::from(byte)));
    let found = equal(b'"') | equal(b'\\');
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

/// The length of the escape that `text` starts with.
fn escape_len(text: &[u8]) -> Option<usize> {
    match text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' if text.get(2..6)?.iter().all(u8::is_ascii_hexdigit) => Some(6),
        _ => None,
    }
}

/// The lowest byte of `text`.
fn lowest(text: &[u8]) -> u8 {
    text.iter().fold(u8::MAX, |lowest, byte| lowest.min(*byte))
}
