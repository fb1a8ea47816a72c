//! Streamed chat answers.

use lockgate_wire::canonical::{
    ApiError, ErrorKind, FinishReason, Logprobs, StreamEvent, TokenLogprob, TopLogprob, Usage,
};
use lockgate_wire::dialect::StreamError;

use super::{encode_events, events, fixture, fixtures};

/// Streams that Cohere writes as they are written here.
const OWN: [&str; 9] = [
    "text",
    "length",
    "stop_sequence",
    "cached",
    "content_filter",
    "reasoning",
    "error",
    "tools",
    "parallel_tools",
];

#[test]
fn streams_are_read_as_what_they_say() {
    for (name, stream) in fixtures("streams") {
        insta::assert_snapshot!(
            format!("events_{name}"),
            events(&stream)
                .unwrap()
                .iter()
                .map(|event| format!("{event:?}\n"))
                .collect::<String>()
        );
    }
}

/// What stays the same on the way through: not the ids, nor where a block without a successor
/// of its kind ends.
fn settled(events: Vec<StreamEvent>) -> Vec<StreamEvent> {
    let keeps = |event: &StreamEvent| {
        !matches!(
            event,
            StreamEvent::Start { .. } | StreamEvent::BlockStop { .. }
        )
    };
    events.into_iter().filter(keeps).collect()
}

#[test]
fn a_streamed_answer_survives_the_way_through() {
    for name in OWN {
        let first = events(&fixture("streams", &format!("{name}.sse"))).unwrap();
        let again = settled(events(&encode_events(&first)).unwrap());
        if name == "content_filter" {
            let failed = "a content filter stopped the answer";
            assert!(
                matches!(again.last(), Some(StreamEvent::Error(e)) if e.message == failed),
                "{again:?}"
            );
            continue;
        }
        assert_eq!(again, settled(first), "{name}");
    }
}

/// The frames with what the gateway says itself taken out: ids, what is billed, and the plan,
/// which is content here.
fn frames(stream: &[u8]) -> Vec<serde_json::Value> {
    let text = std::str::from_utf8(stream).unwrap();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter(|data| *data != "[DONE]")
        .map(|data| {
            let mut frame: serde_json::Value = serde_json::from_str(data).unwrap();
            let members = frame.as_object_mut().unwrap();
            members.remove("id");
            if let Some(usage) = frame.pointer_mut("/delta/usage") {
                usage["billed_units"] = serde_json::Value::Null;
                usage.as_object_mut().unwrap().remove("cached_tokens");
            }
            frame
        })
        .collect()
}

#[test]
fn frames_are_written_as_cohere_writes_them() {
    for name in ["text", "length", "stop_sequence", "cached", "reasoning"] {
        let stream = fixture("streams", &format!("{name}.sse"));
        let written = encode_events(&events(&stream).unwrap());
        assert_eq!(frames(&written), frames(&stream), "{name}");
    }
}

fn text(choice: u32, text: &str) -> StreamEvent {
    StreamEvent::Text {
        choice,
        text: text.to_owned(),
    }
}

/// Everything but calls.
fn contents() -> Vec<StreamEvent> {
    let choice = 0;
    let token = TokenLogprob {
        token: TopLogprob {
            token: "Text".to_owned(),
            logprob: f64::NEG_INFINITY,
            bytes: None,
        },
        top: Vec::new(),
    };
    vec![
        StreamEvent::Ping,
        StreamEvent::Thinking {
            choice,
            text: "Hm.".to_owned(),
        },
        StreamEvent::Signature {
            choice,
            signature: "sig".to_owned(),
        },
        StreamEvent::RedactedThinking {
            choice,
            data: "R".to_owned(),
        },
        text(0, "Text"),
        text(1, "Other"),
        StreamEvent::Logprobs {
            choice,
            logprobs: Logprobs {
                content: vec![token],
            },
        },
        StreamEvent::BlockStop { choice },
        text(0, "More"),
        StreamEvent::Refusal {
            choice,
            text: "No.".to_owned(),
        },
    ]
}

