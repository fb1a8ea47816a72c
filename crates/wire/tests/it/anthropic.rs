//! The Anthropic dialect.
#![expect(clippy::too_many_lines, reason = "a table is as long as it is")]

mod answers;
mod anything;
mod errors;
mod requests;
mod splicing;
mod streams;
mod upstream;

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use lockgate_wire::canonical::{
    ApiError, Block, BlockKind, CacheControl, ChatRequest, ChatResponse, Choice, Effort, ErrorKind,
    FinishReason, FunctionTool, HostedTool, Logprobs, Loss, LossKind, Media, MediaSource, Message,
    Params, RawJson, Reasoning, ResponseFormat, Role, StreamEvent, Tool, ToolChoice, Usage,
    WebSearch,
};
use lockgate_wire::dialect::{
    EncodedRequest, ReplyContext, RequestHead, StreamError, Target, TranslateError,
};
use lockgate_wire::json::JsonObject;
use lockgate_wire::relay::Relay;
use lockgate_wire::{Dialect, DialectId, Operation};
use proptest::prelude::*;
use serde_json::{Value, json};

fn dialect() -> &'static dyn Dialect {
    DialectId::Anthropic.dialect()
}

fn fixtures(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/anthropic")
        .join(folder);
    let mut out = BTreeMap::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        out.insert(name, std::fs::read(&path).unwrap());
    }
    assert!(!out.is_empty());
    out
}

fn fixture(folder: &str, name: &str) -> Vec<u8> {
    fixtures(folder).remove(name).unwrap()
}

fn object(bytes: impl Into<Bytes>) -> JsonObject {
    JsonObject::parse(bytes.into(), 128).unwrap()
}

fn decode_request(body: &JsonObject) -> Result<ChatRequest, TranslateError> {
    let head = RequestHead {
        operation: Operation::Chat,
        model: None,
        stream: None,
    };
    dialect().decode_request(&head, body)
}

fn decoded(body: &Value) -> ChatRequest {
    decode_request(&object(body.to_string())).unwrap()
}

fn target(model: &str) -> Target<'_> {
    Target {
        model,
        operation: Operation::Chat,
        stream: false,
        max_output_tokens: None,
    }
}

fn encode(request: &ChatRequest, model: &str) -> (Value, EncodedRequest) {
    let encoded = dialect().encode_request(request, &target(model)).unwrap();
    (serde_json::from_slice(&encoded.body).unwrap(), encoded)
}

fn reply() -> ReplyContext {
    ReplyContext {
        operation: Operation::Chat,
        model: "my-claude".to_owned(),
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        created: 1_800_000_000,
        include_usage: true,
        started: None,
        echo: None,
    }
}

fn user(text: &str) -> Message {
    Message::text(Role::User, text)
}

fn asking(params: Params) -> ChatRequest {
    ChatRequest {
        model: "group".to_owned(),
        messages: vec![user("Hi")],
        params,
        ..ChatRequest::default()
    }
}

fn function(name: &str) -> Tool {
    Tool::Function(FunctionTool {
        name: name.to_owned(),
        ..FunctionTool::default()
    })
}

fn call(id: &str, name: &str, arguments: &str) -> Block {
    Block::new(BlockKind::ToolUse {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    })
}

fn result(id: &str, text: &str) -> Block {
    Block::new(BlockKind::ToolResult {
        id: id.to_owned(),
        name: None,
        content: vec![Block::text(text)],
        is_error: false,
    })
}

fn message(role: Role, content: Vec<Block>) -> Message {
    Message {
        role,
        name: None,
        content,
    }
}

fn raw(value: &Value) -> RawJson {
    RawJson::from_value(value).unwrap()
}

fn effort(effort: Effort) -> Option<Reasoning> {
    Some(Reasoning {
        effort: Some(effort),
        ..Reasoning::default()
    })
}

fn read_stream(pieces: &[&[u8]]) -> Result<Vec<StreamEvent>, StreamError> {
    let mut decoder = dialect().stream_decoder();
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut events)?;
    }
    decoder.finish(&mut events)?;
    Ok(events)
}

fn write_stream(events: &[StreamEvent]) -> String {
    let mut encoder = dialect().stream_encoder(&reply());
    let mut out = BytesMut::new();
    for event in events {
        encoder.push(event, &mut out);
    }
    String::from_utf8(out.to_vec()).unwrap()
}

