//! Streamed answers.

use super::*;

/// The blocks of a stream, deltas joined, beside finishes and the last usage.
fn collect(events: &[StreamEvent]) -> Vec<String> {
    let mut out: Vec<(u32, &str, String)> = Vec::new();
    let mut last = Vec::new();
    for event in events {
        let (choice, kind, piece) = match event {
            StreamEvent::Text { choice, text } => (*choice, "text", text.clone()),
            StreamEvent::Thinking { choice, text } => (*choice, "thinking", text.clone()),
            StreamEvent::Signature { choice, signature } => {
                (*choice, "signature", signature.clone())
            }
            StreamEvent::ToolStart {
                choice, id, name, ..
            } => (*choice, "tool", format!("{id} {name} ")),
            StreamEvent::ToolArguments { choice, json, .. } => (*choice, "tool", json.clone()),
            StreamEvent::Opaque { choice, raw, .. } => (*choice, "opaque", raw.get().to_owned()),
            StreamEvent::BlockStop { choice } => (*choice, "", String::new()),
            StreamEvent::Logprobs { choice, logprobs } => {
                last.push(format!("{choice} {logprobs:?}"));
                continue;
            }
            StreamEvent::Finish { choice, reason, .. } => {
                last.push(format!("{choice} {reason:?}"));
                continue;
            }
            _ => continue,
        };
        let before = out.iter().rposition(|(c, _, _)| *c == choice);
        match before {
            Some(at) if out[at].1 == kind => out[at].2.push_str(&piece),
            _ => out.push((choice, kind, piece)),
        }
    }
    let usage = events.iter().rev().find_map(|event| match event {
        StreamEvent::Usage(usage) => Some(*usage),
        _ => None,
    });
    last.push(format!("{usage:?}"));
    out.retain(|(_, kind, _)| !kind.is_empty());
    out.into_iter()
        .map(|(choice, kind, text)| format!("{choice} {kind} {text}"))
        .chain(last)
        .collect()
}

#[test]
fn streams_in_canonical_form() {
    for (name, body) in fixtures("streams") {
        let events = events(&[&body]).unwrap();
        insta::assert_debug_snapshot!(format!("gemini_stream_{name}"), events);
    }
}

#[test]
fn streams_survive_encoding_and_decoding() {
    for (name, body) in fixtures("streams") {
        let mut first = events(&[&body]).unwrap();
        if name == "error.sse" {
            // The counts would have come with the last chunk, which an error replaces.
            first.retain(|event| !matches!(event, StreamEvent::Usage(_)));
        }
        let again = events(&[&stream(&first)]).unwrap();
        assert_eq!(collect(&again), collect(&first), "{name}");
    }
}

#[test]
fn a_stream_that_is_cut_off_is_an_error() {
    let body = fixture("streams/text.sse");
    let cut = body.len() / 2;
    assert_eq!(events(&[&body[..cut]]), Err(StreamError::Truncated));
    assert_eq!(events(&[b""]), Err(StreamError::Truncated));
    assert!(matches!(
        events(&[b"data: {\"candidates\":\n\n"]),
        Err(StreamError::Malformed(_))
    ));
}

#[test]
fn calls_are_written_whole_whatever_their_pieces() {
    let arguments = |index, json: &str| StreamEvent::ToolArguments {
        choice: 0,
        index,
        json: json.to_owned(),
    };
    let start = |index: u32, id: &str| StreamEvent::ToolStart {
        choice: 0,
        index,
        id: id.to_owned(),
        name: "f".to_owned(),
    };
    let body = stream(&[
        StreamEvent::Start {
            id: None,
            model: None,
        },
        StreamEvent::Thinking {
            choice: 0,
            text: "Hm.".to_owned(),
        },
        StreamEvent::Signature {
            choice: 0,
            signature: "AAAA".to_owned(),
        },
        StreamEvent::Ping,
        start(0, "a__thought__BBBB"),
        start(1, "b"),
        arguments(0, "{\"x\""),
        arguments(1, "{}"),
        arguments(0, ":1}"),
        StreamEvent::Text {
            choice: 0,
            text: "Done.".to_owned(),
        },
        start(2, "c"),
        StreamEvent::Finish {
            choice: 0,
            reason: FinishReason::ToolUse,
            stop_sequence: None,
        },
        StreamEvent::Usage(Usage {
            input_tokens: 7,
            output_tokens: 3,
            ..Usage::default()
        }),
        StreamEvent::End,
    ]);
    insta::assert_snapshot!(
        "gemini_stream_written",
        String::from_utf8(body.to_vec()).unwrap()
    );
}

#[test]
fn an_error_ends_the_stream() {
    let body = stream(&[
        StreamEvent::Text {
            choice: 0,
            text: "Hi".to_owned(),
        },
        StreamEvent::Error(ApiError::new(ErrorKind::Overloaded, "Busy.")),
        StreamEvent::End,
    ]);
    let body = String::from_utf8(body.to_vec()).unwrap();
    let frames: Vec<&str> = body.split_terminator("\n\n").collect();
    assert_eq!(
        frames[1],
        r#"data: {"error":{"code":503,"message":"Busy.","status":"UNAVAILABLE"}}"#
    );
    assert_eq!(frames.len(), 2);
}
