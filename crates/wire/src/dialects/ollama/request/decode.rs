//! Reads a client's `/api/chat` and `/api/generate` requests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::tools;
use super::super::wire::{WireMessage, field};
use super::options;
use crate::canonical::{
    Block, BlockKind, ChatRequest, Effort, Media, MediaSource, Message, Params, RawJson, Reasoning,
    ResponseFormat, Role,
};
use crate::dialect::{RequestHead, TranslateError};
use crate::json::JsonObject;
use crate::operation::Operation;

/// What both endpoints have in common and is read here.
const COMMON: &[&str] = &[
    "model",
    "stream",
    "format",
    "keep_alive",
    "options",
    "think",
    "logprobs",
    "top_logprobs",
];
const CHAT: &[&str] = &["messages", "tools"];
const GENERATE: &[&str] = &["prompt", "system", "images"];

/// Reads a request.
pub(in super::super) fn decode(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<ChatRequest, TranslateError> {
    let (messages, own) = match head.operation {
        Operation::Chat => (chat_messages(body)?, CHAT),
        Operation::Generate => (prompt_messages(body)?, GENERATE),
        _ => {
            return Err(TranslateError::Unsupported(
                "not a chat request in Ollama's API".to_owned(),
            ));
        }
    };
    let model = match head.model {
        Some(model) => model.to_owned(),
        None => field::<String>(body, "model")?.unwrap_or_default(),
    };
    if model.is_empty() {
        return Err(TranslateError::invalid_param(
            "model",
            "`model` is required",
        ));
    }
    let mut unmapped: Vec<String> = body
        .keys()
        .filter(|key| !COMMON.contains(key) && !own.contains(key))
        .filter(|key| body.get(key).is_some_and(|value| !is_neutral(value)))
        .map(str::to_owned)
        .collect();
    let params = params(body, &mut unmapped)?;
    let tools = if head.operation == Operation::Chat {
        tools::decode(field(body, "tools")?.unwrap_or_default())?
    } else {
        Vec::new()
    };
    let stream = match head.stream {
        Some(stream) => stream,
        // Ollama streams unless it is told not to.
        None => field(body, "stream")?.unwrap_or(true),
    };
    Ok(ChatRequest {
        model,
        messages,
        tools,
        params,
        stream,
        include_usage: true,
        unmapped,
    })
}

/// Whether a member says nothing: clients in Go write empty values for what was not set.
fn is_neutral(value: &[u8]) -> bool {
    matches!(value, b"null" | b"\"\"" | b"[]" | b"{}" | b"false" | b"0")
}

fn params(body: &JsonObject, unmapped: &mut Vec<String>) -> Result<Params, TranslateError> {
    let mut params = Params {
        response_format: response_format(body)?,
        reasoning: reasoning(body)?,
        keep_alive: field::<Box<RawValue>>(body, "keep_alive")?
            .filter(|raw| raw.get() != "null")
            .map(RawJson::from),
        logprobs: field(body, "logprobs")?,
        top_logprobs: field(body, "top_logprobs")?.filter(|&n: &u32| n > 0),
        ..Params::default()
    };
    if let Some(raw) = body.get("options").filter(|raw| *raw != b"null") {
        let object = JsonObject::parse(Bytes::copy_from_slice(raw), usize::MAX)
            .map_err(|e| TranslateError::invalid_param("options", format!("`options`: {e}")))?;
        options::decode(&object, &mut params, unmapped)?;
    }
    Ok(params)
}

fn response_format(body: &JsonObject) -> Result<Option<ResponseFormat>, TranslateError> {
    let Some(raw) = body.get("format") else {
        return Ok(None);
    };
    match raw {
        b"null" | b"\"\"" => Ok(None),
        b"\"json\"" => Ok(Some(ResponseFormat::JsonObject)),
        [b'{', ..] => Ok(Some(ResponseFormat::JsonSchema {
            name: None,
            description: None,
            schema: field::<Box<RawValue>>(body, "format")?.map(RawJson::from),
            strict: None,
        })),
        _ => Err(TranslateError::invalid_param(
            "format",
            "`format` must be \"json\" or a JSON schema",
        )),
    }
}

/// `think`: a switch, or a level for models that have levels (gpt-oss).
fn reasoning(body: &JsonObject) -> Result<Option<Reasoning>, TranslateError> {
    let invalid = || {
        TranslateError::invalid_param(
            "think",
            "`think` must be true, false, \"low\", \"medium\" or \"high\"",
        )
    };
    let (effort, enabled) = match field::<Value>(body, "think")? {
        None => return Ok(None),
        Some(Value::Bool(on)) => (None, Some(on)),
        Some(Value::String(level)) => (Some(Effort::parse(&level).ok_or_else(invalid)?), None),
        Some(_) => return Err(invalid()),
    };
    let mut reasoning = Reasoning {
        effort,
        enabled,
        ..Reasoning::default()
    };
    // Ollama shows what was thought whenever thinking is asked for.
    reasoning.include = reasoning.wanted().filter(|&wanted| wanted);
    Ok(Some(reasoning))
}

/// The prompt of `/api/generate` as a conversation.
fn prompt_messages(body: &JsonObject) -> Result<Vec<Message>, TranslateError> {
    let mut messages = Vec::new();
    if let Some(system) = field::<String>(body, "system")?.filter(|s| !s.is_empty()) {
        messages.push(Message::text(Role::System, system));
    }
    let images: Vec<String> = field(body, "images")?.unwrap_or_default();
    let mut content: Vec<Block> = images.into_iter().map(image).collect();
    content.push(Block::text(
        field::<String>(body, "prompt")?.unwrap_or_default(),
    ));
    messages.push(Message {
        role: Role::User,
        name: None,
        content,
    });
    Ok(messages)
}

fn chat_messages(body: &JsonObject) -> Result<Vec<Message>, TranslateError> {
    let raw: Vec<&RawValue> = field(body, "messages")?.unwrap_or_default();
    if raw.is_empty() {
        return Err(TranslateError::invalid_param(
            "messages",
            "`messages` must not be empty",
        ));
    }
    let mut reader = Reader::default();
    for (i, raw) in raw.into_iter().enumerate() {
        let at = |member: &str| format!("messages[{i}]{member}");
        let message: WireMessage = serde_json::from_str(raw.get())
            .map_err(|e| TranslateError::invalid_param(at(""), format!("`{}`: {e}", at(""))))?;
        reader.read(i, message).map_err(|UnknownRole(role)| {
            TranslateError::invalid_param(
                at(".role"),
                format!("`{}`: unknown role \"{role}\"", at(".role")),
            )
        })?;
    }
    Ok(reader.messages)
}

/// Reads messages one after the other; remembers which calls wait for a result.
#[derive(Default)]
struct Reader {
    messages: Vec<Message>,
    /// Calls without a result so far: id and name.
    open: Vec<(String, String)>,
    /// The last message holds nothing but tool results.
    after_result: bool,
}

struct UnknownRole(String);

// === impl Reader ===

impl Reader {
    fn read(&mut self, i: usize, message: WireMessage) -> Result<(), UnknownRole> {
        let name = message.role.unwrap_or_default().to_ascii_lowercase();
        let role = match name.as_str() {
            "system" => Role::System,
            "developer" => Role::Developer,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "tool" => {
                let named = message.tool_name.or(message.name);
                let content = body(message.content, message.images);
                self.result(i, message.tool_call_id, named, content);
                return Ok(());
            }
            _ => return Err(UnknownRole(name)),
        };
        let mut content = Vec::new();
        if let Some(text) = message.thinking.filter(|t| !t.is_empty()) {
            content.push(Block::new(BlockKind::Thinking {
                text,
                signature: None,
            }));
        }
        content.extend(body(message.content, message.images));
        for (n, call) in message
            .tool_calls
            .unwrap_or_default()
            .into_iter()
            .enumerate()
        {
            // Made from the call's place, the id stays the same while the conversation grows.
            let id = match call.id.as_deref() {
                Some(id) if !id.is_empty() => id.to_owned(),
                _ => format!("call_{i}_{n}"),
            };
            self.open.push((id.clone(), call.function.name.clone()));
            content.push(Block::new(BlockKind::ToolUse {
                id,
                arguments: call.arguments().into_owned(),
                name: call.function.name,
            }));
        }
        self.after_result = false;
        self.messages.push(Message {
            role,
            name: message.name,
            content,
        });
        Ok(())
    }

    /// A tool's result belongs to the call it names by id, else to the first open call of its
    /// tool, else to the first open call.
    fn result(&mut self, i: usize, id: Option<String>, name: Option<String>, content: Vec<Block>) {
        let id = id.filter(|id| !id.is_empty());
        let name = name.filter(|name| !name.is_empty());
        let found = match (&id, &name) {
            (Some(id), _) => self.open.iter().position(|(open, _)| open == id),
            (None, Some(name)) => self.open.iter().position(|(_, open)| open == name),
            (None, None) => (!self.open.is_empty()).then_some(0),
        };
        let call = found.map(|at| self.open.remove(at));
        let (call_id, call_name) = call.unzip();
        let block = Block::new(BlockKind::ToolResult {
            id: id.or(call_id).unwrap_or_else(|| format!("call_{i}")),
            name: name.or(call_name),
            content,
            is_error: false,
        });
        match self.messages.last_mut() {
            // Results of one turn's calls are one message, as the canonical form has it.
            Some(last) if self.after_result => last.content.push(block),
            _ => self.messages.push(Message {
                role: Role::User,
                name: None,
                content: vec![block],
            }),
        }
        self.after_result = true;
    }
}

/// Images, then text: Ollama's own templates put images before the text of their message.
fn body(content: Option<String>, images: Option<Vec<String>>) -> Vec<Block> {
    let mut blocks: Vec<Block> = images.unwrap_or_default().into_iter().map(image).collect();
    if let Some(text) = content.filter(|text| !text.is_empty()) {
        blocks.push(Block::text(text));
    }
    blocks
}

/// An image from its base64 text, or from a `data:` URL, which some clients send.
pub(in super::super) fn image(data: String) -> Block {
    let media = if data.starts_with("data:") {
        Media::from_url(&data)
    } else {
        Media {
            mime: image_mime(&data).map(str::to_owned),
            source: MediaSource::Base64(data),
            ..Media::default()
        }
    };
    Block::new(BlockKind::Image(media))
}

/// The MIME type that the first bytes of an image in base64 tell.
fn image_mime(data: &str) -> Option<&'static str> {
    let head = STANDARD.decode(data.as_bytes().get(..16)?).ok()?;
    match head.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P'] => Some("image/webp"),
        _ => None,
    }
}
