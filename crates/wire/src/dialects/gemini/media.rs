//! Pictures, documents, recordings and films as parts.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::content::{Blob, FileData, MediaResolution, Part};
use super::losses::Losses;
use super::model::{Generation, Model};
use crate::canonical::{BlockKind, Loss, Media, MediaSource};

/// MIME types by file name extension, for URIs that come without one.
const EXTENSIONS: &[(&str, &str)] = &[
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("html", "text/html"),
    ("csv", "text/csv"),
    ("json", "application/json"),
    ("wav", "audio/wav"),
    ("mp3", "audio/mp3"),
    ("m4a", "audio/m4a"),
    ("aac", "audio/aac"),
    ("ogg", "audio/ogg"),
    ("flac", "audio/flac"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
    ("mov", "video/quicktime"),
    ("mpg", "video/mpeg"),
    ("mpeg", "video/mpeg"),
];

/// MIME types by how the base64 of their first bytes reads.
const MAGIC: &[(&str, &str)] = &[
    ("iVBORw0KGgo", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("JVBERi", "application/pdf"),
    ("SUQz", "audio/mp3"),
    ("T2dnUw", "audio/ogg"),
    ("ZkxhQw", "audio/flac"),
];

/// The block for inline data.
pub(super) fn from_blob(blob: Blob<'_>, resolution: Option<&MediaResolution<'_>>) -> BlockKind {
    let data = standard(blob.data.unwrap_or_default().into_owned());
    let mime = blob.mime_type.map(Cow::into_owned);
    let text = mime.as_deref().is_some_and(|m| m.starts_with("text/"));
    let source = match text.then(|| decode_text(&data)).flatten() {
        Some(text) => MediaSource::Text(text),
        None => MediaSource::Base64(data),
    };
    block(source, mime, blob.display_name, resolution)
}

/// The block for a file's URI.
pub(super) fn from_file(file: FileData<'_>, resolution: Option<&MediaResolution<'_>>) -> BlockKind {
    let uri = file.file_uri.unwrap_or_default().into_owned();
    let mime = file
        .mime_type
        .map(Cow::into_owned)
        .or_else(|| guess_by_name(&uri).map(str::to_owned))
        .or_else(|| is_youtube(&uri).then(|| "video/mp4".to_owned()));
    let public = uri.starts_with("http") && !uri.contains("googleapis.com/v1");
    let source = if public {
        MediaSource::Url(uri)
    } else {
        MediaSource::File(uri)
    };
    block(source, mime, file.display_name, resolution)
}

fn block(
    source: MediaSource,
    mime: Option<String>,
    title: Option<String>,
    resolution: Option<&MediaResolution<'_>>,
) -> BlockKind {
    let kind: fn(Media) -> BlockKind = match mime.as_deref().and_then(|m| m.split('/').next()) {
        Some("image") => BlockKind::Image,
        Some("audio") => BlockKind::Audio,
        Some("video") => BlockKind::Video,
        _ => BlockKind::Document,
    };
    let level = resolution.and_then(|r| r.level.as_deref());
    let detail = match level {
        Some("MEDIA_RESOLUTION_LOW") => Some("low"),
        Some("MEDIA_RESOLUTION_HIGH") => Some("high"),
        _ => None,
    };
    kind(Media {
        source,
        mime,
        title,
        detail: detail.map(str::to_owned),
    })
}

/// The part for a medium; `None`, and a loss, when it is in another provider's file store.
///
/// URLs go out as `fileData` with the URL as its URI, which the Gemini API fetches itself
/// ("File input methods"); models before 2.5 may refuse them.
pub(super) fn to_part<'a>(
    kind: &'a BlockKind,
    model: &Model,
    losses: &mut Losses,
) -> Option<Part<'a>> {
    let (media, what, default_mime) = match kind {
        BlockKind::Image(media) => (media, "image_url", "image/jpeg"),
        BlockKind::Document(media) => (media, "file", "application/pdf"),
        BlockKind::Audio(media) => (media, "input_audio", "audio/wav"),
        BlockKind::Video(media) => (media, "video_url", "video/mp4"),
        _ => return None,
    };
    let mut part = Part::default();
    match &media.source {
        MediaSource::Base64(data) => {
            let mime = media.mime.as_deref().or_else(|| guess_by_magic(data));
            part.inline_data = Some(Blob {
                mime_type: Some(mime.unwrap_or(default_mime).into()),
                data: Some(data.into()),
                display_name: None,
            });
        }
        MediaSource::Text(text) => {
            let mime = media.mime.as_deref().unwrap_or("text/plain");
            part.inline_data = Some(Blob {
                mime_type: Some(mime.into()),
                data: Some(STANDARD.encode(text).into()),
                display_name: None,
            });
        }
        MediaSource::Url(uri) => part.file_data = Some(file(media, Cow::Borrowed(uri))),
        MediaSource::File(id) => match stored_uri(id) {
            Some(uri) => part.file_data = Some(file(media, uri)),
            None => {
                losses.add(Loss::content(format!("messages[].{what}")));
                return None;
            }
        },
    }
    losses.hint_if(media.title.is_some(), "messages[].file.filename");
    let level = match media.detail.as_deref() {
        Some("low") => Some("MEDIA_RESOLUTION_LOW"),
        Some("high") => Some("MEDIA_RESOLUTION_HIGH"),
        _ => None,
    };
    match level {
        // Set per part since Gemini 3 ("Media resolution").
        Some(level) if model.generation >= Generation::Three => {
            part.media_resolution = Some(MediaResolution {
                level: Some(level.into()),
            });
        }
        level => losses.hint_if(level.is_some(), "messages[].image_url.detail"),
    }
    Some(part)
}

