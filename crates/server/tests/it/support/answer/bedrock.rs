//! Bedrock Converse.

use lockgate_testkit::Reply;
use lockgate_wire::event_stream::EventStreamDecoder;
use serde_json::{Value, json};

use super::{Answer, number, parse, string};

pub(super) fn whole(body: &Value) -> Answer {
    let message = &body["output"]["message"];
    assert_eq!(message["role"], "assistant", "{body}");
    assert!(body["metrics"]["latencyMs"].is_u64(), "{body}");
    let mut answer = Answer {
        finish: string(&body["stopReason"]),
        ..Answer::default()
    };
    for block in message["content"].as_array().into_iter().flatten() {
        read(&mut answer, block);
    }
    usage(&mut answer, &body["usage"]);
    answer
}

/// The frames of a stream: the name of each and what it carries.
pub(crate) fn frames(reply: &Reply) -> Vec<(String, Value)> {
    let mut decoder = EventStreamDecoder::default();
    decoder.feed(&reply.body);
    let mut frames = Vec::new();
    while let Some(frame) = decoder.next_frame().unwrap() {
        let kind = frame.header(":message-type").unwrap();
        let name = frame.header(&format!(":{kind}-type")).unwrap().to_owned();
        assert_eq!(frame.header(":content-type"), Some("application/json"));
        frames.push((name, parse(std::str::from_utf8(frame.payload()).unwrap())));
    }
    decoder.finish().unwrap();
    frames
}

pub(super) fn stream(reply: &Reply) -> Answer {
    let mut answer = Answer::default();
    let mut blocks: Vec<Value> = Vec::new();
    let mut closed = 0;
    let frames = frames(reply);
    let name = |place: Option<&(String, Value)>| place.map(|(name, _)| name.clone());
    assert_eq!(name(frames.first()).as_deref(), Some("messageStart"));
    assert_eq!(name(frames.last()).as_deref(), Some("metadata"));
    for (name, data) in &frames {
        let place = || usize::try_from(number(&data["contentBlockIndex"])).unwrap();
        match name.as_str() {
            "messageStart" => assert_eq!(data["role"], "assistant"),
            "contentBlockStart" => {
                assert_eq!(place(), blocks.len(), "{data}");
                let mut block = data["start"].clone();
                block["toolUse"]["input"] = json!("");
                blocks.push(block);
            }
            "contentBlockDelta" => {
                if place() == blocks.len() {
                    blocks.push(json!({}));
                }
                assert_eq!(place() + 1, blocks.len(), "{data}");
                delta(&mut blocks[place()], &data["delta"]);
            }
            "contentBlockStop" => {
                assert_eq!(place(), closed, "{data}");
                closed += 1;
            }
            "messageStop" => answer.finish = string(&data["stopReason"]),
            "metadata" => usage(&mut answer, &data["usage"]),
            other => panic!("unknown event {other}: {data}"),
        }
    }
    assert_eq!(closed, blocks.len(), "blocks left open");
    for mut block in blocks {
        if let Some(input) = block["toolUse"]["input"].as_str() {
            block["toolUse"]["input"] = parse(input);
        } else {
            block.as_object_mut().unwrap().remove("toolUse");
        }
        read(&mut answer, &block);
    }
    answer
}

fn delta(block: &mut Value, delta: &Value) {
    for pointer in [
        "/text",
        "/toolUse/input",
        "/reasoningContent/text",
        "/reasoningContent/signature",
    ] {
        let Some(piece) = delta.pointer(pointer) else {
            continue;
        };
        // In a stream the two stand one level higher than in a whole answer.
        let place = match pointer.strip_prefix("/reasoningContent") {
            Some(name) => &mut block["reasoningContent"]["reasoningText"][&name[1..]],
            None if pointer == "/text" => &mut block["text"],
            None => &mut block["toolUse"]["input"],
        };
        *place = json!(string(place) + &string(piece));
    }
}

fn read(answer: &mut Answer, block: &Value) {
    if let Some(call) = block.get("toolUse") {
        answer.call(&call["toolUseId"], &call["name"], call["input"].clone());
    } else if let Some(reasoning) = block.get("reasoningContent") {
        answer.thinking += &string(&reasoning["reasoningText"]["text"]);
    } else {
        assert!(block["text"].is_string(), "unknown block {block}");
        answer.text += &string(&block["text"]);
    }
}

fn usage(answer: &mut Answer, usage: &Value) {
    answer.input_tokens = number(&usage["inputTokens"]);
    answer.output_tokens = number(&usage["outputTokens"]);
    assert_eq!(
        number(&usage["totalTokens"]),
        answer.input_tokens + answer.output_tokens,
        "{usage}"
    );
}
