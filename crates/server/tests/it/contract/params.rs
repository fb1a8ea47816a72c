//! Parameters: dropped, refused, passed, or kept from the provider.

use serde_json::{Value, json};

use crate::support::{Dialect, Stage, TEXT, simple, text_of};

/// One group per dialect; `settings` are LiteLLM's.
async fn stage(settings: Value) -> Stage {
    Stage::start(|mock, config| {
        Dialect::ALL
            .iter()
            .fold(config, |config, dialect| {
                config.model(mock, dialect.name(), *dialect, "mock")
            })
            .section("litellm_settings", settings)
    })
    .await
}

#[tokio::test]
async fn what_cannot_be_expressed_is_refused_by_default() {
    let stage = stage(json!({})).await;
    let reply = stage
        .chat_with("anthropic", json!({ "logit_bias": { "1": 5 } }))
        .await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    let body = reply.json();
    assert!(
        body["error"]["message"].to_string().contains("logit_bias"),
        "{body}"
    );
    Dialect::OpenAi.assert_error(400, &body);
    assert_eq!(stage.mock.request_count(), 0);
}

#[tokio::test]
async fn what_cannot_be_expressed_is_dropped_and_named_where_that_is_allowed() {
    let globally = stage(json!({ "drop_params": true })).await;
    let locally = stage(json!({})).await;
    let lost = json!({ "logit_bias": { "1": 5 } });
    let asked = json!({ "logit_bias": { "1": 5 }, "drop_params": true });
    for reply in [
        globally.chat_with("anthropic", lost).await,
        locally.chat_with("anthropic", asked).await,
    ] {
        assert_eq!(text_of(&reply), TEXT);
        let dropped = reply.header("x-lockgate-dropped").unwrap_or_default();
        assert!(dropped.contains("logit_bias"), "{dropped:?}");
    }
}

#[tokio::test]
async fn the_request_has_the_last_word() {
    let stage = stage(json!({ "drop_params": true })).await;
    let insists = json!({ "logit_bias": { "1": 5 }, "drop_params": false });
    assert_eq!(stage.chat_with("anthropic", insists).await.status, 400);
}

#[tokio::test]
async fn nothing_is_dropped_where_nothing_is_lost() {
    let stage = stage(json!({})).await;
    let no_stop = json!(["END"]);
    for upstream in Dialect::ALL {
        // The Responses API has no stop sequences.
        let more = match upstream {
            Dialect::Responses => json!({ "temperature": 0.5, "top_p": 0.9, "max_tokens": 9 }),
            _ => json!({ "temperature": 0.5, "top_p": 0.9, "stop": ["END"], "max_tokens": 9 }),
        };
        let reply = stage.chat_with(upstream.name(), more).await;
        assert_eq!(text_of(&reply), TEXT, "{upstream:?}");
        assert_eq!(reply.header("x-lockgate-dropped"), None, "{upstream:?}");
        let request = stage.mock.last_request().unwrap().json();
        let (temperature, stop) = match upstream {
            Dialect::OpenAi => (&request["temperature"], &request["stop"]),
            Dialect::Anthropic => (&request["temperature"], &request["stop_sequences"]),
            Dialect::Gemini => (
                &request["generationConfig"]["temperature"],
                &request["generationConfig"]["stopSequences"],
            ),
            Dialect::Cohere => (&request["temperature"], &request["stop_sequences"]),
            Dialect::Bedrock => (
                &request["inferenceConfig"]["temperature"],
                &request["inferenceConfig"]["stopSequences"],
            ),
            Dialect::Responses => (&request["temperature"], &no_stop),
            Dialect::Ollama => (
                &request["options"]["temperature"],
                &request["options"]["stop"],
            ),
        };
        assert_eq!(*temperature, 0.5, "{request}");
        assert_eq!(*stop, json!(["END"]), "{request}");
    }
}

/// What is meant for the gateway stays here; what nobody knows goes to a provider of the same dialect.
#[tokio::test]
async fn members_for_the_gateway_do_not_travel() {
    let stage = stage(json!({})).await;
    let more = json!({
        "metadata": { "team": "a" },
        "litellm_metadata": { "x": 1 },
        "tags": ["a"],
        "num_retries": 0,
        "timeout": 30,
        "fallbacks": [],
        "guardrails": ["x"],
        "cache": { "no-cache": true },
        "no-log": true,
        "mock_response": "from the client",
        "brand_new": { "kept": [1, 2] },
        "user": "u-1",
    });
    let reply = stage.chat_with("openai", more).await;
    assert_eq!(
        text_of(&reply),
        TEXT,
        "a client's mock_response is not obeyed"
    );
    let request = stage.mock.last_request().unwrap().json();
    let mut names: Vec<&str> = request
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["brand_new", "messages", "model", "user"],
        "{request}"
    );
    assert_eq!(request["brand_new"], json!({ "kept": [1, 2] }));
}

