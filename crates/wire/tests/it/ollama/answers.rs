//! Answers, whole and streamed.

use lockgate_wire::canonical::{
    ApiError, Block, BlockKind, ChatResponse, Choice, ErrorKind, FinishReason, StreamEvent, Usage,
};
use lockgate_wire::dialect::StreamError;
use lockgate_wire::operation::Operation;
use serde_json::json;

use super::samples::rich_events;
use super::{events, fixture, ollama, parse, reply, snapshot, think_and_text, written};

#[test]
fn made_ids_are_stable_and_distinct() {
    let ids = |body: &[u8]| -> Vec<String> {
        let response = ollama().decode_response(body).unwrap();
        let blocks = response.choices[0].content.clone();
        let ids = blocks.into_iter().filter_map(|block| match block.kind {
            BlockKind::ToolUse { id, .. } => Some(id),
            _ => None,
        });
        ids.collect()
    };
    let body = fixture("responses/legacy_tools.json");
    let first = ids(&body);
    assert_eq!(first, ids(&body));
    assert_eq!(first.len(), 2);
    assert_ne!(first[0], first[1], "equal calls of one answer");
    let later = String::from_utf8(body)
        .unwrap()
        .replace("20:33:28", "20:34:00");
    assert_ne!(first, ids(later.as_bytes()), "equal calls of two answers");
}

#[test]
fn tags_around_reasoning_are_taken_apart() {
    let response = ollama()
        .decode_response(&fixture("responses/think_tags.json"))
        .unwrap();
    assert_eq!(
        response.choices[0].content,
        [
            Block::new(BlockKind::Thinking {
                text: "17 * 20 is 340,\n17 * 3 is 51.\n".to_owned(),
                signature: None,
            }),
            Block::text("The answer is 391."),
        ]
    );
    assert_eq!(
        think_and_text(&["a <think>b</think>"]),
        (String::new(), "a <think>b</think>".to_owned()),
        "only at the start"
    );
    assert_eq!(
        think_and_text(&["<thi"]),
        (String::new(), "<thi".to_owned())
    );
    assert_eq!(
        think_and_text(&["<think>cut </th"]),
        ("cut </th".to_owned(), String::new())
    );
}

#[test]
fn tags_are_text_beside_a_field_for_reasoning() {
    let stream = concat!(
        r#"{"model":"m","message":{"content":"","thinking":"hm"},"done":false}"#,
        "\n",
        r#"{"model":"m","message":{"content":"<think> is a tag"},"done":false}"#,
        "\n",
        r#"{"model":"m","message":{"content":""},"done":true,"done_reason":"stop"}"#,
    );
    let events = events(stream.as_bytes(), &[usize::MAX]).unwrap();
    assert_eq!(
        events[1..3],
        [
            StreamEvent::Thinking {
                choice: 0,
                text: "hm".to_owned()
            },
            StreamEvent::Text {
                choice: 0,
                text: "<think> is a tag".to_owned()
            },
        ]
    );
}

#[test]
fn what_is_no_answer_is_refused() {
    for body in [
        "",
        "[]",
        "{}",
        "<html>",
        r#"{"models":[]}"#,
        r#"{"error":"boom"}"#,
    ] {
        assert!(ollama().decode_response(body.as_bytes()).is_err(), "{body}");
    }
}

#[test]
fn a_cut_stream_is_an_error() {
    let stream = fixture("streams/text.ndjson");
    let lines = stream.iter().filter(|&&b| b == b'\n').count();
    let cut: Vec<u8> = stream
        .split_inclusive(|&b| b == b'\n')
        .take(lines - 1)
        .flatten()
        .copied()
        .collect();
    assert_eq!(events(&cut, &[usize::MAX]), Err(StreamError::Truncated));
    assert_eq!(events(b"", &[1]), Err(StreamError::Truncated));
    assert!(matches!(
        events(b"<html>\n", &[1]),
        Err(StreamError::Malformed(_))
    ));
    let unterminated = stream.strip_suffix(b"\n").unwrap();
    assert_eq!(events(unterminated, &[7]), events(&stream, &[7]));
}

