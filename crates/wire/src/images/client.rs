//! What clients send and get: OpenAI's form.
//!
//! Source: OpenAI API reference, create image, create image edit, `ImagesResponse`.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

use crate::canonical::{
    ImageDelivery, ImageRequest, ImageResponse, Loss, MediaFile, Picture, PictureSource, RawJson,
    Usage,
};
use crate::dialect::{ReplyContext, TranslateError};
use crate::form::FormPart;
use crate::json::JsonObject;
use crate::read::{invalid, member, required};
use crate::speech::extra;

/// The members with a canonical form, and those that concern the answer's way only; any other is a
/// provider parameter.
const MAPPED: [&str; 13] = [
    "background",
    "model",
    "moderation",
    "n",
    "output_format",
    "partial_images",
    "prompt",
    "quality",
    "response_format",
    "size",
    "stream",
    "style",
    "user",
];

#[derive(Debug, Serialize)]
struct ResponseOut<'a> {
    created: u64,
    data: Vec<PictureOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageOut>,
}

#[derive(Debug, Serialize)]
struct PictureOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    b64_json: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revised_prompt: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct UsageOut {
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
    input_tokens_details: DetailsOut,
}

#[derive(Debug, Serialize)]
struct DetailsOut {
    text_tokens: u64,
    image_tokens: u64,
}

/// Reads a client's request for new pictures.
pub fn decode_request(body: &JsonObject) -> Result<ImageRequest, TranslateError> {
    let size = member::<String>(body, "size")?;
    let delivery = member::<String>(body, "response_format")?;
    Ok(ImageRequest {
        prompt: member(body, "prompt")?.ok_or_else(|| required("prompt"))?,
        count: member(body, "n")?,
        size: size.as_deref().map(read_size).transpose()?.flatten(),
        quality: said(member(body, "quality")?),
        style: member(body, "style")?,
        background: said(member(body, "background")?),
        format: member(body, "output_format")?,
        delivery: delivery.as_deref().map(read_delivery).transpose()?,
        user: member(body, "user")?,
        images: Vec::new(),
        mask: None,
        unmapped: unmapped(body),
        extra: extra(body, &MAPPED),
    })
}

/// Members that concern OpenAI's own models, or a stream that is not written here.
fn unmapped(body: &JsonObject) -> Vec<Loss> {
    let mut losses = Vec::new();
    if body.is_set("moderation") {
        losses.push(Loss::hint("moderation"));
    }
    if body.get_bool("stream") == Some(true) {
        losses.push(Loss::param("stream"));
    }
    losses
}

/// Reads a client's form: pictures to change.
pub fn decode_form(parts: &[FormPart]) -> Result<ImageRequest, TranslateError> {
    let mut request = ImageRequest::default();
    for part in parts {
        let file = || MediaFile {
            name: part.file_name.clone().unwrap_or_default(),
            content_type: part.content_type.clone().unwrap_or_default(),
            bytes: part.value.clone(),
        };
        match part.name.as_str() {
            "image" | "image[]" => request.images.push(file()),
            "mask" => request.mask = Some(file()),
            name => {
                let text = std::str::from_utf8(&part.value)
                    .map_err(|_| invalid(name, "a field is not UTF-8"))?;
                read_field(&mut request, name, text)?;
            }
        }
    }
    if request.images.is_empty() {
        return Err(required("image"));
    }
    Ok(request)
}

fn read_field(request: &mut ImageRequest, name: &str, text: &str) -> Result<(), TranslateError> {
    let given = || (!text.is_empty()).then(|| text.to_owned());
    match name {
        "prompt" => text.clone_into(&mut request.prompt),
        "n" => {
            let number = text.parse().map_err(|_| invalid("n", "not a number"))?;
            request.count = Some(number);
        }
        "size" => request.size = read_size(text)?,
        "quality" => request.quality = said(given()),
        "background" => request.background = said(given()),
        "output_format" => request.format = given(),
        "response_format" => request.delivery = Some(read_delivery(text)?),
        "user" => request.user = given(),
        "moderation" => request.unmapped.push(Loss::hint(name)),
        "stream" if text == "true" => request.unmapped.push(Loss::param(name)),
        name if MAPPED.contains(&name) => {}
        name => {
            if let Ok(value) = RawJson::from_value(&text) {
                request.extra.push((name.to_owned(), value));
            }
        }
    }
    Ok(())
}

/// `auto` leaves the choice to the provider.
fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| text != "auto")
}

fn read_size(text: &str) -> Result<Option<(u32, u32)>, TranslateError> {
    if text == "auto" || text.is_empty() {
        return Ok(None);
    }
    let size = text.split_once('x').and_then(|(width, height)| {
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
        Some((number(width)?, number(height)?))
    });
    size.map(Some)
        .ok_or_else(|| invalid("size", "expected `WIDTHxHEIGHT` or `auto`"))
}

fn read_delivery(text: &str) -> Result<ImageDelivery, TranslateError> {
    match text {
        "url" => Ok(ImageDelivery::Url),
        "b64_json" => Ok(ImageDelivery::Base64),
        _ => Err(invalid("response_format", "expected `url` or `b64_json`")),
    }
}

/// Writes an answer for a client. A picture that is in the provider's answer is a `data:` URL for
/// one that wants URLs.
#[must_use]
pub fn encode_response(
    request: &ImageRequest,
    response: &ImageResponse,
    reply: &ReplyContext,
) -> Bytes {
    let out = ResponseOut {
        created: reply.created,
        data: response
            .images
            .iter()
            .map(|picture| PictureOut::new(picture, request.delivery))
            .collect(),
        usage: response.usage.as_ref().map(UsageOut::from),
    };
    // Strings and numbers always serialise.
    serde_json::to_vec(&out).unwrap_or_default().into()
}

// === impl PictureOut ===

impl<'a> PictureOut<'a> {
    fn new(picture: &'a Picture, delivery: Option<ImageDelivery>) -> Self {
        let (b64_json, url) = match &picture.source {
            PictureSource::Url(url) => (None, Some(Cow::Borrowed(url.as_str()))),
            PictureSource::Base64 { media_type, data } if delivery == Some(ImageDelivery::Url) => (
                None,
                Some(format!("data:{media_type};base64,{data}").into()),
            ),
            PictureSource::Base64 { data, .. } => (Some(data.as_str()), None),
        };
        Self {
            b64_json,
            url,
            revised_prompt: picture.revised_prompt.as_deref(),
        }
    }
}

// === impl UsageOut ===

impl From<&Usage> for UsageOut {
    fn from(usage: &Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            total_tokens: usage.total(),
            input_tokens_details: DetailsOut {
                text_tokens: usage.input_tokens,
                image_tokens: 0,
            },
        }
    }
}
