//! Operations with a JSON body that pass as they are: pictures, speech, moderation, OCR.

use lockgate_testkit::{Gateway, Reply};
use serde_json::{Value, json};

use crate::support::{Config, MASTER, RecordingUpstream, UPSTREAM_KEY};

const PICTURE: &str = r#"{"created":1, "data":[{"b64_json":"AA=="}],"usage":{"input_tokens":5,"output_tokens":7,"total_tokens":12}}"#;
const FLAGGED: &str = r#"{"id":"modr-1","model":"omni-upstream","results":[{"flagged":false}]}"#;
const PAGES: &str = r##"{"model":"ocr-upstream","pages":[{"index":0,"markdown":"# A"}]}"##;
const SOUND: &str = "not json, \u{1F50A} sound";

async fn stage(provider: &str) -> (RecordingUpstream, Gateway) {
    let upstream = RecordingUpstream::start(&[
        ("/images/generations", (200, "application/json", PICTURE)),
        ("/moderations", (200, "application/json", FLAGGED)),
        ("/ocr", (200, "application/json", PAGES)),
        ("/audio/speech", (200, "audio/mpeg", SOUND)),
    ])
    .await;
    let config = Config::new().entry(json!({
        "model_name": "public",
        "litellm_params": {
            "model": format!("{provider}/upstream-model"),
            "api_base": upstream.url("/v1"),
            "api_key": UPSTREAM_KEY,
        },
    }));
    let gateway = Gateway::builder()
        .config(config.yaml())
        .start()
        .await
        .unwrap();
    (upstream, gateway)
}

async fn post(gateway: &Gateway, path: &str, body: &Value) -> Reply {
    let client = gateway.client().bearer(MASTER);
    client.post(path, body).await.unwrap()
}

#[tokio::test]
async fn pictures() {
    let (upstream, gateway) = stage("openai").await;
    let body = json!({ "model": "public", "prompt": "a fox", "size": "1024x1024", "n": 1 });
    let reply = post(&gateway, "/v1/images/generations", &body).await;
    assert_eq!((reply.status, reply.text().as_str()), (200, PICTURE));
    let asked = upstream.last();
    assert_eq!(
        (asked.method.as_str(), asked.target.as_str()),
        ("POST", "/v1/images/generations")
    );
    assert_eq!(
        asked.header("authorization"),
        format!("Bearer {UPSTREAM_KEY}")
    );
    assert_eq!(
        asked.text(),
        body.to_string().replace("public", "upstream-model"),
        "only the model changes"
    );
}

#[tokio::test]
async fn speech_flows_through_with_its_type() {
    let (upstream, gateway) = stage("openai").await;
    let body = json!({ "model": "public", "input": "hello", "voice": "alloy" });
    for path in [
        "/v1/audio/speech",
        "/audio/speech",
        "/openai/deployments/public/audio/speech",
    ] {
        let reply = post(&gateway, path, &body).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, SOUND));
        assert_eq!(reply.header("content-type"), Some("audio/mpeg"));
        assert_eq!(upstream.last().target, "/v1/audio/speech");
    }
}

#[tokio::test]
async fn the_answer_names_the_model_as_the_client_does() {
    let (_upstream, gateway) = stage("mistral").await;
    let body = json!({ "model": "public", "input": "is this fine?" });
    let reply = post(&gateway, "/v1/moderations", &body).await;
    assert_eq!(reply.text(), FLAGGED.replace("omni-upstream", "public"));
    let body = json!({ "model": "public", "document": { "type": "document_url", "document_url": "https://a.test/b.pdf" } });
    let reply = post(&gateway, "/v1/ocr", &body).await;
    assert_eq!(reply.text(), PAGES.replace("ocr-upstream", "public"));
}

#[tokio::test]
async fn what_the_provider_does_not_have_is_said() {
    let (upstream, gateway) = stage("anthropic").await;
    let body = json!({ "model": "public", "input": "hello", "voice": "alloy" });
    let reply = post(&gateway, "/v1/audio/speech", &body).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    let message = reply.json()["error"]["message"].to_string();
    assert!(message.contains("does not offer speech"), "{message}");
    assert!(upstream.arrived().is_empty());
}

#[tokio::test]
async fn errors_are_the_upstreams() {
    let upstream = RecordingUpstream::start(&[(
        "/images/generations",
        (400, "application/json", r#"{"error":{"message":"no such size","type":"invalid_request_error","param":"size","code":null}}"#),
    )])
    .await;
    let config = Config::new().entry(json!({
        "model_name": "public",
        "litellm_params": { "model": "openai/m", "api_base": upstream.url("/v1"), "api_key": UPSTREAM_KEY },
    }));
    let gateway = Gateway::builder()
        .config(config.yaml())
        .start()
        .await
        .unwrap();
    let body = json!({ "model": "public", "prompt": "a fox", "size": "1x1" });
    let reply = post(&gateway, "/v1/images/generations", &body).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["error"]["message"], "no such size");
    assert_eq!(reply.json()["error"]["param"], "size");
}
