//! Lays the conversation out as the API wants it: instructions apart, turns of user and
//! assistant in alternation and a user's first, results right behind the calls they answer.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Serialize;

use super::super::family::Family;
use super::super::piece::{CachePointOut, Piece, encode, tool_id};
use super::super::report::Report;
use crate::canonical::{Block, BlockKind, Message, Role, no_instruction};

/// Stands for a user turn that would be empty and for the question about a document that came
/// without one, both of which the API refuses. A full stop asks for nothing.
const PLACEHOLDER: &str = ".";

const USER: &str = "user";
const ASSISTANT: &str = "assistant";

/// One message of the conversation.
#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    role: &'static str,
    content: Vec<Piece<'a>>,
}

/// Instructions and turns.
#[derive(Debug)]
pub(super) struct Layout<'a> {
    pub(super) system: Vec<Piece<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
    family: Family,
    /// How many pieces at the start of the last user turn are results.
    results: usize,
    /// The calls of the last assistant turn that no result answered yet.
    open_calls: HashSet<Cow<'a, str>>,
}

/// Lays out `messages`.
pub(super) fn lay_out<'a>(
    messages: &'a [Message],
    family: Family,
    report: &mut Report,
) -> Layout<'a> {
    let mut layout = Layout {
        system: Vec::new(),
        turns: Vec::new(),
        family,
        results: 0,
        open_calls: HashSet::new(),
    };
    for message in messages {
        if message.name.is_some() {
            report.hint("messages[].name");
        }
        match message.role {
            Role::System | Role::Developer => layout.instruct(message, report),
            Role::User => layout.user(message, report),
            Role::Assistant => layout.assistant(message, report),
        }
    }
    layout.close();
    layout
}

// === impl Turn ===

impl Turn<'_> {
    fn of(role: &'static str) -> Self {
        Self {
            role,
            content: Vec::new(),
        }
    }
}

// === impl Layout ===

impl<'a> Layout<'a> {
    /// Instructions stand before the conversation, wherever the client put them.
    fn instruct(&mut self, message: &'a Message, report: &mut Report) {
        for block in &message.content {
            if block.as_text().is_none() {
                report.content(&no_instruction(block));
            } else if let Some(piece) = encode(block, message.role, self.family, report) {
                self.system.push(piece);
                self.system.extend(self.cache_point(block, report));
            }
        }
    }

    fn user(&mut self, message: &'a Message, report: &mut Report) {
        self.turn_to(USER);
        for block in &message.content {
            match &block.kind {
                BlockKind::ToolUse { .. } => report.content("messages[].tool_calls"),
                BlockKind::ToolResult { id, .. } if self.open_calls.remove(&tool_id(id)) => {
                    self.result(block, report);
                }
                BlockKind::ToolResult { .. } => self.orphan(block, report),
                _ => self.say(block, Role::User, report),
            }
        }
    }

    fn assistant(&mut self, message: &'a Message, report: &mut Report) {
        // A turn that holds nothing the API takes is no turn.
        let mut pieces = Vec::with_capacity(message.content.len());
        let mut calls = Vec::new();
        for block in &message.content {
            match &block.kind {
                BlockKind::ToolResult { .. } => {
                    report.content("messages[].tool_call_id");
                    continue;
                }
                BlockKind::ToolUse { id, .. } => calls.push(tool_id(id)),
                _ => {}
            }
            if let Some(piece) = encode(block, Role::Assistant, self.family, report) {
                pieces.push(piece);
                pieces.extend(self.cache_point(block, report));
            }
        }
        if pieces.is_empty() {
            return;
        }
        if self.turns.is_empty() {
            self.turns.push(Turn::of(USER));
        }
        self.turn_to(ASSISTANT);
        self.open_calls.extend(calls);
        if let Some(turn) = self.turns.last_mut() {
            turn.content.append(&mut pieces);
        }
    }

    /// Begins a turn of `role`, unless it is that role's already.
    fn turn_to(&mut self, role: &'static str) {
        if self.turns.last().is_none_or(|turn| turn.role != role) {
            self.turns.push(Turn::of(role));
            if role == USER {
                self.results = 0;
            } else {
                self.open_calls.clear();
            }
        }
    }

    fn say(&mut self, block: &'a Block, role: Role, report: &mut Report) {
        let piece = encode(block, role, self.family, report);
        let point = piece.as_ref().and_then(|_| self.cache_point(block, report));
        if let Some(turn) = self.turns.last_mut() {
            turn.content.extend(piece.into_iter().chain(point));
        }
    }

    /// Results come first in their turn, in their own order.
    fn result(&mut self, block: &'a Block, report: &mut Report) {
        let piece = encode(block, Role::User, self.family, report);
        let point = self.cache_point(block, report);
        if let Some(turn) = self.turns.last_mut() {
            for piece in piece.into_iter().chain(point) {
                turn.content.insert(self.results, piece);
                self.results += 1;
            }
        }
    }

    /// A result whose call is not in the turn before: told as text, because the API refuses it.
    fn orphan(&mut self, block: &'a Block, report: &mut Report) {
        let BlockKind::ToolResult {
            id, name, content, ..
        } = &block.kind
        else {
            return;
        };
        report.hint("messages[].tool_call_id");
        let call = name.as_deref().unwrap_or(id);
        let head = format!("Result of the tool call {call}:");
        if let Some(turn) = self.turns.last_mut() {
            turn.content.push(Piece::Text(head.into()));
        }
        for block in content {
            self.say(block, Role::User, report);
        }
    }

    /// The cache point behind `block`, or behind a part of the result that it is.
    fn cache_point(&self, block: &Block, report: &mut Report) -> Option<Piece<'a>> {
        let inner = match &block.kind {
            BlockKind::ToolResult { content, .. } => {
                content.iter().rev().find_map(|part| part.cache.as_ref())
            }
            _ => None,
        };
        let cache = block.cache.as_ref().or(inner);
        CachePointOut::new(cache, false, self.family, report).map(Piece::CachePoint)
    }

    /// Makes every turn acceptable: none empty, no document without text, no white space at the
    /// end of a prefill.
    fn close(&mut self) {
        if self.turns.is_empty() {
            self.turns.push(Turn::of(USER));
        }
        for turn in &mut self.turns {
            let is_text = |piece: &Piece<'_>| matches!(piece, Piece::Text(_));
            let is_document = |piece: &Piece<'_>| matches!(piece, Piece::Document(_));
            let mute = turn.content.iter().any(is_document) && !turn.content.iter().any(is_text);
            if turn.content.is_empty() || mute {
                turn.content.push(Piece::Text(PLACEHOLDER.into()));
            }
        }
        if let Some(Turn {
            role: ASSISTANT,
            content,
        }) = self.turns.last_mut()
            && let Some(Piece::Text(text)) = content.last_mut()
        {
            let kept = text.trim_end().len();
            match text {
                Cow::Borrowed(text) => *text = &text[..kept],
                Cow::Owned(text) => text.truncate(kept),
            }
        }
    }
}
