//! The responses API goes on where it was, with any upstream behind it.

mod background;
mod compact;
mod provider;

use bytes::Bytes;
use http::Method;
use lockgate_testkit::Reply;
use serde_json::{Value, json};

use crate::support::{Dialect, Stage};

const RESPONSES: &str = "/v1/responses";

/// Upstreams that do not have the API.
const TRANSLATED: [Dialect; 6] = [
    Dialect::OpenAi,
    Dialect::Anthropic,
    Dialect::Gemini,
    Dialect::Ollama,
    Dialect::Bedrock,
    Dialect::Cohere,
];

async fn stage() -> Stage {
    Stage::start(|mock, config| {
        TRANSLATED.iter().fold(config, |config, dialect| {
            // `openai` has the API itself; `groq` has chat completions only.
            let more = match dialect {
                Dialect::OpenAi => json!({ "model": "groq/echo" }),
                _ => json!({}),
            };
            config.model_with(mock, dialect.name(), *dialect, "echo", more)
        })
    })
    .await
}

async fn say(stage: &Stage, body: Value) -> Value {
    let reply = stage.client().post(RESPONSES, &body).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

async fn ask(stage: &Stage, method: Method, path: &str) -> Reply {
    let reply = stage.client().send(method, path, Bytes::new()).await;
    reply.unwrap().collect().await.unwrap()
}

fn text(response: &Value) -> &str {
    let item = response["output"].as_array().unwrap().last().unwrap();
    item["content"][0]["text"].as_str().unwrap()
}

#[tokio::test]
async fn a_conversation_goes_on_with_every_upstream() {
    let stage = stage().await;
    for dialect in TRANSLATED {
        let model = dialect.name();
        let first = say(
            &stage,
            json!({ "model": model, "input": "My name is Ada." }),
        )
        .await;
        assert_eq!(text(&first), "My name is Ada.", "{model}");
        assert!(first["id"].as_str().unwrap().starts_with("resp_"));
        let second = say(
            &stage,
            json!({ "model": model, "input": "Who am I?", "previous_response_id": first["id"] }),
        )
        .await;
        assert_eq!(second["previous_response_id"], first["id"], "{model}");
        let sent = stage.mock.last_request().unwrap();
        let sent = String::from_utf8(sent.body.to_vec()).unwrap();
        let places: Vec<usize> = ["My name is Ada.", "Who am I?"]
            .iter()
            .map(|said| {
                sent.find(said)
                    .unwrap_or_else(|| panic!("{said} in {sent}"))
            })
            .collect();
        assert!(places[0] < places[1], "{model}: {sent}");
        // Once as the question, once as the answer that the model gave.
        assert_eq!(
            sent.matches("My name is Ada.").count(),
            2,
            "{model}: {sent}"
        );

        let third = say(
            &stage,
            json!({ "model": model, "input": "Go on.", "previous_response_id": second["id"] }),
        )
        .await;
        assert_eq!(text(&third), "Go on.");
        let sent = stage.mock.last_request().unwrap();
        let sent = String::from_utf8(sent.body.to_vec()).unwrap();
        assert_eq!(sent.matches("Who am I?").count(), 2, "{model}: {sent}");
    }
}

#[tokio::test]
async fn a_streamed_response_is_kept_too() {
    let stage = stage().await;
    let body = json!({ "model": "anthropic", "input": "Stream this.", "stream": true });
    let reply = stage.client().post(RESPONSES, &body).await.unwrap();
    let events = reply.events();
    let last: Value = serde_json::from_str(&events.last().unwrap().data).unwrap();
    assert_eq!(last["type"], "response.completed");
    let id = last["response"]["id"].as_str().unwrap();
    let kept = ask(&stage, Method::GET, &format!("{RESPONSES}/{id}")).await;
    assert_eq!(kept.status, 200, "{}", kept.text());
    assert_eq!(kept.json(), last["response"]);
}

#[tokio::test]
async fn responses_can_be_looked_up_listed_and_deleted() {
    let stage = stage().await;
    let input = json!([
        { "role": "user", "content": "One." },
        { "role": "user", "content": "Two." },
    ]);
    let said = say(&stage, json!({ "model": "gemini", "input": input })).await;
    let path = format!("{RESPONSES}/{}", said["id"].as_str().unwrap());
    assert_eq!(ask(&stage, Method::GET, &path).await.json(), said);

    let list = ask(
        &stage,
        Method::GET,
        &format!("{path}/input_items?order=asc&limit=1"),
    )
    .await
    .json();
    assert_eq!(list["object"], "list");
    assert_eq!(list["data"][0]["content"][0]["text"], "One.");
    assert_eq!(list["has_more"], true);
    let after = list["last_id"].as_str().unwrap();
    let rest = ask(
        &stage,
        Method::GET,
        &format!("{path}/input_items?order=asc&after={after}"),
    )
    .await
    .json();
    assert_eq!(rest["data"][0]["content"][0]["text"], "Two.");
    assert_eq!(rest["has_more"], false);

    let cancelled = ask(&stage, Method::POST, &format!("{path}/cancel")).await;
    assert_eq!(cancelled.status, 400, "{}", cancelled.text());

    let gone = ask(&stage, Method::DELETE, &path).await.json();
    assert_eq!(gone["deleted"], true);
    for (method, path) in [(Method::GET, path.clone()), (Method::DELETE, path.clone())] {
        let reply = ask(&stage, method, &path).await;
        assert_eq!(reply.status, 404, "{}", reply.text());
    }
    let without_key = stage.gateway.client().get(&path).await.unwrap();
    assert_eq!(without_key.status, 401);
}

#[tokio::test]
async fn what_was_not_kept_cannot_be_gone_on_from() {
    let stage = stage().await;
    let said = say(
        &stage,
        json!({ "model": "ollama", "input": "Forget me.", "store": false }),
    )
    .await;
    for id in [said["id"].clone(), json!("resp_none")] {
        let body = json!({ "model": "ollama", "input": "Well?", "previous_response_id": id });
        let reply = stage.client().post(RESPONSES, &body).await.unwrap();
        assert_eq!(reply.status, 400, "{}", reply.text());
        let error = &reply.json()["error"];
        assert_eq!(error["code"], "previous_response_not_found");
        assert_eq!(error["param"], "previous_response_id");
    }
}

#[tokio::test]
async fn an_upstream_with_the_api_is_asked_there() {
    let stage =
        Stage::start(|mock, config| config.model(mock, "own", Dialect::OpenAi, "mock")).await;
    let first = say(&stage, json!({ "model": "own", "input": "Hello?" })).await;
    let asked = stage.mock.last_request().unwrap();
    assert!(asked.path.ends_with("/responses"), "{}", asked.path);
    assert_eq!(first["model"], "own");
    let second = json!({ "model": "own", "input": "More.", "previous_response_id": first["id"] });
    say(&stage, second).await;
    let asked = stage.mock.last_request().unwrap().json();
    assert!(asked.get("previous_response_id").is_none(), "{asked}");
    assert_eq!(asked["input"][0]["content"], "Hello?");
}

#[tokio::test]
async fn a_conversation_object_means_nothing_to_other_providers() {
    let stage = stage().await;
    let body = json!({ "model": "anthropic", "input": "Well?", "conversation": "conv_1" });
    let reply = stage.client().post(RESPONSES, &body).await.unwrap();
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert_eq!(reply.json()["error"]["param"], "conversation");
    assert_eq!(stage.mock.request_count(), 0);
}
