//! The Bedrock Converse dialect.
#![expect(clippy::too_many_lines, reason = "a table is as long as it is")]

mod answers;
mod anything;
mod embeddings;
mod errors;
mod requests;
mod splicing;
mod streams;
mod upstream;

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use lockgate_wire::canonical::{
    ApiError, Block, BlockKind, CacheControl, ChatRequest, ChatResponse, Choice, Effort,
    EmbeddingInput, EmbeddingRequest, EmbeddingResponse, ErrorKind, FinishReason, FunctionTool,
    HostedTool, Loss, LossKind, Media, MediaSource, Message, Params, RawJson, Reasoning,
    ResponseFormat, Role, StreamEvent, Tool, ToolChoice, Usage, WebSearch,
};
use lockgate_wire::dialect::{
    EncodedRequest, ReplyContext, RequestHead, Spliced, StreamError, Target, TranslateError,
};
use lockgate_wire::event_stream::EventStreamDecoder;
use lockgate_wire::json::JsonObject;
use lockgate_wire::relay::Relay;
use lockgate_wire::{Dialect, DialectId, Operation};
use proptest::prelude::*;
use serde_json::{Value, json};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-20250514-v1:0";
const CLAUDE_4_5: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const CLAUDE_4_6: &str = "global.anthropic.claude-opus-4-6-v1";
const NOVA: &str = "us.amazon.nova-pro-v1:0";
const NOVA_2: &str = "global.amazon.nova-2-lite-v1:0";
const LLAMA: &str = "us.meta.llama3-3-70b-instruct-v1:0";
const MISTRAL: &str = "mistral.mistral-large-2407-v1:0";
const GPT_OSS: &str = "openai.gpt-oss-120b-1:0";

fn dialect() -> &'static dyn Dialect {
    DialectId::Bedrock.dialect()
}

fn fixtures(folder: &str) -> BTreeMap<String, Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/bedrock")
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

const HEAD: RequestHead<'static> = RequestHead {
    operation: Operation::Chat,
    model: Some("group"),
    stream: Some(false),
};

fn decode_request(body: &JsonObject) -> Result<ChatRequest, TranslateError> {
    dialect().decode_request(&HEAD, body)
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

/// The names of what is lost, with their kinds.
fn lost(encoded: &EncodedRequest) -> Vec<(LossKind, &str)> {
    let losses = encoded.losses.iter();
    losses.map(|Loss { kind, what }| (*kind, &**what)).collect()
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

fn conversation(messages: Vec<Message>) -> ChatRequest {
    ChatRequest {
        messages,
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

fn write_stream(events: &[StreamEvent]) -> Vec<u8> {
    let mut encoder = dialect().stream_encoder(&reply());
    let mut out = BytesMut::new();
    for event in events {
        encoder.push(event, &mut out);
    }
    out.to_vec()
}

/// The names and payloads of the frames of a stream.
fn frames(stream: &[u8]) -> Vec<(String, Value)> {
    let mut decoder = EventStreamDecoder::default();
    decoder.feed(stream);
    let mut out = Vec::new();
    while let Some(frame) = decoder.next_frame().unwrap() {
        assert_eq!(frame.header(":content-type"), Some("application/json"));
        let header = match frame.header(":message-type") {
            Some("event") => ":event-type",
            Some("exception") => ":exception-type",
            other => panic!("{other:?}"),
        };
        let name = frame.header(header).unwrap().to_owned();
        out.push((name, serde_json::from_slice(frame.payload()).unwrap()));
    }
    decoder.finish().unwrap();
    out
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
            ) => so_far.push_str(&text),
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
            (StreamEvent::Opaque { origin, raw, .. }, _) => {
                let block: Value = serde_json::from_str(raw.get()).unwrap();
                let what = block.as_object().unwrap().keys().next().unwrap().clone();
                out.content
                    .push(Block::new(BlockKind::Opaque { origin, what, raw }));
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
            _ => {}
        }
    }
    normalise(&mut out.content);
    out
}

/// JSON texts without their spaces, texts without their citations: those do not stream.
fn normalise(content: &mut [Block]) {
    let tidy = |json: &str| serde_json::from_str::<Value>(json).unwrap().to_string();
    for block in content {
        match &mut block.kind {
            BlockKind::ToolUse { arguments, .. } if arguments.is_empty() => {
                arguments.push_str("{}");
            }
            BlockKind::ToolUse { arguments, .. } => *arguments = tidy(arguments),
            BlockKind::Opaque { raw, .. } => {
                // Members may come in another order.
                let value: BTreeMap<String, BTreeMap<String, Value>> =
                    serde_json::from_str(raw.get()).unwrap();
                *raw = RawJson::from_value(&value).unwrap();
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

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}
