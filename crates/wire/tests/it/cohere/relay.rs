//! Answers that stay in the dialect.

use bytes::Bytes;
use lockgate_wire::canonical::{ErrorKind, FinishReason};
use lockgate_wire::dialect::Spliced;
use lockgate_wire::relay::Relay;

use super::{dialect, fixture, fixtures};

/// Relays a stream in pieces of these lengths and then the rest.
pub(super) fn relay(stream: &[u8], lengths: &[usize]) -> (Relay, Vec<u8>) {
    let mut relay = Relay::new(dialect(), Some("group"), Spliced::default());
    let mut out = Vec::new();
    let mut rest = Bytes::copy_from_slice(stream);
    for length in lengths {
        let piece = rest.split_to((*length).min(rest.len()));
        out.extend_from_slice(&relay.push(piece));
    }
    out.extend_from_slice(&relay.push(rest));
    out.extend_from_slice(&relay.finish());
    (relay, out)
}

#[test]
fn every_byte_is_passed_on() {
    for (name, stream) in fixtures("streams") {
        let (_, out) = relay(&stream, &[]);
        assert_eq!(out, stream, "{name}");
    }
    for (name, body) in fixtures("responses") {
        let mut relay = Relay::new(dialect(), Some("group"), Spliced::default());
        assert_eq!(relay.body(body.clone().into()), body, "{name}");
    }
}

#[test]
fn the_end_of_an_answer_is_seen() {
    let stream = |name: &str| {
        let (relay, _) = relay(&fixture("streams", &format!("{name}.sse")), &[]);
        (relay.seen().clone(), relay.content_seen())
    };
    let (seen, content) = stream("cached");
    let usage = seen.usage.unwrap();
    assert_eq!((usage.input_tokens, usage.cache_read), (1500, 1408));
    assert_eq!(
        (seen.finish, seen.error, content),
        (Some(FinishReason::Stop), None, true)
    );

    let (seen, _) = stream("tools");
    assert_eq!(seen.finish, Some(FinishReason::ToolUse));

    let (seen, content) = stream("error");
    assert_eq!(seen.error.unwrap().kind, ErrorKind::Internal);
    assert!(content);

    let (seen, content) = stream("early_error");
    assert_eq!(seen.error.unwrap().kind, ErrorKind::Internal);
    assert!(!content);

    let body = fixture("responses", "length.json");
    let seen = dialect().sniff(&body);
    assert_eq!(seen.usage.unwrap().input_tokens, 210);
    assert_eq!(seen.finish, Some(FinishReason::Length));
}

/// An attempt that fails before it says anything can still be made again.
#[test]
fn an_answer_that_only_fails_shows_nothing() {
    let stream = fixture("streams", "error.sse");
    let text = std::str::from_utf8(&stream).unwrap();
    let (start, rest) = text.split_once("event: content-start").unwrap();
    let (_, end) = rest.split_once("event: message-end").unwrap();
    let only = format!("{start}event: message-end{end}");
    let (relay, _) = relay(only.as_bytes(), &[]);
    assert!(relay.seen().error.is_some());
    assert!(!relay.content_seen());
}
