//! Google's Gemini models that answer with pictures: `:generateContent`.
//!
//! Source: Gemini API, "Image generation"; `GenerateContentResponse`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::imagen::with_extra;
use super::{lose_all_but, ratio};
use crate::canonical::{
    ImageRequest, ImageResponse, MediaFile, Picture, PictureSource, RawJson, Usage,
};
use crate::dialect::TranslateError;
use crate::own::{OwnRequest, no_answer};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestOut<'a> {
    contents: [ContentOut<'a>; 1],
    generation_config: RawJson,
}

#[derive(Debug, Serialize)]
struct ContentOut<'a> {
    role: &'static str,
    parts: Vec<PartOut<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum PartOut<'a> {
    Text(&'a str),
    InlineData(DataOut<'a>),
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DataOut<'a> {
    mime_type: &'a str,
    data: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ConfigOut {
    response_modalities: [&'static str; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    image_config: Option<ImageConfigOut>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageConfigOut {
    aspect_ratio: &'static str,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResponseIn {
    #[serde(default)]
    candidates: Vec<CandidateIn>,
    #[serde(default)]
    prompt_feedback: Option<FeedbackIn>,
    #[serde(default)]
    usage_metadata: Option<UsageIn>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CandidateIn {
    #[serde(default)]
    content: Option<ContentIn>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FeedbackIn {
    #[serde(default)]
    block_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ContentIn {
    #[serde(default)]
    parts: Vec<PartIn>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartIn {
    #[serde(default)]
    inline_data: Option<DataIn>,
    /// A draft, where the model thinks in pictures.
    #[serde(default)]
    thought: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataIn {
    mime_type: String,
    data: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct UsageIn {
    #[serde(default)]
    prompt_token_count: u64,
    #[serde(default)]
    candidates_token_count: u64,
    #[serde(default)]
    thoughts_token_count: u64,
}

const RATIOS: &[&str] = &[
    "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9",
];

/// Writes a request. The client's own parameters stand in the generation config.
pub(super) fn encode(request: &ImageRequest) -> Result<OwnRequest, TranslateError> {
    let mut losses = lose_all_but(&["image"], request);
    let ratio = ratio::nearest(request, RATIOS, &mut losses);
    let config = ConfigOut {
        response_modalities: ["TEXT", "IMAGE"],
        image_config: ratio.map(|aspect_ratio| ImageConfigOut { aspect_ratio }),
    };
    let images = request.images.iter().map(PartOut::from);
    let body = RequestOut {
        contents: [ContentOut {
            role: "user",
            parts: std::iter::once(PartOut::Text(&request.prompt))
                .chain(images)
                .collect(),
        }],
        generation_config: with_extra(&config, &request.extra)?,
    };
    OwnRequest::json(&body, &[], losses)
}

/// Reads an answer: the pictures in it, whatever is said around them.
pub(super) fn decode(body: &[u8]) -> Result<ImageResponse, TranslateError> {
    let response: ResponseIn = serde_json::from_slice(body).map_err(|e| no_answer("picture", e))?;
    let mut reason = None;
    let mut images = Vec::new();
    for candidate in response.candidates {
        reason = candidate.finish_reason.or(reason);
        let parts = candidate
            .content
            .into_iter()
            .flat_map(|content| content.parts);
        let shown = parts.filter(|part| !part.thought);
        images.extend(
            shown
                .filter_map(|part| part.inline_data)
                .map(|data| Picture {
                    source: PictureSource::Base64 {
                        media_type: data.mime_type,
                        data: data.data,
                    },
                    revised_prompt: None,
                }),
        );
    }
    // A model that just talks ends with `STOP`, too.
    let withheld = reason
        .or_else(|| response.prompt_feedback?.block_reason)
        .filter(|reason| images.is_empty() && reason != "STOP");
    if images.is_empty() && withheld.is_none() {
        return Err(no_answer("picture", "it has none"));
    }
    Ok(ImageResponse {
        images,
        withheld,
        usage: response.usage_metadata.map(|usage| Usage {
            input_tokens: usage.prompt_token_count,
            output_tokens: usage.candidates_token_count + usage.thoughts_token_count,
            reasoning: usage.thoughts_token_count,
            ..Usage::default()
        }),
    })
}

// === impl PartOut ===

impl<'a> From<&'a MediaFile> for PartOut<'a> {
    fn from(file: &'a MediaFile) -> Self {
        Self::InlineData(DataOut {
            mime_type: if file.content_type.is_empty() {
                "image/png"
            } else {
                &file.content_type
            },
            data: STANDARD.encode(&file.bytes),
        })
    }
}
