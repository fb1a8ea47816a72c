//! Lays the conversation out as the API wants it: instructions apart, turns of user and
//! assistant in alternation, results right behind the calls they answer.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Serialize;

use super::pieces::{OutBlock, Piece, Report, encode, tool_id};
use crate::canonical::{Block, BlockKind, Loss, Message, Role, no_instruction};

/// Stands for a user turn that would be empty: the API refuses empty messages, and a full stop
/// asks for nothing. Also the user turn of a conversation that has instructions only, since the
/// API wants at least one message.
const PLACEHOLDER: &str = ".";

/// One message of the conversation.
#[derive(Debug, Serialize)]
pub(super) struct Turn<'a> {
    role: &'static str,
    content: Vec<Piece<'a>>,
}

/// Instructions and turns.
#[derive(Debug, Default)]
pub(super) struct Layout<'a> {
    pub(super) system: Vec<Piece<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
    /// How many pieces at the start of the last user turn are results.
    results: usize,
    /// The calls of the last assistant turn that no result answered yet.
    open_calls: HashSet<Cow<'a, str>>,
}

const USER: &str = "user";
const ASSISTANT: &str = "assistant";

/// Lays out `messages`.
pub(super) fn lay_out<'a>(messages: &'a [Message], report: &mut Report) -> Layout<'a> {
    let mut layout = Layout::default();
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

// === impl Layout ===

impl<'a> Layout<'a> {
    /// Instructions stand before the conversation, wherever the client put them.
    fn instruct(&mut self, message: &'a Message, report: &mut Report) {
        for block in &message.content {
            if block.as_text().is_none() {
                report.add(Loss::content(no_instruction(block)));
            } else if let Some(piece) = encode(block, message.role, report) {
                self.system.push(piece);
            }
        }
    }

    fn user(&mut self, message: &'a Message, report: &mut Report) {
        if self.last_role() != Some(USER) {
            self.turns.push(Turn {
                role: USER,
                content: Vec::new(),
            });
            self.results = 0;
        }
        for block in &message.content {
            let result = match &block.kind {
                BlockKind::ToolUse { .. } => {
                    report.add(Loss::content("messages[].tool_calls"));
                    continue;
                }
                BlockKind::ToolResult { id, .. } => self.open_calls.remove(&tool_id(id)),
                _ => false,
            };
            if result {
                let piece = encode(block, Role::User, report);
                self.insert_result(piece);
            } else if let BlockKind::ToolResult { .. } = &block.kind {
                self.orphan(block, report);
            } else if let Some(piece) = encode(block, Role::User, report) {
                self.push(piece);
            }
        }
    }

    fn assistant(&mut self, message: &'a Message, report: &mut Report) {
        let mut pieces = Vec::with_capacity(message.content.len());
        let mut calls = Vec::new();
        for block in &message.content {
            match &block.kind {
                BlockKind::ToolResult { .. } => {
                    report.add(Loss::content("messages[].tool_call_id"));
                    continue;
                }
                BlockKind::ToolUse { id, .. } => calls.push(tool_id(id)),
                _ => {}
            }
            pieces.extend(encode(block, Role::Assistant, report));
        }
        if pieces.is_empty() {
            return;
        }
        if self.last_role() != Some(ASSISTANT) {
            self.turns.push(Turn {
                role: ASSISTANT,
                content: Vec::new(),
            });
            self.open_calls.clear();
        }
        self.open_calls.extend(calls);
        for piece in pieces {
            self.push(piece);
        }
    }

    /// Makes every turn acceptable: no empty user turn, no white space at the end of a prefill.
    fn close(&mut self) {
        if self.turns.is_empty() {
            self.turns.push(Turn {
                role: USER,
                content: Vec::new(),
            });
        }
        for turn in &mut self.turns {
            if turn.content.is_empty() {
                turn.content.push(Piece::text(PLACEHOLDER));
            }
        }
        if let Some(Turn {
            role: ASSISTANT,
            content,
        }) = self.turns.last_mut()
            && let Some(Piece::Block(OutBlock::Text { text, .. })) = content.last_mut()
        {
            let kept = text.trim_end().len();
            match text {
                Cow::Borrowed(text) => *text = &text[..kept],
                Cow::Owned(text) => text.truncate(kept),
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
        self.push(Piece::text(format!("Result of the tool call {call}:")));
        for block in content {
            if let Some(piece) = encode(block, Role::User, report) {
                self.push(piece);
            }
        }
    }

    /// Results come first in their turn, in their own order.
    fn insert_result(&mut self, piece: Option<Piece<'a>>) {
        if let (Some(piece), Some(turn)) = (piece, self.turns.last_mut()) {
            turn.content.insert(self.results, piece);
            self.results += 1;
        }
    }

    fn push(&mut self, piece: Piece<'a>) {
        if let Some(turn) = self.turns.last_mut() {
            turn.content.push(piece);
        }
    }

    fn last_role(&self) -> Option<&'static str> {
        self.turns.last().map(|turn| turn.role)
    }
}
