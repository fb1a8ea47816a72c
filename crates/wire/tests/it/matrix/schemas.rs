//! Whatever the upstream was, what a client gets is valid against its API's published schema.

use lockgate_testkit::schema::{Api, Deliberate, Inspection};
use lockgate_testkit::sse_events;
use lockgate_wire::canonical::{EmbeddingInput, EmbeddingRequest};

use super::*;

/// What is written beyond the schemas, on purpose.
const DELIBERATE: &[Deliberate] = &[
    // LiteLLM's clients read these, and OpenAI's have no other place for them.
    extra(
        Api::OpenAi,
        "/choices/*/message/reasoning_content",
        "the reasoning of models that show it; DeepSeek's word",
    ),
    extra(
        Api::OpenAi,
        "/choices/*/delta/reasoning_content",
        "the same in a stream",
    ),
    extra(
        Api::OpenAi,
        "/choices/*/message/thinking_blocks",
        "reasoning with its proof, to be sent back as it is; LiteLLM's word",
    ),
    extra(
        Api::OpenAi,
        "/choices/*/delta/thinking_blocks",
        "the same in a stream",
    ),
    extra(
        Api::OpenAi,
        "/choices/*/message/images",
        "pictures that the model made; OpenRouter's and LiteLLM's word",
    ),
    extra(
        Api::OpenAi,
        "/usage/cache_creation_input_tokens",
        "LiteLLM's name for what was written to the cache",
    ),
    extra(
        Api::OpenAi,
        "/usage/cache_read_input_tokens",
        "LiteLLM's name for what was read from the cache",
    ),
    extra(
        Api::OpenAi,
        "/usage/prompt_tokens_details/cache_creation_tokens",
        "LiteLLM's name for what was written to the cache",
    ),
    extra(
        Api::OpenAi,
        "/usage/prompt_tokens_details/cache_creation_token_details",
        "how long it stays there; LiteLLM's word",
    ),
    // What Open Responses requires and OpenAI's document does not know; OpenAI sends it.
    extra(Api::OpenAi, "/frequency_penalty", OPEN_RESPONSES),
    extra(Api::OpenAi, "/presence_penalty", OPEN_RESPONSES),
    extra(Api::OpenAi, "/store", OPEN_RESPONSES),
    extra(Api::OpenAi, "/response/frequency_penalty", OPEN_RESPONSES),
    extra(Api::OpenAi, "/response/presence_penalty", OPEN_RESPONSES),
    extra(Api::OpenAi, "/response/store", OPEN_RESPONSES),
    extra(Api::OpenAi, "/error", OPEN_RESPONSES),
    extra(Api::OpenAi, "/logprobs/*/bytes", OPEN_RESPONSES),
    extra(
        Api::OpenAi,
        "/logprobs/*/top_logprobs/*/bytes",
        OPEN_RESPONSES,
    ),
    extra(
        Api::Bedrock,
        "/__type",
        "the name of the exception, for SDKs that look for it in the body",
    ),
    // Cohere's own servers begin a message so.
    extra(Api::Cohere, "/delta/message/content", COHERE),
    extra(Api::Cohere, "/delta/message/tool_plan", COHERE),
    extra(Api::Cohere, "/delta/message/tool_calls", COHERE),
    extra(Api::Cohere, "/delta/message/citations", COHERE),
];

const OPEN_RESPONSES: &str = "Open Responses requires it, and OpenAI sends it";
const COHERE: &str = "Cohere's servers begin a message with all its members, empty";

const fn extra(api: Api, place: &'static str, reason: &'static str) -> Deliberate {
    Deliberate { api, place, reason }
}

/// Fixtures with content that the API may have one day. A client of the same API gets it as it is.
const FUTURE: [(DialectId, &str); 2] = [
    (DialectId::Bedrock, "sparse"),
    (DialectId::Cohere, "billed_only"),
];

