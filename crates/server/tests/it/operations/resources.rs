//! Files, batches and the like: with the credential of the model that holds them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Method;
use lockgate_testkit::{Gateway, Reply};
use serde_json::{Value, json};

use crate::support::{Config, MASTER, RecordingUpstream};

const FILE: &str = r#"{"id":"file-1","object":"file","purpose":"batch","bytes":3}"#;
const FILES: &str = r#"{"object":"list","data":[{"id":"file-1","object":"file"}],"first_id":"file-1","last_id":"file-1","has_more":false}"#;
const BATCH: &str = r#"{"id":"batch_1","object":"batch","input_file_id":"file-1","output_file_id":"file-2","error_file_id":null,"status":"completed"}"#;
const JOB: &str = r#"{"id":"ftjob-1","object":"fine_tuning.job","training_file":"file-1","validation_file":null,"result_files":["file-3"]}"#;
const VIDEO: &str = r#"{"id":"video_1","object":"video","status":"queued","model":"sora-2"}"#;
const FOUND: &str =
    r#"{"object":"vector_store.search_results.page","data":[{"file_id":"file-1","score":0.9}]}"#;

async fn upstream() -> RecordingUpstream {
    let json = |text| (200, "application/json", text);
    RecordingUpstream::start(&[
        ("/v1/files", json(FILE)),
        ("/v1/files/file-1", json(FILE)),
        ("/list/files", json(FILES)),
        (
            "/v1/files/file-2/content",
            (200, "application/jsonl", "{}\n"),
        ),
        ("/v1/batches", json(BATCH)),
        ("/v1/batches/batch_1", json(BATCH)),
        ("/v1/batches/batch_1/cancel", json(BATCH)),
        ("/v1/fine_tuning/jobs", json(JOB)),
        ("/v1/videos", json(VIDEO)),
        ("/v1/videos/video_1", json(VIDEO)),
        ("/v1/videos/video_9/content", (200, "video/mp4", "moving")),
        ("/v1/vector_stores/vs_1/search", json(FOUND)),
    ])
    .await
}

fn entry(upstream: &RecordingUpstream, name: &str, path: &str, key: &str) -> Value {
    json!({
        "model_name": name,
        "litellm_params": {
            "model": format!("openai/{name}-there"), "api_base": upstream.url(path), "api_key": key,
        },
    })
}

async fn gateway(upstream: &RecordingUpstream) -> Gateway {
    let config = Config::new()
        .entry(entry(upstream, "one", "/v1", "sk-one"))
        .entry(entry(upstream, "two", "/v1", "sk-two"))
        .entry(entry(upstream, "lister", "/list", "sk-lister"))
        .entry(entry(upstream, "many", "/v1", "sk-many-a"))
        .entry(entry(upstream, "many", "/v1", "sk-many-b"));
    Gateway::builder()
        .config(config.yaml())
        .env("OPENAI_API_KEY", "sk-environment")
        .env("OPENAI_BASE_URL", upstream.url("/v1"))
        .env("MISTRAL_API_KEY", "sk-mistral")
        .env("MISTRAL_API_BASE", upstream.url("/v1"))
        .start()
        .await
        .unwrap()
}

async fn ask(gateway: &Gateway, method: Method, path: &str) -> Reply {
    let client = gateway.client().bearer(MASTER);
    let reply = client.send(method, path, Bytes::new()).await.unwrap();
    reply.collect().await.unwrap()
}

fn form(fields: &[(&str, &str)]) -> String {
    let fields: String = fields
        .iter()
        .map(|(name, value)| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        })
        .collect();
    format!(
        "{fields}--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jsonl\"\r\n\r\n{}\r\n--b--\r\n",
        "{}\n".repeat(100_000)
    )
}

