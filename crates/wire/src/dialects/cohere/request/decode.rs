//! Reads a client's chat request.
//!
//! Source: API reference, chat (`V2ChatRequest`).

use serde_json::value::RawValue;

use super::super::media::DocumentIn;
use super::super::{params, read, tools};
use super::messages;
use crate::canonical::{Block, BlockKind, ChatRequest, Message, Params, Role};
use crate::dialect::{RequestHead, TranslateError};
use crate::json::JsonObject;

/// The members with a canonical form. The others are advice (`priority`), or steer what only
/// Cohere's models have (`citation_options`, `safety_mode`). `strict_tools` is among them: other
/// APIs refuse strictness for schemas that were not written for it, which these need not be.
const MAPPED: [&str; 17] = [
    "documents",
    "frequency_penalty",
    "k",
    "logprobs",
    "max_tokens",
    "messages",
    "model",
    "p",
    "presence_penalty",
    "response_format",
    "seed",
    "stop_sequences",
    "stream",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
];

/// Reads the request; the model may also come with the path.
pub(in super::super) fn decode(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<ChatRequest, TranslateError> {
    let model = match head.model {
        Some(model) => model.to_owned(),
        None => read::member(body, "model")?.ok_or_else(|| read::required("model"))?,
    };
    let mut messages = messages::decode(body)?;
    let mut unmapped: Vec<String> = body
        .keys()
        .filter(|key| !MAPPED.contains(key) && body.is_set(key))
        .map(str::to_owned)
        .collect();
    documents(body, &mut messages, &mut unmapped)?;
    Ok(ChatRequest {
        model,
        messages,
        tools: tools::decode(body)?,
        params: Params {
            tool_choice: tools::decode_choice(body)?,
            ..params::decode(body)?
        },
        stream: match head.stream {
            Some(stream) => stream,
            None => read::member(body, "stream")?.unwrap_or_default(),
        },
        include_usage: true,
        unmapped,
    })
}

/// Puts the documents before the question they shall help to answer, which is where other APIs
/// have them.
fn documents(
    body: &JsonObject,
    messages: &mut Vec<Message>,
    unmapped: &mut Vec<String>,
) -> Result<(), TranslateError> {
    let raws: Option<Vec<&RawValue>> = read::member(body, "documents")?;
    let mut blocks = Vec::new();
    for (at, raw) in raws.into_iter().flatten().enumerate() {
        let document: DocumentIn = read::part(raw, &format_args!("documents[{at}]"))?;
        let (media, had_id) = document.into_media();
        if had_id && !unmapped.iter().any(|name| name == "documents[].id") {
            unmapped.push("documents[].id".to_owned());
        }
        blocks.push(Block::new(BlockKind::Document(media)));
    }
    if blocks.is_empty() {
        return Ok(());
    }
    let is_question = |message: &&mut Message| {
        let is_result = |block: &Block| matches!(block.kind, BlockKind::ToolResult { .. });
        message.role == Role::User && !message.content.iter().any(is_result)
    };
    match messages.iter_mut().rev().find(is_question) {
        Some(question) => drop(question.content.splice(0..0, blocks)),
        None => messages.push(Message {
            role: Role::User,
            name: None,
            content: blocks,
        }),
    }
    Ok(())
}
