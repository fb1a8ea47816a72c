//! Providers with formats of their own: clients speak OpenAI's, each provider is asked in its own.

use bytes::{Bytes, BytesMut};
use lockgate_testkit::{Client, Gateway, Reply};
use lockgate_wire::event_stream::write_frame;
use serde_json::{Value, json};

use crate::support::{
    CHAT, Config, MASTER, RawUpstream, RecordingUpstream, UPSTREAM_KEY, chat_body,
};

const TRANSCRIPTIONS: &str = "/v1/audio/transcriptions";
const IMAGES: &str = "/v1/images/generations";

const HEARD: &str = r#"{"metadata":{"duration":2.5},"results":{"channels":[{"alternatives":[{"transcript":"Hello there.","words":[{"word":"hello","start":0,"end":0.5,"punctuated_word":"Hello"},{"word":"there","start":0.5,"end":1.5,"punctuated_word":"there."}]}]}]}}"#;
const WRITTEN: &str = r#"{"language_code":"en","text":"Hello there.","words":[{"text":"Hello","start":0,"end":0.5,"type":"word"},{"text":"there.","start":0.5,"end":1.5,"type":"word"}]}"#;
const SRT: &str = "1\n00:00:00,000 --> 00:00:01,500\nHello there.\n\n";
const SOUND: &str = "not json, \u{1F50A} sound";

async fn gateway(config: Config) -> Gateway {
    let builder = Gateway::builder().config(config.yaml());
    builder.start().await.unwrap()
}

fn entry(model: &str, base: &str, more: Value) -> Value {
    let mut params = json!({ "model": model, "api_base": base, "api_key": UPSTREAM_KEY });
    if let (Value::Object(params), Value::Object(more)) = (&mut params, more) {
        params.extend(more);
    }
    json!({ "model_name": "public", "litellm_params": params })
}

/// A gateway whose only model is `model` at `upstream`.
async fn serving(model: &str, base: &str) -> Gateway {
    gateway(Config::new().entry(entry(model, base, json!({})))).await
}

fn client(gateway: &Gateway) -> Client {
    gateway.client().bearer(MASTER)
}

async fn post(gateway: &Gateway, path: &str, body: &Value) -> Reply {
    client(gateway).post(path, body).await.unwrap()
}

fn field(name: &str, value: &str) -> String {
    format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn file(name: &str, content: &str) -> String {
    format!(
        "--frontier\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.wav\"\r\n\
         content-type: audio/wav\r\n\r\n{content}\r\n"
    )
}

async fn send_form(gateway: &Gateway, path: &str, parts: &[String]) -> Reply {
    let form = format!("{}--frontier--\r\n", parts.concat());
    client(gateway)
        .header("content-type", "multipart/form-data; boundary=frontier")
        .post_bytes(path, form)
        .await
        .unwrap()
}

#[tokio::test]
async fn deepgram_gets_the_file_and_clients_get_subtitles() {
    let upstream =
        RecordingUpstream::start(&[("/v1/listen", (200, "application/json", HEARD))]).await;
    let gateway = serving("deepgram/nova-3", &upstream.url("/v1")).await;
    // What decides about the URL may stand behind the file.
    let parts = [
        field("model", "public"),
        file("file", "RIFF\r\nsound"),
        field("language", "en"),
        field("response_format", "srt"),
        field("prompt", "Names: Ann"),
    ];
    let reply = send_form(&gateway, TRANSCRIPTIONS, &parts).await;
    assert_eq!((reply.status, reply.text().as_str()), (200, SRT));
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(reply.header("x-lockgate-dropped"), Some("prompt"));
    let asked = upstream.last();
    assert_eq!(asked.text(), "RIFF\r\nsound");
    assert_eq!(asked.header("content-type"), "audio/wav");
    assert_eq!(
        asked.header("authorization"),
        format!("Token {UPSTREAM_KEY}")
    );
    assert_eq!(
        asked.target,
        "/v1/listen?model=nova-3&language=en&punctuate=true&utterances=true"
    );
}

#[tokio::test]
async fn every_form_of_a_transcript() {
    let upstream = RecordingUpstream::start(&[
        ("/v1/listen", (200, "application/json", HEARD)),
        ("/v1/speech-to-text", (200, "application/json", WRITTEN)),
    ])
    .await;
    for (model, duration) in [("deepgram/nova-3", 2.5), ("elevenlabs/scribe_v1", 1.5)] {
        let gateway = serving(model, &upstream.url("")).await;
        let ask = |format: &'static str| {
            let parts = [
                file("file", "RIFF"),
                field("model", "public"),
                field("response_format", format),
                field("timestamp_granularities[]", "word"),
            ];
            let gateway = &gateway;
            async move { send_form(gateway, TRANSCRIPTIONS, &parts).await }
        };
        let reply = ask("json").await;
        assert_eq!(reply.json()["text"], "Hello there.", "{}", reply.text());
        let reply = ask("verbose_json").await;
        let body = reply.json();
        assert_eq!(body["duration"], duration);
        assert_eq!(body["words"][1]["word"], "there.");
        assert_eq!(body["segments"][0]["end"], 1.5);
        assert_eq!(ask("text").await.text(), "Hello there.\n");
        assert_eq!(ask("srt").await.text(), SRT);
        assert!(ask("vtt").await.text().starts_with("WEBVTT\n\n"));
        let refused = ask("docx").await;
        assert_eq!(refused.status, 400, "{}", refused.text());
    }
    let asked = upstream.last();
    assert_eq!(asked.header("xi-api-key"), UPSTREAM_KEY);
    assert!(
        asked
            .text()
            .contains("name=\"model_id\"\r\n\r\nscribe_v1\r\n")
    );
}

