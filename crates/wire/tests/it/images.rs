//! Pictures: what clients send reaches each provider, and each provider's answer reaches clients.

use std::fmt::Write as _;

use bytes::Bytes;
use lockgate_wire::canonical::{ImageRequest, ImageResponse, PictureSource};
use lockgate_wire::dialect::TranslateError;
use lockgate_wire::form::{FormWriter, parts};
use lockgate_wire::images::{ImageFormat, decode_form, decode_request, encode_response};
use serde_json::{Value, json};

use crate::own::{NO_ANSWERS, object, pretty, reply, show};

fn decode(body: &Value) -> Result<ImageRequest, TranslateError> {
    decode_request(&object(body))
}

/// A form with two pictures and a mask.
fn edit(fields: &[(&str, &str)]) -> ImageRequest {
    let mut form = FormWriter::default();
    for (name, value) in fields {
        form.field(name, value);
    }
    form.file("image[]", "a.png", "image/png", Bytes::from_static(b"one"));
    form.file("mask", "m.png", "image/png", Bytes::from_static(b"mask"));
    let (content_type, body) = form.finish();
    decode_form(&parts(&content_type, &body).unwrap()).unwrap()
}

#[test]
fn a_wrong_field_is_named() {
    for (body, field) in [
        (json!({}), "prompt"),
        (json!({"prompt": 5}), "prompt"),
        (json!({"prompt": "a", "n": "two"}), "n"),
        (json!({"prompt": "a", "size": "big"}), "size"),
        (json!({"prompt": "a", "size": "0x5"}), "size"),
        (
            json!({"prompt": "a", "response_format": "png"}),
            "response_format",
        ),
    ] {
        match decode(&body) {
            Err(TranslateError::Invalid { param, .. }) => {
                assert_eq!(param.as_deref(), Some(field), "{body}");
            }
            other => panic!("{body}: {other:?}"),
        }
    }
    let (content_type, body) = FormWriter::default().finish();
    let empty = parts(&content_type, &body).unwrap();
    assert!(
        decode_form(&empty)
            .unwrap_err()
            .to_string()
            .contains("image")
    );
}

/// Models of each format, the second with ways of its own.
fn models(format: ImageFormat) -> [&'static str; 2] {
    match format {
        ImageFormat::Stability => ["stable-image-core", "sd3.5-large"],
        ImageFormat::Fal => ["fal-ai/flux/dev", "fal-ai/imagen4/preview"],
        ImageFormat::Imagen => ["imagen-4.0-generate-001", "imagen-3.0-fast"],
        ImageFormat::Gemini => ["gemini-2.5-flash-image", "gemini-3-pro-image"],
        ImageFormat::Bedrock => [
            "amazon.nova-canvas-v1:0",
            "us.stability.stable-image-core-v1:1",
        ],
    }
}

#[test]
fn requests() {
    let cases = [
        ("least", json!({"prompt": "a fox"})),
        (
            "all",
            json!({
                "model": "group", "prompt": "a \"fox\"", "n": 2, "size": "1792x1024", "quality": "hd",
                "style": "vivid", "background": "transparent", "output_format": "webp",
                "response_format": "b64_json", "user": "u1", "moderation": "low", "stream": true, "seed": 7,
            }),
        ),
        (
            "automatic",
            json!({"prompt": "a", "size": "auto", "quality": "auto", "background": "auto", "n": 1}),
        ),
        (
            "a size of no known ratio",
            json!({"prompt": "a", "size": "1000x800"}),
        ),
    ];
    for format in ImageFormat::ALL {
        let mut out = String::new();
        for model in models(format) {
            for (name, body) in &cases {
                let written = format.encode_request(&decode(body).unwrap(), model);
                write!(out, "{}", show(&format!("{model}, {name}"), written)).unwrap();
            }
            let changed = edit(&[("prompt", "a hat"), ("n", "1"), ("size", "1024x1024")]);
            let written = format.encode_request(&changed, model);
            write!(out, "{}", show(&format!("{model}, edit"), written)).unwrap();
        }
        insta::assert_snapshot!(format!("images_{}", format.as_str()), out);
    }
}

#[test]
fn an_edit_may_name_its_service() {
    let request = edit(&[("prompt", "a hat"), ("search_prompt", "the head")]);
    for (model, path) in [
        (
            "stable-image-search-replace",
            "/v2beta/stable-image/edit/inpaint",
        ),
        (
            "search-and-replace",
            "/v2beta/stable-image/edit/search-and-replace",
        ),
        ("stable-image-erase-v1:0", "/v2beta/stable-image/edit/erase"),
        (
            "remove-background",
            "/v2beta/stable-image/edit/remove-background",
        ),
    ] {
        let written = ImageFormat::Stability
            .encode_request(&request, model)
            .unwrap();
        assert_eq!(written.path.as_deref(), Some(path), "{model}");
    }
}

#[test]
fn a_model_cannot_lead_elsewhere() {
    let request = decode(&json!({"prompt": "a"})).unwrap();
    for model in ["", "a//b", "../admin", "a/..", "a/./b"] {
        assert!(
            ImageFormat::Fal.encode_request(&request, model).is_err(),
            "{model}"
        );
    }
    let written = ImageFormat::Fal
        .encode_request(&request, "a?b/c#d e")
        .unwrap();
    assert_eq!(written.path.as_deref(), Some("/a%3Fb/c%23d%20e"));
}

