//! Streamed answers, both ways.

use std::collections::BTreeMap;

use lockgate_wire::DialectId;
use lockgate_wire::canonical::{
    ApiError, Block, BlockKind, ChatResponse, ErrorKind, FinishReason, Logprobs, RawJson,
    StreamEvent, TokenLogprob, TopLogprob, Usage,
};
use lockgate_wire::dialect::{ReplyContext, StreamError};
use serde_json::{Value, json};

use super::{
    asked, call, dialect, encode_events, events, fixture, fixtures, frames, parsed, reply, thinking,
};

const START: StreamEvent = StreamEvent::Start {
    id: None,
    model: None,
};
const STOP: StreamEvent = StreamEvent::BlockStop { choice: 0 };

fn text(text: &str) -> StreamEvent {
    StreamEvent::Text {
        choice: 0,
        text: text.to_owned(),
    }
}

fn think(text: &str) -> StreamEvent {
    StreamEvent::Thinking {
        choice: 0,
        text: text.to_owned(),
    }
}

fn sign(signature: &str) -> StreamEvent {
    StreamEvent::Signature {
        choice: 0,
        signature: signature.to_owned(),
    }
}

fn start(index: u32, id: &str, name: &str) -> StreamEvent {
    StreamEvent::ToolStart {
        choice: 0,
        index,
        id: id.to_owned(),
        name: name.to_owned(),
    }
}

fn arguments(index: u32, json: &str) -> StreamEvent {
    StreamEvent::ToolArguments {
        choice: 0,
        index,
        json: json.to_owned(),
    }
}

fn finish(reason: FinishReason) -> StreamEvent {
    StreamEvent::Finish {
        choice: 0,
        reason,
        stop_sequence: None,
    }
}

/// The frames for `events`, framed as one answer.
fn written(events: Vec<StreamEvent>, reason: FinishReason) -> Vec<Value> {
    written_for(events, reason, &reply())
}

fn written_for(events: Vec<StreamEvent>, reason: FinishReason, reply: &ReplyContext) -> Vec<Value> {
    let mut all = vec![START];
    all.extend(events);
    all.extend([finish(reason), StreamEvent::End]);
    let frames = frames(&encode_events(&all, reply));
    check(&frames);
    frames
}

fn kinds(frames: &[Value]) -> Vec<&str> {
    let kinds = frames.iter().map(|frame| frame["type"].as_str().unwrap());
    kinds
        .map(|kind| kind.strip_prefix("response.").unwrap_or(kind))
        .collect()
}

/// What every stream keeps: numbers without gaps, items and parts that begin and end once, ends
/// that repeat what came in pieces, and an answer made of the items.
fn check(frames: &[Value]) {
    let mut open: BTreeMap<u64, Value> = BTreeMap::new();
    let mut done: BTreeMap<u64, Value> = BTreeMap::new();
    let mut pieces: BTreeMap<String, String> = BTreeMap::new();
    for (number, frame) in frames.iter().enumerate() {
        assert_eq!(frame["sequence_number"], number, "{frame}");
        let place = || {
            let part = frame
                .get("content_index")
                .or_else(|| frame.get("summary_index"));
            format!("{} {}", frame["output_index"], part.unwrap_or(&Value::Null))
        };
        let kind = frame["type"].as_str().unwrap();
        match kind {
            "response.output_item.added" => {
                let index = frame["output_index"].as_u64().unwrap();
                assert_eq!(index as usize, open.len(), "{frame}");
                open.insert(index, frame["item"]["id"].clone());
            }
            "response.output_item.done" => {
                let index = frame["output_index"].as_u64().unwrap();
                assert_eq!(open[&index], frame["item"]["id"]);
                assert!(done.insert(index, frame["item"].clone()).is_none());
            }
            "response.content_part.added" | "response.reasoning_summary_part.added" => {
                assert!(pieces.insert(place(), String::new()).is_none());
            }
            _ if kind.ends_with(".delta") => {
                assert_eq!(
                    open[&frame["output_index"].as_u64().unwrap()],
                    frame["item_id"]
                );
                let piece = frame["delta"].as_str().unwrap();
                pieces.entry(place()).or_default().push_str(piece);
            }
            "response.output_text.done" | "response.reasoning_summary_text.done" => {
                assert_eq!(frame["text"], pieces[&place()]);
            }
            "response.refusal.done" => assert_eq!(frame["refusal"], pieces[&place()]),
            "response.function_call_arguments.done" => {
                assert_eq!(frame["arguments"], pieces[&place()]);
            }
            "response.custom_tool_call_input.done" => {
                assert_eq!(frame["input"], pieces[&place()]);
            }
            _ => {}
        }
    }
    let last = frames.last().unwrap();
    if last["type"] != "response.failed" {
        assert_eq!(open.len(), done.len());
        let items: Vec<Value> = done.into_values().collect();
        assert_eq!(last["response"]["output"], Value::from(items));
    }
}