#[tokio::test]
async fn a_gathered_form_is_sent_again_however_long() {
    let busy = r#"{"detail":{"status":"system_busy","message":"try later"}}"#;
    let upstream = RecordingUpstream::start(&[
        ("/v1/speech-to-text", (503, "application/json", busy)),
        ("/v1/listen", (200, "application/json", HEARD)),
    ])
    .await;
    let at = |model: &str, order: u32| entry(model, &upstream.url(""), json!({"order": order}));
    let config = Config::new()
        .entry(at("elevenlabs/scribe_v1", 1))
        .entry(at("deepgram/nova-3", 2));
    let gateway = gateway(config).await;
    let sound = "sound ".repeat(1 << 20);
    let parts = [field("model", "public"), file("file", &sound)];
    let reply = send_form(&gateway, TRANSCRIPTIONS, &parts).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let arrived = upstream.arrived();
    assert_eq!(arrived.len(), 2);
    assert!(arrived[0].text().contains(&sound));
    assert!(arrived[1].text() == sound);
}

#[tokio::test]
async fn what_cannot_be_served_is_said() {
    let refusal =
        r#"{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials.","request_id":"r"}"#;
    let upstream =
        RecordingUpstream::start(&[("/v1/listen", (401, "application/json", refusal))]).await;
    let config = Config::new()
        .entry(entry("deepgram/nova-3", &upstream.url("/v1"), json!({})))
        .section("general_settings", json!({"max_request_size_mb": 0.001}));
    let gateway = gateway(config).await;
    let parts = [field("model", "public"), file("file", "RIFF")];
    let reply = send_form(&gateway, TRANSCRIPTIONS, &parts).await;
    assert_eq!(reply.status, 401, "{}", reply.text());
    assert!(
        reply.text().contains("Invalid credentials."),
        "{}",
        reply.text()
    );
    let parts = [field("model", "public"), file("file", &"x".repeat(100_000))];
    let reply = send_form(&gateway, TRANSCRIPTIONS, &parts).await;
    assert_eq!(reply.status, 413, "{}", reply.text());
    let reply = send_form(&gateway, TRANSCRIPTIONS, &[field("model", "public")]).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(reply.text().contains("file"), "{}", reply.text());
    let reply = post(&gateway, IMAGES, &json!({"model": "public", "prompt": "a"})).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(upstream.arrived().len(), 1);
}

