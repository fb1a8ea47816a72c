//! Reads content blocks, of requests and of answers.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::media::{self, DocumentSource};
use super::read;
use crate::canonical::{Block, BlockKind, CacheControl, Media, MediaSource, RawJson};
use crate::dialect::{DialectId, TranslateError};
use crate::json;

/// The members of all block types that have a canonical form.
#[derive(Debug, Default, Deserialize)]
struct WireBlock {
    r#type: Option<String>,
    text: Option<String>,
    citations: Option<RawJson>,
    source: Option<RawJson>,
    title: Option<String>,
    context: Option<String>,
    thinking: Option<String>,
    signature: Option<String>,
    data: Option<String>,
    id: Option<String>,
    name: Option<String>,
    input: Option<RawJson>,
    tool_use_id: Option<String>,
    content: Option<RawJson>,
    is_error: Option<bool>,
    cache_control: Option<WireCache>,
}

#[derive(Debug, Default, Deserialize)]
struct TypeOnly {
    r#type: Option<String>,
}

/// `cache_control`, as it is read and written.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WireCache {
    #[serde(default = "ephemeral")]
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<String>,
}

/// Collects what has no canonical form, each name once.
#[derive(Debug, Default)]
pub(super) struct Unmapped(pub(super) Vec<String>);

// === impl Unmapped ===

impl Unmapped {
    pub(super) fn add(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.0.contains(&what) {
            self.0.push(what);
        }
    }
}

// === impl WireCache ===

impl WireCache {
    pub(super) fn of(cache: Option<&CacheControl>) -> Option<Self> {
        cache.map(|cache| Self {
            r#type: ephemeral(),
            ttl: cache.ttl.clone(),
        })
    }

    pub(super) fn into_canonical(self) -> CacheControl {
        CacheControl { ttl: self.ttl }
    }
}

fn ephemeral() -> String {
    "ephemeral".to_owned()
}

/// Reads `content`: a string or a list of blocks.
pub(super) fn decode_content(
    raw: &[u8],
    path: &dyn fmt::Display,
    unmapped: &mut Unmapped,
) -> Result<Vec<Block>, TranslateError> {
    if read::is_string(raw) {
        return Ok(vec![Block::text(read::part::<String>(raw, path)?)]);
    }
    let items = read::items(raw, path)?;
    let mut blocks = Vec::with_capacity(items.len());
    for (at, item) in items.into_iter().enumerate() {
        decode(item, &format_args!("{path}.{at}"), unmapped, &mut blocks)?;
    }
    Ok(blocks)
}

/// Reads one block and appends what it is in canonical form, usually one block.
pub(super) fn decode(
    raw: &RawValue,
    path: &dyn fmt::Display,
    unmapped: &mut Unmapped,
    out: &mut Vec<Block>,
) -> Result<(), TranslateError> {
    let mut block: WireBlock = match read::part(raw.get().as_bytes(), path) {
        Ok(block) => block,
        // A type we do not know may give its members other types than ours have.
        Err(error) => match serde_json::from_str::<TypeOnly>(raw.get()) {
            Ok(TypeOnly { r#type: Some(what) }) if !is_known(&what) => {
                out.push(opaque(what, raw));
                return Ok(());
            }
            _ => return Err(error),
        },
    };
    let cache = block.cache_control.take().map(WireCache::into_canonical);
    let missing = |field: &str| read::required(format!("{path}.{field}"));
    let kind = match block.r#type.as_deref() {
        Some("text") => BlockKind::Text {
            text: block.text.ok_or_else(|| missing("text"))?,
            citations: block.citations.filter(|list| list.get() != "[]"),
        },
        Some("image") => BlockKind::Image(media::decode_image(block.source.as_ref(), path)?),
        Some("document") => {
            let last = out.len();
            document(&block, path, unmapped, out)?;
            if let Some(last) = out.get_mut(last..).and_then(<[Block]>::last_mut) {
                last.cache = cache;
            }
            return Ok(());
        }
        Some("search_result") => search_result(&block, path, unmapped)?,
        Some("thinking") => BlockKind::Thinking {
            text: block.thinking.ok_or_else(|| missing("thinking"))?,
            signature: block.signature.filter(|s| !s.is_empty()),
        },
        Some("redacted_thinking") => BlockKind::RedactedThinking {
            data: block.data.ok_or_else(|| missing("data"))?,
        },
        Some("tool_use") => BlockKind::ToolUse {
            id: block.id.ok_or_else(|| missing("id"))?,
            name: block.name.ok_or_else(|| missing("name"))?,
            arguments: block.input.as_ref().map_or_else(String::new, arguments),
        },
        Some("tool_result") => tool_result(block, path, unmapped)?,
        Some(what) => opaque(what.to_owned(), raw).kind,
        None => return Err(missing("type")),
    };
    out.push(Block { kind, cache });
    Ok(())
}