fn answers() -> [(ImageFormat, Value); 7] {
    let inline = |data: &str| json!({"inlineData": {"mimeType": "image/png", "data": data}});
    [
        (
            ImageFormat::Stability,
            json!({"image": "/9j/AAA=", "finish_reason": "SUCCESS", "seed": 7}),
        ),
        (
            ImageFormat::Fal,
            json!({
                "images": [
                    {"url": "https://fal.media/files/a.png", "width": 1024, "height": 768, "content_type": "image/png"},
                    {"url": "data:image/jpeg;base64,/9j/AAA=", "content_type": "image/jpeg"},
                ],
                "seed": 7, "has_nsfw_concepts": [false, false], "prompt": "a fox",
            }),
        ),
        (
            ImageFormat::Fal,
            json!({"image": {"url": "https://fal.media/files/b.png"}}),
        ),
        (
            ImageFormat::Imagen,
            json!({"predictions": [
                {"mimeType": "image/png", "bytesBase64Encoded": "iVBORw==", "prompt": "a red fox"},
                {"raiFilteredReason": "filtered"},
            ]}),
        ),
        (
            ImageFormat::Gemini,
            json!({
                "candidates": [{
                    "content": {"role": "model", "parts": [
                        {"text": "Here it is."}, {"thought": true, "inlineData": {"mimeType": "image/png", "data": "draft"}},
                        inline("iVBORw=="),
                    ]},
                    "finishReason": "STOP",
                }],
                "usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 1290, "totalTokenCount": 1298},
            }),
        ),
        (
            ImageFormat::Bedrock,
            json!({"images": ["iVBORw==", "iVBORw=="], "error": null}),
        ),
        (
            ImageFormat::Bedrock,
            json!({"images": ["UklGRAAA"], "seeds": [7], "finish_reasons": [null]}),
        ),
    ]
}

#[test]
fn answers_reach_the_client_as_it_wants_them() {
    let mut out = String::new();
    for (format, body) in answers() {
        let response = format.decode_response(body.to_string().as_bytes()).unwrap();
        for wanted in [
            json!({"prompt": "a"}),
            json!({"prompt": "a", "response_format": "url"}),
        ] {
            let request = decode(&wanted).unwrap();
            let written = encode_response(&request, &response, &reply());
            writeln!(out, "=== {format:?}, {wanted}\n{}\n", pretty(&written)).unwrap();
        }
    }
    insta::assert_snapshot!("images_answers", out);
}

#[test]
fn what_a_filter_kept_back_is_told() {
    let withheld = |format: ImageFormat, body: Value| -> ImageResponse {
        format.decode_response(body.to_string().as_bytes()).unwrap()
    };
    for (format, body, why) in [
        (
            ImageFormat::Stability,
            json!({"image": "iVBORw==", "finish_reason": "CONTENT_FILTERED", "seed": 1}),
            "CONTENT_FILTERED",
        ),
        (
            ImageFormat::Imagen,
            json!({"predictions": [{"raiFilteredReason": "a person"}]}),
            "a person",
        ),
        (
            ImageFormat::Gemini,
            json!({"candidates": [{"finishReason": "IMAGE_SAFETY"}]}),
            "IMAGE_SAFETY",
        ),
        (
            ImageFormat::Gemini,
            json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
            "PROHIBITED_CONTENT",
        ),
        (
            ImageFormat::Bedrock,
            json!({"images": [], "error": "blocked by our filters"}),
            "blocked by our filters",
        ),
        (
            ImageFormat::Bedrock,
            json!({"images": [""], "finish_reasons": ["Filter reason: prompt"]}),
            "Filter reason: prompt",
        ),
    ] {
        let response = withheld(format, body);
        assert_eq!(response.images, []);
        assert_eq!(response.withheld.as_deref(), Some(why), "{format:?}");
    }
}

#[test]
fn a_body_that_is_no_answer_is_refused() {
    for format in ImageFormat::ALL {
        for body in NO_ANSWERS.into_iter().chain(["{}", r#"{"images":[]}"#]) {
            assert!(
                format.decode_response(body.as_bytes()).is_err(),
                "{format:?} {body}"
            );
        }
    }
    // A model that only talked.
    let talk = r#"{"candidates":[{"content":{"parts":[{"text":"No."}]},"finishReason":"STOP"}]}"#;
    assert!(
        ImageFormat::Gemini
            .decode_response(talk.as_bytes())
            .is_err()
    );
}

#[test]
fn a_data_url_is_taken_apart() {
    let body = json!({"images": ["data:image/webp;base64,UklGRAAA"]});
    let response = ImageFormat::Fal
        .decode_response(body.to_string().as_bytes())
        .unwrap();
    let expected = PictureSource::Base64 {
        media_type: "image/webp".to_owned(),
        data: "UklGRAAA".to_owned(),
    };
    assert_eq!(response.images[0].source, expected);
}
