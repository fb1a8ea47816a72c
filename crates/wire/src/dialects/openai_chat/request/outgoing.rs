//! The shape of a message as it is written.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use super::super::response::ThinkingBlockOut;
use super::super::tools::CacheControlOut;
use super::media::{Part, Text};
use crate::canonical::RawJson;

/// One message for an upstream.
#[derive(Debug, Default, Serialize)]
pub(super) struct MessageOut<'a> {
    pub(super) role: &'static str,
    pub(super) content: ContentOut<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_call_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) audio: Option<&'a RawJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) thinking_blocks: Vec<ThinkingBlockOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<ToolCallOut<'a>>,
}

#[derive(Debug, Default)]
pub(super) enum ContentOut<'a> {
    #[default]
    Null,
    Text(Cow<'a, str>),
    Parts(Vec<PartOut<'a>>),
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum PartOut<'a> {
    Known {
        #[serde(flatten)]
        part: Part<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControlOut<'a>>,
    },
    /// A part of this dialect, as it came.
    Raw(&'a RawJson),
}

#[derive(Debug, Serialize)]
pub(super) struct ToolCallOut<'a> {
    pub(super) id: Cow<'a, str>,
    #[serde(flatten)]
    pub(super) call: CallOut<'a>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum CallOut<'a> {
    Function { function: FunctionOut<'a> },
    Custom { custom: CustomOut<'a> },
}

#[derive(Debug, Serialize)]
pub(super) struct FunctionOut<'a> {
    pub(super) name: &'a str,
    pub(super) arguments: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct CustomOut<'a> {
    pub(super) name: &'a str,
    pub(super) input: &'a str,
}

// === impl PartOut ===

impl<'a> PartOut<'a> {
    pub(super) fn plain(part: Part<'a>) -> Self {
        Self::Known {
            part,
            cache_control: None,
        }
    }

    /// The text of a part that is nothing but text.
    pub(super) fn bare_text(&self) -> Option<Text<'a>> {
        match self {
            Self::Known {
                part: Part::Text { text },
                cache_control: None,
            } => Some(text.clone()),
            _ => None,
        }
    }
}

// === impl ContentOut ===

impl Serialize for ContentOut<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Text(text) => to.serialize_str(text),
            Self::Parts(parts) => parts.serialize(to),
        }
    }
}
