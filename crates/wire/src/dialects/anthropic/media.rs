//! Sources of pictures and documents.
//!
//! Source: messages API reference, `ImageBlockParam` and `DocumentBlockParam`.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::read;
use crate::canonical::{Media, MediaSource, RawJson};
use crate::dialect::TranslateError;

const PDF: &str = "application/pdf";
const PLAIN: &str = "text/plain";

#[derive(Debug, Default, Deserialize)]
struct WireSource {
    r#type: Option<String>,
    media_type: Option<String>,
    data: Option<String>,
    url: Option<String>,
    file_id: Option<String>,
    content: Option<RawJson>,
}

/// A source as it is written for an upstream.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source<'a> {
    Base64 {
        media_type: &'a str,
        data: &'a str,
    },
    Url {
        url: &'a str,
    },
    File {
        file_id: &'a str,
    },
    Text {
        media_type: &'static str,
        data: Cow<'a, str>,
    },
}

/// What the source of a document turned out to be.
pub(super) enum DocumentSource {
    /// One medium.
    Media(Media),
    /// Content blocks (`{"type": "content"}`), unread.
    Content(RawJson),
}

/// Reads the `source` of an image block.
pub(super) fn decode_image(
    source: Option<&RawJson>,
    path: &dyn fmt::Display,
) -> Result<Media, TranslateError> {
    match decode_document(source, path)? {
        DocumentSource::Media(media) => Ok(media),
        DocumentSource::Content(_) => Err(unknown(path, "content")),
    }
}

/// Reads the `source` of a document block.
pub(super) fn decode_document(
    source: Option<&RawJson>,
    path: &dyn fmt::Display,
) -> Result<DocumentSource, TranslateError> {
    let source = source.ok_or_else(|| read::required(format!("{path}.source")))?;
    let at = format_args!("{path}.source").to_string();
    let source: WireSource = read::part(source.get().as_bytes(), &at)?;
    let missing = |field: &str| read::required(format!("{at}.{field}"));
    let mime = source.media_type;
    let (source, mime) = match source.r#type.as_deref() {
        Some("base64") => {
            let data = source.data.ok_or_else(|| missing("data"))?;
            (MediaSource::Base64(data), mime)
        }
        Some("url") => {
            let media = Media::from_url(&source.url.ok_or_else(|| missing("url"))?);
            (media.source, media.mime.or(mime))
        }
        Some("file") => {
            let id = source.file_id.ok_or_else(|| missing("file_id"))?;
            (MediaSource::File(id), mime)
        }
        Some("text") => {
            let text = source.data.ok_or_else(|| missing("data"))?;
            (MediaSource::Text(text), mime.or_else(|| Some(PLAIN.into())))
        }
        Some("content") => {
            let content = source.content.ok_or_else(|| missing("content"))?;
            return Ok(DocumentSource::Content(content));
        }
        Some(other) => return Err(unknown(path, other)),
        None => return Err(missing("type")),
    };
    Ok(DocumentSource::Media(Media {
        source,
        mime,
        ..Media::default()
    }))
}

fn unknown(path: &dyn fmt::Display, what: &str) -> TranslateError {
    read::invalid(
        format!("{path}.source.type"),
        format_args!("unknown source type `{what}`"),
    )
}

/// The source of an image block; `None` when the API has no way to take the picture.
pub(super) fn encode_image(media: &Media) -> Option<Source<'_>> {
    Some(match &media.source {
        MediaSource::Base64(data) => Source::Base64 {
            media_type: image_type(media.mime.as_deref(), data)?,
            data,
        },
        MediaSource::Url(url) => web_url(url)?,
        MediaSource::File(file_id) => Source::File { file_id },
        MediaSource::Text(_) => return None,
    })
}

/// The source of a document block; `None` when the API has no way to take the document.
pub(super) fn encode_document(media: &Media) -> Option<Source<'_>> {
    Some(match &media.source {
        MediaSource::Base64(data) => {
            let mime = media.mime.as_deref().unwrap_or(PDF);
            if mime.eq_ignore_ascii_case(PDF) {
                Source::Base64 {
                    media_type: PDF,
                    data,
                }
            } else if is_text(mime) {
                let text = String::from_utf8(STANDARD.decode(data).ok()?).ok()?;
                Source::Text {
                    media_type: PLAIN,
                    data: Cow::Owned(text),
                }
            } else {
                return None;
            }
        }
        MediaSource::Text(text) => Source::Text {
            media_type: PLAIN,
            data: Cow::Borrowed(text),
        },
        MediaSource::Url(url) => web_url(url)?,
        MediaSource::File(file_id) => Source::File { file_id },
    })
}

/// Whether a document is a picture after all: OpenAI's `file` parts may hold one.
pub(super) fn is_image(media: &Media) -> bool {
    media
        .mime
        .as_deref()
        .is_some_and(|m| m.starts_with("image/"))
}

fn web_url(url: &str) -> Option<Source<'_>> {
    (url.starts_with("https://") || url.starts_with("http://")).then_some(Source::Url { url })
}

/// The API takes text documents as plain text only, whatever their kind.
fn is_text(mime: &str) -> bool {
    let mime = mime.to_ascii_lowercase();
    mime.starts_with("text/")
        || mime.starts_with("application/json")
        || mime.starts_with("application/xml")
        || mime.starts_with("application/yaml")
        || mime.starts_with("application/x-yaml")
}

/// The MIME type the API requires; read off the first bytes when the client gave none.
fn image_type<'a>(mime: Option<&'a str>, base64: &str) -> Option<&'a str> {
    match mime {
        Some("image/jpg") => Some("image/jpeg"),
        Some(mime) if mime.starts_with("image/") => Some(mime),
        // The base64 of the formats' magic numbers.
        _ if base64.starts_with("iVBORw") => Some("image/png"),
        _ if base64.starts_with("/9j/") => Some("image/jpeg"),
        _ if base64.starts_with("R0lGOD") => Some("image/gif"),
        _ if base64.starts_with("UklGR") => Some("image/webp"),
        _ => None,
    }
}
