//! Every kind of request, and every way in which one ends, is written down once.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::{by_call, calling, entries, entry_of};
use crate::support::{
    CHAT, Config, Dialect, MASTER, RecordingUpstream, SOON, SocketUpstream, Stage, UPSTREAM_KEY,
    chat_body, connect, eventually, simple,
};

const ANSWER: &str = r#"{"id":"chatcmpl-theirs","object":"chat.completion","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}"#;

async fn scripts(scripts: &[&str], router: Value) -> Stage {
    Stage::start(|mock, config| {
        scripts
            .iter()
            .fold(config, |config, script| {
                config.model(mock, script, Dialect::OpenAi, script)
            })
            .section("router_settings", json!({ "num_retries": 0 }))
            .section("router_settings", router)
    })
    .await
}

/// The entry is there as soon as the answer is: nothing is waited for.
#[tokio::test]
async fn answers_in_every_dialect_from_every_dialect() {
    let stage = Stage::start(|mock, config| {
        Dialect::ALL.iter().fold(config, |config, dialect| {
            config.model(mock, dialect.name(), *dialect, "mock")
        })
    })
    .await;
    let mut count = 0;
    for client in Dialect::ALL {
        for upstream in Dialect::ALL {
            for stream in [false, true] {
                let id = format!("{}-{}-{stream}", client.name(), upstream.name());
                let (path, body) = simple(upstream.name(), stream).request(client);
                let caller = calling(stage.client(), &id);
                let reply = caller.post(&path, &body).await.unwrap();
                assert_eq!(reply.status, 200, "{id}: {}", reply.text());
                count += 1;
                let all = entries(&stage.gateway);
                assert_eq!(all.len(), count, "{id}");
                let entry = all.iter().find(|entry| entry["call_id"] == id.as_str());
                let entry = entry.unwrap();
                assert_eq!(entry["status"], 200, "{entry}");
                assert_eq!(
                    entry["stream"].as_bool().unwrap_or(false),
                    stream,
                    "{entry}"
                );
                assert_eq!(entry["model_group"], upstream.name());
                assert_eq!(
                    (&entry["model"], &entry["key_id"]),
                    (&json!("mock"), &json!("litellm_proxy_master_key"))
                );
                assert!(
                    entry["tokens"]["input"].as_u64().unwrap() > 0,
                    "{id}: {entry}"
                );
                assert!(
                    entry["tokens"]["output"].as_u64().unwrap() > 0,
                    "{id}: {entry}"
                );
                let started = entry["started_at"].as_i64().unwrap();
                assert!(entry["ended_at"].as_i64().unwrap() >= started, "{entry}");
                let has_id = !matches!(client, Dialect::Ollama | Dialect::Bedrock);
                assert_eq!(entry["response_id"].is_string(), has_id, "{id}: {entry}");
                if let Some(id) = entry["response_id"].as_str() {
                    assert!(
                        reply.text().contains(&format!("\"{id}\"")),
                        "{}",
                        reply.text()
                    );
                }
            }
        }
    }
    assert!(
        by_call(&entries(&stage.gateway))
            .values()
            .all(|&count| count == 1)
    );
}

#[tokio::test]
async fn a_fallback_and_a_refusal_with_their_hops() {
    let router = json!({ "fallbacks": [{ "fail-500": ["fail-503", "mock"] }] });
    let stage = scripts(&["fail-500", "fail-503", "fail-400", "mock"], router).await;
    for (id, model) in [
        ("hops", "fail-500"),
        ("refused", "fail-400"),
        ("unknown", "nobody"),
    ] {
        let caller = calling(stage.client(), id);
        caller.post(CHAT, &chat_body(model, false)).await.unwrap();
    }
    let hops = entry_of(&stage.gateway, "hops").await;
    assert_eq!(
        (&hops["status"], &hops["fallbacks"]),
        (&json!(200), &json!(2))
    );
    assert_eq!(
        (&hops["model_group"], &hops["model"]),
        (&json!("fail-500"), &json!("mock"))
    );
    let refused = entry_of(&stage.gateway, "refused").await;
    assert_eq!(refused["status"], 400);
    assert!(refused["error"].as_str().unwrap().len() > 5, "{refused}");
    assert!(refused["tokens"].is_null(), "none were used: {refused}");
    let unknown = entry_of(&stage.gateway, "unknown").await;
    assert_eq!(
        (&unknown["model_group"], &unknown["provider"]),
        (&json!("nobody"), &json!(null))
    );
    assert_eq!(entries(&stage.gateway).len(), 3);
}