#[test]
fn streams_of_any_origin_are_whole() {
    for upstream in DialectId::ALL {
        let folder = match upstream {
            DialectId::OpenAiChat => "openai_chat",
            other => other.as_str(),
        };
        let path = super::folder("..").join(folder).join("streams");
        for entry in std::fs::read_dir(path).unwrap() {
            let stream = std::fs::read(entry.unwrap().path()).unwrap();
            let mut decoder = upstream.dialect().stream_decoder();
            let mut events = Vec::new();
            decoder.push(&stream, &mut events).unwrap();
            decoder.finish(&mut events).unwrap();
            check(&frames(&encode_events(&events, &reply())));
        }
    }
}

/// The blocks that a stream comes to.
fn blocks(events: &[StreamEvent]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for event in events.iter().cloned() {
        let last = blocks
            .last_mut()
            .filter(|_| open)
            .map(|last| &mut last.kind);
        open = !matches!(event, StreamEvent::BlockStop { .. });
        match (event, last) {
            (StreamEvent::Text { text: more, .. }, Some(BlockKind::Text { text, .. }))
            | (StreamEvent::Thinking { text: more, .. }, Some(BlockKind::Thinking { text, .. }))
            | (StreamEvent::Refusal { text: more, .. }, Some(BlockKind::Refusal { text })) => {
                text.push_str(&more);
            }
            (StreamEvent::Text { text, .. }, _) => blocks.push(Block::text(text)),
            (StreamEvent::Thinking { text, .. }, _) => blocks.push(thinking(&text, None)),
            (StreamEvent::Refusal { text, .. }, _) => {
                blocks.push(Block::new(BlockKind::Refusal { text }));
            }
            (
                StreamEvent::Signature { signature, .. },
                Some(BlockKind::Thinking {
                    signature: empty @ None,
                    ..
                }),
            ) => *empty = Some(signature),
            (StreamEvent::Signature { signature, .. }, _) => {
                blocks.push(thinking("", Some(&signature)));
            }
            (StreamEvent::RedactedThinking { data, .. }, _) => {
                blocks.push(Block::new(BlockKind::RedactedThinking { data }));
            }
            (StreamEvent::ToolStart { id, name, .. }, _) => blocks.push(call(&id, &name, "")),
            (StreamEvent::ToolArguments { index, json, .. }, _) => {
                let mut calls = blocks.iter_mut().filter_map(|block| match &mut block.kind {
                    BlockKind::ToolUse { arguments, .. } => Some(arguments),
                    _ => None,
                });
                calls.nth(index as usize).unwrap().push_str(&json);
            }
            (StreamEvent::Opaque { origin, raw, .. }, _) => {
                let item = parsed(raw.get().as_bytes());
                blocks.push(Block::new(BlockKind::Opaque {
                    origin,
                    what: item["type"].as_str().unwrap().to_owned(),
                    raw,
                }));
            }
            _ => {}
        }
    }
    blocks
}

