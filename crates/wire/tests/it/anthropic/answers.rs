//! Whole answers.

use lockgate_wire::canonical::{Billing, ServiceTier};

use super::*;

#[test]
fn answers_come_back_as_they_were() {
    for (name, bytes) in fixtures("responses") {
        let mut first = dialect().decode_response(&bytes).unwrap();
        let written = dialect().encode_response(&first, &reply());
        let mut second = dialect().decode_response(&written).unwrap();
        assert_eq!(
            second.id.as_deref(),
            Some("msg_0123456789abcdef0123456789abcdef")
        );
        assert_eq!(second.model.as_deref(), Some("my-claude"));
        first.id = second.id.clone();
        first.model = second.model.clone();
        first.usage.get_or_insert_default();
        first.usage = first.usage.map(crate::told);
        second.usage = second.usage.map(crate::told);
        for response in [&mut first, &mut second] {
            for block in &mut response.choices[0].content {
                if let BlockKind::Text { citations, .. } = &mut block.kind {
                    *citations = citations
                        .take()
                        .map(|c| raw(&serde_json::from_str::<Value>(c.get()).unwrap()));
                }
            }
        }
        assert_eq!(first, second, "{name}");
    }
}

#[test]
fn reads_usage_and_finish() {
    let read = |name: &str| {
        dialect()
            .decode_response(&fixture("responses", name))
            .unwrap()
    };
    assert_eq!(
        read("cached").usage,
        Some(Usage {
            input_tokens: 19_521,
            output_tokens: 12,
            cache_read: 18_000,
            cache_write: 1500,
            cache_write_1h: 1000,
            billing: Billing {
                service_tier: Some(ServiceTier::Standard),
                ..Billing::default()
            },
            ..Usage::default()
        })
    );
    assert_eq!(read("reasoning").usage.unwrap().reasoning, 640);
    assert_eq!(read("text").service_tier.as_deref(), Some("default"));
    for (name, finish) in [
        ("text", FinishReason::Stop),
        ("tools", FinishReason::ToolUse),
        ("length", FinishReason::Length),
        ("context_window", FinishReason::Length),
        ("content_filter", FinishReason::Refusal),
        ("pause", FinishReason::Pause),
        ("stop_sequence", FinishReason::StopSequence),
        ("structured_output", FinishReason::Stop),
        ("sparse", FinishReason::Stop),
    ] {
        assert_eq!(read(name).choices[0].finish, finish, "{name}");
    }
    assert_eq!(
        read("stop_sequence").choices[0].stop_sequence.as_deref(),
        Some("END")
    );
    assert_eq!(
        read("structured_output").choices[0].content,
        [Block::text(
            "{\"city\":\"Lisbon\",\"population\":545923,\"rivers\":[\"Tejo\"]}"
        )]
    );
}

#[test]
fn no_answer_is_an_error() {
    for body in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        r#"{"type":"message","content":5}"#,
    ] {
        assert!(
            dialect().decode_response(body.as_bytes()).is_err(),
            "{body}"
        );
    }
}

#[test]
fn contradicting_counts_are_clamped() {
    let body = json!({"type": "message", "content": [], "usage": {
        "input_tokens": 1, "output_tokens": 5, "cache_creation_input_tokens": 10,
        "cache_creation": {"ephemeral_1h_input_tokens": 50, "ephemeral_5m_input_tokens": 0},
        "output_tokens_details": {"thinking_tokens": 9}
    }});
    let usage = dialect()
        .decode_response(body.to_string().as_bytes())
        .unwrap()
        .usage
        .unwrap();
    assert_eq!((usage.cache_write, usage.cache_write_1h), (10, 10));
    assert_eq!((usage.output_tokens, usage.reasoning), (5, 5));
    assert_eq!(usage.input_tokens, 11);
}

/// An answer that uses every canonical feature.
fn full_response() -> ChatResponse {
    ChatResponse {
        id: Some("chatcmpl-1".to_owned()),
        model: Some("gpt".to_owned()),
        choices: vec![
            Choice {
                index: 1,
                content: vec![Block::text("another choice")],
                finish: FinishReason::Length,
                stop_sequence: None,
                logprobs: None,
            },
            Choice {
                index: 0,
                content: vec![
                    Block::new(BlockKind::Thinking {
                        text: "Hm.".to_owned(),
                        signature: None,
                    }),
                    Block::new(BlockKind::RedactedThinking {
                        data: "ZGF0YQ==".to_owned(),
                    }),
                    Block::new(BlockKind::Text {
                        text: "Hello".to_owned(),
                        citations: Some(raw(&json!([{"type": "url_citation"}]))),
                    }),
                    call("call:1", "f", "{\"a\":1}"),
                    call("call_2", "g", ""),
                    call("call_3", "h", "{\"cut off"),
                    Block::new(BlockKind::Opaque {
                        origin: DialectId::Anthropic,
                        what: "container_upload".to_owned(),
                        raw: raw(&json!({"type": "container_upload", "file_id": "file_1"})),
                    }),
                    Block::new(BlockKind::Opaque {
                        origin: DialectId::Gemini,
                        what: "executableCode".to_owned(),
                        raw: raw(&json!({})),
                    }),
                    Block::new(BlockKind::Refusal {
                        text: "No more.".to_owned(),
                    }),
                ],
                finish: FinishReason::Stop,
                stop_sequence: None,
                logprobs: Some(Logprobs::default()),
            },
        ],
        usage: Some(Usage {
            input_tokens: 100,
            output_tokens: 50,
            cache_read: 30,
            cache_write: 20,
            cache_write_1h: 5,
            reasoning: 10,
            ..Usage::default()
        }),
        service_tier: Some("priority".to_owned()),
    }
}

fn pretty(bytes: &[u8]) -> String {
    let value: Value = serde_json::from_slice(bytes).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

#[test]
fn a_full_answer() {
    insta::assert_snapshot!(pretty(
        &dialect().encode_response(&full_response(), &reply())
    ));
}

#[test]
fn an_empty_answer() {
    insta::assert_snapshot!(pretty(
        &dialect().encode_response(&ChatResponse::default(), &reply())
    ));
}