#[tokio::test]
async fn nothing_without_a_key_and_nothing_for_what_is_not_there() {
    let stage = scripts(&["mock"], json!({})).await;
    let body = chat_body("mock", false);
    let stranger = stage.gateway.client().bearer("sk-wrong");
    assert_eq!(stranger.post(CHAT, &body).await.unwrap().status, 401);
    assert_eq!(
        stage
            .client()
            .post("/v1/nothing", &body)
            .await
            .unwrap()
            .status,
        404
    );
    assert_eq!(stage.client().get("/v1/models").await.unwrap().status, 200);
    stage.chat("mock").await;
    assert_eq!(entries(&stage.gateway).len(), 1);
}

#[tokio::test]
async fn clients_that_leave() {
    let stage = scripts(&["hang", "mock-1000c-d20ms"], json!({})).await;
    let waiting = calling(stage.client(), "waiting");
    let body = chat_body("hang", false);
    tokio::select! {
        reply = waiting.post(CHAT, &body) => panic!("answered: {reply:?}"),
        arrived = stage.mock.wait_for_requests(1, SOON) => assert!(arrived),
    }
    let reading = calling(stage.client(), "reading");
    let body = chat_body("mock-1000c-d20ms", true);
    let mut reply = reading.stream(CHAT, &body).await.unwrap();
    assert!(reply.chunk().await.unwrap().is_some());
    drop(reply);
    for id in ["waiting", "reading"] {
        assert_eq!(entry_of(&stage.gateway, id).await["status"], 499, "{id}");
    }
    assert!(entry_of(&stage.gateway, "reading").await["response_id"].is_string());
    assert_eq!(entries(&stage.gateway).len(), 2);
}

#[tokio::test]
async fn upstreams_that_break_off() {
    let stage = scripts(&["cut-stream", "late-error-in-stream"], json!({})).await;
    for script in ["cut-stream", "late-error-in-stream"] {
        let caller = calling(stage.client(), script);
        let body = chat_body(script, true);
        let reply = caller.stream(CHAT, &body).await.unwrap();
        let _broken = reply.collect().await;
        let entry = entry_of(&stage.gateway, script).await;
        assert!(entry["error"].is_string(), "{entry}");
    }
    assert_eq!(entries(&stage.gateway).len(), 2);
}

#[tokio::test]
async fn a_response_made_in_the_background() {
    let stage = scripts(&["mock"], json!({})).await;
    let caller = calling(stage.client(), "later");
    let body = json!({ "model": "mock", "input": "Later.", "background": true });
    let begun = caller.post("/v1/responses", &body).await.unwrap().json();
    let id = begun["id"].as_str().unwrap();
    let path = format!("/v1/responses/{id}");
    eventually("the response is done", || async {
        let reply = stage.client().get(&path).await.unwrap();
        if reply.json()["status"] != "completed" {
            return false;
        }
        // Who sees the end finds the entry.
        assert_eq!(by_call(&entries(&stage.gateway)).get("later"), Some(&1));
        true
    })
    .await;
    let entry = entry_of(&stage.gateway, "later").await;
    assert_eq!(
        (&entry["status"], &entry["response_id"]),
        (&json!(200), &json!(id))
    );
    assert_eq!(entries(&stage.gateway).len(), 1);
}

