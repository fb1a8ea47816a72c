//! fal: every model is an endpoint, most take the same members.
//!
//! Source: fal model APIs, "Synchronous requests"; the schemas of FLUX, Imagen, Seedream, Recraft.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{lose_all_but, ratio};
use crate::canonical::{
    ImageDelivery, ImageRequest, ImageResponse, MediaFile, Picture, PictureSource,
};
use crate::dialect::TranslateError;
use crate::own::{OwnRequest, bad_model, no_answer, segments};

#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_images: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_size: Option<SizeOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aspect_ratio: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_format: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sync_mode: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_urls: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mask_url: Option<String>,
}

#[derive(Debug, Serialize)]
struct SizeOut {
    width: u32,
    height: u32,
}

#[derive(Debug, Deserialize)]
struct ResponseIn {
    /// Some models make one only.
    #[serde(default)]
    image: Option<PictureIn>,
    #[serde(default)]
    images: Vec<PictureIn>,
    /// What was made of the prompt, where a model does so.
    #[serde(default)]
    revised_prompt: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum PictureIn {
    Object { url: String },
    Bare(String),
}

/// Models that take a ratio where the others take a size.
const BY_RATIO: [&str; 6] = [
    "bria/",
    "flux-pro/kontext",
    "flux-pro/v1.1-ultra",
    "gemini-",
    "imagen",
    "nano-banana",
];
const RATIOS: &[&str] = &["1:1", "16:9", "9:16", "4:3", "3:4"];

/// Writes a request. Pictures come in the answer itself for a client that wants them so.
pub(super) fn encode(request: &ImageRequest, model: &str) -> Result<OwnRequest, TranslateError> {
    let has = ["n", "output_format", "image", "mask"];
    let mut losses = lose_all_but(&has, request);
    let by_ratio = BY_RATIO.iter().any(|name| model.contains(name));
    let aspect_ratio = by_ratio
        .then(|| ratio::nearest(request, RATIOS, &mut losses))
        .flatten();
    let size = request.size.filter(|_| !by_ratio);
    let mut urls: Vec<String> = request.images.iter().map(data_url).collect();
    let one = urls.len() == 1 && !by_ratio;
    let body = RequestOut {
        prompt: &request.prompt,
        num_images: request.count,
        image_size: size.map(|(width, height)| SizeOut { width, height }),
        aspect_ratio,
        output_format: request.format.as_deref(),
        sync_mode: (request.delivery == Some(ImageDelivery::Base64)).then_some(true),
        image_url: if one { urls.pop() } else { None },
        image_urls: (!urls.is_empty()).then_some(urls),
        mask_url: request.mask.as_ref().map(data_url),
    };
    let path = segments(model).ok_or_else(|| bad_model(model))?;
    Ok(OwnRequest::json(&body, &request.extra, losses)?.at(format!("/{path}")))
}

fn data_url(file: &MediaFile) -> String {
    let media_type = if file.content_type.is_empty() {
        "image/png"
    } else {
        &file.content_type
    };
    format!("data:{media_type};base64,{}", STANDARD.encode(&file.bytes))
}

/// Reads an answer.
pub(super) fn decode(body: &[u8]) -> Result<ImageResponse, TranslateError> {
    let response: ResponseIn = serde_json::from_slice(body).map_err(|e| no_answer("picture", e))?;
    let prompt = response.revised_prompt;
    let all = response.images.into_iter().chain(response.image);
    let images: Vec<Picture> = all
        .map(|picture| Picture {
            source: picture.into_source(),
            revised_prompt: prompt.clone(),
        })
        .collect();
    if images.is_empty() {
        return Err(no_answer("picture", "it has none"));
    }
    Ok(ImageResponse {
        images,
        ..ImageResponse::default()
    })
}

// === impl PictureIn ===

impl PictureIn {
    fn into_source(self) -> PictureSource {
        let (Self::Object { url } | Self::Bare(url)) = self;
        let data = url.strip_prefix("data:").and_then(|rest| {
            let (media_type, data) = rest.split_once(";base64,")?;
            Some(PictureSource::Base64 {
                media_type: media_type.to_owned(),
                data: data.to_owned(),
            })
        });
        data.unwrap_or(PictureSource::Url(url))
    }
}
