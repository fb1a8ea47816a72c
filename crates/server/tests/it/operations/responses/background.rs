//! `background: true`: the answer is made while its client does something else.

use http::Method;
use lockgate_testkit::Signal;
use serde_json::{Value, json};

use super::{RESPONSES, TRANSLATED, ask, say, stage, text};
use crate::support::{Dialect, RecordingUpstream, SOON, Stage, UPSTREAM_KEY, eventually};

async fn get(stage: &Stage, id: &str) -> Value {
    let reply = ask(stage, Method::GET, &format!("{RESPONSES}/{id}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

async fn cancel(stage: &Stage, id: &str) -> Value {
    let reply = ask(stage, Method::POST, &format!("{RESPONSES}/{id}/cancel")).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn id_of(response: &Value) -> &str {
    response["id"].as_str().unwrap()
}

/// Polls until the response is as it will stay.
async fn done(stage: &Stage, id: &str) -> Value {
    eventually("the response is done", || async {
        let status = get(stage, id).await["status"].clone();
        status != "queued" && status != "in_progress"
    })
    .await;
    get(stage, id).await
}

fn datas(events: &[lockgate_testkit::SseEvent]) -> Vec<Value> {
    events
        .iter()
        .map(|event| serde_json::from_str(&event.data).unwrap())
        .collect()
}

/// Two deployments of a pace: one with the API of its own, one without.
async fn paced(script: &str) -> Stage {
    Stage::start(|mock, config| {
        config
            .model(mock, "native", Dialect::OpenAi, script)
            .model(mock, "chat", Dialect::Anthropic, script)
            .section("router_settings", json!({ "num_retries": 0 }))
    })
    .await
}

#[tokio::test]
async fn every_upstream_answers_in_the_background() {
    let stage = stage().await;
    for dialect in TRANSLATED {
        let model = dialect.name();
        let body = json!({ "model": model, "input": "Later, please.", "background": true });
        let begun = say(&stage, body).await;
        assert_eq!(begun["status"], "queued", "{begun}");
        assert_eq!(
            (&begun["background"], &begun["output"]),
            (&json!(true), &json!([]))
        );
        let whole = done(&stage, id_of(&begun)).await;
        assert_eq!(whole["status"], "completed", "{whole}");
        assert_eq!(whole["background"], true);
        assert_eq!(
            (text(&whole), &whole["model"]),
            ("Later, please.", &json!(model))
        );
        assert!(
            whole["usage"]["total_tokens"].as_u64().unwrap() > 0,
            "{whole}"
        );

        let next = json!({ "model": model, "input": "And?", "previous_response_id": begun["id"] });
        say(&stage, next).await;
        let sent = stage.mock.last_request().unwrap();
        let sent = String::from_utf8(sent.body.to_vec()).unwrap();
        assert_eq!(sent.matches("Later, please.").count(), 2, "{model}: {sent}");
    }
    let metrics = stage.client().get("/metrics").await.unwrap().text();
    assert!(metrics.contains("tokens"), "{metrics}");
}

#[tokio::test]
async fn a_client_is_answered_at_once_and_may_leave() {
    let stage = paced("mock-600ms").await;
    for model in ["native", "chat"] {
        let body = json!({ "model": model, "input": "Slowly.", "background": true });
        let begun = say(&stage, body).await;
        assert_eq!(begun["status"], "queued", "{model}");
        let items = format!("{RESPONSES}/{}/input_items", id_of(&begun));
        let items = ask(&stage, Method::GET, &items).await.json();
        assert_eq!(items["data"][0]["content"][0]["text"], "Slowly.", "{items}");
        let whole = done(&stage, id_of(&begun)).await;
        assert_eq!(whole["status"], "completed", "{whole}");
    }
    // Nobody took the upstream's connection away.
    assert_eq!(stage.mock.cancelled_count(), 0);
}

#[tokio::test]
async fn a_stream_survives_its_client_and_is_picked_up_where_it_was_left() {
    let stage = paced("mock-30c-d20ms").await;
    for model in ["native", "chat"] {
        let body = json!({ "model": model, "input": "Go.", "background": true, "stream": true });
        let mut stream = stage.client().stream(RESPONSES, &body).await.unwrap();
        let mut seen = Vec::new();
        while seen.len() < 8 {
            seen.push(stream.event().await.unwrap().unwrap());
        }
        drop(stream);
        let seen = datas(&seen);
        let id = id_of(&seen[0]["response"]).to_owned();
        let kinds: Vec<&str> = seen.iter().map(|e| e["type"].as_str().unwrap()).collect();
        assert_eq!(
            kinds[..3],
            [
                "response.created",
                "response.queued",
                "response.in_progress"
            ]
        );

        let path = format!("{RESPONSES}/{id}?stream=true&starting_after=7");
        let rest = datas(&stage.client().get(&path).await.unwrap().events());
        let all: Vec<Value> = seen.into_iter().chain(rest).collect();
        for (number, event) in all.iter().enumerate() {
            assert_eq!(event["sequence_number"], number, "{model}: {event}");
        }
        let deltas: String = all
            .iter()
            .filter(|event| event["type"] == "response.output_text.delta")
            .map(|event| event["delta"].as_str().unwrap())
            .collect();
        assert!(
            deltas.starts_with("t0 ") && deltas.contains("t29"),
            "{deltas}"
        );
        let last = all.last().unwrap();
        assert_eq!(last["type"], "response.completed");
        assert_eq!(last["response"], get(&stage, &id).await);
        assert_eq!(id_of(&last["response"]), id);

        // All of it once more, now that it is over.
        let path = format!("{RESPONSES}/{id}?stream=true");
        let again = datas(&stage.client().get(&path).await.unwrap().events());
        assert_eq!(again, all);
    }
    assert_eq!(stage.mock.cancelled_count(), 0);
}

#[tokio::test]
async fn cancelling_drops_the_upstream_request() {
    let stage = paced("mock-400c-d50ms").await;
    for (count, model) in (1..).zip(["native", "chat"]) {
        let body = json!({ "model": model, "input": "Never mind.", "background": true });
        let begun = say(&stage, body).await;
        let id = id_of(&begun).to_owned();
        eventually("the upstream answers", || async {
            get(&stage, &id).await["status"] == "in_progress"
        })
        .await;
        let cancelled = cancel(&stage, &id).await;
        assert_eq!(cancelled["status"], "cancelled", "{cancelled}");
        assert!(stage.mock.wait_for_cancelled(count, SOON).await, "{model}");
        // As often as one likes.
        assert_eq!(cancel(&stage, &id).await["status"], "cancelled");
        assert_eq!(get(&stage, &id).await["status"], "cancelled");
    }
}

#[tokio::test]
async fn what_is_done_is_not_cancelled() {
    let stage = paced("mock").await;
    let body = json!({ "model": "chat", "input": "Quick.", "background": true });
    let id = id_of(&say(&stage, body).await).to_owned();
    let whole = done(&stage, &id).await;
    assert_eq!(cancel(&stage, &id).await, whole);

    let foreground = say(&stage, json!({ "model": "chat", "input": "Now." })).await;
    let path = format!("{RESPONSES}/{}", id_of(&foreground));
    let refused = ask(&stage, Method::POST, &format!("{path}/cancel")).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert_eq!(refused.json()["error"]["type"], "invalid_request_error");
    let no_events = ask(&stage, Method::GET, &format!("{path}?stream=true")).await;
    assert_eq!(no_events.status, 400, "{}", no_events.text());
}

#[tokio::test]
async fn deleting_ends_what_is_in_the_making() {
    let stage = paced("mock-400c-d50ms").await;
    let body = json!({ "model": "chat", "input": "Forget it.", "background": true });
    let path = format!("{RESPONSES}/{}", id_of(&say(&stage, body).await));
    assert!(stage.mock.wait_for_requests(1, SOON).await);
    let gone = ask(&stage, Method::DELETE, &path).await.json();
    assert_eq!(gone["deleted"], true, "{gone}");
    assert!(stage.mock.wait_for_cancelled(1, SOON).await);
    eventually("it is forgotten", || async {
        ask(&stage, Method::GET, &path).await.status == 404
    })
    .await;
}

#[tokio::test]
async fn a_failure_is_told_by_the_response() {
    let stage = paced("fail-503").await;
    for model in ["native", "chat"] {
        let body = json!({ "model": model, "input": "Hm.", "background": true });
        let failed = done(&stage, id_of(&say(&stage, body).await)).await;
        assert_eq!(failed["status"], "failed", "{failed}");
        assert_eq!(failed["error"]["code"], "server_error", "{failed}");
        let body = json!({ "model": model, "input": "Hm.", "background": true, "stream": true });
        let events = stage
            .client()
            .post(RESPONSES, &body)
            .await
            .unwrap()
            .events();
        let events = datas(&events);
        assert_eq!(events.last().unwrap()["type"], "response.failed");
    }
    let cut = paced("cut-stream").await;
    for model in ["native", "chat"] {
        let body = json!({ "model": model, "input": "Hm.", "background": true });
        let failed = done(&cut, id_of(&say(&cut, body).await)).await;
        assert_eq!(failed["status"], "failed", "{failed}");
    }
}

#[tokio::test]
async fn what_cannot_be_begun_is_refused() {
    let stage = paced("mock").await;
    for (body, param) in [
        (
            json!({ "model": "chat", "input": "x", "background": true, "store": false }),
            "store",
        ),
        (
            json!({ "model": "nobody", "input": "x", "background": true }),
            "model",
        ),
        (
            json!({ "model": "chat", "input": "x", "background": true, "previous_response_id": "resp_x" }),
            "previous_response_id",
        ),
    ] {
        let reply = stage.client().post(RESPONSES, &body).await.unwrap();
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert_eq!(reply.json()["error"]["param"], param);
    }
    assert_eq!(stage.mock.request_count(), 0);
}

#[tokio::test]
async fn only_so_many_are_made_at_once() {
    let stage = Stage::start(|mock, config| {
        config
            .model(mock, "chat", Dialect::Anthropic, "mock-400c-d50ms")
            .section(
                "lockgate_settings",
                json!({ "max_background_responses": 2 }),
            )
    })
    .await;
    let body = json!({ "model": "chat", "input": "One more.", "background": true });
    let first = say(&stage, body.clone()).await;
    say(&stage, body.clone()).await;
    let third = stage.client().post(RESPONSES, &body).await.unwrap();
    assert_eq!(third.status, 429, "{}", third.text());
    let error = &third.json()["error"];
    assert_eq!(error["code"], "too_many_background_responses");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("2 responses"),
        "{error}"
    );
    // One is given up, and there is room again.
    cancel(&stage, id_of(&first)).await;
    eventually("there is room", || async {
        stage.client().post(RESPONSES, &body).await.unwrap().status == 200
    })
    .await;
}

#[tokio::test]
async fn a_drain_waits_for_the_background() {
    let mut stage = paced("mock-20c-d40ms").await;
    let body = json!({ "model": "chat", "input": "Until the end.", "background": true });
    say(&stage, body).await;
    assert!(stage.mock.wait_for_requests(1, SOON).await);
    lockgate_testkit::send_signal(stage.gateway.pid(), Signal::TERM).unwrap();
    let exited = stage.gateway.wait_exit(SOON).await.unwrap();
    assert_eq!(exited.code, Some(0), "{exited:?}");
    assert_eq!(stage.mock.cancelled_count(), 0);
}

#[tokio::test]
async fn a_drain_waits_no_longer_than_it_may() {
    let mut stage = Stage::start(|mock, config| {
        config
            .model(mock, "chat", Dialect::Anthropic, "mock-999c-d100ms")
            .section("lockgate_settings", json!({ "drain_timeout": 0.2 }))
    })
    .await;
    let body = json!({ "model": "chat", "input": "For ever.", "background": true });
    say(&stage, body).await;
    assert!(stage.mock.wait_for_requests(1, SOON).await);
    stage.gateway.sigterm().unwrap();
    let exited = stage.gateway.wait_exit(SOON).await.unwrap();
    assert_eq!(exited.code, Some(0), "{exited:?}");
    assert!(stage.mock.wait_for_cancelled(1, SOON).await);
}

/// The upstream is asked for a stream and in the foreground, whatever its client wants.
#[tokio::test]
async fn the_upstream_hears_nothing_of_the_background() {
    let upstream = RecordingUpstream::start(&[(
        "/responses",
        (200, "text/event-stream", super::provider::STREAM),
    )])
    .await;
    let stage = Stage::start(|_, config| {
        config.entry(json!({
            "model_name": "own",
            "litellm_params": {
                "model": "openai/m", "api_base": upstream.url("/v1"), "api_key": UPSTREAM_KEY,
            },
        }))
    })
    .await;
    let body = json!({ "model": "own", "input": "Hello?", "background": true });
    let whole = done(&stage, id_of(&say(&stage, body).await)).await;
    assert_eq!((text(&whole), &whole["model"]), ("Hi.", &json!("own")));
    let asked: Value = serde_json::from_slice(&upstream.last().body).unwrap();
    assert_eq!(
        (&asked["stream"], &asked["background"]),
        (&json!(true), &Value::Null)
    );
}
