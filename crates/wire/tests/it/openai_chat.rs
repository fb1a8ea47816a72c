//! OpenAI chat: what comes in goes out again, whatever the server and however the bytes arrive.
#![cfg(test)]

mod completions;
mod embeddings;
mod errors;
mod properties;
mod relay;
mod requests;
mod responses;
mod samples;
mod splice;
mod streams;

use std::fs;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use lockgate_wire::canonical::{ChatRequest, StreamEvent};
use lockgate_wire::dialect::{
    EncodedRequest, ReplyContext, RequestHead, StreamError, Target, TranslateError,
};
use lockgate_wire::json::JsonObject;
use lockgate_wire::{Dialect, DialectId, Operation};
use serde_json::Value;

fn dialect() -> &'static dyn Dialect {
    DialectId::OpenAiChat.dialect()
}

fn folder(kind: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/openai_chat")
        .join(kind)
}

fn fixture(kind: &str, name: &str) -> Vec<u8> {
    fs::read(folder(kind).join(name)).unwrap()
}

/// All fixtures of a kind: name without extension, and bytes.
fn fixtures(kind: &str) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder(kind))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read(path).unwrap())
        })
        .collect();
    all.sort();
    assert!(!all.is_empty());
    all
}

fn head() -> RequestHead<'static> {
    RequestHead {
        operation: Operation::Chat,
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

fn reply(include_usage: bool) -> ReplyContext {
    ReplyContext {
        operation: Operation::Chat,
        model: "group".to_owned(),
        id: "0123abcd".to_owned(),
        created: 1_751_371_234,
        include_usage,
        started: None,
        echo: None,
    }
}

fn object(body: &[u8]) -> JsonObject {
    JsonObject::parse(Bytes::copy_from_slice(body), 64).unwrap()
}

fn decode(body: &[u8]) -> ChatRequest {
    dialect().decode_request(&head(), &object(body)).unwrap()
}

fn decode_value(body: &Value) -> Result<ChatRequest, TranslateError> {
    dialect().decode_request(&head(), &object(body.to_string().as_bytes()))
}

fn encode(request: &ChatRequest, model: &str) -> EncodedRequest {
    dialect()
        .encode_request(request, &target(model, request.stream))
        .unwrap()
}

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// The events of a stream that arrives in pieces of the given lengths, and then of one byte.
fn events_in_pieces(stream: &[u8], lengths: &[usize]) -> Result<Vec<StreamEvent>, StreamError> {
    let mut decoder = dialect().stream_decoder();
    let mut out = Vec::new();
    let mut rest = stream;
    for length in lengths {
        let (piece, later) = rest.split_at((*length).min(rest.len()));
        decoder.push(piece, &mut out)?;
        rest = later;
    }
    for byte in rest {
        decoder.push(std::slice::from_ref(byte), &mut out)?;
    }
    decoder.finish(&mut out)?;
    Ok(out)
}

fn events(stream: &[u8]) -> Result<Vec<StreamEvent>, StreamError> {
    events_in_pieces(stream, &[stream.len()])
}

fn encode_events(events: &[StreamEvent], include_usage: bool) -> Vec<u8> {
    let mut encoder = dialect().stream_encoder(&reply(include_usage));
    let mut out = BytesMut::new();
    for event in events {
        encoder.push(event, &mut out);
    }
    out.to_vec()
}

fn pretty(bytes: &[u8]) -> String {
    serde_json::to_string_pretty(&parsed(bytes)).unwrap()
}
