//! The configuration of the seed's setup guide, unchanged but for where its Ollama listens.

use lockgate_testkit::{Gateway, MockUpstream};
use serde_json::json;

use crate::support::{CHAT, RawUpstream, TEXT};

/// The guide's example and the entries it adds, in the guide's order.
const GUIDE: &str = r#"
general_settings:
  master_key: os.environ/LITELLM_PROXY_MASTER_KEY
model_list:
  - model_name: mac-gpt-oss-balanced
    litellm_params:
      model: ollama/gpt-oss:20b
      api_base: "http://host.lima.internal:11434"
      temperature: 0.7
  - model_name: qwen3-0.6b-incluster
    litellm_params:
      model: ollama/qwen3:0.6b
      api_base: "http://ollama.ai.svc.cluster.local:11434"
  - model_name: external-llama3
    litellm_params:
      model: ollama/llama3:8b
      api_base: "http://host.lima.internal:11434"
      temperature: 0.7
  - model_name: gpt-4o
    litellm_params:
      model: gpt-4o
      api_key: "os.environ/OPENAI_API_KEY"
  - model_name: claude-3-sonnet
    litellm_params:
      model: anthropic/claude-3-sonnet-20240229
      api_key: "os.environ/ANTHROPIC_API_KEY"
  - model_name: gemini-pro
    litellm_params:
      model: gemini/gemini-pro
      api_key: "os.environ/GOOGLE_API_KEY"
  - model_name: mac-gpt-oss-creative
    litellm_params:
      model: ollama/gpt-oss:20b
      api_base: "http://host.lima.internal:11434"
      temperature: 0.9

  - model_name: mac-gpt-oss-precise
    litellm_params:
      model: ollama/gpt-oss:20b
      api_base: "http://host.lima.internal:11434"
      temperature: 0.3
  - model_name: gpt-4-with-fallback
    litellm_params:
      model: gpt-4
      api_key: "os.environ/OPENAI_API_KEY"
      fallbacks:
        - model: ollama/llama3:8b
          api_base: "http://host.lima.internal:11434"
"#;

const NAMES: [&str; 9] = [
    "mac-gpt-oss-balanced",
    "qwen3-0.6b-incluster",
    "external-llama3",
    "gpt-4o",
    "claude-3-sonnet",
    "gemini-pro",
    "mac-gpt-oss-creative",
    "mac-gpt-oss-precise",
    "gpt-4-with-fallback",
];

const KEY: &str = "sk-seed-4f8a20c7";

/// The guide's gateway; `openai` is where api.openai.com is.
async fn gateway(ollama: &MockUpstream, openai: &str) -> Gateway {
    let yaml = GUIDE
        .replace("http://host.lima.internal:11434", &ollama.url(""))
        .replace("http://ollama.ai.svc.cluster.local:11434", &ollama.url(""));
    Gateway::builder()
        .config(yaml)
        .env("LITELLM_PROXY_MASTER_KEY", KEY)
        .env("OPENAI_API_KEY", "sk-openai")
        .env("ANTHROPIC_API_KEY", "sk-ant")
        .env("GOOGLE_API_KEY", "AIza")
        .env("OPENAI_BASE_URL", openai)
        .start()
        .await
        .unwrap()
}

#[tokio::test]
async fn it_starts_unchanged_and_lists_its_models_in_order() {
    let gateway = Gateway::builder()
        .config(GUIDE)
        .env("LITELLM_PROXY_MASTER_KEY", KEY)
        .env("OPENAI_API_KEY", "sk-openai")
        .env("ANTHROPIC_API_KEY", "sk-ant")
        .env("GOOGLE_API_KEY", "AIza")
        .start()
        .await
        .unwrap();
    let reply = gateway
        .client()
        .bearer(KEY)
        .get("/v1/models")
        .await
        .unwrap();
    assert_eq!(reply.status, 200);
    let list = reply.json();
    let names: Vec<&str> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|model| model["id"].as_str())
        .collect();
    assert_eq!(names, NAMES);
    let logs = gateway.logs();
    assert!(!logs.contains("ERROR") && !logs.contains("WARN"), "{logs}");
}

#[tokio::test]
async fn the_chat_command_of_the_guide_answers() {
    let mock = MockUpstream::start().await.unwrap();
    let gateway = gateway(&mock, &mock.url("/v1")).await;
    let body = r#"{
    "model": "mac-gpt-oss-balanced",
    "messages": [{"role": "user", "content": "Hello!"}]
  }"#;
    let client = gateway.client().bearer(KEY);
    let reply = client.post_bytes(CHAT, body).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["model"], "mac-gpt-oss-balanced");
    assert_eq!(reply.json()["choices"][0]["message"]["content"], TEXT);
    assert_eq!(mock.last_request().unwrap().model, "gpt-oss:20b");
}

#[tokio::test]
async fn each_temperature_variant_has_its_temperature() {
    let mock = MockUpstream::start().await.unwrap();
    let gateway = gateway(&mock, &mock.url("/v1")).await;
    let client = gateway.client().bearer(KEY);
    let temperature = async |model: &str, own: Option<f64>| {
        let mut body = json!({ "model": model, "messages": [{ "role": "user", "content": "Hi" }] });
        if let Some(own) = own {
            body["temperature"] = json!(own);
        }
        assert_eq!(client.post(CHAT, &body).await.unwrap().status, 200);
        mock.last_request().unwrap().json()["options"]["temperature"].as_f64()
    };
    assert_eq!(temperature("mac-gpt-oss-balanced", None).await, Some(0.7));
    assert_eq!(temperature("mac-gpt-oss-creative", None).await, Some(0.9));
    assert_eq!(temperature("mac-gpt-oss-precise", None).await, Some(0.3));
    assert_eq!(temperature("qwen3-0.6b-incluster", None).await, None);
    assert_eq!(
        temperature("mac-gpt-oss-precise", Some(1.5)).await,
        Some(1.5)
    );
}

#[tokio::test]
async fn the_fallback_entry_falls_back_to_ollama() {
    let ollama = MockUpstream::start().await.unwrap();
    let failing =
        RawUpstream::start(500, &[], r#"{"error":{"message":"The server broke."}}"#).await;
    let gateway = gateway(&ollama, &failing.url("/v1")).await;
    let body = json!({
        "model": "gpt-4-with-fallback",
        "num_retries": 0,
        "messages": [{ "role": "user", "content": "Hello!" }],
    });
    let client = gateway.client().bearer(KEY);
    let reply = client.post(CHAT, &body).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["choices"][0]["message"]["content"], TEXT);
    assert_eq!(reply.header("x-litellm-attempted-fallbacks"), Some("1"));
    let recorded = ollama.last_request().unwrap();
    assert_eq!(recorded.model, "llama3:8b");
    // The provider's key of the entry is not the fallback's.
    assert_eq!(recorded.header("authorization"), None);
    assert!(failing.asked() > 0);
}