#[tokio::test]
async fn what_is_passed_through() {
    let end = "/v1/chat/completions";
    let upstream = RecordingUpstream::start(&[
        (end, (200, "application/json", ANSWER)),
        ("/v1/files", (200, "application/json", r#"{"data":[]}"#)),
        ("/v1/empty", (204, "application/json", "")),
    ])
    .await;
    let gateway = lockgate_testkit::Gateway::builder()
        .config(Config::new().yaml())
        .env("OPENAI_API_KEY", UPSTREAM_KEY)
        .env("OPENAI_BASE_URL", upstream.url("/v1"))
        .start()
        .await
        .unwrap();
    let client = || gateway.client().bearer(MASTER);
    let chat = calling(client(), "chat");
    chat.post("/openai/v1/chat/completions", &json!({}))
        .await
        .unwrap();
    calling(client(), "files").get("/v1/files").await.unwrap();
    calling(client(), "empty")
        .get("/openai/v1/empty")
        .await
        .unwrap();
    let head = calling(client(), "head");
    head.send(Method::HEAD, "/openai/v1/files", Bytes::new())
        .await
        .unwrap();
    calling(gateway.client(), "stranger")
        .get("/v1/files")
        .await
        .unwrap();
    let entry = entry_of(&gateway, "chat").await;
    assert_eq!(entry["tokens"]["input"], 11);
    assert_eq!(entry["response_id"], "chatcmpl-theirs");
    assert_eq!(
        (&entry["operation"], &entry["provider"]),
        (&json!("pass_through"), &json!("openai"))
    );
    for (id, status) in [("files", 200), ("empty", 204), ("head", 200)] {
        let entry = entry_of(&gateway, id).await;
        assert_eq!(
            (&entry["status"], &entry["response_id"]),
            (&json!(status), &Value::Null)
        );
    }
    assert_eq!(entries(&gateway).len(), 4);
}

#[tokio::test]
async fn other_operations() {
    let stage = scripts(&["mock"], json!({})).await;
    for (path, body) in [
        ("/v1/embeddings", json!({ "model": "mock", "input": "a" })),
        ("/v1/completions", json!({ "model": "mock", "prompt": "a" })),
        ("/v1/moderations", json!({ "model": "mock", "input": "a" })),
        (
            "/v1/images/generations",
            json!({ "model": "mock", "prompt": "a" }),
        ),
        (
            "/v1/audio/speech",
            json!({ "model": "mock", "input": "a", "voice": "alloy" }),
        ),
        (
            "/v1/messages/count_tokens",
            json!({ "model": "mock", "messages": [{ "role": "user", "content": "a" }] }),
        ),
    ] {
        let caller = calling(stage.client(), path);
        let reply = caller.post(path, &body).await.unwrap();
        let entry = entry_of(&stage.gateway, path).await;
        assert_eq!(entry["status"], reply.status, "{path}: {}", reply.text());
    }
    assert_eq!(entries(&stage.gateway).len(), 6);
}

#[tokio::test]
async fn a_realtime_session() {
    let mut upstream = SocketUpstream::start().await;
    let config = Config::new().entry(json!({
        "model_name": "voice", "litellm_params": {
            "model": "openai/gpt-realtime", "api_base": upstream.url("/v1"),
            "api_key": UPSTREAM_KEY,
        },
    }));
    let gateway = lockgate_testkit::Gateway::builder().config(config.yaml());
    let gateway = gateway.start().await.unwrap();
    let mut client = connect(&gateway, "/v1/realtime?model=voice").await;
    let mut there = upstream.accept().await;
    there
        .say(&json!({"type": "response.done", "response": {"usage": {
            "input_tokens": 10, "output_tokens": 4,
        }}}))
        .await;
    client.hear().await;
    assert_eq!(entries(&gateway).len(), 0, "it goes on");
    client.close(1000, "done").await;
    there.closed().await;
    there.ended().await;
    client.ended().await;
    eventually("it is written down", || async {
        entries(&gateway).len() == 1
    })
    .await;
    let entry = &entries(&gateway)[0];
    assert_eq!(
        (&entry["status"], &entry["operation"]),
        (&json!(101), &json!("realtime"))
    );
    assert_eq!(entry["tokens"]["output"], 4);
}
