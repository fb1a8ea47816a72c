//! Responses that a provider keeps: ids lead back to it, also after a restart.

use http::Method;
use lockgate_testkit::Gateway;
use serde_json::{Value, json};

use super::RESPONSES;
use crate::support::{Config, MASTER, RecordingUpstream, UPSTREAM_KEY};

const WHOLE: &str = r#"{"id":"resp_theirs","object":"response","created_at":1,"status":"completed","model":"m-2026","previous_response_id":null,"output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","text":"Hi.","annotations":[]}]}],"usage":{"input_tokens":3,"output_tokens":1,"total_tokens":4}}"#;
const LATER: &str = r#"{"id":"resp_theirs","object":"response","created_at":1,"status":"completed","model":"m-2026","previous_response_id":"resp_before","output":[]}"#;
const GONE: &str = r#"{"id":"resp_theirs","object":"response.deleted","deleted":true}"#;
const ITEMS: &str = r#"{"object":"list","data":[{"type":"message","id":"msg_0","role":"user","content":[]}],"first_id":"msg_0","last_id":"msg_0","has_more":false}"#;
const REFUSED: &str = r#"{"error":{"message":"Cannot cancel a synchronous response.","type":"invalid_request_error","param":null,"code":null}}"#;
pub(super) const STREAM: &str = concat!(
    "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_theirs\",\"object\":\"response\",\"status\":\"in_progress\",\"model\":\"m-2026\",\"output\":[]}}\n\n",
    "event: response.in_progress\ndata: {\"type\":\"response.in_progress\",\"sequence_number\":1,\"response\":{\"id\":\"resp_theirs\",\"object\":\"response\",\"status\":\"in_progress\",\"model\":\"m-2026\",\"output\":[]}}\n\n",
    "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":2,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"Hi.\"}\n\n",
    "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":3,\"response\":{\"id\":\"resp_theirs\",\"object\":\"response\",\"status\":\"completed\",\"model\":\"m-2026\",\"previous_response_id\":null,\"output\":[{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\",\"status\":\"completed\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hi.\",\"annotations\":[]}]}],\"usage\":{\"input_tokens\":3,\"output_tokens\":1,\"total_tokens\":4}}}\n\n",
);

async fn upstream() -> RecordingUpstream {
    RecordingUpstream::start(&[
        ("/responses", (200, "application/json", WHOLE)),
        ("/responses/resp%5Ftheirs", (200, "application/json", LATER)),
        (
            "/responses/resp%5Ftheirs/input_items",
            (200, "application/json", ITEMS),
        ),
        (
            "/responses/resp%5Ftheirs/cancel",
            (400, "application/json", REFUSED),
        ),
    ])
    .await
}

async fn gateway(upstream: &RecordingUpstream) -> Gateway {
    let entry = |name: &str| {
        json!({
            "model_name": name,
            "litellm_params": {
                "model": format!("openai/{name}"), "api_base": upstream.url("/v1"),
                "api_key": UPSTREAM_KEY,
            },
        })
    };
    let config = Config::new().entry(entry("own")).entry(entry("other"));
    Gateway::builder()
        .config(config.yaml())
        .start()
        .await
        .unwrap()
}

async fn say(gateway: &Gateway, body: Value) -> Value {
    let client = gateway.client().bearer(MASTER);
    let reply = client.post(RESPONSES, &body).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

async fn ask(gateway: &Gateway, method: Method, path: &str) -> lockgate_testkit::Reply {
    let client = gateway.client().bearer(MASTER);
    let reply = client.send(method, path, bytes::Bytes::new()).await;
    reply.unwrap().collect().await.unwrap()
}

#[tokio::test]
async fn ids_are_the_gateways_whole_and_streamed() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let whole = say(&gateway, json!({ "model": "own", "input": "Hello?" })).await;
    let id = whole["id"].as_str().unwrap();
    assert!(id.starts_with("resp_") && id != "resp_theirs", "{id}");
    // What is kept here is not asked for.
    let kept = ask(&gateway, Method::GET, &format!("{RESPONSES}/{id}")).await;
    assert_eq!(kept.json(), whole);
    assert_eq!(upstream.arrived().len(), 1);
    // Nobody but the gateway can read an id, or make one.
    for id in ["resp_theirs", &format!("{id}A"), &id.replace('_', "_A")] {
        let reply = ask(&gateway, Method::GET, &format!("{RESPONSES}/{id}")).await;
        assert_eq!(reply.status, 404, "{id}: {}", reply.text());
    }

    let streaming = RecordingUpstream::start(&[("/responses", (200, "text/event-stream", STREAM))]);
    let streaming = streaming.await;
    let gateway = self::gateway(&streaming).await;
    let body = json!({ "model": "own", "input": "Hello?", "stream": true });
    let client = gateway.client().bearer(MASTER);
    let events = client.post(RESPONSES, &body).await.unwrap().events();
    let ids: Vec<Value> = events
        .iter()
        .filter_map(|event| {
            serde_json::from_str::<Value>(&event.data)
                .unwrap()
                .get("response")
                .cloned()
        })
        .map(|response| response["id"].clone())
        .collect();
    assert_eq!(ids.len(), 3);
    assert!(
        ids.iter().all(|id| *id == ids[0] && *id != "resp_theirs"),
        "{ids:?}"
    );
}

