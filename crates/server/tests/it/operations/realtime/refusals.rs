//! Who gets no session, and why: told in HTTP, before anything changes.

use http::Method;
use serde_json::json;

use super::{PATH, entry, get, stage, start};
use crate::support::{
    Config, MASTER, RawUpstream, SocketUpstream, UPSTREAM_KEY, handshake, try_connect, wrong_accept,
};

#[tokio::test]
async fn a_key_is_needed() {
    let (upstream, gateway) = stage().await;
    for (name, value) in [
        ("x-nothing", "1"),
        ("authorization", "Bearer sk-wrong"),
        ("api-key", "sk-wrong"),
        (
            "sec-websocket-protocol",
            "realtime, openai-insecure-api-key.sk-wrong",
        ),
    ] {
        let refused = try_connect(handshake(&gateway, PATH, &[(name, value)])).await;
        let (status, body) = refused.map(|_| ()).unwrap_err();
        assert_eq!(status, 401, "{name}");
        assert!(body["error"]["message"].is_string(), "{body}");
    }
    // A key in a cookie is none: a page of another origin would bring it along.
    let cookie = format!("token={MASTER}");
    let request = handshake(&gateway, PATH, &[("cookie", cookie.as_str())]);
    assert_eq!(try_connect(request).await.map(|_| ()).unwrap_err().0, 401);
    assert!(upstream.asked().is_empty());
}

#[tokio::test]
async fn a_model_that_has_sessions_is_needed() {
    let upstream = SocketUpstream::start().await;
    let base = upstream.url("");
    let config = Config::new()
        .entry(entry("claude", "anthropic/claude-x", &base))
        .entry(entry("live", "gemini/gemini-live", &base))
        .entry(json!({ "model_name": "demo", "litellm_params": { "model": "demo/demo" } }));
    let gateway = start(config).await;
    for (path, says) in [
        ("/v1/realtime", "`model` is missing"),
        ("/v1/realtime?model=nobody", "there is no model `nobody`"),
        ("/v1/realtime?model=claude", "does not offer realtime"),
        ("/v1/realtime?model=demo", "only chats"),
        ("/v1/realtime?model=live", "Google's Live API"),
    ] {
        let refused = try_connect(handshake(&gateway, path, &[("api-key", MASTER)])).await;
        let (status, body) = refused.map(|_| ()).unwrap_err();
        assert_eq!(status, 400, "{path}: {body}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(says), "{path}: {message}");
        assert_eq!(body["error"]["param"], "model", "{path}");
    }
    assert!(upstream.asked().is_empty());
}

#[tokio::test]
async fn an_upstream_that_refuses() {
    let answer = json!({"error": {"message": format!("no such key {UPSTREAM_KEY}"), "type": "invalid_request_error"}});
    for (status, told) in [
        (401, 401),
        (404, 404),
        (429, 429),
        (503, 503),
        (200, 502),
        (302, 502),
    ] {
        let upstream = RawUpstream::start(status, &[], &answer.to_string()).await;
        let config = Config::new()
            .entry(entry("voice", "openai/gpt-realtime", &upstream.url("/v1")))
            .section("router_settings", json!({ "num_retries": 0 }));
        let gateway = start(config).await;
        let refused = try_connect(handshake(&gateway, PATH, &[("api-key", MASTER)])).await;
        let (status, body) = refused.map(|_| ()).unwrap_err();
        assert_eq!(status, told, "{body}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(!message.contains(UPSTREAM_KEY), "{message}");
        assert_eq!(upstream.asked(), 1);
    }
}

#[tokio::test]
async fn an_upstream_that_does_not_know_the_protocol() {
    let upstream = SocketUpstream::answering(wrong_accept).await;
    let config = Config::new()
        .entry(entry("voice", "openai/gpt-realtime", &upstream.url("/v1")))
        .section(
            "router_settings",
            json!({ "num_retries": 1, "retry_after": 0 }),
        );
    let gateway = start(config).await;
    let refused = try_connect(handshake(&gateway, PATH, &[("api-key", MASTER)])).await;
    let (status, body) = refused.map(|_| ()).unwrap_err();
    assert_eq!(status, 502, "{body}");
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("does not answer the key"), "{message}");
    assert_eq!(upstream.asked().len(), 2, "a handshake is retried");
}

#[tokio::test]
async fn an_ordinary_request_is_told_so() {
    let (_upstream, gateway) = stage().await;
    let reply = get(&gateway, PATH).await;
    assert_eq!(reply.status, 426);
    assert_eq!(reply.header("upgrade"), Some("websocket"));
    let client = gateway.client().bearer(MASTER);
    let reply = client.send(Method::DELETE, PATH, bytes::Bytes::new()).await;
    assert_eq!(reply.unwrap().status, 405);
    let authorization = format!("Bearer {MASTER}");
    let mut request = handshake(&gateway, PATH, &[("authorization", &authorization)]);
    let headers = request.headers_mut();
    headers.insert("sec-websocket-version", "8".parse().unwrap());
    assert_eq!(try_connect(request).await.map(|_| ()).unwrap_err().0, 426);
}

#[tokio::test]
async fn other_paths_have_no_websocket() {
    let (_upstream, gateway) = stage().await;
    for path in [
        "/v1/chat/completions",
        "/v1/models",
        "/nowhere",
        "/anthropic/v1/x",
    ] {
        let refused = try_connect(handshake(&gateway, path, &[("api-key", MASTER)])).await;
        let (status, body) = refused.map(|_| ()).unwrap_err();
        assert_eq!(status, 400, "{path}");
        let message = body["error"]["message"].as_str().unwrap_or_default();
        assert!(
            message.contains("there is no WebSocket at"),
            "{path}: {body}"
        );
    }
}
