//! Gemini's streams without `alt=sse`: one JSON array, member by member.

use serde_json::Value;

use crate::support::{Dialect, Stage, simple};

#[tokio::test]
async fn every_upstream_answers_as_an_array() {
    let stage = Stage::start(|mock, config| {
        Dialect::ALL.iter().fold(config, |config, dialect| {
            config.model(mock, dialect.name(), *dialect, "mock")
        })
    })
    .await;
    for dialect in Dialect::ALL {
        let model = dialect.name();
        let (events, body) = simple(model, true).request(Dialect::Gemini);
        let as_events = stage.client().post(&events, &body).await.unwrap();
        let events: Vec<Value> = as_events
            .events()
            .iter()
            .map(|event| serde_json::from_str(&event.data).unwrap())
            .collect();

        let array = format!("/v1beta/models/{model}:streamGenerateContent");
        let reply = stage.client().post(&array, &body).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert_eq!(reply.header("content-type"), Some("application/json"));
        let members: Vec<Value> = serde_json::from_str(&reply.text()).unwrap();
        let text = |chunks: &[Value]| -> String {
            let part = |chunk: &Value| {
                let text = &chunk["candidates"][0]["content"]["parts"][0]["text"];
                text.as_str().unwrap_or_default().to_owned()
            };
            chunks.iter().map(part).collect()
        };
        assert_eq!(text(&members), text(&events), "{model}");
        assert_eq!(members.len(), events.len(), "{model}");
        assert!(!text(&members).is_empty());
    }
}

#[tokio::test]
async fn a_broken_stream_is_still_an_array() {
    let stage = Stage::start(|mock, config| {
        config.model(mock, "m", Dialect::OpenAi, "late-error-in-stream")
    })
    .await;
    let (_, body) = simple("m", true).request(Dialect::Gemini);
    let path = "/v1beta/models/m:streamGenerateContent";
    let reply = stage.client().post(path, &body).await.unwrap();
    let members: Vec<Value> = serde_json::from_str(&reply.text()).unwrap();
    assert!(
        members.last().unwrap()["error"].is_object(),
        "{}",
        reply.text()
    );
}
