//! Text completions: passed on where the provider has them, as a chat where it has not.

use lockgate_testkit::Reply;
use serde_json::{Value, json};

use crate::support::{Config, Dialect, MASTER, RecordingUpstream, Stage, TEXT, UPSTREAM_KEY};

const PATHS: [&str; 6] = [
    "/v1/completions",
    "/completions",
    "/engines/public/completions",
    "/v1/engines/public/completions",
    "/openai/deployments/public/completions",
    "/openai/deployments/public/completions?api-version=2024-10-21",
];

fn body(model: &str, stream: bool) -> Value {
    json!({ "model": model, "prompt": "Say hello.", "max_tokens": 2048, "stream": stream })
}

/// Model `public`: `model` at the mock.
async fn stage(model: &str, base: &str, settings: Value) -> Stage {
    let base = base.to_owned();
    let model = model.to_owned();
    Stage::start(move |mock, config| {
        config
            .entry(json!({
                "model_name": "public",
                "litellm_params": {
                    "model": model, "api_base": mock.url(&base), "api_key": UPSTREAM_KEY,
                },
            }))
            .section("litellm_settings", settings)
    })
    .await
}

async fn complete(stage: &Stage, body: &Value) -> Reply {
    let client = stage.client();
    client.post("/v1/completions", body).await.unwrap()
}

/// Text, finish and usage of an answer, which must be a completion of `model`.
fn read(reply: &Reply, model: &str) -> (String, String, [u64; 2]) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let streams = reply
        .header("content-type")
        .unwrap()
        .starts_with("text/event-stream");
    let chunks: Vec<Value> = if streams {
        let mut events = reply.events();
        assert_eq!(events.pop().unwrap().data, "[DONE]", "{}", reply.text());
        events.iter().map(|event| event.json()).collect()
    } else {
        vec![reply.json()]
    };
    let (mut text, mut finish, mut tokens) = (String::new(), String::new(), [0, 0]);
    for chunk in &chunks {
        assert_eq!(chunk["object"], "text_completion", "{chunk}");
        assert_eq!(chunk["model"], model, "{chunk}");
        assert!(
            chunk["id"].as_str().unwrap().starts_with("cmpl-"),
            "{chunk}"
        );
        for choice in chunk["choices"].as_array().unwrap() {
            assert_eq!(choice["index"], 0, "{chunk}");
            assert!(choice.as_object().unwrap().contains_key("logprobs"));
            text += choice["text"].as_str().unwrap();
            finish += choice["finish_reason"].as_str().unwrap_or_default();
        }
        if chunk["usage"].is_object() {
            tokens =
                ["prompt_tokens", "completion_tokens"].map(|n| chunk["usage"][n].as_u64().unwrap());
        }
    }
    (text, finish, tokens)
}

#[tokio::test]
async fn a_provider_that_completes_is_given_the_request_as_it_is() {
    for (model, base, target) in [
        ("text-completion-openai/mock", "/v1", "/v1/completions"),
        ("openai/gpt-3.5-turbo-instruct", "/v1", "/v1/completions"),
        ("hosted_vllm/mock", "/v1", "/v1/completions"),
        (
            "azure/gpt-35-turbo-instruct",
            "",
            "/openai/deployments/gpt-35-turbo-instruct/completions?api-version=2025-02-01-preview",
        ),
        (
            "azure_text/mock",
            "",
            "/openai/deployments/mock/completions?api-version=2025-02-01-preview",
        ),
        ("ollama/mock", "", "/v1/completions"),
        ("together_ai/mock", "/v1", "/v1/completions"),
        (
            "text-completion-inception/mock",
            "/v1",
            "/v1/fim/completions",
        ),
    ] {
        let stage = stage(model, base, json!({})).await;
        let upstream = model.split_once('/').unwrap().1;
        for path in PATHS {
            // Tokens and several prompts, which no chat has.
            let asked = json!({
                "model": "public", "prompt": [[1, 2], [3]], "echo": true, "logprobs": 2, "best_of": 2,
            });
            let reply = stage.client().post(path, &asked).await.unwrap();
            assert_eq!(read(&reply, "public").0, TEXT, "{model}, {path}");
            let recorded = stage.mock.last_request().unwrap();
            assert_eq!(recorded.path, target, "{model}, {path}");
            let mut expected = asked;
            expected["model"] = json!(upstream);
            assert_eq!(recorded.json(), expected, "{model}, {path}");
        }
    }
}