/// What a stream amounts to, whatever its pieces.
#[derive(Debug, Default, PartialEq)]
struct Whole {
    content: Vec<Block>,
    finish: Option<(FinishReason, Option<String>)>,
    usage: Option<Usage>,
    error: Option<ApiError>,
    ended: bool,
}

fn whole(events: &[StreamEvent]) -> Whole {
    let mut out = Whole::default();
    // A delta goes on with the block before it unless that was stopped.
    let mut open = false;
    for event in events.iter().cloned() {
        assert!(!out.ended, "something follows the end: {event:?}");
        let goes_on = open;
        open = match event {
            StreamEvent::BlockStop { .. } => false,
            StreamEvent::Ping | StreamEvent::Usage(_) => open,
            _ => true,
        };
        let last = out.content.last_mut().filter(|_| goes_on);
        match (event, last.map(|b| &mut b.kind)) {
            (StreamEvent::Text { text, .. }, Some(BlockKind::Text { text: so_far, .. }))
            | (
                StreamEvent::Thinking { text, .. },
                Some(BlockKind::Thinking { text: so_far, .. }),
            ) => {
                so_far.push_str(&text);
            }
            (StreamEvent::Text { text, .. }, _) => out.content.push(Block::text(text)),
            (StreamEvent::Thinking { text, .. }, _) => {
                out.content.push(Block::new(BlockKind::Thinking {
                    text,
                    signature: None,
                }));
            }
            (
                StreamEvent::Signature { signature: new, .. },
                Some(BlockKind::Thinking { signature, .. }),
            ) => *signature = Some(new),
            (StreamEvent::Signature { signature, .. }, _) => {
                out.content.push(Block::new(BlockKind::Thinking {
                    text: String::new(),
                    signature: Some(signature),
                }));
            }
            (StreamEvent::RedactedThinking { data, .. }, _) => out
                .content
                .push(Block::new(BlockKind::RedactedThinking { data })),
            (StreamEvent::ToolStart { id, name, .. }, _) => out.content.push(call(&id, &name, "")),
            (StreamEvent::ToolArguments { index, json, .. }, _) => {
                let mut calls = out.content.iter_mut().filter_map(|b| match &mut b.kind {
                    BlockKind::ToolUse { arguments, .. } => Some(arguments),
                    _ => None,
                });
                calls.nth(index as usize).unwrap().push_str(&json);
            }
            (StreamEvent::Refusal { text, .. }, _) => {
                out.content.push(Block::new(BlockKind::Refusal { text }));
            }
            (StreamEvent::Opaque { origin, raw, .. }, _) => {
                let block: Value = serde_json::from_str(raw.get()).unwrap();
                out.content.push(Block::new(BlockKind::Opaque {
                    origin,
                    what: block["type"].as_str().unwrap().to_owned(),
                    raw,
                }));
            }
            (
                StreamEvent::Finish {
                    reason,
                    stop_sequence,
                    ..
                },
                _,
            ) => out.finish = Some((reason, stop_sequence)),
            (StreamEvent::Usage(usage), _) => out.usage = Some(usage),
            (StreamEvent::Error(error), _) => out.error = Some(error),
            (StreamEvent::End, _) => out.ended = true,
            (
                StreamEvent::Start { .. }
                | StreamEvent::Ping
                | StreamEvent::BlockStop { .. }
                | StreamEvent::Logprobs { .. },
                _,
            ) => {}
        }
    }
    normalise(&mut out.content);
    out
}

/// JSON texts without their spaces, texts without their citations: those do not stream.
fn normalise(content: &mut [Block]) {
    let tidy = |json: &str| {
        let value: Value = serde_json::from_str(json).unwrap();
        value.to_string()
    };
    for block in content {
        match &mut block.kind {
            BlockKind::ToolUse { arguments, .. } if arguments.is_empty() => {
                arguments.push_str("{}");
            }
            BlockKind::ToolUse { arguments, .. } => *arguments = tidy(arguments),
            BlockKind::Opaque { raw, .. } => {
                *raw = RawJson::parse(tidy(raw.get())).unwrap();
            }
            BlockKind::Text { text, citations } => {
                if text.starts_with('{') {
                    *text = tidy(text);
                }
                *citations = None;
            }
            _ => {}
        }
    }
}