async fn upload(gateway: &Gateway, path: &str, form: &str, headers: &[(&str, &str)]) -> Value {
    let client = gateway
        .client()
        .bearer(MASTER)
        .header("content-type", "multipart/form-data; boundary=b");
    let client = headers
        .iter()
        .fold(client, |client, (name, value)| client.header(name, value));
    let reply = client.post_bytes(path, form.to_owned()).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

async fn post(gateway: &Gateway, path: &str, body: Value) -> Value {
    let client = gateway.client().bearer(MASTER);
    let reply = client.post(path, &body).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn key(upstream: &RecordingUpstream) -> String {
    upstream.last().header("authorization").to_owned()
}

/// An id as LiteLLM writes it.
fn litellm(prefix: &str, text: &str) -> String {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(text))
}

#[tokio::test]
async fn a_file_goes_to_the_model_that_the_request_names() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let plain = form(&[("purpose", "batch")]);
    for (path, fields, headers) in [
        (
            "/v1/files",
            vec![("model", "two"), ("purpose", "batch")],
            vec![],
        ),
        (
            "/files",
            vec![("purpose", "batch"), ("target_model_names", "two, one")],
            vec![],
        ),
        (
            "/v1/files",
            vec![("purpose", "batch")],
            vec![("x-litellm-model", "two")],
        ),
        ("/v1/files?model=two", vec![("purpose", "batch")], vec![]),
    ] {
        let file = upload(&gateway, path, &form(&fields), &headers).await;
        assert_eq!(
            file["id"],
            litellm("file-", "litellm:file-1;model,two"),
            "{path}"
        );
        assert_eq!(key(&upstream), "Bearer sk-two");
        let asked = upstream.last();
        assert_eq!(asked.target, "/v1/files");
        // What was meant for the gateway is gone, and the length fits.
        assert!(asked.text() == plain, "{path} {fields:?}");
        assert_eq!(asked.header("content-length"), plain.len().to_string());
    }
}

#[tokio::test]
async fn ids_lead_back_to_the_holder() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let file = upload(&gateway, "/v1/files?model=one", &form(&[]), &[]).await;
    let id = file["id"].as_str().unwrap();
    for method in [Method::GET, Method::DELETE] {
        let reply = ask(&gateway, method, &format!("/v1/files/{id}")).await;
        assert_eq!(reply.json()["id"], id, "{}", reply.text());
        assert_eq!(upstream.last().target, "/v1/files/file-1");
        assert_eq!(key(&upstream), "Bearer sk-one");
    }
    let body = json!({
        "input_file_id": id, "endpoint": "/v1/chat/completions", "completion_window": "24h",
    });
    let batch = post(&gateway, "/v1/batches", body).await;
    let sent: Value = serde_json::from_slice(&upstream.last().body).unwrap();
    assert_eq!(sent["input_file_id"], "file-1");
    assert_eq!(key(&upstream), "Bearer sk-one");
    assert_eq!(batch["id"], litellm("batch_", "litellm:batch_1;model,one"));
    assert_eq!(
        (&batch["input_file_id"], &batch["error_file_id"]),
        (&json!(id), &Value::Null)
    );

    let path = format!("/v1/batches/{}", batch["id"].as_str().unwrap());
    assert_eq!(ask(&gateway, Method::GET, &path).await.json(), batch);
    let cancelled = ask(&gateway, Method::POST, &format!("{path}/cancel")).await;
    assert_eq!(cancelled.json(), batch);
    let output = batch["output_file_id"].as_str().unwrap();
    let content = ask(
        &gateway,
        Method::GET,
        &format!("/v1/files/{output}/content"),
    )
    .await;
    assert_eq!(content.text(), "{}\n");
    assert_eq!(key(&upstream), "Bearer sk-one");
}

#[tokio::test]
async fn ids_that_litellm_gave_out_still_lead_there() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let file = litellm("file-", "litellm:file-1;model,two");
    let video = litellm(
        "video_",
        "litellm:custom_llm_provider:openai;model_id:two;video_id:video_9",
    );
    for (path, there) in [
        (format!("/v1/files/{file}"), "/v1/files/file-1"),
        (
            format!("/v1/videos/{video}/content"),
            "/v1/videos/video_9/content",
        ),
    ] {
        let reply = ask(&gateway, Method::GET, &path).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(upstream.last().target, there);
        assert_eq!(key(&upstream), "Bearer sk-two");
    }
    let gone = litellm("file-", "litellm:file-1;model,gone");
    let reply = ask(&gateway, Method::GET, &format!("/v1/files/{gone}")).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    let climbing = litellm("file-", "litellm:..;model,two");
    let reply = ask(&gateway, Method::GET, &format!("/v1/files/{climbing}/x")).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
}

