//! Parts as blocks, and the values inside calls and results.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::content::{FunctionCall, FunctionResponse, Part};
use super::losses::Losses;
use super::media;
use super::model::Model;
use crate::canonical::{Block, BlockKind, RawJson};
use crate::dialect::DialectId;
use crate::json;

/// What a part is.
pub(super) enum Piece {
    /// A summary of the model's reasoning.
    Thought(String),
    /// Text.
    Text(String),
    /// A medium.
    Media(BlockKind),
    /// A call.
    Call(FunctionCall<'static>),
    /// A call's result.
    Result(FunctionResponse<'static>),
    /// Something only Gemini understands: a run of code, a tool of Google's own.
    Opaque {
        /// The member that names it.
        what: String,
        /// The part.
        raw: RawJson,
    },
    /// Nothing, though there may be a signature on it.
    Nothing,
}

/// Where arguments go that are no JSON object, and where a result goes that is none.
const ARGUMENTS: &str = "arguments";
const RESULT: &str = "result";
const ERROR: &str = "error";

/// Takes a part apart: what it is, and the signature on it. Attributes that say nothing to other
/// models (`videoMetadata`) are named in `unmapped`.
pub(super) fn piece(part: Part<'static>, unmapped: &mut Vec<String>) -> (Piece, Option<String>) {
    let signature = part.thought_signature.map(Cow::into_owned);
    let resolution = part.media_resolution.as_ref();
    let piece = if let Some(text) = part.text {
        match part.thought {
            Some(true) => Piece::Thought(text.into_owned()),
            _ => Piece::Text(text.into_owned()),
        }
    } else if let Some(blob) = part.inline_data {
        Piece::Media(media::from_blob(blob, resolution))
    } else if let Some(file) = part.file_data {
        Piece::Media(media::from_file(file, resolution))
    } else if let Some(call) = part.function_call {
        Piece::Call(call)
    } else if let Some(response) = part.function_response {
        Piece::Result(response)
    } else {
        return (opaque(&part.other), signature);
    };
    let names = part.other.iter().map(|(name, _)| name);
    unmapped.extend(names.map(|name| format!("contents.parts.{name}")));
    (piece, signature)
}

fn opaque(members: &[(Cow<'_, str>, RawJson)]) -> Piece {
    let Some((what, _)) = members.first() else {
        return Piece::Nothing;
    };
    let part = Part {
        other: members.to_vec(),
        ..Part::default()
    };
    let raw = RawJson::from_value(&part).and_then(|raw| RawJson::parse(json::compact(raw.get())));
    raw.map_or(Piece::Nothing, |raw| Piece::Opaque {
        what: what.clone().into_owned(),
        raw,
    })
}

/// An opaque block as a part again; `None` when it is another dialect's.
pub(super) fn opaque_part(origin: DialectId, raw: &RawJson) -> Option<Part<'static>> {
    if origin != DialectId::Gemini {
        return None;
    }
    serde_json::from_str(&json::compact(raw.get())).ok()
}

/// A medium as the JSON of its part, for streams, whose events have no media.
pub(super) fn media_raw(kind: &BlockKind) -> Option<RawJson> {
    let part = media::to_part(kind, &Model::parse(""), &mut Losses::default())?;
    RawJson::from_value(&part).ok()
}

/// The arguments of a call as JSON text.
pub(super) fn arguments(args: Option<&RawJson>) -> String {
    args.map_or_else(
        || "{}".to_owned(),
        |raw| json::compact(raw.get()).into_owned(),
    )
}

/// Arguments as the object that the API wants. Text that is no object is kept as its member
/// `arguments`, so that a model which wrote broken JSON sees what it wrote.
pub(super) fn arguments_object(text: &str) -> Option<RawJson> {
    if text.trim().is_empty() {
        return RawJson::parse("{}").ok();
    }
    object(text).or_else(|| wrap(ARGUMENTS, text))
}

/// The text and media of a result, and whether it is an error. The documented members `output`
/// and `error`, and the customary `result`, are unwrapped when they hold nothing but text.
pub(super) fn result_content(response: FunctionResponse<'static>) -> (Vec<Block>, bool) {
    let mut is_error = false;
    let mut content = Vec::new();
    if let Some(raw) = &response.response {
        let text = match only_text_member(raw) {
            Some((name, text)) => {
                is_error = name == ERROR;
                text
            }
            None => json::compact(raw.get()).into_owned(),
        };
        content.push(Block::text(text));
    }
    for part in response.parts.0 {
        if let (Piece::Media(kind), _) = piece(part, &mut Vec::new()) {
            content.push(Block::new(kind));
        }
    }
    (content, is_error)
}

/// A result's text as the object that the API wants.
pub(super) fn result_object(text: &str, is_error: bool) -> Option<RawJson> {
    match (is_error, object(text)) {
        (false, Some(object)) => Some(object),
        (false, None) => wrap(RESULT, text),
        (true, Some(object)) => wrap(ERROR, &object),
        (true, None) => wrap(ERROR, text),
    }
}

fn only_text_member(raw: &RawJson) -> Option<(String, String)> {
    let object: std::collections::BTreeMap<String, &RawValue> =
        serde_json::from_str(raw.get()).ok()?;
    let mut members = object.into_iter();
    let (Some((name, value)), None) = (members.next(), members.next()) else {
        return None;
    };
    let known = matches!(&*name, "output" | RESULT | ERROR);
    let text = serde_json::from_str(value.get()).ok()?;
    known.then_some((name, text))
}

fn object(text: &str) -> Option<RawJson> {
    let text = text.trim();
    if !text.starts_with('{') {
        return None;
    }
    RawJson::parse(json::compact(text)).ok()
}

fn wrap(name: &str, value: &(impl Serialize + ?Sized)) -> Option<RawJson> {
    RawJson::from_value(&std::collections::BTreeMap::from([(name, value)])).ok()
}