#[tokio::test]
async fn members_that_direct_credentials_are_refused() {
    let stage = stage(json!({})).await;
    for name in [
        "api_base",
        "base_url",
        "api_key",
        "user_config",
        "model_list",
        "aws_sts_endpoint",
        "aws_role_name",
        "vertex_credentials",
        "azure_ad_token",
        "litellm_credential_name",
        "langfuse_host",
    ] {
        for dialect in Dialect::ALL {
            let (path, mut body) = simple("openai", false).request(dialect);
            body[name] = json!("http://169.254.169.254/latest");
            let reply = stage.client().post(&path, &body).await.unwrap();
            assert_eq!(reply.status, 401, "{dialect:?} {name}: {}", reply.text());
            dialect.assert_error(401, &reply.json());
        }
    }
    assert_eq!(stage.mock.request_count(), 0);
}

/// Reference section 3.6: the refusal also covers what is nested.
#[tokio::test]
async fn nested_members_that_direct_credentials_go_nowhere() {
    let stage = stage(json!({})).await;
    for name in [
        "metadata",
        "litellm_metadata",
        "extra_body",
        "litellm_params",
    ] {
        let nested = json!({ name: { "api_base": "http://127.0.0.1:1", "api_key": "sk-x" } });
        let reply = stage.chat_with("openai", nested).await;
        assert!(
            matches!(reply.status, 200 | 400 | 401),
            "{name}: {}",
            reply.text()
        );
        for seen in stage.mock.requests() {
            assert_eq!(
                seen.header("authorization"),
                Some("Bearer sk-it-upstream-5e77a1")
            );
        }
    }
}

#[tokio::test]
async fn members_for_gateways_under_test_are_refused() {
    let stage = stage(json!({})).await;
    let reply = stage
        .chat_with("openai", json!({ "mock_testing_fallbacks": true }))
        .await;
    assert_eq!(reply.status, 400, "{}", reply.text());
}

#[tokio::test]
async fn additional_drops_reach_into_the_body() {
    let stage = Stage::start(|mock, config| {
        let more = json!({ "additional_drop_params": ["user", "messages[*].name"] });
        config.model_with(mock, "m", Dialect::OpenAi, "mock", more)
    })
    .await;
    let more = json!({
        "user": "u-1",
        "messages": [{ "role": "user", "name": "Ada", "content": "Say hello." }],
    });
    assert_eq!(text_of(&stage.chat_with("m", more).await), TEXT);
    let request = stage.mock.last_request().unwrap().json();
    assert!(request["user"].is_null(), "{request}");
    assert_eq!(
        request["messages"],
        json!([{ "role": "user", "content": "Say hello." }])
    );
}

#[tokio::test]
async fn the_operators_parameters() {
    let stage = Stage::start(|mock, config| {
        let more = json!({
            "temperature": 0.1,
            "max_tokens": 77,
            "extra_body": { "chat_template_kwargs": { "thinking": false } },
            "extra_headers": { "x-extra": "yes" },
        });
        config.model_with(mock, "m", Dialect::OpenAi, "mock", more)
    })
    .await;
    assert_eq!(
        text_of(&stage.chat_with("m", json!({ "temperature": 0.8 })).await),
        TEXT
    );
    let seen = stage.mock.last_request().unwrap();
    let request = seen.json();
    assert_eq!(request["temperature"], 0.8, "the client's wins: {request}");
    assert_eq!(request["max_tokens"], 77, "{request}");
    assert_eq!(
        request["chat_template_kwargs"],
        json!({ "thinking": false })
    );
    assert_eq!(seen.header("x-extra"), Some("yes"));
}

#[tokio::test]
async fn a_canned_answer_of_the_operator() {
    let stage = Stage::start(|mock, config| {
        config.model_with(
            mock,
            "m",
            Dialect::OpenAi,
            "mock",
            json!({ "mock_response": "canned" }),
        )
    })
    .await;
    assert_eq!(text_of(&stage.chat("m").await), "canned");
    let streamed = stage.chat_stream("m").await.collect().await.unwrap();
    assert!(streamed.text().contains("canned"), "{}", streamed.text());
    assert!(streamed.text().ends_with("data: [DONE]\n\n"));
    assert_eq!(stage.mock.request_count(), 0);
}