#[tokio::test]
async fn a_stream_is_passed_on_and_its_tokens_counted() {
    let stage = stage("hosted_vllm/mock", "/v1", json!({})).await;
    let reply = complete(&stage, &body("public", true)).await;
    assert_eq!(
        read(&reply, "public"),
        (TEXT.to_owned(), "stop".to_owned(), [0, 0]),
        "usage that the client did not ask for is not shown"
    );
    let asked = stage.mock.last_request().unwrap().json();
    assert_eq!(asked["stream_options"], json!({ "include_usage": true }));

    let mut wanted = body("public", true);
    wanted["stream_options"] = json!({ "include_usage": true });
    let reply = complete(&stage, &wanted).await;
    assert_eq!(read(&reply, "public").2, [12, 3]);

    let metrics = stage.client().get("/metrics").await.unwrap().text();
    let counted = metrics.lines().any(|line| {
        line.contains("output_tokens") && line.contains("public") && line.ends_with(" 6")
    });
    assert!(counted, "{metrics}");
}

#[tokio::test]
async fn a_model_that_chats_is_asked_with_one_message() {
    let stage = Stage::start(|mock, config| {
        Dialect::ALL.into_iter().fold(config, |config, dialect| {
            // Ollama's own options have no place in its text completions.
            let more = match dialect {
                Dialect::Ollama => json!({ "keep_alive": "5m" }),
                _ => json!({}),
            };
            config.model_with(mock, dialect.name(), dialect, "mock", more)
        })
    })
    .await;
    for dialect in Dialect::ALL {
        for stream in [false, true] {
            let reply = complete(&stage, &body(dialect.name(), stream)).await;
            let (text, finish, tokens) = read(&reply, dialect.name());
            assert_eq!(
                (text.as_str(), finish.as_str()),
                (TEXT, "stop"),
                "{dialect:?}"
            );
            assert_eq!(tokens, if stream { [0, 0] } else { [12, 3] }, "{dialect:?}");
            let recorded = stage.mock.last_request().unwrap();
            let sent = recorded.json().to_string();
            assert!(sent.contains("Say hello."), "{dialect:?}: {sent}");
            assert!(!sent.contains("\"prompt\""), "{dialect:?}: {sent}");
        }
    }
}

#[tokio::test]
async fn what_a_chat_cannot_say_is_refused_or_named() {
    let asked = json!({ "model": "public", "prompt": "def f(", "suffix": ")", "echo": true });
    let strict = stage("openai/gpt-4o", "/v1", json!({})).await;
    let reply = complete(&strict, &asked).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    let error = &reply.json()["error"];
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("suffix, echo"), "{message}");
    assert_eq!(error["param"], "suffix");
    assert!(strict.mock.last_request().is_none());

    for prompt in [json!(["a", "b"]), json!([1, 2]), json!(null)] {
        let reply = complete(&strict, &json!({ "model": "public", "prompt": prompt })).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        assert_eq!(reply.json()["error"]["param"], "prompt");
    }

    let lax = stage("openai/gpt-4o", "/v1", json!({ "drop_params": true })).await;
    let reply = complete(&lax, &asked).await;
    assert_eq!(read(&reply, "public").0, TEXT);
    assert_eq!(reply.header("x-lockgate-dropped"), Some("suffix,echo"));
    let sent = lax.mock.last_request().unwrap().json();
    assert!(sent["suffix"].is_null() && sent["echo"].is_null(), "{sent}");
}

