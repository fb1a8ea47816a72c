//! Whatever the upstream was, what a client gets is valid against its API's published schema.

mod anything;

use lockgate_testkit::schema::{ANSWERS, Api, Definition, Inspection, Spoken};
use lockgate_testkit::{lines, sse_events};
use lockgate_wire::canonical::{EmbeddingInput, EmbeddingRequest};
use lockgate_wire::rerank::{self, RerankFormat};

use super::*;

/// Fixtures with content that the API may have one day. A client of the same API gets it as it is.
const FUTURE: [(DialectId, &str); 2] = [
    (DialectId::Bedrock, "sparse"),
    (DialectId::Cohere, "billed_only"),
];

fn spoken(client: DialectId) -> Spoken {
    match client {
        DialectId::OpenAiChat => Spoken::OpenAiChat,
        DialectId::OpenAiResponses => Spoken::OpenAiResponses,
        DialectId::Anthropic => Spoken::Anthropic,
        DialectId::Gemini => Spoken::Gemini,
        DialectId::Ollama => Spoken::Ollama,
        DialectId::Cohere => Spoken::Cohere,
        DialectId::Bedrock => Spoken::Bedrock,
    }
}

/// The events of a stream as JSON.
fn stream_events(client: DialectId, stream: &[u8]) -> Vec<Value> {
    match client {
        DialectId::Bedrock => {
            let text = show_stream(client, stream);
            let frames = text.lines().map(|line| line.split_once(' ').unwrap());
            frames
                .map(|(name, payload)| {
                    let payload: Value = serde_json::from_str(payload).unwrap();
                    serde_json::json!({ name: payload })
                })
                .collect()
        }
        DialectId::Ollama => lines(stream),
        _ => {
            let events = sse_events(stream).into_iter();
            let events = events.filter(|event| event.data != "[DONE]");
            events.map(|event| event.json()).collect()
        }
    }
}

fn case(name: &str, (from, to): (DialectId, DialectId)) -> String {
    format!("{name}.{}-{}", from.as_str(), to.as_str())
}

fn value(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

#[test]
fn all_that_clients_get_is_valid() {
    let mut inspection = Inspection::new(&[ANSWERS]);
    for pair in pairs() {
        answers(&mut inspection, pair);
        streamed(&mut inspection, pair);
        refusals(&mut inspection, pair);
        vectors(&mut inspection, pair);
    }
    echoes(&mut inspection);
    generated(&mut inspection);
    ranks(&mut inspection);
    counts(&mut inspection);
    let report = inspection.report();
    assert!(report.is_empty(), "{report}");
    assert_eq!(inspection.unmet(ANSWERS), [""; 0]);
    assert!(inspection.documents() > 5_000, "{}", inspection.documents());
}

fn answers(inspection: &mut Inspection, (upstream, client): (DialectId, DialectId)) {
    for Fixture { name, body } in fixtures(upstream, "responses") {
        if upstream == client && FUTURE.contains(&(client, &name)) {
            continue;
        }
        let response = upstream.dialect().decode_response(&body).unwrap();
        let written = client.dialect().encode_response(&response, &reply());
        let case = case(&name, (upstream, client));
        inspection
            .look(spoken(client).answer(), &value(&written), &case)
            .unwrap();
    }
}

fn streamed(inspection: &mut Inspection, (upstream, client): (DialectId, DialectId)) {
    for Fixture { name, body } in fixtures(upstream, "streams") {
        let events = events(upstream, &body).unwrap();
        let case = case(&name, (upstream, client));
        for event in stream_events(client, &write_stream(client, &events)) {
            let schemas = spoken(client).event(&event);
            inspection.look(schemas, &event, &case).unwrap();
        }
    }
}

fn refusals(inspection: &mut Inspection, (upstream, client): (DialectId, DialectId)) {
    for Fixture { name, body } in fixtures(upstream, "errors") {
        let (status, _) = name.split_once('-').unwrap();
        let error = upstream
            .dialect()
            .decode_error(status.parse().unwrap(), &body);
        let written = client.dialect().encode_error(&error);
        let case = case(&name, (upstream, client));
        inspection
            .look(spoken(client).error(), &value(&written), &case)
            .unwrap();
    }
}

/// What an answer repeats of its request, whatever that was. Open Responses has no tools but
/// functions, so this is for OpenAI's schema alone.
fn echoes(inspection: &mut Inspection) {
    let client = DialectId::OpenAiResponses;
    let body = fixtures(DialectId::OpenAiChat, "responses").remove(0).body;
    let response = DialectId::OpenAiChat.dialect().decode_response(&body);
    for Fixture { name, body } in fixtures(client, "requests") {
        let reply = ReplyContext {
            echo: client.dialect().echo(&object(&body)),
            ..reply()
        };
        let written = client
            .dialect()
            .encode_response(response.as_ref().unwrap(), &reply);
        let case = format!("what was asked in {name}");
        inspection
            .look(&[(Api::OpenAi, "Response")], &value(&written), &case)
            .unwrap();
    }
}

/// Ollama's older operation, which answers in a form of its own.
fn generated(inspection: &mut Inspection) {
    let client = DialectId::Ollama;
    let reply = ReplyContext {
        operation: Operation::Generate,
        ..reply()
    };
    let schema = (Api::Ollama, "GenerateResponse");
    for upstream in DialectId::ALL {
        for Fixture { name, body } in fixtures(upstream, "responses") {
            let response = upstream.dialect().decode_response(&body).unwrap();
            let written = client.dialect().encode_response(&response, &reply);
            let case = case(&name, (upstream, client));
            inspection.look(&[schema], &value(&written), &case).unwrap();
        }
        for Fixture { name, body } in fixtures(upstream, "streams") {
            let mut encoder = client.dialect().stream_encoder(&reply);
            let mut out = BytesMut::new();
            for event in events(upstream, &body).unwrap() {
                encoder.push(&event, &mut out);
            }
            let case = case(&name, (upstream, client));
            for line in lines(&out) {
                let failed = line.get("error").is_some();
                let schema = if failed {
                    (Api::Ollama, "Error")
                } else {
                    schema
                };
                inspection.look(&[schema], &line, &case).unwrap();
            }
        }
    }
}

fn ranks(inspection: &mut Inspection) {
    let asked = r#"{"model": "group", "query": "A river?", "documents": ["The Douro.", "A bridge."],
        "return_documents": true}"#;
    let request = rerank::decode_request(&object(asked.as_bytes())).unwrap();
    for (format, body) in [
        (
            RerankFormat::Cohere,
            r#"{"id": "1", "results": [{"index": 0, "relevance_score": 0.9}],
                "meta": {"billed_units": {"search_units": 1}}}"#,
        ),
        (
            RerankFormat::Jina,
            r#"{"model": "m", "usage": {"total_tokens": 21},
                "results": [{"index": 1, "relevance_score": 0.1}]}"#,
        ),
        (RerankFormat::Tei, r#"[{"index": 0, "score": 0.5}]"#),
    ] {
        let response = format.decode_response(body.as_bytes()).unwrap();
        let written = rerank::encode_response(&request, &response, &reply());
        let schema = (Api::Cohere, "RerankResponse");
        inspection
            .look(&[schema], &value(&written), format.as_str())
            .unwrap();
    }
}

