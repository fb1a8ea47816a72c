//! Bodies and names that are meant to break something.

use serde_json::{Value, json};

use crate::support::{CHAT, Config, Dialect, Stage, chat_body, simple, text_of};

async fn stage() -> Stage {
    Stage::start(|mock, config: Config| {
        Dialect::ALL.iter().fold(config, |config, upstream| {
            config
                .model(mock, upstream.name(), *upstream, "mock")
                .model(mock, &format!("any-{}/*", upstream.name()), *upstream, "*")
        })
    })
    .await
}

/// Values that no schema foresees, wherever a request may have one: an answer or a refusal, never a crash.
#[tokio::test]
async fn odd_values_break_nothing() {
    let odd = [
        "null",
        "true",
        "-1",
        "1e999",
        "18446744073709551616",
        "0.1",
        "\"\"",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "[]",
        "{}",
        "[[]]",
        "[null]",
        "{\"\":{}}",
        "{\"type\":null}",
        "[{\"type\":\"text\"}]",
        "[{\"role\":\"tool\"}]",
    ];
    let stage = stage().await;
    for (place, client) in Dialect::ALL.into_iter().enumerate() {
        // Its own dialect and one other: each is reader and writer twice.
        for upstream in [client, Dialect::ALL[(place + 1) % Dialect::ALL.len()]] {
            let (path, body) = simple(upstream.name(), false).request(client);
            for name in members(&body) {
                for value in odd {
                    let body = with(&body, &name, value);
                    let reply = stage.client().post_bytes(&path, body.clone()).await;
                    let reply = reply.unwrap_or_else(|error| panic!("{error}: {body}"));
                    assert!(
                        matches!(reply.status, 200 | 400 | 404),
                        "{client:?} <- {upstream:?} {body}: {} {}",
                        reply.status,
                        reply.text()
                    );
                }
            }
        }
    }
    let logs = stage.gateway.logs();
    assert!(!logs.contains("panicked"), "{logs}");
}

/// Members worth spoiling: those of the request, and a few it may have.
fn members(body: &Value) -> Vec<String> {
    let own = body.as_object().unwrap().keys().cloned();
    let more = [
        "tools",
        "tool_choice",
        "response_format",
        "stop",
        "temperature",
        "metadata",
        "thinking",
        "system",
        "generationConfig",
        "options",
        "format",
        "stream_options",
        "think",
        "inferenceConfig",
        "additionalModelRequestFields",
        "toolConfig",
        "reasoning",
        "text",
        "include",
        "documents",
    ];
    own.filter(|name| name != "model")
        .chain(more.map(str::to_owned))
        .collect()
}

/// The body as text with one member replaced.
fn with(body: &Value, name: &str, value: &str) -> String {
    let mut members: Vec<String> = body
        .as_object()
        .unwrap()
        .iter()
        .filter(|(other, _)| *other != name)
        .map(|(name, value)| format!("{}:{value}", json!(name)))
        .collect();
    members.push(format!("{}:{value}", json!(name)));
    format!("{{{}}}", members.join(","))
}

/// A wildcard lets clients name the upstream's model; it must not let them name its path.
#[tokio::test]
async fn a_model_name_is_no_path() {
    let stage = stage().await;
    for upstream in Dialect::ALL {
        for name in [
            "../../secrets",
            "..%2f..%2fsecrets",
            "x/../../y",
            "x?key=1&",
            "x#y",
            "x:delete",
            "x y",
            "x\r\nhost: evil",
            "\u{0}",
            "\u{202e}",
        ] {
            let model = format!("any-{}/{name}", upstream.name());
            let reply = stage
                .client()
                .post(CHAT, &chat_body(&model, false))
                .await
                .unwrap();
            assert!(
                matches!(reply.status, 200 | 400 | 404),
                "{model:?}: {} {}",
                reply.status,
                reply.text()
            );
        }
    }
    for seen in stage.mock.requests() {
        let path = seen.path.split('?').next().unwrap_or_default();
        let fixed = [
            "/v1/chat/completions",
            "/v1/responses",
            "/v1/messages",
            "/v2/chat",
            "/api/chat",
        ];
        let expected = fixed.contains(&path)
            || (path.starts_with("/v1beta/models/") && path.ends_with(":generateContent"))
            || (path.starts_with("/model/") && path.ends_with("/converse"));
        assert!(expected, "{}", seen.path);
        assert!(
            !path.contains("..") || !path.contains("/../"),
            "{}",
            seen.path
        );
        assert_eq!(
            seen.header("host"),
            Some(stage.mock.addr().to_string().as_str())
        );
    }
}

#[tokio::test]
async fn a_model_group_of_any_alphabet() {
    let name = "modèle \"日本\" ✓";
    let stage =
        Stage::start(|mock, config| config.model(mock, name, Dialect::OpenAi, "mock")).await;
    let reply = stage.chat(name).await;
    text_of(&reply);
    assert_eq!(reply.json()["model"], name);
    let streamed = stage.chat_stream(name).await.collect().await.unwrap();
    let first: Value = serde_json::from_str(&streamed.events()[0].data).unwrap();
    assert_eq!(first["model"], name);
    let listed = stage.client().get("/v1/models").await.unwrap().json();
    assert_eq!(listed["data"][0]["id"], name);
}

/// Texts that look like the frames they travel in.
#[tokio::test]
async fn a_text_cannot_break_out_of_its_frame() {
    let stage = Stage::start(|mock, config| {
        Dialect::ALL.iter().fold(config, |config, upstream| {
            config.model(mock, upstream.name(), *upstream, "echo")
        })
    })
    .await;
    let text = "a\n\ndata: [DONE]\n\nevent: error\r\n\r\n{\"done\":true}\n\u{2028}\"model\":\"x\" \\u0000 é 🙂 end";
    for client in Dialect::ALL {
        for upstream in Dialect::ALL {
            let (path, body) = simple(upstream.name(), true).request(client);
            let body = body
                .to_string()
                .replace("\"Say hello.\"", &json!(text).to_string());
            let reply = stage.client().post_bytes(&path, body).await.unwrap();
            let answer = crate::support::Answer::stream(client, &reply);
            assert_eq!(answer.text, text, "{client:?} <- {upstream:?}");
        }
    }
}

#[tokio::test]
async fn a_chunked_request_body() {
    let stage = stage().await;
    let body = chat_body("openai", false).to_string();
    let (one, other) = body.split_at(17);
    let request = format!(
        "POST {CHAT} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nconnection: close\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{other}\r\n0\r\n\r\n",
        crate::support::MASTER,
        one.len(),
        other.len()
    );
    let answer = stage
        .gateway
        .client()
        .raw(request.as_bytes())
        .await
        .unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 200 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

#[tokio::test]
async fn an_old_client_gets_its_stream() {
    let stage = stage().await;
    let body = chat_body("openai", true).to_string();
    let request = format!(
        "POST {CHAT} HTTP/1.0\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
        crate::support::MASTER,
        body.len()
    );
    let answer = stage
        .gateway
        .client()
        .raw(request.as_bytes())
        .await
        .unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.0 200 "), "{answer}");
    assert!(
        answer.ends_with("data: [DONE]\n\n"),
        "chunked for a client that knows no chunks: {answer}"
    );
}
