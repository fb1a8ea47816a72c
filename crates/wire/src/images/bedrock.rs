//! Amazon Bedrock: picture models are invoked, each maker's in its own form.
//!
//! Source: Amazon Bedrock user guide, "Amazon Nova Canvas", "Amazon Titan Image Generator",
//! "Stability AI models".

use serde::{Deserialize, Serialize};

use super::imagen::with_extra;
use super::stability::media_type;
use super::{lose_all_but, ratio};
use crate::canonical::{ImageRequest, ImageResponse, Picture, PictureSource, RawJson};
use crate::dialect::TranslateError;
use crate::own::{OwnRequest, no_answer};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AmazonOut<'a> {
    task_type: &'static str,
    text_to_image_params: TextOut<'a>,
    image_generation_config: RawJson,
}

#[derive(Debug, Serialize)]
struct TextOut<'a> {
    text: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfigOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    number_of_images: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quality: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct StabilityOut<'a> {
    prompt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aspect_ratio: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_format: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
struct ResponseIn {
    #[serde(default)]
    images: Vec<Option<String>>,
    /// Amazon's models: why there are fewer pictures than were asked for.
    #[serde(default)]
    error: Option<String>,
    /// Stability AI's models: why there is no picture, at its place.
    #[serde(default)]
    finish_reasons: Vec<Option<String>>,
}

const RATIOS: &[&str] = &[
    "1:1", "16:9", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21",
];

/// Writes a request; the model's name tells whose it is.
pub(super) fn encode(request: &ImageRequest, model: &str) -> Result<OwnRequest, TranslateError> {
    if model.contains("stability.") {
        let mut losses = lose_all_but(&["output_format"], request);
        let body = StabilityOut {
            prompt: &request.prompt,
            aspect_ratio: ratio::nearest(request, RATIOS, &mut losses),
            output_format: request.format.as_deref(),
        };
        return OwnRequest::json(&body, &request.extra, losses);
    }
    let losses = lose_all_but(&["n", "quality"], request);
    let config = ConfigOut {
        number_of_images: request.count,
        width: request.size.map(|(width, _)| width),
        height: request.size.map(|(_, height)| height),
        quality: request.quality.as_deref().map(quality),
    };
    let body = AmazonOut {
        task_type: "TEXT_IMAGE",
        text_to_image_params: TextOut {
            text: &request.prompt,
        },
        image_generation_config: with_extra(&config, &request.extra)?,
    };
    OwnRequest::json(&body, &[], losses)
}

/// Amazon knows two.
fn quality(said: &str) -> &str {
    match said {
        "hd" | "high" | "premium" => "premium",
        _ => "standard",
    }
}

/// Reads an answer.
pub(super) fn decode(body: &[u8]) -> Result<ImageResponse, TranslateError> {
    let response: ResponseIn = serde_json::from_slice(body).map_err(|e| no_answer("picture", e))?;
    let data = response.images.into_iter().flatten();
    let images: Vec<Picture> = data
        .filter(|data| !data.is_empty())
        .map(|data| Picture {
            source: PictureSource::Base64 {
                media_type: media_type(&data).to_owned(),
                data,
            },
            revised_prompt: None,
        })
        .collect();
    let reasons = response.finish_reasons.into_iter().flatten();
    let withheld = response.error.into_iter().chain(reasons).next();
    if images.is_empty() && withheld.is_none() {
        return Err(no_answer("picture", "it has none"));
    }
    Ok(ImageResponse {
        images,
        withheld,
        ..ImageResponse::default()
    })
}