#[test]
fn an_error_in_a_stream_ends_it() {
    let events = events(&fixture("streams/error.ndjson"), &[5]).unwrap();
    let Some(StreamEvent::Error(error)) = events.last() else {
        panic!("no error: {events:?}");
    };
    assert_eq!((error.kind, error.status), (ErrorKind::Internal, 500));
    assert!(
        error
            .message
            .starts_with("model runner has unexpectedly stopped")
    );
    let seen = ollama().sniff(b"{\"error\":\"the input length exceeds the context length\"}");
    assert_eq!(seen.error.map(|e| e.kind), Some(ErrorKind::ContextWindow));
}

#[test]
fn a_stream_with_everything() {
    snapshot(
        "stream_everything",
        &written(&rich_events(), Operation::Chat),
    );
    snapshot(
        "stream_everything_generate",
        &written(&rich_events(), Operation::Generate),
    );
}

#[test]
fn a_stream_that_fails_ends_with_the_error() {
    let error = ApiError::new(ErrorKind::Overloaded, "too \"busy\"");
    let events = [
        StreamEvent::Text {
            choice: 0,
            text: "Hi".to_owned(),
        },
        StreamEvent::ToolStart {
            choice: 0,
            index: 0,
            id: "c".to_owned(),
            name: "f".to_owned(),
        },
        StreamEvent::Error(error),
        StreamEvent::End,
    ];
    let out = written(&events, Operation::Chat);
    let lines: Vec<&str> = std::str::from_utf8(&out).unwrap().lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[1], r#"{"error":"too \"busy\""}"#);
}

#[test]
fn a_response_with_everything() {
    let call = BlockKind::ToolUse {
        id: "call_1".to_owned(),
        name: "lookup".to_owned(),
        arguments: "{\n  \"q\": \"a\"\n}".to_owned(),
    };
    let response = ChatResponse {
        id: Some("x".to_owned()),
        model: Some("upstream".to_owned()),
        choices: vec![Choice {
            index: 0,
            content: vec![
                Block::new(BlockKind::Thinking {
                    text: "Hm.".to_owned(),
                    signature: None,
                }),
                Block::text("Hello, "),
                Block::text("you."),
                Block::new(BlockKind::RedactedThinking {
                    data: "eA==".to_owned(),
                }),
                Block::new(call),
            ],
            finish: FinishReason::Length,
            stop_sequence: None,
            logprobs: None,
        }],
        usage: Some(Usage {
            input_tokens: 10,
            output_tokens: 5,
            ..Usage::default()
        }),
        service_tier: None,
    };
    for (name, operation) in [
        ("response_everything", Operation::Chat),
        ("response_everything_generate", Operation::Generate),
    ] {
        let body = ollama().encode_response(&response, &reply(operation));
        assert!(!body.contains(&b'\n'), "a body is one line");
        snapshot(name, &body);
    }
}

#[test]
fn an_answer_without_choices_is_still_an_answer() {
    let body = ollama().encode_response(&ChatResponse::default(), &reply(Operation::Chat));
    let body = parse(&body);
    assert_eq!(body["message"], json!({"role": "assistant", "content": ""}));
    assert_eq!(
        (&body["done"], &body["eval_count"]),
        (&json!(true), &json!(0))
    );
}

#[test]
fn prompts_get_answers_of_their_own_shape() {
    let whole = ollama()
        .decode_response(&fixture("generate/response-thinking.json"))
        .unwrap();
    assert_eq!(whole.choices[0].content.len(), 2);
    let first = events(&fixture("generate/stream-text.ndjson"), &[usize::MAX]).unwrap();
    let out = written(&first, Operation::Generate);
    let second = events(&out, &[usize::MAX]).unwrap();
    assert_eq!(second[1..], first[1..]);
    for line in out[..]
        .split(|&b| b == b'\n')
        .filter(|line| !line.is_empty())
    {
        assert!(parse(line)["response"].is_string() && parse(line)["message"].is_null());
    }
}
