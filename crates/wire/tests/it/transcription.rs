//! Transcription: forms in, each provider's answer out as clients know it.

use std::fmt::Write as _;

use bytes::Bytes;
use lockgate_wire::canonical::{TranscriptFormat, Transcription, TranscriptionRequest};
use lockgate_wire::dialect::TranslateError;
use lockgate_wire::form::{FormWriter, parts};
use lockgate_wire::transcription::{TranscriptionFormat, decode_request, encode_response};
use serde_json::json;

use crate::own::{NO_ANSWERS, file, pretty, raw, show};

fn decode(fields: &[(&str, &str)]) -> Result<TranscriptionRequest, TranslateError> {
    let mut form = FormWriter::default();
    form.file("file", "a.mp3", "audio/mpeg", Bytes::from_static(b"sound"));
    for (name, value) in fields {
        form.field(name, value);
    }
    let (content_type, body) = form.finish();
    decode_request(&parts(&content_type, &body).unwrap())
}

#[test]
fn a_clients_form_is_read_whole() {
    let request = decode(&[
        ("model", "group"),
        ("language", "de"),
        ("prompt", "Namen: Anna"),
        ("response_format", "verbose_json"),
        ("temperature", "0.2"),
        ("timestamp_granularities[]", "segment"),
        ("timestamp_granularities[]", "word"),
        ("stream", "true"),
        ("diarize", "true"),
        ("keyterm[]", "Lockgate"),
        ("keyterm[]", "Douro"),
    ])
    .unwrap();
    let expected = TranscriptionRequest {
        file: file("a.mp3", "audio/mpeg", "sound"),
        language: Some("de".to_owned()),
        prompt: Some("Namen: Anna".to_owned()),
        format: TranscriptFormat::Verbose,
        temperature: Some("0.2".to_owned()),
        words: true,
        stream: true,
        extra: vec![
            ("diarize".to_owned(), raw("\"true\"")),
            ("keyterm".to_owned(), raw("\"Lockgate\"")),
            ("keyterm".to_owned(), raw("\"Douro\"")),
        ],
    };
    assert_eq!(request, expected);
    let wrong = decode(&[("response_format", "docx")]).unwrap_err();
    assert!(wrong.to_string().contains("docx"), "{wrong}");
    let (content_type, body) = FormWriter::default().finish();
    let empty = parts(&content_type, &body).unwrap();
    assert!(
        decode_request(&empty)
            .unwrap_err()
            .to_string()
            .contains("file")
    );
}

#[test]
fn requests() {
    let cases: [(&str, &[(&str, &str)]); 4] = [
        ("least", &[]),
        (
            "all",
            &[
                ("language", "de"),
                ("prompt", "Anna"),
                ("temperature", "0.2"),
                ("stream", "true"),
            ],
        ),
        ("subtitles", &[("response_format", "srt")]),
        (
            "own parameters",
            &[
                ("smart_format", "true"),
                ("keyterm[]", "a b"),
                ("keyterm[]", "c&d"),
                ("diarize", "true"),
            ],
        ),
    ];
    for format in TranscriptionFormat::ALL {
        let mut out = String::new();
        for (name, fields) in cases {
            let written = format.encode_request(&decode(fields).unwrap(), "the-model");
            write!(out, "{}", show(name, written)).unwrap();
        }
        insta::assert_snapshot!(format!("transcription_{}", format.as_str()), out);
    }
}

