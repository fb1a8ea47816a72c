//! Writes the conversation as items.

use std::borrow::Cow;

use super::super::super::openai::model::Model;
use super::super::super::openai::synthetic_id;
use super::super::content::PART;
use super::super::media::MediaOut;
use super::items::{ContentOut, Entry, ItemOut, PartOut, TextOut};
use crate::canonical::{
    Block, BlockKind, Loss, Media, MediaSource, Message, Role, signature_origin, split_thought_id,
};
use crate::dialect::DialectId;

/// OpenAI takes at most so many characters in the id of a call (API reference, `call_id`).
const MAX_CALL_ID: usize = 64;

/// Writes messages one after the other, and notes what they lose.
#[derive(Debug)]
pub(super) struct Turns<'a, 'l> {
    model: Model,
    /// The names of custom tools, whose calls are written differently.
    custom: &'l [String],
    /// The ids of their calls, whose results are, too.
    custom_calls: Vec<&'a str>,
    out: Vec<Entry<'a>>,
    losses: &'l mut Vec<Loss>,
}

/// The instructions: the text of the system messages that begin a conversation, and what follows.
pub(super) fn split_instructions(messages: &[Message]) -> (Option<Cow<'_, str>>, &[Message]) {
    let plain = |message: &&Message| {
        message.role == Role::System
            && message.name.is_none()
            && message
                .content
                .iter()
                .all(|block| block.as_text().is_some())
    };
    let count = messages.iter().take_while(plain).count();
    let (head, rest) = messages.split_at(count);
    // Instructions alone are no request.
    if rest.is_empty() {
        return (None, messages);
    }
    let blocks = head.iter().flat_map(|message| &message.content);
    let texts: Vec<&str> = blocks.filter_map(Block::as_text).collect();
    let instructions = match &*texts {
        [] => return (None, rest),
        [text] => Cow::Borrowed(*text),
        texts => Cow::Owned(texts.join(super::super::PARAGRAPH)),
    };
    (Some(instructions), rest)
}

// === impl Turns ===

impl<'a, 'l> Turns<'a, 'l> {
    pub(super) fn new(model: Model, custom: &'l [String], losses: &'l mut Vec<Loss>) -> Self {
        Self {
            model,
            custom,
            custom_calls: Vec::new(),
            out: Vec::new(),
            losses,
        }
    }

