//! A provider's own API: only the credential is the gateway's.

use bytes::Bytes;
use http::Method;
use lockgate_testkit::{Gateway, Reply};
use serde_json::json;

use crate::support::{Config, MASTER, RecordingUpstream, UPSTREAM_KEY};

const FILE: &str = r#"{"id":"file-1","object":"file"}"#;
const EVENTS: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-x\",\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

async fn stage() -> (RecordingUpstream, Gateway) {
    let upstream = RecordingUpstream::start(&[
        ("/v1/files", (200, "application/json", FILE)),
        ("/v1/files/file-1", (200, "application/json", FILE)),
        (
            "/v1/files/file-1/content",
            (200, "application/octet-stream", "bytes"),
        ),
        ("/v1/messages", (200, "text/event-stream", EVENTS)),
        ("/refused", (422, "text/plain", "no")),
    ])
    .await;
    let gateway = Gateway::builder()
        .config(Config::new().yaml())
        .env("OPENAI_API_KEY", UPSTREAM_KEY)
        .env("OPENAI_BASE_URL", upstream.url("/v1"))
        .env("ANTHROPIC_API_KEY", UPSTREAM_KEY)
        .env("ANTHROPIC_API_BASE", upstream.url(""))
        .start()
        .await
        .unwrap();
    (upstream, gateway)
}

async fn ask(gateway: &Gateway, method: Method, path: &str) -> Reply {
    let client = gateway.client().bearer(MASTER);
    let reply = client.send(method, path, Bytes::new()).await.unwrap();
    reply.collect().await.unwrap()
}

#[tokio::test]
async fn files_are_the_providers() {
    let (upstream, gateway) = stage().await;
    for (method, path, there) in [
        (
            Method::GET,
            "/v1/files?limit=2&provider=openai",
            "/v1/files?limit=2",
        ),
        (Method::GET, "/files/file-1", "/v1/files/file-1"),
        (Method::DELETE, "/v1/files/file-1", "/v1/files/file-1"),
        (Method::GET, "/openai/v1/files/file-1", "/v1/files/file-1"),
        (Method::GET, "/openai/files/file-1", "/v1/files/file-1"),
    ] {
        let reply = ask(&gateway, method.clone(), path).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, FILE), "{path}");
        let asked = upstream.last();
        assert_eq!(
            (asked.method.as_str(), asked.target.as_str()),
            (method.as_str(), there)
        );
        assert_eq!(
            asked.header("authorization"),
            format!("Bearer {UPSTREAM_KEY}")
        );
    }
    let content = ask(&gateway, Method::GET, "/v1/files/file-1/content").await;
    assert_eq!(content.text(), "bytes");
    assert_eq!(
        content.header("content-type"),
        Some("application/octet-stream")
    );
}

#[tokio::test]
async fn an_upload_passes_as_it_is() {
    let (upstream, gateway) = stage().await;
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n{}\r\n--b--\r\n",
        "x".repeat(3 << 20)
    );
    let client = gateway
        .client()
        .bearer(MASTER)
        .header("content-type", "multipart/form-data; boundary=b");
    let reply = client.post_bytes("/v1/files", form.clone()).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let asked = upstream.last();
    assert!(asked.text() == form, "the form changed");
    assert_eq!(asked.header("content-length"), form.len().to_string());
    assert_eq!(
        asked.header("content-type"),
        "multipart/form-data; boundary=b"
    );
}

#[tokio::test]
async fn headers_of_the_client_travel_but_its_key_does_not() {
    let (upstream, gateway) = stage().await;
    let client = gateway
        .client()
        .header("x-api-key", MASTER)
        .header("anthropic-version", "2099-01-01")
        .header("anthropic-beta", "files-api")
        .header("cookie", "session=1")
        .header("x-litellm-tags", "a")
        .header("connection", "keep-alive, x-hop")
        .header("x-hop", "1")
        .header("x-request-id", "mine");
    let body = json!({ "model": "claude-x", "max_tokens": 5, "stream": true, "messages": [] });
    let reply = client.post("/anthropic/v1/messages", &body).await.unwrap();
    assert_eq!((reply.status, reply.text().as_str()), (200, EVENTS));
    assert_eq!(reply.header("content-type"), Some("text/event-stream"));
    assert!(reply.header("x-litellm-call-id").is_some());
    let asked = upstream.last();
    assert_eq!(asked.text(), body.to_string());
    for (name, value) in [
        ("x-api-key", UPSTREAM_KEY),
        ("anthropic-version", "2099-01-01"),
        ("anthropic-beta", "files-api"),
        ("x-request-id", "mine"),
        ("cookie", ""),
        ("x-litellm-tags", ""),
        ("x-hop", ""),
        ("authorization", ""),
    ] {
        assert_eq!(asked.header(name), value, "{name}");
    }
}

#[tokio::test]
async fn errors_of_the_provider_pass_as_they_are() {
    let (_upstream, gateway) = stage().await;
    let reply = ask(&gateway, Method::POST, "/openai/refused").await;
    assert_eq!((reply.status, reply.text().as_str()), (422, "no"));
    assert_eq!(reply.header("content-type"), Some("text/plain"));
}

#[tokio::test]
async fn a_key_to_the_gateway_is_needed() {
    let (upstream, gateway) = stage().await;
    for path in [
        "/v1/files",
        "/anthropic/v1/models",
        "/openai/files?key=sk-it-master-9b1d63f0c2",
    ] {
        let reply = gateway.client().get(path).await.unwrap();
        assert_eq!(reply.status, 401, "{path}: {}", reply.text());
    }
    assert!(upstream.arrived().is_empty());
}

#[tokio::test]
async fn what_leads_nowhere_is_said() {
    let (upstream, gateway) = stage().await;
    for (path, status, says) in [
        ("/nobody/v1/files", 404, "there is nothing at"),
        ("/openai", 404, "there is nothing at"),
        ("/demo/v1/x", 404, "there is nothing at"),
        ("/openai/../../admin", 400, "is not a path"),
        ("/openai/v1/%2e%2e/admin", 400, "is not a path"),
        ("/openai/v1/..%5cadmin", 400, "is not a path"),
        ("/groq/v1/models", 401, "GROQ_API_KEY"),
        ("/v1/files?provider=nobody", 404, "there is nothing at"),
    ] {
        let reply = ask(&gateway, Method::GET, path).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
        assert!(reply.text().contains(says), "{path}: {}", reply.text());
    }
    assert!(upstream.arrived().is_empty());
}

#[tokio::test]
async fn a_deployment_may_lend_its_credentials() {
    let upstream =
        RecordingUpstream::start(&[("/v1/files", (200, "application/json", FILE))]).await;
    let entry = |lends: bool| {
        json!({
            "model_name": "m",
            "litellm_params": {
                "model": "openai/m", "api_base": upstream.url("/v1"), "api_key": "sk-lent",
                "use_in_pass_through": lends,
            },
        })
    };
    for (lends, status) in [(true, 200), (false, 401)] {
        let config = Config::new().entry(entry(lends));
        let gateway = Gateway::builder()
            .config(config.yaml())
            .start()
            .await
            .unwrap();
        let reply = ask(&gateway, Method::GET, "/v1/files").await;
        assert_eq!(reply.status, status, "{}", reply.text());
    }
    assert_eq!(upstream.arrived().len(), 1);
    assert_eq!(upstream.last().header("authorization"), "Bearer sk-lent");
}