#[tokio::test]
async fn speech() {
    let upstream = RecordingUpstream::start(&[
        ("/v1/speak", (200, "audio/mpeg", SOUND)),
        (
            "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM",
            (200, "audio/mpeg", SOUND),
        ),
    ])
    .await;
    let body = json!({ "model": "public", "input": "Hello.", "voice": "alloy" });
    for (model, target, sent) in [
        (
            "deepgram/aura-2-thalia-en",
            "/v1/speak?model=aura-2-thalia-en&encoding=mp3",
            json!({"text": "Hello."}),
        ),
        (
            "elevenlabs/eleven_v3",
            "/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM?output_format=mp3_44100_128",
            json!({"text": "Hello.", "model_id": "eleven_v3"}),
        ),
    ] {
        let gateway = serving(model, &upstream.url("/v1")).await;
        let reply = post(&gateway, "/v1/audio/speech", &body).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, SOUND));
        assert_eq!(reply.header("content-type"), Some("audio/mpeg"));
        let asked = upstream.last();
        assert_eq!(asked.target, target);
        let asked: Value = serde_json::from_str(asked.text()).unwrap();
        assert_eq!(asked, sent);
        // Nobody allowed it to be dropped.
        let mut asks_more = body.clone();
        asks_more["instructions"] = "Cheerful.".into();
        let reply = post(&gateway, "/v1/audio/speech", &asks_more).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        asks_more["drop_params"] = true.into();
        let reply = post(&gateway, "/v1/audio/speech", &asks_more).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let dropped = reply.header("x-lockgate-dropped").unwrap_or_default();
        assert!(dropped.contains("instructions"), "{dropped}");
    }
}