#[test]
fn a_stream_says_what_the_whole_answer_says() {
    let whole: BTreeMap<String, Vec<u8>> = fixtures("responses").into_iter().collect();
    let mut compared = 0;
    for (name, stream) in fixtures("streams") {
        let Some(body) = whole.get(&name).filter(|_| name != "images") else {
            continue;
        };
        compared += 1;
        let response: ChatResponse = dialect().decode_response(body).unwrap();
        let mut expected = response.choices[0].content.clone();
        for block in &mut expected {
            match &mut block.kind {
                // Annotations have no event in canonical form.
                BlockKind::Text { citations, .. } => *citations = None,
                BlockKind::Opaque { raw, .. } => {
                    *raw = RawJson::from_value(&parsed(raw.get().as_bytes())).unwrap();
                }
                _ => {}
            }
        }
        let events = events(&stream).unwrap();
        let mut got = blocks(&events);
        for block in &mut got {
            if let BlockKind::Opaque { raw, .. } = &mut block.kind {
                *raw = RawJson::from_value(&parsed(raw.get().as_bytes())).unwrap();
            }
        }
        assert_eq!(got, expected, "{name}");
        let finished = events.iter().find_map(|event| match event {
            StreamEvent::Finish { reason, .. } => Some(*reason),
            _ => None,
        });
        assert_eq!(finished, Some(response.choices[0].finish), "{name}");
        assert!(events.contains(&StreamEvent::Usage(response.usage.unwrap())));
        assert_eq!(events.last(), Some(&StreamEvent::End), "{name}");
    }
    assert!(compared > 10);
}

