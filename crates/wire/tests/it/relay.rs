//! Relayed streams: whatever the cuts, every byte goes through but the model and what is swallowed.

use bytes::Bytes;
use lockgate_wire::DialectId;
use lockgate_wire::canonical::{FinishReason, Usage};
use lockgate_wire::dialect::Spliced;
use lockgate_wire::relay::{Framing, Relay, Sighting};
use lockgate_wire::sse::MAX_FRAME;
use proptest::collection::vec;
use proptest::prelude::*;

const MODEL: &str = "my \"group\"";

/// Stands for the model's value in a template, quotes included.
const PLACE: &str = "<model>";

/// A frame as it arrives, with [`PLACE`] where the model stands.
#[derive(Debug, Clone)]
struct Frame {
    text: String,
    swallowed: bool,
}

#[derive(Debug, PartialEq)]
struct Passed {
    text: String,
    seen: Sighting,
    content_seen: bool,
}

fn relay(dialect: DialectId, model: Option<&str>, swallow: bool) -> Relay {
    let spliced = Spliced {
        usage_injected: swallow,
    };
    Relay::new(dialect.dialect(), model, spliced)
}

fn pass(dialect: DialectId, swallow: bool, pieces: &[&[u8]]) -> Passed {
    let mut relay = relay(dialect, Some(MODEL), swallow);
    let mut text = Vec::new();
    for piece in pieces {
        text.extend_from_slice(&relay.push(Bytes::copy_from_slice(piece)));
    }
    text.extend_from_slice(&relay.finish());
    Passed {
        text: String::from_utf8(text).unwrap(),
        seen: relay.seen().clone(),
        content_seen: relay.content_seen(),
    }
}

fn cut<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    cuts.sort_unstable();
    cuts.push(bytes.len());
    let mut at = 0;
    let mut pieces = Vec::new();
    for cut in cuts {
        pieces.push(&bytes[at..cut]);
        at = cut;
    }
    pieces
}