#[tokio::test]
async fn a_restart_forgets_nothing_that_the_provider_keeps() {
    let upstream = upstream().await;
    let first = gateway(&upstream).await;
    let said = say(&first, json!({ "model": "own", "input": "Hello?" })).await;
    let id = said["id"].as_str().unwrap();
    drop(first);

    let second = gateway(&upstream).await;
    let path = format!("{RESPONSES}/{id}");
    let found = ask(
        &second,
        Method::GET,
        &format!("{path}?include[]=reasoning&key=x"),
    )
    .await;
    assert_eq!(found.status, 200, "{}", found.text());
    let found = found.json();
    assert_eq!((&found["id"], &found["model"]), (&json!(id), &json!("own")));
    // The one before it has an id of ours, too, which leads there.
    let before = found["previous_response_id"].as_str().unwrap();
    assert!(
        before != "resp_before" && before.starts_with("resp_"),
        "{before}"
    );
    let asked = upstream.last();
    assert_eq!(
        (asked.method.as_str(), asked.target.as_str()),
        ("GET", "/v1/responses/resp%5Ftheirs?include[]=reasoning")
    );
    assert_eq!(
        asked.header("authorization"),
        format!("Bearer {UPSTREAM_KEY}")
    );

    let items = ask(&second, Method::GET, &format!("{path}/input_items?limit=3")).await;
    assert_eq!(items.json()["data"][0]["id"], "msg_0", "{}", items.text());
    let refused = ask(&second, Method::POST, &format!("{path}/cancel")).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("synchronous"), "{}", refused.text());

    let next = json!({ "model": "own", "input": "More.", "previous_response_id": id });
    let said = say(&second, next).await;
    assert_eq!(said["previous_response_id"], id);
    let sent: Value = serde_json::from_slice(&upstream.last().body).unwrap();
    assert_eq!(sent["previous_response_id"], "resp_theirs");
    assert_eq!(sent["input"], "More.");

    // Another model does not have it.
    let next = json!({ "model": "other", "input": "More.", "previous_response_id": id });
    let client = second.client().bearer(MASTER);
    let reply = client.post(RESPONSES, &next).await.unwrap();
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(reply.json()["error"]["code"], "previous_response_not_found");
}

#[tokio::test]
async fn deleting_deletes_at_the_provider_too() {
    let answers = [
        ("/responses", (200, "application/json", WHOLE)),
        ("/responses/resp%5Ftheirs", (200, "application/json", GONE)),
    ];
    let upstream = RecordingUpstream::start(&answers).await;
    let gateway = gateway(&upstream).await;
    let said = say(&gateway, json!({ "model": "own", "input": "Hello?" })).await;
    let path = format!("{RESPONSES}/{}", said["id"].as_str().unwrap());
    let gone = ask(&gateway, Method::DELETE, &path).await.json();
    assert_eq!((&gone["deleted"], &gone["id"]), (&json!(true), &said["id"]));
    let asked = upstream.last();
    assert_eq!(
        (asked.method.as_str(), asked.target.as_str()),
        ("DELETE", "/v1/responses/resp%5Ftheirs")
    );
}

#[tokio::test]
async fn a_conversation_stays_with_the_provider_that_has_it() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let body = json!({ "model": "own", "input": "Hello?", "conversation": "conv_1" });
    let said = say(&gateway, body).await;
    let sent: Value = serde_json::from_slice(&upstream.last().body).unwrap();
    assert_eq!(sent["conversation"], "conv_1");
    // What it held before is not known here, so the provider is asked to go on.
    let next = json!({ "model": "own", "input": "More.", "previous_response_id": said["id"] });
    say(&gateway, next).await;
    let sent: Value = serde_json::from_slice(&upstream.last().body).unwrap();
    assert_eq!(sent["previous_response_id"], "resp_theirs");
}
