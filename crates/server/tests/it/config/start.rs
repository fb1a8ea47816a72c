//! What a file makes of a start: served, skipped, refused.

use lockgate_testkit::{Gateway, MockUpstream};

use crate::support::{CHAT, Dialect, MASTER, Stage, TEXT, chat_body, text_of};

#[tokio::test]
async fn a_broken_entry_is_left_out_and_the_others_serve() {
    let stage = Stage::start(|mock, config| {
        config
            .entry(serde_json::json!({ "model_name": "broken", "litellm_params": { "api_key": "k" } }))
            .entry(serde_json::json!({ "model_name": "later", "litellm_params": { "model": "azure/gpt-4o" } }))
            .entry(serde_json::json!({ "litellm_params": { "model": "openai/x" } }))
            .entry(serde_json::json!("not an entry"))
            .model(mock, "good", Dialect::OpenAi, "mock")
    })
    .await;
    assert_eq!(text_of(&stage.chat("good").await), TEXT);
    assert_eq!(stage.chat("broken").await.status, 400);
    assert_eq!(stage.chat("later").await.status, 400);
    let listed = stage.client().get("/v1/models").await.unwrap().json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "{listed}");
    let logs = stage.gateway.logs();
    assert!(
        logs.contains("config.yaml:1:") && logs.contains("azure"),
        "{logs}"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_parsed_stops_the_start() {
    for yaml in ["model_list: [\n", "a: b: c\n", "- a list\n"] {
        let exited = Gateway::builder().config(yaml).run_to_exit().await.unwrap();
        assert!(!matches!(exited.code, None | Some(0)), "{yaml:?}");
        assert!(
            exited.stderr.contains("config.yaml:"),
            "{yaml:?}: {}",
            exited.stderr
        );
        assert!(!exited.stderr.contains("panicked"), "{}", exited.stderr);
    }
}

#[tokio::test]
async fn a_missing_file_stops_the_start() {
    let exited = Gateway::builder()
        .arg("--config")
        .arg("absent.yaml")
        .run_to_exit()
        .await
        .unwrap();
    assert!(!matches!(exited.code, None | Some(0)));
    assert!(exited.stderr.contains("absent.yaml"), "{}", exited.stderr);
}

#[tokio::test]
async fn files_may_include_others() {
    let mock = MockUpstream::start().await.unwrap();
    let included = format!(
        "model_list:\n- model_name: from-the-other\n  litellm_params: {{model: openai/mock, api_base: '{}', api_key: k}}\n",
        mock.url("/v1")
    );
    let gateway = Gateway::builder()
        .config(format!(
            "include: [models.yaml]\ngeneral_settings: {{master_key: {MASTER}}}\n"
        ))
        .file("models.yaml", included)
        .start()
        .await
        .unwrap();
    let client = gateway.client().bearer(MASTER);
    let reply = client
        .post(CHAT, &chat_body("from-the-other", false))
        .await
        .unwrap();
    assert_eq!(text_of(&reply), TEXT);
}

#[tokio::test]
async fn variables_and_credentials_of_the_file() {
    let mock = MockUpstream::start().await.unwrap();
    let yaml = format!(
        "environment_variables: {{OLLAMA_API_BASE: '{ollama}', MY_KEY: sk-of-the-file}}\n\
         general_settings: {{master_key: {MASTER}}}\n\
         credential_list:\n\
         - credential_name: shared\n\
         \x20 credential_values: {{api_key: os.environ/MY_KEY, api_base: '{openai}'}}\n\
         model_list:\n\
         - model_name: with-credential\n\
         \x20 litellm_params: {{model: openai/mock, litellm_credential_name: shared}}\n\
         - model_name: with-variable\n\
         \x20 litellm_params: {{model: ollama/mock}}\n",
        ollama = mock.url(""),
        openai = mock.url("/v1"),
    );
    let gateway = Gateway::builder().config(yaml).start().await.unwrap();
    let client = gateway.client().bearer(MASTER);
    for model in ["with-credential", "with-variable"] {
        let reply = client.post(CHAT, &chat_body(model, false)).await.unwrap();
        assert_eq!(text_of(&reply), TEXT, "{model}");
    }
    let keys: Vec<_> = mock
        .requests()
        .iter()
        .map(|request| request.header("authorization").map(str::to_owned))
        .collect();
    assert_eq!(keys, [Some("Bearer sk-of-the-file".to_owned()), None]);
}

/// A provider of the operator's own, described in the file.
#[tokio::test]
async fn a_custom_provider() {
    let mock = MockUpstream::start().await.unwrap();
    let yaml = format!(
        "general_settings: {{master_key: {MASTER}}}\n\
         custom_providers:\n\
         - id: acme\n\
         \x20 base_url: {}\n\
         \x20 api_key_env: [ACME_KEY]\n\
         model_list:\n\
         - model_name: ours\n\
         \x20 litellm_params: {{model: acme/mock}}\n",
        mock.url("/v1"),
    );
    let gateway = Gateway::builder()
        .config(yaml)
        .env("ACME_KEY", "sk-acme")
        .start()
        .await
        .unwrap();
    let client = gateway.client().bearer(MASTER);
    let reply = client.post(CHAT, &chat_body("ours", false)).await.unwrap();
    assert_eq!(text_of(&reply), TEXT);
    assert_eq!(
        mock.last_request().unwrap().header("authorization"),
        Some("Bearer sk-acme")
    );
}

#[tokio::test]
async fn the_operators_choice_for_every_request() {
    let stage = Stage::start(|mock, config| {
        config
            .model(mock, "chosen", Dialect::OpenAi, "mock")
            .section(
                "general_settings",
                serde_json::json!({ "completion_model": "chosen" }),
            )
    })
    .await;
    assert_eq!(text_of(&stage.chat("whatever").await), TEXT);
}
