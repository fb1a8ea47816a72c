//! Reads the messages of a request.

use std::collections::VecDeque;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::tools::CacheControlIn;
use super::parts::Content;
use super::{arguments_text, invalid, member};
use crate::canonical::{Block, BlockKind, Message, Role};
use crate::dialect::{DialectId, TranslateError};
use crate::json::JsonObject;

/// The messages of a request in canonical form.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    pub(super) messages: Vec<Message>,
    pub(super) unmapped: Vec<String>,
    /// Calls of the deprecated kind that have no answer yet: name and the id they were given.
    legacy: VecDeque<(String, String)>,
    legacy_count: usize,
    /// The last message holds the results of tools, and takes further ones.
    in_results: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a message object")]
struct MessageIn<'a> {
    role: Option<String>,
    #[serde(borrow)]
    content: Content<'a>,
    name: Option<String>,
    refusal: Option<String>,
    #[serde(borrow)]
    tool_calls: Option<Vec<ToolCallIn<'a>>>,
    tool_call_id: Option<String>,
    #[serde(borrow)]
    function_call: Option<CallIn<'a>>,
    #[serde(borrow)]
    audio: Option<&'a RawValue>,
    #[serde(deserialize_with = "super::super::lenient::some_text")]
    reasoning_content: Option<String>,
    #[serde(deserialize_with = "super::super::lenient::some_text")]
    reasoning: Option<String>,
    thinking_blocks: Option<Vec<ThinkingBlockIn>>,
    cache_control: Option<CacheControlIn>,
    /// Mistral, `DeepSeek`: the message is to be continued.
    prefix: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a tool call object")]
struct ToolCallIn<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(default, borrow)]
    function: Option<CallIn<'a>>,
    #[serde(default)]
    custom: Option<CustomIn>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with a function's name and arguments")]
struct CallIn<'a> {
    name: String,
    /// JSON text; clients of other APIs put the object itself.
    #[serde(default, borrow)]
    arguments: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with a custom tool's name and input")]
struct CustomIn {
    name: String,
    #[serde(default)]
    input: String,
}

/// One entry of LiteLLM's `thinking_blocks`, as Anthropic defines them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a thinking block object")]
pub(crate) struct ThinkingBlockIn {
    #[serde(rename = "type")]
    kind: Option<String>,
    pub(crate) thinking: Option<String>,
    #[serde(deserialize_with = "super::super::lenient::some_text")]
    pub(crate) signature: Option<String>,
    data: Option<String>,
}

/// Reads `messages`.
pub(super) fn decode(body: &JsonObject) -> Result<Conversation, TranslateError> {
    if !body.is_set("messages") {
        return Err(TranslateError::invalid_param(
            "messages",
            "Missing required parameter: 'messages'.",
        ));
    }
    let raws: Option<Vec<&RawValue>> = member(body, "messages")?;
    let mut conversation = Conversation::default();
    for (index, raw) in raws.iter().flatten().enumerate() {
        let place = format!("messages[{index}]");
        let message: MessageIn<'_> =
            serde_json::from_str(raw.get()).map_err(|e| invalid(&place, &e))?;
        conversation.add(message, &place)?;
    }
    Ok(conversation)
}

// === impl Conversation ===

impl Conversation {
    fn add(&mut self, message: MessageIn<'_>, place: &str) -> Result<(), TranslateError> {
        if message.prefix == Some(true) {
            self.unmapped.push("messages[].prefix".to_owned());
        }
        let in_results = std::mem::take(&mut self.in_results);
        match message.role.as_deref() {
            Some("system") => self.plain(Role::System, message, place),
            Some("developer") => self.plain(Role::Developer, message, place),
            Some("user") => self.plain(Role::User, message, place),
            Some("assistant") => self.assistant(message, place),
            Some("tool" | "function") => self.result(message, place, in_results),
            Some(other) => Err(TranslateError::invalid_param(
                format!("{place}.role"),
                format!(
                    "Invalid value: '{other}'. Supported values are: 'system', 'assistant', \
                     'user', 'function', 'tool', and 'developer'."
                ),
            )),
            None => Err(TranslateError::invalid_param(
                format!("{place}.role"),
                format!("Missing required parameter: '{place}.role'."),
            )),
        }
    }

    fn plain(
        &mut self,
        role: Role,
        message: MessageIn<'_>,
        place: &str,
    ) -> Result<(), TranslateError> {
        let content = blocks(message.content, place)?;
        self.push(role, message.name, content, message.cache_control);
        Ok(())
    }

