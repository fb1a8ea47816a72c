//! Pictures: a prompt in, pictures out.

use super::{Loss, MediaFile, RawJson, Usage};

/// Pictures to be made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageRequest {
    /// What they shall show.
    pub prompt: String,
    /// How many; one unless said.
    pub count: Option<u32>,
    /// Width and height in pixels; `None`: the provider's choice.
    pub size: Option<(u32, u32)>,
    /// How good (`low`, `high`, `hd`).
    pub quality: Option<String>,
    /// In which style (`vivid`, `natural`).
    pub style: Option<String>,
    /// `transparent` or `opaque`.
    pub background: Option<String>,
    /// The format of the pictures (`png`, `jpeg`, `webp`).
    pub format: Option<String>,
    /// How the client wants them.
    pub delivery: Option<ImageDelivery>,
    /// The customer's id.
    pub user: Option<String>,
    /// Pictures to start from; none where new ones are made.
    pub images: Vec<MediaFile>,
    /// Where the first of them may change: its transparent parts.
    pub mask: Option<MediaFile>,
    /// What the client said that has no canonical form, and no provider here has a word for.
    pub unmapped: Vec<Loss>,
    /// Members that no canonical field holds: the provider's own parameters.
    pub extra: Vec<(String, RawJson)>,
}

/// How pictures come to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageDelivery {
    /// As URLs.
    Url,
    /// In the answer, base64.
    Base64,
}

/// The pictures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageResponse {
    /// One by one.
    pub images: Vec<Picture>,
    /// Why there is none, when the provider says that it kept them back.
    pub withheld: Option<String>,
    /// Token counts; `None` when the provider gave none.
    pub usage: Option<Usage>,
}

/// One picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Where it is.
    pub source: PictureSource,
    /// The prompt that the provider made of the client's.
    pub revised_prompt: Option<String>,
}

/// Where a picture is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PictureSource {
    /// At the provider.
    Url(String),
    /// Here.
    Base64 {
        /// Its content type.
        media_type: String,
        /// Its content.
        data: String,
    },
}
