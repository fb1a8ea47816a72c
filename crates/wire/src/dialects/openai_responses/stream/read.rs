//! The members of the events that are read.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::super::openai::lenient;
use super::super::logprobs::TokenIn;

/// What decides how an event is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Kind<'a> {
    #[serde(rename = "type", borrow)]
    pub(super) kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

/// A piece of a text, or of arguments, or the whole at its end.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Piece {
    #[serde(deserialize_with = "lenient::text")]
    pub(super) item_id: Option<String>,
    #[serde(deserialize_with = "lenient::count")]
    pub(super) output_index: Option<u64>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) delta: Option<String>,
    /// The whole, by the names it has in the events that end a piece.
    #[serde(deserialize_with = "lenient::text")]
    pub(super) arguments: Option<String>,
    #[serde(deserialize_with = "lenient::text")]
    pub(super) input: Option<String>,
    #[serde(deserialize_with = "lenient::or_none")]
    pub(super) logprobs: Option<Vec<TokenIn>>,
}

/// An item that begins or ends.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ItemEvent<'a> {
    #[serde(deserialize_with = "lenient::count")]
    pub(super) output_index: Option<u64>,
    #[serde(borrow)]
    pub(super) item: Option<&'a RawValue>,
}

/// The members of an item that a stream needs before it is complete.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ItemHead {
    #[serde(rename = "type", deserialize_with = "lenient::some_text")]
    pub(super) kind: Option<String>,
    #[serde(deserialize_with = "lenient::some_text")]
    pub(super) id: Option<String>,
    #[serde(deserialize_with = "lenient::some_text")]
    pub(super) call_id: Option<String>,
    #[serde(deserialize_with = "lenient::some_text")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "lenient::some_text")]
    pub(super) encrypted_content: Option<String>,
}

/// An event that holds the answer so far.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResponseEvent<'a> {
    #[serde(borrow)]
    pub(super) response: Option<&'a RawValue>,
}
