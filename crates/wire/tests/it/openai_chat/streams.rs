//! Streamed chat answers.

use lockgate_wire::canonical::{ApiError, ErrorKind, FinishReason, StreamEvent, Usage};
use lockgate_wire::dialect::StreamError;

use super::samples::whole_stream;
use super::{encode_events, events, fixtures};

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

/// What may change on the way through: ids, and what this API cannot say of the end.
fn settled_events(events: Vec<StreamEvent>) -> (Vec<StreamEvent>, Usage) {
    let mut usage = Usage::default();
    let mut kept = Vec::new();
    for event in events {
        match event {
            StreamEvent::Usage(counts) => usage = counts,
            StreamEvent::Start { .. } => {}
            StreamEvent::Finish { choice, reason, .. } => kept.push(StreamEvent::Finish {
                choice,
                reason: match reason {
                    FinishReason::StopSequence => FinishReason::Stop,
                    reason => reason,
                },
                stop_sequence: None,
            }),
            event => kept.push(event),
        }
    }
    (kept, crate::told(usage))
}

#[test]
fn a_streamed_answer_survives_the_way_through() {
    for (name, stream) in fixtures("streams") {
        let first = events(&stream).unwrap();
        let again = events(&encode_events(&first, true)).unwrap();
        assert_eq!(settled_events(again), settled_events(first), "{name}");
    }
}

#[test]
fn everything_a_stream_can_hold_is_written() {
    let text = encode_events(&whole_stream(), true);
    insta::assert_snapshot!(String::from_utf8(text).unwrap());
}

#[test]
fn usage_is_sent_only_to_those_who_asked() {
    let text = String::from_utf8(encode_events(&whole_stream(), false)).unwrap();
    assert!(!text.contains("\"usage\""));
    assert!(text.ends_with("data: [DONE]\n\n"));
}

#[test]
fn an_error_ends_a_stream_with_its_marker() {
    let mut all = vec![StreamEvent::Text {
        choice: 0,
        text: "Hi".to_owned(),
    }];
    all.push(StreamEvent::Error(ApiError::new(
        ErrorKind::Overloaded,
        "Busy",
    )));
    all.push(StreamEvent::End);
    let text = String::from_utf8(encode_events(&all, true)).unwrap();
    let end = "data: {\"error\":{\"message\":\"Busy\",\"type\":\"internal_server_error\",\
               \"param\":null,\"code\":\"503\"}}\n\ndata: [DONE]\n\n";
    assert!(text.ends_with(end), "{text}");
    assert_eq!(text.matches("[DONE]").count(), 1);
}

#[test]
fn a_stream_without_events_is_still_complete() {
    let text = encode_events(&[StreamEvent::End], false);
    let again = events(&text).unwrap();
    assert!(matches!(
        &again[..],
        [
            StreamEvent::Start { .. },
            StreamEvent::Finish { .. },
            StreamEvent::End
        ]
    ));
}

#[test]
fn errors_inside_a_stream_are_events() {
    let cases = [
        (
            "data: {\"error\":{\"message\":\"slow down\",\"type\":\"rate_limit_error\"}}\n\n",
            ErrorKind::RateLimited,
            429,
        ),
        (
            "data: {\"object\":\"error\",\"message\":\"bad\",\"type\":\"BadRequestError\",\"code\":400}\n\n",
            ErrorKind::InvalidRequest,
            400,
        ),
        ("event: error\ndata: boom\n\n", ErrorKind::Internal, 500),
        (
            "data: {\"error\":\"overloaded_error\"}\n\n",
            ErrorKind::Overloaded,
            503,
        ),
        ("data: {\"detail\":\"gone\"}\n\n", ErrorKind::Internal, 500),
    ];
    for (frame, kind, status) in cases {
        let text = "data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n";
        let all = events(format!("{text}{frame}data: [DONE]\n\n").as_bytes()).unwrap();
        match all.last() {
            Some(StreamEvent::Error(error)) => {
                assert_eq!((error.kind, error.status), (kind, status), "{frame}");
            }
            other => panic!("{frame}: {other:?}"),
        }
        assert_eq!(all.len(), 3, "{frame}");
    }
}

#[test]
fn a_stream_that_breaks_off_is_not_complete() {
    let text = "data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n";
    for stream in ["", text, "data: [DONE]\n\n", ": nothing\n\n"] {
        assert_eq!(
            events(stream.as_bytes()),
            Err(StreamError::Truncated),
            "{stream}"
        );
    }
    let broken = events(format!("{text}data: {{\"choices\":[\n\n").as_bytes());
    assert!(matches!(broken, Err(StreamError::Malformed(_))));
}
