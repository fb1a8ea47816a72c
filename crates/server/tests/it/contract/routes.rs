//! Paths and methods that do not exist, and the ones that exist under several names.

use bytes::Bytes;
use http::Method;

use crate::support::{Answer, CHAT, Dialect, MASTER, Stage, TEXT, chat_body, simple, text_of};

#[tokio::test]
async fn what_is_not_there_is_said_in_the_clients_dialect() {
    let stage = Stage::of_scripts(&["mock"]).await;
    for (path, dialect) in [
        ("/v1/nothing", Dialect::OpenAi),
        ("/nothing", Dialect::OpenAi),
        ("/v1/messages/nothing", Dialect::Anthropic),
        ("/v1beta/nothing", Dialect::Gemini),
        ("/api/nothing", Dialect::Ollama),
        ("/model/mock/nothing", Dialect::Bedrock),
        ("/v2/nothing", Dialect::Cohere),
        ("/v1/responses/resp_1/nothing", Dialect::Responses),
    ] {
        for client in [stage.client(), stage.gateway.client()] {
            let reply = client.post(path, &chat_body("mock", false)).await.unwrap();
            assert_eq!(reply.status, 404, "{path}: {}", reply.text());
            dialect.assert_error(404, &reply.json());
        }
    }
}

#[tokio::test]
async fn a_model_that_is_not_there_is_said_in_the_clients_dialect() {
    let stage = Stage::of_scripts(&["mock"]).await;
    for dialect in Dialect::ALL {
        for stream in [false, true] {
            let (path, body) = simple("no-such-model", stream).request(dialect);
            let reply = stage.client().post(&path, &body).await.unwrap();
            // LiteLLM answers 400 on its OpenAI routes.
            let openai = matches!(dialect, Dialect::OpenAi | Dialect::Responses);
            let status = if openai { 400 } else { 404 };
            assert_eq!(reply.status, status, "{dialect:?}: {}", reply.text());
            dialect.assert_error(status, &reply.json());
            assert!(reply.text().contains("no-such-model"), "{}", reply.text());
        }
    }
}

