//! Google's Live API: the first message names the model.

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::{counter, entry, start};
use crate::support::{
    Config, MASTER, SocketUpstream, UPSTREAM_KEY, connect, eventually, handshake, try_connect,
};

const PATH: &str = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";

async fn stage() -> (SocketUpstream, lockgate_testkit::Gateway) {
    let upstream = SocketUpstream::start().await;
    let base = upstream.url("");
    let mut vertex = entry("vertex", "vertex_ai/gemini-live-2.5-flash", &base);
    let params = &mut vertex["litellm_params"];
    params["vertex_project"] = json!("acme");
    params["vertex_location"] = json!("us-central1");
    let config = Config::new()
        .entry(entry("live", "gemini/gemini-2.5-flash-live", &base))
        .entry(vertex)
        .entry(entry("voice", "openai/gpt-realtime", &base))
        .section("router_settings", json!({ "num_retries": 0 }));
    let gateway = start(config).await;
    (upstream, gateway)
}

#[tokio::test]
async fn a_conversation() {
    let (mut upstream, gateway) = stage().await;
    let request = handshake(&gateway, &format!("{PATH}?key={MASTER}"), &[]);
    let (mut client, _) = try_connect(request).await.map_err(|e| e.0).unwrap();
    client.send(Message::Ping("early".into())).await;
    assert_eq!(client.next().await, Message::Pong("early".into()));
    let setup = json!({"setup": {"model": "models/live", "tools": [{"x": 1}]}});
    client.say(&setup).await;
    // What follows at once is not lost.
    client
        .say(&json!({"clientContent": {"turnComplete": true}}))
        .await;
    let mut there = upstream.accept().await;
    let asked = upstream.last();
    assert_eq!(asked.target, PATH);
    assert_eq!(asked.header("x-goog-api-key"), UPSTREAM_KEY);
    let due = json!({"setup": {"model": "models/gemini-2.5-flash-live", "tools": [{"x": 1}]}});
    assert_eq!(there.hear().await, due);
    assert_eq!(there.hear().await["clientContent"]["turnComplete"], true);
    // Google sends JSON as bytes.
    for prompt in [10, 25] {
        let turn = json!({"serverContent": {"turnComplete": true}, "usageMetadata": {
            "promptTokenCount": prompt, "responseTokenCount": 5, "totalTokenCount": prompt + 5}});
        there.send(Message::binary(turn.to_string())).await;
        assert_eq!(client.hear().await, turn);
    }
    there.close(1000, "").await;
    assert_eq!(client.closed().await.0, 1000);
    client.ended().await;
    eventually("the turns are counted", || async {
        counter(&gateway, "litellm_input_tokens_metric_total", "live").await == 35.0
            && counter(&gateway, "litellm_output_tokens_metric_total", "live").await == 10.0
    })
    .await;
}

#[tokio::test]
async fn vertex_names_the_model_as_a_resource() {
    let (mut upstream, gateway) = stage().await;
    for path in [
        "/vertex_ai/live",
        "/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent",
    ] {
        let mut client = connect(&gateway, path).await;
        client
            .say(&json!({"setup": {"model": "projects/p/locations/l/publishers/google/models/vertex"}}))
            .await;
        let mut there = upstream.accept().await;
        assert_eq!(
            upstream.last().target,
            "/ws/google.cloud.aiplatform.v1.LlmBidiService/BidiGenerateContent"
        );
        assert_eq!(
            there.hear().await["setup"]["model"],
            "projects/acme/locations/us-central1/publishers/google/models/gemini-live-2.5-flash"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_opened_is_closed_with_a_reason() {
    let (upstream, gateway) = stage().await;
    for (first, code, reason) in [
        (
            json!({"setup": {"model": "models/nobody"}}).to_string(),
            1008,
            "there is no model `nobody` here",
        ),
        (
            json!({"setup": {"model": "voice"}}).to_string(),
            1008,
            "provider `openai`",
        ),
        (
            json!({"clientContent": {}}).to_string(),
            1008,
            "the first message must be `setup`",
        ),
        ("no JSON".to_owned(), 1008, "the first message must be"),
    ] {
        let mut client = connect(&gateway, PATH).await;
        client.send(Message::text(first.clone())).await;
        let closed = client.closed().await;
        assert_eq!(closed.0, code, "{first}");
        assert!(closed.1.starts_with(reason), "{}", closed.1);
        client.ended().await;
    }
    assert!(upstream.asked().is_empty());
}

#[tokio::test]
async fn a_client_that_says_nothing_of_use() {
    let (_upstream, gateway) = stage().await;
    let mut client = connect(&gateway, PATH).await;
    client.close(1000, "changed my mind").await;
    assert_eq!(client.closed().await.0, 1000);
    let mut client = connect(&gateway, PATH).await;
    client.send(Message::text("x".repeat(5 << 20))).await;
    assert_eq!(client.closed().await.0, 1009);
}

#[tokio::test]
async fn an_upstream_that_is_down() {
    let config = Config::new()
        .entry(entry("live", "gemini/x", "http://127.0.0.1:9"))
        .section("router_settings", json!({ "num_retries": 0 }));
    let gateway = start(config).await;
    let mut client = connect(&gateway, PATH).await;
    client.say(&json!({"setup": {"model": "live"}})).await;
    let (code, reason) = client.closed().await;
    assert_eq!(code, 1011);
    assert!(
        reason.starts_with("cannot connect to 127.0.0.1:9"),
        "{reason}"
    );
}
