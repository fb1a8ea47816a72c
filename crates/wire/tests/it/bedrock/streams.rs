//! Streamed answers, translated and relayed.

use super::*;

#[test]
fn streams_say_what_whole_answers_say() {
    let streams = fixtures("streams");
    let mut compared = 0;
    for (name, bytes) in fixtures("responses") {
        let Some(stream) = streams.get(&name) else {
            continue;
        };
        // A picture is whole in an answer and has no event of its own.
        if name == "images" {
            continue;
        }
        let mut response = dialect().decode_response(&bytes).unwrap();
        let mut choice = response.choices.remove(0);
        normalise(&mut choice.content);
        assert_eq!(
            whole(&read_stream(&[stream]).unwrap()),
            Whole {
                content: choice.content,
                finish: Some((choice.finish, choice.stop_sequence)),
                usage: response.usage,
                error: None,
                ended: true,
            },
            "{name}"
        );
        compared += 1;
    }
    assert!(compared >= 13, "{compared}");
}

#[test]
fn streams_come_back_as_they_were() {
    for (name, bytes) in fixtures("streams") {
        let events = read_stream(&[&bytes]).unwrap();
        let mut first = whole(&events);
        if first.error.is_none() {
            // A stream that ends without counts is told zeros.
            first.usage.get_or_insert_default();
        }
        let mut second = whole(&read_stream(&[&write_stream(&events)]).unwrap());
        first.usage = first.usage.map(crate::told);
        second.usage = second.usage.map(crate::told);
        assert_eq!(first, second, "{name}");
    }
}

#[test]
fn a_stream_that_breaks_off_is_truncated() {
    let stream = fixture("streams", "text");
    let read: Vec<_> = frames(&stream);
    assert_eq!(read.len(), 7);
    for end in 0..stream.len() {
        let result = read_stream(&[&stream[..end]]);
        // With a stop reason nothing is missing but the counts.
        let complete = result.is_ok();
        let stopped = end >= stream.len() - last_frame(&stream);
        assert!(!complete || stopped, "{end}");
        if !complete {
            assert_eq!(result, Err(StreamError::Truncated), "{end}");
        }
    }
    let unmetered = read_stream(&[&fixture("streams", "without_metadata")]).unwrap();
    assert_eq!(unmetered.last(), Some(&StreamEvent::End));
}

/// The length of the last frame of a stream.
fn last_frame(stream: &[u8]) -> usize {
    let mut rest = stream;
    loop {
        let length = u32::from_be_bytes(rest[..4].try_into().unwrap()) as usize;
        if length == rest.len() {
            return length;
        }
        rest = &rest[length..];
    }
}

#[test]
fn what_is_no_frame_is_malformed() {
    for stream in [&b"data: {\"error\":\"no event stream\"}\n\n"[..], &[0; 64]] {
        assert!(
            matches!(read_stream(&[stream]), Err(StreamError::Malformed(_))),
            "{stream:?}"
        );
    }
}

#[test]
fn errors_in_streams_end_them() {
    for (name, kind, status) in [
        ("early_error", ErrorKind::RateLimited, 429),
        ("error", ErrorKind::Unavailable, 503),
        ("model_error", ErrorKind::BadGateway, 502),
    ] {
        let events = read_stream(&[&fixture("streams", name)]).unwrap();
        let Some(StreamEvent::Error(error)) = events.last() else {
            panic!("{name}: {events:?}");
        };
        assert_eq!((error.kind, error.status), (kind, status), "{name}");
        assert!(!error.message.is_empty());
    }
    let mut out = BytesMut::new();
    let headers = [
        (":message-type", "error"),
        (":error-code", "InternalFailure"),
        (":error-message", "Out of memory"),
    ];
    lockgate_wire::event_stream::write_frame(&headers, |_| {}, &mut out);
    let events = read_stream(&[&out]).unwrap();
    assert!(
        matches!(&events[..], [StreamEvent::Error(e)]
            if e.kind == ErrorKind::Internal && e.message == "Out of memory"),
        "{events:?}"
    );
}

