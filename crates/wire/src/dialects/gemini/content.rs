//! `Content` and `Part`, the same in requests, answers and streams (Gemini API reference).

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::proto::{Many, camel};
use crate::canonical::RawJson;

/// One turn: who speaks, and what.
#[derive(Debug, Default, Serialize)]
pub(super) struct Content<'a> {
    #[serde(skip_serializing_if = "Many::is_empty")]
    pub(super) parts: Many<Part<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<Cow<'a, str>>,
}

/// One piece of a turn. Exactly one of the data members is set; the rest are attributes.
#[derive(Debug, Default)]
pub(super) struct Part<'a> {
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) inline_data: Option<Blob<'a>>,
    pub(super) file_data: Option<FileData<'a>>,
    pub(super) function_call: Option<FunctionCall<'a>>,
    pub(super) function_response: Option<FunctionResponse<'a>>,
    pub(super) thought: Option<bool>,
    pub(super) thought_signature: Option<Cow<'a, str>>,
    pub(super) media_resolution: Option<MediaResolution<'a>>,
    /// Every other member by its camel case name.
    pub(super) other: Vec<(Cow<'a, str>, RawJson)>,
}

/// A medium in base64.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Blob<'a> {
    #[serde(alias = "mime_type", skip_serializing_if = "Option::is_none")]
    pub(super) mime_type: Option<Cow<'a, str>>,
    pub(super) data: Option<Cow<'a, str>>,
    #[serde(alias = "display_name", skip_serializing)]
    pub(super) display_name: Option<String>,
}

/// A medium by its URI.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FileData<'a> {
    #[serde(alias = "mime_type", skip_serializing_if = "Option::is_none")]
    pub(super) mime_type: Option<Cow<'a, str>>,
    #[serde(alias = "file_uri")]
    pub(super) file_uri: Option<Cow<'a, str>>,
    #[serde(alias = "display_name", skip_serializing)]
    pub(super) display_name: Option<String>,
}

/// How finely a medium is read.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct MediaResolution<'a> {
    pub(super) level: Option<Cow<'a, str>>,
}

/// The model calls a function.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct FunctionCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) args: Option<RawJson>,
}

/// What the function returned.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct FunctionResponse<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) response: Option<RawJson>,
    #[serde(skip_serializing_if = "Many::is_empty")]
    pub(super) parts: Many<Part<'a>>,
}

// === impl Content ===

impl<'a> Content<'a> {
    /// What `role` says.
    pub(super) fn new(role: &'static str, parts: Vec<Part<'a>>) -> Self {
        Self {
            parts: Many(parts),
            role: Some(Cow::Borrowed(role)),
        }
    }
}

impl<'de> Deserialize<'de> for Content<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a content object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut content = Content::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "parts" => content.parts = map.next_value()?,
                "role" => content.role = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(content)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content {
            parts: Many(vec![Part::text(text.to_owned())]),
            role: None,
        })
    }
}

// === impl Part ===

impl<'a> Part<'a> {
    /// A text part.
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::default()
        }
    }

    /// A part that carries nothing but a signature, as the API streams one.
    pub(super) fn signature(signature: impl Into<Cow<'a, str>>) -> Self {
        Self {
            thought_signature: Some(signature.into()),
            ..Self::text("")
        }
    }

    /// Whether a signature that stands before this part can be put on it.
    pub(super) fn takes_signature(&self) -> bool {
        self.thought_signature.is_none() && self.thought.is_none()
    }
}

impl<'de> Deserialize<'de> for Part<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut part = Part::default();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "text" => part.text = map.next_value()?,
                "inlineData" | "inline_data" => part.inline_data = map.next_value()?,
                "fileData" | "file_data" => part.file_data = map.next_value()?,
                "functionCall" | "function_call" => part.function_call = map.next_value()?,
                "functionResponse" | "function_response" => {
                    part.function_response = map.next_value()?;
                }
                "thought" => part.thought = map.next_value()?,
                "thoughtSignature" | "thought_signature" => {
                    part.thought_signature = map.next_value()?;
                }
                "mediaResolution" | "media_resolution" => {
                    part.media_resolution = map.next_value()?;
                }
                _ => {
                    let name = camel(&key).into_owned();
                    if let Some(raw) = map.next_value::<Option<RawJson>>()? {
                        part.other.push((name.into(), raw));
                    }
                }
            }
        }
        Ok(part)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Part::text(text.to_owned()))
    }
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn put<M: SerializeMap>(
            map: &mut M,
            name: &str,
            value: Option<&impl Serialize>,
        ) -> Result<(), M::Error> {
            value.map_or(Ok(()), |value| map.serialize_entry(name, value))
        }
        let mut map = serializer.serialize_map(None)?;
        put(&mut map, "text", self.text.as_ref())?;
        put(&mut map, "inlineData", self.inline_data.as_ref())?;
        put(&mut map, "fileData", self.file_data.as_ref())?;
        put(&mut map, "functionCall", self.function_call.as_ref())?;
        put(
            &mut map,
            "functionResponse",
            self.function_response.as_ref(),
        )?;
        for (name, raw) in &self.other {
            map.serialize_entry(name, raw)?;
        }
        put(&mut map, "mediaResolution", self.media_resolution.as_ref())?;
        put(&mut map, "thought", self.thought.as_ref())?;
        put(
            &mut map,
            "thoughtSignature",
            self.thought_signature.as_ref(),
        )?;
        map.end()
    }
}