/// What a stream is passed on as: whole, cut in two anywhere, and byte by byte.
fn passed(dialect: DialectId, swallow: bool, stream: &str) -> Passed {
    let bytes = stream.as_bytes();
    let whole = pass(dialect, swallow, &[bytes]);
    for at in 0..=bytes.len() {
        let (a, b) = bytes.split_at(at);
        assert_eq!(pass(dialect, swallow, &[a, b]), whole, "cut at {at}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(pass(dialect, swallow, &single), whole, "byte by byte");
    whole
}

/// Members that look like the model's name and are not.
fn decoy() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just(r#""id":"model""#),
        Just(r#""a":{"model":"inner"}"#),
        Just(r#""b":[{"model": "inner"},[],"model"]"#),
        Just(r#""c":"say \"model\":\"x\" {[ \\""#),
        Just(r#""d\"model":"x""#),
        Just(r#""\\\"model":"x""#),
        Just(r#""models":"x""#),
        Just(r#""choices":[]"#),
        Just(r#""e":null"#),
    ]
}

fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just(""), 1 => Just(" "), 1 => Just("\t ")]
}

/// One JSON document with the model at its top level, or without one.
fn document() -> impl Strategy<Value = String> {
    (
        vec(decoy(), 0..4),
        any::<bool>(),
        0..4usize,
        blank(),
        blank(),
    )
        .prop_map(|(decoys, named, at, before, after)| {
            let mut members: Vec<String> = decoys.into_iter().map(str::to_owned).collect();
            if named {
                let at = at.min(members.len());
                members.insert(at, format!("\"model\"{before}:{after}{PLACE}"));
            }
            format!("{{{}}}", members.join(","))
        })
}

fn usage_chunk() -> impl Strategy<Value = String> {
    Just(format!(
        r#"{{"model":{PLACE},"choices":[],"usage":{{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}}}"#
    ))
}

fn frame(framing: Framing) -> impl Strategy<Value = Frame> {
    let body = prop_oneof![
        8 => document().prop_map(|text| (text, false)),
        1 => usage_chunk().prop_map(|text| (text, true)),
    ];
    let before = prop_oneof![
        3 => Just(""),
        1 => Just(": a \" comment { with [ signs"),
        1 => Just("event: message"),
        1 => Just("id: 1"),
    ];
    let data = prop_oneof![Just("data: "), Just("data:")];
    let end = prop_oneof![3 => Just("\n"), 1 => Just("\r\n")];
    (body, before, data, end).prop_map(move |((text, swallowed), before, data, end)| {
        let text = match framing {
            Framing::Ndjson => format!("{text}{end}"),
            Framing::EventStream => panic!("has its own tests"),
            Framing::Sse if before.is_empty() => format!("{data}{text}{end}{end}"),
            Framing::Sse => format!("{before}{end}{data}{text}{end}{end}"),
        };
        Frame { text, swallowed }
    })
}

/// Streams of a dialect that names the model in every frame.
fn stream() -> impl Strategy<Value = (DialectId, Vec<Frame>)> {
    prop_oneof![
        vec(frame(Framing::Sse), 0..6).prop_map(|frames| (DialectId::OpenAiChat, frames)),
        vec(frame(Framing::Ndjson), 0..6).prop_map(|frames| (DialectId::Ollama, frames)),
    ]
}

proptest! {
    #[test]
    fn only_the_model_changes_however_the_bytes_arrive(
        (dialect, frames) in stream(),
        cuts in vec(any::<usize>(), 0..8),
        swallow in any::<bool>(),
        cut_off in 0..3usize,
    ) {
        let whole: String = frames.iter().map(|frame| frame.text.as_str()).collect();
        // The last frame may lack part of its blank line.
        let mut stream = whole.replace(PLACE, "\"upstream-1\"");
        stream.truncate(stream.len().saturating_sub(cut_off));
        let swallowed = |frame: &&Frame| {
            swallow && frame.swallowed && dialect == DialectId::OpenAiChat
        };
        let kept: String = frames
            .iter()
            .filter(|frame| !swallowed(frame))
            .map(|frame| frame.text.as_str())
            .collect();
        let mut expected = kept.replace(PLACE, &serde_json::to_string(MODEL).unwrap());
        if !frames.last().is_some_and(|frame| swallowed(&frame)) {
            expected.truncate(expected.len().saturating_sub(cut_off));
        }
        prop_assume!(cut_off == 0 || stream.ends_with(['}', '\n', '\r']));
        prop_assume!(!stream.ends_with('\r') || stream.ends_with("}\r") || cut_off == 1);

        let passed = pass(dialect, swallow, &cut(stream.as_bytes(), &cuts));
        prop_assert_eq!(&passed.text, &expected);
        let single: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
        prop_assert_eq!(pass(dialect, swallow, &single), passed);
    }

    #[test]
    fn anything_at_all_goes_through(
        bytes in prop_oneof![
            vec(any::<u8>(), 0..64),
            "([ \\r\\n:{}\"]|data: |\"model\":|\"usage\"|\\\\){0,24}".prop_map(String::into_bytes),
        ],
        cuts in vec(any::<usize>(), 0..6),
    ) {
        for dialect in DialectId::ALL {
            let mut relay = relay(dialect, None, false);
            let mut out = Vec::new();
            for piece in cut(&bytes, &cuts) {
                out.extend_from_slice(&relay.push(Bytes::copy_from_slice(piece)));
            }
            out.extend_from_slice(&relay.finish());
            prop_assert_eq!(&out, &bytes);

            let whole = pass_raw(dialect, &[&bytes]);
            prop_assert_eq!(pass_raw(dialect, &cut(&bytes, &cuts)), whole);
        }
    }
}

fn pass_raw(dialect: DialectId, pieces: &[&[u8]]) -> (Vec<u8>, Sighting) {
    let mut relay = relay(dialect, Some("m"), true);
    let mut out = Vec::new();
    for piece in pieces {
        out.extend_from_slice(&relay.push(Bytes::copy_from_slice(piece)));
    }
    out.extend_from_slice(&relay.finish());
    (out, relay.seen().clone())
}

#[test]
fn the_injected_usage_chunk_is_read_and_swallowed() {
    for end in ["\n", "\r\n"] {
        let answer = concat!(
            r#"data: {"model":"up","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"usage":null}"#,
            "<end><end>",
            r#"data: {"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"length"}],"usage":null}"#,
            "<end><end>",
        );
        let usage = concat!(
            r#"data: {"model":"up","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}"#,
            "<end><end>",
        );
        let stream = format!("{answer}{usage}data: [DONE]<end><end>").replace("<end>", end);
        let kept = format!("{answer}data: [DONE]<end><end>")
            .replace("<end>", end)
            .replace("\"up\"", r#""my \"group\"""#);
        let passed = passed(DialectId::OpenAiChat, true, &stream);
        assert_eq!(passed.text, kept);
        let usage = Usage {
            input_tokens: 7,
            output_tokens: 3,
            ..Usage::default()
        };
        assert_eq!(passed.seen.usage, Some(usage));
        assert_eq!(passed.seen.finish, Some(FinishReason::Length));
        assert!(passed.content_seen);
    }
}

#[test]
fn usage_that_the_client_asked_for_stays() {
    let stream = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7}}\n\ndata: [DONE]\n\n";
    assert_eq!(passed(DialectId::OpenAiChat, false, stream).text, stream);
}

#[test]
fn extra_blank_lines_stay_where_they_are() {
    let stream = "\n\n: hello\n\n\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":7}}\n\n\r\n\n\ndata: [DONE]\n\n\n";
    assert_eq!(
        passed(DialectId::OpenAiChat, true, stream).text,
        "\n\n: hello\n\n\n\n\r\n\n\ndata: [DONE]\n\n\n"
    );
}

#[test]
fn a_stream_without_its_last_blank_line_is_passed_on_whole() {
    let frame = "data: {\"model\":\"up\",\"choices\":[{\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}";
    for end in ["", "\n", "\r\n"] {
        let passed = passed(DialectId::OpenAiChat, false, &format!("{frame}{end}"));
        let expected = frame.replace("\"up\"", r#""my \"group\"""#);
        assert_eq!(passed.text, format!("{expected}{end}"));
        assert_eq!(passed.seen.finish, Some(FinishReason::Stop));
    }
    let line = r#"{"model":"up","message":{"content":"Hi"},"done":true,"eval_count":3}"#;
    let passed = passed(DialectId::Ollama, false, line);
    assert_eq!(passed.text, line.replace("\"up\"", r#""my \"group\"""#));
    assert_eq!(passed.seen.usage.unwrap().output_tokens, 3);
}

#[test]
fn data_over_several_lines_is_one_document() {
    let stream = "\u{feff}data: {\"model\" :\r\ndata:  \"up\", \"choices\": [],\r\ndata: \"usage\": {\"prompt_tokens\": 7}}\r\n\r\n";
    let passed = passed(DialectId::OpenAiChat, false, stream);
    // The name and its value are on two lines, which is no reason to miss the counts.
    assert_eq!(passed.seen.usage.unwrap().input_tokens, 7);
}

#[test]
fn only_the_first_model_of_an_anthropic_stream_is_renamed() {
    let stream = concat!(
        "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"up\",\"usage\":{\"input_tokens\":5}}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"x\",\"model\":\"up\"}}\n\n",
    );
    let passed = passed(DialectId::Anthropic, false, stream);
    assert_eq!(
        passed.text,
        stream.replacen("\"up\"", r#""my \"group\"""#, 1)
    );
}

#[test]
fn cached_input_is_not_forgotten_when_the_end_repeats_only_the_rest() {
    let stream = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"up\",\"usage\":{\"input_tokens\":21,\"cache_read_input_tokens\":18000,\"cache_creation_input_tokens\":1500,\"output_tokens\":1}}}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"input_tokens\":21,\"output_tokens\":12}}\n\n",
    );
    let usage = passed(DialectId::Anthropic, false, stream)
        .seen
        .usage
        .unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (19_521, 12));
    assert_eq!((usage.cache_read, usage.cache_write), (18_000, 1_500));
}

#[test]
fn bodies_are_restamped_at_the_top_level_only() {
    let mut relay = relay(DialectId::OpenAiChat, Some(MODEL), false);
    let body = r#"{"choices":[{"message":{"content":"\"model\":\"x\"","model":"inner"},"finish_reason":"stop"}],
  "model" : "up", "usage":{"prompt_tokens":7,"completion_tokens":3}}"#;
    let out = relay.body(Bytes::from(body));
    assert_eq!(out, body.replace("\"up\"", r#""my \"group\"""#));
    assert_eq!(relay.seen().finish, Some(FinishReason::Stop));
    assert_eq!(relay.seen().usage.unwrap().total(), 10);
}

#[test]
fn what_needs_no_change_is_not_copied() {
    let mut relay = relay(DialectId::OpenAiChat, Some("up"), true);
    let chunk =
        Bytes::from("data: {\"model\":\"up\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n");
    let out = relay.push(chunk.clone());
    assert_eq!(out.as_ptr(), chunk.as_ptr());
    assert_eq!(out, chunk);
}

#[test]
fn a_frame_without_end_does_not_fill_the_memory() {
    let mut relay = relay(DialectId::OpenAiChat, Some(MODEL), false);
    let piece = Bytes::from(vec![b'a'; MAX_FRAME / 4]);
    let passed: usize = (0..8).map(|_| relay.push(piece.clone()).len()).sum();
    assert!(passed > MAX_FRAME);
    assert_eq!(passed + relay.finish().len(), 8 * piece.len());
}
