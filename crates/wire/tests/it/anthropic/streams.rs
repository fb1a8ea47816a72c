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
        let mut response = dialect().decode_response(&bytes).unwrap();
        let mut choice = response.choices.remove(0);
        normalise(&mut choice.content);
        let mut streamed = whole(&read_stream(&[stream]).unwrap());
        // Lifetimes of cache entries come once, before the final counts.
        assert_eq!(streamed.usage, response.usage, "{name}");
        streamed.usage = None;
        assert_eq!(
            streamed,
            Whole {
                content: choice.content,
                finish: Some((choice.finish, choice.stop_sequence)),
                ended: true,
                ..Whole::default()
            },
            "{name}"
        );
        compared += 1;
    }
    assert!(compared >= 12, "{compared}");
}

#[test]
fn streams_come_back_as_they_were() {
    for (name, bytes) in fixtures("streams") {
        let mut first = whole(&read_stream(&[&bytes]).unwrap());
        let written = write_stream(&read_stream(&[&bytes]).unwrap());
        let mut second = whole(&read_stream(&[written.as_bytes()]).unwrap());
        first.usage = first.usage.map(crate::told);
        second.usage = second.usage.map(crate::told);
        // A client is not told the lifetimes again at the end.
        if let (Some(first), Some(second)) = (&first.usage, &mut second.usage) {
            second.cache_write_1h = first.cache_write_1h;
        }
        // Counts reach the client at the end, which an error takes away.
        if first.error.is_some() {
            (first.usage, second.usage) = (None, None);
        }
        assert_eq!(first, second, "{name}");
    }
}

#[test]
fn a_stream_that_breaks_off_is_truncated() {
    let text = String::from_utf8(fixture("streams", "text")).unwrap();
    let cut = &text[..text.find("event: message_delta").unwrap()];
    assert_eq!(read_stream(&[cut.as_bytes()]), Err(StreamError::Truncated));
    assert_eq!(read_stream(&[]), Err(StreamError::Truncated));
    // With a stop reason nothing is missing but the farewell.
    let unstopped = &text[..text.find("event: message_stop").unwrap()];
    let events = read_stream(&[unstopped.as_bytes()]).unwrap();
    assert_eq!(events.last(), Some(&StreamEvent::End));
    assert!(matches!(
        read_stream(&[b"data: <html>\n\n"]),
        Err(StreamError::Malformed(_))
    ));
}

#[test]
fn errors_in_streams_end_them() {
    for name in ["error", "early_error"] {
        let events = read_stream(&[&fixture("streams", name)]).unwrap();
        let Some(StreamEvent::Error(error)) = events.last() else {
            panic!("{name}: {events:?}");
        };
        assert_eq!((error.kind, error.status), (ErrorKind::Overloaded, 529));
        assert_eq!(error.message, "Overloaded");
    }
    let odd = read_stream(&[b"data: {\"error\":\"out of memory\"}\n\n"]).unwrap();
    assert!(
        matches!(&odd[..], [StreamEvent::Error(e)] if e.message == "out of memory"),
        "{odd:?}"
    );
}

