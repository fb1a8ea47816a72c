//! Pictures and documents as content.
//!
//! Source: API reference, `Content` (user message) and `Document`.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::canonical::{Media, MediaSource};

/// `image_url`, read and written.
#[derive(Debug, Deserialize)]
pub(super) struct ImageIn {
    url: String,
    detail: Option<String>,
}

/// `image_url` for an upstream.
#[derive(Debug, Serialize)]
pub(super) struct ImageOut<'a> {
    url: Location<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

/// Where a picture is: a URL, or a `data:` URL put together as it is written.
#[derive(Debug)]
pub(super) enum Location<'a> {
    Url(&'a str),
    Data { mime: &'a str, base64: &'a str },
}

/// A document: any members, or just its text.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a string or an object with `data`")]
pub(super) enum DocumentIn {
    Text(String),
    Object {
        data: DataIn,
        #[serde(default)]
        id: Option<String>,
    },
}

/// The reference has an object; Cohere's guide to tool use writes results as JSON in a string.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum DataIn {
    Members(Map<String, Value>),
    Text(String),
}

/// A document for an upstream.
#[derive(Debug, Serialize)]
pub(super) struct DocumentOut<'a> {
    data: DataOut<'a>,
}

#[derive(Debug, Serialize)]
struct DataOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    text: Cow<'a, str>,
}

// === impl ImageIn ===

impl ImageIn {
    pub(super) fn into_media(self) -> Media {
        Media {
            detail: self.detail,
            ..Media::from_url(&self.url)
        }
    }
}

// === impl ImageOut ===

impl<'a> ImageOut<'a> {
    /// The picture; `None` when the API has no way to say where it is.
    pub(super) fn new(media: &'a Media) -> Option<Self> {
        Some(Self {
            url: Location::of_image(media)?,
            detail: media.detail.as_deref(),
        })
    }
}

// === impl Location ===

impl<'a> Location<'a> {
    /// Where the picture is; `None` when the API has no way to say it.
    pub(super) fn of_image(media: &'a Media) -> Option<Self> {
        match &media.source {
            MediaSource::Url(url) => Some(Self::Url(url)),
            MediaSource::Base64(base64) => Some(Self::Data {
                mime: media.mime.as_deref().unwrap_or_else(|| image_type(base64)),
                base64,
            }),
            MediaSource::File(_) | MediaSource::Text(_) => None,
        }
    }
}

/// The type of a picture from its first bytes, for origins that do not tell.
fn image_type(base64: &str) -> &'static str {
    match base64.get(..4) {
        Some("/9j/") => "image/jpeg",
        Some("R0lG") => "image/gif",
        Some("UklG") => "image/webp",
        _ => "image/png",
    }
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url),
            Self::Data { mime, base64 } => write!(f, "data:{mime};base64,{base64}"),
        }
    }
}

impl Serialize for Location<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

// === impl DocumentIn ===

impl DocumentIn {
    /// The document as text, and whether it had an id, for which there is no place.
    pub(super) fn into_media(self) -> (Media, bool) {
        let (data, had_id) = match self {
            Self::Text(text) => return (text_media(text, None), false),
            Self::Object { data, id } => (data, id.is_some()),
        };
        let mut data = match data {
            DataIn::Text(text) => return (text_media(text, None), had_id),
            DataIn::Members(data) => data,
        };
        let title = match data.get("title") {
            Some(Value::String(_)) => data.remove("title"),
            _ => None,
        };
        let title = title.and_then(|title| title.as_str().map(str::to_owned));
        (text_media(body_text(data), title), had_id)
    }

    /// The document as the JSON it is, or as the text it is.
    pub(super) fn into_json(self) -> String {
        match self {
            Self::Text(text)
            | Self::Object {
                data: DataIn::Text(text),
                ..
            } => text,
            Self::Object {
                data: DataIn::Members(data),
                ..
            } => Value::Object(data).to_string(),
        }
    }
}

fn text_media(text: String, title: Option<String>) -> Media {
    Media {
        source: MediaSource::Text(text),
        mime: Some("text/plain".to_owned()),
        title,
        detail: None,
    }
}

/// The members as text: the text proper, or one line for each.
fn body_text(mut data: Map<String, Value>) -> String {
    if data.len() == 1
        && let Some(Value::String(text)) = data.get_mut("text")
    {
        return std::mem::take(text);
    }
    let lines = data.iter().map(|(name, value)| match value {
        Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

// === impl DocumentOut ===

impl<'a> DocumentOut<'a> {
    /// The document; `None` when it is not text, or not here.
    pub(super) fn new(media: &'a Media) -> Option<Self> {
        Some(Self {
            data: DataOut {
                title: media.title.as_deref(),
                text: document_text(media)?,
            },
        })
    }

    /// The document as text under its title.
    pub(super) fn into_text(self) -> Cow<'a, str> {
        match self.data.title {
            Some(title) => Cow::Owned(format!("{title}\n\n{}", self.data.text)),
            None => self.data.text,
        }
    }
}

fn document_text(media: &Media) -> Option<Cow<'_, str>> {
    match &media.source {
        MediaSource::Text(text) => Some(Cow::Borrowed(text)),
        MediaSource::Base64(data) if media.mime.as_deref().is_some_and(is_text) => {
            String::from_utf8(STANDARD.decode(data).ok()?)
                .ok()
                .map(Cow::Owned)
        }
        MediaSource::Base64(_) | MediaSource::Url(_) | MediaSource::File(_) => None,
    }
}

fn is_text(mime: &str) -> bool {
    let kind = mime.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/") || matches!(kind, "application/json" | "application/xml")
}
