//! Every client dialect against every upstream dialect, through the real binary.

mod gemini_array;
mod identity;

use lockgate_testkit::Recorded;
use serde_json::{Value, json};

use crate::support::{Answer, Ask, Dialect, Stage, TEXT, simple};

const SCRIPTS: [&str; 4] = ["mock", "tools", "reasoning", "length"];
const THINKING: &str = "The user greets me; I greet back.";

/// A gateway with every script behind every dialect.
async fn stage() -> Stage {
    Stage::start(|mock, mut config| {
        for dialect in Dialect::ALL {
            for script in SCRIPTS {
                config = config.model(
                    mock,
                    &group(dialect, script),
                    dialect,
                    script_at(dialect, script),
                );
            }
        }
        config.section("litellm_settings", json!({ "drop_params": true }))
    })
    .await
}

fn group(upstream: Dialect, script: &str) -> String {
    format!("{}-{script}", upstream.name())
}

async fn ask(stage: &Stage, client: Dialect, ask: Ask<'_>) -> Answer {
    let (path, body) = ask.request(client);
    let reply = stage.client().post(&path, &body).await.unwrap();
    if ask.stream {
        Answer::stream(client, &reply)
    } else {
        Answer::whole(client, &reply)
    }
}

/// The dialect in which `upstream` is asked: OpenAI has that of Responses clients, too.
fn spoken(client: Dialect, upstream: Dialect) -> Dialect {
    match (client, upstream) {
        (Dialect::Responses, Dialect::OpenAi) => Dialect::Responses,
        _ => upstream,
    }
}

/// What the upstream is asked for: Bedrock's models are told to think by the names they have.
fn script_at(upstream: Dialect, script: &str) -> &str {
    match (upstream, script) {
        (Dialect::Bedrock, "reasoning") => "reasoning-claude-sonnet-4-5",
        _ => script,
    }
}

/// Runs `check` for each upstream dialect, streaming and not.
async fn for_each_upstream(
    client: Dialect,
    script: &str,
    shape: impl Fn(Ask<'_>) -> Ask<'_>,
    check: impl Fn(Dialect, bool, &Answer, &Recorded),
) {
    let stage = stage().await;
    for upstream in Dialect::ALL {
        for stream in [false, true] {
            let model = group(upstream, script);
            stage.mock.reset();
            let answer = ask(&stage, client, shape(simple(&model, stream))).await;
            let recorded = stage.mock.last_request().unwrap();
            let asked_for = script_at(upstream, script);
            // `modelVersion` names the exact version that answered; between Gemini and Gemini it stays.
            let shown = match (client, upstream) {
                (Dialect::Gemini, Dialect::Gemini) => asked_for,
                // Their answers do not say.
                (Dialect::Bedrock | Dialect::Cohere, _) => "",
                _ => &model,
            };
            assert_eq!(answer.model, shown, "{client:?} <- {upstream:?}");
            assert_eq!(recorded.model, asked_for);
            check(spoken(client, upstream), stream, &answer, &recorded);
        }
    }
}

/// The texts of system prompt and question, as `upstream` carries them.
fn carried(upstream: Dialect, request: &Value) -> [Value; 2] {
    let text = |content: &Value| match content {
        Value::Array(parts) => parts[0]["text"].clone(),
        other => other.clone(),
    };
    match upstream {
        Dialect::OpenAi | Dialect::Ollama | Dialect::Cohere => [
            text(&request["messages"][0]["content"]),
            text(&request["messages"][1]["content"]),
        ],
        Dialect::Responses => [
            request["instructions"].clone(),
            text(&request["input"][0]["content"]),
        ],
        Dialect::Anthropic | Dialect::Bedrock => [
            text(&request["system"]),
            text(&request["messages"][0]["content"]),
        ],
        Dialect::Gemini => [
            request["systemInstruction"]["parts"][0]["text"].clone(),
            request["contents"][0]["parts"][0]["text"].clone(),
        ],
    }
}

/// The output limit, as `upstream` carries it.
fn limit(upstream: Dialect, request: &Value) -> &Value {
    match upstream {
        Dialect::OpenAi if request["max_completion_tokens"].is_u64() => {
            &request["max_completion_tokens"]
        }
        Dialect::OpenAi | Dialect::Anthropic | Dialect::Cohere => &request["max_tokens"],
        Dialect::Responses => &request["max_output_tokens"],
        Dialect::Bedrock => &request["inferenceConfig"]["maxTokens"],
        Dialect::Gemini => &request["generationConfig"]["maxOutputTokens"],
        Dialect::Ollama => &request["options"]["num_predict"],
    }
}

/// The credential, as `upstream` expects it.
fn assert_authorised(upstream: Dialect, recorded: &Recorded) {
    let key = crate::support::UPSTREAM_KEY;
    let bearer = format!("Bearer {key}");
    match upstream {
        Dialect::Anthropic => assert_eq!(recorded.header("x-api-key"), Some(key)),
        Dialect::Gemini => assert_eq!(recorded.header("x-goog-api-key"), Some(key)),
        _ => {
            assert_eq!(recorded.header("authorization"), Some(bearer.as_str()));
        }
    }
    assert!(
        !format!("{recorded:?}").contains(crate::support::MASTER),
        "the master key travelled on: {recorded:?}"
    );
}

async fn plain_text(client: Dialect) {
    for_each_upstream(
        client,
        "mock",
        |ask| ask,
        |upstream, stream, answer, recorded| {
            let pair = format!("{client:?} <- {upstream:?}, stream {stream}");
            assert_eq!(answer.text, TEXT, "{pair}");
            assert_eq!(
                (answer.input_tokens, answer.output_tokens),
                (12, 3),
                "{pair}"
            );
            assert_eq!(answer.finish, finish(client, "mock"), "{pair}");
            let request = recorded.json();
            assert_eq!(
                carried(upstream, &request),
                ["Be brief.", "Say hello."],
                "{pair}: {request}"
            );
            assert_eq!(*limit(upstream, &request), 2048, "{pair}: {request}");
            assert_authorised(upstream, recorded);
        },
    )
    .await;
}

/// How `client` is told that the answer to `script` is over.
fn finish(client: Dialect, script: &str) -> &'static str {
    match (client, script) {
        (Dialect::OpenAi | Dialect::Ollama, "length") => "length",
        (Dialect::Anthropic | Dialect::Bedrock, "length") => "max_tokens",
        (Dialect::Gemini | Dialect::Cohere, "length") => "MAX_TOKENS",
        (Dialect::Responses, "length") => "max_output_tokens",
        (Dialect::OpenAi, "tools") => "tool_calls",
        (Dialect::Anthropic | Dialect::Bedrock, "tools") => "tool_use",
        (Dialect::Cohere, "tools") => "TOOL_CALL",
        (Dialect::Responses, _) => "completed",
        (Dialect::Cohere, _) => "COMPLETE",
        (Dialect::OpenAi | Dialect::Ollama, _) => "stop",
        (Dialect::Anthropic | Dialect::Bedrock, _) => "end_turn",
        (Dialect::Gemini, _) => "STOP",
    }
}

