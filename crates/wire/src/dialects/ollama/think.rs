//! Takes `<think>...</think>` at the start of an answer apart from the answer itself.
//!
//! Older servers, and models whose template does not name its thinking, leave the tags in the
//! content. White space behind either tag belongs to neither side, as in Ollama's own parser.

use std::mem;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// A piece of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Reasoning.
    Thinking(String),
    /// The answer itself.
    Text(String),
}

/// Splits content that arrives in any pieces.
#[derive(Debug, Default)]
pub(super) struct ThinkSplitter {
    state: State,
    /// What cannot be told apart yet: a tag that has only begun.
    held: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing but white space and the start of an opening tag so far.
    #[default]
    Start,
    /// Behind the opening tag, before any reasoning.
    Opened,
    Thinking,
    /// Behind the closing tag, before any text.
    Closed,
    Text,
}

// === impl ThinkSplitter ===

impl ThinkSplitter {
    /// Takes the next content and appends the pieces that are certain.
    pub(super) fn push(&mut self, content: String, out: &mut Vec<Piece>) {
        let mut content = if self.held.is_empty() {
            content
        } else {
            mem::take(&mut self.held) + &content
        };
        loop {
            match self.state {
                State::Start => {
                    let trimmed = content.trim_start();
                    if let Some(rest) = trimmed.strip_prefix(OPEN) {
                        content = rest.to_owned();
                        self.state = State::Opened;
                    } else if OPEN.starts_with(trimmed) {
                        self.held = content;
                        return;
                    } else {
                        self.state = State::Text;
                    }
                }
                State::Opened | State::Closed => {
                    content.drain(..content.len() - content.trim_start().len());
                    if content.is_empty() {
                        return;
                    }
                    self.state = match self.state {
                        State::Opened => State::Thinking,
                        _ => State::Text,
                    };
                }
                State::Thinking => match content.find(CLOSE) {
                    Some(at) => {
                        let rest = content.split_off(at + CLOSE.len());
                        content.truncate(at);
                        emit(Piece::Thinking, content, out);
                        content = rest;
                        self.state = State::Closed;
                    }
                    None => {
                        self.held = content.split_off(content.len() - begun(&content, CLOSE));
                        return emit(Piece::Thinking, content, out);
                    }
                },
                State::Text => return emit(Piece::Text, content, out),
            }
        }
    }

    /// Whether all that follows is text.
    pub(super) fn is_done(&self) -> bool {
        self.state == State::Text
    }

    /// Ends the content: what was held back is not a tag.
    pub(super) fn finish(&mut self, out: &mut Vec<Piece>) {
        let held = mem::take(&mut self.held);
        match mem::replace(&mut self.state, State::Text) {
            State::Thinking => emit(Piece::Thinking, held, out),
            _ => emit(Piece::Text, held, out),
        }
    }
}

fn emit(piece: fn(String) -> Piece, content: String, out: &mut Vec<Piece>) {
    if !content.is_empty() {
        out.push(piece(content));
    }
}

/// How many bytes at the end of `content` may be the start of `tag`.
fn begun(content: &str, tag: &str) -> usize {
    (1..tag.len())
        .rev()
        .find(|&n| content.ends_with(&tag[..n]))
        .unwrap_or(0)
}