#[tokio::test]
async fn a_chat_reaches_a_model_that_only_completes() {
    let stage = stage("text-completion-openai/mock", "/v1", json!({})).await;
    for stream in [false, true] {
        let mut chat = crate::support::chat_body("public", stream);
        chat["messages"] = json!([
            { "role": "system", "content": "Be brief." },
            { "role": "user", "content": "Say hello." },
        ]);
        let reply = stage
            .client()
            .post("/v1/chat/completions", &chat)
            .await
            .unwrap();
        let answer = match stream {
            true => crate::support::Answer::stream(Dialect::OpenAi, &reply),
            false => crate::support::Answer::whole(Dialect::OpenAi, &reply),
        };
        assert_eq!(
            (answer.text.as_str(), answer.finish.as_str()),
            (TEXT, "stop")
        );
        let recorded = stage.mock.last_request().unwrap();
        assert_eq!(recorded.path, "/v1/completions");
        assert_eq!(recorded.json()["prompt"], "Be brief.\nSay hello.");
    }
}

#[tokio::test]
async fn mistral_fills_in_the_middle() {
    const ANSWER: &str = r#"{"id":"1","object":"chat.completion","model":"codestral-2508","usage":{"prompt_tokens":8,"completion_tokens":9,"total_tokens":17},"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"a + b"}}]}"#;
    let answers = [("/v1/fim/completions", (200, "application/json", ANSWER))];
    for base in ["/v1", "/v1/fim/completions"] {
        let upstream = RecordingUpstream::start(&answers).await;
        let config = Config::new().entry(json!({
            "model_name": "public",
            "litellm_params": {
                "model": "text-completion-codestral/codestral-latest",
                "api_base": upstream.url(base), "api_key": UPSTREAM_KEY,
            },
        }));
        let gateway = lockgate_testkit::Gateway::builder()
            .config(config.yaml())
            .start()
            .await
            .unwrap();
        let asked = json!({ "model": "public", "prompt": "return ", "suffix": "\n", "seed": 3 });
        let client = gateway.client().bearer(MASTER);
        let reply = client.post("/v1/completions", &asked).await.unwrap();
        assert_eq!(
            read(&reply, "public"),
            ("a + b".to_owned(), "stop".to_owned(), [8, 9])
        );
        let sent: Value = serde_json::from_str(upstream.last().text()).unwrap();
        assert_eq!(
            sent,
            json!({
                "model": "codestral-latest", "prompt": "return ", "suffix": "\n", "random_seed": 3,
            })
        );
    }
}

#[tokio::test]
async fn an_error_is_the_upstreams_and_a_fallback_may_chat() {
    let stage = Stage::start(|mock, config| {
        config
            .model_with(
                mock,
                "broken",
                Dialect::OpenAi,
                "fail-500",
                json!({ "model": "hosted_vllm/fail-500" }),
            )
            .model(mock, "chats", Dialect::Anthropic, "mock")
            .section(
                "router_settings",
                json!({ "num_retries": 0, "fallbacks": [{ "broken": ["chats"] }] }),
            )
    })
    .await;
    let reply = complete(&stage, &body("broken", false)).await;
    assert_eq!(read(&reply, "broken").0, TEXT);
    assert_eq!(reply.header("x-litellm-attempted-fallbacks"), Some("1"));

    let mut alone = body("broken", false);
    alone["disable_fallbacks"] = json!(true);
    let reply = complete(&stage, &alone).await;
    assert_eq!(reply.status, 500);
    Dialect::OpenAi.assert_error(500, &reply.json());
}

#[tokio::test]
async fn what_would_be_sent_can_be_asked() {
    let stage = stage("text-completion-openai/mock", "/v1", json!({})).await;
    let client = stage.client();
    let asked = json!({
        "call_type": "text_completion", "request_body": { "model": "public", "prompt": "Once" },
    });
    let reply = client
        .post("/utils/transform_request", &asked)
        .await
        .unwrap();
    let told = reply.json();
    assert_eq!(
        told["raw_request_body"],
        json!({ "model": "mock", "prompt": "Once" }),
        "{told}"
    );
    let base = told["raw_request_api_base"].as_str().unwrap();
    assert!(base.ends_with("/v1/completions"), "{told}");

    let reply = client
        .get("/utils/supported_openai_params?model=public")
        .await
        .unwrap();
    let told = reply.json();
    let params = told["supported_openai_params"].as_array().unwrap();
    assert!(
        params.contains(&json!("max_tokens")) && params.contains(&json!("logprobs")),
        "{told}"
    );
    assert!(
        !params.contains(&json!("tools")) && !params.contains(&json!("response_format")),
        "{told}"
    );
}
