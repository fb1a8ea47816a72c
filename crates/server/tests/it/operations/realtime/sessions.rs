//! From a client's handshake to the upstream's, and what a session costs.

use serde_json::json;

use super::{PATH, counter, entry, stage, start};
use crate::support::{
    Config, MASTER, SocketUpstream, UPSTREAM_KEY, connect, eventually, handshake, try_connect,
};

#[tokio::test]
async fn a_conversation() {
    let (mut upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    let asked = upstream.last();
    assert_eq!(asked.target, "/v1/realtime?model=gpt-realtime");
    assert_eq!(
        asked.header("authorization"),
        format!("Bearer {UPSTREAM_KEY}")
    );
    for absent in [
        "openai-beta",
        "content-type",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
    ] {
        assert_eq!(asked.header(absent), "", "{absent}");
    }

    there
        .say(&json!({"type": "session.created", "session": {"model": "gpt-realtime-2025-08-28"}}))
        .await;
    let created = client.hear().await;
    assert_eq!(created["session"]["model"], "voice");
    let update = json!({"type": "session.update", "session": {"model": "voice", "voice": "alloy"}});
    client.say(&update).await;
    let updated = there.hear().await;
    assert_eq!(
        updated["session"],
        json!({"model": "gpt-realtime", "voice": "alloy"})
    );

    for (input, output) in [(10, 4), (30, 6)] {
        client.say(&json!({"type": "response.create"})).await;
        assert_eq!(there.hear().await["type"], "response.create");
        let done = json!({"type": "response.done", "response": {"usage": {
            "input_tokens": input, "output_tokens": output,
            "input_token_details": {"cached_tokens": 5, "text_tokens": 5, "audio_tokens": 5},
        }}});
        there.say(&done).await;
        assert_eq!(client.hear().await, done);
    }
    client.close(1000, "done").await;
    assert_eq!(there.closed().await, (1000, "done".to_owned()));
    there.ended().await;
    client.ended().await;
    let label = "model=\"voice\"";
    eventually("the session is counted", || async {
        counter(&gateway, "litellm_input_tokens_metric_total", label).await == 40.0
    })
    .await;
    for (name, value) in [
        ("litellm_output_tokens_metric_total", 10.0),
        ("litellm_proxy_total_requests_metric_total", 1.0),
    ] {
        assert_eq!(counter(&gateway, name, label).await, value, "{name}");
    }
}

/// What a session used is counted, whoever ended it and how.
#[tokio::test]
async fn a_session_that_breaks_off_is_counted() {
    let (mut upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    let mut there = upstream.accept().await;
    let padding = "x".repeat(200_000);
    let done = json!({"type": "response.done", "padding": padding,
        "response": {"usage": {"input_tokens": 7, "output_tokens": 2}}});
    there.say(&done).await;
    assert_eq!(client.hear().await, done);
    drop(client);
    there.ended().await;
    eventually("the session is counted", || async {
        counter(&gateway, "litellm_input_tokens_metric_total", "voice").await == 7.0
    })
    .await;
}

#[tokio::test]
async fn the_handshake_tells_how_it_came_about() {
    let (_upstream, gateway) = stage().await;
    let request = handshake(&gateway, PATH, &[("api-key", MASTER)]);
    let (_client, response) = try_connect(request).await.map_err(|e| e.0).unwrap();
    assert_eq!(response.status(), 101);
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(header("x-litellm-model-group").as_deref(), Some("voice"));
    assert!(header("x-litellm-call-id").is_some());
    assert_eq!(header("sec-websocket-protocol"), None);
    assert_eq!(header("sec-websocket-extensions"), None);
}

/// A browser cannot set headers: the key, and a wish for the beta, are subprotocols.
#[tokio::test]
async fn a_browser_shows_its_key_as_a_subprotocol() {
    let (upstream, gateway) = stage().await;
    let offered = format!(
        "realtime, openai-insecure-api-key.{MASTER}, openai-beta.realtime-v1, openai-project.p"
    );
    let headers = [
        ("sec-websocket-protocol", offered.as_str()),
        ("origin", "https://app.example.com"),
    ];
    let request = handshake(&gateway, PATH, &headers);
    let (_client, response) = try_connect(request).await.map_err(|e| e.0).unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "realtime");
    let asked = upstream.last();
    assert_eq!(asked.header("openai-beta"), "realtime=v1");
    assert_eq!(
        asked.header("authorization"),
        format!("Bearer {UPSTREAM_KEY}")
    );
    assert_eq!(asked.header("origin"), "");
    assert_eq!(asked.header("sec-websocket-protocol"), "");
}

#[tokio::test]
async fn what_a_client_wants_besides_travels_on() {
    let (upstream, gateway) = stage().await;
    let authorization = format!("Bearer {MASTER}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("openai-beta", "realtime=v1"),
    ];
    for (path, target) in [
        (
            "/realtime?call_id=rtc_1&model=voice",
            "/v1/realtime?model=gpt-realtime&call_id=rtc_1",
        ),
        // A session that only transcribes must not name its model here.
        (
            "/openai/v1/realtime?intent=transcription&model=voice",
            "/v1/realtime?intent=transcription",
        ),
        (
            "/openai/realtime?api-version=2024-10-01-preview&deployment=voice",
            "/v1/realtime?model=gpt-realtime",
        ),
    ] {
        let request = handshake(&gateway, path, &headers);
        let (_client, _) = try_connect(request).await.map_err(|e| e.0).unwrap();
        assert_eq!(upstream.last().target, target, "{path}");
        assert_eq!(upstream.last().header("openai-beta"), "realtime=v1");
    }
}

#[tokio::test]
async fn azure_has_two_forms_of_it() {
    let upstream = SocketUpstream::start().await;
    let base = upstream.url("");
    let mut dated = entry("dated", "azure/my rt", &base);
    dated["litellm_params"]["api_version"] = json!("2025-04-01-preview");
    let config = Config::new()
        .entry(entry("undated", "azure/my-rt", &base))
        .entry(dated);
    let gateway = start(config).await;
    for (model, target) in [
        ("undated", "/openai/v1/realtime?model=my-rt"),
        (
            "dated",
            "/openai/realtime?api-version=2025-04-01-preview&deployment=my%20rt",
        ),
    ] {
        connect(&gateway, &format!("/v1/realtime?model={model}")).await;
        let asked = upstream.last();
        assert_eq!(asked.target, target);
        assert_eq!(asked.header("api-key"), UPSTREAM_KEY);
        assert_eq!(asked.header("authorization"), "");
    }
}

/// Until a session stands, it is an attempt like any other.
#[tokio::test]
async fn a_fallback_takes_over() {
    let upstream = SocketUpstream::start().await;
    let nobody = "http://127.0.0.1:9/v1";
    let config = Config::new()
        .entry(entry("down", "openai/gpt-realtime", nobody))
        .entry(entry(
            "up",
            "openai/gpt-realtime-mini",
            &upstream.url("/v1"),
        ))
        .section(
            "router_settings",
            json!({ "num_retries": 0, "fallbacks": [{ "down": ["up"] }] }),
        );
    let gateway = start(config).await;
    let request = handshake(&gateway, "/v1/realtime?model=down", &[("api-key", MASTER)]);
    let (_client, response) = try_connect(request).await.map_err(|e| e.0).unwrap();
    assert_eq!(response.headers()["x-litellm-attempted-fallbacks"], "1");
    assert_eq!(
        upstream.last().target,
        "/v1/realtime?model=gpt-realtime-mini"
    );
}
