//! Reads the messages of a request.
//!
//! Source: API reference, `ChatMessageV2`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::citations;
use super::super::media::{DocumentIn, ImageIn};
use super::super::read;
use super::super::tools::CallIn;
use crate::canonical::{Block, BlockKind, Message, RawJson, Role};
use crate::dialect::{DialectId, TranslateError};
use crate::json::JsonObject;

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a message object")]
struct MessageIn<'a> {
    role: Option<String>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    tool_plan: Option<String>,
    #[serde(borrow)]
    tool_calls: Option<Vec<CallIn<'a>>>,
    tool_call_id: Option<String>,
    #[serde(borrow)]
    citations: Option<&'a RawValue>,
}

/// One entry of `content`, of whatever type.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a content object")]
struct PartIn {
    r#type: Option<String>,
    text: Option<String>,
    thinking: Option<String>,
    image_url: Option<ImageIn>,
    document: Option<DocumentIn>,
}

/// Reads `messages`.
pub(super) fn decode(body: &JsonObject) -> Result<Vec<Message>, TranslateError> {
    let raws: Vec<&RawValue> =
        read::member(body, "messages")?.ok_or_else(|| read::required("messages"))?;
    let mut messages = Vec::with_capacity(raws.len());
    let mut in_results = false;
    for (at, raw) in raws.into_iter().enumerate() {
        let place = format!("messages[{at}]");
        let message: MessageIn<'_> = read::part(raw, &place)?;
        let role = message
            .role
            .clone()
            .ok_or_else(|| read::required(format!("{place}.role")))?;
        let (role, content) = match role.as_str() {
            "system" => (Role::System, plain(&message, &place)?),
            "user" => (Role::User, plain(&message, &place)?),
            "assistant" => (Role::Assistant, assistant(message, &place)?),
            "tool" => (Role::User, vec![result(message, &place)?]),
            other => {
                let why = format!(
                    "must be one of `system`, `user`, `assistant` or `tool`, not `{other}`"
                );
                return Err(read::invalid(format!("{place}.role"), why));
            }
        };
        // The results of one turn share a message.
        let is_result =
            matches!(&content[..], [one] if matches!(one.kind, BlockKind::ToolResult { .. }));
        match messages.last_mut().filter(|_| in_results && is_result) {
            Some(Message { content: last, .. }) => last.extend(content),
            None => messages.push(Message {
                role,
                name: None,
                content,
            }),
        }
        in_results = is_result;
    }
    Ok(messages)
}

fn plain(message: &MessageIn<'_>, place: &str) -> Result<Vec<Block>, TranslateError> {
    let place = format!("{place}.content");
    let content = message.content.ok_or_else(|| read::required(&*place))?;
    blocks(Some(content), &place)
}

/// Cohere's models plan their calls in `tool_plan`; it is what others say before a call.
fn assistant(message: MessageIn<'_>, place: &str) -> Result<Vec<Block>, TranslateError> {
    let mut content = blocks(message.content, &format!("{place}.content"))?;
    citations::attach(message.citations, &mut content);
    let plan = message.tool_plan.filter(|plan| !plan.is_empty());
    content.extend(plan.map(Block::text));
    for (at, call) in message.tool_calls.into_iter().flatten().enumerate() {
        let call = call
            .into_block(place, at)
            .ok_or_else(|| read::required(format!("{place}.tool_calls[{at}].function")))?;
        content.push(call);
    }
    Ok(content)
}

/// What a tool found stands in documents, Cohere's usual form of it. Other APIs have it as text.
fn result(message: MessageIn<'_>, place: &str) -> Result<Block, TranslateError> {
    let place_of_content = format!("{place}.content");
    let raw = message
        .content
        .ok_or_else(|| read::required(&*place_of_content))?;
    let content = parts(Some(raw), &place_of_content, |document| BlockKind::Text {
        text: document.into_json(),
        citations: None,
    })?;
    let id = message
        .tool_call_id
        .ok_or_else(|| read::required(format!("{place}.tool_call_id")))?;
    Ok(Block::new(BlockKind::ToolResult {
        id,
        name: None,
        content,
        is_error: false,
    }))
}

/// Reads `content`, a string or a list, which stands at `place`.
pub(in super::super) fn blocks(
    raw: Option<&RawValue>,
    place: &str,
) -> Result<Vec<Block>, TranslateError> {
    parts(raw, place, |document| {
        BlockKind::Document(document.into_media().0)
    })
}

fn parts(
    raw: Option<&RawValue>,
    place: &str,
    document: fn(DocumentIn) -> BlockKind,
) -> Result<Vec<Block>, TranslateError> {
    let Some(raw) = raw.filter(|raw| raw.get() != "null") else {
        return Ok(Vec::new());
    };
    if raw.get().starts_with('"') {
        let text: String = read::part(raw, &place)?;
        return Ok(if text.is_empty() {
            Vec::new()
        } else {
            vec![Block::text(text)]
        });
    }
    let items: Vec<&RawValue> = read::part(raw, &place)?;
    let items = items.into_iter().enumerate();
    items
        .map(|(at, item)| block(item, &format!("{place}[{at}]"), document))
        .collect()
}

fn block(
    raw: &RawValue,
    place: &str,
    document: fn(DocumentIn) -> BlockKind,
) -> Result<Block, TranslateError> {
    let part: PartIn = read::part(raw, &place)?;
    let kind = part.r#type.as_deref().unwrap_or("text");
    let known = match kind {
        "text" => part.text.map(|text| BlockKind::Text {
            text,
            citations: None,
        }),
        "thinking" => part.thinking.map(|text| BlockKind::Thinking {
            text,
            signature: None,
        }),
        "image_url" => part.image_url.map(|i| BlockKind::Image(i.into_media())),
        "document" => part.document.map(document),
        other => Some(BlockKind::Opaque {
            origin: DialectId::Cohere,
            what: other.to_owned(),
            raw: RawJson::from(raw.to_owned()),
        }),
    };
    known
        .map(Block::new)
        .ok_or_else(|| read::required(format!("{place}.{kind}")))
}