/// A call's input as the text of its arguments.
fn arguments(input: &RawJson) -> String {
    json::compact(input.get()).into_owned()
}

fn is_known(what: &str) -> bool {
    matches!(
        what,
        "text"
            | "image"
            | "document"
            | "search_result"
            | "thinking"
            | "redacted_thinking"
            | "tool_use"
            | "tool_result"
    )
}

/// A block that only this dialect understands.
pub(super) fn opaque(what: String, raw: &RawValue) -> Block {
    Block::new(BlockKind::Opaque {
        origin: DialectId::Anthropic,
        what,
        raw: RawJson::from(raw.to_owned()),
    })
}

fn tool_result(
    block: WireBlock,
    path: &dyn fmt::Display,
    unmapped: &mut Unmapped,
) -> Result<BlockKind, TranslateError> {
    let content = match &block.content {
        Some(raw) => decode_content(
            raw.get().as_bytes(),
            &format_args!("{path}.content"),
            unmapped,
        )?,
        None => Vec::new(),
    };
    Ok(BlockKind::ToolResult {
        id: block
            .tool_use_id
            .ok_or_else(|| read::required(format!("{path}.tool_use_id")))?,
        name: None,
        content,
        is_error: block.is_error.unwrap_or(false),
    })
}

/// A document becomes one block, or several when its source is a list of blocks: the text of
/// that list as one text document, its pictures after it.
fn document(
    block: &WireBlock,
    path: &dyn fmt::Display,
    unmapped: &mut Unmapped,
    out: &mut Vec<Block>,
) -> Result<(), TranslateError> {
    if block.context.is_some() {
        unmapped.add("messages[].document.context");
    }
    if wants_citations(block.citations.as_ref()) {
        unmapped.add("messages[].document.citations");
    }
    let mut media = match media::decode_document(block.source.as_ref(), path)? {
        DocumentSource::Media(media) => media,
        DocumentSource::Content(content) => {
            let at = format_args!("{path}.source.content").to_string();
            let parts = decode_content(content.get().as_bytes(), &at, unmapped)?;
            let text: Vec<&str> = parts.iter().filter_map(Block::as_text).collect();
            let media = Media {
                source: MediaSource::Text(text.join("\n")),
                mime: Some("text/plain".to_owned()),
                title: block.title.clone(),
                detail: None,
            };
            out.push(Block::new(BlockKind::Document(media)));
            out.extend(parts.into_iter().filter(|part| part.as_text().is_none()));
            return Ok(());
        }
    };
    media.title.clone_from(&block.title);
    out.push(Block::new(BlockKind::Document(media)));
    Ok(())
}

/// A search result becomes its text under its title and source.
fn search_result(
    block: &WireBlock,
    path: &dyn fmt::Display,
    unmapped: &mut Unmapped,
) -> Result<BlockKind, TranslateError> {
    let missing = |field: &str| read::required(format!("{path}.{field}"));
    let content = block.content.as_ref().ok_or_else(|| missing("content"))?;
    let source = block.source.as_ref().ok_or_else(|| missing("source"))?;
    let source: String = read::part(source.get().as_bytes(), &format_args!("{path}.source"))?;
    if wants_citations(block.citations.as_ref()) {
        unmapped.add("messages[].search_result.citations");
    }
    let parts = decode_content(
        content.get().as_bytes(),
        &format_args!("{path}.content"),
        unmapped,
    )?;
    let mut text = format!("{} ({source})", block.title.as_deref().unwrap_or_default());
    for part in parts.iter().filter_map(Block::as_text) {
        text.push('\n');
        text.push_str(part);
    }
    Ok(BlockKind::Text {
        text,
        citations: None,
    })
}

/// Whether a `citations` setting asks for citations in the answer.
fn wants_citations(setting: Option<&RawJson>) -> bool {
    #[derive(Deserialize)]
    struct Setting {
        enabled: Option<bool>,
    }
    setting
        .and_then(|raw| serde_json::from_str::<Setting>(raw.get()).ok())
        .is_some_and(|s| s.enabled == Some(true))
}
