//! Reads content blocks, of requests and of answers.
//!
//! Source: service model, `ContentBlock` and `ToolResultContentBlock`: objects of which exactly
//! one member is set.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::media::{self, Citations, WireMedia};
use super::redacted;
use super::report::Unmapped;
use crate::canonical::{Block, BlockKind, CacheControl, RawJson};
use crate::dialect::{DialectId, TranslateError};
use crate::{json, read};

/// The members of all blocks that have a canonical form.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireBlock {
    text: Option<String>,
    json: Option<RawJson>,
    image: Option<WireMedia>,
    document: Option<WireMedia>,
    video: Option<WireMedia>,
    audio: Option<WireMedia>,
    tool_use: Option<WireToolUse>,
    tool_result: Option<WireToolResult>,
    guard_content: Option<GuardContent>,
    cache_point: Option<CachePoint>,
    reasoning_content: Option<WireReasoning>,
    citations_content: Option<WireCitations>,
    search_result: Option<SearchResult>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireToolUse {
    tool_use_id: Option<String>,
    name: Option<String>,
    input: Option<RawJson>,
    r#type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireToolResult {
    tool_use_id: Option<String>,
    content: Option<Vec<RawJson>>,
    status: Option<String>,
    r#type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct GuardContent {
    text: Option<GuardText>,
    image: Option<WireMedia>,
}

#[derive(Debug, Default, Deserialize)]
struct GuardText {
    text: Option<String>,
}

/// A cache point, as a client sends it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct CachePoint {
    ttl: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireReasoning {
    reasoning_text: Option<ReasoningText>,
    redacted_content: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct ReasoningText {
    text: Option<String>,
    signature: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct WireCitations {
    content: Option<Vec<TextPart>>,
    citations: Option<RawJson>,
}

#[derive(Debug, Default, Deserialize)]
struct TextPart {
    text: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct SearchResult {
    source: Option<String>,
    title: Option<String>,
    content: Option<Vec<TextPart>>,
    citations: Option<Citations>,
}

/// What a block is.
enum Item {
    Kind(BlockKind),
    /// No content, but an attribute of the content before it.
    Cache(CacheControl),
}

// === impl CachePoint ===

impl CachePoint {
    pub(super) fn into_canonical(self) -> CacheControl {
        CacheControl { ttl: self.ttl }
    }
}

/// Reads a list of blocks; a cache point at its head belongs to `before`.
pub(super) fn decode_content(
    items: &[&RawValue],
    path: &dyn fmt::Display,
    unmapped: &mut Unmapped,
    mut before: Option<&mut Block>,
) -> Result<Vec<Block>, TranslateError> {
    let mut blocks: Vec<Block> = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        match decode(item, &format_args!("{path}.{at}"), unmapped)? {
            Item::Kind(kind) => blocks.push(Block::new(kind)),
            Item::Cache(cache) => {
                match blocks.last_mut().or(before.as_deref_mut()) {
                    Some(block) => block.cache = Some(cache),
                    None => unmapped.add("cachePoint"),
                };
            }
        }
    }
    Ok(blocks)
}

/// Reads the blocks of an answer; one that breaks the rules still belongs to it.
pub(super) fn decode_answer(items: &[&RawValue]) -> Vec<Block> {
    let mut unmapped = Unmapped::default();
    let mut blocks = Vec::with_capacity(items.len());
    for item in items {
        match decode(item, &"content", &mut unmapped) {
            Ok(Item::Kind(kind)) => blocks.push(Block::new(kind)),
            Ok(Item::Cache(_)) => {}
            Err(_) => blocks.push(Block::new(opaque(item))),
        }
    }
    blocks
}

fn decode(
    raw: &RawValue,
    path: &dyn fmt::Display,
    unmapped: &mut Unmapped,
) -> Result<Item, TranslateError> {
    let block: WireBlock = read::part(raw.get().as_bytes(), path)?;
    let at = |member: &str| format!("{path}.{member}");
    let kind = if let Some(text) = block.text {
        text_block(text)
    } else if let Some(value) = block.json {
        text_block(json::compact(value.get()).into_owned())
    } else if let Some(image) = block.image {
        BlockKind::Image(image.into_canonical(media::IMAGES, &at("image"), unmapped)?)
    } else if let Some(document) = block.document {
        let at = at("document");
        BlockKind::Document(document.into_canonical(media::DOCUMENTS, &at, unmapped)?)
    } else if let Some(video) = block.video {
        BlockKind::Video(video.into_canonical(media::VIDEOS, &at("video"), unmapped)?)
    } else if let Some(audio) = block.audio {
        BlockKind::Audio(audio.into_canonical(media::AUDIO, &at("audio"), unmapped)?)
    } else if let Some(call) = block.tool_use {
        tool_use(call, raw, &at("toolUse"))?
    } else if let Some(result) = block.tool_result {
        tool_result(result, raw, &at("toolResult"), unmapped)?
    } else if let Some(guarded) = block.guard_content {
        // What a guardrail looks at is said to the model like everything else.
        unmapped.add("messages[].guardContent");
        guard_content(guarded, &at("guardContent"), unmapped)?
    } else if let Some(cache) = block.cache_point {
        return Ok(Item::Cache(cache.into_canonical()));
    } else if let Some(reasoning) = block.reasoning_content {
        thinking(reasoning, &at("reasoningContent"))?
    } else if let Some(cited) = block.citations_content {
        BlockKind::Text {
            text: joined(cited.content, ""),
            citations: cited.citations,
        }
    } else if let Some(result) = block.search_result {
        search_result(result, unmapped)
    } else {
        opaque(raw)
    };
    Ok(Item::Kind(kind))
}

fn text_block(text: String) -> BlockKind {
    BlockKind::Text {
        text,
        citations: None,
    }
}

fn tool_use(call: WireToolUse, raw: &RawValue, path: &str) -> Result<BlockKind, TranslateError> {
    // The service calls its own tools; their answers follow in the same message.
    if call.r#type.is_some() {
        return Ok(opaque(raw));
    }
    let missing = |field: &str| read::required(format!("{path}.{field}"));
    let arguments = call.input.as_ref().map(|input| json::compact(input.get()));
    Ok(BlockKind::ToolUse {
        id: call.tool_use_id.ok_or_else(|| missing("toolUseId"))?,
        name: call.name.ok_or_else(|| missing("name"))?,
        arguments: arguments.unwrap_or_default().into_owned(),
    })
}

fn tool_result(
    result: WireToolResult,
    raw: &RawValue,
    path: &str,
    unmapped: &mut Unmapped,
) -> Result<BlockKind, TranslateError> {
    if result.r#type.is_some() {
        return Ok(opaque(raw));
    }
    let id = result
        .tool_use_id
        .ok_or_else(|| read::required(format!("{path}.toolUseId")))?;
    let content = result.content.unwrap_or_default();
    let mut blocks = Vec::with_capacity(content.len());
    for (at, item) in content.iter().enumerate() {
        let path = format_args!("{path}.content.{at}");
        let item: &RawValue = item.as_ref();
        if let Item::Kind(kind) = decode(item, &path, unmapped)? {
            blocks.push(Block::new(kind));
        }
    }
    Ok(BlockKind::ToolResult {
        id,
        name: None,
        content: blocks,
        is_error: result.status.as_deref() == Some("error"),
    })
}

