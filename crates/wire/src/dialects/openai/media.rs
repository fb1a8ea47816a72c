//! Where the bytes of media are, and what kind they are.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::canonical::{Media, MediaSource};

/// Where bytes are: a URL, or a `data:` URL put together as it is written, since images are large.
#[derive(Debug, Clone, Copy)]
pub(in crate::dialects) enum Location<'a> {
    /// At this URL.
    Url(&'a str),
    /// Here.
    Data {
        /// What kind they are.
        mime: &'a str,
        /// The bytes.
        base64: &'a str,
    },
}

/// A medium at `url`. Cloud storage URIs are references to a provider's store.
pub(in crate::dialects) fn from_url(url: &str) -> Media {
    let media = Media::from_url(url);
    match media.source {
        MediaSource::Url(uri) if uri.starts_with("gs://") => Media {
            source: MediaSource::File(uri),
            ..media
        },
        source => Media { source, ..media },
    }
}

/// The MIME type of recordings that OpenAI calls `format`.
pub(in crate::dialects) fn audio_mime(format: &str) -> String {
    match format {
        "mp3" => "audio/mpeg".to_owned(),
        _ => format!("audio/{format}"),
    }
}

/// OpenAI's name for recordings of this MIME type.
pub(in crate::dialects) fn audio_format(mime: Option<&str>) -> &str {
    match mime.map(|mime| mime.strip_prefix("audio/").unwrap_or(mime)) {
        None | Some("x-wav" | "wave" | "vnd.wave") => "wav",
        Some("mpeg" | "mpeg3" | "x-mp3") => "mp3",
        Some(other) => other,
    }
}

/// The type of an image from its first bytes, for origins that do not tell.
pub(in crate::dialects) fn image_type(base64: &str) -> &'static str {
    match base64.get(..4) {
        Some("/9j/") => "image/jpeg",
        Some("R0lG") => "image/gif",
        Some("UklG") => "image/webp",
        _ => "image/png",
    }
}

// === impl Location ===

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
