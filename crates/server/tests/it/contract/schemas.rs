//! What the gateway answers is valid against the published schema of the API that the client speaks.

use bytes::Bytes;
use http::Method;
use lockgate_testkit::schema::{ANSWERS, Api, Definition, Deliberate, Inspection, Spoken};
use lockgate_testkit::{Client, Reply};
use serde_json::{Value, json};

use crate::support::{Dialect, Stage, bedrock_frames, chat_body, simple};

/// What lists of models say beyond the schemas, on purpose.
const LISTINGS: &[Deliberate] = &[
    Deliberate::new(Api::OpenAi, "/data/*/mode", LITELLM),
    Deliberate::new(Api::OpenAi, "/data/*/max_input_tokens", LITELLM),
    Deliberate::new(Api::OpenAi, "/data/*/max_output_tokens", LITELLM),
    Deliberate::new(Api::OpenAi, "/mode", LITELLM),
    Deliberate::new(Api::OpenAi, "/max_input_tokens", LITELLM),
    Deliberate::new(Api::OpenAi, "/max_output_tokens", LITELLM),
];

const LITELLM: &str = "LiteLLM's list says it, and clients choose by it";

const SCRIPTS: [&str; 5] = ["mock", "tools", "reasoning", "length", "context-window"];

fn spoken(client: Dialect) -> Spoken {
    match client {
        Dialect::OpenAi => Spoken::OpenAiChat,
        Dialect::Responses => Spoken::OpenAiResponses,
        Dialect::Anthropic => Spoken::Anthropic,
        Dialect::Gemini => Spoken::Gemini,
        Dialect::Ollama => Spoken::Ollama,
        Dialect::Bedrock => Spoken::Bedrock,
        Dialect::Cohere => Spoken::Cohere,
    }
}

fn events(client: Dialect, reply: &Reply) -> Vec<Value> {
    match client {
        Dialect::Bedrock => bedrock_frames(reply)
            .into_iter()
            .map(|(name, payload)| json!({ name: payload }))
            .collect(),
        Dialect::Ollama => reply.lines(),
        _ => {
            let events = reply.events().into_iter();
            let events = events.filter(|event| event.data != "[DONE]");
            events.map(|event| event.json()).collect()
        }
    }
}

fn finish(inspection: &Inspection, list: &'static [Deliberate]) {
    let report = inspection.report();
    assert!(report.is_empty(), "{report}");
    assert_eq!(inspection.unmet(list), [""; 0]);
}

/// Every script behind every dialect, and vectors.
async fn stage() -> Stage {
    Stage::start(|mock, mut config| {
        for dialect in Dialect::ALL {
            for script in SCRIPTS {
                let at = match (dialect, script) {
                    (Dialect::Bedrock, "reasoning") => "reasoning-claude-sonnet-4-5",
                    _ => script,
                };
                config = config.model(mock, &format!("{}-{script}", dialect.name()), dialect, at);
            }
        }
        config
            .entry(json!({
                "model_name": "known",
                "litellm_params": { "model": "openai/mock", "api_base": mock.url("/v1"), "api_key": "k" },
                "model_info": { "mode": "chat", "max_input_tokens": 32000, "max_output_tokens": 4000 },
            }))
            .entry(json!({
                "model_name": "vectors",
                "litellm_params": { "model": "openai/embed", "api_base": mock.url("/v1"), "api_key": "k" },
                "model_info": { "mode": "embedding" },
            }))
            .section("litellm_settings", json!({ "drop_params": true }))
            .section("router_settings", json!({ "num_retries": 0 }))
    })
    .await
}

/// Translated or passed on: the mock's own answers are looked at as well.
#[tokio::test]
async fn answers_and_streams() {
    let stage = stage().await;
    let mut inspection = Inspection::new(&[ANSWERS]);
    for client in Dialect::ALL {
        for upstream in Dialect::ALL {
            for script in SCRIPTS {
                for stream in [false, true] {
                    let model = format!("{}-{script}", upstream.name());
                    let mut ask = simple(&model, stream);
                    ask.tools = script == "tools";
                    ask.reasoning = script == "reasoning";
                    let (path, body) = ask.request(client);
                    let reply = stage.client().post(&path, &body).await.unwrap();
                    let case = format!("{model}, stream {stream}, to {}", client.name());
                    look(&mut inspection, client, stream, &reply, &case);
                }
            }
        }
    }
    finish(&inspection, &[]);
    let documents = inspection.documents();
    assert!(documents > 1_000, "{documents}");
}

