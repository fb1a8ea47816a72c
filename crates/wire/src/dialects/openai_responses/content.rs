//! Reads the content of messages and of tool results: a string or a list of parts.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::openai::body::{invalid, missing};
use super::media::MediaIn;
use crate::canonical::{Block, BlockKind, CacheControl, RawJson};
use crate::dialect::{DialectId, TranslateError};

/// What a part of an unknown type is called, as opposed to an item of one.
pub(super) const PART: &str = "content.";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TypeIn {
    #[serde(rename = "type")]
    kind: Option<String>,
}

/// The members of parts that are text.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a content part object")]
struct TextIn<'a> {
    text: Option<String>,
    refusal: Option<String>,
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MarkerIn {
    prompt_cache_breakpoint: Option<IgnoredAny>,
}

/// The blocks of `raw`; `place` names it in an error.
pub(super) fn decode(raw: Option<&RawValue>, place: &str) -> Result<Vec<Block>, TranslateError> {
    let Some(raw) = raw else {
        return Ok(Vec::new());
    };
    match raw.get().as_bytes().first() {
        Some(b'n') => Ok(Vec::new()),
        Some(b'"') => {
            let text: String = serde_json::from_str(raw.get()).map_err(|e| invalid(place, &e))?;
            Ok(vec![Block::text(text)])
        }
        _ => {
            let parts: Vec<&RawValue> =
                serde_json::from_str(raw.get()).map_err(|e| invalid(place, &e))?;
            let parts = parts.into_iter().enumerate();
            parts
                .map(|(index, part)| decode_part(part, &format!("{place}[{index}]")))
                .collect()
        }
    }
}

/// All the text of `raw`, paragraph by paragraph; for reasoning.
pub(super) fn text(raw: Option<&RawValue>) -> String {
    let parts: Option<Vec<TextIn<'_>>> = raw.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let texts = parts.into_iter().flatten().filter_map(|part| part.text);
    texts.collect::<Vec<_>>().join(super::PARAGRAPH)
}

fn decode_part(raw: &RawValue, place: &str) -> Result<Block, TranslateError> {
    // A bare string among the parts is text.
    if raw.get().starts_with('"') {
        let text: String = serde_json::from_str(raw.get()).map_err(|e| invalid(place, &e))?;
        return Ok(Block::text(text));
    }
    let TypeIn { kind } = serde_json::from_str(raw.get()).map_err(|e| invalid(place, &e))?;
    let kind = kind.as_deref().unwrap_or("input_text");
    let decoded = match kind {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => {
            let part: TextIn<'_> = read(raw, place)?;
            part.text.map(|text| BlockKind::Text {
                text,
                citations: citations(part.annotations),
            })
        }
        "refusal" => {
            let part: TextIn<'_> = read(raw, place)?;
            part.refusal.map(|text| BlockKind::Refusal { text })
        }
        "input_image" | "input_file" | "input_audio" => {
            read::<MediaIn>(raw, place)?.into_block(kind)
        }
        other => Some(BlockKind::Opaque {
            origin: DialectId::OpenAiResponses,
            what: format!("{PART}{other}"),
            raw: raw.to_owned().into(),
        }),
    };
    let MarkerIn {
        prompt_cache_breakpoint: marker,
    } = read(raw, place)?;
    Ok(Block {
        kind: decoded.ok_or_else(|| missing(format!("{place}.{}", needed(kind))))?,
        // OpenAI's own lifetimes mean nothing elsewhere.
        cache: marker.map(|_| CacheControl::default()),
    })
}

fn read<'a, T: Deserialize<'a>>(raw: &'a RawValue, place: &str) -> Result<T, TranslateError> {
    serde_json::from_str(raw.get()).map_err(|e| invalid(place, &e))
}

/// The member that a part of this type cannot do without.
fn needed(kind: &str) -> &'static str {
    match kind {
        "refusal" => "refusal",
        "input_image" => "image_url",
        "input_file" => "file_data",
        "input_audio" => "input_audio",
        _ => "text",
    }
}

fn citations(annotations: Option<&RawValue>) -> Option<RawJson> {
    annotations
        .filter(|raw| !matches!(raw.get(), "null" | "[]"))
        .map(|raw| raw.to_owned().into())
}
