//! The text that a custom tool is given, where the model called a function in its place.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::translate::INPUT;

/// The text in the arguments of a call, whole.
pub(in super::super) fn whole(arguments: &str) -> Cow<'_, str> {
    let members: Option<BTreeMap<String, String>> = serde_json::from_str(arguments).ok();
    match members.map(|mut members| (members.len(), members.remove(INPUT))) {
        Some((1, Some(text))) => Cow::Owned(text),
        _ => Cow::Borrowed(arguments),
    }
}

/// The same, piece by piece: no text waits for more than the escape that it ends in.
#[derive(Debug, Default)]
pub(in super::super) struct Input {
    state: State,
    /// What came and was not passed on.
    held: String,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    /// Nothing tells yet whether it is an object.
    #[default]
    Unknown,
    /// It is the text itself.
    Text,
    /// Within the string that is the object's member.
    Inside,
    /// Behind it.
    Behind,
}

/// How far a beginning goes along with `{"input":"`.
enum Opening {
    /// All the way: the string begins here.
    At(usize),
    /// As far as it goes.
    Open,
    /// It is something else.
    No,
}

// === impl Input ===

impl Input {
    /// Takes more of the arguments; returns what text they complete.
    pub(in super::super) fn push(&mut self, more: &str) -> String {
        self.held.push_str(more);
        if let State::Unknown = self.state {
            match opening(&self.held) {
                Opening::Open => return String::new(),
                Opening::No => self.state = State::Text,
                Opening::At(start) => {
                    self.held.drain(..start);
                    self.state = State::Inside;
                }
            }
        }
        match self.state {
            State::Inside => self.unescape(),
            State::Behind => String::new(),
            State::Unknown | State::Text => std::mem::take(&mut self.held),
        }
    }

    /// What is left when nothing more comes.
    pub(in super::super) fn finish(&mut self) -> String {
        match self.state {
            State::Behind => String::new(),
            _ => std::mem::take(&mut self.held),
        }
    }

    fn unescape(&mut self) -> String {
        let (end, closed) = whole_part(&self.held);
        let quoted = format!("\"{}\"", &self.held[..end]);
        let text = serde_json::from_str(&quoted);
        // What is no JSON after all is passed on as it is.
        let text = text.unwrap_or_else(|_| self.held[..end].to_owned());
        self.held.drain(..end);
        if closed {
            self.state = State::Behind;
        }
        text
    }
}

fn opening(text: &str) -> Opening {
    let mut rest = text;
    for token in ["{", "\"input\"", ":", "\""] {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix(token) {
            rest = behind;
        } else if token.starts_with(rest) {
            return Opening::Open;
        } else {
            return Opening::No;
        }
    }
    Opening::At(text.len() - rest.len())
}

/// Up to where the inside of a string is whole, and whether it ends there.
fn whole_part(text: &str) -> (usize, bool) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return (at, true),
            b'\\' => match escape(&text[at..]) {
                Some(length) => at += length,
                None => return (at, false),
            },
            _ => at += 1,
        }
    }
    (at, false)
}

/// How long the escape at the beginning of `text` is, both halves of a pair; `None` when some of
/// it is missing.
fn escape(text: &str) -> Option<usize> {
    const UNIT: usize = 6;
    if !text.get(1..)?.starts_with('u') {
        return (text.len() > 1).then(|| 1 + text[1..].chars().next().map_or(0, char::len_utf8));
    }
    let high = text.get(2..UNIT)?;
    let is_high = u16::from_str_radix(high, 16).is_ok_and(|unit| (0xd800..0xdc00).contains(&unit));
    let length = if is_high { 2 * UNIT } else { UNIT };
    (text.len() >= length).then_some(length)
}