#[test]
fn tolerates_sparse_servers() {
    let stream = concat!(
        "data: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":{\"x\":1}}}\n\n",
        "data: {\"type\":\"content_block_stop\"}\n\n",
        "data: {\"type\":\"content_block_start\",\"content_block\":{\"type\":\"text\"}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n",
        "data: {\"type\":\"content_block_stop\"}\n\n",
        "data: {\"type\":\"weather_report\",\"sky\":\"blue\"}\n\n",
        "data: {\"type\":\"message_stop\"}\n\n",
        "data: [DONE]\n\n",
    );
    let events = read_stream(&[stream.as_bytes()]).unwrap();
    assert_eq!(
        events[0],
        StreamEvent::Start {
            id: None,
            model: None
        }
    );
    let whole = whole(&events);
    assert_eq!(
        whole.content,
        [call("a", "f", "{\"x\":1}"), Block::text("Hi")]
    );
    assert_eq!(whole.finish, Some((FinishReason::ToolUse, None)));
}

#[test]
fn counts_of_the_start_survive_a_short_end() {
    let usage = |name| whole(&read_stream(&[&fixture("streams", name)]).unwrap()).usage;
    assert_eq!(usage("old_usage"), usage("cached"));
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
    let signature = StreamEvent::Signature {
        choice: 0,
        signature: "c2ln".to_owned(),
    };
    let thinking = |text: &str| StreamEvent::Thinking {
        choice: 0,
        text: text.to_owned(),
    };
    let stop = || StreamEvent::BlockStop { choice: 0 };
    vec![
        StreamEvent::Start {
            id: Some("chatcmpl-1".to_owned()),
            model: Some("gpt".to_owned()),
        },
        StreamEvent::Ping,
        thinking("Hm"),
        thinking("."),
        signature.clone(),
        stop(),
        StreamEvent::RedactedThinking {
            choice: 0,
            data: "ZGF0YQ==".to_owned(),
        },
        text(0, "One"),
        text(1, "not this choice"),
        text(0, " two"),
        stop(),
        text(0, "Three"),
        signature,
        StreamEvent::Opaque {
            choice: 0,
            origin: DialectId::Anthropic,
            raw: raw(&json!({
                "type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search",
                "input": {"query": "q"}
            })),
        },
        StreamEvent::Opaque {
            choice: 0,
            origin: DialectId::Gemini,
            raw: raw(&json!({"executableCode": {}})),
        },
        start(0, "call_0"),
        arguments(0, "{\"a\":"),
        start(1, "call_1"),
        arguments(1, "{}"),
        arguments(0, "1}"),
        start(2, "call_2"),
        start(3, "call_3"),
        arguments(3, "{\"b\":2}"),
        StreamEvent::Logprobs {
            choice: 0,
            logprobs: Logprobs::default(),
        },
        StreamEvent::Refusal {
            choice: 0,
            text: "No more.".to_owned(),
        },
        StreamEvent::Finish {
            choice: 0,
            reason: FinishReason::Stop,
            stop_sequence: None,
        },
        StreamEvent::Usage(Usage {
            input_tokens: 100,
            output_tokens: 50,
            cache_read: 30,
            cache_write: 20,
            cache_write_1h: 5,
            reasoning: 10,
            ..Usage::default()
        }),
        StreamEvent::End,
    ]
}

#[test]
fn a_full_stream() {
    insta::assert_snapshot!(write_stream(&every_event()));
}

#[test]
fn an_empty_stream() {
    insta::assert_snapshot!(write_stream(&[StreamEvent::End]));
}

#[test]
fn a_stream_that_fails() {
    let error = ApiError::new(ErrorKind::Overloaded, "No capacity.");
    insta::assert_snapshot!(write_stream(&[
        StreamEvent::Start {
            id: None,
            model: None
        },
        StreamEvent::Text {
            choice: 0,
            text: "So".to_owned()
        },
        StreamEvent::Error(error),
        StreamEvent::End,
    ]));
}

/// The grammar of the API's streams: one start, blocks one after the other, one end.
#[test]
fn streams_keep_the_order_of_the_api() {
    let mut streams: Vec<Vec<StreamEvent>> = vec![every_event()];
    for (name, bytes) in fixtures("streams") {
        if !name.contains("error") {
            streams.push(read_stream(&[&bytes]).unwrap());
        }
    }
    for events in streams {
        let written = write_stream(&events);
        let mut open: Option<u64> = None;
        let mut next = 0;
        let mut types = Vec::new();
        for frame in written.split_terminator("\n\n") {
            let (name, data) = frame.split_once('\n').unwrap();
            let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            let kind = data["type"].as_str().unwrap().to_owned();
            assert_eq!(name.strip_prefix("event: "), Some(kind.as_str()));
            match kind.as_str() {
                "ping" => continue,
                "content_block_start" => {
                    assert_eq!((open, data["index"].as_u64()), (None, Some(next)));
                    open = Some(next);
                    next += 1;
                }
                "content_block_delta" => assert_eq!(data["index"].as_u64(), open),
                "content_block_stop" => {
                    assert_eq!(data["index"].as_u64(), open);
                    open = None;
                }
                _ => assert_eq!(open, None),
            }
            types.push(kind);
        }
        assert_eq!(types.first().unwrap(), "message_start");
        assert_eq!(types[types.len() - 2..], ["message_delta", "message_stop"]);
        let starts = types.iter().filter(|t| *t == "message_start").count();
        assert_eq!(starts, 1);
    }
}

fn pieces<'a>(bytes: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect()
}

