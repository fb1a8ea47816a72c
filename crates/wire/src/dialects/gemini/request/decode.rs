//! Reads a client's request.

use bytes::Bytes;

use super::super::blocks::{self, Piece};
use super::super::content::{Content, FunctionCall, FunctionResponse};
use super::super::proto::{self, Many, camel, wrong};
use super::super::{config, model, signature, tools};
use crate::canonical::{Block, BlockKind, ChatRequest, Message, Role};
use crate::dialect::{DialectId, RequestHead, TranslateError};
use crate::json::{self, JsonObject};
use crate::operation::Operation;

/// Reads a request; one for `countTokens` may carry the whole request as a member.
pub(in super::super) fn decode(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<ChatRequest, TranslateError> {
    let inner = match head.operation {
        Operation::CountTokens => proto::member(body, "generateContentRequest"),
        _ => None,
    };
    let Some(inner) = inner else {
        return decode_generate(head, body);
    };
    // The depth was checked with the body.
    let inner = JsonObject::parse(Bytes::copy_from_slice(inner), usize::MAX)
        .map_err(|e| TranslateError::invalid_param("generateContentRequest", e.to_string()))?;
    decode_generate(head, &inner)
}

fn decode_generate(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<ChatRequest, TranslateError> {
    let mut request = ChatRequest {
        model: model_name(head, body),
        stream: head.stream.unwrap_or(false),
        include_usage: true,
        ..ChatRequest::default()
    };
    let mut history = History::default();
    for key in body.keys() {
        let Some(value) = body.get(key).filter(|v| !proto::says_nothing(v)) else {
            continue;
        };
        match &*camel(key) {
            "contents" => history.read(value)?,
            "systemInstruction" => history.system = Some(system(value)?),
            "tools" => tools::decode(value, &mut request.tools, &mut request.unmapped)?,
            "toolConfig" => {
                tools::decode_config(value, &mut request.params, &mut request.unmapped)?;
            }
            "generationConfig" => {
                config::decode(value, &mut request.params, &mut request.unmapped)?;
            }
            "serviceTier" => {
                let tier = json::unquote(value);
                request.params.service_tier = tier.map(|tier| config::decode_tier(&tier));
            }
            "model" => {}
            other => request.unmapped.push(other.to_owned()),
        }
    }
    request.unmapped.append(&mut history.unmapped);
    let mut named = std::collections::HashSet::new();
    request.unmapped.retain(|name| named.insert(name.clone()));
    request.messages = history.finish()?;
    Ok(request)
}

fn model_name(head: &RequestHead<'_>, body: &JsonObject) -> String {
    match head.model {
        Some(name) => name.strip_prefix("models/").unwrap_or(name).to_owned(),
        None => body
            .get_str("model")
            .map(|name| model::bare(&name).to_owned())
            .unwrap_or_default(),
    }
}

fn system(value: &[u8]) -> Result<Message, TranslateError> {
    let content: Content<'static> =
        serde_json::from_slice(value).map_err(|e| wrong("systemInstruction", &e))?;
    let mut unmapped = Vec::new();
    let content = content
        .parts
        .0
        .into_iter()
        .filter_map(|part| match blocks::piece(part, &mut unmapped) {
            (Piece::Text(text), _) => Some(Block::text(text)),
            (Piece::Media(kind), _) => Some(Block::new(kind)),
            _ => None,
        })
        .collect();
    Ok(Message {
        role: Role::System,
        name: None,
        content,
    })
}

/// The conversation while it is read.
#[derive(Default)]
struct History {
    system: Option<Message>,
    messages: Vec<Message>,
    calls: Vec<Call>,
    unmapped: Vec<String>,
}

/// A call that a result may belong to.
struct Call {
    name: String,
    /// The id as the client wrote it.
    written: Option<String>,
    /// The canonical id, with the signature on it.
    id: String,
    answered: bool,
}

// === impl History ===

impl History {
    fn read(&mut self, value: &[u8]) -> Result<(), TranslateError> {
        let contents: Many<Content<'static>> =
            serde_json::from_slice(value).map_err(|e| wrong("contents", &e))?;
        for content in contents.0 {
            self.take(content)?;
        }
        Ok(())
    }

    fn take(&mut self, content: Content<'static>) -> Result<(), TranslateError> {
        let role = role(content.role.as_deref())?;
        let start = self.messages.len();
        for part in content.parts.0 {
            let (piece, signature) = blocks::piece(part, &mut self.unmapped);
            match piece {
                Piece::Call(call) => {
                    let block = self.call(call, signature.as_deref());
                    self.push(start, Role::Assistant, block);
                    continue;
                }
                Piece::Result(response) => {
                    let block = self.result(response);
                    self.push(start, Role::User, block);
                    continue;
                }
                Piece::Thought(text) => {
                    self.push_thought(start, role, text, signature);
                    continue;
                }
                _ => {}
            }
            if let Some(signature) = signature {
                let text = String::new();
                let signature = Some(signature);
                self.push(start, role, BlockKind::Thinking { text, signature });
            }
            match piece {
                Piece::Text(text) => self.push_text(start, role, text),
                Piece::Media(kind) => self.push(start, role, kind),
                Piece::Opaque { what, raw } => {
                    let origin = DialectId::Gemini;
                    self.push(start, role, BlockKind::Opaque { origin, what, raw });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The SDKs put a streamed answer into the history chunk by chunk, each a turn of its own.
    /// Pieces of one thought become one again, with the signature that came on the last.
    fn push_thought(&mut self, start: usize, role: Role, text: String, signature: Option<String>) {
        let last = self.messages.last_mut().filter(|m| m.role == role);
        if role == Role::Assistant
            && let Some(block) = last.and_then(|message| message.content.last_mut())
            && let BlockKind::Thinking {
                text: present,
                signature: unsigned @ None,
            } = &mut block.kind
        {
            present.push_str(&text);
            *unsigned = signature;
            return;
        }
        self.push(start, role, BlockKind::Thinking { text, signature });
    }

    /// As with thoughts; the last chunk of an answer is usually an empty text.
    fn push_text(&mut self, start: usize, role: Role, text: String) {
        if role == Role::Assistant {
            if text.is_empty() {
                return;
            }
            let last = self.messages.last_mut().filter(|m| m.role == role);
            if let Some(Block {
                kind: BlockKind::Text { text: present, .. },
                cache: None,
            }) = last.and_then(|message| message.content.last_mut())
            {
                present.push_str(&text);
                return;
            }
        }
        let citations = None;
        self.push(start, role, BlockKind::Text { text, citations });
    }

    /// Appends a block to the message that began at `start`, or to the model's turn that goes on.
    fn push(&mut self, start: usize, role: Role, kind: BlockKind) {
        let going_on = self.messages.len() > start || role == Role::Assistant;
        let block = Block::new(kind);
        match self.messages.last_mut() {
            Some(last) if going_on && last.role == role => last.content.push(block),
            _ => self.messages.push(Message {
                role,
                name: None,
                content: vec![block],
            }),
        }
    }

    fn call(&mut self, call: FunctionCall<'static>, signature: Option<&str>) -> BlockKind {
        let name = call.name.unwrap_or_default().into_owned();
        let written = call
            .id
            .map(|id| id.into_owned())
            .filter(|id| !id.is_empty());
        let bare = written.clone().unwrap_or_else(|| {
            // The same history must get the same ids every time it is sent.
            made_id(&name, self.calls.len())
        });
        let id = signature::join(&bare, signature);
        self.calls.push(Call {
            name: name.clone(),
            written,
            id: id.clone(),
            answered: false,
        });
        BlockKind::ToolUse {
            id,
            name,
            arguments: blocks::arguments(call.args.as_ref()),
        }
    }

    fn result(&mut self, response: FunctionResponse<'static>) -> BlockKind {
        let name = response.name.as_deref().unwrap_or_default().to_owned();
        let written = response.id.as_deref().filter(|id| !id.is_empty());
        let by_id = self
            .calls
            .iter()
            .position(|call| written.is_some() && call.written.as_deref() == written);
        // Without ids, results come in the order of the calls.
        let by_name = || {
            self.calls
                .iter()
                .position(|call| !call.answered && call.name == name)
        };
        let id = match by_id.or_else(by_name) {
            Some(at) => {
                self.calls[at].answered = true;
                self.calls[at].id.clone()
            }
            None => written.map_or_else(|| made_id(&name, self.calls.len()), str::to_owned),
        };
        let (content, is_error) = blocks::result_content(response);
        BlockKind::ToolResult {
            id,
            name: Some(name),
            content,
            is_error,
        }
    }

    fn finish(self) -> Result<Vec<Message>, TranslateError> {
        if self.messages.is_empty() {
            return Err(TranslateError::invalid_param(
                "contents",
                "contents must hold at least one part.",
            ));
        }
        Ok(self.system.into_iter().chain(self.messages).collect())
    }
}

/// An id in the alphabet and within the 40 characters that every API takes.
fn made_id(name: &str, nth: usize) -> String {
    let safe = name.chars().take(24).map(|c| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' => c,
        _ => '_',
    });
    let safe: String = safe.collect();
    format!("call_{safe}_{nth}")
}

fn role(name: Option<&str>) -> Result<Role, TranslateError> {
    Ok(match name {
        None | Some("" | "user" | "function" | "tool") => Role::User,
        Some("model" | "assistant") => Role::Assistant,
        Some("system") => Role::System,
        Some(other) => {
            return Err(TranslateError::invalid_param(
                "contents.role",
                format!("'{other}' is not a role; valid roles are user and model."),
            ));
        }
    })
}