#[test]
fn streams_that_leave_things_out_are_understood() {
    let of = |name: &str| blocks(&events(&fixture("streams", name)).unwrap());
    let calls = [
        call("call_osl", "get_weather", r#"{"city":"Oslo","unit":"c"}"#),
        call("call_rom", "get_weather", r#"{"city":"Rome","unit":"c"}"#),
    ];
    let bridge = of("bridge.sse");
    assert_eq!(bridge[0], Block::text("Both at once."));
    assert_eq!(bridge[1..], calls);
    assert_eq!(of("only_the_end.sse"), of("reasoning.sse"));
    assert_eq!(of("crlf.sse"), of("text.sse"));
    assert_eq!(of("litellm.sse"), of("tools.sse"));
}

#[test]
fn errors_end_a_stream() {
    let last = |name: &str| match events(&fixture("streams", name)).unwrap().pop() {
        Some(StreamEvent::Error(error)) => (error.kind, error.message),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        last("error.sse"),
        (
            ErrorKind::Internal,
            "The server had an error processing your request.".to_owned()
        )
    );
    assert_eq!(
        last("failed.sse"),
        (
            ErrorKind::RateLimited,
            "Rate limit reached for gpt-5.1. Try again in 2s.".to_owned()
        )
    );
    for (frame, kind) in [
        (
            r#"{"type":"error","error":{"type":"invalid_request_error","code":"context_length_exceeded","message":"m"}}"#,
            ErrorKind::ContextWindow,
        ),
        (
            r#"{"error":{"message":"m","code":401,"type":"auth_error"}}"#,
            ErrorKind::Authentication,
        ),
        (
            r#"{"type":"response.failed","response":{"status":"failed","error":null}}"#,
            ErrorKind::Internal,
        ),
    ] {
        let stream = format!("data: {frame}\n\ndata: more\n\n");
        match &events(stream.as_bytes()).unwrap()[..] {
            [StreamEvent::Error(error)] => assert_eq!(error.kind, kind, "{frame}"),
            other => panic!("{frame}: {other:?}"),
        }
    }
}

#[test]
fn a_stream_cut_off_is_truncated() {
    let whole = fixture("streams", "text.sse");
    let text = std::str::from_utf8(&whole).unwrap();
    let (cut, _) = text.split_once("event: response.output_text.done").unwrap();
    assert_eq!(events(cut.as_bytes()), Err(StreamError::Truncated));
    assert_eq!(events(b""), Err(StreamError::Truncated));
    assert!(matches!(
        events(b"data: {\n\n"),
        Err(StreamError::Malformed(_))
    ));
}

#[test]
fn an_answer_is_written_in_order() {
    let frames = written(
        vec![
            think("Hm"),
            think("."),
            sign("sig"),
            text("Hel"),
            text("lo"),
            start(0, "call_1", "f"),
            arguments(0, "{}"),
            STOP,
            StreamEvent::Usage(Usage {
                input_tokens: 3,
                output_tokens: 4,
                ..Usage::default()
            }),
        ],
        FinishReason::ToolUse,
    );
    assert_eq!(
        kinds(&frames),
        [
            "created",
            "in_progress",
            "output_item.added",
            "reasoning_summary_part.added",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.done",
            "reasoning_summary_part.done",
            "output_item.done",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "completed",
        ]
    );
    let last = &frames[frames.len() - 1]["response"];
    assert_eq!(last["usage"]["total_tokens"], 7);
    assert_eq!(
        last["output"][0]["encrypted_content"],
        "lockgate-signature:sig"
    );
    assert_eq!(frames[0]["response"]["status"], "in_progress");
    assert_eq!(frames[0]["response"]["usage"], Value::Null);
}

#[test]
fn calls_may_be_written_side_by_side() {
    let frames = written(
        vec![
            start(0, "a", "f"),
            start(1, "b", "f"),
            arguments(1, r#"{"x":"#),
            arguments(0, r#"{"y":1}"#),
            arguments(1, "2}"),
            start(2, "c", "f"),
            STOP,
        ],
        FinishReason::ToolUse,
    );
    let output = &frames[frames.len() - 1]["response"]["output"];
    let calls: Vec<(&Value, &Value)> = output
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["call_id"], &item["arguments"]))
        .collect();
    assert_eq!(
        calls,
        [
            (&json!("a"), &json!(r#"{"y":1}"#)),
            (&json!("b"), &json!(r#"{"x":2}"#)),
            (&json!("c"), &json!("{}")),
        ]
    );
}

#[test]
fn blocks_of_one_kind_are_parts_or_items_of_their_own() {
    let frames = written(
        vec![
            think("A"),
            STOP,
            think("B"),
            sign("s"),
            think("C"),
            sign("for what follows"),
            STOP,
            sign("alone"),
            text("One"),
            STOP,
            text("Two"),
            StreamEvent::Refusal {
                choice: 0,
                text: "No".to_owned(),
            },
            StreamEvent::RedactedThinking {
                choice: 0,
                data: "d".to_owned(),
            },
        ],
        FinishReason::Refusal,
    );
    let last = &frames[frames.len() - 1]["response"];
    let kinds: Vec<&Value> = last["output"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["type"])
        .collect();
    assert_eq!(
        kinds,
        [
            "reasoning",
            "reasoning",
            "reasoning",
            "reasoning",
            "message",
            "reasoning"
        ]
    );
    let sealed = |at: usize| last["output"][at]["encrypted_content"].as_str();
    assert_eq!(sealed(0), None);
    assert_eq!(sealed(1), Some("lockgate-signature:s"));
    assert_eq!(sealed(2), Some("lockgate-signature:for what follows"));
    assert_eq!(sealed(3), Some("lockgate-signature:alone"));
    assert_eq!(sealed(5), Some("lockgate-redacted:d"));
    assert_eq!(last["output"][4]["content"].as_array().unwrap().len(), 3);
    assert_eq!(last["status"], "completed");
}

#[test]
fn an_answer_cut_short_says_so() {
    let frames = written(vec![text("So far"), STOP], FinishReason::Length);
    let last = &frames[frames.len() - 1];
    assert_eq!(last["type"], "response.incomplete");
    assert_eq!(
        last["response"]["incomplete_details"]["reason"],
        "max_output_tokens"
    );
    assert_eq!(last["response"]["output"][0]["status"], "incomplete");
}

#[test]
fn log_probabilities_stand_beside_the_text() {
    let token = TopLogprob {
        token: "Hi".to_owned(),
        logprob: -0.5,
        bytes: None,
    };
    let frames = written(
        vec![
            text("Hi"),
            StreamEvent::Logprobs {
                choice: 0,
                logprobs: Logprobs {
                    content: vec![TokenLogprob {
                        token: token.clone(),
                        top: vec![token],
                    }],
                },
            },
        ],
        FinishReason::Stop,
    );
    let expected = json!([{"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": [
        {"token": "Hi", "logprob": -0.5, "bytes": [72, 105]},
    ]}]);
    assert_eq!(frames[5]["delta"], "");
    assert_eq!(frames[5]["logprobs"], expected);
    assert_eq!(frames[6]["logprobs"], expected);
    let item = &frames[frames.len() - 1]["response"]["output"][0];
    assert_eq!(item["content"][0]["logprobs"], expected);
}

#[test]
fn a_call_of_a_custom_tool_is_streamed_as_one() {
    let reply = asked(&json!({"model": "m", "input": "x", "tools": [
        {"type": "custom", "name": "patch"},
    ]}));
    let events = vec![
        start(0, "a", "patch"),
        arguments(0, "1"),
        STOP,
        arguments(0, "2 + x"),
    ];
    let frames = written_for(events, FinishReason::ToolUse, &reply);
    assert_eq!(
        kinds(&frames),
        [
            "created",
            "in_progress",
            "output_item.added",
            "custom_tool_call_input.delta",
            "custom_tool_call_input.delta",
            "custom_tool_call_input.done",
            "output_item.done",
            "completed",
        ]
    );
    assert_eq!(frames[5]["input"], "12 + x");
    assert_eq!(frames[6]["item"]["type"], "custom_tool_call");

    let text: String = frames
        .iter()
        .map(|frame| format!("data: {frame}\n\n"))
        .collect();
    let read = blocks(&super::events(text.as_bytes()).unwrap());
    assert_eq!(read, [call("a", "patch", "12 + x")]);
}

#[test]
fn an_error_is_an_event_and_a_failed_answer() {
    let mut error = ApiError::new(ErrorKind::RateLimited, "Slow down");
    error.param = Some("input".to_owned());
    let sent = [
        START,
        text("Hel"),
        StreamEvent::Error(error),
        StreamEvent::End,
    ];
    let frames = frames(&encode_events(&sent, &reply()));
    check(&frames);
    let kinds = kinds(&frames);
    assert_eq!(kinds[kinds.len() - 2..], ["error", "failed"]);
    assert_eq!(
        frames[frames.len() - 2],
        json!({"type": "error", "sequence_number": 5, "code": "rate_limit_exceeded",
               "message": "Slow down", "param": "input",
               "error": {"type": "throttling_error", "code": "rate_limit_exceeded",
                         "message": "Slow down", "param": "input"}})
    );
    let failed = &frames[frames.len() - 1]["response"];
    assert_eq!(failed["status"], "failed");
    assert_eq!(
        failed["error"],
        json!({"code": "rate_limit_exceeded", "message": "Slow down"})
    );
}

#[test]
fn every_kind_of_error_is_read_as_it_was_written() {
    use ErrorKind::{
        Authentication, ContentPolicy, ContextWindow, Internal, InvalidRequest, NotFound,
        Overloaded, PermissionDenied, RateLimited, Timeout, Unavailable,
    };
    for kind in [
        InvalidRequest,
        Authentication,
        PermissionDenied,
        NotFound,
        RateLimited,
        Timeout,
        ContextWindow,
        ContentPolicy,
        Overloaded,
        Unavailable,
        Internal,
    ] {
        let sent = [StreamEvent::Error(ApiError::new(kind, "No."))];
        let read = events(&encode_events(&sent, &reply())).unwrap();
        match read.last() {
            Some(StreamEvent::Error(error)) => assert_eq!(error.kind, kind),
            other => panic!("{kind:?}: {other:?}"),
        }
    }
}

#[test]
fn other_choices_and_other_dialects_blocks_have_no_place() {
    let other = StreamEvent::Text {
        choice: 1,
        text: "Second".to_owned(),
    };
    let foreign = StreamEvent::Opaque {
        choice: 0,
        origin: DialectId::Anthropic,
        raw: RawJson::parse("{}").unwrap(),
    };
    let frames = written(vec![text("First"), other, foreign], FinishReason::Stop);
    let output = &frames[frames.len() - 1]["response"]["output"];
    assert_eq!(output.as_array().unwrap().len(), 1);
    assert_eq!(output[0]["content"][0]["text"], "First");
}
