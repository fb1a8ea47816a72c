//! Stability AI: `/v2beta/stable-image/generate/...` and `/edit/...`.
//!
//! Source: Stability AI REST API, v2beta.

use serde::Deserialize;

use super::{lose_all_but, ratio};
use crate::canonical::{ImageRequest, ImageResponse, MediaFile, Picture, PictureSource};
use crate::dialect::TranslateError;
use crate::form::FormWriter;
use crate::own::{OwnRequest, no_answer, texts_of};

#[derive(Debug, Deserialize)]
struct ResponseIn {
    image: String,
    #[serde(default)]
    finish_reason: Option<String>,
}

const RATIOS: &[&str] = &[
    "1:1", "16:9", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21",
];

/// Services that change a picture.
const EDITS: [&str; 6] = [
    "erase",
    "inpaint",
    "outpaint",
    "remove-background",
    "search-and-recolor",
    "search-and-replace",
];

/// Writes a request: a form, also for new pictures.
pub(super) fn encode(request: &ImageRequest, model: &str) -> Result<OwnRequest, TranslateError> {
    let mut losses = lose_all_but(&["output_format", "image", "mask"], request);
    if request.images.len() > 1 {
        losses.push(crate::canonical::Loss::content("image"));
    }
    let name = bare(model);
    let mut form = FormWriter::default();
    if !request.prompt.is_empty() {
        form.field("prompt", &request.prompt);
    }
    form.field("output_format", request.format.as_deref().unwrap_or("png"));
    let path = if request.images.is_empty() {
        if let Some(ratio) = ratio::nearest(request, RATIOS, &mut losses) {
            form.field("aspect_ratio", ratio);
        }
        generation(name, &mut form)
    } else {
        let edit = EDITS.iter().find(|edit| name.contains(**edit));
        format!("/v2beta/stable-image/edit/{}", edit.unwrap_or(&"inpaint"))
    };
    for (name, value) in &request.extra {
        for value in texts_of(value) {
            form.field(name, &value);
        }
    }
    if let Some(image) = request.images.first() {
        add_file(&mut form, "image", image);
    }
    if let Some(mask) = &request.mask {
        add_file(&mut form, "mask", mask);
    }
    let (content_type, body) = form.finish();
    Ok(OwnRequest {
        path: Some(path),
        query: String::new(),
        content_type: content_type.into(),
        body,
        losses,
    })
}

/// Where a model's pictures are made. Stable Diffusion has one place for several models.
fn generation(name: &str, form: &mut FormWriter) -> String {
    let service = match name {
        "ultra" | "core" => name,
        name => {
            if name.starts_with("sd3") && name != "sd3" {
                form.field("model", name);
            }
            "sd3"
        }
    };
    format!("/v2beta/stable-image/generate/{service}")
}

/// `stable-image-ultra` and `stable-image-ultra-v1:1` are `ultra`.
fn bare(model: &str) -> &str {
    let name = model.rsplit('/').next().unwrap_or(model);
    let name = name.strip_prefix("stable-image-").unwrap_or(name);
    match name.rfind("-v1:") {
        Some(at) => &name[..at],
        None => name,
    }
}

fn add_file(form: &mut FormWriter, name: &str, file: &MediaFile) {
    form.file(name, &file.name, &file.content_type, file.bytes.clone());
}

/// Reads an answer: one picture, of the format that was asked for.
pub(super) fn decode(body: &[u8]) -> Result<ImageResponse, TranslateError> {
    let response: ResponseIn = serde_json::from_slice(body).map_err(|e| no_answer("picture", e))?;
    if response.finish_reason.as_deref() == Some("CONTENT_FILTERED") {
        return Ok(ImageResponse {
            withheld: response.finish_reason,
            ..ImageResponse::default()
        });
    }
    Ok(ImageResponse {
        images: vec![Picture {
            source: PictureSource::Base64 {
                media_type: media_type(&response.image).to_owned(),
                data: response.image,
            },
            revised_prompt: None,
        }],
        ..ImageResponse::default()
    })
}

/// What a picture is, from how its base64 begins.
pub(super) fn media_type(base64: &str) -> &'static str {
    match base64 {
        jpeg if jpeg.starts_with("/9j/") => "image/jpeg",
        webp if webp.starts_with("UklGR") => "image/webp",
        _ => "image/png",
    }
}
