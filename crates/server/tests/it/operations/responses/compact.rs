//! `POST /v1/responses/compact`: a conversation becomes shorter and goes on from there.

use serde_json::{Value, json};

use super::{TRANSLATED, say, stage};
use crate::support::{Dialect, MASTER, RecordingUpstream, Stage, TEXT, UPSTREAM_KEY};

const COMPACT: &str = "/v1/responses/compact";
const THEIRS: &str = r#"{"id":"resp_c","object":"response.compaction","created_at":1,"output":[{"id":"cmp_1","type":"compaction","encrypted_content":"gAAAAA"}],"usage":{"input_tokens":9,"output_tokens":2,"total_tokens":11}}"#;

fn conversation() -> Value {
    json!([
        { "role": "user", "content": "My name is Ada." },
        { "role": "assistant", "content": "Hello Ada." },
        { "type": "function_call", "call_id": "c1", "name": "look", "arguments": "{\"at\":\"sky\"}" },
        { "type": "function_call_output", "call_id": "c1", "output": "It is blue." },
        { "role": "user", "content": [{ "type": "input_text", "text": "What did you see?" }] },
    ])
}

async fn compact(stage: &Stage, body: &Value) -> Value {
    let reply = stage.client().post(COMPACT, body).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn sent(stage: &Stage) -> String {
    let request = stage.mock.last_request().unwrap();
    String::from_utf8(request.body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_model_without_the_api_writes_the_summary_itself() {
    let stage = Stage::start(|mock, config| {
        TRANSLATED.iter().fold(config, |config, dialect| {
            let more = match dialect {
                Dialect::OpenAi => json!({ "model": "groq/mock" }),
                _ => json!({}),
            };
            config.model_with(mock, dialect.name(), *dialect, "mock", more)
        })
    })
    .await;
    for dialect in TRANSLATED {
        let model = dialect.name();
        let body = json!({ "model": model, "input": conversation(), "instructions": "Be brief." });
        let compacted = compact(&stage, &body).await;
        assert_eq!(compacted["object"], "response.compaction", "{compacted}");
        assert!(
            compacted["usage"]["total_tokens"].as_u64().unwrap() > 0,
            "{compacted}"
        );
        // The model was told all of it, calls in words.
        let asked = sent(&stage);
        for said in [
            "Be brief.",
            "My name is Ada.",
            "called look",
            "It is blue.",
            "summary",
        ] {
            assert!(asked.contains(said), "{model}: {said} in {asked}");
        }
        // All messages of the user, then the item.
        let output = compacted["output"].as_array().unwrap();
        let kinds: Vec<&str> = output
            .iter()
            .map(|item| item["type"].as_str().unwrap())
            .collect();
        assert_eq!(kinds, ["message", "message", "compaction"], "{compacted}");
        assert_eq!(output[0]["content"][0]["text"], "My name is Ada.");
        assert_eq!(output[1]["content"][0]["text"], "What did you see?");
        let sealed = output[2]["encrypted_content"].as_str().unwrap();
        assert!(
            !sealed.contains(TEXT) && sealed.len() > TEXT.len(),
            "{sealed}"
        );

        // It goes on with the summary in the item's place.
        let mut input = output.clone();
        input.push(json!({ "role": "user", "content": "Go on." }));
        let first = say(&stage, json!({ "model": model, "input": input })).await;
        let asked = sent(&stage);
        let places: Vec<usize> = ["What did you see?", TEXT, "Go on."]
            .iter()
            .map(|said| {
                asked
                    .find(said)
                    .unwrap_or_else(|| panic!("{said} in {asked}"))
            })
            .collect();
        assert!(places.is_sorted(), "{model}: {asked}");
        assert!(!asked.contains("lockgate-compaction"), "{model}: {asked}");

        // From a response, too.
        let body = json!({ "model": model, "previous_response_id": first["id"] });
        let again = compact(&stage, &body).await;
        assert_eq!(again["output"].as_array().unwrap().len(), 5, "{again}");
    }
}

#[tokio::test]
async fn a_provider_that_has_the_operation_is_asked_for_it() {
    let upstream =
        RecordingUpstream::start(&[("/responses/compact", (200, "application/json", THEIRS))])
            .await;
    let stage = Stage::start(|_, config| {
        config.entry(json!({
            "model_name": "own",
            "litellm_params": {
                "model": "openai/m", "api_base": upstream.url("/v1"), "api_key": UPSTREAM_KEY,
            },
        }))
    })
    .await;
    let body = json!({ "model": "own", "input": conversation(), "prompt_cache_key": "k" });
    let compacted = compact(&stage, &body).await;
    assert_eq!(compacted, serde_json::from_str::<Value>(THEIRS).unwrap());
    let asked: Value = serde_json::from_slice(&upstream.last().body).unwrap();
    assert_eq!(upstream.last().target, "/v1/responses/compact");
    assert_eq!(
        (&asked["model"], &asked["prompt_cache_key"]),
        (&json!("m"), &json!("k"))
    );
    assert_eq!(asked["input"], conversation());
}

/// The mock has the Responses API and not this one.
#[tokio::test]
async fn a_server_that_lacks_it_is_asked_for_a_summary() {
    let stage =
        Stage::start(|mock, config| config.model(mock, "own", Dialect::OpenAi, "mock")).await;
    let body = json!({ "model": "own", "input": conversation() });
    let compacted = compact(&stage, &body).await;
    assert_eq!(compacted["output"][2]["type"], "compaction", "{compacted}");
    let asked = stage.mock.last_request().unwrap();
    assert!(asked.path.ends_with("/v1/responses"), "{}", asked.path);
    assert_eq!(asked.json()["store"], false);
}

#[tokio::test]
async fn a_changed_item_is_refused() {
    let stage = stage().await;
    let item = json!({ "type": "compaction", "encrypted_content": "lockgate-compaction:AAAA" });
    let body = json!({ "model": "anthropic", "input": [item] });
    let reply = stage.client().post("/v1/responses", &body).await.unwrap();
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(reply.json()["error"]["param"], "input");
    let without_key = stage.gateway.client().post(COMPACT, &body).await.unwrap();
    assert_eq!(without_key.status, 401);
    // Text that speaks of such an item is text.
    let body = json!({ "model": "anthropic", "input": "What is lockgate-compaction:AAAA?" });
    let client = stage.gateway.client().bearer(MASTER);
    assert_eq!(
        client.post("/v1/responses", &body).await.unwrap().status,
        200
    );
}
