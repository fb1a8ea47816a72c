//! Writes the messages of a request.

use std::borrow::Cow;

use super::super::citations;
use super::super::losses::Losses;
use super::super::media::{DocumentOut, ImageOut};
use super::super::tools::CallOut;
use super::outgoing::{ContentOut, MessageOut, Part, PartOut};
use crate::canonical::{Block, BlockKind, Loss, Message, Role, no_instruction, split_thought_id};
use crate::dialect::DialectId;

/// Writes messages one after the other, and notes what they lose.
#[derive(Debug)]
pub(super) struct Turns<'a, 'l> {
    pub(super) messages: Vec<MessageOut<'a>>,
    /// Documents that stand beside the conversation.
    pub(super) documents: Vec<DocumentOut<'a>>,
    /// Documents become text where they stand.
    inline: bool,
    losses: &'l mut Losses,
}

// === impl Turns ===

impl<'a, 'l> Turns<'a, 'l> {
    pub(super) fn new(inline: bool, losses: &'l mut Losses) -> Self {
        Self {
            messages: Vec::new(),
            documents: Vec::new(),
            inline,
            losses,
        }
    }

    pub(super) fn add(&mut self, message: &'a Message) {
        self.losses
            .hint_if(message.name.is_some(), "messages[].name");
        match message.role {
            Role::System | Role::Developer => self.instruct(message),
            Role::User => self.user(message),
            Role::Assistant => self.assistant(message),
        }
    }

    fn instruct(&mut self, message: &'a Message) {
        let mut parts = Vec::new();
        for block in &message.content {
            self.lose_marker(block);
            match block.as_text() {
                Some(text) => parts.push(PartOut::text(text)),
                None => self.losses.add(Loss::content(no_instruction(block))),
            }
        }
        self.push("system", parts);
    }

    /// Results first, right behind the calls they answer; then what the user adds to them.
    fn user(&mut self, message: &'a Message) {
        let mut has_results = false;
        let mut rest = Vec::new();
        for block in &message.content {
            self.lose_marker(block);
            if let BlockKind::ToolResult {
                id,
                content,
                is_error,
                ..
            } = &block.kind
            {
                has_results = true;
                self.losses.hint_if(*is_error, "messages[].is_error");
                self.result(split_thought_id(id).0, content, &mut rest);
            }
        }
        for block in &message.content {
            match &block.kind {
                BlockKind::ToolResult { .. } => {}
                BlockKind::Document(media) if !self.inline => match DocumentOut::new(media) {
                    Some(document) => self.documents.push(document),
                    None => self.losses.add(Loss::content("messages[].file")),
                },
                _ => rest.extend(self.part(block)),
            }
        }
        if !rest.is_empty() || !has_results {
            self.push("user", rest);
        }
    }

    /// Writes a tool's result. Its message takes text and documents only, so that pictures go to
    /// `rest`, to follow in the user's message with a word on whence they come.
    fn result(&mut self, id: &'a str, content: &'a [Block], rest: &mut Vec<PartOut<'a>>) {
        let mut parts = Vec::new();
        let mut pictures = Vec::new();
        for block in content {
            self.lose_marker(block);
            match &block.kind {
                BlockKind::Document(media) => match DocumentOut::new(media) {
                    Some(document) => parts.push(PartOut::Known(Part::Document { document })),
                    None => self.losses.add(Loss::content("messages[].file")),
                },
                BlockKind::Image(_) => pictures.extend(self.part(block)),
                _ => parts.extend(self.part(block)),
            }
        }
        if !pictures.is_empty() {
            rest.push(PartOut::text(format!(
                "Attached to the result of the tool call {id}:"
            )));
            rest.append(&mut pictures);
        }
        self.messages.push(MessageOut {
            role: "tool",
            content: Some(ContentOut(parts)),
            tool_call_id: Some(id),
            ..MessageOut::default()
        });
    }

