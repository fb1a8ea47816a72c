//! Answers that stay in the dialect.

use bytes::Bytes;
use lockgate_wire::canonical::{ErrorKind, FinishReason, StreamEvent};
use lockgate_wire::dialect::Spliced;
use lockgate_wire::relay::Relay;
use serde_json::{Value, json};

use super::{dialect, events, fixture, fixtures};

/// `stream` with every model's name replaced and, when asked, the usage-only frames left out.
pub(super) fn relayed_by_hand(stream: &str, swallow: bool) -> String {
    let newline = if stream.contains("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let blank = newline.repeat(2);
    let mut out = String::new();
    for frame in stream.split_inclusive(&blank) {
        let data = frame
            .strip_prefix("data: ")
            .and_then(|d| serde_json::from_str::<Value>(d).ok());
        let usage_only = data.is_some_and(|d| d["choices"] == json!([]) && d["usage"].is_object());
        if swallow && usage_only {
            continue;
        }
        let mut rest = frame;
        for key in ["\"model\":\"", "\"model\": \""] {
            if let Some((before, after)) = rest.split_once(key) {
                let value = after.split_once('"').unwrap();
                out.push_str(before);
                out.push_str(key);
                out.push_str("group\"");
                rest = value.1;
            }
        }
        out.push_str(rest);
    }
    out
}

pub(super) fn relay(stream: &[u8], lengths: &[usize], swallow: bool) -> (Relay, Vec<u8>) {
    let spliced = Spliced {
        usage_injected: swallow,
    };
    let mut relay = Relay::new(dialect(), Some("group"), spliced);
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

#[test]
fn a_relay_sees_what_a_decoder_sees() {
    for (name, stream) in fixtures("streams") {
        let (relay, _) = relay(&stream, &[stream.len()], false);
        let mut usage = None;
        let mut finish = None;
        for event in events(&stream).unwrap() {
            match event {
                StreamEvent::Usage(counts) => usage = Some(counts),
                StreamEvent::Finish { reason, .. } => finish = Some(reason),
                _ => {}
            }
        }
        assert_eq!(relay.seen().usage, usage, "{name}");
        assert_eq!(relay.seen().error, None, "{name}");
        assert!(relay.content_seen(), "{name}");
        let exact = !matches!(
            &*name,
            "without_finish" | "refusal" | "repeated_ids" | "vllm" | "choices"
        );
        if exact {
            assert_eq!(relay.seen().finish, finish, "{name}");
        }
    }
}

#[test]
fn a_relay_knows_the_first_content() {
    let rules = dialect().relay_rules();
    let content = [
        r#"{"choices":[{"delta":{"content":"a"}}]}"#,
        r#"{"choices":[{"delta":{"reasoning_content":"a"}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#,
    ];
    for frame in content {
        assert!((rules.is_content)(frame.as_bytes()), "{frame}");
    }
    let none = [
        "[DONE]",
        r#"{"choices":[]}"#,
        r#"{"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#,
        r#"{"error":{"message":"no"}}"#,
    ];
    for frame in none {
        assert!(!(rules.is_content)(frame.as_bytes()), "{frame}");
    }
}

#[test]
fn a_relay_sees_an_error_in_a_stream() {
    let stream =
        b"data: {\"error\":{\"message\":\"busy\",\"type\":\"server_error\",\"code\":503}}\n\n";
    let (relay, out) = relay(stream, &[], true);
    assert_eq!(out, stream);
    let error = relay.seen().error.as_ref().unwrap();
    assert_eq!(
        (error.kind, &*error.message),
        (ErrorKind::Unavailable, "busy")
    );
    assert!(!relay.content_seen());
}

#[test]
fn a_whole_answer_is_relayed_with_its_model_restamped() {
    let body = fixture("responses", "cached.json");
    let mut relay = Relay::new(dialect(), Some("group"), Spliced::default());
    let out = relay.body(Bytes::from(body.clone()));
    let expected = String::from_utf8(body)
        .unwrap()
        .replace("gpt-4o-2024-08-06", "group");
    assert_eq!(out, expected.as_bytes());
    assert_eq!(relay.seen().usage.unwrap().cache_read, 1920);
    assert_eq!(relay.seen().finish, Some(FinishReason::Stop));
}
