//! Answers that stay in the dialect.

use bytes::Bytes;
use lockgate_wire::canonical::{ErrorKind, FinishReason, StreamEvent};
use lockgate_wire::dialect::Spliced;
use lockgate_wire::relay::Relay;

use super::{dialect, events, fixture, fixtures};

pub(super) fn relay(stream: &[u8], lengths: &[usize]) -> (Relay, Vec<u8>) {
    let mut relay = Relay::new(dialect(), Some("group"), Spliced::default());
    let mut out = Vec::new();
    let mut rest = Bytes::copy_from_slice(stream);
    for length in lengths.iter().copied().chain(std::iter::repeat(1)) {
        if rest.is_empty() {
            break;
        }
        let piece = rest.split_to(length.clamp(1, rest.len()));
        out.extend_from_slice(&relay.push(piece));
    }
    out.extend_from_slice(&relay.finish());
    (relay, out)
}

/// `stream` with every model's name replaced.
pub(super) fn relayed_by_hand(stream: &str) -> String {
    ["gpt-5.1-2025-11-13", "openai/gpt-oss-20b"]
        .into_iter()
        .fold(stream.to_owned(), |stream, model| {
            stream.replace(&format!("\"model\":\"{model}\""), "\"model\":\"group\"")
        })
}

#[test]
fn a_stream_is_relayed_byte_for_byte_but_for_the_model() {
    for (name, stream) in fixtures("streams") {
        let (_, out) = relay(&stream, &[stream.len()]);
        let expected = relayed_by_hand(std::str::from_utf8(&stream).unwrap());
        assert_eq!(String::from_utf8(out).unwrap(), expected, "{name}");
    }
}

#[test]
fn a_model_elsewhere_is_not_the_answers_model() {
    let stream = concat!(
        "data: {\"type\":\"response.created\",\"response\":{\"metadata\":{\"model\":\"mine\"},",
        "\"tools\":[{\"type\":\"image_generation\",\"model\":\"gpt-image-1\"}],\"model\":\"up\"}}\n\n",
        "data: {\"type\":\"response.output_text.delta\",\"delta\":\"\\\"model\\\":\\\"x\\\"\"}\n\n",
    );
    let (_, out) = relay(stream.as_bytes(), &[]);
    let expected = stream.replace("\"model\":\"up\"", "\"model\":\"group\"");
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn a_relay_sees_what_a_decoder_sees() {
    for (name, stream) in fixtures("streams") {
        let (relay, _) = relay(&stream, &[stream.len()]);
        let (mut usage, mut finish, mut error) = (None, None, None);
        for event in events(&stream).unwrap() {
            match event {
                StreamEvent::Usage(counts) => usage = Some(counts),
                StreamEvent::Finish { reason, .. } => finish = Some(reason),
                StreamEvent::Error(failure) => error = Some(failure),
                _ => {}
            }
        }
        assert_eq!(relay.seen().usage, usage, "{name}");
        assert_eq!(relay.seen().finish, finish, "{name}");
        assert_eq!(relay.seen().error, error, "{name}");
        assert!(relay.content_seen(), "{name}");
    }
}

#[test]
fn a_relay_knows_the_first_content() {
    let rules = dialect().relay_rules();
    for kind in [
        "response.output_text.delta",
        "response.reasoning_summary_text.delta",
        "response.function_call_arguments.delta",
        "response.output_item.done",
        "response.web_search_call.searching",
        "response.completed",
    ] {
        let frame = format!(r#"{{"type":"{kind}","sequence_number":4}}"#);
        assert!((rules.is_content)(frame.as_bytes()), "{kind}");
    }
    for kind in [
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.output_item.added",
        "response.failed",
        "error",
        "keepalive",
    ] {
        let frame = format!(r#"{{"type":"{kind}","sequence_number":4}}"#);
        assert!(!(rules.is_content)(frame.as_bytes()), "{kind}");
    }
    assert!(!(rules.is_content)(b"[DONE]"));
}

#[test]
fn a_whole_answer_is_relayed_with_its_model_restamped() {
    let body = fixture("responses", "cached.json");
    let mut relay = Relay::new(dialect(), Some("group"), Spliced::default());
    let out = relay.body(Bytes::from(body.clone()));
    let expected = String::from_utf8(body)
        .unwrap()
        .replace("gpt-5.1-2025-11-13", "group");
    assert_eq!(out, expected.as_bytes());
    assert_eq!(relay.seen().usage.unwrap().cache_read, 2048);
    assert_eq!(relay.seen().finish, Some(FinishReason::Stop));
}

#[test]
fn a_failed_answer_is_seen() {
    let body = br#"{"object":"response","status":"failed","output":[],
        "error":{"code":"rate_limit_exceeded","message":"Slow down"}}"#;
    let seen = dialect().sniff(body);
    let error = seen.error.unwrap();
    assert_eq!(
        (error.kind, &*error.message),
        (ErrorKind::RateLimited, "Slow down")
    );
    assert_eq!(seen.finish, None);
    // An answer that is still being made has no reason to have ended.
    let queued = br#"{"object":"response","status":"queued","output":[],"error":null}"#;
    assert_eq!(dialect().sniff(queued).finish, None);
}