fn look(inspection: &mut Inspection, client: Dialect, stream: bool, reply: &Reply, case: &str) {
    let spoken = spoken(client);
    if reply.status != 200 {
        let body = reply.json();
        inspection.look(spoken.error(), &body, case).unwrap();
    } else if stream {
        for event in events(client, reply) {
            let schemas = spoken.event(&event);
            inspection.look(schemas, &event, case).unwrap();
        }
    } else {
        let body = reply.json();
        inspection.look(spoken.answer(), &body, case).unwrap();
    }
}

/// Errors that never saw an upstream.
#[tokio::test]
async fn errors_of_the_gateway() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let mut inspection = Inspection::new(&[ANSWERS]);
    for dialect in Dialect::ALL {
        let schemas = spoken(dialect).error();
        let (path, body) = simple("no-such-model", false).request(dialect);
        let (_, of_mock) = simple("mock", false).request(dialect);
        let here = dialect.chat_path("mock", false);
        let unkeyed = stage.gateway.client();
        let wrong = stage.gateway.client().bearer("sk-wrong");
        let replies: [(&str, &Client, &str, Vec<u8>); 5] = [
            ("no model", &stage.client(), &path, body.to_string().into()),
            ("no key", &unkeyed, &here, of_mock.to_string().into()),
            ("a wrong key", &wrong, &here, of_mock.to_string().into()),
            ("no JSON", &stage.client(), &here, b"{\"model\":".to_vec()),
            ("no object", &stage.client(), &here, b"[1]".to_vec()),
        ];
        for (what, client, path, body) in replies {
            let reply = client.post_bytes(path, body).await.unwrap();
            assert!((400..500).contains(&reply.status), "{what}");
            let case = format!("{what}, {}", dialect.name());
            inspection.look(schemas, &reply.json(), &case).unwrap();
        }
    }
    for (path, dialect) in [
        ("/v1/nothing", Dialect::OpenAi),
        ("/v1/responses/resp_1/nothing", Dialect::Responses),
        ("/v1/responses/resp_nobody", Dialect::Responses),
        ("/v1/models/nobody", Dialect::OpenAi),
        ("/v1/messages/nothing", Dialect::Anthropic),
        ("/v1beta/nothing", Dialect::Gemini),
        ("/v1beta/models/nobody", Dialect::Gemini),
        ("/api/nothing", Dialect::Ollama),
        ("/model/mock/nothing", Dialect::Bedrock),
        ("/v2/nothing", Dialect::Cohere),
    ] {
        let reply = stage.client().get(path).await.unwrap();
        assert_eq!(reply.status, 404, "{path}");
        let schemas = spoken(dialect).error();
        inspection.look(schemas, &reply.json(), path).unwrap();
    }
    finish(&inspection, &[]);
}

#[tokio::test]
async fn listings() {
    let stage = stage().await;
    let mut inspection = Inspection::new(&[LISTINGS]);
    let plain = stage.client();
    let anthropic = stage.client().header("anthropic-version", "2023-06-01");
    let gets: [(&Client, &str, Definition); 9] = [
        (&plain, "/v1/models", (Api::OpenAi, "ListModelsResponse")),
        (&plain, "/v1/models/known", (Api::OpenAi, "Model")),
        (
            &anthropic,
            "/v1/models",
            (Api::Anthropic, "ListResponse_ModelInfo_"),
        ),
        (
            &anthropic,
            "/v1/models/known",
            (Api::Anthropic, "ModelInfo"),
        ),
        (
            &plain,
            "/v1beta/models",
            (Api::Gemini, "ListModelsResponse"),
        ),
        (&plain, "/v1beta/models/known", (Api::Gemini, "Model")),
        (&plain, "/api/tags", (Api::Ollama, "ListResponse")),
        (&plain, "/api/ps", (Api::Ollama, "ProcessResponse")),
        (&plain, "/api/version", (Api::Ollama, "VersionResponse")),
    ];
    for (client, path, schema) in gets {
        let reply = client.get(path).await.unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        inspection.look(&[schema], &reply.json(), path).unwrap();
    }
    let show = json!({ "model": "known" });
    let shown = plain.post("/api/show", &show).await.unwrap().json();
    let schema = (Api::Ollama, "ShowResponse");
    inspection.look(&[schema], &shown, "/api/show").unwrap();
    finish(&inspection, LISTINGS);
}

