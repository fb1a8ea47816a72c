//! Where a request goes when its model group cannot answer.

use serde_json::{Value, json};

use crate::support::{CHAT, Config, Dialect, Stage, TEXT, chat_body, text_of};

/// Groups named after their scripts, and the router's settings.
async fn stage(router: Value) -> Stage {
    Stage::start(|mock, config: Config| {
        [
            "fail-500",
            "fail-503",
            "fail-400",
            "context-window",
            "content-policy",
            "mock",
            "echo",
        ]
        .iter()
        .fold(config, |config, script| {
            config.model(mock, script, Dialect::OpenAi, script)
        })
        .section("router_settings", json!({ "num_retries": 0 }))
        .section("router_settings", router)
    })
    .await
}

#[tokio::test]
async fn from_the_routers_list() {
    let stage = stage(json!({ "fallbacks": [{ "fail-500": ["fail-503", "mock"] }] })).await;
    let reply = stage.chat("fail-500").await;
    assert_eq!(text_of(&reply), TEXT);
    assert_eq!(reply.header("x-litellm-attempted-fallbacks"), Some("2"));
    assert_eq!(reply.header("x-litellm-model-group"), Some("mock"));
    assert_eq!(
        reply.json()["model"],
        "fail-500",
        "the client's name for it stays"
    );
    // A group without a list of its own has none.
    assert_eq!(stage.chat("fail-503").await.status, 503);
}

#[tokio::test]
async fn from_the_settings_of_litellm() {
    let stage = Stage::start(|mock, config| {
        config
            .model(mock, "fail-500", Dialect::OpenAi, "fail-500")
            .model(mock, "mock", Dialect::OpenAi, "mock")
            .section(
                "litellm_settings",
                json!({ "num_retries": 0, "fallbacks": [{ "fail-500": ["mock"] }] }),
            )
    })
    .await;
    assert_eq!(text_of(&stage.chat("fail-500").await), TEXT);
}

#[tokio::test]
async fn from_the_list_for_all_groups_and_the_default() {
    let starred = stage(json!({ "fallbacks": [{ "*": ["mock"] }] })).await;
    assert_eq!(text_of(&starred.chat("fail-500").await), TEXT);
    let default = stage(json!({ "default_fallbacks": ["mock"] })).await;
    assert_eq!(text_of(&default.chat("fail-503").await), TEXT);
}

#[tokio::test]
async fn from_the_deployment() {
    let stage = Stage::start(|mock, config| {
        let inline = json!({
            "num_retries": 0,
            "fallbacks": [{ "model": "ollama/mock", "api_base": mock.url("") }],
        });
        let named = json!({ "num_retries": 0, "fallbacks": ["good"] });
        config
            .model_with(mock, "inline", Dialect::OpenAi, "fail-500", inline)
            .model_with(mock, "named", Dialect::OpenAi, "fail-500", named)
            .model(mock, "good", Dialect::Gemini, "mock")
    })
    .await;
    for model in ["inline", "named"] {
        let reply = stage.chat(model).await;
        assert_eq!(text_of(&reply), TEXT, "{model}");
        assert_eq!(reply.header("x-litellm-attempted-fallbacks"), Some("1"));
        let streamed = stage.chat_stream(model).await.collect().await.unwrap();
        assert!(
            streamed.text().ends_with("data: [DONE]\n\n"),
            "{}",
            streamed.text()
        );
    }
    let listed = stage.client().get("/v1/models").await.unwrap().text();
    assert!(
        !listed.contains("ollama/mock"),
        "a fallback is no public model: {listed}"
    );
}

#[tokio::test]
async fn from_the_request() {
    let stage = stage(json!({})).await;
    let reply = stage
        .chat_with("fail-500", json!({ "fallbacks": ["fail-503", "mock"] }))
        .await;
    assert_eq!(text_of(&reply), TEXT);
    assert!(stage.mock.last_request().unwrap().json()["fallbacks"].is_null());
}

#[tokio::test]
async fn from_the_request_with_messages_of_its_own() {
    let stage = stage(json!({})).await;
    let hop =
        json!([{ "model": "echo", "messages": [{ "role": "user", "content": "other words" }] }]);
    let reply = stage
        .chat_with("fail-500", json!({ "fallbacks": hop }))
        .await;
    assert_eq!(text_of(&reply), "other words");
}

#[tokio::test]
async fn the_request_may_refuse_them() {
    let stage = stage(json!({ "fallbacks": [{ "fail-500": ["mock"] }] })).await;
    let reply = stage
        .chat_with("fail-500", json!({ "disable_fallbacks": true }))
        .await;
    assert_eq!(reply.status, 500);
    assert_eq!(stage.asked_for("mock"), 0);
}