#[tokio::test]
async fn the_deployments_own_parameters_fill_what_the_client_leaves_open() {
    let upstream = RecordingUpstream::start(&[
        ("/v1/listen", (200, "application/json", HEARD)),
        (
            "/fal-ai/flux/dev",
            (
                200,
                "application/json",
                r#"{"images":[{"url":"https://h.test/a.png"}]}"#,
            ),
        ),
    ])
    .await;
    let own = json!({"smart_format": true, "keyterm": ["a", "b"], "language": "de"});
    let base = upstream.url("");
    let config = Config::new().entry(entry("deepgram/nova-3", &base, own));
    let ears = gateway(config).await;
    let parts = [
        field("model", "public"),
        field("language", "en"),
        file("file", "RIFF"),
    ];
    let reply = send_form(&ears, TRANSCRIPTIONS, &parts).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let asked = upstream.last().target;
    for pair in ["smart_format=true", "keyterm=a&keyterm=b", "language=en"] {
        assert!(asked.contains(pair), "{asked}");
    }
    assert!(!asked.contains("language=de"), "{asked}");
    let own = json!({"size": "512x512", "guidance_scale": 3});
    let config = Config::new().entry(entry("fal_ai/fal-ai/flux/dev", &base, own));
    let brush = gateway(config).await;
    let body = json!({ "model": "public", "prompt": "a fox" });
    let reply = post(&brush, IMAGES, &body).await;
    assert_eq!(reply.json()["data"][0]["url"], "https://h.test/a.png");
    let sent: Value = serde_json::from_str(upstream.last().text()).unwrap();
    let size = json!({"width": 512, "height": 512});
    let expected = json!({"prompt": "a fox", "image_size": size, "guidance_scale": 3});
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn pictures() {
    let upstream = RecordingUpstream::start(&[
        (
            "/v2beta/stable-image/generate/core",
            (200, "application/json", r#"{"image":"iVBORw==","finish_reason":"SUCCESS","seed":1}"#),
        ),
        (
            "/fal-ai/flux/dev",
            (200, "application/json", r#"{"images":[{"url":"data:image/png;base64,iVBORw=="}]}"#),
        ),
        (
            "/models/imagen-4.0-generate-001:predict",
            (200, "application/json", r#"{"predictions":[{"mimeType":"image/png","bytesBase64Encoded":"iVBORw=="}]}"#),
        ),
        (
            "/models/gemini-2.5-flash-image:generateContent",
            (200, "application/json", r#"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"iVBORw=="}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":9}}"#),
        ),
        (
            "/model/amazon.nova-canvas-v1%3A0/invoke",
            (200, "application/json", r#"{"images":["iVBORw=="]}"#),
        ),
    ])
    .await;
    let body = json!({
        "model": "public", "prompt": "a fox", "size": "1024x1024", "response_format": "b64_json",
    });
    for (model, header, key) in [
        ("stability/stable-image-core", "authorization", "Bearer "),
        ("fal_ai/fal-ai/flux/dev", "authorization", "Key "),
        ("gemini/imagen-4.0-generate-001", "x-goog-api-key", ""),
        ("gemini/gemini-2.5-flash-image", "x-goog-api-key", ""),
        (
            "bedrock/amazon.nova-canvas-v1:0",
            "authorization",
            "Bearer ",
        ),
    ] {
        let gateway = serving(model, &upstream.url("")).await;
        let reply = post(&gateway, IMAGES, &body).await;
        assert_eq!(reply.status, 200, "{model}: {}", reply.text());
        let data = &reply.json()["data"];
        assert_eq!(*data, json!([{"b64_json": "iVBORw=="}]), "{model}");
        let asked = upstream.last();
        assert_eq!(
            asked.header(header),
            format!("{key}{UPSTREAM_KEY}"),
            "{model}"
        );
        assert!(asked.text().contains("a fox"), "{model}");
    }
}

#[tokio::test]
async fn a_picture_is_changed_and_a_filter_is_told() {
    let upstream = RecordingUpstream::start(&[
        (
            "/v2beta/stable-image/edit/inpaint",
            (
                200,
                "application/json",
                r#"{"image":"iVBORw==","finish_reason":"SUCCESS"}"#,
            ),
        ),
        (
            "/v2beta/stable-image/edit/erase",
            (
                200,
                "application/json",
                r#"{"image":"","finish_reason":"CONTENT_FILTERED"}"#,
            ),
        ),
    ])
    .await;
    let parts = [
        field("model", "public"),
        file("image", "PIXELS"),
        file("mask", "HOLES"),
        field("prompt", "a hat"),
    ];
    let gateway = serving("stability/inpaint", &upstream.url("")).await;
    let reply = send_form(&gateway, "/v1/images/edits", &parts).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.json()["data"][0]["b64_json"], "iVBORw==");
    let asked = upstream.last();
    assert!(
        asked
            .header("content-type")
            .starts_with("multipart/form-data")
    );
    for part in ["PIXELS", "HOLES", "a hat"] {
        assert!(
            asked.text().contains(&format!("\r\n\r\n{part}\r\n")),
            "{part}"
        );
    }
    let gateway = serving("stability/erase", &upstream.url("")).await;
    let reply = send_form(&gateway, "/v1/images/edits", &parts).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(
        reply.text().contains("CONTENT_FILTERED"),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn embeddings_in_the_encoding_that_the_client_wants() {
    let upstream = RecordingUpstream::start(&[
        ("/embed", (200, "application/json", "[[0.5,-1.0]]")),
        (
            "/v2/models/bert/infer",
            (
                200,
                "application/json",
                r#"{"outputs":[{"name":"e","datatype":"FP32","shape":[1,2],"data":[0.5,-1.0]}]}"#,
            ),
        ),
        (
            "/endpoints/bert/invocations",
            (200, "application/json", "[[0.5,-1.0]]"),
        ),
    ])
    .await;
    for (model, member) in [
        ("huggingface/bert", "inputs"),
        ("triton/bert", "inputs"),
        ("sagemaker/bert", "inputs"),
    ] {
        let gateway = serving(model, &upstream.url("")).await;
        let body = json!({ "model": "public", "input": ["a"], "encoding_format": "base64" });
        let reply = post(&gateway, "/v1/embeddings", &body).await;
        assert_eq!(reply.status, 200, "{model}: {}", reply.text());
        assert_eq!(
            reply.json()["data"][0]["embedding"],
            "AAAAPwAAgL8=",
            "{model}"
        );
        let asked: Value = serde_json::from_str(upstream.last().text()).unwrap();
        assert!(asked[member].is_array(), "{model}: {asked}");
    }
}

#[tokio::test]
async fn watsonx_exchanges_its_key() {
    let issuer = RawUpstream::start(
        200,
        &[],
        r#"{"access_token": "eyJ.iam", "expires_in": 3600, "token_type": "Bearer"}"#,
    )
    .await;
    let upstream = RecordingUpstream::start(&[
        (
            "/ml/v1/text/embeddings",
            (
                200,
                "application/json",
                r#"{"results":[{"embedding":[0.5]}],"input_token_count":3}"#,
            ),
        ),
        (
            "/ml/v1/text/rerank",
            (
                200,
                "application/json",
                r#"{"results":[{"index":0,"score":0.5}]}"#,
            ),
        ),
    ])
    .await;
    let config = Config::new()
        .section(
            "environment_variables",
            json!({"WATSONX_IAM_URL": issuer.url("/identity/token"), "WATSONX_PROJECT_ID": "p1"}),
        )
        .entry(entry("watsonx/ibm/slate", &upstream.url(""), json!({})));
    let gateway = gateway(config).await;
    let body = json!({ "model": "public", "input": "a" });
    let reply = post(&gateway, "/v1/embeddings", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["usage"]["prompt_tokens"], 3);
    let asked = upstream.last();
    assert_eq!(asked.header("authorization"), "Bearer eyJ.iam");
    let sent: Value = serde_json::from_str(asked.text()).unwrap();
    let expected = json!({"model_id": "ibm/slate", "inputs": ["a"], "project_id": "p1"});
    assert_eq!(sent, expected);
    let body = json!({ "model": "public", "query": "q", "documents": ["a"] });
    let reply = post(&gateway, "/rerank", &body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let sent: Value = serde_json::from_str(upstream.last().text()).unwrap();
    assert_eq!(sent["project_id"], "p1");
    assert_eq!(issuer.asked(), 1, "a token is asked for once");
}

/// Answers with an event stream of these payloads.
async fn event_stream(parts: &[(&str, &str)]) -> RawUpstream {
    let mut body = BytesMut::new();
    for (kind, payload) in parts {
        let headers = [(":message-type", *kind), (":event-type", "PayloadPart")];
        write_frame(
            &headers,
            |out| out.extend_from_slice(payload.as_bytes()),
            &mut body,
        );
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    RawUpstream::answering([Bytes::from(head), body.freeze()].concat()).await
}

#[tokio::test]
async fn sagemaker_streams_in_frames() {
    let base = event_stream(&[
        ("event", "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Hel"),
        ("event", "lo\"},\"finish_reason\":null}]}\n\ndata: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"),
        ("event", "data: [DONE]\n\n"),
    ])
    .await;
    let gateway = serving("sagemaker_chat/my-endpoint", &base.url("")).await;
    let reply = post(&gateway, CHAT, &chat_body("public", true)).await;
    let text = reply.text();
    assert_eq!(reply.status, 200, "{text}");
    assert!(text.contains("\"content\":\"Hello\""), "{text}");
    assert!(text.trim_end().ends_with("data: [DONE]"), "{text}");
    assert_eq!(
        reply.header("content-type"),
        Some("text/event-stream; charset=utf-8")
    );
}

#[tokio::test]
async fn an_exception_in_the_frames_fails_the_attempt() {
    let base = event_stream(&[(
        "exception",
        r#"{"Message":"the container said no","OriginalStatusCode":424}"#,
    )])
    .await;
    let gateway = serving("sagemaker/my-endpoint", &base.url("")).await;
    let mut body = chat_body("public", true);
    body["num_retries"] = 0.into();
    let reply = post(&gateway, CHAT, &body).await;
    assert_eq!(reply.status, 502, "{}", reply.text());
    assert!(
        reply.text().contains("the container said no"),
        "{}",
        reply.text()
    );
}