/// One call after the other, then two at once, then one without arguments.
fn calls() -> Vec<StreamEvent> {
    let choice = 0;
    let tool = |index, id: &str| StreamEvent::ToolStart {
        choice,
        index,
        id: id.to_owned(),
        name: "look".to_owned(),
    };
    let arguments = |index, json: &str| StreamEvent::ToolArguments {
        choice,
        index,
        json: json.to_owned(),
    };
    vec![
        tool(0, "a"),
        arguments(0, "{\"x\":"),
        arguments(0, "1}"),
        tool(1, "b"),
        arguments(1, "{"),
        tool(2, "c"),
        arguments(2, "{}"),
        arguments(1, "}"),
        StreamEvent::BlockStop { choice },
        tool(3, "d"),
        StreamEvent::BlockStop { choice },
    ]
}

#[test]
fn everything_a_stream_can_hold_is_written() {
    let end = [
        StreamEvent::Usage(Usage {
            input_tokens: 10,
            output_tokens: 5,
            cache_read: 3,
            ..Usage::default()
        }),
        StreamEvent::Finish {
            choice: 0,
            reason: FinishReason::Stop,
            stop_sequence: None,
        },
        StreamEvent::End,
        text(0, "Too late."),
    ];
    let all = [contents(), calls(), end.to_vec()].concat();
    insta::assert_snapshot!(String::from_utf8(encode_events(&all)).unwrap());
}

#[test]
fn an_error_is_how_a_stream_ends() {
    let broken = |kind| {
        let error = StreamEvent::Error(ApiError::new(kind, "Busy"));
        encode_events(&[text(0, "Hi"), error, StreamEvent::End])
    };
    let written = String::from_utf8(broken(ErrorKind::Overloaded)).unwrap();
    let end = "\"delta\":{\"error\":\"Busy\",\"finish_reason\":\"ERROR\",\"usage\":{\
               \"billed_units\":{\"input_tokens\":0,\"output_tokens\":0},\
               \"tokens\":{\"input_tokens\":0,\"output_tokens\":0},\"cached_tokens\":0}}}\n\n\
               data: [DONE]\n\n";
    assert!(written.ends_with(end), "{written}");
    for (kind, read) in [
        (ErrorKind::Overloaded, ErrorKind::Internal),
        (ErrorKind::Timeout, ErrorKind::Timeout),
    ] {
        let all = events(&broken(kind)).unwrap();
        let expected = StreamEvent::Error(ApiError::new(read, "Busy"));
        assert_eq!(all.last(), Some(&expected));
    }
}

#[test]
fn errors_in_place_of_events_are_errors() {
    let cases = [
        (
            "data: {\"message\":\"too many tokens\"}\n\n",
            ErrorKind::ContextWindow,
        ),
        ("event: error\ndata: boom\n\n", ErrorKind::Internal),
        (
            "data: {\"type\":\"error\",\"error\":{\"message\":\"m\"}}\n\n",
            ErrorKind::Internal,
        ),
    ];
    for (frame, kind) in cases {
        let all = events(frame.as_bytes()).unwrap();
        assert!(
            matches!(&all[..], [StreamEvent::Error(error)] if error.kind == kind),
            "{frame}: {all:?}"
        );
    }
}

#[test]
fn a_stream_that_breaks_off_is_not_complete() {
    let whole = fixture("streams", "text.sse");
    let text = std::str::from_utf8(&whole).unwrap();
    let (cut, _) = text.split_once("event: message-end").unwrap();
    for stream in ["", cut, "data: [DONE]\n\n"] {
        let read = events(stream.as_bytes());
        assert_eq!(read, Err(StreamError::Truncated), "{stream}");
    }
    let broken = events(b"data: {\"type\":\n\n");
    assert!(matches!(broken, Err(StreamError::Malformed(_))));
}