#[tokio::test]
async fn wrong_methods() {
    let stage = Stage::of_scripts(&["mock"]).await;
    for (method, path, allowed) in [
        (Method::GET, CHAT, "POST"),
        (Method::PUT, CHAT, "POST"),
        (Method::GET, "/v1/messages", "POST"),
        (Method::GET, "/api/chat", "POST"),
        (Method::GET, "/api/show", "POST"),
        (Method::DELETE, "/v1/models", "GET"),
        (Method::POST, "/health/liveliness", "GET"),
        (Method::POST, "/metrics", "GET"),
    ] {
        let reply = stage
            .client()
            .send(method.clone(), path, Bytes::new())
            .await
            .unwrap();
        assert_eq!(reply.status, 405, "{method} {path}");
        assert!(
            reply
                .header("allow")
                .is_some_and(|allow| allow.contains(allowed)),
            "{path}"
        );
    }
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let stage = Stage::of_scripts(&["mock"]).await;
    for path in ["/health/liveliness", "/v1/models", "/"] {
        let reply = stage
            .client()
            .send(Method::HEAD, path, Bytes::new())
            .await
            .unwrap();
        assert_eq!(reply.status, 200, "{path}");
        let reply = reply.collect().await.unwrap();
        assert!(reply.body.is_empty());
    }
    let unkeyed = stage.gateway.client();
    let reply = unkeyed
        .send(Method::HEAD, "/v1/models", Bytes::new())
        .await
        .unwrap();
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn chat_under_all_its_names() {
    let stage = Stage::of_scripts(&["mock"]).await;
    for path in [
        "/chat/completions",
        "/v1/chat/completions",
        "/v1/chat/completions/",
        "/engines/mock/chat/completions",
        "/v1/engines/mock/chat/completions",
        "/openai/deployments/mock/chat/completions",
        "/openai/deployments/mock/chat/completions?api-version=2024-10-21",
    ] {
        let reply = stage
            .client()
            .post(path, &chat_body("mock", false))
            .await
            .unwrap();
        assert_eq!(text_of(&reply), TEXT, "{path}");
    }
    // Azure's clients name the deployment in the path only.
    let body = r#"{"messages":[{"role":"user","content":"x"}]}"#;
    let path = "/openai/deployments/mock/chat/completions";
    assert_eq!(
        text_of(&stage.client().post_bytes(path, body).await.unwrap()),
        TEXT
    );
    for (path, dialect) in [
        ("/messages", Dialect::Anthropic),
        ("/v1/models/mock:generateContent", Dialect::Gemini),
        ("/models/mock:generateContent", Dialect::Gemini),
    ] {
        let (_, body) = simple("mock", false).request(dialect);
        let reply = stage.client().post(path, &body).await.unwrap();
        assert_eq!(Answer::whole(dialect, &reply).text, TEXT, "{path}");
    }
}

#[tokio::test]
async fn a_model_with_a_slash_in_its_name() {
    let stage =
        Stage::start(|mock, config| config.model(mock, "team/mock", Dialect::OpenAi, "mock")).await;
    assert_eq!(text_of(&stage.chat("team/mock").await), TEXT);
    for model in ["team/mock", "team%2Fmock"] {
        let (_, body) = simple(model, false).request(Dialect::Gemini);
        let path = format!("/v1beta/models/{model}:generateContent");
        let reply = stage.client().post(&path, &body).await.unwrap();
        assert_eq!(Answer::whole(Dialect::Gemini, &reply).text, TEXT, "{path}");
        let path = format!("/openai/deployments/{model}/chat/completions");
        let reply = stage
            .client()
            .post(&path, &chat_body("", false))
            .await
            .unwrap();
        assert_eq!(text_of(&reply), TEXT, "{path}");
        let listed = stage
            .client()
            .get(&format!("/v1/models/{model}"))
            .await
            .unwrap();
        assert_eq!(listed.json()["id"], "team/mock");
    }
}

#[tokio::test]
async fn ollamas_generate() {
    let stage = Stage::start(|mock, config| {
        Dialect::ALL.iter().fold(config, |config, upstream| {
            config.model(mock, upstream.name(), *upstream, "mock")
        })
    })
    .await;
    for upstream in Dialect::ALL {
        let body = serde_json::json!({ "model": upstream.name(), "prompt": "Say hello.", "stream": false });
        let reply = stage.client().post("/api/generate", &body).await.unwrap();
        assert_eq!(reply.status, 200, "{upstream:?}: {}", reply.text());
        assert_eq!(reply.json()["response"], TEXT, "{upstream:?}");
        assert_eq!(reply.json()["done"], true);
        let body = serde_json::json!({ "model": upstream.name(), "prompt": "Say hello." });
        let lines = stage
            .client()
            .post("/api/generate", &body)
            .await
            .unwrap()
            .lines();
        let text: String = lines
            .iter()
            .filter_map(|line| line["response"].as_str())
            .collect();
        assert_eq!(text, TEXT, "{upstream:?}");
        assert_eq!(lines.last().unwrap()["done"], true);
    }
}

#[tokio::test]
async fn the_old_name_of_a_latest_tag() {
    let stage = Stage::of_scripts(&["mock"]).await;
    let (path, body) = simple("mock:latest", false).request(Dialect::Ollama);
    let reply = stage.client().post(&path, &body).await.unwrap();
    assert_eq!(Answer::whole(Dialect::Ollama, &reply).text, TEXT);
}

#[tokio::test]
async fn a_token_count_for_anthropic_clients() {
    let stage = Stage::start(|mock, config| {
        Dialect::ALL.iter().fold(config, |config, upstream| {
            config.model(mock, upstream.name(), *upstream, "mock")
        })
    })
    .await;
    for upstream in Dialect::ALL {
        let (_, body) = simple(upstream.name(), false).request(Dialect::Anthropic);
        let reply = stage
            .client()
            .post("/v1/messages/count_tokens", &body)
            .await
            .unwrap();
        assert_eq!(reply.status, 200, "{upstream:?}: {}", reply.text());
        assert!(
            reply.json()["input_tokens"]
                .as_u64()
                .is_some_and(|count| count > 0)
        );
    }
    let (_, body) = simple("gemini", false).request(Dialect::Gemini);
    for model in ["gemini", "openai"] {
        let path = format!("/v1beta/models/{model}:countTokens");
        let reply = stage.client().post(&path, &body).await.unwrap();
        assert_eq!(reply.status, 200, "{model}: {}", reply.text());
        assert!(
            reply.json()["totalTokens"]
                .as_u64()
                .is_some_and(|count| count > 0)
        );
    }
    assert!(!format!("{:?}", stage.mock.requests()).contains(MASTER));
}
