//! Requests: what can be read can be written for every upstream, or is refused, and is JSON.

use bytes::Bytes;
use lockgate_wire::canonical::Params;
use lockgate_wire::dialect::{RequestHead, Target};
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation};

use crate::arrival::dialect;
use crate::bodies::json;

/// How deep a body may be nested, as the gateway has it.
const DEPTH: usize = 128;

/// The first byte is the client's dialect, the second one an upstream's model, the rest the body.
pub(crate) fn check(input: &[u8]) {
    let [first, model, body @ ..] = input else {
        return;
    };
    let Ok(body) = JsonObject::parse(Bytes::copy_from_slice(body), DEPTH) else {
        return;
    };
    let client = dialect(*first);
    for operation in [Operation::Chat, Operation::Generate, Operation::CountTokens] {
        chat(client, operation, usize::from(*model), &body);
    }
    for operation in [Operation::Embeddings, Operation::EmbeddingsSingle] {
        embeddings(client, operation, usize::from(*model), &body);
    }
    spliced(client, usize::from(*model), body);
}

fn chat(client: DialectId, operation: Operation, model: usize, body: &JsonObject) {
    client.dialect().echo(body);
    let head = head(client, operation);
    let Ok(request) = client.dialect().decode_request(&head, body) else {
        return;
    };
    for upstream in DialectId::ALL {
        let target = target(upstream, model, Operation::Chat);
        if let Ok(encoded) = upstream.dialect().encode_request(&request, &target) {
            json(&encoded.body);
        }
    }
}

fn embeddings(client: DialectId, operation: Operation, model: usize, body: &JsonObject) {
    let head = head(client, operation);
    let Ok(request) = client.dialect().decode_embedding_request(&head, body) else {
        return;
    };
    for upstream in DialectId::ALL {
        let target = target(upstream, model, Operation::Embeddings);
        if let Ok(encoded) = upstream
            .dialect()
            .encode_embedding_request(&request, &target)
        {
            json(&encoded.body);
        }
    }
}

fn spliced(client: DialectId, model: usize, mut body: JsonObject) {
    let target = target(client, model, Operation::Chat);
    let defaults = Params {
        max_tokens: Some(100),
        temperature: Some(0.5),
        stop: Some(vec!["\n".to_owned()]),
        ..Params::default()
    };
    if client
        .dialect()
        .splice_request(&mut body, &target, &defaults)
        .is_ok()
    {
        let again = JsonObject::parse(body.to_bytes(), DEPTH + 8);
        assert!(again.is_ok(), "a spliced object is one: {again:?}");
    }
}

fn head(client: DialectId, operation: Operation) -> RequestHead<'static> {
    let path = matches!(client, DialectId::Gemini | DialectId::Bedrock);
    RequestHead {
        operation,
        model: path.then_some("group"),
        stream: path.then_some(true),
    }
}

/// Models that differ in what their upstreams take.
fn target(upstream: DialectId, model: usize, operation: Operation) -> Target<'static> {
    let models = match upstream {
        DialectId::OpenAiChat => ["gpt-4o", "o3", "qwen"],
        DialectId::OpenAiResponses => ["gpt-5.1", "gpt-4o", "o3-mini"],
        DialectId::Anthropic => ["claude-sonnet-4-5", "claude-opus-4-6", "claude-3-5-haiku"],
        DialectId::Gemini => ["gemini-2.5-flash", "gemini-3-pro-preview", "gemma"],
        DialectId::Ollama => ["qwen3:0.6b", "gpt-oss:20b", "llama3"],
        DialectId::Cohere => ["command-a-reasoning-08-2025", "command-r7b", "embed-v4.0"],
        DialectId::Bedrock => [
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "us.amazon.nova-pro-v1:0",
            "cohere.embed-multilingual-v3",
        ],
    };
    Target {
        model: models[model % models.len()],
        operation,
        stream: model / models.len() % 2 == 1,
        max_output_tokens: (model >= 128).then_some(4096),
    }
}