fn guard_content(
    guarded: GuardContent,
    path: &str,
    unmapped: &mut Unmapped,
) -> Result<BlockKind, TranslateError> {
    if let Some(image) = guarded.image {
        let at = format!("{path}.image");
        let media = image.into_canonical(media::IMAGES, &at, unmapped)?;
        return Ok(BlockKind::Image(media));
    }
    let text = guarded.text.and_then(|text| text.text);
    let missing = || read::required(format!("{path}.text.text"));
    Ok(text_block(text.ok_or_else(missing)?))
}

fn thinking(reasoning: WireReasoning, path: &str) -> Result<BlockKind, TranslateError> {
    if let Some(blob) = reasoning.redacted_content {
        return Ok(BlockKind::RedactedThinking {
            data: redacted::from_base64(&blob),
        });
    }
    let missing = || read::required(format!("{path}.reasoningText"));
    let said = reasoning.reasoning_text.ok_or_else(missing)?;
    Ok(BlockKind::Thinking {
        text: said.text.unwrap_or_default(),
        signature: said.signature.filter(|signature| !signature.is_empty()),
    })
}

/// A search result becomes its text under its title and source.
fn search_result(result: SearchResult, unmapped: &mut Unmapped) -> BlockKind {
    if result.citations.is_some_and(|c| c.enabled == Some(true)) {
        unmapped.add("messages[].search_result.citations");
    }
    let title = result.title.unwrap_or_default();
    let source = result.source.unwrap_or_default();
    text_block(format!(
        "{title} ({source})\n{}",
        joined(result.content, "\n")
    ))
}

fn joined(parts: Option<Vec<TextPart>>, between: &str) -> String {
    let parts = parts.unwrap_or_default();
    let texts: Vec<String> = parts.into_iter().filter_map(|part| part.text).collect();
    texts.join(between)
}

/// A block that only this dialect understands; its type is its only member's name.
pub(super) fn opaque(raw: &RawValue) -> BlockKind {
    let members: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(raw.get()).unwrap_or_default();
    let what = members.keys().next().cloned();
    BlockKind::Opaque {
        origin: DialectId::Bedrock,
        what: what.unwrap_or_else(|| "content".to_owned()),
        raw: RawJson::from(raw.to_owned()),
    }
}