/// The schemas of a whole answer. Two, where two are published.
fn answer(client: DialectId) -> &'static [(Api, &'static str)] {
    match client {
        DialectId::OpenAiChat => &[(Api::OpenAi, "CreateChatCompletionResponse")],
        DialectId::OpenAiResponses => &[
            (Api::OpenAi, "Response"),
            (Api::OpenResponses, "ResponseResource"),
        ],
        DialectId::Anthropic => &[(Api::Anthropic, "Message")],
        DialectId::Gemini => &[(Api::Gemini, "GenerateContentResponse")],
        DialectId::Ollama => &[(Api::Ollama, "ChatResponse")],
        DialectId::Cohere => &[(Api::Cohere, "ChatResponseV2")],
        DialectId::Bedrock => &[(Api::Bedrock, "ConverseResponse")],
    }
}

/// The schema of an error's body.
fn error(client: DialectId) -> (Api, &'static str) {
    match client {
        DialectId::OpenAiChat | DialectId::OpenAiResponses => (Api::OpenAi, "ErrorResponse"),
        DialectId::Anthropic => (Api::Anthropic, "ErrorResponse"),
        DialectId::Gemini => (Api::Gemini, "Error"),
        DialectId::Ollama => (Api::Ollama, "Error"),
        DialectId::Cohere => (Api::Cohere, "Error"),
        DialectId::Bedrock => (Api::Bedrock, "Exception"),
    }
}

/// The events of a stream, each with the schemas it is held against.
fn stream_events(
    client: DialectId,
    stream: &[u8],
) -> Vec<(&'static [(Api, &'static str)], Value)> {
    match client {
        DialectId::Bedrock => frames(stream),
        DialectId::Ollama => lockgate_testkit::lines(stream)
            .into_iter()
            .map(|line| (line_of_ollama(&line), line))
            .collect(),
        _ => sse_events(stream)
            .into_iter()
            .filter(|event| event.data != "[DONE]")
            .map(|event| (event_schemas(client, &event.json()), event.json()))
            .collect(),
    }
}

fn line_of_ollama(line: &Value) -> &'static [(Api, &'static str)] {
    if line.get("error").is_some() {
        &[(Api::Ollama, "Error")]
    } else {
        &[(Api::Ollama, "ChatResponse")]
    }
}

fn event_schemas(client: DialectId, event: &Value) -> &'static [(Api, &'static str)] {
    let failed = event.get("error").is_some();
    match (client, event["type"].as_str()) {
        (DialectId::OpenAiChat, _) if failed => &[(Api::OpenAi, "ErrorResponse")],
        (DialectId::OpenAiChat, _) => &[(Api::OpenAi, "CreateChatCompletionStreamResponse")],
        (DialectId::OpenAiResponses, _) => &[
            (Api::OpenAi, "ResponseStreamEvent"),
            (Api::OpenResponses, "StreamingEvent"),
        ],
        (DialectId::Anthropic, Some("error")) => &[(Api::Anthropic, "ErrorResponse")],
        (DialectId::Anthropic, Some("ping")) => &[(Api::Anthropic, "PingEvent")],
        (DialectId::Anthropic, _) => &[(Api::Anthropic, "MessageStreamEvent")],
        (DialectId::Gemini, _) if failed => &[(Api::Gemini, "Error")],
        (DialectId::Gemini, _) => &[(Api::Gemini, "GenerateContentResponse")],
        (DialectId::Cohere, _) => &[(Api::Cohere, "StreamedChatResponseV2")],
        (DialectId::Ollama | DialectId::Bedrock, _) => unreachable!("not server-sent events"),
    }
}

/// The frames of an event stream, each as the union it is a variant of.
fn frames(stream: &[u8]) -> Vec<(&'static [(Api, &'static str)], Value)> {
    let mut decoder = EventStreamDecoder::default();
    decoder.feed(stream);
    let mut out = Vec::new();
    while let Some(frame) = decoder.next_frame().unwrap() {
        let name = [":event-type", ":exception-type"].map(|name| frame.header(name));
        let name = name.into_iter().flatten().next().unwrap();
        let payload: Value = serde_json::from_slice(frame.payload()).unwrap();
        let schemas: &[_] = &[(Api::Bedrock, "ConverseStreamOutput")];
        out.push((schemas, serde_json::json!({ name: payload })));
    }
    out
}

fn case(name: &str, (from, to): (DialectId, DialectId)) -> String {
    format!("{name}.{}-{}", from.as_str(), to.as_str())
}

