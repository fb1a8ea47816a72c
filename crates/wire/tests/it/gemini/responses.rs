//! Whole answers.

use super::*;

#[test]
fn responses_in_canonical_form() {
    for (name, body) in fixtures("responses") {
        let response = Gemini.decode_response(&body).unwrap();
        insta::assert_debug_snapshot!(format!("gemini_response_{name}"), response);
    }
}

#[test]
fn responses_survive_encoding_and_decoding() {
    for (name, body) in fixtures("responses") {
        let mut response = Gemini.decode_response(&body).unwrap();
        let encoded = Gemini.encode_response(&response, &reply(Operation::Chat));
        let again = Gemini.decode_response(&encoded).unwrap();
        response.id = Some(reply(Operation::Chat).id);
        response.model = Some("chat".to_owned());
        let seen = Gemini.sniff(&body);
        assert_eq!(seen.usage, response.usage, "{name}");
        response.usage = response.usage.map(crate::told);
        assert_eq!(again, response, "{name}");
        assert_eq!(seen.finish, Some(response.choices[0].finish), "{name}");
    }
}

#[test]
fn what_is_no_answer_is_refused() {
    for body in [
        "",
        "<html>",
        "{}",
        "[]",
        r#"{"error":{"code":400,"message":"no"}}"#,
        r#"{"candidates":7}"#,
    ] {
        assert!(Gemini.decode_response(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn liberal_answers_are_read() {
    let body = json!({"candidates": [{"content": {"parts": [{"text": "Hi", "future": {}}]}}],
        "usage_metadata": {"prompt_token_count": "3", "total_token_count": 5}});
    let response = Gemini.decode_response(body.to_string().as_bytes()).unwrap();
    assert_eq!(response.choices[0].finish, FinishReason::Stop);
    let usage = response.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (3, 2));
    // No candidates at all: an empty answer rather than none.
    let empty = Gemini.decode_response(br#"{"usageMetadata":{"promptTokenCount":3}}"#);
    assert_eq!(empty.unwrap().choices.len(), 1);
}

#[test]
fn usage_keeps_its_invariants_when_the_provider_contradicts_itself() {
    let usage = |metadata: Value| {
        let body = json!({ "usageMetadata": metadata }).to_string();
        Gemini.sniff(body.as_bytes()).usage.unwrap()
    };
    let inclusive = usage(json!({"promptTokenCount": 10, "candidatesTokenCount": 50,
        "thoughtsTokenCount": 40, "totalTokenCount": 60}));
    assert_eq!((inclusive.output_tokens, inclusive.reasoning), (50, 40));
    let odd = usage(
        json!({"promptTokenCount": 10, "cachedContentTokenCount": 99,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 99}],
        "candidatesTokenCount": 1, "candidatesTokensDetails": {"modality": "AUDIO", "tokenCount": 7}}),
    );
    assert_eq!(
        (odd.cache_read, odd.audio_input, odd.audio_output),
        (10, 0, 1)
    );
}

fn full_response() -> ChatResponse {
    ChatResponse {
        id: Some("upstream".into()),
        model: Some("upstream-model".into()),
        choices: vec![
            Choice {
                index: 0,
                content: vec![
                    BlockKind::Thinking {
                        text: "Hm.".into(),
                        signature: Some("AAAA".into()),
                    },
                    BlockKind::RedactedThinking { data: "x".into() },
                    text("Hello."),
                    BlockKind::Image(Media {
                        source: MediaSource::Base64("iVBORw0KGgo=".into()),
                        ..Media::default()
                    }),
                    tool_use("call_1__thought__-_-_", "f", "{\"a\": 1}"),
                    tool_use("call_2", "g", "oops"),
                ]
                .into_iter()
                .map(Block::new)
                .collect(),
                finish: FinishReason::ToolUse,
                stop_sequence: None,
                logprobs: Some(Logprobs {
                    content: vec![TokenLogprob {
                        token: TopLogprob {
                            token: "Hello".into(),
                            logprob: -0.5,
                            bytes: None,
                        },
                        top: vec![],
                    }],
                }),
            },
            Choice {
                index: 1,
                content: vec![],
                finish: FinishReason::ContentFilter,
                stop_sequence: None,
                logprobs: None,
            },
        ],
        usage: Some(Usage {
            input_tokens: 100,
            output_tokens: 50,
            cache_read: 40,
            cache_write: 10,
            reasoning: 20,
            audio_input: 5,
            audio_output: 6,
            ..Usage::default()
        }),
        service_tier: None,
    }
}

#[test]
fn a_full_response_is_complete() {
    let body = Gemini.encode_response(&full_response(), &reply(Operation::Chat));
    let value: Value = serde_json::from_slice(&body).unwrap();
    snapshot("gemini_full_response", &value);
}