    /// What is said before a call is the plan for it; Cohere's models know no other text there.
    fn assistant(&mut self, message: &'a Message) {
        let is_call = |block: &Block| matches!(block.kind, BlockKind::ToolUse { .. });
        let has_calls = message.content.iter().any(is_call);
        let mut out = MessageOut {
            role: "assistant",
            citations: citations::own(&message.content).filter(|_| !has_calls),
            ..MessageOut::default()
        };
        let mut parts = Vec::new();
        let mut plan: Option<Cow<'a, str>> = None;
        for block in &message.content {
            self.lose_marker(block);
            match &block.kind {
                BlockKind::ToolUse {
                    id,
                    name,
                    arguments,
                } => out.tool_calls.push(CallOut::past(id, name, arguments)),
                BlockKind::Text { text, .. } | BlockKind::Refusal { text } if has_calls => {
                    match &mut plan {
                        Some(plan) => plan.to_mut().push_str(text),
                        None => plan = Some(Cow::Borrowed(text)),
                    }
                }
                BlockKind::Thinking { text, .. } if !text.is_empty() => {
                    let thinking = Part::Thinking { thinking: text };
                    parts.push(PartOut::Known(thinking));
                }
                // A proof of reasoning means something to its own provider only.
                BlockKind::Thinking { .. } => {
                    self.losses.add(Loss::hint("messages[].thinking_blocks"));
                }
                BlockKind::Image(_) => self.losses.add(Loss::content("messages[].image_url")),
                _ => parts.extend(self.part(block)),
            }
        }
        out.tool_plan = plan.filter(|plan| !plan.is_empty());
        if !parts.is_empty() {
            out.content = Some(ContentOut(parts));
        }
        // An answer of which nothing can be said is none.
        if has_calls || out.content.is_some() {
            self.messages.push(out);
        }
    }

    /// Writes one block; `None` when there is no way to say it.
    fn part(&mut self, block: &'a Block) -> Option<PartOut<'a>> {
        let what = match &block.kind {
            BlockKind::Text { text, .. } | BlockKind::Refusal { text } => {
                return Some(PartOut::text(&**text));
            }
            BlockKind::Image(media) => match ImageOut::new(media) {
                Some(image_url) => return Some(PartOut::Known(Part::ImageUrl { image_url })),
                None => "image_url",
            },
            BlockKind::Document(media) => match DocumentOut::new(media) {
                Some(document) => return Some(PartOut::text(document.into_text())),
                None => "file",
            },
            BlockKind::Opaque {
                origin: DialectId::Cohere,
                raw,
                ..
            } => return Some(PartOut::Raw(raw)),
            BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. } => {
                self.losses.add(Loss::hint("messages[].thinking_blocks"));
                return None;
            }
            BlockKind::Audio(_) => "input_audio",
            BlockKind::Video(_) => "video_url",
            BlockKind::ToolUse { .. } => "tool_calls",
            BlockKind::ToolResult { .. } => "tool_result",
            BlockKind::Opaque { what, .. } => what,
        };
        self.losses.add(Loss::content(format!("messages[].{what}")));
        None
    }

    fn lose_marker(&mut self, block: &Block) {
        self.losses.hint_if(block.cache.is_some(), "cache_control");
    }

    fn push(&mut self, role: &'static str, parts: Vec<PartOut<'a>>) {
        self.messages.push(MessageOut {
            role,
            content: Some(ContentOut(parts)),
            ..MessageOut::default()
        });
    }
}

/// Whether the documents of this message can stand beside the conversation: something must be
/// left that is said.
pub(super) fn may_stand_apart(message: &Message) -> bool {
    let is_document = |block: &Block| matches!(block.kind, BlockKind::Document(_));
    let says = |block: &Block| block.as_text().is_some_and(|text| !text.is_empty());
    !message.content.iter().any(is_document)
        || (message.role == Role::User && message.content.iter().any(says))
}
