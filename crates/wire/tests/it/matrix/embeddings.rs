//! Embeddings between the dialects that have them.

use lockgate_wire::canonical::{EmbeddingInput, EmbeddingRequest};

use super::*;

/// The pairs in which both know embeddings, with the fixtures of the first one.
fn each(prefix: &str, mut f: impl FnMut(DialectId, DialectId, &str, &[u8])) {
    for (from, to) in pairs() {
        let without = [DialectId::Anthropic, DialectId::OpenAiResponses];
        if without.contains(&from) || without.contains(&to) {
            continue;
        }
        for Fixture { name, body } in fixtures(from, "embeddings") {
            if name.starts_with(prefix) {
                f(from, to, &name, &body);
            }
        }
    }
}

/// A model that takes so many texts at once.
fn embedder(upstream: DialectId, texts: usize) -> &'static str {
    match upstream {
        DialectId::Bedrock if texts == 1 => "amazon.titan-embed-text-v2:0",
        DialectId::Bedrock => "cohere.embed-multilingual-v3",
        _ => "embedder",
    }
}

#[test]
fn requests() {
    each("request", |client, upstream, name, body| {
        let operation = match name {
            "request-single" => Operation::EmbeddingsSingle,
            _ => Operation::Embeddings,
        };
        let request = client
            .dialect()
            .decode_embedding_request(&head(client, operation), &object(body))
            .unwrap();
        let target = Target {
            model: embedder(upstream, request.input.len()),
            operation: Operation::Embeddings,
            stream: false,
            max_output_tokens: None,
        };
        let encoded = upstream
            .dialect()
            .encode_embedding_request(&request, &target);
        let text = match encoded {
            Ok(encoded) => show_request(&encoded),
            Err(refused) => format!("refused: {refused}"),
        };
        snapshot("embeddings", name, (client, upstream), &text);
    });
}

#[test]
fn responses() {
    each("response", |upstream, client, name, body| {
        let response = upstream.dialect().decode_embedding_response(body).unwrap();
        let request = EmbeddingRequest {
            model: "group".to_owned(),
            input: vec![EmbeddingInput::Text("text".to_owned()); response.vectors.len()],
            ..EmbeddingRequest::default()
        };
        let reply = ReplyContext {
            operation: Operation::Embeddings,
            ..reply()
        };
        let body = client
            .dialect()
            .encode_embedding_response(&request, &response, &reply)
            .unwrap();
        snapshot("embeddings", name, (upstream, client), &pretty(&body));

        let again = client.dialect().decode_embedding_response(&body).unwrap();
        assert_eq!(
            again.vectors, response.vectors,
            "{name} {upstream:?} {client:?}"
        );
    });
}