#[tokio::test]
async fn an_id_tells_deployments_of_one_name_apart() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    for _ in 0..4 {
        let file = upload(&gateway, "/v1/files?model=many", &form(&[]), &[]).await;
        let held_with = key(&upstream);
        let path = format!("/v1/files/{}", file["id"].as_str().unwrap());
        for _ in 0..4 {
            assert_eq!(ask(&gateway, Method::GET, &path).await.status, 200);
            assert_eq!(key(&upstream), held_with);
        }
    }
}

#[tokio::test]
async fn lists_and_jobs_and_searches_have_such_ids_too() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let id = litellm("file-", "litellm:file-1;model,lister");
    let listed = ask(
        &gateway,
        Method::GET,
        &format!("/v1/files?model=lister&after={id}"),
    )
    .await;
    assert_eq!(listed.json()["data"][0]["id"], id);
    assert_eq!(listed.json()["last_id"], id);
    assert_eq!(upstream.last().target, "/list/files?after=file-1");

    let training = litellm("file-", "litellm:file-1;model,one");
    let body = json!({ "model": "one", "training_file": training });
    let job = post(&gateway, "/v1/fine_tuning/jobs", body).await;
    let sent: Value = serde_json::from_slice(&upstream.last().body).unwrap();
    assert_eq!(
        sent,
        json!({ "model": "one-there", "training_file": "file-1" })
    );
    assert_eq!(job["id"], litellm("ftjob-", "litellm:ftjob-1;model,one"));
    assert_eq!(
        job["result_files"][0],
        litellm("file-", "litellm:file-3;model,one")
    );

    let store = litellm("vs_", "litellm:vs_1;model,two");
    let path = format!("/v1/vector_stores/{store}/search");
    let found = post(&gateway, &path, json!({ "query": "tides" })).await;
    assert_eq!(
        found["data"][0]["file_id"],
        litellm("file-", "litellm:file-1;model,two")
    );
}

#[tokio::test]
async fn videos_name_their_model_in_the_body() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let body = json!({ "model": "two", "prompt": "A calm sea." });
    let video = post(&gateway, "/v1/videos", body).await;
    let sent: Value = serde_json::from_slice(&upstream.last().body).unwrap();
    assert_eq!(
        (&sent["model"], key(&upstream).as_str()),
        (&json!("two-there"), "Bearer sk-two")
    );
    let path = format!("/v1/videos/{}", video["id"].as_str().unwrap());
    assert_eq!(
        ask(&gateway, Method::GET, &path).await.json()["id"],
        video["id"]
    );

    upload(
        &gateway,
        "/v1/videos",
        &form(&[("model", "one"), ("prompt", "x")]),
        &[],
    )
    .await;
    let sent = upstream.last();
    assert!(sent.text() == form(&[("model", "one-there"), ("prompt", "x")]));
    assert_eq!(key(&upstream), "Bearer sk-one");
}

#[tokio::test]
async fn without_a_model_it_is_the_providers() {
    let upstream = upstream().await;
    let gateway = gateway(&upstream).await;
    let plain = form(&[("purpose", "batch")]);
    let file = upload(&gateway, "/v1/files", &plain, &[]).await;
    assert_eq!(
        (&file["id"], key(&upstream).as_str()),
        (&json!("file-1"), "Bearer sk-environment")
    );
    let named = form(&[("custom_llm_provider", "mistral"), ("purpose", "batch")]);
    upload(&gateway, "/v1/files", &named, &[]).await;
    assert_eq!(key(&upstream), "Bearer sk-mistral");
    assert!(upstream.last().text() == plain);
    // A model that is the provider's and not the gateway's stays.
    let body = json!({ "model": "sora-2", "prompt": "x", "custom_llm_provider": "openai" });
    post(&gateway, "/v1/videos", body).await;
    let sent: Value = serde_json::from_slice(&upstream.last().body).unwrap();
    assert_eq!(sent, json!({ "model": "sora-2", "prompt": "x" }));
    let nobody = gateway.client();
    assert_eq!(nobody.get("/v1/files?model=one").await.unwrap().status, 401);
}
