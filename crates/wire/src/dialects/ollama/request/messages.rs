//! Writes the conversation: one string, a list of images and a list of calls per message.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::tools::OutToolCall;
use super::super::wire::OutMessage;
use super::Losses;
use crate::canonical::{
    Block, BlockKind, Loss, Media, MediaSource, Message, Role, split_thought_id,
};

/// Writes `messages`; what cannot be written is added to `losses`.
pub(super) fn encode<'a>(messages: &'a [Message], losses: &mut Losses) -> Vec<OutMessage<'a>> {
    let mut writer = Writer {
        out: Vec::with_capacity(messages.len()),
        calls: Vec::new(),
        losses,
    };
    for message in messages {
        writer.message(message);
    }
    writer.out
}

struct Writer<'a, 'l> {
    out: Vec<OutMessage<'a>>,
    /// Ids and names of the calls so far: a result names its tool.
    calls: Vec<(&'a str, &'a str)>,
    losses: &'l mut Losses,
}

/// A message in the making.
#[derive(Default)]
struct Draft<'a> {
    text: Vec<Cow<'a, str>>,
    thinking: Vec<Cow<'a, str>>,
    images: Vec<&'a str>,
    calls: Vec<OutToolCall<'a>>,
    /// A block was put here, even if nothing of it could be kept: an empty message still holds
    /// its place in the turn order.
    touched: bool,
}

// === impl Writer ===

impl<'a> Writer<'a, '_> {
    fn message(&mut self, message: &'a Message) {
        let role = match message.role {
            Role::System | Role::Developer => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        if message.name.is_some() {
            self.losses.add(Loss::hint("messages[].name"));
        }
        let mut draft = Draft::default();
        for block in &message.content {
            if block.cache.is_some() {
                self.losses.add(Loss::hint("cache_control"));
            }
            if let BlockKind::ToolResult {
                id,
                name,
                content,
                is_error,
            } = &block.kind
            {
                if draft.touched {
                    self.out.push(std::mem::take(&mut draft).finish(role));
                }
                if *is_error {
                    self.losses.add(Loss::hint("messages[].is_error"));
                }
                self.result(id, name.as_deref(), content);
            } else {
                draft.touched = true;
                self.block(&block.kind, &mut draft);
            }
        }
        if draft.touched || message.content.is_empty() {
            self.out.push(draft.finish(role));
        }
    }

    fn result(&mut self, id: &'a str, name: Option<&'a str>, content: &'a [Block]) {
        let (id, _) = split_thought_id(id);
        let name = name.or_else(|| self.called(id));
        let mut draft = Draft::default();
        for block in content {
            self.block(&block.kind, &mut draft);
        }
        self.out.push(OutMessage {
            tool_name: name,
            tool_call_id: Some(id).filter(|id| !id.is_empty()),
            ..draft.finish("tool")
        });
    }

    /// The tool that the call `id` called.
    fn called(&self, id: &str) -> Option<&'a str> {
        let mut calls = self.calls.iter().rev();
        calls.find(|(call, _)| *call == id).map(|(_, name)| *name)
    }

    fn block(&mut self, kind: &'a BlockKind, draft: &mut Draft<'a>) {
        match kind {
            BlockKind::Text { text, .. } | BlockKind::Refusal { text } => {
                draft.text.push(Cow::Borrowed(text));
            }
            BlockKind::Thinking { text, .. } if text.is_empty() => {}
            BlockKind::Thinking { text, .. } => draft.thinking.push(Cow::Borrowed(text)),
            BlockKind::ToolUse {
                id,
                name,
                arguments,
            } => {
                let (id, _) = split_thought_id(id);
                self.calls.push((id, name));
                let index = draft.calls.len();
                draft
                    .calls
                    .push(OutToolCall::new(id, index, name, arguments));
            }
            BlockKind::Image(media) => self.image(media, draft),
            BlockKind::Document(media) => match document(media) {
                Some(text) => draft.text.push(text.into()),
                None => self.losses.add(Loss::content("messages[].file")),
            },
            BlockKind::Audio(_) => self.losses.add(Loss::content("messages[].input_audio")),
            BlockKind::Video(_) => self.losses.add(Loss::content("messages[].video_url")),
            BlockKind::RedactedThinking { .. } => {
                self.losses.add(Loss::hint("messages[].thinking_blocks"));
            }
            BlockKind::Opaque { what, .. } => {
                self.losses.add(Loss::content(format!("messages[].{what}")));
            }
            // Only at the top of a message, where it was handled.
            BlockKind::ToolResult { .. } => {
                self.losses.add(Loss::content("messages[].tool_result"));
            }
        }
    }

    fn image(&mut self, media: &'a Media, draft: &mut Draft<'a>) {
        let what = match &media.source {
            MediaSource::Base64(data) => {
                draft.images.push(data);
                if media.detail.as_deref().is_some_and(|level| level != "auto") {
                    self.losses.add(Loss::hint("messages[].image_url.detail"));
                }
                return;
            }
            MediaSource::Url(_) => "messages[].image_url (remote)",
            MediaSource::File(_) => "messages[].image_url (file)",
            MediaSource::Text(_) => "messages[].image_url (text)",
        };
        self.losses.add(Loss::content(what));
    }
}

// === impl Draft ===

impl<'a> Draft<'a> {
    fn finish(self, role: &'static str) -> OutMessage<'a> {
        // A model's own text comes in arbitrary pieces; a person's pieces are paragraphs.
        let separator = if role == "assistant" { "" } else { "\n" };
        OutMessage {
            role,
            content: join(self.text, separator),
            thinking: Some(join(self.thinking, "\n")).filter(|t| !t.is_empty()),
            images: self.images,
            tool_calls: self.calls,
            ..OutMessage::default()
        }
    }
}

fn join<'a>(mut parts: Vec<Cow<'a, str>>, separator: &str) -> Cow<'a, str> {
    match parts.len() {
        0 | 1 => parts.pop().unwrap_or_default(),
        _ => Cow::Owned(parts.join(separator)),
    }
}

/// A document as text under a heading; `None` when it is not text, or not here.
fn document(media: &Media) -> Option<String> {
    let text = match &media.source {
        MediaSource::Text(text) => text.clone(),
        MediaSource::Base64(data) if media.mime.as_deref().is_some_and(is_text) => {
            String::from_utf8(STANDARD.decode(data).ok()?).ok()?
        }
        MediaSource::Base64(_) | MediaSource::Url(_) | MediaSource::File(_) => return None,
    };
    let title = media.title.as_deref().unwrap_or("untitled");
    Some(format!("[Document: {title}]\n{text}"))
}

fn is_text(mime: &str) -> bool {
    let kind = mime.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(
            kind,
            "application/json" | "application/xml" | "application/yaml" | "application/x-yaml"
        )
}
