//! The Gemini dialect through its public surface.

mod embeddings;
mod errors;
mod history;
mod models;
mod requests;
mod responses;
mod robustness;
mod splice;
mod streams;

use std::fs;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use lockgate_wire::canonical::*;
use lockgate_wire::dialect::*;
use lockgate_wire::dialects::gemini::Gemini;
use lockgate_wire::json::JsonObject;
use lockgate_wire::operation::Operation;
use lockgate_wire::relay::Relay;
use proptest::prelude::*;
use serde_json::{Value, json};

const MODEL: &str = "gemini-3-flash-preview";

fn folder(kind: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/gemini")
        .join(kind)
}

fn fixture(path: &str) -> Bytes {
    Bytes::from(fs::read(folder(path)).expect(path))
}

/// All fixtures of a kind, by file name.
fn fixtures(kind: &str) -> Vec<(String, Bytes)> {
    let mut names: Vec<String> = fs::read_dir(folder(kind))
        .expect(kind)
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(!names.is_empty());
    names
        .into_iter()
        .map(|name| (name.clone(), fixture(&format!("{kind}/{name}"))))
        .collect()
}

fn head(operation: Operation) -> RequestHead<'static> {
    RequestHead {
        operation,
        model: Some("models/chat"),
        stream: Some(true),
    }
}

fn target(model: &str) -> Target<'_> {
    Target {
        model,
        operation: Operation::Chat,
        stream: false,
        max_output_tokens: None,
    }
}

fn reply(operation: Operation) -> ReplyContext {
    ReplyContext {
        operation,
        model: "chat".to_owned(),
        id: "0123456789abcdef".to_owned(),
        created: 1_750_000_000,
        include_usage: true,
        started: None,
        echo: None,
    }
}

fn object(body: impl Into<Bytes>) -> JsonObject {
    JsonObject::parse(body.into(), 128).unwrap()
}

fn decode(body: impl Into<Bytes>) -> ChatRequest {
    Gemini
        .decode_request(&head(Operation::Chat), &object(body))
        .unwrap()
}

fn decode_json(body: &Value) -> ChatRequest {
    decode(body.to_string())
}

fn encode(request: &ChatRequest, model: &str) -> (Value, Vec<Loss>) {
    let encoded = Gemini.encode_request(request, &target(model)).unwrap();
    let body = serde_json::from_slice(&encoded.body).unwrap();
    (body, encoded.losses)
}

fn events(pieces: &[&[u8]]) -> Result<Vec<StreamEvent>, StreamError> {
    let mut decoder = Gemini.stream_decoder();
    let mut out = Vec::new();
    for piece in pieces {
        decoder.push(piece, &mut out)?;
    }
    decoder.finish(&mut out)?;
    Ok(out)
}

fn stream(events: &[StreamEvent]) -> Bytes {
    let mut encoder = Gemini.stream_encoder(&reply(Operation::Chat));
    let mut out = BytesMut::new();
    for event in events {
        encoder.push(event, &mut out);
    }
    out.freeze()
}

fn snapshot(name: &str, value: &Value) {
    insta::assert_snapshot!(name, serde_json::to_string_pretty(value).unwrap());
}

fn user(content: Vec<BlockKind>) -> Message {
    message(Role::User, content)
}

fn message(role: Role, content: Vec<BlockKind>) -> Message {
    Message {
        role,
        name: None,
        content: content.into_iter().map(Block::new).collect(),
    }
}

fn text(text: &str) -> BlockKind {
    BlockKind::Text {
        text: text.to_owned(),
        citations: None,
    }
}

fn raw(value: &Value) -> RawJson {
    RawJson::from_value(value).unwrap()
}

fn tool_use(id: &str, name: &str, arguments: &str) -> BlockKind {
    BlockKind::ToolUse {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
    }
}

fn tool_result(id: &str, content: Vec<BlockKind>, is_error: bool) -> BlockKind {
    BlockKind::ToolResult {
        id: id.to_owned(),
        name: None,
        content: content.into_iter().map(Block::new).collect(),
        is_error,
    }
}