#[test]
fn all_that_clients_get_is_valid() {
    let mut inspection = Inspection::new(DELIBERATE);
    for pair in pairs() {
        answers(&mut inspection, pair);
        streamed(&mut inspection, pair);
        refusals(&mut inspection, pair);
        vectors(&mut inspection, pair);
    }
    let report = inspection.report();
    assert!(report.is_empty(), "{report}");
    assert!(inspection.documents() > 5_000, "{}", inspection.documents());
}

fn answers(inspection: &mut Inspection, (upstream, client): (DialectId, DialectId)) {
    for Fixture { name, body } in fixtures(upstream, "responses") {
        if upstream == client && FUTURE.contains(&(client, &name)) {
            continue;
        }
        let response = upstream.dialect().decode_response(&body).unwrap();
        let written = client.dialect().encode_response(&response, &reply());
        let written = serde_json::from_slice(&written).unwrap();
        for schema in answer(client) {
            let case = case(&name, (upstream, client));
            inspection.look(*schema, &written, &case).unwrap();
        }
    }
}

fn streamed(inspection: &mut Inspection, (upstream, client): (DialectId, DialectId)) {
    for Fixture { name, body } in fixtures(upstream, "streams") {
        let events = events(upstream, &body).unwrap();
        for (schemas, event) in stream_events(client, &write_stream(client, &events)) {
            for schema in schemas {
                let case = case(&name, (upstream, client));
                inspection.look(*schema, &event, &case).unwrap();
            }
        }
    }
}

fn refusals(inspection: &mut Inspection, (upstream, client): (DialectId, DialectId)) {
    for Fixture { name, body } in fixtures(upstream, "errors") {
        let (status, _) = name.split_once('-').unwrap();
        let decoded = upstream
            .dialect()
            .decode_error(status.parse().unwrap(), &body);
        let written = client.dialect().encode_error(&decoded);
        let written = serde_json::from_slice(&written).unwrap();
        let case = case(&name, (upstream, client));
        inspection.look(error(client), &written, &case).unwrap();
    }
}

/// Embeddings. Bedrock's models have each a format of their own, and none of them is published as a
/// schema.
fn vectors(inspection: &mut Inspection, (upstream, client): (DialectId, DialectId)) {
    let without = [DialectId::Anthropic, DialectId::OpenAiResponses];
    if without.contains(&upstream) {
        return;
    }
    let schemas: &[(Operation, (Api, &'static str))] = match client {
        DialectId::OpenAiChat => &[(
            Operation::Embeddings,
            (Api::OpenAi, "CreateEmbeddingResponse"),
        )],
        DialectId::Gemini => &[
            (
                Operation::Embeddings,
                (Api::Gemini, "BatchEmbedContentsResponse"),
            ),
            (
                Operation::EmbeddingsSingle,
                (Api::Gemini, "EmbedContentResponse"),
            ),
        ],
        DialectId::Ollama => &[
            (Operation::Embeddings, (Api::Ollama, "EmbedResponse")),
            (
                Operation::EmbeddingsSingle,
                (Api::Ollama, "EmbeddingResponse"),
            ),
        ],
        DialectId::Cohere => &[(Operation::Embeddings, (Api::Cohere, "EmbedByTypeResponse"))],
        _ => return,
    };
    for Fixture { name, body } in fixtures(upstream, "embeddings") {
        if !name.starts_with("response") {
            continue;
        }
        let response = upstream.dialect().decode_embedding_response(&body).unwrap();
        for (operation, schema) in schemas {
            let request = EmbeddingRequest {
                model: "group".to_owned(),
                input: vec![EmbeddingInput::Text("text".to_owned()); response.vectors.len()],
                ..EmbeddingRequest::default()
            };
            let reply = ReplyContext {
                operation: *operation,
                ..reply()
            };
            let written = client
                .dialect()
                .encode_embedding_response(&request, &response, &reply)
                .unwrap();
            let written = serde_json::from_slice(&written).unwrap();
            let case = case(&name, (upstream, client));
            inspection.look(*schema, &written, &case).unwrap();
        }
    }
}
