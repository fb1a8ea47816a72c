//! What the published schemas let pass, and what not.

use lockgate_testkit::schema::{Api, Deliberate, Inspection, SchemaError};
use serde_json::{Value, json};

const CHAT: &str = "CreateChatCompletionResponse";

fn completion() -> Value {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{
            "index": 0,
            "finish_reason": "stop",
            "logprobs": null,
            "message": { "role": "assistant", "content": "Hello.", "refusal": null },
        }],
    })
}

fn places(api: Api, definition: &str, document: &Value) -> Vec<String> {
    let found = api.violations(definition, document).unwrap();
    let mut places: Vec<String> = found.into_iter().map(|found| found.place).collect();
    places.dedup();
    places
}

#[test]
fn every_required_member_is_missed() {
    let whole = completion();
    assert_eq!(places(Api::OpenAi, CHAT, &whole), [""; 0]);
    let choice = "/choices/0";
    let message = "/choices/0/message";
    for (object, place, members) in [
        ("", "", &["id", "object", "created", "model", "choices"][..]),
        (
            choice,
            "/choices/*",
            &["index", "finish_reason", "logprobs", "message"],
        ),
        (
            message,
            "/choices/*/message",
            &["role", "content", "refusal"],
        ),
    ] {
        for member in members {
            let mut less = whole.clone();
            let object = less.pointer_mut(object).unwrap();
            object.as_object_mut().unwrap().remove(*member).unwrap();
            assert_eq!(places(Api::OpenAi, CHAT, &less), [place], "{member}");
        }
    }
}

#[test]
fn what_is_new_or_of_another_kind_is_found() {
    let mut more = completion();
    more["choices"][0]["message"]["mood"] = json!("good");
    assert_eq!(
        places(Api::OpenAi, CHAT, &more),
        ["/choices/*/message/mood"]
    );
    let mut other = completion();
    other["choices"][0]["finish_reason"] = json!("eos");
    assert_eq!(
        places(Api::OpenAi, CHAT, &other),
        ["/choices/*/finish_reason"]
    );
    let mut null = completion();
    null["id"] = Value::Null;
    assert_eq!(places(Api::OpenAi, CHAT, &null), ["/id"]);
}

/// Of a union, the complaint is about the variant that was meant.
#[test]
fn events_are_known_by_their_type() {
    let delta =
        json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta" } });
    assert_eq!(
        places(Api::Anthropic, "MessageStreamEvent", &delta),
        ["/delta"]
    );
    let unknown = json!({ "type": "content_block_pause" });
    assert_eq!(
        places(Api::Anthropic, "MessageStreamEvent", &unknown),
        ["/type"]
    );
    let frame = json!({ "contentBlockStop": { "contentBlockIndex": "0" } });
    assert_eq!(
        places(Api::Bedrock, "ConverseStreamOutput", &frame),
        ["/contentBlockStop/contentBlockIndex"]
    );
    let start = json!({ "type": "message-start", "delta": { "message": { "role": "user" } } });
    assert_eq!(
        places(Api::Cohere, "StreamedChatResponseV2", &start),
        ["/delta/message/role"]
    );
}

/// protobuf writes 64 bits as text, and no null.
#[test]
fn protobuf_is_told_from_json() {
    let answer = json!({ "candidates": [{ "index": "0", "finishReason": null }] });
    assert_eq!(
        places(Api::Gemini, "GenerateContentResponse", &answer),
        ["/candidates/*/finishReason", "/candidates/*/index"]
    );
}

#[test]
fn open_responses_lets_additions_pass() {
    let delta = json!({
        "type": "response.output_text.delta", "sequence_number": 1, "item_id": "msg_1",
        "output_index": 0, "content_index": 0, "delta": "Hel", "logprobs": [], "ours": 1,
    });
    assert_eq!(
        places(Api::OpenResponses, "StreamingEvent", &delta),
        [""; 0]
    );
    assert_eq!(
        places(Api::OpenAi, "ResponseStreamEvent", &delta),
        ["/ours"]
    );
}

#[test]
fn a_definition_that_is_not_there_is_an_error() {
    let error = Api::Ollama.violations("Nothing", &json!({})).unwrap_err();
    assert!(matches!(error, SchemaError::Unknown(Api::Ollama, name) if name == "Nothing"));
}

#[test]
fn an_inspection_tells_each_thing_once() {
    const MOOD: &[Deliberate] = &[
        Deliberate::new(Api::OpenAi, "/choices/*/message/mood", "a test"),
        Deliberate::new(Api::OpenAi, "/weather", "nobody writes it"),
    ];
    let mut inspection = Inspection::new(&[MOOD]);
    let mut document = completion();
    document["choices"][0]["message"]["mood"] = json!("good");
    let schema = &[(Api::OpenAi, CHAT)];
    inspection.look(schema, &document, "a").unwrap();
    assert_eq!(inspection.report(), "");
    document["created"] = json!("today");
    for case in ["b", "c"] {
        inspection.look(schema, &document, case).unwrap();
    }
    assert_eq!(inspection.documents(), 3);
    assert_eq!(
        inspection.report(),
        format!("OpenAi {CHAT} /created: value is not of type \"integer\" (2: b, c)\n")
    );
    assert_eq!(inspection.unmet(MOOD), ["/weather"]);
}
