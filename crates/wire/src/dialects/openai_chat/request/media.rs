//! Writes media as content parts.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

use super::super::super::openai::media::{Location, audio_format, image_type};
use super::super::model::Model;
use crate::canonical::{Media, MediaSource};

/// One content part, without its cache marker.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part<'a> {
    Text { text: Text<'a> },
    ImageUrl { image_url: Url<'a> },
    VideoUrl { video_url: Url<'a> },
    AudioUrl { audio_url: Url<'a> },
    InputAudio { input_audio: InputAudio<'a> },
    File { file: File<'a> },
}

/// Text with what introduces it.
#[derive(Debug, Clone)]
pub(super) struct Text<'a> {
    /// A line of its own before the text; usually absent.
    pub(super) title: Option<&'a str>,
    pub(super) text: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Url<'a> {
    url: Location<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

#[derive(Debug, Serialize)]
pub(super) struct InputAudio<'a> {
    data: &'a str,
    format: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct File<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_data: Option<Location<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<&'a str>,
}

/// The part for an image; `None` when the API has no way to say it.
pub(super) fn image(media: &Media) -> Option<Part<'_>> {
    let url = match &media.source {
        MediaSource::Url(url) => Location::Url(url),
        MediaSource::Base64(base64) => Location::Data {
            mime: media.mime.as_deref().unwrap_or_else(|| image_type(base64)),
            base64,
        },
        MediaSource::File(_) | MediaSource::Text(_) => return None,
    };
    Some(Part::ImageUrl {
        image_url: Url {
            url,
            detail: media.detail.as_deref(),
        },
    })
}

/// The part for a document: a `file`, or plain text as the text it is.
pub(super) fn document(media: &Media) -> Option<Part<'_>> {
    let (file_data, file_id) = match &media.source {
        MediaSource::Text(text) => {
            return Some(Part::Text {
                text: Text {
                    title: media.title.as_deref(),
                    text: Cow::Borrowed(text),
                },
            });
        }
        MediaSource::Base64(base64) => {
            let mime = media.mime.as_deref().unwrap_or("application/pdf");
            (Some(Location::Data { mime, base64 }), None)
        }
        // Google's files have URIs, Anthropic's an underscore in their ids.
        MediaSource::File(id) if id.contains('/') || id.starts_with("file_") => return None,
        MediaSource::File(id) => (None, Some(id.as_str())),
        // A `file` part has no URL (API reference, file content part).
        MediaSource::Url(_) => return None,
    };
    // OpenAI refuses file data that has no name.
    let unnamed = file_data.is_some().then_some("document.pdf");
    Some(Part::File {
        file: File {
            filename: media.title.as_deref().or(unnamed),
            file_data,
            file_id,
        },
    })
}

/// The part for a recording. OpenAI takes wav and mp3; other servers may take more.
pub(super) fn audio(media: &Media, model: Model) -> Option<Part<'_>> {
    match &media.source {
        MediaSource::Base64(data) => {
            let format = audio_format(media.mime.as_deref());
            (!model.is_own() || matches!(format, "wav" | "mp3")).then_some(Part::InputAudio {
                input_audio: InputAudio { data, format },
            })
        }
        // vLLM's part; OpenAI has none.
        MediaSource::Url(url) if !model.is_own() => Some(Part::AudioUrl {
            audio_url: Url {
                url: Location::Url(url),
                detail: None,
            },
        }),
        _ => None,
    }
}

/// The part for a film: vLLM's `video_url`. OpenAI has none.
pub(super) fn video(media: &Media, model: Model) -> Option<Part<'_>> {
    let url = match &media.source {
        _ if model.is_own() => return None,
        MediaSource::Url(url) => Location::Url(url),
        MediaSource::Base64(base64) => Location::Data {
            mime: media.mime.as_deref().unwrap_or("video/mp4"),
            base64,
        },
        MediaSource::File(_) | MediaSource::Text(_) => return None,
    };
    Some(Part::VideoUrl {
        video_url: Url { url, detail: None },
    })
}

// === impl Text ===

impl<'a> Text<'a> {
    /// Text without an introduction.
    pub(super) fn plain(text: &'a str) -> Self {
        Self {
            title: None,
            text: Cow::Borrowed(text),
        }
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.title {
            Some(title) => write!(f, "{title}\n\n{}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.title {
            Some(_) => to.collect_str(self),
            None => to.serialize_str(&self.text),
        }
    }
}
