//! Ollama's dialect.
#![cfg(test)]

mod answers;
mod errors;
mod identity;
mod properties;
mod requests;
mod samples;

use std::fs;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use lockgate_wire::canonical::{ChatRequest, LossKind, StreamEvent};
use lockgate_wire::dialect::{
    Dialect, DialectId, EncodedRequest, ReplyContext, RequestHead, StreamError, Target,
    TranslateError,
};
use lockgate_wire::json::JsonObject;
use lockgate_wire::operation::Operation;
use serde_json::{Value, json};

fn ollama() -> &'static dyn Dialect {
    DialectId::Ollama.dialect()
}

fn dir(folder: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/ollama")
        .join(folder)
}

fn fixture(path: &str) -> Vec<u8> {
    fs::read(dir(path)).unwrap()
}

/// All fixtures of a folder: name and content.
fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(dir(folder))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    all.sort();
    assert!(!all.is_empty(), "no fixtures in {folder}");
    all
}

fn object(body: impl Into<Bytes>) -> JsonObject {
    JsonObject::parse(body.into(), 64).unwrap()
}

fn head(operation: Operation) -> RequestHead<'static> {
    RequestHead {
        operation,
        model: None,
        stream: None,
    }
}

fn target(model: &str, stream: bool) -> Target<'_> {
    Target {
        model,
        operation: Operation::Chat,
        stream,
        max_output_tokens: None,
    }
}

fn reply(operation: Operation) -> ReplyContext {
    ReplyContext {
        operation,
        model: "public".to_owned(),
        id: "0123456789abcdef".to_owned(),
        created: 1_773_324_823,
        include_usage: true,
        started: None,
        echo: None,
    }
}

fn decode(body: &[u8]) -> ChatRequest {
    ollama()
        .decode_request(&head(Operation::Chat), &object(body.to_vec()))
        .unwrap()
}

fn decode_json(body: &Value) -> Result<ChatRequest, TranslateError> {
    ollama().decode_request(&head(Operation::Chat), &object(body.to_string()))
}

fn encode(request: &ChatRequest) -> EncodedRequest {
    ollama()
        .encode_request(request, &target(&request.model, request.stream))
        .unwrap()
}

fn parse(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

fn losses(encoded: &EncodedRequest) -> Vec<(LossKind, &str)> {
    let each = encoded.losses.iter();
    each.map(|loss| (loss.kind, loss.what.as_str())).collect()
}

/// The events of a stream that arrives in pieces of the given sizes, over and over.
fn events(stream: &[u8], sizes: &[usize]) -> Result<Vec<StreamEvent>, StreamError> {
    let mut decoder = ollama().stream_decoder();
    let mut out = Vec::new();
    for piece in pieces(stream, sizes) {
        decoder.push(piece, &mut out)?;
    }
    decoder.finish(&mut out)?;
    Ok(out)
}

fn pieces<'a>(mut bytes: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut out = Vec::new();
    let mut sizes = sizes.iter().cycle();
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at((*sizes.next().unwrap()).min(bytes.len()));
        out.push(piece);
        bytes = rest;
    }
    out
}

fn written(events: &[StreamEvent], operation: Operation) -> BytesMut {
    let mut encoder = ollama().stream_encoder(&reply(operation));
    let mut out = BytesMut::new();
    for event in events {
        encoder.push(event, &mut out);
    }
    out
}

fn snapshot(name: &str, bytes: &[u8]) {
    let text = bytes
        .split(|&b| b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::to_string_pretty(&parse(line)).unwrap())
        .collect::<Vec<_>>()
        .join("\n");
    insta::with_settings!({
        snapshot_path => dir("snapshots"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, { insta::assert_snapshot!(name, text) });
}

/// The reasoning and the text of a stream with the given contents.
fn think_and_text(contents: &[&str]) -> (String, String) {
    let mut stream = String::new();
    for content in contents {
        let line = json!({"model": "m", "message": {"content": content}, "done": false});
        stream.push_str(&format!("{line}\n"));
    }
    stream.push_str("{\"done\":true}\n");
    let (mut thinking, mut said) = (String::new(), String::new());
    for event in events(stream.as_bytes(), &[usize::MAX]).unwrap() {
        match event {
            StreamEvent::Thinking { text, .. } => thinking.push_str(&text),
            StreamEvent::Text { text, .. } => said.push_str(&text),
            _ => {}
        }
    }
    (thinking, said)
}
