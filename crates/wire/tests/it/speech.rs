//! Speech: what clients send reaches each provider in its own words.

use std::fmt::Write as _;

use lockgate_wire::canonical::SpeechRequest;
use lockgate_wire::dialect::TranslateError;
use lockgate_wire::speech::{SpeechFormat, decode_request};
use serde_json::{Value, json};

use crate::own::{object, raw, show};

fn decode(body: &Value) -> Result<SpeechRequest, TranslateError> {
    decode_request(&object(body))
}

#[test]
fn a_clients_request_is_read_whole() {
    let request = decode(&json!({
        "model": "group", "input": "Hello.", "voice": "alloy", "instructions": "Cheerful.",
        "response_format": "wav", "speed": 1.5, "stream_format": "audio", "seed": 7,
    }))
    .unwrap();
    let expected = SpeechRequest {
        input: "Hello.".to_owned(),
        voice: Some("alloy".to_owned()),
        instructions: Some("Cheerful.".to_owned()),
        format: Some("wav".to_owned()),
        speed: Some(1.5),
        unmapped: Vec::new(),
        extra: vec![("seed".to_owned(), raw("7"))],
    };
    assert_eq!(request, expected);
    let custom = decode(&json!({"input": "a", "voice": {"id": "voice_1"}})).unwrap();
    assert_eq!(custom.voice.as_deref(), Some("voice_1"));
    let missing = decode(&json!({"voice": "alloy"})).unwrap_err();
    assert!(missing.to_string().contains("input"), "{missing}");
}

#[test]
fn requests() {
    let cases = [
        ("least", json!({"input": "Hello.", "voice": "alloy"})),
        (
            "all",
            json!({
                "input": "Hello.", "voice": "alloy", "instructions": "Cheerful.",
                "response_format": "opus", "speed": 1.5,
            }),
        ),
        (
            "a voice of its own",
            json!({"input": "\"Hi\"", "voice": "aura-2-thalia-en", "response_format": "pcm"}),
        ),
        (
            "wav",
            json!({"input": "a", "voice": "a/../b?c", "response_format": "wav"}),
        ),
        (
            "a format that it does not have",
            json!({"input": "a", "voice": "v", "response_format": "midi"}),
        ),
        (
            "events",
            json!({"input": "a", "voice": "v", "stream_format": "sse"}),
        ),
        (
            "own parameters",
            json!({
                "input": "a", "voice": "v", "speed": 2, "encoding": "mulaw", "tag": ["a b", "c&d"],
                "voice_settings": {"stability": 0.5}, "output_format": "ulaw_8000",
                "enable_logging": false,
            }),
        ),
        ("without a voice", json!({"input": "a"})),
    ];
    for format in SpeechFormat::ALL {
        let mut out = String::new();
        for (name, body) in &cases {
            let request = decode(body).unwrap();
            let written = format.encode_request(&request, "the-model");
            write!(out, "{}", show(name, written)).unwrap();
        }
        insta::assert_snapshot!(format!("speech_{}", format.as_str()), out);
    }
}
