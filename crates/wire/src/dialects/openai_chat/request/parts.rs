//! The content of a message as it comes: a string or a list of parts.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::super::openai::media::{audio_mime, from_url};
use super::super::tools::CacheControlIn;
use crate::canonical::{Block, BlockKind, CacheControl, Media, MediaSource};
use crate::dialect::DialectId;

/// `content`: absent, a string, or parts. Some servers answer with a single part instead of a
/// list.
#[derive(Debug, Default)]
pub(crate) enum Content<'a> {
    /// Absent or null.
    #[default]
    Absent,
    /// A string.
    Text(String),
    /// Parts, not yet read.
    Parts(Vec<&'a RawValue>),
}

/// One part, with the members of every kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "a content part object")]
struct PartIn<'a> {
    #[serde(rename = "type")]
    kind: Option<String>,
    text: Option<String>,
    refusal: Option<String>,
    image_url: Option<UrlIn>,
    video_url: Option<UrlIn>,
    audio_url: Option<UrlIn>,
    input_audio: Option<AudioIn>,
    file: Option<FileIn>,
    /// Mistral: the reasoning, as parts or as a string.
    #[serde(borrow)]
    thinking: Content<'a>,
    cache_control: Option<CacheControlIn>,
    /// OpenAI's own explicit breakpoint.
    prompt_cache_breakpoint: Option<CacheControlIn>,
}

/// `{"url": ..}`, or just the URL.
#[derive(Debug, Default)]
struct UrlIn(UrlMembers);

#[derive(Debug, Default, Deserialize)]
#[serde(expecting = "an object with a url")]
struct UrlMembers {
    url: String,
    #[serde(default)]
    detail: Option<String>,
    /// LiteLLM: the MIME type.
    #[serde(default)]
    format: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with audio data")]
struct AudioIn {
    data: String,
    #[serde(default)]
    format: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, expecting = "an object with a file's data or id")]
struct FileIn {
    file_data: Option<String>,
    file_id: Option<String>,
    filename: Option<String>,
    /// LiteLLM: the MIME type.
    format: Option<String>,
}

// === impl Content ===

impl Content<'_> {
    /// The blocks of this content; `place` is the index of a part at fault.
    pub(crate) fn into_blocks(self) -> Result<Vec<Block>, (usize, serde_json::Error)> {
        match self {
            Self::Absent => Ok(Vec::new()),
            Self::Text(text) if text.is_empty() => Ok(Vec::new()),
            Self::Text(text) => Ok(vec![Block::text(text)]),
            Self::Parts(parts) => {
                let parts = parts.into_iter().enumerate();
                parts
                    .map(|(index, raw)| decode_part(raw).map_err(|e| (index, e)))
                    .collect()
            }
        }
    }

    /// Whether it says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Absent => true,
            Self::Text(text) => text.is_empty(),
            Self::Parts(parts) => parts.is_empty(),
        }
    }

    /// All the text of this content, of whatever kind its parts are.
    pub(crate) fn into_text(self) -> String {
        let Ok(blocks) = self.into_blocks() else {
            return String::new();
        };
        blocks.iter().filter_map(Block::as_text).collect()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ContentVisitor<'a>(std::marker::PhantomData<&'a ()>);

        impl<'de: 'a, 'a> Visitor<'de> for ContentVisitor<'a> {
            type Value = Content<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of content parts")
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Content::Absent)
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Content::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Content::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut parts = Vec::new();
                while let Some(part) = seq.next_element::<&'de RawValue>()? {
                    parts.push(part);
                }
                Ok(Content::Parts(parts))
            }
        }

        from.deserialize_any(ContentVisitor(std::marker::PhantomData))
    }
}

