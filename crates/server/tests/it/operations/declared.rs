//! Paths of the operator's own that lead to another server.

use bytes::Bytes;
use http::Method;
use lockgate_testkit::{Gateway, Reply};
use serde_json::{Value, json};

use crate::support::{Config, MASTER, RecordingUpstream, SOON, eventually};

const PICTURE: &str = r#"{"url":"https://pictures.example/1"}"#;
const CHAT: &str = r#"{"id":"c","object":"chat.completion","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}"#;

async fn upstream() -> RecordingUpstream {
    RecordingUpstream::start(&[
        ("/api", (200, "application/json", PICTURE)),
        ("/api/v1/pictures", (200, "application/json", PICTURE)),
        ("/api/v1/chat/completions", (200, "application/json", CHAT)),
        ("/other", (200, "text/plain", "other")),
        ("/moved", (302, "text/plain", "elsewhere")),
    ])
    .await
}

async fn gateway(endpoints: Value) -> Gateway {
    let config = Config::new().section(
        "general_settings",
        json!({ "pass_through_endpoints": endpoints }),
    );
    Gateway::builder()
        .config(config.yaml())
        .env("BRIA_KEY", "sk-bria")
        .start()
        .await
        .unwrap()
}

async fn ask(gateway: &Gateway, method: Method, path: &str) -> Reply {
    let client = gateway.client().bearer(MASTER);
    let reply = client.send(method, path, Bytes::new()).await.unwrap();
    reply.collect().await.unwrap()
}