#[tokio::test]
async fn a_client_may_not_bring_an_upstream_of_its_own() {
    let stage = stage(json!({})).await;
    for hop in [
        json!([{ "model": "mock", "api_base": "http://169.254.169.254" }]),
        json!([{ "model": "mock", "api_key": "sk-x" }]),
        json!([{ "model": "openai/gpt-4o", "base_url": "http://evil.example" }]),
    ] {
        let reply = stage
            .chat_with("fail-500", json!({ "fallbacks": hop }))
            .await;
        assert_eq!(reply.status, 401, "{hop}: {}", reply.text());
    }
    assert_eq!(stage.mock.request_count(), 0);
}

/// A model that nobody configured is not reachable by naming it as a fallback.
#[tokio::test]
async fn a_client_may_not_reach_a_model_that_is_not_configured() {
    let stage = stage(json!({})).await;
    let reply = stage
        .chat_with("fail-500", json!({ "fallbacks": ["openai/mock"] }))
        .await;
    assert_eq!(reply.status, 500);
    assert_eq!(stage.asked_for("mock"), 0);
}

#[tokio::test]
async fn a_prompt_that_does_not_fit_goes_to_the_list_for_it() {
    let rules = json!({
        "context_window_fallbacks": [{ "context-window": ["mock"] }],
        "fallbacks": [{ "context-window": ["fail-503"] }],
    });
    let stage = stage(rules).await;
    assert_eq!(text_of(&stage.chat("context-window").await), TEXT);
    assert_eq!(stage.asked_for("fail-503"), 0);
    assert_eq!(stage.asked_for("context-window"), 1, "it was repeated");
}

#[tokio::test]
async fn refused_content_goes_to_the_list_for_it() {
    let rules = json!({ "content_policy_fallbacks": [{ "content-policy": ["mock"] }] });
    let stage = stage(rules).await;
    assert_eq!(text_of(&stage.chat("content-policy").await), TEXT);
    assert_eq!(stage.asked_for("content-policy"), 1, "it was repeated");
}

#[tokio::test]
async fn prompts_that_do_not_fit_are_recognised_in_every_dialect() {
    let stage = Stage::start(|mock, config| {
        let groups = Dialect::ALL.map(|upstream| upstream.name());
        Dialect::ALL
            .iter()
            .fold(config, |config, upstream| {
                config.model(mock, upstream.name(), *upstream, "context-window")
            })
            .model(mock, "large", Dialect::OpenAi, "mock")
            .section(
                "router_settings",
                json!({
                    "num_retries": 0,
                    "context_window_fallbacks": groups.map(|group| json!({ group: ["large"] })),
                }),
            )
    })
    .await;
    for upstream in Dialect::ALL {
        assert_eq!(
            text_of(&stage.chat(upstream.name()).await),
            TEXT,
            "{upstream:?}"
        );
    }
}

#[tokio::test]
async fn the_first_error_is_told_when_all_fail() {
    let stage = stage(json!({ "fallbacks": [{ "fail-503": ["fail-500", "fail-400"] }] })).await;
    let reply = stage.chat("fail-503").await;
    assert_eq!(reply.status, 503);
    assert!(
        !reply.text().contains("fail-500"),
        "it tells what else there is: {}",
        reply.text()
    );
}

#[tokio::test]
async fn circles_end() {
    let circle = json!({ "fallbacks": [
        { "fail-500": ["fail-503"] },
        { "fail-503": ["fail-500"] },
    ] });
    let stage = stage(circle).await;
    let exchange = tokio::time::timeout(crate::support::SOON, stage.chat("fail-500"));
    assert_eq!(exchange.await.expect("it goes round and round").status, 500);
    assert!(stage.mock.request_count() <= 6);
}

/// Across dialects, streamed: the fallback speaks another one than the group that failed.
#[tokio::test]
async fn across_dialects() {
    let stage = Stage::start(|mock, config| {
        config
            .model(mock, "first", Dialect::Anthropic, "fail-529")
            .model(mock, "second", Dialect::Gemini, "fail-503")
            .model(mock, "third", Dialect::Ollama, "mock")
            .section(
                "router_settings",
                json!({ "num_retries": 0, "fallbacks": [{ "first": ["second", "third"] }] }),
            )
    })
    .await;
    let reply = stage
        .client()
        .post(CHAT, &chat_body("first", true))
        .await
        .unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.text().contains(" mock."), "{}", reply.text());
    assert!(reply.text().ends_with("data: [DONE]\n\n"));
}
