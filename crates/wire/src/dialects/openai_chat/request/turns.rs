//! Writes the messages of a request.

use std::borrow::Cow;

use super::super::super::openai::synthetic_id;
use super::super::model::Model;
use super::super::response::thinking_blocks;
use super::super::tools::CacheControlOut;
use super::media::{self, Part, Text};
use super::outgoing::{
    CallOut, ContentOut, CustomOut, FunctionOut, MessageOut, PartOut, ToolCallOut,
};
use crate::canonical::{
    Block, BlockKind, CacheControl, Loss, MediaSource, Message, Role, split_thought_id,
};
use crate::dialect::DialectId;

/// OpenAI takes at most so many characters in the id of a tool call.
const MAX_CALL_ID: usize = 40;

/// Writes messages one after the other, and notes what they lose.
#[derive(Debug)]
pub(super) struct Turns<'a, 'l> {
    model: Model,
    /// The names of custom tools, whose calls are written differently.
    custom: &'l [String],
    out: Vec<MessageOut<'a>>,
    losses: &'l mut Vec<Loss>,
}

// === impl Turns ===

impl<'a, 'l> Turns<'a, 'l> {
    pub(super) fn new(model: Model, custom: &'l [String], losses: &'l mut Vec<Loss>) -> Self {
        Self {
            model,
            custom,
            out: Vec::new(),
            losses,
        }
    }

    pub(super) fn write(mut self, messages: &'a [Message]) -> Vec<MessageOut<'a>> {
        for message in messages {
            match message.role {
                Role::System => self.plain("system", message),
                // Open models' chat templates do not know the newer name.
                Role::Developer if !self.model.is_own() => self.plain("system", message),
                Role::Developer => self.plain("developer", message),
                Role::User => self.user(message),
                Role::Assistant => self.assistant(message),
            }
        }
        self.out
    }

    fn plain(&mut self, role: &'static str, message: &'a Message) {
        let parts = self.parts(&message.content, false);
        self.out.push(MessageOut {
            role,
            content: self.content(parts),
            name: message.name.as_deref(),
            ..MessageOut::default()
        });
    }

    /// Results first, right behind the calls they answer; then what the user adds to them.
    fn user(&mut self, message: &'a Message) {
        let mut has_results = false;
        let mut rest = Vec::new();
        for block in &message.content {
            if let BlockKind::ToolResult {
                id,
                content,
                is_error,
                ..
            } = &block.kind
            {
                has_results = true;
                if *is_error {
                    self.lose(Loss::hint("messages[].is_error"));
                }
                rest.extend(self.result(id, content, block.cache.as_ref()));
            }
        }
        let own = message.content.iter();
        let own = own.filter(|block| !matches!(block.kind, BlockKind::ToolResult { .. }));
        rest.extend(self.parts(own, true));
        if has_results && rest.is_empty() {
            return;
        }
        self.out.push(MessageOut {
            role: "user",
            content: self.content(rest),
            name: message.name.as_deref(),
            ..MessageOut::default()
        });
    }

    /// Writes a tool's result. Its message takes text only, so that media are returned, to follow
    /// in the user's message with a word on whence they come.
    fn result(
        &mut self,
        id: &'a str,
        content: &'a [Block],
        cache: Option<&'a CacheControl>,
    ) -> Vec<PartOut<'a>> {
        let (texts, media): (Vec<_>, Vec<_>) = content.iter().partition(|block| is_text(block));
        let mut parts = self.parts(texts, false);
        if let (Some(marker), Some(PartOut::Known { cache_control, .. })) =
            (self.marker(cache), parts.last_mut())
        {
            *cache_control = Some(marker);
        }
        let id = self.call_id(id);
        self.out.push(MessageOut {
            role: "tool",
            content: self.content(parts),
            tool_call_id: Some(id.clone()),
            ..MessageOut::default()
        });
        let mut media = self.parts(media, true);
        if !media.is_empty() {
            let text = Text {
                title: Some("Attached to the result of this tool call:"),
                text: id,
            };
            media.insert(0, PartOut::plain(Part::Text { text }));
        }
        media
    }