fn file<'a>(media: &'a Media, uri: Cow<'a, str>) -> FileData<'a> {
    let mime = media.mime.as_deref().or_else(|| guess_by_name(&uri));
    FileData {
        mime_type: mime.map(|m| Cow::Owned(m.to_owned())),
        file_uri: Some(uri),
        display_name: None,
    }
}

/// The URI of a file in Google's stores; `None` for an id of another provider, or a URI of one
/// (`s3://`).
fn stored_uri(id: &str) -> Option<Cow<'_, str>> {
    if id.starts_with("gs://") || id.starts_with("https://") {
        Some(id.into())
    } else if id.starts_with("files/") {
        Some(format!("https://generativelanguage.googleapis.com/v1beta/{id}").into())
    } else {
        None
    }
}

fn is_youtube(uri: &str) -> bool {
    uri.contains("youtube.com/") || uri.contains("youtu.be/")
}

fn guess_by_name(uri: &str) -> Option<&'static str> {
    let path = uri.split(['?', '#']).next()?;
    let (_, extension) = path.rsplit_once('.')?;
    let extension = extension.to_ascii_lowercase();
    EXTENSIONS
        .iter()
        .find(|(known, _)| *known == extension)
        .map(|(_, mime)| *mime)
}

fn guess_by_magic(data: &str) -> Option<&'static str> {
    MAGIC
        .iter()
        .find(|(start, _)| data.starts_with(start))
        .map(|(_, mime)| *mime)
}

/// `data` in the standard alphabet with padding; proto-JSON takes the URL-safe one as well, and the
/// Python SDK writes it.
fn standard(mut data: String) -> String {
    if memchr::memchr2(b'-', b'_', data.as_bytes()).is_some() {
        data = data.replace('-', "+").replace('_', "/");
    }
    // A remainder of one is no base64 at all, and is left for the upstream to refuse.
    match data.len() % 4 {
        2 => data.push_str("=="),
        3 => data.push('='),
        _ => {}
    }
    data
}

fn decode_text(data: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(data).ok()?).ok()
}