/// Every event, in an order that no upstream would choose.
fn every_event() -> Vec<StreamEvent> {
    let text = |choice, text: &str| StreamEvent::Text {
        choice,
        text: text.to_owned(),
    };
    let start = |index, id: &str| StreamEvent::ToolStart {
        choice: 0,
        index,
        id: id.to_owned(),
        name: "f".to_owned(),
    };
    let arguments = |index, json: &str| StreamEvent::ToolArguments {
        choice: 0,
        index,
        json: json.to_owned(),
    };
    let signature = || StreamEvent::Signature {
        choice: 0,
        signature: "c2ln".to_owned(),
    };
    let thinking = |text: &str| StreamEvent::Thinking {
        choice: 0,
        text: text.to_owned(),
    };
    let stop = || StreamEvent::BlockStop { choice: 0 };
    let opaque = |origin, block: Value| StreamEvent::Opaque {
        choice: 0,
        origin,
        raw: raw(&block),
    };
    vec![
        StreamEvent::Start {
            id: Some("chatcmpl-1".to_owned()),
            model: Some("gpt".to_owned()),
        },
        StreamEvent::Ping,
        thinking("Hm"),
        thinking("."),
        signature(),
        signature(),
        StreamEvent::RedactedThinking {
            choice: 0,
            data: "EmsKAhgB".to_owned(),
        },
        text(0, "Hel"),
        text(1, "another choice"),
        text(0, "lo"),
        stop(),
        text(0, "again"),
        // Two calls whose arguments come in turns, and one without any.
        start(0, "a"),
        arguments(0, "{\"x\":"),
        start(1, "b"),
        arguments(1, "{\"y\":\"}"),
        arguments(0, "1}"),
        arguments(1, "\"}"),
        start(2, "c"),
        stop(),
        opaque(
            DialectId::Bedrock,
            json!({"toolUse": {"toolUseId": "s", "name": "n", "type": "server_tool_use", "input": {"q": 1}}}),
        ),
        opaque(
            DialectId::Bedrock,
            json!({"toolResult": {"toolUseId": "s", "type": "t", "content": [{"text": "r"}]}}),
        ),
        opaque(DialectId::Bedrock, json!({"weather": {}})),
        opaque(DialectId::Anthropic, json!({"type": "server_tool_use"})),
        StreamEvent::Refusal {
            choice: 0,
            text: "No.".to_owned(),
        },
        StreamEvent::Usage(Usage {
            input_tokens: 9,
            output_tokens: 3,
            cache_read: 4,
            ..Usage::default()
        }),
        StreamEvent::Finish {
            choice: 0,
            reason: FinishReason::StopSequence,
            stop_sequence: Some("END".to_owned()),
        },
        StreamEvent::End,
        text(0, "too late"),
    ]
}

#[test]
fn a_stream_of_everything() {
    let stream = write_stream(&every_event());
    let lines: Vec<String> = frames(&stream)
        .into_iter()
        .map(|(name, payload)| format!("{name} {payload}"))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn an_error_is_the_last_frame() {
    let events = [
        StreamEvent::Start {
            id: None,
            model: None,
        },
        StreamEvent::Error(ApiError::new(ErrorKind::Overloaded, "Too much to do.")),
        StreamEvent::End,
    ];
    assert_eq!(
        frames(&write_stream(&events)),
        [
            ("messageStart".to_owned(), json!({"role": "assistant"})),
            (
                "serviceUnavailableException".to_owned(),
                json!({"message": "Too much to do."})
            ),
        ]
    );
}

fn relayed(pieces: &[&[u8]]) -> (Vec<u8>, Relay) {
    let mut relay = Relay::new(dialect(), Some("my-claude"), Spliced::default());
    let mut out = Vec::new();
    for piece in pieces {
        out.extend_from_slice(&relay.push(Bytes::copy_from_slice(piece)));
    }
    out.extend_from_slice(&relay.finish());
    (out, relay)
}

#[test]
fn relays_pass_every_byte_and_see_what_matters() {
    for (name, stream) in fixtures("streams") {
        let expected = whole(&read_stream(&[&stream]).unwrap());
        for size in [1, 7, 64, stream.len()] {
            let pieces: Vec<&[u8]> = stream.chunks(size).collect();
            let (passed, relay) = relayed(&pieces);
            assert!(passed == stream, "{name}");
            let seen = relay.seen();
            assert_eq!(seen.usage, expected.usage, "{name}");
            assert_eq!(seen.error, expected.error, "{name}");
            let finish = expected.finish.as_ref().map(|(reason, _)| *reason);
            if name == "structured_output" {
                // The service speaks of the reserved tool here.
                assert_eq!(seen.finish, Some(FinishReason::ToolUse));
            } else {
                assert_eq!(seen.finish, finish, "{name}");
            }
            let content = !matches!(&*name, "early_error" | "model_error");
            assert_eq!(relay.content_seen(), content, "{name}");
        }
    }
}

#[test]
fn a_relay_holds_back_what_is_no_frame_yet() {
    let stream = fixture("streams", "text");
    let first = u32::from_be_bytes(stream[..4].try_into().unwrap()) as usize;
    let mut relay = Relay::new(dialect(), None, Spliced::default());
    let mut push = |range: std::ops::Range<usize>| {
        let bytes = Bytes::copy_from_slice(&stream[range]);
        relay.push(bytes).len()
    };
    assert_eq!(push(0..2), 0);
    assert_eq!(push(2..first - 1), 0);
    assert_eq!(push(first - 1..first + 3), first);
    assert_eq!(push(first + 3..stream.len()), stream.len() - first);
}

#[test]
fn whole_answers_are_passed_on_as_they_are() {
    let body = fixture("responses", "cached");
    let mut relay = Relay::new(dialect(), Some("my-claude"), Spliced::default());
    assert_eq!(relay.body(Bytes::copy_from_slice(&body)), body);
    assert_eq!(relay.seen().usage.unwrap().cache_read, 18_000);
    assert_eq!(relay.seen().finish, Some(FinishReason::Stop));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn cuts_do_not_matter(
        name in prop::sample::select(fixtures("streams").into_keys().collect::<Vec<_>>()),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let stream = fixture("streams", &name);
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        ends.push(stream.len());
        ends.sort_unstable();
        let mut at = 0;
        let mut pieces = Vec::new();
        for end in ends {
            pieces.push(&stream[at..end]);
            at = end;
        }
        prop_assert_eq!(read_stream(&pieces), read_stream(&[&stream]));
        let (passed, _) = relayed(&pieces);
        prop_assert!(passed == stream);
    }
}