    fn assistant(&mut self, message: &'a Message) {
        let mut out = MessageOut {
            role: "assistant",
            name: message.name.as_deref(),
            ..MessageOut::default()
        };
        let mut said = Vec::new();
        for block in &message.content {
            match &block.kind {
                BlockKind::Refusal { text } => {
                    out.refusal.get_or_insert_default().push_str(text);
                }
                BlockKind::ToolUse {
                    id,
                    name,
                    arguments,
                } => out.tool_calls.push(self.call(id, name, arguments)),
                BlockKind::Opaque { origin, what, raw }
                    if *origin == DialectId::OpenAiChat && what == "audio" =>
                {
                    out.audio = Some(raw);
                }
                BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. } => {}
                _ => said.push(block),
            }
        }
        self.reasoning(message, &mut out);
        let said = self.parts(said, false);
        let may_be_null =
            !out.tool_calls.is_empty() || out.refusal.is_some() || out.audio.is_some();
        if !said.is_empty() || !may_be_null {
            out.content = self.content(said);
        }
        self.out.push(out);
    }

    /// OpenAI's chat API takes no reasoning back; other servers take its text, and gateways to
    /// Claude its signed blocks.
    fn reasoning(&mut self, message: &'a Message, out: &mut MessageOut<'a>) {
        let mut text = String::new();
        for block in &message.content {
            match &block.kind {
                BlockKind::Thinking { text: more, .. } if !self.model.is_own() => {
                    text.push_str(more);
                    if more.is_empty() && !self.model.takes_thinking_blocks() {
                        self.lose(Loss::hint("messages[].thinking_blocks"));
                    }
                }
                BlockKind::Thinking { .. } => self.lose(Loss::hint("messages[].thinking_blocks")),
                BlockKind::RedactedThinking { .. } if !self.model.takes_thinking_blocks() => {
                    self.lose(Loss::hint("messages[].thinking_blocks"));
                }
                _ => {}
            }
        }
        out.reasoning_content = Some(text).filter(|text| !text.is_empty());
        if self.model.takes_thinking_blocks() {
            out.thinking_blocks = thinking_blocks(&message.content);
        }
    }

    fn call(&self, id: &'a str, name: &'a str, arguments: &'a str) -> ToolCallOut<'a> {
        let call = if self.custom.iter().any(|custom| custom == name) {
            let input = arguments;
            CallOut::Custom {
                custom: CustomOut { name, input },
            }
        } else {
            let arguments = if arguments.is_empty() {
                "{}"
            } else {
                arguments
            };
            CallOut::Function {
                function: FunctionOut { name, arguments },
            }
        };
        ToolCallOut {
            id: self.call_id(id),
            call,
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

    fn parts(
        &mut self,
        blocks: impl IntoIterator<Item = &'a Block>,
        may_hold_media: bool,
    ) -> Vec<PartOut<'a>> {
        let mut parts = Vec::new();
        for block in blocks {
            let (part, name) = match &block.kind {
                BlockKind::Text { text, .. } | BlockKind::Refusal { text } => {
                    let text = Text::plain(text);
                    (Some(Part::Text { text }), "text")
                }
                BlockKind::Image(media) => (media::image(media), "image_url"),
                BlockKind::Document(media) => (media::document(media), "file"),
                BlockKind::Audio(media) => (media::audio(media, self.model), "input_audio"),
                BlockKind::Video(media) => (media::video(media, self.model), "video_url"),
                BlockKind::Opaque { origin, raw, .. } if *origin == DialectId::OpenAiChat => {
                    parts.push(PartOut::Raw(raw));
                    continue;
                }
                BlockKind::Opaque { what, .. } => (None, what.as_str()),
                BlockKind::Thinking { .. } | BlockKind::RedactedThinking { .. } => {
                    self.lose(Loss::hint("messages[].thinking_blocks"));
                    continue;
                }
                BlockKind::ToolUse { .. } => (None, "tool_calls"),
                BlockKind::ToolResult { .. } => (None, "tool_result"),
            };
            let allowed = |part: &Part<'_>| may_hold_media || matches!(part, Part::Text { .. });
            match part.filter(allowed) {
                Some(part) => parts.push(PartOut::Known {
                    part,
                    cache_control: self.marker(block.cache.as_ref()),
                }),
                None => self.lose(Loss::content(format!("messages[].{name}"))),
            }
        }
        parts
    }

    /// The shortest form that keeps everything: many servers take nothing but a string where
    /// there is only text.
    fn content(&self, parts: Vec<PartOut<'a>>) -> ContentOut<'a> {
        if parts.is_empty() {
            return ContentOut::Text(Cow::Borrowed(""));
        }
        if parts.len() > 1 && self.model.is_own() {
            return ContentOut::Parts(parts);
        }
        let Some(texts) = parts
            .iter()
            .map(PartOut::bare_text)
            .collect::<Option<Vec<_>>>()
        else {
            return ContentOut::Parts(parts);
        };
        match <[Text<'a>; 1]>::try_from(texts) {
            Ok([Text { title: None, text }]) => ContentOut::Text(text),
            Ok([text]) => ContentOut::Text(Cow::Owned(text.to_string())),
            Err(texts) => {
                let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
                ContentOut::Text(Cow::Owned(texts.join("\n")))
            }
        }
    }

    fn marker(&mut self, cache: Option<&'a CacheControl>) -> Option<CacheControlOut<'a>> {
        let cache = cache?;
        if !self.model.takes_cache_control() {
            self.lose(Loss::hint("cache_control"));
            return None;
        }
        Some(cache.into())
    }

    fn lose(&mut self, loss: Loss) {
        if !self.losses.contains(&loss) {
            self.losses.push(loss);
        }
    }
}

fn is_text(block: &Block) -> bool {
    match &block.kind {
        BlockKind::Document(media) => matches!(media.source, MediaSource::Text(_)),
        _ => block.as_text().is_some(),
    }
}
