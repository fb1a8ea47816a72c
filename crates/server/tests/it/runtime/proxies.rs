//! Proxies towards upstreams, through the real binary.

use lockgate_testkit::Gateway;
use serde_json::json;

use crate::support::{Config, MASTER, RecordingUpstream, UPSTREAM_KEY, chat_body, text_of};

const ANSWER: &str = r#"{"id":"1","object":"chat.completion","created":1,"model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;

#[tokio::test]
async fn an_upstream_is_asked_through_the_proxy_of_the_environment() {
    let answers = [("/chat/completions", (200, "application/json", ANSWER))];
    let proxy = RecordingUpstream::start(&answers).await;
    let base = "http://llm.upstream.test:8000/v1";
    let config = Config::new().entry(json!({
        "model_name": "m",
        "litellm_params": { "model": "openai/x", "api_base": base, "api_key": UPSTREAM_KEY },
    }));
    let gateway = Gateway::builder()
        .config(config.yaml())
        .env("HTTP_PROXY", proxy.url(""))
        .env("NO_PROXY", "intern.test")
        .start()
        .await
        .unwrap();
    let client = gateway.client().bearer(MASTER);
    let reply = client
        .post("/v1/chat/completions", &chat_body("m", false))
        .await
        .unwrap();
    assert_eq!(text_of(&reply), "Hi");
    let asked = proxy.last();
    assert_eq!(asked.target, format!("{base}/chat/completions"));
    assert_eq!(asked.header("host"), "llm.upstream.test:8000");
    assert_eq!(
        asked.header("authorization"),
        format!("Bearer {UPSTREAM_KEY}")
    );
}
