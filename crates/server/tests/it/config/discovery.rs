//! A start without a file: models are found in the environment and at a local Ollama.

use lockgate_testkit::{Gateway, GatewayBuilder, MockUpstream};
use serde_json::Value;

use crate::support::{Answer, CHAT, Dialect, MASTER, TEXT, chat_body, simple, text_of};

fn builder(mock: &MockUpstream) -> GatewayBuilder {
    Gateway::builder()
        .env("LITELLM_MASTER_KEY", MASTER)
        .env("OLLAMA_API_BASE", mock.url(""))
}

async fn names(gateway: &Gateway) -> Vec<String> {
    let listed = gateway
        .client()
        .bearer(MASTER)
        .get("/v1/models")
        .await
        .unwrap()
        .json();
    let models = listed["data"].as_array().into_iter().flatten();
    models
        .filter_map(|model| model["id"].as_str())
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn the_demo_model_answers_in_every_dialect() {
    let gateway = Gateway::builder()
        .env("LITELLM_MASTER_KEY", MASTER)
        .env("OLLAMA_API_BASE", "http://127.0.0.1:1")
        .start()
        .await
        .unwrap();
    assert_eq!(names(&gateway).await, ["demo"]);
    for dialect in Dialect::ALL {
        for stream in [false, true] {
            let (path, body) = simple("demo", stream).request(dialect);
            let reply = gateway
                .client()
                .bearer(MASTER)
                .post(&path, &body)
                .await
                .unwrap();
            let answer = if stream {
                Answer::stream(dialect, &reply)
            } else {
                Answer::whole(dialect, &reply)
            };
            assert!(
                answer.text.contains("Say hello."),
                "{dialect:?}: {}",
                answer.text
            );
            assert!(answer.output_tokens > 0);
        }
    }
}

#[tokio::test]
async fn the_models_of_a_local_ollama() {
    let mock = MockUpstream::start().await.unwrap();
    let gateway = builder(&mock).start().await.unwrap();
    let names = names(&gateway).await;
    assert!(names.contains(&"ollama/mock".to_owned()), "{names:?}");
    assert!(names.contains(&"ollama/mock-100c".to_owned()), "{names:?}");
    let client = gateway.client().bearer(MASTER);
    let reply = client
        .post(CHAT, &chat_body("ollama/mock", false))
        .await
        .unwrap();
    assert_eq!(text_of(&reply), TEXT);
}

#[tokio::test]
async fn providers_whose_key_is_set() {
    let mock = MockUpstream::start().await.unwrap();
    let gateway = builder(&mock)
        .env("OPENAI_API_KEY", "sk-found")
        .env("OPENAI_BASE_URL", mock.url("/v1"))
        .start()
        .await
        .unwrap();
    let names = names(&gateway).await;
    assert!(
        names.iter().any(|name| name.starts_with("openai/gpt-")),
        "{names:?}"
    );
    assert!(
        !names.iter().any(|name| name.starts_with("anthropic/")),
        "{names:?}"
    );
    let client = gateway.client().bearer(MASTER);
    let reply = client
        .post(CHAT, &chat_body("openai/mock", false))
        .await
        .unwrap();
    assert_eq!(text_of(&reply), TEXT);
    let seen = mock.last_request().unwrap();
    assert_eq!(seen.model, "mock");
    assert_eq!(seen.header("authorization"), Some("Bearer sk-found"));
}

#[tokio::test]
async fn a_model_of_the_command_line() {
    let mock = MockUpstream::start().await.unwrap();
    let gateway = Gateway::builder()
        .env("LITELLM_MASTER_KEY", MASTER)
        .arg("--model")
        .arg("ollama/mock")
        .arg("--api_base")
        .arg(mock.url(""))
        .arg("--temperature")
        .arg("0.25")
        .start()
        .await
        .unwrap();
    let client = gateway.client().bearer(MASTER);
    // It answers whatever a request names.
    for model in ["ollama/mock", "gpt-3.5-turbo"] {
        let reply = client.post(CHAT, &chat_body(model, false)).await.unwrap();
        assert_eq!(text_of(&reply), TEXT, "{model}");
    }
    let request: Value = mock.last_request().unwrap().json();
    assert_eq!(request["options"]["temperature"], 0.25, "{request}");
}
