//! Google's Imagen: `:predict`.
//!
//! Source: Vertex AI API reference, "Generate images"; Gemini API, "Imagen".

use serde::{Deserialize, Serialize};

use super::{lose_all_but, ratio};
use crate::canonical::{ImageRequest, ImageResponse, Picture, PictureSource, RawJson};
use crate::dialect::TranslateError;
use crate::json::JsonObject;
use crate::own::{OwnRequest, no_answer};

#[derive(Debug, Serialize)]
struct RequestOut<'a> {
    instances: [InstanceOut<'a>; 1],
    parameters: RawJson,
}

#[derive(Debug, Serialize)]
struct InstanceOut<'a> {
    prompt: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ParametersOut {
    sample_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    aspect_ratio: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_options: Option<OutputOut>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputOut {
    mime_type: String,
}

#[derive(Debug, Deserialize)]
struct ResponseIn {
    #[serde(default)]
    predictions: Vec<PredictionIn>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PredictionIn {
    #[serde(default)]
    bytes_base64_encoded: Option<String>,
    #[serde(default)]
    mime_type: Option<String>,
    /// What was made of the prompt.
    #[serde(default)]
    prompt: Option<String>,
    #[serde(default)]
    rai_filtered_reason: Option<String>,
}

const RATIOS: &[&str] = &["1:1", "3:4", "4:3", "9:16", "16:9"];

/// Writes a request. The client's own parameters stand among the parameters.
pub(super) fn encode(request: &ImageRequest) -> Result<OwnRequest, TranslateError> {
    let mut losses = lose_all_but(&["n", "output_format"], request);
    let own = ParametersOut {
        sample_count: request.count.unwrap_or(1),
        aspect_ratio: ratio::nearest(request, RATIOS, &mut losses),
        output_options: request.format.as_ref().map(|format| OutputOut {
            mime_type: format!("image/{format}"),
        }),
    };
    let body = RequestOut {
        instances: [InstanceOut {
            prompt: &request.prompt,
        }],
        parameters: with_extra(&own, &request.extra)?,
    };
    OwnRequest::json(&body, &[], losses)
}

/// An object with provider parameters beside it; what is there already stays.
pub(super) fn with_extra(
    own: &impl Serialize,
    extra: &[(String, RawJson)],
) -> Result<RawJson, TranslateError> {
    let written = |e: &dyn std::fmt::Display| TranslateError::invalid(e.to_string());
    let bytes = serde_json::to_vec(own).map_err(|e| written(&e))?;
    let mut object = JsonObject::parse(bytes.into(), usize::MAX).map_err(|e| written(&e))?;
    for (name, value) in extra {
        if !object.contains(name) {
            object.set(name, value.get().to_owned());
        }
    }
    let text = String::from_utf8_lossy(&object.to_bytes()).into_owned();
    RawJson::parse(text).map_err(|e| written(&e))
}

/// Reads an answer. What the filter withheld is missing from it.
pub(super) fn decode(body: &[u8]) -> Result<ImageResponse, TranslateError> {
    let response: ResponseIn = serde_json::from_slice(body).map_err(|e| no_answer("picture", e))?;
    let mut withheld = None;
    let mut images = Vec::new();
    for prediction in response.predictions {
        let Some(data) = prediction.bytes_base64_encoded else {
            withheld = prediction.rai_filtered_reason.or(withheld);
            continue;
        };
        images.push(Picture {
            source: PictureSource::Base64 {
                media_type: prediction.mime_type.unwrap_or_else(|| "image/png".into()),
                data,
            },
            revised_prompt: prediction.prompt,
        });
    }
    if images.is_empty() && withheld.is_none() {
        return Err(no_answer("picture", "it has none"));
    }
    Ok(ImageResponse {
        images,
        withheld,
        ..ImageResponse::default()
    })
}