#[test]
fn single_bytes_give_the_same_events() {
    for (name, bytes) in fixtures("streams") {
        let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read_stream(&pieces), read_stream(&[&bytes]), "{name}");
    }
}

fn relayed(pieces: &[&[u8]], model: Option<&str>) -> (Vec<u8>, Relay) {
    let mut relay = Relay::new(dialect(), model, Default::default());
    let mut out = Vec::new();
    for piece in pieces {
        out.extend_from_slice(&relay.push(Bytes::copy_from_slice(piece)));
    }
    out.extend_from_slice(&relay.finish());
    (out, relay)
}

fn check_relay(name: &str, bytes: &[u8], pieces: &[&[u8]]) {
    let events = read_stream(&[bytes]).unwrap();
    let text = std::str::from_utf8(bytes).unwrap();
    let upstream = events.iter().find_map(|event| match event {
        StreamEvent::Start { model, .. } => model.clone(),
        _ => None,
    });
    let expected = match &upstream {
        Some(model) => text.replacen(&format!("\"{model}\""), "\"my-claude\"", 1),
        None => text.to_owned(),
    };
    let (out, relay) = relayed(pieces, Some("my-claude"));
    assert_eq!(String::from_utf8(out).unwrap(), expected, "{name}");
    let whole = whole(&events);
    assert_eq!(relay.seen().usage, whole.usage, "{name}");
    assert_eq!(relay.seen().error, whole.error, "{name}");
    if name != "structured_output" {
        // There the client asked for the reserved tool itself, if a client ever does.
        assert_eq!(relay.seen().finish, whole.finish.map(|f| f.0), "{name}");
    }
    assert_eq!(relay.content_seen(), name != "early_error", "{name}");
}

#[test]
fn relays_bytes_as_they_are() {
    for (name, bytes) in fixtures("streams") {
        check_relay(&name, &bytes, &[&bytes]);
        check_relay(&name, &bytes, &bytes.chunks(1).collect::<Vec<_>>());
        let (out, _) = relayed(&[&bytes], None);
        assert_eq!(out, bytes, "{name}");
    }
}

#[test]
fn relays_whole_answers_with_the_name_of_the_client() {
    for (name, bytes) in fixtures("responses") {
        let mut relay = Relay::new(dialect(), Some("my-claude"), Default::default());
        let out = relay.body(bytes.clone().into());
        let mut expected: Value = serde_json::from_slice(&bytes).unwrap();
        if let Some(model) = expected.get_mut("model") {
            *model = json!("my-claude");
        }
        assert_eq!(
            serde_json::from_slice::<Value>(&out).unwrap(),
            expected,
            "{name}"
        );
        let response = dialect().decode_response(&bytes).unwrap();
        assert_eq!(relay.seen().usage, response.usage, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_split_gives_the_same_events(cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20)) {
        for (name, bytes) in fixtures("streams") {
            prop_assert_eq!(
                read_stream(&pieces(&bytes, &cuts)),
                read_stream(&[&bytes]),
                "{}", name
            );
            check_relay(&name, &bytes, &pieces(&bytes, &cuts));
        }
    }
}
