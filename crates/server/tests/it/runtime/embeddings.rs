//! Embeddings: each client dialect that has them, against each upstream that has them.

use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::{Dialect, Stage};

const UPSTREAMS: [Dialect; 4] = [
    Dialect::OpenAi,
    Dialect::Gemini,
    Dialect::Ollama,
    Dialect::Cohere,
];
const INPUTS: [&str; 2] = ["first text", "second text"];

async fn stage() -> Stage {
    Stage::start(|mock, config| {
        UPSTREAMS.iter().fold(config, |config, upstream| {
            config.model(mock, upstream.name(), *upstream, "mock")
        })
    })
    .await
}

async fn post(stage: &Stage, path: &str, body: Value) -> Value {
    let reply = stage.client().post(path, &body).await.unwrap();
    assert_eq!(reply.status, 200, "{path} {body}: {}", reply.text());
    reply.json()
}

/// The mock gives input number `position` a one at that place and zeros elsewhere.
fn assert_unit(vector: &[f64], position: usize) {
    assert_eq!(vector.len(), 8, "{vector:?}");
    for (place, value) in vector.iter().enumerate() {
        let expected = if place == position { 1.0 } else { 0.0 };
        assert!((value - expected).abs() < 1e-6, "{vector:?} at {position}");
    }
}

fn floats(value: &Value) -> Vec<f64> {
    let values = value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"));
    values.iter().map(|value| value.as_f64().unwrap()).collect()
}

fn decoded(value: &Value) -> Vec<f64> {
    let text = value.as_str().unwrap_or_else(|| panic!("no text: {value}"));
    let bytes = base64::prelude::BASE64_STANDARD.decode(text).unwrap();
    let numbers = bytes.chunks_exact(4);
    numbers
        .map(|b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]])))
        .collect()
}

#[tokio::test]
async fn openai_clients() {
    let stage = stage().await;
    for upstream in UPSTREAMS {
        for (format, read) in [
            (None, floats as fn(&Value) -> Vec<f64>),
            (Some("float"), floats),
            (Some("base64"), decoded),
        ] {
            let mut body = json!({ "model": upstream.name(), "input": INPUTS });
            if let Some(format) = format {
                body["encoding_format"] = json!(format);
            }
            let list = post(&stage, "/v1/embeddings", body).await;
            assert_eq!(list["object"], "list", "{list}");
            assert_eq!(list["model"], upstream.name());
            assert_eq!(list["data"].as_array().map(Vec::len), Some(2), "{list}");
            for position in 0..2 {
                let item = &list["data"][position];
                assert_eq!(item["object"], "embedding");
                assert_eq!(item["index"], position);
                assert_unit(&read(&item["embedding"]), position);
            }
            assert!(list["usage"]["prompt_tokens"].is_u64(), "{list}");
            assert!(list["usage"]["total_tokens"].is_u64(), "{list}");
        }
        let single = json!({ "model": upstream.name(), "input": "only text" });
        let list = post(&stage, "/embeddings", single).await;
        assert_unit(&floats(&list["data"][0]["embedding"]), 0);
    }
}

#[tokio::test]
async fn gemini_clients() {
    let stage = stage().await;
    for upstream in UPSTREAMS {
        let model = upstream.name();
        let content = |text: &str| json!({ "parts": [{ "text": text }] });
        let path = format!("/v1beta/models/{model}:embedContent");
        let one = post(&stage, &path, json!({ "content": content("only text") })).await;
        assert_unit(&floats(&one["embedding"]["values"]), 0);
        let path = format!("/v1beta/models/{model}:batchEmbedContents");
        let requests = INPUTS
            .map(|text| json!({ "model": format!("models/{model}"), "content": content(text) }));
        let batch = post(&stage, &path, json!({ "requests": requests })).await;
        for position in 0..2 {
            assert_unit(&floats(&batch["embeddings"][position]["values"]), position);
        }
    }
}

#[tokio::test]
async fn ollama_clients() {
    let stage = stage().await;
    for upstream in UPSTREAMS {
        let model = upstream.name();
        let many = post(
            &stage,
            "/api/embed",
            json!({ "model": model, "input": INPUTS }),
        )
        .await;
        assert_eq!(many["model"], model);
        for position in 0..2 {
            assert_unit(&floats(&many["embeddings"][position]), position);
        }
        let old = post(
            &stage,
            "/api/embeddings",
            json!({ "model": model, "prompt": "text" }),
        )
        .await;
        assert_unit(&floats(&old["embedding"]), 0);
    }
}

#[tokio::test]
async fn cohere_clients() {
    let stage = stage().await;
    for upstream in UPSTREAMS {
        for kinds in [json!(null), json!(["float"])] {
            let mut body = json!({
                "model": upstream.name(), "input_type": "search_document", "texts": INPUTS,
            });
            if !kinds.is_null() {
                body["embedding_types"] = kinds;
            }
            let answer = post(&stage, "/v2/embed", body).await;
            for position in 0..2 {
                let vector = &answer["embeddings"]["float"][position];
                assert_unit(&floats(vector), position);
            }
        }
    }
}

#[tokio::test]
async fn an_upstream_without_embeddings_says_so() {
    let stage =
        Stage::start(|mock, config| config.model(mock, "claude", Dialect::Anthropic, "mock")).await;
    let body = json!({ "model": "claude", "input": "text" });
    let reply = stage.client().post("/v1/embeddings", &body).await.unwrap();
    assert_eq!(reply.status, 400, "{}", reply.text());
    Dialect::OpenAi.assert_error(400, &reply.json());
    assert_eq!(stage.mock.request_count(), 0);
}
