//! Whole answers for clients.

use lockgate_wire::canonical::{
    Block, BlockKind, ChatResponse, Choice, FinishReason, RawJson, StreamEvent, Usage,
};
use lockgate_wire::dialect::ReplyContext;
use serde_json::{Value, json};

use super::{
    asked, call, decode, dialect, encode_events, frames, object, parsed, pretty, reply, thinking,
};

fn answer(content: Vec<Block>, finish: FinishReason) -> ChatResponse {
    ChatResponse {
        choices: vec![Choice {
            index: 0,
            content,
            finish,
            stop_sequence: None,
            logprobs: None,
        }],
        ..ChatResponse::default()
    }
}

fn written(response: &ChatResponse, reply: &ReplyContext) -> Value {
    parsed(&dialect().encode_response(response, reply))
}

#[test]
fn an_answer_repeats_what_was_asked() {
    let reply = asked(&json!({
        "model": "group",
        "input": "Hi",
        "instructions": "Be brief.",
        "temperature": 0.2,
        "top_p": null,
        "max_output_tokens": 99,
        "metadata": {"trace": "t"},
        "parallel_tool_calls": false,
        "previous_response_id": "resp_before",
        "conversation": "conv_1",
        "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_object"}},
        "tool_choice": {"type": "function", "name": "f"},
        "tools": [{"type": "function", "name": "f"}, {"type": "web_search"}],
        "truncation": "auto",
        "user": "u",
    }));
    let response = answer(vec![Block::text("Hello")], FinishReason::Stop);
    insta::assert_snapshot!(pretty(&dialect().encode_response(&response, &reply)));
}

#[test]
fn what_is_repeated_breaks_no_frame() {
    let body = "{\"model\":\"m\",\"input\":\"x\",\"metadata\":{\n\"a\":\n\n\"b\"},\"tools\":[\n{\"type\":\"mcp\",\n\"x\":\r\n1}]}";
    let context = ReplyContext {
        echo: dialect().echo(&object(body.as_bytes())),
        ..reply()
    };
    let stream = encode_events(&[StreamEvent::End], &context);
    for frame in frames(&stream) {
        assert_eq!(frame["response"]["metadata"], json!({"a": "b"}));
        assert_eq!(frame["response"]["tools"], json!([{"type": "mcp", "x": 1}]));
    }
}

#[test]
fn an_answer_to_nothing_in_particular_is_whole() {
    let empty = written(&ChatResponse::default(), &reply());
    for required in [
        "id",
        "object",
        "created_at",
        "error",
        "incomplete_details",
        "instructions",
        "model",
        "tools",
        "output",
        "parallel_tool_calls",
        "metadata",
        "tool_choice",
        "temperature",
        "top_p",
    ] {
        assert!(empty.get(required).is_some(), "{required}");
    }
    assert_eq!(empty["status"], "completed");
    assert_eq!(empty["output"], json!([]));
    assert_eq!(empty["usage"]["total_tokens"], 0);
}

#[test]
fn reasoning_of_another_provider_makes_the_round() {
    let blocks = vec![
        thinking("Let me see.", Some("EuYBCkQYAiJAgCs1le6/Pol5Z4/JMomVOouG")),
        Block::new(BlockKind::RedactedThinking {
            data: "EmwKAhgB".to_owned(),
        }),
        thinking("", Some("sig of \"anyone\"")),
        thinking("Unsigned.", None),
        thinking("Own.", Some("gAAAAABo7Qx3mVtY0c2Zk1RrYl9wZ2hF")),
        Block::text("So."),
        call("toolu_1", "f", "{}"),
    ];
    let reply = written(&answer(blocks.clone(), FinishReason::ToolUse), &reply());
    let sealed: Vec<&Value> = reply["output"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["encrypted_content"])
        .collect();
    assert_eq!(sealed[3], &Value::Null);
    // OpenAI's own is what OpenAI can read.
    assert_eq!(sealed[4], "gAAAAABo7Qx3mVtY0c2Zk1RrYl9wZ2hF");

    let next = json!({"model": "group", "input": reply["output"]});
    let request = decode(next.to_string().as_bytes());
    assert_eq!(request.messages[0].content, blocks);
}

