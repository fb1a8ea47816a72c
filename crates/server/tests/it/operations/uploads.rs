//! Forms with a file: the model is renamed, everything else arrives as it was sent.

use lockgate_testkit::{Client, Gateway, Reply};
use serde_json::json;

use crate::support::{Config, MASTER, RecordingUpstream, UPSTREAM_KEY};

const TEXT: &str = r#"{"text":"hello","usage":{"type":"tokens","input_tokens":3,"output_tokens":1,"total_tokens":4}}"#;
const TRANSCRIPTIONS: &str = "/v1/audio/transcriptions";

async fn stage(status: u16) -> (RecordingUpstream, Gateway) {
    let upstream = RecordingUpstream::start(&[
        (
            "/broken/audio/transcriptions",
            (status, "application/json", "{}"),
        ),
        ("/v1/audio/transcriptions", (200, "application/json", TEXT)),
        (
            "/v1/images/edits",
            (200, "application/json", r#"{"data":[]}"#),
        ),
    ])
    .await;
    let entry = |base: &str, order: u32| {
        json!({
            "model_name": "ears",
            "litellm_params": {
                "model": "openai/whisper-1", "api_base": upstream.url(base),
                "api_key": UPSTREAM_KEY, "order": order,
            },
        })
    };
    let config = Config::new()
        .entry(entry("/broken", 1))
        .entry(entry("/v1", 2));
    let gateway = Gateway::builder()
        .config(config.yaml())
        .start()
        .await
        .unwrap();
    (upstream, gateway)
}

fn field(name: &str, value: &str) -> String {
    format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn file(size: usize) -> String {
    let sound: String = ('a'..='z').cycle().take(size).collect();
    format!(
        "--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\ncontent-type: audio/wav\r\n\r\n{sound}\r\n"
    )
}

fn client(gateway: &Gateway) -> Client {
    gateway
        .client()
        .bearer(MASTER)
        .header("content-type", "multipart/form-data; boundary=frontier")
}

async fn send(gateway: &Gateway, path: &str, form: &str) -> Reply {
    client(gateway)
        .post_bytes(path, form.to_owned())
        .await
        .unwrap()
}

#[tokio::test]
async fn only_the_model_changes() {
    let (upstream, gateway) = stage(500).await;
    for form in [
        format!(
            "{}{}{}--frontier--\r\n",
            field("model", "ears"),
            field("language", "en"),
            file(2000)
        ),
        format!("{}{}--frontier--\r\n", file(2000), field("model", "ears")),
    ] {
        let reply = send(&gateway, TRANSCRIPTIONS, &form).await;
        assert_eq!((reply.status, reply.text().as_str()), (200, TEXT));
        let asked = upstream.last();
        assert_eq!(asked.target, TRANSCRIPTIONS);
        assert_eq!(asked.text(), form.replace("ears", "whisper-1"));
        assert_eq!(
            asked.header("content-type"),
            "multipart/form-data; boundary=frontier"
        );
        assert_eq!(
            asked.header("authorization"),
            format!("Bearer {UPSTREAM_KEY}")
        );
        assert_eq!(asked.header("content-length"), asked.body.len().to_string());
    }
}

#[tokio::test]
async fn a_short_form_is_sent_again_when_the_first_deployment_fails() {
    let (upstream, gateway) = stage(503).await;
    let form = format!("{}{}--frontier--\r\n", field("model", "ears"), file(100));
    let reply = send(&gateway, TRANSCRIPTIONS, &form).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let arrived = upstream.arrived();
    assert_eq!(arrived.len(), 2);
    assert_eq!(arrived[0].target, "/broken/audio/transcriptions");
    assert_eq!(arrived[0].body, arrived[1].body);
}

/// More than any socket buffer holds: its beginning is sent on before its end has come.
const LONG: usize = 24 << 20;

#[tokio::test]
async fn a_long_form_arrives_whole() {
    let (upstream, gateway) = stage(200).await;
    let form = format!("{}{}--frontier--\r\n", field("model", "ears"), file(LONG));
    let reply = send(&gateway, TRANSCRIPTIONS, &form).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(upstream.last().text() == form.replacen("ears", "whisper-1", 1));
}

#[tokio::test]
async fn a_long_form_is_not_kept_for_a_second_attempt() {
    let (upstream, gateway) = stage(503).await;
    let form = format!("{}{}--frontier--\r\n", field("model", "ears"), file(LONG));
    let reply = send(&gateway, TRANSCRIPTIONS, &form).await;
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert_eq!(upstream.arrived().len(), 1);
}

#[tokio::test]
async fn forms_that_cannot_be_served_are_refused_with_the_reason() {
    let (upstream, gateway) = stage(500).await;
    let without = format!("{}--frontier--\r\n", file(10));
    let unknown = format!("{}--frontier--\r\n", field("model", "nobody"));
    for (form, says) in [
        (without, "no field `model`"),
        (unknown, "there is no model `nobody`"),
        ("not a form".to_owned(), "no field `model`"),
    ] {
        let reply = send(&gateway, TRANSCRIPTIONS, &form).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        let message = reply.json()["error"]["message"].to_string();
        assert!(message.contains(says), "{message}");
    }
    let json = gateway.client().bearer(MASTER);
    let reply = json
        .post(TRANSCRIPTIONS, &json!({ "model": "ears" }))
        .await
        .unwrap();
    assert_eq!(reply.status, 400);
    assert!(
        reply.text().contains("multipart/form-data"),
        "{}",
        reply.text()
    );
    assert!(upstream.arrived().is_empty());
}
