//! The shape of a message as it is written.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::super::media::{DocumentOut, ImageOut};
use super::super::tools::CallOut;
use crate::canonical::RawJson;

/// One message for an upstream.
#[derive(Debug, Default, Serialize)]
pub(super) struct MessageOut<'a> {
    pub(super) role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<ContentOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_plan: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<CallOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_call_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) citations: Option<&'a RawJson>,
}

/// Written as a string where there is but one text, else as a list.
#[derive(Debug, Default)]
pub(super) struct ContentOut<'a>(pub(super) Vec<PartOut<'a>>);

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum PartOut<'a> {
    Known(Part<'a>),
    /// A part of this dialect, as it came.
    Raw(&'a RawJson),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part<'a> {
    Text { text: Cow<'a, str> },
    Thinking { thinking: &'a str },
    ImageUrl { image_url: ImageOut<'a> },
    Document { document: DocumentOut<'a> },
}

// === impl PartOut ===

impl<'a> PartOut<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Known(Part::Text { text: text.into() })
    }
}

// === impl ContentOut ===

impl Serialize for ContentOut<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0[..] {
            [] => to.serialize_str(""),
            [PartOut::Known(Part::Text { text })] => to.serialize_str(text),
            parts => parts.serialize(to),
        }
    }
}