async fn tools(client: Dialect) {
    let expected = [
        (
            "get_weather".to_owned(),
            json!({ "city": "Paris", "unit": "celsius" }),
        ),
        ("get_time".to_owned(), json!({ "timezone": "Europe/Paris" })),
    ];
    for_each_upstream(
        client,
        "tools",
        |ask| Ask { tools: true, ..ask },
        |upstream, stream, answer, recorded| {
            let pair = format!("{client:?} <- {upstream:?}, stream {stream}");
            assert_eq!(answer.tools, expected, "{pair}");
            assert_eq!(answer.text, "", "{pair}");
            assert_eq!(answer.finish, finish(client, "tools"), "{pair}");
            assert_eq!(
                (answer.input_tokens, answer.output_tokens),
                (12, 7),
                "{pair}"
            );
            if !matches!(client, Dialect::Gemini | Dialect::Ollama) {
                let ids = &answer.tool_ids;
                assert!(ids.len() == 2 && ids[0] != ids[1], "{pair}: {ids:?}");
            }
            assert_eq!(
                offered(upstream, &recorded.json()),
                ["get_weather", "get_time"],
                "{pair}"
            );
        },
    )
    .await;
}

/// The names of the tools, as `upstream` carries them.
fn offered(upstream: Dialect, request: &Value) -> Vec<Value> {
    let (list, name) = match upstream {
        Dialect::OpenAi | Dialect::Ollama | Dialect::Cohere => {
            (&request["tools"], "/function/name")
        }
        Dialect::Bedrock => (&request["toolConfig"]["tools"], "/toolSpec/name"),
        Dialect::Anthropic | Dialect::Responses => (&request["tools"], "/name"),
        Dialect::Gemini => (&request["tools"][0]["functionDeclarations"], "/name"),
    };
    let tools = list.as_array().into_iter().flatten();
    tools
        .filter_map(|tool| tool.pointer(name).cloned())
        .collect()
}

async fn reasoning(client: Dialect) {
    for_each_upstream(
        client,
        "reasoning",
        |ask| Ask {
            reasoning: true,
            ..ask
        },
        |upstream, stream, answer, recorded| {
            let pair = format!("{client:?} <- {upstream:?}, stream {stream}");
            assert_eq!(answer.thinking, THINKING, "{pair}");
            assert_eq!(answer.text, TEXT, "{pair}");
            assert_eq!(
                (answer.input_tokens, answer.output_tokens),
                (12, 6),
                "{pair}"
            );
            let request = recorded.json();
            let wish = match upstream {
                Dialect::OpenAi => &request["reasoning_effort"],
                Dialect::Responses => &request["reasoning"]["effort"],
                Dialect::Bedrock => &request["additionalModelRequestFields"]["thinking"],
                Dialect::Anthropic | Dialect::Cohere => &request["thinking"],
                Dialect::Gemini => &request["generationConfig"]["thinkingConfig"],
                Dialect::Ollama => &request["think"],
            };
            assert!(!wish.is_null() && *wish != false, "{pair}: {request}");
        },
    )
    .await;
}

async fn cut_at_the_limit(client: Dialect) {
    for_each_upstream(
        client,
        "length",
        |ask| ask,
        |upstream, stream, answer, _| {
            let pair = format!("{client:?} <- {upstream:?}, stream {stream}");
            assert_eq!(answer.finish, finish(client, "length"), "{pair}");
        },
    )
    .await;
}

macro_rules! for_clients {
    ($($module:ident $client:ident),*) => {
        $(mod $module {
            use crate::support::Dialect;

            #[tokio::test]
            async fn plain_text() {
                super::plain_text(Dialect::$client).await;
            }

            #[tokio::test]
            async fn tools() {
                super::tools(Dialect::$client).await;
            }

            #[tokio::test]
            async fn reasoning() {
                super::reasoning(Dialect::$client).await;
            }

            #[tokio::test]
            async fn cut_at_the_limit() {
                super::cut_at_the_limit(Dialect::$client).await;
            }
        })*
    };
}

for_clients!(
    openai OpenAi, responses Responses, anthropic Anthropic, gemini Gemini, ollama Ollama,
    bedrock Bedrock, cohere Cohere
);