    fn assistant(&mut self, message: MessageIn<'_>, place: &str) -> Result<(), TranslateError> {
        let mut content = thinking(
            message.thinking_blocks.unwrap_or_default(),
            message.reasoning_content.or(message.reasoning),
        );
        content.extend(blocks(message.content, place)?);
        if let Some(text) = message.refusal {
            content.push(Block::new(BlockKind::Refusal { text }));
        }
        if let Some(raw) = message.audio.filter(|raw| raw.get() != "null") {
            content.push(Block::new(BlockKind::Opaque {
                origin: DialectId::OpenAiChat,
                what: "audio".to_owned(),
                raw: raw.to_owned().into(),
            }));
        }
        if let Some(call) = message.function_call {
            let id = self.legacy_id(&call.name);
            self.legacy.push_back((call.name.clone(), id.clone()));
            content.push(call.into_block(id));
        }
        for (index, call) in message.tool_calls.into_iter().flatten().enumerate() {
            content.push(call.into_block().ok_or_else(|| {
                let param = format!("{place}.tool_calls[{index}].function");
                let message = format!("Missing required parameter: '{param}'.");
                TranslateError::invalid_param(param, message)
            })?);
        }
        self.push(
            Role::Assistant,
            message.name,
            content,
            message.cache_control,
        );
        Ok(())
    }

    /// A tool's result; those that follow each other answer one turn and share a message.
    fn result(
        &mut self,
        message: MessageIn<'_>,
        place: &str,
        in_results: bool,
    ) -> Result<(), TranslateError> {
        let id = match message.tool_call_id {
            Some(id) => id,
            None if message.role.as_deref() == Some("tool") => {
                let param = format!("{place}.tool_call_id");
                let message = format!("Missing required parameter: '{param}'.");
                return Err(TranslateError::invalid_param(param, message));
            }
            None => self.answered(message.name.as_deref().unwrap_or_default()),
        };
        let block = Block {
            kind: BlockKind::ToolResult {
                id,
                name: message.name,
                content: blocks(message.content, place)?,
                is_error: false,
            },
            cache: message.cache_control.map(Into::into),
        };
        match self.messages.last_mut().filter(|_| in_results) {
            Some(last) => last.content.push(block),
            None => self.push(Role::User, None, vec![block], None),
        }
        self.in_results = true;
        Ok(())
    }

    fn push(
        &mut self,
        role: Role,
        name: Option<String>,
        mut content: Vec<Block>,
        cache: Option<CacheControlIn>,
    ) {
        // A marker on the message stands for one behind its last part.
        if let (Some(cache), Some(last)) = (cache, content.last_mut()) {
            last.cache.get_or_insert_with(|| cache.into());
        }
        self.messages.push(Message {
            role,
            name,
            content,
        });
    }

    /// The deprecated calls have no ids, everything else needs them.
    fn legacy_id(&mut self, name: &str) -> String {
        self.legacy_count += 1;
        format!("call_{name}_{}", self.legacy_count)
    }

    /// The id of the oldest open call of function `name`.
    fn answered(&mut self, name: &str) -> String {
        let open = self.legacy.iter().position(|(called, _)| called == name);
        match open.and_then(|at| self.legacy.remove(at)) {
            Some((_, id)) => id,
            None => self.legacy_id(name),
        }
    }
}

fn blocks(content: Content<'_>, place: &str) -> Result<Vec<Block>, TranslateError> {
    content
        .into_blocks()
        .map_err(|(part, e)| invalid(&format!("{place}.content[{part}]"), &e))
}

/// The reasoning of an assistant message: the signed blocks, or else the bare text.
pub(crate) fn thinking(blocks: Vec<ThinkingBlockIn>, text: Option<String>) -> Vec<Block> {
    let signed: Vec<Block> = blocks
        .into_iter()
        .filter_map(ThinkingBlockIn::into_block)
        .collect();
    if !signed.is_empty() {
        return signed;
    }
    let unsigned = text.map(|text| BlockKind::Thinking {
        text,
        signature: None,
    });
    unsigned.map(Block::new).into_iter().collect()
}

// === impl ThinkingBlockIn ===

impl ThinkingBlockIn {
    /// The encrypted reasoning, if this block is of that kind.
    pub(crate) fn into_redacted(self) -> Option<String> {
        self.data
            .filter(|_| self.kind.as_deref() == Some("redacted_thinking"))
    }

    fn into_block(self) -> Option<Block> {
        let kind = match (self.kind.as_deref(), self.thinking) {
            (Some("redacted_thinking"), _) => BlockKind::RedactedThinking { data: self.data? },
            (_, None) if self.signature.is_none() => return None,
            (_, thinking) => BlockKind::Thinking {
                text: thinking.unwrap_or_default(),
                signature: self.signature,
            },
        };
        Some(Block::new(kind))
    }
}

// === impl ToolCallIn ===

impl ToolCallIn<'_> {
    fn into_block(self) -> Option<Block> {
        let id = self.id.unwrap_or_default();
        match (self.function, self.custom) {
            (Some(call), _) => Some(call.into_block(id)),
            // Free text instead of JSON, but a call all the same.
            (None, Some(custom)) => Some(Block::new(BlockKind::ToolUse {
                id,
                name: custom.name,
                arguments: custom.input,
            })),
            (None, None) => None,
        }
    }
}

// === impl CallIn ===

impl CallIn<'_> {
    fn into_block(self, id: String) -> Block {
        Block::new(BlockKind::ToolUse {
            id,
            name: self.name,
            arguments: self.arguments.map(arguments_text).unwrap_or_default(),
        })
    }
}
