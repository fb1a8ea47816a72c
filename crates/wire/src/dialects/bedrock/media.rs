//! Pictures, documents, recordings and films: formats and where their bytes are.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::report::{Report, Unmapped};
use crate::canonical::{Media, MediaSource};
use crate::dialect::TranslateError;
use crate::read;

/// The formats of a kind with their MIME types; of several the first is the usual one.
type Formats = [(&'static str, &'static str)];

pub(super) const IMAGES: &Formats = &[
    ("png", "image/png"),
    ("jpeg", "image/jpeg"),
    ("jpeg", "image/jpg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
];

pub(super) const DOCUMENTS: &Formats = &[
    ("pdf", "application/pdf"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("xls", "application/vnd.ms-excel"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("html", "text/html"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
];

pub(super) const VIDEOS: &Formats = &[
    ("mp4", "video/mp4"),
    ("mkv", "video/x-matroska"),
    ("mov", "video/quicktime"),
    ("webm", "video/webm"),
    ("flv", "video/x-flv"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpg"),
    ("wmv", "video/x-ms-wmv"),
    ("wmv", "video/wmv"),
    ("three_gp", "video/3gpp"),
];

pub(super) const AUDIO: &Formats = &[
    ("mp3", "audio/mpeg"),
    ("mp3", "audio/mp3"),
    ("wav", "audio/wav"),
    ("wav", "audio/x-wav"),
    ("opus", "audio/opus"),
    ("aac", "audio/aac"),
    ("flac", "audio/flac"),
    ("mp4", "audio/mp4"),
    ("ogg", "audio/ogg"),
    ("mkv", "audio/x-matroska"),
    ("mka", "audio/mka"),
    ("x-aac", "audio/x-aac"),
    ("m4a", "audio/x-m4a"),
    ("m4a", "audio/m4a"),
    ("mpeg", "audio/x-mpeg"),
    ("mpga", "audio/mpga"),
    ("pcm", "audio/pcm"),
    ("webm", "audio/webm"),
];

/// A medium as a client or an upstream sends it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WireMedia {
    format: Option<String>,
    name: Option<String>,
    source: Option<WireSource>,
    context: Option<String>,
    citations: Option<Citations>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSource {
    bytes: Option<String>,
    s3_location: Option<S3Location>,
    text: Option<String>,
    content: Option<Vec<TextPart>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct S3Location {
    uri: Option<String>,
    bucket_owner: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct TextPart {
    text: Option<String>,
}

/// Whether citations are wanted.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Citations {
    pub(super) enabled: Option<bool>,
}

/// A medium as it is written.
#[derive(Debug, Serialize)]
pub(super) struct MediaOut<'a> {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    source: SourceOut<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum SourceOut<'a> {
    Bytes(std::borrow::Cow<'a, str>),
    S3Location { uri: &'a str },
}

// === impl WireMedia ===

impl WireMedia {
    /// Reads the medium, whose format is one of `formats`.
    pub(super) fn into_canonical(
        self,
        formats: &Formats,
        path: &dyn fmt::Display,
        unmapped: &mut Unmapped,
    ) -> Result<Media, TranslateError> {
        if self.context.is_some() {
            unmapped.add("messages[].document.context");
        }
        if self.citations.is_some_and(|c| c.enabled == Some(true)) {
            unmapped.add("messages[].document.citations");
        }
        let source = self
            .source
            .ok_or_else(|| read::required(format!("{path}.source")))?;
        let is_text = source.text.is_some() || source.content.is_some();
        let mime = match self.format.as_deref() {
            Some(format) => Some(mime(formats, format).ok_or_else(|| {
                read::invalid(
                    format!("{path}.format"),
                    format_args!("`{format}` is not a format that is known here"),
                )
            })?),
            None if is_text => Some("text/plain"),
            None => None,
        };
        Ok(Media {
            source: source.into_canonical(path, unmapped)?,
            mime: mime.map(str::to_owned),
            title: self.name,
            detail: None,
        })
    }
}

// === impl WireSource ===

impl WireSource {
    fn into_canonical(
        self,
        path: &dyn fmt::Display,
        unmapped: &mut Unmapped,
    ) -> Result<MediaSource, TranslateError> {
        if let Some(bytes) = self.bytes {
            return Ok(MediaSource::Base64(bytes));
        }
        if let Some(place) = self.s3_location {
            if place.bucket_owner.is_some() {
                unmapped.add("messages[].s3Location.bucketOwner");
            }
            let uri = place.uri;
            return uri
                .map(MediaSource::File)
                .ok_or_else(|| read::required(format!("{path}.source.s3Location.uri")));
        }
        if let Some(parts) = self.content {
            let texts: Vec<String> = parts.into_iter().filter_map(|part| part.text).collect();
            return Ok(MediaSource::Text(texts.join("\n")));
        }
        self.text
            .map(MediaSource::Text)
            .ok_or_else(|| read::required(format!("{path}.source.bytes")))
    }
}

/// A picture, film or recording as the API takes it; `None` when it has no way to.
pub(super) fn encode<'a>(media: &'a Media, formats: &Formats) -> Option<MediaOut<'a>> {
    let format = media
        .mime
        .as_deref()
        .and_then(|mime| format(formats, mime))
        .or_else(|| sniffed(media))
        .or_else(|| by_extension(formats, media))?;
    Some(MediaOut {
        format,
        name: None,
        source: source(media)?,
    })
}

/// A document as the API takes it; `None` when it has no way to.
pub(super) fn encode_document<'a>(media: &'a Media, report: &mut Report) -> Option<MediaOut<'a>> {
    let mime = media.mime.as_deref();
    let format = match mime {
        Some(mime) => format(DOCUMENTS, mime).or_else(|| is_text(mime).then_some("txt"))?,
        None if matches!(media.source, MediaSource::Text(_)) => "txt",
        None => by_extension(DOCUMENTS, media).unwrap_or("pdf"),
    };
    let source = source(media)?;
    // The format says what the extension would.
    let title = media.title.as_deref();
    let title = title.map(|title| match title.rsplit_once('.') {
        Some((stem, extension)) if extension.eq_ignore_ascii_case(format) => stem,
        _ => title,
    });
    Some(MediaOut {
        format,
        name: Some(report.document_name(title)),
        source,
    })
}

/// Whether a document is a picture after all: OpenAI's `file` parts may hold one.
pub(super) fn is_image(media: &Media) -> bool {
    media
        .mime
        .as_deref()
        .is_some_and(|mime| mime.starts_with("image/"))
}

/// Texts go as bytes: every model that reads documents takes those.
fn source(media: &Media) -> Option<SourceOut<'_>> {
    match &media.source {
        MediaSource::Base64(data) => Some(SourceOut::Bytes(data.into())),
        MediaSource::Text(text) => Some(SourceOut::Bytes(STANDARD.encode(text).into())),
        // The API fetches from its own store only.
        MediaSource::Url(uri) | MediaSource::File(uri) => uri
            .starts_with("s3://")
            .then_some(SourceOut::S3Location { uri }),
    }
}

fn mime(formats: &Formats, format: &str) -> Option<&'static str> {
    let found = formats.iter().find(|(name, _)| *name == format);
    found.map(|(_, mime)| *mime)
}

fn format(formats: &Formats, mime: &str) -> Option<&'static str> {
    let mime = mime.split(';').next().unwrap_or(mime).trim();
    let found = formats.iter().find(|(_, m)| m.eq_ignore_ascii_case(mime));
    found.map(|(name, _)| *name)
}

fn by_extension(formats: &Formats, media: &Media) -> Option<&'static str> {
    let name = match &media.source {
        MediaSource::Url(uri) | MediaSource::File(uri) => uri,
        _ => media.title.as_ref()?,
    };
    let (_, extension) = name.rsplit_once('.')?;
    let found = formats
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(extension));
    found.map(|(name, _)| *name)
}

/// The format of a picture by the base64 of its magic number.
fn sniffed(media: &Media) -> Option<&'static str> {
    let MediaSource::Base64(data) = &media.source else {
        return None;
    };
    let magic = [
        ("iVBORw", "png"),
        ("/9j/", "jpeg"),
        ("R0lGOD", "gif"),
        ("UklGR", "webp"),
    ];
    let found = magic.iter().find(|(start, _)| data.starts_with(start));
    found.map(|(_, format)| *format)
}

/// Texts of a kind that the API has no format for are plain texts to it.
fn is_text(mime: &str) -> bool {
    let mime = mime.to_ascii_lowercase();
    mime.starts_with("text/")
        || mime.starts_with("application/json")
        || mime.starts_with("application/xml")
        || mime.starts_with("application/yaml")
        || mime.starts_with("application/x-yaml")
}
