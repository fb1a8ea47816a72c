//! Whole answers.

use super::*;

fn read(name: &str) -> ChatResponse {
    dialect()
        .decode_response(&fixture("responses", name))
        .unwrap()
}

#[test]
fn answers_come_back_as_they_were() {
    for (name, bytes) in fixtures("responses") {
        let mut first = dialect().decode_response(&bytes).unwrap();
        let written = dialect().encode_response(&first, &reply());
        let mut second = dialect().decode_response(&written).unwrap();
        first.usage.get_or_insert_default();
        for response in [&mut first, &mut second] {
            for block in &mut response.choices[0].content {
                if let BlockKind::Text {
                    citations: Some(citations),
                    ..
                }
                | BlockKind::Opaque { raw: citations, .. } = &mut block.kind
                {
                    let value: Value = serde_json::from_str(citations.get()).unwrap();
                    *citations = raw(&value);
                }
            }
        }
        assert_eq!(first, second, "{name}");
    }
}

#[test]
fn reads_usage_and_finish() {
    assert_eq!(
        read("cached").usage,
        Some(Usage {
            input_tokens: 19_521,
            output_tokens: 12,
            cache_read: 18_000,
            cache_write: 1500,
            cache_write_1h: 1000,
            ..Usage::default()
        })
    );
    assert_eq!(read("sparse").usage, None);
    assert_eq!(read("text").service_tier.as_deref(), Some("default"));
    for (name, finish) in [
        ("text", FinishReason::Stop),
        ("tools", FinishReason::ToolUse),
        ("length", FinishReason::Length),
        ("context_window", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        ("stop_sequence", FinishReason::StopSequence),
        ("structured_output", FinishReason::Stop),
        ("sparse", FinishReason::Stop),
    ] {
        assert_eq!(read(name).choices[0].finish, finish, "{name}");
    }
    assert_eq!(
        read("stop_sequence").choices[0].stop_sequence.as_deref(),
        Some("three")
    );
    assert_eq!(
        read("structured_output").choices[0].content,
        [Block::text(r#"{"name":"Frisia IV","people":1300}"#)]
    );
}

#[test]
fn every_stop_reason_of_the_service_is_known() {
    for (name, finish) in [
        ("end_turn", FinishReason::Stop),
        ("tool_use", FinishReason::ToolUse),
        ("max_tokens", FinishReason::Length),
        ("stop_sequence", FinishReason::StopSequence),
        ("guardrail_intervened", FinishReason::ContentFilter),
        ("content_filtered", FinishReason::ContentFilter),
        ("malformed_model_output", FinishReason::Stop),
        ("malformed_tool_use", FinishReason::Stop),
        ("model_context_window_exceeded", FinishReason::Length),
    ] {
        let body = json!({"output": {"message": {"content": []}}, "stopReason": name});
        let response = dialect()
            .decode_response(body.to_string().as_bytes())
            .unwrap();
        assert_eq!(response.choices[0].finish, finish, "{name}");
    }
}

#[test]
fn reads_every_kind_of_block() {
    let kinds = |name: &str| read(name).choices[0].content.clone();
    assert_eq!(
        kinds("hidden_reasoning")[..2],
        [
            Block::new(BlockKind::RedactedThinking {
                data: "EmsKAhgBEgy3va".to_owned()
            }),
            Block::new(BlockKind::RedactedThinking {
                data: "data:;base64,/wD+gA==".to_owned()
            }),
        ]
    );
    let opaque = |block: &Block| match &block.kind {
        BlockKind::Opaque { origin, what, .. } => Some((*origin, what.clone())),
        _ => None,
    };
    let bedrock = |what: &str| Some((DialectId::Bedrock, what.to_owned()));
    let found: Vec<_> = kinds("web_search").iter().map(opaque).collect();
    assert_eq!(found, [bedrock("toolUse"), bedrock("toolResult"), None]);
    assert_eq!(opaque(&kinds("sparse")[1]), bedrock("weatherContent"));
    assert!(matches!(
        &kinds("citations")[1].kind,
        BlockKind::Text { text, citations: Some(_) } if text == "dogs travel for nothing."
    ));
}

#[test]
fn no_answer_is_an_error() {
    for body in [
        "",
        "<html>",
        "[]",
        "{}",
        r#"{"message":"Too many requests"}"#,
        r#"{"output":{}}"#,
        r#"{"output":{"message":{"content":5}}}"#,
    ] {
        assert!(
            dialect().decode_response(body.as_bytes()).is_err(),
            "{body}"
        );
    }
}

#[test]
fn contradicting_counts_are_clamped() {
    let body = json!({"output": {"message": {"content": []}}, "usage": {
        "inputTokens": 1, "outputTokens": 5, "cacheWriteInputTokens": 10,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 50}],
    }});
    let usage = dialect()
        .decode_response(body.to_string().as_bytes())
        .unwrap()
        .usage
        .unwrap();
    assert_eq!((usage.cache_write, usage.cache_write_1h), (10, 10));
    assert_eq!(usage.input_tokens, 11);
}

/// An answer that uses every canonical feature.
pub(super) fn full_response() -> ChatResponse {
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
                    Block::new(BlockKind::Thinking {
                        text: String::new(),
                        signature: Some("c2ln".to_owned()),
                    }),
                    Block::new(BlockKind::RedactedThinking {
                        data: "EmsKAhgB".to_owned(),
                    }),
                    Block::new(BlockKind::Text {
                        text: "Hello".to_owned(),
                        citations: Some(raw(&json!([{"type": "url_citation"}]))),
                    }),
                    call("call:1__thought__c2ln", "f", "{\"a\":1}"),
                    call("call_2", "g", ""),
                    call("call_3", "h", "{\"cut off"),
                    Block::new(BlockKind::Image(Media {
                        source: MediaSource::Base64("iVBORw0KGgo=".to_owned()),
                        ..Media::default()
                    })),
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
                logprobs: None,
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

#[test]
fn a_full_answer() {
    let body = dialect().encode_response(&full_response(), &reply());
    insta::assert_snapshot!(pretty(&serde_json::from_slice(&body).unwrap()));
}

#[test]
fn an_empty_answer() {
    let body = dialect().encode_response(&ChatResponse::default(), &reply());
    assert_eq!(
        serde_json::from_slice::<Value>(&body).unwrap(),
        json!({
            "output": {"message": {"role": "assistant", "content": []}},
            "stopReason": "end_turn",
            "usage": {
                "inputTokens": 0, "outputTokens": 0, "totalTokens": 0,
                "cacheReadInputTokens": 0, "cacheWriteInputTokens": 0
            },
            "metrics": {"latencyMs": 0}
        })
    );
}