#[test]
fn the_status_follows_from_the_reason() {
    let refusal = || {
        vec![Block::new(BlockKind::Refusal {
            text: "No.".to_owned(),
        })]
    };
    let text = || vec![Block::text("So far")];
    let cases = [
        (text(), FinishReason::Stop, "completed", Value::Null),
        (text(), FinishReason::StopSequence, "completed", Value::Null),
        (text(), FinishReason::Pause, "completed", Value::Null),
        (refusal(), FinishReason::Refusal, "completed", Value::Null),
        (
            text(),
            FinishReason::Refusal,
            "incomplete",
            json!({"reason": "content_filter"}),
        ),
        (
            text(),
            FinishReason::ContentFilter,
            "incomplete",
            json!({"reason": "content_filter"}),
        ),
        (
            text(),
            FinishReason::Length,
            "incomplete",
            json!({"reason": "max_output_tokens"}),
        ),
    ];
    for (content, finish, status, details) in cases {
        let written = written(&answer(content, finish), &reply());
        assert_eq!(written["status"], status, "{finish:?}");
        assert_eq!(written["output"][0]["status"], status, "{finish:?}");
        assert_eq!(written["incomplete_details"], details, "{finish:?}");
    }
}

#[test]
fn a_call_of_a_custom_tool_is_one() {
    let reply = asked(&json!({"model": "m", "input": "x", "tools": [
        {"type": "custom", "name": "patch"}, {"type": "function", "name": "f"},
    ]}));
    let calls = vec![call("a", "patch", "*** Begin"), call("b", "f", "")];
    let written = written(&answer(calls, FinishReason::ToolUse), &reply);
    assert_eq!(
        written["output"],
        json!([
            {"type": "custom_tool_call", "id": "ctc_0123abcd0000", "status": "completed",
             "call_id": "a", "input": "*** Begin", "name": "patch"},
            {"type": "function_call", "id": "fc_0123abcd0001", "status": "completed",
             "arguments": "{}", "call_id": "b", "name": "f"},
        ])
    );
}

#[test]
fn citations_are_written_as_they_are_here() {
    let cited = |citations: &Value| {
        let text = Block::new(BlockKind::Text {
            text: "The Nordlys won.".to_owned(),
            citations: Some(RawJson::from_value(citations).unwrap()),
        });
        let written = written(&answer(vec![text], FinishReason::Stop), &reply());
        written["output"][0]["content"][0]["annotations"].clone()
    };
    let flat = json!({"type": "url_citation", "start_index": 4, "end_index": 11,
        "url": "https://example.org", "title": "Results"});
    let nested = json!({"type": "url_citation", "url_citation": {
        "start_index": 4, "end_index": 11, "url": "https://example.org", "title": "Results"}});
    assert_eq!(cited(&json!([flat])), json!([flat]));
    assert_eq!(cited(&json!([nested])), json!([flat]));
    // Anthropic's have no place in the text.
    let other = json!([{"type": "web_search_result_location", "url": "https://example.org"}]);
    assert_eq!(cited(&other), json!([]));
    assert_eq!(cited(&json!("odd")), json!([]));
}

#[test]
fn counts_are_written_whole() {
    let mut response = answer(Vec::new(), FinishReason::Stop);
    response.usage = Some(Usage {
        input_tokens: 100,
        output_tokens: 50,
        cache_read: 40,
        cache_write: 10,
        reasoning: 30,
        ..Usage::default()
    });
    assert_eq!(
        written(&response, &reply())["usage"],
        json!({
            "input_tokens": 100,
            "input_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 10},
            "output_tokens": 50,
            "output_tokens_details": {"reasoning_tokens": 30},
            "total_tokens": 150,
        })
    );
    let count = dialect().encode_token_count(12).unwrap();
    assert_eq!(
        parsed(&count),
        json!({"object": "response.input_tokens", "input_tokens": 12})
    );
}
