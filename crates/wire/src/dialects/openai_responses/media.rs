//! Pictures, files and recordings as content parts.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::super::openai::media::{Location, audio_format, audio_mime, from_url, image_type};
use super::super::openai::model::Model;
use crate::canonical::{BlockKind, Media, MediaSource};

/// The members of media parts, as a client sends them.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, expecting = "a content part object")]
pub(super) struct MediaIn {
    image_url: Option<UrlIn>,
    file_url: Option<String>,
    file_data: Option<String>,
    file_id: Option<String>,
    filename: Option<String>,
    detail: Option<String>,
    input_audio: Option<AudioIn>,
}

/// A URL, or the object around it that the chat API has.
#[derive(Debug)]
struct UrlIn(String);

#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, expecting = "an object with audio data")]
struct AudioIn {
    data: String,
    format: Option<String>,
}

/// A media part for an upstream.
#[derive(Debug, serde::Serialize)]
#[serde(tag = "type")]
pub(super) enum MediaOut<'a> {
    #[serde(rename = "input_image")]
    Image {
        #[serde(skip_serializing_if = "Option::is_none")]
        image_url: Option<Location<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_id: Option<&'a str>,
        detail: &'a str,
    },
    #[serde(rename = "input_file")]
    File {
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_data: Option<Location<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        file_url: Option<&'a str>,
    },
    #[serde(rename = "input_audio")]
    Audio { input_audio: AudioOut<'a> },
}

#[derive(Debug, serde::Serialize)]
pub(super) struct AudioOut<'a> {
    data: &'a str,
    format: &'a str,
}

// === impl MediaIn ===

impl MediaIn {
    /// The block for a part of type `kind`; `None` when the member is missing that it needs.
    pub(super) fn into_block(self, kind: &str) -> Option<BlockKind> {
        if kind == "input_audio" {
            return self.input_audio.map(AudioIn::into_block);
        }
        let url = self.image_url.map(|UrlIn(url)| url).or(self.file_url);
        let media = match (url, self.file_data, self.file_id) {
            (Some(url), _, _) => from_url(&url),
            (None, Some(data), _) if data.starts_with("data:") || data.starts_with("http") => {
                from_url(&data)
            }
            (None, Some(data), _) => Media {
                source: MediaSource::Base64(data),
                ..Media::default()
            },
            (None, None, Some(id)) => Media {
                source: MediaSource::File(id),
                ..Media::default()
            },
            (None, None, None) => return None,
        };
        let media = Media {
            title: self.filename,
            ..media
        };
        if kind == "input_image" {
            return Some(BlockKind::Image(Media {
                detail: self.detail,
                ..media
            }));
        }
        let family = media
            .mime
            .as_deref()
            .and_then(|mime| mime.split('/').next());
        Some(match family {
            Some("image") => BlockKind::Image(media),
            Some("audio") => BlockKind::Audio(media),
            Some("video") => BlockKind::Video(media),
            _ => BlockKind::Document(media),
        })
    }
}

impl AudioIn {
    fn into_block(self) -> BlockKind {
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

impl<'de> Deserialize<'de> for UrlIn {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct UrlVisitor;

        #[derive(serde::Deserialize)]
        struct Wrapped {
            url: String,
        }

        impl<'de> Visitor<'de> for UrlVisitor {
            type Value = UrlIn;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a URL")
            }

            fn visit_str<E>(self, url: &str) -> Result<UrlIn, E> {
                Ok(UrlIn(url.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<UrlIn, A::Error> {
                let Wrapped { url } = Wrapped::deserialize(MapAccessDeserializer::new(map))?;
                Ok(UrlIn(url))
            }
        }

        from.deserialize_any(UrlVisitor)
    }
}

// === impl MediaOut ===

impl<'a> MediaOut<'a> {
    /// The part for an image; `None` when the API has no way to say it.
    pub(super) fn image(media: &'a Media) -> Option<Self> {
        let (image_url, file_id) = match &media.source {
            MediaSource::Url(url) => (Some(Location::Url(url)), None),
            MediaSource::Base64(base64) => {
                let mime = media.mime.as_deref().unwrap_or_else(|| image_type(base64));
                (Some(Location::Data { mime, base64 }), None)
            }
            MediaSource::File(id) => (None, Some(own_file(id)?)),
            MediaSource::Text(_) => return None,
        };
        Some(Self::Image {
            image_url,
            file_id,
            // Required (API reference, input image).
            detail: media.detail.as_deref().unwrap_or("auto"),
        })
    }

    /// The part for a document that is no plain text.
    pub(super) fn document(media: &'a Media) -> Option<Self> {
        let (mut file_data, mut file_id, mut file_url) = (None, None, None);
        match &media.source {
            MediaSource::Url(url) => file_url = Some(url.as_str()),
            MediaSource::Base64(base64) => {
                let mime = media.mime.as_deref().unwrap_or("application/pdf");
                file_data = Some(Location::Data { mime, base64 });
            }
            MediaSource::File(id) => file_id = Some(own_file(id)?),
            MediaSource::Text(_) => return None,
        }
        // OpenAI refuses file data that has no name.
        let unnamed = file_data.is_some().then_some("document.pdf");
        Some(Self::File {
            filename: media.title.as_deref().or(unnamed),
            file_data,
            file_id,
            file_url,
        })
    }

    /// The part for a recording, which OpenAI's own models do not take here.
    pub(super) fn audio(media: &'a Media, model: Model) -> Option<Self> {
        match &media.source {
            MediaSource::Base64(data) if !model.is_own() => Some(Self::Audio {
                input_audio: AudioOut {
                    data,
                    format: audio_format(media.mime.as_deref()),
                },
            }),
            _ => None,
        }
    }
}

/// Google's files have URIs, Anthropic's an underscore in their ids.
fn own_file(id: &str) -> Option<&str> {
    (!id.contains('/') && !id.starts_with("file_")).then_some(id)
}
