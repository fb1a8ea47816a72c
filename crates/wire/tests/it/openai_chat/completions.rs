//! Text completions: read, written, passed on, and as one message of a chat.

use bytes::BytesMut;
use lockgate_wire::canonical::{
    ApiError, ChatRequest, ErrorKind, LossKind, Params, RawJson, StreamEvent,
};
use lockgate_wire::dialect::{EncodedRequest, ReplyContext, RequestHead, Target, TranslateError};
use lockgate_wire::dialects::openai_chat::take_completion_params;
use lockgate_wire::{DialectId, Operation};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::relay::{relay, relayed_by_hand};
use super::samples::{everything, whole_answer, whole_stream};
use super::{
    dialect, events, events_in_pieces, fixture, fixtures, object, parsed, pretty, reply, target,
};

fn decode(body: &Value) -> Result<ChatRequest, TranslateError> {
    let head = RequestHead {
        operation: Operation::Completions,
        ..super::head()
    };
    dialect().decode_request(&head, &object(body.to_string().as_bytes()))
}

fn completion_target(model: &str, stream: bool) -> Target<'_> {
    Target {
        operation: Operation::Completions,
        ..target(model, stream)
    }
}

fn encode(request: &ChatRequest, model: &str) -> EncodedRequest {
    let target = completion_target(model, request.stream);
    dialect().encode_request(request, &target).unwrap()
}

fn completion_reply(include_usage: bool) -> ReplyContext {
    ReplyContext {
        operation: Operation::Completions,
        ..reply(include_usage)
    }
}

fn encode_events(events: &[StreamEvent], include_usage: bool) -> String {
    let mut encoder = dialect().stream_encoder(&completion_reply(include_usage));
    let mut out = BytesMut::new();
    for event in events {
        encoder.push(event, &mut out);
    }
    String::from_utf8(out.to_vec()).unwrap()
}

fn full() -> Value {
    parsed(&fixture("completions", "request-full.json"))
}

#[test]
fn a_prompt_is_the_one_message_of_a_chat() {
    let request = decode(&full()).unwrap();
    insta::assert_snapshot!(format!("{request:#?}"));
    let chat = dialect().encode_request(&request, &target("gpt-4o", true));
    assert_eq!(
        parsed(&chat.unwrap().body)["messages"],
        json!([{ "role": "user", "content": "def add(a, b):" }])
    );
}

#[test]
fn a_request_survives_the_way_through() {
    let mut expected = full();
    let encoded = encode(&decode(&expected).unwrap(), "some-base-model");
    expected["model"] = json!("some-base-model");
    assert_eq!(parsed(&encoded.body), expected);
    assert_eq!(encoded.losses, []);
}

#[test]
fn only_one_text_can_be_a_chat() {
    for prompt in [json!("Once"), json!(["Once"])] {
        let request = decode(&json!({ "model": "m", "prompt": prompt })).unwrap();
        assert_eq!(request.messages[0].content[0].as_text(), Some("Once"));
    }
    for (prompt, why) in [
        (json!(["Once", "Twice"]), "one prompt"),
        (json!([464, 3290]), "made of text"),
        (json!([[464], [3290]]), "made of text"),
        (json!([]), "Missing required parameter"),
        (Value::Null, "Missing required parameter"),
        (json!({ "text": "Once" }), "expected a string"),
    ] {
        let Err(TranslateError::Invalid { message, param }) =
            decode(&json!({ "model": "m", "prompt": prompt }))
        else {
            panic!("{prompt} was taken");
        };
        assert!(message.contains(why), "{prompt}: {message}");
        assert_eq!(param.as_deref(), Some("prompt"));
    }
}

