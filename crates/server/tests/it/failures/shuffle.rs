//! Which deployment of a group is asked.

use serde_json::{Value, json};

use crate::support::{Config, Dialect, Stage, TEXT, text_of};

/// Two deployments of one group that differ in `one` and `other`.
async fn pair(one: Value, other: Value) -> Stage {
    Stage::start(|mock, config: Config| {
        config
            .model_with(mock, "group", Dialect::OpenAi, "mock-1c", one)
            .model_with(mock, "group", Dialect::OpenAi, "mock-2c", other)
    })
    .await
}

/// How many of so many requests each of the two got.
async fn spread(stage: &Stage, requests: u32) -> [u64; 2] {
    let client = stage.client();
    let mut counts = [0, 0];
    for _ in 0..requests {
        let reply = client
            .post(
                crate::support::CHAT,
                &crate::support::chat_body("group", false),
            )
            .await
            .unwrap();
        match text_of(&reply).as_str() {
            "t0 " => counts[0] += 1,
            "t0 t1 " => counts[1] += 1,
            other => panic!("{other}"),
        }
    }
    counts
}

// The bounds lie more than five standard deviations away from what is expected.

#[tokio::test]
async fn evenly() {
    let [one, other] = spread(&pair(json!({}), json!({})).await, 200).await;
    assert!(one > 60 && other > 60, "{one} to {other}");
}

#[tokio::test]
async fn by_weight() {
    let [one, other] = spread(
        &pair(json!({ "weight": 9 }), json!({ "weight": 1 })).await,
        200,
    )
    .await;
    assert!(one > 150 && other > 0, "{one} to {other}");
}

#[tokio::test]
async fn by_requests_per_minute() {
    let [one, other] = spread(
        &pair(json!({ "rpm": 100 }), json!({ "rpm": 900 })).await,
        200,
    )
    .await;
    assert!(other > 150 && one > 0, "{one} to {other}");
}

#[tokio::test]
async fn a_weight_of_nothing_is_never_asked_first() {
    let [_, other] = spread(
        &pair(json!({ "weight": 1 }), json!({ "weight": 0 })).await,
        50,
    )
    .await;
    assert_eq!(other, 0);
}

#[tokio::test]
async fn by_order() {
    let stage = pair(json!({ "order": 2 }), json!({ "order": 1 })).await;
    assert_eq!(spread(&stage, 20).await, [0, 20]);
}

#[tokio::test]
async fn the_higher_order_when_the_lower_fails() {
    let stage = Stage::start(|mock, config: Config| {
        config
            .model_with(
                mock,
                "group",
                Dialect::OpenAi,
                "fail-500",
                json!({ "order": 1 }),
            )
            .model_with(
                mock,
                "group",
                Dialect::OpenAi,
                "mock",
                json!({ "order": 2 }),
            )
            .section("router_settings", json!({ "num_retries": 0 }))
    })
    .await;
    for _ in 0..3 {
        assert_eq!(text_of(&stage.chat("group").await), TEXT);
    }
}

#[tokio::test]
async fn a_deployment_by_its_id() {
    let stage = Stage::start(|mock, config| {
        ["mock-1c", "mock-2c"].iter().fold(config, |config, script| {
            config.entry(json!({
                "model_name": "group",
                "litellm_params": { "model": format!("openai/{script}"), "api_base": mock.url("/v1"), "api_key": "k" },
                "model_info": { "id": format!("id-of-{script}") },
            }))
        })
    })
    .await;
    for _ in 0..5 {
        let reply = stage.chat("id-of-mock-2c").await;
        assert_eq!(text_of(&reply), "t0 t1 ");
        assert_eq!(reply.header("x-litellm-model-id"), Some("id-of-mock-2c"));
    }
}

#[tokio::test]
async fn no_more_at_once_than_a_deployment_takes() {
    let stage = Stage::start(|mock, config: Config| {
        config
            .model_with(
                mock,
                "group",
                Dialect::OpenAi,
                "hang",
                json!({ "max_parallel_requests": 1 }),
            )
            .section("router_settings", json!({ "num_retries": 0 }))
    })
    .await;
    let busy = stage.chat("group");
    let next = async {
        assert!(stage.mock.wait_for_requests(1, crate::support::SOON).await);
        stage.chat("group").await
    };
    tokio::select! {
        reply = busy => panic!("answered: {reply:?}"),
        reply = next => assert_eq!(reply.status, 429, "{}", reply.text()),
    }
    assert_eq!(stage.mock.request_count(), 1);
}

#[tokio::test]
async fn aliases_and_wildcards() {
    let stage = Stage::start(|mock, config| {
        config
            .model(mock, "real", Dialect::OpenAi, "mock")
            .model(mock, "any/*", Dialect::OpenAi, "*")
            .section(
                "router_settings",
                json!({ "model_group_alias": { "gpt-4": "real" } }),
            )
    })
    .await;
    let reply = stage.chat("gpt-4").await;
    assert_eq!(text_of(&reply), TEXT);
    assert_eq!(reply.json()["model"], "gpt-4");
    assert_eq!(stage.mock.last_request().unwrap().model, "mock");
    assert_eq!(text_of(&stage.chat("any/mock-2c").await), "t0 t1 ");
    assert_eq!(stage.mock.last_request().unwrap().model, "mock-2c");
    assert_eq!(stage.chat("other/mock").await.status, 400);
}
