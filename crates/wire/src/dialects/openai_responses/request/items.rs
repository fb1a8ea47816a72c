//! Items as they are written for an upstream.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::super::media::MediaOut;
use crate::canonical::RawJson;

/// An item for an upstream.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Entry<'a> {
    Item(ItemOut<'a>),
    /// One of this dialect, as it came.
    Raw(&'a RawJson),
}

/// An item that has a canonical form.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ItemOut<'a> {
    Message {
        role: &'static str,
        content: ContentOut<'a>,
    },
    Reasoning {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        summary: Vec<TextOut<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<[TextOut<'a>; 1]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<&'a str>,
    },
    FunctionCall {
        call_id: Cow<'a, str>,
        name: &'a str,
        arguments: &'a str,
    },
    CustomToolCall {
        call_id: Cow<'a, str>,
        name: &'a str,
        input: &'a str,
    },
    FunctionCallOutput {
        call_id: Cow<'a, str>,
        output: ContentOut<'a>,
    },
    CustomToolCallOutput {
        call_id: Cow<'a, str>,
        output: ContentOut<'a>,
    },
}

/// Content: a string where it is nothing but one text.
#[derive(Debug)]
pub(super) struct ContentOut<'a>(pub(super) Vec<PartOut<'a>>);

/// A content part for an upstream.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum PartOut<'a> {
    Text(TextOut<'a>),
    Refusal {
        r#type: &'static str,
        refusal: &'a str,
    },
    Media(MediaOut<'a>),
    Raw(&'a RawJson),
}

/// A part that is text.
#[derive(Debug, Serialize)]
pub(super) struct TextOut<'a> {
    pub(super) r#type: &'static str,
    pub(super) text: Cow<'a, str>,
}

// === impl ContentOut ===

impl Serialize for ContentOut<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [] => to.serialize_str(""),
            [PartOut::Text(part)] => to.serialize_str(&part.text),
            parts => parts.serialize(to),
        }
    }
}