    pub(super) fn write(mut self, messages: &'a [Message]) -> Vec<Entry<'a>> {
        for message in messages {
            if message.name.is_some() {
                self.lose(Loss::hint("messages[].name"));
            }
            match message.role {
                Role::System => self.said("system", message),
                // Open models' chat templates do not know the newer name.
                Role::Developer if !self.model.is_own() => self.said("system", message),
                Role::Developer => self.said("developer", message),
                Role::User => self.said("user", message),
                Role::Assistant => self.assistant(message),
            }
        }
        self.out
    }

    /// A message from the client's side: results as items of their own, then the rest.
    fn said(&mut self, role: &'static str, message: &'a Message) {
        let before = self.out.len();
        let mut parts = Vec::new();
        for block in &message.content {
            match &block.kind {
                BlockKind::ToolResult {
                    id,
                    content,
                    is_error,
                    ..
                } => {
                    if block.cache.is_some() {
                        self.lose(Loss::hint("cache_control"));
                    }
                    self.result(id, content, *is_error);
                }
                BlockKind::Opaque { origin, what, raw }
                    if *origin == DialectId::OpenAiResponses && !what.starts_with(PART) =>
                {
                    // A kept prompt is no item, but a member of the body.
                    if what != "prompt" {
                        self.out.push(Entry::Raw(raw));
                    }
                }
                _ => parts.extend(self.part(block)),
            }
        }
        let holds_prompt = message.content.iter().any(|block| prompt(block).is_some());
        if !parts.is_empty() || (self.out.len() == before && !holds_prompt) {
            let content = ContentOut(parts);
            self.out
                .push(Entry::Item(ItemOut::Message { role, content }));
        }
    }

    fn result(&mut self, id: &'a str, content: &'a [Block], is_error: bool) {
        if is_error {
            self.lose(Loss::hint("messages[].is_error"));
        }
        let mut parts = Vec::new();
        for block in content {
            parts.extend(self.part(block));
        }
        let call_id = self.call_id(id);
        let output = ContentOut(parts);
        let item = if self.custom_calls.contains(&id) {
            ItemOut::CustomToolCallOutput { call_id, output }
        } else {
            ItemOut::FunctionCallOutput { call_id, output }
        };
        self.out.push(Entry::Item(item));
    }

    fn assistant(&mut self, message: &'a Message) {
        let mut parts = Vec::new();
        for block in &message.content {
            let item = match &block.kind {
                BlockKind::Thinking { text, signature } => {
                    self.reasoning(text, signature.as_deref())
                }
                BlockKind::RedactedThinking { .. } => {
                    self.lose(Loss::hint("messages[].thinking_blocks"));
                    continue;
                }
                BlockKind::ToolUse {
                    id,
                    name,
                    arguments,
                } => Some(Entry::Item(self.call(id, name, arguments))),
                BlockKind::Opaque { origin, what, raw }
                    if *origin == DialectId::OpenAiResponses && !what.starts_with(PART) =>
                {
                    Some(Entry::Raw(raw))
                }
                _ => {
                    parts.extend(self.answer_part(block));
                    continue;
                }
            };
            if let Some(item) = item {
                self.answer(&mut parts);
                self.out.push(item);
            }
        }
        self.answer(&mut parts);
    }

    /// Writes what the assistant said so far.
    fn answer(&mut self, parts: &mut Vec<PartOut<'a>>) {
        if !parts.is_empty() {
            self.out.push(Entry::Item(ItemOut::Message {
                role: "assistant",
                content: ContentOut(std::mem::take(parts)),
            }));
        }
    }

    /// Reasoning, where the upstream takes it: OpenAI takes its own, other servers its text.
    fn reasoning(&mut self, text: &'a str, signature: Option<&'a str>) -> Option<Entry<'a>> {
        let own = Some(DialectId::OpenAiResponses);
        let signature = signature.filter(|proof| match signature_origin(proof) {
            None => !self.model.is_own(),
            origin => origin == own,
        });
        let takes = match self.model.reasons() {
            Some(reasons) => reasons && signature.is_some(),
            None => signature.is_some() || !text.is_empty(),
        };
        if !takes {
            self.lose(Loss::hint("messages[].thinking_blocks"));
            return None;
        }
        let part = |r#type| TextOut {
            r#type,
            text: Cow::Borrowed(text),
        };
        let sealed = signature.is_some();
        let summary = if sealed && !text.is_empty() {
            vec![part("summary_text")]
        } else {
            Vec::new()
        };
        Some(Entry::Item(ItemOut::Reasoning {
            // OpenAI checks the id against the encrypted content, which other servers do not have.
            id: (!sealed).then(|| format!("rs_{}", self.out.len())),
            summary,
            content: (!sealed).then(|| [part("reasoning_text")]),
            encrypted_content: signature,
        }))
    }

    fn call(&mut self, id: &'a str, name: &'a str, arguments: &'a str) -> ItemOut<'a> {
        let call_id = self.call_id(id);
        if self.custom.iter().any(|custom| custom == name) {
            self.custom_calls.push(id);
            let input = arguments;
            return ItemOut::CustomToolCall {
                call_id,
                name,
                input,
            };
        }
        let arguments = if arguments.is_empty() {
            "{}"
        } else {
            arguments
        };
        ItemOut::FunctionCall {
            call_id,
            name,
            arguments,
        }
    }

    /// The id of a call as this upstream takes it: the same for the call and its result.
    fn call_id(&self, id: &'a str) -> Cow<'a, str> {
        let id = split_thought_id(id).0;
        if self.model.is_own() && id.len() > MAX_CALL_ID {
            return Cow::Owned(synthetic_id(id, 0, 0));
        }
        Cow::Borrowed(id)
    }

    /// A part of what the assistant said, which is text.
    fn answer_part(&mut self, block: &'a Block) -> Option<PartOut<'a>> {
        match &block.kind {
            BlockKind::Refusal { text } => {
                self.no_marker(block);
                Some(PartOut::Refusal {
                    r#type: "refusal",
                    refusal: text,
                })
            }
            _ => match self.part(block)? {
                PartOut::Text(part) => Some(PartOut::Text(TextOut {
                    r#type: "output_text",
                    ..part
                })),
                PartOut::Raw(raw) => Some(PartOut::Raw(raw)),
                PartOut::Media(_) | PartOut::Refusal { .. } => {
                    self.lose(Loss::content(format!("messages[].{}", name(block))));
                    None
                }
            },
        }
    }

    fn part(&mut self, block: &'a Block) -> Option<PartOut<'a>> {
        self.no_marker(block);
        let text = |text: Cow<'a, str>| {
            Some(PartOut::Text(TextOut {
                r#type: "input_text",
                text,
            }))
        };
        let part = match &block.kind {
            BlockKind::Text { text: said, .. } | BlockKind::Refusal { text: said } => {
                text(Cow::Borrowed(said))
            }
            BlockKind::Image(media) => MediaOut::image(media).map(PartOut::Media),
            BlockKind::Document(media) => match &media.source {
                MediaSource::Text(said) => text(titled(media, said)),
                _ => MediaOut::document(media).map(PartOut::Media),
            },
            BlockKind::Audio(media) => MediaOut::audio(media, self.model).map(PartOut::Media),
            BlockKind::Opaque { origin, raw, .. } if *origin == DialectId::OpenAiResponses => {
                Some(PartOut::Raw(raw))
            }
            BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. } => {
                self.lose(Loss::hint("messages[].thinking_blocks"));
                return None;
            }
            BlockKind::Opaque { .. }
            | BlockKind::Video(_)
            | BlockKind::ToolUse { .. }
            | BlockKind::ToolResult { .. } => None,
        };
        if part.is_none() {
            self.lose(Loss::content(format!("messages[].{}", name(block))));
        }
        part
    }

    fn no_marker(&mut self, block: &Block) {
        if block.cache.is_some() {
            self.lose(Loss::hint("cache_control"));
        }
    }

    fn lose(&mut self, loss: Loss) {
        if !self.losses.contains(&loss) {
            self.losses.push(loss);
        }
    }
}

/// The prompt that `block` stands for, if it is one that OpenAI keeps.
pub(super) fn prompt(block: &Block) -> Option<&crate::canonical::RawJson> {
    match &block.kind {
        BlockKind::Opaque { origin, what, raw }
            if *origin == DialectId::OpenAiResponses && what == "prompt" =>
        {
            Some(raw)
        }
        _ => None,
    }
}

/// Text with its title before it.
fn titled<'a>(media: &'a Media, text: &'a str) -> Cow<'a, str> {
    match &media.title {
        Some(title) => Cow::Owned(format!("{title}{}{text}", super::super::PARAGRAPH)),
        None => Cow::Borrowed(text),
    }
}

/// What `block` is called in the report of what was left out.
fn name(block: &Block) -> &str {
    match &block.kind {
        BlockKind::Text { .. } | BlockKind::Refusal { .. } => "text",
        BlockKind::Image(_) => "image_url",
        BlockKind::Document(_) => "file",
        BlockKind::Audio(_) => "input_audio",
        BlockKind::Video(_) => "video_url",
        BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. } => "thinking_blocks",
        BlockKind::ToolUse { .. } => "tool_calls",
        BlockKind::ToolResult { .. } => "tool_result",
        BlockKind::Opaque { what, .. } => what,
    }
}

/// Whether any reasoning is part of the conversation.
pub(super) fn holds_reasoning(messages: &[Message]) -> bool {
    let mut blocks = messages.iter().flat_map(|message| &message.content);
    blocks.any(|block| matches!(block.kind, BlockKind::Thinking { .. }))
}