#[test]
fn what_a_chat_has_no_place_for_is_lost_unless_it_says_nothing() {
    let mut extra = decode(&full()).unwrap().params.extra;
    let losses = take_completion_params(&mut extra);
    let names: Vec<&str> = losses.iter().map(|loss| loss.what.as_str()).collect();
    assert_eq!(names, ["suffix", "best_of", "echo"]);
    assert!(losses.iter().all(|loss| loss.kind == LossKind::Param));
    assert_eq!(extra.len(), 1, "{extra:?}");
    assert_eq!(extra[0].0, "min_tokens");

    let neutral =
        json!({ "model": "m", "prompt": "Once", "suffix": null, "echo": false, "best_of": 1 });
    let mut extra = decode(&neutral).unwrap().params.extra;
    assert_eq!(take_completion_params(&mut extra), []);
    assert_eq!(extra, []);
}

#[test]
fn everything_a_chat_can_say_as_a_prompt() {
    let encoded = encode(&everything(), "some-base-model");
    let losses: String = encoded.losses.iter().map(|l| format!("{l:?}\n")).collect();
    insta::assert_snapshot!(format!("{}\n{losses}", pretty(&encoded.body)));
}

#[test]
fn splicing_sets_defaults_by_the_names_of_a_completion() {
    let defaults = Params {
        max_tokens: Some(50),
        logprobs: Some(true),
        top_logprobs: Some(3),
        response_format: Some(lockgate_wire::canonical::ResponseFormat::JsonObject),
        extra: vec![("min_p".to_owned(), RawJson::parse("0.1").unwrap())],
        ..Params::default()
    };
    let mut body = object(br#"{"model":"group","prompt":[464, 3290],"stream":true}"#);
    let target = completion_target("o3", true);
    let spliced = dialect()
        .splice_request(&mut body, &target, &defaults)
        .unwrap();
    assert!(spliced.usage_injected);
    let expected = br#"{"model":"o3","prompt":[464, 3290],"stream":true,"max_tokens":50,"logprobs":3,"min_p":0.1,"stream_options":{"include_usage":true}}"#;
    assert_eq!(body.to_bytes(), &expected[..]);
}

#[test]
fn answers_are_read_and_written_again() {
    for name in ["openai", "logprobs"] {
        let body = fixture("completions", &format!("response-{name}.json"));
        let response = dialect().decode_response(&body).unwrap();
        let mut written = parsed(&dialect().encode_response(&response, &completion_reply(false)));
        let mut original = parsed(&body);
        for value in [&mut written, &mut original] {
            let members = value.as_object_mut().unwrap();
            for name in ["id", "model", "created", "system_fingerprint"] {
                members.remove(name);
            }
            let usage = members["usage"].as_object_mut().unwrap();
            usage.retain(|name, _| !name.ends_with("_details"));
        }
        assert_eq!(written, original, "{name}");
    }
}

#[test]
fn a_completion_by_any_server_is_text() {
    for (name, text) in [("vllm", " Lisbon"), ("fim", "    return a + b")] {
        let body = fixture("completions", &format!("response-{name}.json"));
        let response = dialect().decode_response(&body).unwrap();
        assert_eq!(response.choices[0].content[0].as_text(), Some(text));
        let written = parsed(&dialect().encode_response(&response, &completion_reply(false)));
        assert_eq!(written["object"], "text_completion");
        assert_eq!(written["choices"][0]["text"], text);
        assert_eq!(written["choices"][0]["finish_reason"], "stop");
    }
}

#[test]
fn everything_an_answer_can_hold_is_text_or_left_out() {
    let written = dialect().encode_response(&whole_answer(), &completion_reply(false));
    insta::assert_snapshot!(pretty(&written));
}

#[test]
fn an_empty_answer_is_still_complete() {
    let nothing = lockgate_wire::canonical::ChatResponse::default();
    let written = parsed(&dialect().encode_response(&nothing, &completion_reply(false)));
    assert_eq!(
        written["choices"],
        json!([{ "text": "", "index": 0, "logprobs": null, "finish_reason": "stop" }])
    );
    assert_eq!(written["usage"]["total_tokens"], 0);
}

#[test]
fn streams_are_read_as_what_they_say() {
    for (name, stream) in fixtures("completion_streams") {
        let events: String = events(&stream)
            .unwrap()
            .iter()
            .map(|event| format!("{event:?}\n"))
            .collect();
        insta::assert_snapshot!(format!("events_{name}"), events);
    }
}

#[test]
fn a_streamed_completion_survives_the_way_through() {
    for (name, stream) in fixtures("completion_streams") {
        let first = events(&stream).unwrap();
        let again = events(encode_events(&first, true).as_bytes()).unwrap();
        let kept = |events: &[StreamEvent]| -> Vec<StreamEvent> {
            let settled = events.iter().filter_map(|event| match event {
                StreamEvent::Start { .. } => None,
                StreamEvent::Finish { choice, .. } => {
                    Some(StreamEvent::BlockStop { choice: *choice })
                }
                event => Some(event.clone()),
            });
            settled.collect()
        };
        assert_eq!(kept(&again), kept(&first), "{name}");
    }
}

#[test]
fn everything_a_stream_can_hold_is_text_or_left_out() {
    insta::assert_snapshot!(encode_events(&whole_stream(), true));
    let unasked = encode_events(&whole_stream(), false);
    assert!(!unasked.contains("\"usage\""));
    assert!(unasked.ends_with("data: [DONE]\n\n"));
}

#[test]
fn an_error_ends_a_stream_with_its_marker() {
    let error = ApiError::new(ErrorKind::Overloaded, "Busy");
    let text = encode_events(&[StreamEvent::Error(error), StreamEvent::End], true);
    let end = "data: {\"error\":{\"message\":\"Busy\",\"type\":\"internal_server_error\",\
               \"param\":null,\"code\":\"503\"}}\n\ndata: [DONE]\n\n";
    assert_eq!(text, end);
}

#[test]
fn a_relay_sees_what_a_decoder_sees() {
    for (name, stream) in fixtures("completion_streams") {
        let (relay, _) = relay(&stream, &[stream.len()], false);
        let all = events(&stream).unwrap();
        let usage = all.iter().rev().find_map(|event| match event {
            StreamEvent::Usage(usage) => Some(*usage),
            _ => None,
        });
        assert!(usage.is_some(), "{name}");
        assert_eq!(relay.seen().usage, usage, "{name}");
        assert!(relay.seen().finish.is_some(), "{name}");
    }
    let is_content = dialect().relay_rules().is_content;
    assert!(is_content(br#"{"choices":[{"text":"a","index":0}]}"#));
    assert!(!is_content(
        br#"{"choices":[{"text":"","index":0,"finish_reason":null}]}"#
    ));
}

fn any_stream() -> impl Strategy<Value = (String, Vec<u8>)> {
    proptest::sample::select(fixtures("completion_streams"))
}

proptest! {
    #[test]
    fn any_split_of_a_stream_gives_the_same_events(
        (name, stream) in any_stream(),
        lengths in proptest::collection::vec(0usize..90, 0..60),
    ) {
        prop_assert_eq!(events_in_pieces(&stream, &lengths), events(&stream), "{}", name);
    }

    #[test]
    fn any_split_of_a_stream_is_relayed_alike(
        (name, stream) in any_stream(),
        lengths in proptest::collection::vec(1usize..200, 0..60),
        swallow in any::<bool>(),
    ) {
        let expected = relayed_by_hand(std::str::from_utf8(&stream).unwrap(), swallow);
        let (_, out) = relay(&stream, &lengths, swallow);
        prop_assert_eq!(String::from_utf8(out).unwrap(), expected, "{}", name);
    }

    #[test]
    fn nothing_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(body) = lockgate_wire::json::JsonObject::parse(bytes.into(), 64) {
            let head = RequestHead { operation: Operation::Completions, ..super::head() };
            if let Ok(request) = dialect().decode_request(&head, &body) {
                encode(&request, "m");
            }
        }
    }
}

#[test]
fn no_other_dialect_is_asked_for_a_completion() {
    // The bridge of every other dialect is its chat.
    let request = decode(&json!({ "model": "m", "prompt": "Once" })).unwrap();
    for id in DialectId::ALL {
        let target = target("model", false);
        assert!(
            id.dialect().encode_request(&request, &target).is_ok(),
            "{id:?}"
        );
    }
}
