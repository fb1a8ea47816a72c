//! The Responses API over a WebSocket: turns with any model.

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    ClientSocket, Dialect, MASTER, SOON, Stage, TEXT, connect, handshake, try_connect,
};

const PATH: &str = "/v1/responses";

/// An OpenAI deployment and one of another API, each by its script's name.
async fn stage() -> Stage {
    Stage::start(|mock, config| {
        config
            .model(mock, "gpt", Dialect::OpenAi, "mock")
            .model(mock, "claude", Dialect::Anthropic, "mock")
            .model(mock, "slow", Dialect::OpenAi, "mock-100c-d20ms")
            .section("router_settings", json!({ "num_retries": 0 }))
    })
    .await
}

fn create(model: &str) -> Value {
    json!({ "type": "response.create", "model": model, "input": "Say hello." })
}

/// The events of a turn.
async fn turn(client: &mut ClientSocket, create: &Value) -> Vec<Value> {
    client.say(create).await;
    let mut events = vec![client.hear().await];
    while !matches!(
        events.last().unwrap()["type"].as_str().unwrap(),
        "response.completed" | "error"
    ) {
        events.push(client.hear().await);
    }
    events
}

#[tokio::test]
async fn turns_with_any_model() {
    let stage = stage().await;
    let mut client = connect(&stage.gateway, PATH).await;
    let mut previous = Value::Null;
    for (at, model) in ["gpt", "claude", "gpt"].into_iter().enumerate() {
        let mut message = create(model);
        message["previous_response_id"] = previous;
        let events = turn(&mut client, &message).await;
        assert_eq!(events[0]["type"], "response.created");
        let done = &events.last().unwrap()["response"];
        assert_eq!(done["model"], model);
        assert_eq!(done["output"][0]["content"][0]["text"], TEXT, "{done}");
        previous = done["id"].clone();
        // Each turn is sent with all that was said before it.
        let sent = stage.mock.last_request().unwrap();
        let sent: Value = serde_json::from_slice(&sent.body).unwrap();
        assert_eq!(sent["stream"], true);
        let messages = ["messages", "input"]
            .iter()
            .find_map(|name| sent[*name].as_array());
        assert_eq!(messages.map(Vec::len), Some(2 * at + 1), "{sent}");
    }
    client.close(1000, "").await;
    assert_eq!(client.closed().await.0, 1000);
    let metrics = stage.client().get("/metrics").await.unwrap().text();
    let counted = metrics.lines().find(|line| {
        line.starts_with("litellm_proxy_total_requests_metric_total") && line.contains("\"gpt\"")
    });
    assert!(counted.unwrap().ends_with(" 2"), "{counted:?}");
}

#[tokio::test]
async fn a_refusal_is_an_event() {
    let stage = stage().await;
    let mut client = connect(&stage.gateway, PATH).await;
    let mut gone = create("gpt");
    gone["previous_response_id"] = json!("resp_gone");
    let mut warm = create("gpt");
    warm["generate"] = json!(false);
    for (message, says) in [
        (create("nobody").to_string(), "there is no model `nobody`"),
        (gone.to_string(), "there is no response `resp_gone`"),
        (warm.to_string(), "warm up"),
        (
            json!({"type": "session.update"}).to_string(),
            "response.create",
        ),
        ("no JSON".to_owned(), "not a JSON object"),
    ] {
        client.send(Message::text(message.clone())).await;
        let event = client.hear().await;
        assert_eq!(
            (&event["type"], &event["status"]),
            (&json!("error"), &json!(400))
        );
        let told = event["error"]["message"].as_str().unwrap();
        assert!(told.contains(says), "{message}: {told}");
    }
    // The connection is as good as before.
    let events = turn(&mut client, &create("gpt")).await;
    assert_eq!(events.last().unwrap()["type"], "response.completed");
}

#[tokio::test]
async fn a_key_is_needed() {
    let stage = stage().await;
    let refused = try_connect(handshake(&stage.gateway, PATH, &[])).await;
    assert_eq!(refused.map(|_| ()).unwrap_err().0, 401);
    let offered = format!("openai-insecure-api-key.{MASTER}");
    let both = format!("responses, {offered}");
    let headers = [("sec-websocket-protocol", both.as_str())];
    let request = handshake(&stage.gateway, PATH, &headers);
    let (mut client, _) = try_connect(request).await.map_err(|e| e.0).unwrap();
    let events = turn(&mut client, &create("gpt")).await;
    assert_eq!(events.last().unwrap()["type"], "response.completed");
}

#[tokio::test]
async fn pings_are_answered_during_a_turn() {
    let stage = stage().await;
    let mut client = connect(&stage.gateway, PATH).await;
    client.say(&create("slow")).await;
    assert_eq!(client.hear().await["type"], "response.created");
    client.send(Message::Ping("still there".into())).await;
    let mut answered = false;
    loop {
        let message = client.next().await;
        answered |= message == Message::Pong("still there".into());
        if message
            .to_text()
            .is_ok_and(|text| text.contains("response.completed"))
        {
            break;
        }
    }
    assert!(answered);
}

#[tokio::test]
async fn a_client_that_leaves_cancels_its_turn() {
    let stage = stage().await;
    let mut client = connect(&stage.gateway, PATH).await;
    client.say(&create("slow")).await;
    assert_eq!(client.hear().await["type"], "response.created");
    drop(client);
    assert!(stage.mock.wait_for_cancelled(1, SOON).await);
}

#[tokio::test]
async fn a_turn_is_finished_before_a_stop() {
    let mut stage = stage().await;
    let mut client = connect(&stage.gateway, PATH).await;
    client.say(&create("slow")).await;
    assert_eq!(client.hear().await["type"], "response.created");
    stage.gateway.sigterm().unwrap();
    let mut last = Value::Null;
    while last["type"] != "response.completed" {
        last = client.hear().await;
    }
    assert_eq!(client.closed().await.0, 1001);
    client.ended().await;
    assert_eq!(stage.gateway.wait_exit(SOON).await.unwrap().code, Some(0));
}
