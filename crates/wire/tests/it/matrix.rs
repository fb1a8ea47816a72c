//! The golden matrix: what any dialect's client and any dialect's upstream make of each other.
//!
//! A snapshot is named `<case>.<from>-<to>`, in the direction that the bytes take: from the client
//! to the upstream for a request, from the upstream to the client for an answer.

mod answers;
mod coverage;
mod embeddings;
mod errors;
pub(crate) mod exact;
mod facts;
mod invariants;
mod order;
mod relayed;
mod requests;
mod responses;
mod schemas;
mod streams;

use std::fs;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use lockgate_wire::canonical::{ChatRequest, Loss, LossKind, Params, StreamEvent};
use lockgate_wire::dialect::{
    EncodedRequest, ReplyContext, RequestHead, StreamError, Target, TranslateError,
};
use lockgate_wire::event_stream::EventStreamDecoder;
use lockgate_wire::json::JsonObject;
use lockgate_wire::translate::translate_request;
use lockgate_wire::{DialectId, Operation};
use serde_json::Value;

/// One input of the matrix.
struct Fixture {
    name: String,
    body: Vec<u8>,
}

/// The fixtures of a kind that have one of the canonical names of that kind.
fn canonical(dialect: DialectId, kind: &str, names: &[&str]) -> Vec<Fixture> {
    let mut found = fixtures(dialect, kind);
    found.retain(|fixture| names.contains(&&*fixture.name));
    found
}

/// All fixtures of a kind, by name.
fn fixtures(dialect: DialectId, kind: &str) -> Vec<Fixture> {
    let folder = match dialect {
        DialectId::OpenAiChat => "openai_chat",
        other => other.as_str(),
    };
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(folder)
        .join(kind);
    let mut found: Vec<Fixture> = fs::read_dir(path)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            Fixture {
                name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
                body: fs::read(&path).unwrap(),
            }
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Every ordered pair of dialects; a dialect meets itself through the canonical form.
fn pairs() -> impl Iterator<Item = (DialectId, DialectId)> {
    DialectId::ALL
        .into_iter()
        .flat_map(|from| DialectId::ALL.into_iter().map(move |to| (from, to)))
}

/// A model that an upstream of the dialect really has, and its output limit.
fn model(dialect: DialectId) -> (&'static str, u64) {
    match dialect {
        DialectId::OpenAiChat => ("gpt-4o", 16_384),
        DialectId::OpenAiResponses => ("gpt-5.1", 128_000),
        DialectId::Anthropic => ("claude-sonnet-4-5", 64_000),
        DialectId::Gemini => ("gemini-2.5-flash", 65_536),
        DialectId::Ollama => ("qwen3:0.6b", 40_960),
        DialectId::Bedrock => ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 64_000),
        DialectId::Cohere => ("command-a-reasoning-08-2025", 32_000),
    }
}

fn object(body: &[u8]) -> JsonObject {
    JsonObject::parse(Bytes::copy_from_slice(body), 64).unwrap()
}

fn head(client: DialectId, operation: Operation) -> RequestHead<'static> {
    let path = matches!(client, DialectId::Gemini | DialectId::Bedrock);
    RequestHead {
        operation,
        model: path.then_some("group"),
        stream: path.then_some(false),
    }
}

pub(crate) fn decode_request(client: DialectId, body: &[u8]) -> ChatRequest {
    client
        .dialect()
        .decode_request(&head(client, Operation::Chat), &object(body))
        .unwrap()
}

pub(crate) fn encode_request(
    (client, upstream): (DialectId, DialectId),
    request: &ChatRequest,
) -> Result<EncodedRequest, TranslateError> {
    let (model, limit) = model(upstream);
    let target = Target {
        model,
        operation: Operation::Chat,
        stream: request.stream,
        max_output_tokens: Some(limit),
    };
    let (pair, defaults) = ((client, upstream), Params::default());
    translate_request(pair, request.clone(), &defaults, &target)
}

fn reply() -> ReplyContext {
    ReplyContext {
        operation: Operation::Chat,
        model: "group".to_owned(),
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        created: 1_767_225_600,
        include_usage: true,
        started: None,
        echo: None,
    }
}

fn events(upstream: DialectId, stream: &[u8]) -> Result<Vec<StreamEvent>, StreamError> {
    let mut decoder = upstream.dialect().stream_decoder();
    let mut out = Vec::new();
    decoder.push(stream, &mut out)?;
    decoder.finish(&mut out)?;
    Ok(out)
}

fn write_stream(client: DialectId, events: &[StreamEvent]) -> Vec<u8> {
    let mut encoder = client.dialect().stream_encoder(&reply());
    let mut out = BytesMut::new();
    for event in events {
        encoder.push(event, &mut out);
    }
    out.to_vec()
}

fn snapshot(kind: &str, case: &str, (from, to): (DialectId, DialectId), text: &str) {
    insta::with_settings!({
        snapshot_path => format!("matrix/snapshots/{kind}"),
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(format!("{case}.{}-{}", from.as_str(), to.as_str()), text);
    });
}

fn pretty(body: &[u8]) -> String {
    let value: Value = serde_json::from_slice(body).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

/// A stream as text: frames that are no text as their names and payloads.
fn show_stream(client: DialectId, stream: &[u8]) -> String {
    if client != DialectId::Bedrock {
        return String::from_utf8(stream.to_vec()).unwrap();
    }
    let mut decoder = EventStreamDecoder::default();
    decoder.feed(stream);
    let mut text = String::new();
    while let Some(frame) = decoder.next_frame().unwrap() {
        let name = [":event-type", ":exception-type"].map(|name| frame.header(name));
        let name = name.into_iter().flatten().next().unwrap();
        let payload = std::str::from_utf8(frame.payload()).unwrap();
        text.push_str(&format!("{name} {payload}\n"));
    }
    decoder.finish().unwrap();
    text
}

/// A request as text: headers, body, losses.
fn show_request(encoded: &EncodedRequest) -> String {
    let mut text = String::new();
    for (name, value) in &encoded.headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push_str(&pretty(&encoded.body));
    for Loss { kind, what } in &encoded.losses {
        let kind = match kind {
            LossKind::Hint => "hint",
            LossKind::Param => "param",
            LossKind::Content => "content",
        };
        text.push_str(&format!("\nlost {kind} {what}"));
    }
    text
}