#[tokio::test]
async fn vectors() {
    let stage = stage().await;
    let mut inspection = Inspection::new(&[]);
    let gemini = "/v1beta/models/vectors";
    let content = json!({ "parts": [{ "text": "tide" }] });
    let one = json!({ "model": "models/vectors", "content": content });
    let asked: [(String, Value, Definition); 6] = [
        (
            "/v1/embeddings".to_owned(),
            json!({ "model": "vectors", "input": ["tide"] }),
            (Api::OpenAi, "CreateEmbeddingResponse"),
        ),
        (
            format!("{gemini}:embedContent"),
            one.clone(),
            (Api::Gemini, "EmbedContentResponse"),
        ),
        (
            format!("{gemini}:batchEmbedContents"),
            json!({ "requests": [one] }),
            (Api::Gemini, "BatchEmbedContentsResponse"),
        ),
        (
            "/api/embed".to_owned(),
            json!({ "model": "vectors", "input": ["tide"] }),
            (Api::Ollama, "EmbedResponse"),
        ),
        (
            "/api/embeddings".to_owned(),
            json!({ "model": "vectors", "prompt": "tide" }),
            (Api::Ollama, "EmbeddingResponse"),
        ),
        (
            "/v2/embed".to_owned(),
            json!({
                "model": "vectors", "texts": ["tide"],
                "input_type": "search_query", "embedding_types": ["float"],
            }),
            (Api::Cohere, "EmbedByTypeResponse"),
        ),
    ];
    for (path, body, schema) in asked {
        let reply = stage.client().post(&path, &body).await.unwrap();
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        inspection.look(&[schema], &reply.json(), &path).unwrap();
    }
    finish(&inspection, &[]);
}

#[tokio::test]
async fn counts() {
    let stage = stage().await;
    let mut inspection = Inspection::new(&[]);
    for upstream in Dialect::ALL {
        let model = format!("{}-mock", upstream.name());
        let counts: [(Dialect, String, Definition); 3] = [
            (
                Dialect::Anthropic,
                "/v1/messages/count_tokens".to_owned(),
                (Api::Anthropic, "CountMessageTokensResponse"),
            ),
            (
                Dialect::Gemini,
                format!("/v1beta/models/{model}:countTokens"),
                (Api::Gemini, "CountTokensResponse"),
            ),
            (
                Dialect::Responses,
                "/v1/responses/input_tokens".to_owned(),
                (Api::OpenAi, "TokenCountsResource"),
            ),
        ];
        for (client, path, schema) in counts {
            let (_, body) = simple(&model, false).request(client);
            let reply = stage.client().post(&path, &body).await.unwrap();
            assert_eq!(reply.status, 200, "{path}, {model}: {}", reply.text());
            inspection.look(&[schema], &reply.json(), &path).unwrap();
        }
    }
    finish(&inspection, &[]);
}

/// A response that is kept, and what stands below it.
#[tokio::test]
async fn kept_responses() {
    let stage = stage().await;
    let mut inspection = Inspection::new(&[ANSWERS]);
    let answer = Spoken::OpenAiResponses.answer();
    for upstream in [Dialect::Anthropic, Dialect::OpenAi] {
        let model = format!("{}-tools", upstream.name());
        let mut ask = simple(&model, false);
        ask.tools = true;
        let (path, mut body) = ask.request(Dialect::Responses);
        let first = stage.client().post(&path, &body).await.unwrap().json();
        inspection.look(answer, &first, "the first").unwrap();
        body["previous_response_id"] = first["id"].clone();
        body["input"] = json!([
            { "type": "function_call_output", "call_id": first["output"][0]["call_id"], "output": "18 °C" },
            { "role": "user", "content": [
                { "type": "input_text", "text": "And now?" },
                { "type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=" },
            ] },
        ]);
        let second = stage.client().post(&path, &body).await.unwrap().json();
        inspection.look(answer, &second, "the second").unwrap();
        let path = format!("/v1/responses/{}", second["id"].as_str().unwrap());
        let kept = stage.client().get(&path).await.unwrap().json();
        assert_eq!(kept, second);
        let items = format!("{path}/input_items");
        let items = stage.client().get(&items).await.unwrap().json();
        assert!(items["data"].as_array().unwrap().len() > 2, "{items}");
        let schema = (Api::OpenAi, "ResponseItemList");
        inspection.look(&[schema], &items, "input items").unwrap();
        let cancel = format!("{path}/cancel");
        let refused = stage.client().post(&cancel, &json!({})).await.unwrap();
        let schemas = Spoken::OpenAiResponses.error();
        inspection.look(schemas, &refused.json(), "cancel").unwrap();
        let client = stage.client();
        let gone = client.send(Method::DELETE, &path, Bytes::new()).await;
        assert_eq!(gone.unwrap().status, 200);
    }
    let unknown = chat_body("anthropic-mock", false);
    let refused = stage.client().post("/v1/responses", &unknown).await;
    let refused = refused.unwrap();
    assert_eq!(refused.status, 400, "{}", refused.text());
    let schemas = Spoken::OpenAiResponses.error();
    inspection
        .look(schemas, &refused.json(), "no input")
        .unwrap();
    finish(&inspection, &[]);
}