/// The same speech, as each provider writes it down.
fn answers() -> [(TranscriptionFormat, serde_json::Value); 2] {
    let deepgram = json!({
        "metadata": {"request_id": "r", "duration": 5.25, "channels": 1},
        "results": {"channels": [{"detected_language": "en", "alternatives": [{
            "transcript": "Hello there. All well?", "confidence": 0.99,
            "words": [
                {"word": "hello", "punctuated_word": "Hello", "start": 0.08, "end": 0.5, "confidence": 0.9},
                {"word": "there", "punctuated_word": "there.", "start": 0.5, "end": 1.0, "confidence": 0.9},
                {"word": "all", "punctuated_word": "All", "start": 2.0, "end": 2.25, "confidence": 0.9},
                {"word": "well", "punctuated_word": "well?", "start": 2.25, "end": 3.0, "confidence": 0.9},
            ],
        }]}]},
    });
    let word = |text: &str, start: f64, end: f64, kind: &str| json!({"text": text, "start": start, "end": end, "type": kind, "logprob": -0.1});
    let elevenlabs = json!({
        "language_code": "en", "language_probability": 0.98, "text": "Hello there. All well?",
        "audio_duration_secs": 5.25,
        "words": [
            word("Hello", 0.08, 0.5, "word"), word(" ", 0.5, 0.5, "spacing"),
            word("there.", 0.5, 1.0, "word"), word("(laughs)", 1.0, 2.0, "audio_event"),
            word("All", 2.0, 2.25, "word"), word(" ", 2.25, 2.25, "spacing"),
            word("well?", 2.25, 3.0, "word"),
        ],
    });
    [
        (TranscriptionFormat::Deepgram, deepgram),
        (TranscriptionFormat::ElevenLabs, elevenlabs),
    ]
}

#[test]
fn every_providers_answer_is_the_same_to_a_client() {
    let written: Vec<String> = answers()
        .into_iter()
        .map(|(format, body)| {
            let said = format.decode_response(body.to_string().as_bytes()).unwrap();
            all_formats(&said)
        })
        .collect();
    assert_eq!(written[0], written[1]);
    insta::assert_snapshot!("transcription_answers", written[0]);
}

fn all_formats(said: &Transcription) -> String {
    let mut out = String::new();
    for (name, words) in [
        ("json", false),
        ("verbose_json", false),
        ("verbose_json", true),
        ("text", false),
        ("srt", false),
        ("vtt", false),
    ] {
        let mut fields = vec![("response_format", name)];
        if words {
            fields.push(("timestamp_granularities[]", "word"));
        }
        let request = decode(&fields).unwrap();
        let body = encode_response(&request, said);
        let text = match request.format.content_type() {
            "application/json" => pretty(&body),
            _ => String::from_utf8(body.to_vec()).unwrap(),
        };
        writeln!(out, "=== {name}, {}\n{text}", request.format.content_type()).unwrap();
    }
    out
}

#[test]
fn what_a_provider_leaves_out_is_made_up_for() {
    // Utterances are the provider's own segments; several channels are read one behind the other.
    let body = json!({
        "results": {
            "channels": [
                {"alternatives": [{"transcript": "One."}]},
                {"alternatives": [{"transcript": "Two."}]},
            ],
            "utterances": [
                {"transcript": "One.", "start": 0.0, "end": 1.0},
                {"transcript": "Two.", "start": 3661.5, "end": 3662.0},
            ],
        },
    });
    let said = TranscriptionFormat::Deepgram
        .decode_response(body.to_string().as_bytes())
        .unwrap();
    assert_eq!(said.text, "One.\nTwo.");
    let srt = decode(&[("response_format", "srt")]).unwrap();
    let expected = "1\n00:00:00,000 --> 00:00:01,000\nOne.\n\n\
                    2\n01:01:01,500 --> 01:01:02,000\nTwo.\n\n";
    assert_eq!(encode_response(&srt, &said), expected);
    // A text without times is one cue, and no text is none.
    let bare = Transcription {
        text: "Hello.".to_owned(),
        duration: Some(2.0),
        ..Transcription::default()
    };
    let expected = "1\n00:00:00,000 --> 00:00:02,000\nHello.\n\n";
    assert_eq!(encode_response(&srt, &bare), expected);
    assert_eq!(encode_response(&srt, &Transcription::default()), "");
    // Several channels, each with a transcript.
    let body = json!({"transcripts": [
        {"language_code": "en", "text": "One.", "words": [
            {"text": "One.", "start": 0.0, "end": 1.5, "type": "word"}]},
        {"language_code": "en", "text": "Two.", "words": []},
    ]});
    let said = TranscriptionFormat::ElevenLabs
        .decode_response(body.to_string().as_bytes())
        .unwrap();
    assert_eq!(
        (said.text.as_str(), said.duration),
        ("One.\nTwo.", Some(1.5))
    );
}

#[test]
fn a_body_that_is_no_answer_is_refused() {
    for format in TranscriptionFormat::ALL {
        for body in NO_ANSWERS {
            assert!(
                format.decode_response(body.as_bytes()).is_err(),
                "{format:?} {body}"
            );
        }
    }
}
