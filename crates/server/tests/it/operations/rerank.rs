//! Rerank: clients speak Cohere's form, each provider is asked in its own.

use lockgate_testkit::Gateway;
use serde_json::{Value, json};

use crate::support::{Config, MASTER, RecordingUpstream, UPSTREAM_KEY};

const COHERE: &str = r#"{"id":"c-1","results":[{"index":1,"relevance_score":0.9},{"index":0,"relevance_score":0.2}],"meta":{"billed_units":{"search_units":1}}}"#;
const JINA: &str = r#"{"model":"j","usage":{"total_tokens":9},"results":[{"index":1,"relevance_score":0.9},{"index":0,"relevance_score":0.2}]}"#;
const VOYAGE: &str = r#"{"object":"list","data":[{"index":1,"relevance_score":0.9},{"index":0,"relevance_score":0.2}],"model":"v","usage":{"total_tokens":9}}"#;

async fn stage(
    provider: &str,
    path: &'static str,
    answer: &'static str,
) -> (RecordingUpstream, Gateway) {
    let upstream = RecordingUpstream::start(&[(path, (200, "application/json", answer))]).await;
    let base = if provider == "cohere" { "" } else { "/v1" };
    let config = Config::new().entry(json!({
        "model_name": "public",
        "litellm_params": {
            "model": format!("{provider}/upstream-model"),
            "api_base": upstream.url(base), "api_key": UPSTREAM_KEY,
        },
    }));
    let gateway = Gateway::builder()
        .config(config.yaml())
        .start()
        .await
        .unwrap();
    (upstream, gateway)
}

fn request() -> Value {
    json!({
        "model": "public", "query": "rivers", "documents": ["a bridge", "the Douro"],
        "top_n": 1, "return_documents": true,
    })
}

#[tokio::test]
async fn each_provider_in_its_form() {
    for (provider, path, answer, limit) in [
        ("cohere", "/v2/rerank", COHERE, "top_n"),
        ("jina_ai", "/v1/rerank", JINA, "top_n"),
        ("hosted_vllm", "/v1/rerank", JINA, "top_n"),
        ("voyage", "/v1/rerank", VOYAGE, "top_k"),
        ("together_ai", "/v1/rerank", JINA, "top_n"),
        ("infinity", "/v1/rerank", JINA, "top_n"),
    ] {
        let (upstream, gateway) = stage(provider, path, answer).await;
        let client = gateway.client().bearer(MASTER);
        for asked in ["/rerank", "/v1/rerank", "/v2/rerank"] {
            let reply = client.post(asked, &request()).await.unwrap();
            assert_eq!(reply.status, 200, "{provider}: {}", reply.text());
            let body = reply.json();
            let results = body["results"].as_array().unwrap();
            assert_eq!(results.len(), 1, "{provider}");
            assert_eq!(results[0]["index"], 1);
            assert_eq!(results[0]["document"]["text"], "the Douro", "{provider}");
        }
        let sent = upstream.last();
        assert_eq!(sent.target, path);
        let body: Value = serde_json::from_str(sent.text()).unwrap();
        assert_eq!(body["model"], "upstream-model");
        assert_eq!(body[limit], 1, "{provider}: {body}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let (_upstream, gateway) = stage("cohere", "/v2/rerank", "<html>").await;
    let client = gateway.client().bearer(MASTER);
    let reply = client.post("/rerank", &request()).await.unwrap();
    assert_eq!(reply.status, 502, "{}", reply.text());
    let reply = client
        .post("/rerank", &json!({ "model": "public", "query": "q" }))
        .await
        .unwrap();
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("documents"), "{}", reply.text());

    let (upstream, gateway) = stage("groq", "/v1/rerank", JINA).await;
    let client = gateway.client().bearer(MASTER);
    let reply = client.post("/rerank", &request()).await.unwrap();
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(
        reply.text().contains("does not offer rerank"),
        "{}",
        reply.text()
    );
    assert!(upstream.arrived().is_empty());
}
