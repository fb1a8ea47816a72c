//! Log lines: what they are, and what they never hold.

use serde_json::{Value, json};

use crate::support::{CHAT, Dialect, MASTER, SOON, Stage, UPSTREAM_KEY, chat_body, simple};

/// Every kind of request this gateway sees, good and bad, in every dialect.
async fn exercise(stage: &Stage) {
    let wrong = "sk-somebodys-wrong-key";
    for dialect in Dialect::ALL {
        for model in [
            "mock",
            "fail-401",
            "fail-500",
            "cut-stream",
            "hang",
            "nobody",
        ] {
            for stream in [false, true] {
                let (path, body) = simple(model, stream).request(dialect);
                let client = stage.client().header("x-litellm-timeout", "0.1");
                client.post(&path, &body).await.unwrap();
            }
        }
        let (path, body) = simple("mock", false).request(dialect);
        stage
            .gateway
            .client()
            .bearer(wrong)
            .post(&path, &body)
            .await
            .unwrap();
        stage.client().post_bytes(&path, "{").await.unwrap();
    }
    for path in [
        "/metrics",
        "/health?model=fail-500",
        "/v1/models",
        "/nowhere",
    ] {
        stage.client().get(path).await.unwrap();
    }
    let keyed = format!("/v1beta/models/mock:generateContent?key={MASTER}");
    let (_, body) = simple("mock", false).request(Dialect::Gemini);
    stage.gateway.client().post(&keyed, &body).await.unwrap();
    let unknown = format!("/nowhere?key={MASTER}");
    stage.gateway.client().get(&unknown).await.unwrap();
    let mut banned = chat_body("mock", false);
    banned["api_key"] = json!("sk-a-clients-own-key");
    stage.client().post(CHAT, &banned).await.unwrap();
}

async fn stage(arg: Option<&str>) -> Stage {
    Stage::start_with(
        |mock, config| {
            ["mock", "fail-401", "fail-500", "cut-stream", "hang"]
                .iter()
                .fold(config, |config, script| {
                    config.model_with(
                        mock,
                        script,
                        Dialect::OpenAi,
                        script,
                        json!({ "extra_headers": { "x-private": "sk-it-extra-header" } }),
                    )
                })
                .model(mock, "gemini", Dialect::Gemini, "fail-500")
                .section("router_settings", json!({ "num_retries": 0 }))
                .section(
                    "environment_variables",
                    json!({ "SOME_SECRET": "sk-it-in-the-file" }),
                )
        },
        |builder| {
            let builder = builder
                .env("LITELLM_LOG", "DEBUG")
                .env("OPENAI_API_KEY", "sk-it-in-the-environment");
            match arg {
                Some(arg) => builder.arg(arg),
                None => builder,
            }
        },
    )
    .await
}

#[tokio::test]
async fn never_a_secret() {
    for arg in [None, Some("--detailed_debug")] {
        let mut stage = stage(arg).await;
        exercise(&stage).await;
        stage.gateway.sigterm().unwrap();
        stage.gateway.wait_exit(SOON).await.unwrap();
        let logs = stage.gateway.logs();
        assert!(
            logs.lines().count() > 10,
            "there is something to look at: {logs}"
        );
        for secret in [
            MASTER,
            UPSTREAM_KEY,
            "sk-it-extra-header",
            "sk-it-in-the-file",
            "sk-it-in-the-environment",
            "sk-somebodys-wrong-key",
            "sk-a-clients-own-key",
        ] {
            assert!(
                !logs.contains(secret),
                "{arg:?}: {secret} is in the logs: {logs}"
            );
        }
        assert!(
            !logs.contains("Say hello."),
            "{arg:?}: a prompt is in the logs: {logs}"
        );
        assert!(!logs.contains("panicked"), "{logs}");
    }
}

/// A provider's refusal may quote the key it was sent.
#[tokio::test]
async fn never_a_key_that_a_provider_quotes() {
    let quoting = crate::support::RawUpstream::start(
        401,
        &[],
        r#"{"error":{"message":"Incorrect API key provided: sk-it-upstream-5e77a1.","type":"invalid_request_error"}}"#,
    )
    .await;
    let stage = Stage::start(|_, config| {
        config.entry(json!({
            "model_name": "m",
            "litellm_params": { "model": "openai/x", "api_base": quoting.url("/v1"), "api_key": UPSTREAM_KEY },
        }))
    })
    .await;
    let reply = stage.chat("m").await;
    assert_eq!(reply.status, 401);
    assert!(
        !reply.text().contains(UPSTREAM_KEY),
        "the client is told: {}",
        reply.text()
    );
    assert!(
        !stage.gateway.logs().contains(UPSTREAM_KEY),
        "{}",
        stage.gateway.logs()
    );
}

#[tokio::test]
async fn json_lines() {
    let by_file = Stage::start(|mock, config| {
        config
            .model(mock, "fail-500", Dialect::OpenAi, "fail-500")
            .section(
                "litellm_settings",
                json!({ "json_logs": true, "num_retries": 0, "nonsense": 1 }),
            )
    })
    .await;
    let by_variable = Stage::start_with(
        |mock, config| {
            config
                .model(mock, "fail-500", Dialect::OpenAi, "fail-500")
                .section(
                    "litellm_settings",
                    json!({ "num_retries": 0, "nonsense": 1 }),
                )
        },
        |builder| builder.env("JSON_LOGS", "true"),
    )
    .await;
    for mut stage in [by_file, by_variable] {
        stage.chat("fail-500").await;
        stage
            .gateway
            .wait_for_log("request failed", SOON)
            .await
            .unwrap();
        let logs = stage.gateway.logs();
        let lines: Vec<Value> = logs
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect();
        for line in &lines {
            assert!(
                line["level"].is_string() && line["timestamp"].is_string(),
                "{line}"
            );
        }
        assert!(
            lines
                .iter()
                .any(|line| line["level"] == "WARN" && line.to_string().contains("nonsense"))
        );
    }
}

#[tokio::test]
async fn the_level_is_the_operators() {
    let quiet = Stage::start_with(
        |mock, config| config.model(mock, "mock", Dialect::OpenAi, "mock"),
        |builder| builder.env("LITELLM_LOG", "ERROR"),
    )
    .await;
    quiet.chat("mock").await;
    assert_eq!(quiet.gateway.logs(), "");
    let mut talkative = Stage::start_with(
        |mock, config| config.model(mock, "mock", Dialect::OpenAi, "mock"),
        |builder| builder.arg("--debug"),
    )
    .await;
    talkative.chat("mock").await;
    talkative
        .gateway
        .wait_for_log("request served", SOON)
        .await
        .unwrap();
}
