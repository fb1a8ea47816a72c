//! What is passed through to a provider is metered all the same.

use lockgate_testkit::Gateway;
use serde_json::json;

use crate::support::{Config, MASTER, RawUpstream, RecordingUpstream, UPSTREAM_KEY};

const OPENAI: &str = r#"{"object":"chat.completion","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}"#;
const RESPONSES: &str = r#"{"object":"response","status":"completed","output":[],"usage":{"input_tokens":11,"output_tokens":7,"total_tokens":18}}"#;
const ANTHROPIC: &str = r#"{"type":"message","role":"assistant","content":[],"stop_reason":"end_turn","usage":{"input_tokens":11,"output_tokens":7}}"#;
const GEMINI: &str = r#"{"candidates":[],"usageMetadata":{"promptTokenCount":11,"candidatesTokenCount":7,"totalTokenCount":18}}"#;
const BEDROCK: &str = r#"{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"end_turn","usage":{"inputTokens":11,"outputTokens":7,"totalTokens":18}}"#;
const COHERE: &str = r#"{"id":"x","finish_reason":"COMPLETE","message":{"role":"assistant","content":[]},"usage":{"tokens":{"input_tokens":11,"output_tokens":7}}}"#;
const OPENAI_STREAM: &str = "data: {\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"object\":\"chat.completion.chunk\",\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7,\"total_tokens\":18}}\n\ndata: [DONE]\n\n";
const ANTHROPIC_STREAM: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":11,\"output_tokens\":1}}}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":7}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const GEMINI_STREAM: &str = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n\ndata: {\"candidates\":[],\"usageMetadata\":{\"promptTokenCount\":11,\"candidatesTokenCount\":7,\"totalTokenCount\":18}}\n\n";

/// Path here, path there, what is answered.
const CASES: [(&str, &str, &str, &str); 13] = [
    (
        "/openai/v1/chat/completions",
        "/v1/chat/completions",
        "application/json",
        OPENAI,
    ),
    (
        "/openai/v1/responses",
        "/v1/responses",
        "application/json; charset=utf-8",
        RESPONSES,
    ),
    (
        "/openai_passthrough/v1/responses",
        "/v1/responses",
        "application/json",
        RESPONSES,
    ),
    (
        "/anthropic/v1/messages",
        "/v1/messages",
        "application/json",
        ANTHROPIC,
    ),
    (
        "/gemini/v1beta/models/g:generateContent",
        "/v1beta/models/g:generateContent",
        "application/json",
        GEMINI,
    ),
    (
        "/bedrock/model/us.x-v1%3A0/converse",
        "/model/us.x-v1%3A0/converse",
        "application/json",
        BEDROCK,
    ),
    ("/cohere/v2/chat", "/v2/chat", "application/json", COHERE),
    (
        "/mistral/v1/chat/completions",
        "/v1/chat/completions",
        "application/json",
        OPENAI,
    ),
    (
        "/azure/openai/deployments/d/chat/completions",
        "/openai/deployments/d/chat/completions",
        "application/json",
        OPENAI,
    ),
    (
        "/vllm/v1/chat/completions",
        "/v1/chat/completions",
        "application/json",
        OPENAI,
    ),
    (
        "/openai/v1/chat/completions",
        "/v1/chat/completions",
        "text/event-stream",
        OPENAI_STREAM,
    ),
    (
        "/anthropic/v1/messages",
        "/v1/messages",
        "text/event-stream",
        ANTHROPIC_STREAM,
    ),
    (
        "/gemini/v1beta/models/g:streamGenerateContent?alt=sse",
        "/v1beta/models/g:streamGenerateContent?alt=sse",
        "text/event-stream",
        GEMINI_STREAM,
    ),
];

async fn gateway(upstream: &str) -> Gateway {
    let builder = Gateway::builder().config(Config::new().yaml());
    [
        ("OPENAI_API_KEY", UPSTREAM_KEY),
        ("ANTHROPIC_API_KEY", UPSTREAM_KEY),
        ("GEMINI_API_KEY", UPSTREAM_KEY),
        ("AWS_BEARER_TOKEN_BEDROCK", UPSTREAM_KEY),
        ("COHERE_API_KEY", UPSTREAM_KEY),
        ("MISTRAL_API_KEY", UPSTREAM_KEY),
        ("AZURE_API_KEY", UPSTREAM_KEY),
        ("HOSTED_VLLM_API_KEY", UPSTREAM_KEY),
        ("OPENAI_BASE_URL", &format!("{upstream}/v1")),
        ("ANTHROPIC_API_BASE", upstream),
        ("GEMINI_API_BASE", &format!("{upstream}/v1beta")),
        ("AWS_BEDROCK_RUNTIME_ENDPOINT", upstream),
        ("COHERE_API_BASE", upstream),
        ("MISTRAL_API_BASE", &format!("{upstream}/v1")),
        ("AZURE_API_BASE", upstream),
        ("HOSTED_VLLM_API_BASE", &format!("{upstream}/v1")),
    ]
    .into_iter()
    .fold(builder, |builder, (name, value)| builder.env(name, value))
    .start()
    .await
    .unwrap()
}

async fn assert_metered(gateway: &Gateway, path: &str) {
    let client = gateway.client().bearer(MASTER);
    let metrics = client.get("/metrics").await.unwrap().text();
    for line in [
        "lockgate_passed_through_input_tokens_total 11",
        "lockgate_passed_through_output_tokens_total 7",
    ] {
        assert!(metrics.contains(line), "{path}: {line} in {metrics}");
    }
}

#[tokio::test]
async fn tokens_of_every_providers_chat_are_counted() {
    for (path, there, content_type, answer) in CASES {
        let end = there.split('?').next().unwrap();
        let upstream = RecordingUpstream::start(&[(end, (200, content_type, answer))]).await;
        let gateway = gateway(&upstream.url("")).await;
        let client = gateway.client().bearer(MASTER);
        let body = json!({ "messages": [] });
        let reply = client.post(path, &body).await.unwrap();
        assert_eq!(
            (reply.status, reply.text().as_str()),
            (200, answer),
            "{path}"
        );
        let asked = upstream.last();
        assert_eq!(asked.target, there, "{path}");
        let sent = format!("{:?}", asked.headers);
        assert!(
            sent.contains(UPSTREAM_KEY) && !sent.contains(MASTER),
            "{path}: {sent}"
        );
        assert_metered(&gateway, path).await;
    }
}

/// As most providers send them: in chunks, of a length that nobody announced.
#[tokio::test]
async fn an_answer_without_a_length_is_counted_too() {
    let chunks: String = ANTHROPIC
        .as_bytes()
        .chunks(20)
        .map(|chunk| {
            format!(
                "{:x}\r\n{}\r\n",
                chunk.len(),
                String::from_utf8_lossy(chunk)
            )
        })
        .collect();
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let upstream = RawUpstream::answering(format!("{head}{chunks}0\r\n\r\n")).await;
    let gateway = gateway(&upstream.url("")).await;
    let client = gateway.client().bearer(MASTER);
    let reply = client
        .post("/anthropic/v1/messages", &json!({}))
        .await
        .unwrap();
    assert_eq!((reply.status, reply.text().as_str()), (200, ANTHROPIC));
    assert_metered(&gateway, "/anthropic/v1/messages").await;
}

/// A signature covers the body, so that is read before anything is sent.
#[tokio::test]
async fn a_request_to_bedrock_is_signed() {
    let end = "/model/m/converse";
    let upstream = RecordingUpstream::start(&[(end, (200, "application/json", BEDROCK))]).await;
    let gateway = Gateway::builder()
        .config(
            Config::new()
                .entry(json!({
                    "model_name": "m",
                    "litellm_params": {
                        "model": "bedrock/m", "aws_bedrock_runtime_endpoint": upstream.url(""),
                        "aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret",
                        "aws_region_name": "eu-west-1", "use_in_pass_through": true,
                    },
                }))
                .yaml(),
        )
        .start()
        .await
        .unwrap();
    let client = gateway.client().bearer(MASTER);
    let reply = client
        .post("/bedrock/model/m/converse", &json!({ "messages": [] }))
        .await
        .unwrap();
    assert_eq!((reply.status, reply.text().as_str()), (200, BEDROCK));
    let asked = upstream.last();
    let authorization = asked.header("authorization");
    assert!(
        authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"),
        "{authorization}"
    );
    assert_eq!(asked.text(), r#"{"messages":[]}"#);
    let metrics = client.get("/metrics").await.unwrap().text();
    assert!(metrics.contains("litellm_input_tokens"), "{metrics}");
}