fn counts(inspection: &mut Inspection) {
    let schemas: [(DialectId, Definition); 4] = [
        (
            DialectId::Anthropic,
            (Api::Anthropic, "CountMessageTokensResponse"),
        ),
        (DialectId::Gemini, (Api::Gemini, "CountTokensResponse")),
        (DialectId::Bedrock, (Api::Bedrock, "CountTokensResponse")),
        (
            DialectId::OpenAiResponses,
            (Api::OpenAi, "TokenCountsResource"),
        ),
    ];
    for (client, schema) in schemas {
        let written = client.dialect().encode_token_count(1_234).unwrap();
        inspection
            .look(&[schema], &value(&written), "a count of tokens")
            .unwrap();
    }
}

/// The operations that answer with vectors, each with its schema. The embedding models of Bedrock
/// have a format each, and none of them is published as a schema.
fn vector_schemas(client: DialectId) -> &'static [(Operation, Definition)] {
    use Operation::{Embeddings, EmbeddingsSingle};
    match client {
        DialectId::OpenAiChat => &[(Embeddings, (Api::OpenAi, "CreateEmbeddingResponse"))],
        DialectId::Gemini => &[
            (Embeddings, (Api::Gemini, "BatchEmbedContentsResponse")),
            (EmbeddingsSingle, (Api::Gemini, "EmbedContentResponse")),
        ],
        DialectId::Ollama => &[
            (Embeddings, (Api::Ollama, "EmbedResponse")),
            (EmbeddingsSingle, (Api::Ollama, "EmbeddingResponse")),
        ],
        DialectId::Cohere => &[(Embeddings, (Api::Cohere, "EmbedByTypeResponse"))],
        DialectId::OpenAiResponses | DialectId::Anthropic | DialectId::Bedrock => &[],
    }
}

fn vectors(inspection: &mut Inspection, (upstream, client): (DialectId, DialectId)) {
    let without = [DialectId::Anthropic, DialectId::OpenAiResponses];
    if without.contains(&upstream) {
        return;
    }
    let mut answers = fixtures(upstream, "embeddings");
    answers.retain(|fixture| fixture.name.starts_with("response"));
    for Fixture { name, body } in answers {
        let response = upstream.dialect().decode_embedding_response(&body).unwrap();
        let request = EmbeddingRequest {
            model: "group".to_owned(),
            input: vec![EmbeddingInput::Text("text".to_owned()); response.vectors.len()],
            ..EmbeddingRequest::default()
        };
        for &(operation, schema) in vector_schemas(client) {
            let reply = ReplyContext {
                operation,
                ..reply()
            };
            let written = client
                .dialect()
                .encode_embedding_response(&request, &response, &reply)
                .unwrap();
            let case = case(&name, (upstream, client));
            inspection.look(&[schema], &value(&written), &case).unwrap();
        }
    }
}