#[tokio::test]
async fn a_declared_path_leads_to_its_target() {
    let upstream = upstream().await;
    let gateway = gateway(json!([{
        "path": "/bria",
        "target": upstream.url("/api?key=operators"),
        "headers": { "Authorization": "Bearer os.environ/BRIA_KEY", "x-operator": "1" },
        "default_query_params": { "version": 2, "mode": "fast" },
        "include_subpath": true,
    }]))
    .await;
    let client = gateway
        .client()
        .bearer(MASTER)
        .header("content-type", "application/json")
        .header("x-mine", "1")
        .header("x-operator", "mine")
        .header("x-pass-x-passed", "yes")
        .header("x-pass-authorization", "Bearer stolen");
    let path = "/bria/v1/pictures?mode=slow&key=mine&a=%20b";
    let reply = client.post_bytes(path, "{\"prompt\": 1}").await.unwrap();
    assert_eq!((reply.status, reply.text().as_str()), (200, PICTURE));
    assert!(reply.header("x-litellm-call-id").is_some());
    let asked = upstream.last();
    assert_eq!(
        (asked.method.as_str(), asked.target.as_str()),
        (
            "POST",
            "/api/v1/pictures?key=operators&version=2&mode=slow&a=%20b"
        )
    );
    assert_eq!(asked.text(), "{\"prompt\": 1}");
    for (name, value) in [
        ("authorization", "Bearer sk-bria"),
        ("x-operator", "1"),
        ("content-type", "application/json"),
        ("x-passed", "yes"),
        ("x-mine", ""),
        ("x-pass-x-passed", ""),
    ] {
        assert_eq!(asked.header(name), value, "{name}");
    }
    for (path, there) in [
        ("/bria", "/api?key=operators&version=2&mode=fast"),
        ("/bria/", "/api?key=operators&version=2&mode=fast"),
    ] {
        assert_eq!(ask(&gateway, Method::GET, path).await.status, 200);
        assert_eq!(upstream.last().target, there);
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_not_its() {
    let upstream = upstream().await;
    let gateway = gateway(json!([
        { "path": "/only", "target": upstream.url("/api"), "methods": ["POST"] },
        { "path": "/only", "target": upstream.url("/other"), "methods": ["GET"] },
        { "path": "/only/deeper", "target": upstream.url("/other"), "include_subpath": true },
    ]))
    .await;
    for (method, path, status, says) in [
        (Method::POST, "/only", 200, PICTURE),
        (Method::GET, "/only", 200, "other"),
        (Method::GET, "/only/deeper", 200, "other"),
        (Method::DELETE, "/only", 404, "there is nothing at"),
        (Method::GET, "/only/else", 404, "there is nothing at"),
        (Method::GET, "/onlyelse", 404, "there is nothing at"),
        (
            Method::GET,
            "/only/deeper/../../admin",
            400,
            "is not a path",
        ),
        (
            Method::GET,
            "/only/deeper/%2e%2e/admin",
            400,
            "is not a path",
        ),
        (
            Method::GET,
            "/only/deeper/%2E%2e%5Cadmin",
            400,
            "is not a path",
        ),
    ] {
        let reply = ask(&gateway, method.clone(), path).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        assert!(
            reply.text().contains(says),
            "{method} {path}: {}",
            reply.text()
        );
    }
    assert_eq!(upstream.arrived().len(), 3);
}

#[tokio::test]
async fn a_key_is_needed_unless_the_operator_says_otherwise() {
    let upstream = upstream().await;
    let gateway = gateway(json!([
        { "path": "/closed", "target": upstream.url("/api") },
        { "path": "/open", "target": upstream.url("/api"), "auth": false, "forward_headers": true },
        {
            "path": "/named", "target": upstream.url("/api"), "forward_headers": true,
            "headers": { "litellm_user_api_key": "X-My-Key" },
        },
    ]))
    .await;
    let nobody = gateway.client();
    assert_eq!(nobody.get("/closed").await.unwrap().status, 401);
    assert_eq!(nobody.get("/named").await.unwrap().status, 401);
    assert!(upstream.arrived().is_empty());
    assert_eq!(nobody.get("/open").await.unwrap().status, 200);
    let named = gateway
        .client()
        .header("x-my-key", MASTER)
        .header("x-mine", "1");
    assert_eq!(named.get("/named").await.unwrap().status, 200);
    let asked = upstream.last();
    assert_eq!(
        (asked.header("x-my-key"), asked.header("x-mine")),
        ("", "1")
    );
    let mut gateway = gateway;
    gateway
        .wait_for_log("anyone may use this endpoint", SOON)
        .await
        .unwrap();
}

#[tokio::test]
async fn redirects_are_the_clients_to_follow() {
    let upstream = upstream().await;
    let gateway = gateway(json!([{ "path": "/moving", "target": upstream.url("/moved") }])).await;
    let reply = ask(&gateway, Method::GET, "/moving").await;
    assert_eq!((reply.status, reply.text().as_str()), (302, "elsewhere"));
    assert_eq!(upstream.arrived().len(), 1);
}

#[tokio::test]
async fn tokens_of_a_chat_are_metered() {
    let upstream = upstream().await;
    let gateway = gateway(json!([
        { "path": "/llm", "target": upstream.url("/api"), "include_subpath": true },
    ]))
    .await;
    let reply = ask(&gateway, Method::POST, "/llm/v1/chat/completions").await;
    assert_eq!(reply.text(), CHAT);
    let client = gateway.client().bearer(MASTER);
    let metrics = client.get("/metrics").await.unwrap().text();
    for line in [
        "lockgate_passed_through_requests_total{status_code=\"200\"} 1",
        "lockgate_passed_through_input_tokens_total 11",
        "lockgate_passed_through_output_tokens_total 7",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[tokio::test]
async fn a_reload_brings_new_paths() {
    let upstream = upstream().await;
    let gateway = gateway(json!([{ "path": "/one", "target": upstream.url("/api") }])).await;
    assert_eq!(ask(&gateway, Method::GET, "/two").await.status, 404);
    let endpoints = json!([{ "path": "/two", "target": upstream.url("/api") }]);
    let config = Config::new().section(
        "general_settings",
        json!({ "pass_through_endpoints": endpoints }),
    );
    gateway.write_config(&config.yaml()).unwrap();
    gateway.sighup().unwrap();
    eventually("the new path is there", || async {
        ask(&gateway, Method::GET, "/two").await.status == 200
    })
    .await;
    assert_eq!(ask(&gateway, Method::GET, "/one").await.status, 404);
}

#[tokio::test]
async fn a_path_that_nobody_can_reach_is_said() {
    let mut gateway = gateway(json!([
        { "path": "/v1/rerank", "target": "https://api.example/v1/rerank" },
        { "path": "/bad", "target": "not a url" },
    ]))
    .await;
    for says in [
        "`/v1/rerank` is a path of the gateway's own",
        "endpoint `/bad` is left out",
    ] {
        gateway.wait_for_log(says, SOON).await.unwrap();
    }
}