fn decode_part(raw: &RawValue) -> Result<Block, serde_json::Error> {
    // A bare string among the parts is text.
    if raw.get().starts_with('"') {
        return serde_json::from_str::<String>(raw.get()).map(Block::text);
    }
    let part: PartIn<'_> = serde_json::from_str(raw.get())?;
    let cache = part.cache_control.map(CacheControl::from);
    // OpenAI's own lifetimes mean nothing elsewhere.
    let own = part.prompt_cache_breakpoint;
    let cache = cache.or_else(|| own.map(|_| CacheControl::default()));
    let kind = part.kind.as_deref().unwrap_or("text");
    let known = match kind {
        "text" => part.text.map(|text| BlockKind::Text {
            text,
            citations: None,
        }),
        "refusal" => part.refusal.map(|text| BlockKind::Refusal { text }),
        "image_url" => part.image_url.map(|url| BlockKind::Image(url.into_media())),
        "video_url" => part.video_url.map(|url| BlockKind::Video(url.into_media())),
        "audio_url" => part.audio_url.map(|url| BlockKind::Audio(url.into_media())),
        "input_audio" => part.input_audio.map(AudioIn::into_block),
        "file" => part.file.map(FileIn::into_block),
        "thinking" => Some(BlockKind::Thinking {
            text: part.thinking.into_text(),
            signature: None,
        }),
        other => Some(BlockKind::Opaque {
            origin: DialectId::OpenAiChat,
            what: other.to_owned(),
            raw: raw.to_owned().into(),
        }),
    };
    match known {
        Some(kind) => Ok(Block { kind, cache }),
        None => Err(serde::de::Error::custom(format_args!(
            "missing member `{kind}` of a content part of type '{kind}'"
        ))),
    }
}

// === impl UrlIn ===

impl UrlIn {
    fn into_media(self) -> Media {
        let Self(UrlMembers {
            url,
            detail,
            format,
        }) = self;
        let media = from_url(&url);
        Media {
            mime: format.or(media.mime),
            detail,
            ..media
        }
    }
}

impl<'de> Deserialize<'de> for UrlIn {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct UrlVisitor;

        impl<'de> Visitor<'de> for UrlVisitor {
            type Value = UrlIn;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a url")
            }

            fn visit_str<E>(self, url: &str) -> Result<UrlIn, E> {
                Ok(UrlIn(UrlMembers {
                    url: url.to_owned(),
                    ..UrlMembers::default()
                }))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<UrlIn, A::Error> {
                UrlMembers::deserialize(serde::de::value::MapAccessDeserializer::new(map))
                    .map(UrlIn)
            }
        }

        from.deserialize_any(UrlVisitor)
    }
}

// === impl AudioIn ===

impl AudioIn {
    fn into_block(self) -> BlockKind {
        // Some clients send a whole data URL where bare base64 belongs.
        if self.data.starts_with("data:") {
            return BlockKind::Audio(Media::from_url(&self.data));
        }
        let mime = self.format.as_deref().map(audio_mime);
        BlockKind::Audio(Media {
            source: MediaSource::Base64(self.data),
            mime,
            ..Media::default()
        })
    }
}

// === impl FileIn ===

impl FileIn {
    fn into_block(self) -> BlockKind {
        let media = match (self.file_data, self.file_id) {
            (Some(data), _) if data.starts_with("data:") || data.starts_with("http") => {
                from_url(&data)
            }
            (Some(data), _) => Media {
                source: MediaSource::Base64(data),
                ..Media::default()
            },
            // LiteLLM lets a URL stand for an id.
            (None, Some(id)) if id.starts_with("http") => from_url(&id),
            (None, id) => Media {
                source: MediaSource::File(id.unwrap_or_default()),
                ..Media::default()
            },
        };
        let media = Media {
            mime: self.format.or(media.mime),
            title: self.filename,
            ..media
        };
        match media.mime.as_deref().and_then(|m| m.split('/').next()) {
            Some("image") => BlockKind::Image(media),
            Some("audio") => BlockKind::Audio(media),
            Some("video") => BlockKind::Video(media),
            _ => BlockKind::Document(media),
        }
    }
}
