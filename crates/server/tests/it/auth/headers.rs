//! Every spelling of a key, right and wrong.

use base64::Engine as _;
use lockgate_testkit::{Client, Reply};
use serde_json::json;

use crate::support::{CHAT, Dialect, MASTER, Stage, chat_body, simple};

const WRONG: &str = "sk-wrong-7c61f0";

/// Headers that carry a key, with what stands before it.
const SPELLINGS: [(&str, &str); 10] = [
    ("authorization", "Bearer "),
    ("authorization", "bearer "),
    ("authorization", "Basic "),
    ("x-litellm-api-key", ""),
    ("x-litellm-api-key", "Bearer "),
    ("api-key", ""),
    ("x-api-key", ""),
    ("x-goog-api-key", ""),
    ("ocp-apim-subscription-key", ""),
    ("Ocp-Apim-Subscription-Key", ""),
];

async fn stage() -> Stage {
    Stage::of_scripts(&["mock"]).await
}

async fn chat(client: Client) -> Reply {
    client.post(CHAT, &chat_body("mock", false)).await.unwrap()
}

#[tokio::test]
async fn each_spelling_opens_and_with_a_wrong_key_does_not() {
    let stage = stage().await;
    for (name, scheme) in SPELLINGS {
        let with = |key: &str| {
            stage
                .gateway
                .client()
                .header(name, &format!("{scheme}{key}"))
        };
        let reply = chat(with(MASTER)).await;
        assert_eq!(reply.status, 200, "{name}: {scheme}: {}", reply.text());
        for wrong in [WRONG, &MASTER[..MASTER.len() - 1], &MASTER.to_uppercase()] {
            let reply = chat(with(wrong)).await;
            assert_eq!(reply.status, 401, "{name}: {scheme}{wrong}");
            let shown = reply.text();
            assert!(!shown.contains(wrong), "the key is echoed: {shown}");
        }
    }
    let accepted = stage.mock.request_count();
    assert_eq!(
        accepted,
        SPELLINGS.len() as u64,
        "a refused request went on"
    );
}

#[tokio::test]
async fn the_first_header_present_decides() {
    let stage = stage().await;
    let client = stage.gateway.client();
    let order = [
        "x-litellm-api-key",
        "authorization",
        "api-key",
        "x-api-key",
        "x-goog-api-key",
        "ocp-apim-subscription-key",
    ];
    let value = |name: &str, key: &str| match name {
        "authorization" => format!("Bearer {key}"),
        _ => key.to_owned(),
    };
    for pair in order.windows(2) {
        let (first, second) = (pair[0], pair[1]);
        let both = |one: &str, other: &str| {
            client
                .clone()
                .header(first, &value(first, one))
                .header(second, &value(second, other))
        };
        assert_eq!(chat(both(MASTER, WRONG)).await.status, 200, "{first}");
        assert_eq!(chat(both(WRONG, MASTER)).await.status, 401, "{first}");
    }
}

#[tokio::test]
async fn a_header_of_the_operators_choice_opens() {
    let stage = Stage::start(|mock, config| {
        config.model(mock, "mock", Dialect::OpenAi, "mock").section(
            "general_settings",
            json!({ "litellm_key_header_name": "X-Corp-Key" }),
        )
    })
    .await;
    let client = stage.gateway.client();
    assert_eq!(
        chat(client.clone().header("x-corp-key", MASTER))
            .await
            .status,
        200
    );
    let bearer = format!("Bearer {MASTER}");
    assert_eq!(
        chat(client.clone().header("x-corp-key", &bearer))
            .await
            .status,
        200
    );
    assert_eq!(chat(client.header("x-corp-key", WRONG)).await.status, 401);
}

#[tokio::test]
async fn missing_and_malformed_keys_are_refused() {
    let stage = stage().await;
    let client = stage.gateway.client();
    assert_eq!(chat(client.clone()).await.status, 401);
    let encoded = base64::prelude::BASE64_STANDARD.encode(format!("user:{MASTER}"));
    let malformed = [
        ("authorization", MASTER.to_owned()),
        ("authorization", String::new()),
        ("authorization", "Bearer".to_owned()),
        ("authorization", "Bearer ".to_owned()),
        ("authorization", format!("Token {MASTER}")),
        ("authorization", format!("Bearer {MASTER} {MASTER}")),
        ("authorization", format!("Bearer Bearer {MASTER}")),
        ("authorization", format!("Basic {encoded}")),
        ("x-api-key", String::new()),
        ("x-api-key", format!("{MASTER},{MASTER}")),
        ("cookie", format!("token={MASTER}")),
    ];
    for (name, value) in malformed {
        let reply = chat(client.clone().header(name, &value)).await;
        assert_eq!(reply.status, 401, "{name}: {value}");
    }
    assert_eq!(stage.mock.request_count(), 0);
}

#[tokio::test]
async fn a_key_that_is_no_text_is_refused_politely() {
    let stage = stage().await;
    let mut request = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
        content-length: 2\r\nauthorization: Bearer "
        .to_vec();
    request.extend_from_slice(&[0xff, 0xfe, 0xc3]);
    request.extend_from_slice(b"\r\n\r\n{}");
    let answer = stage.gateway.client().raw(&request).await.unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 401 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

#[tokio::test]
async fn a_key_in_the_url_opens_gemini_routes_only() {
    let stage = stage().await;
    let client = stage.gateway.client();
    let status =
        async |path: &str, body: &serde_json::Value| client.post(path, body).await.unwrap().status;
    for stream in [false, true] {
        let (path, body) = simple("mock", stream).request(Dialect::Gemini);
        let joint = if path.contains('?') { '&' } else { '?' };
        assert_eq!(
            status(&format!("{path}{joint}key={MASTER}"), &body).await,
            200
        );
        assert_eq!(
            status(&format!("{path}{joint}key={WRONG}"), &body).await,
            401
        );
        assert_eq!(status(&format!("{path}{joint}key="), &body).await, 401);
        assert_eq!(status(&path, &body).await, 401);
    }
    for dialect in Dialect::ALL {
        if dialect == Dialect::Gemini {
            continue;
        }
        let (path, body) = simple("mock", false).request(dialect);
        assert_eq!(
            status(&format!("{path}?key={MASTER}"), &body).await,
            401,
            "{dialect:?}"
        );
    }
    for path in ["/metrics", "/health", "/api/tags"] {
        let reply = client.get(&format!("{path}?key={MASTER}")).await.unwrap();
        assert_eq!(reply.status, 401, "{path}");
    }
    let listed = client
        .get(&format!("/v1beta/models?key={MASTER}"))
        .await
        .unwrap();
    assert_eq!(listed.status, 200);
}

#[tokio::test]
async fn the_refusal_is_in_the_clients_dialect() {
    let stage = stage().await;
    for dialect in Dialect::ALL {
        for stream in [false, true] {
            let (path, body) = simple("mock", stream).request(dialect);
            for client in [stage.gateway.client(), stage.gateway.client().bearer(WRONG)] {
                let reply = client.post(&path, &body).await.unwrap();
                assert_eq!(reply.status, 401, "{dialect:?}");
                assert_eq!(reply.header("content-type"), Some("application/json"));
                dialect.assert_error(401, &reply.json());
            }
        }
    }
}

/// What LiteLLM's clients know (reference section 3.1).
#[tokio::test]
async fn openai_clients_see_litellms_types() {
    let stage = stage().await;
    let missing = chat(stage.gateway.client()).await.json();
    assert_eq!(missing["error"]["type"], "auth_error");
    assert_eq!(missing["error"]["code"], "401");
    let unknown = chat(stage.gateway.client().bearer(WRONG)).await.json();
    assert_eq!(unknown["error"]["type"], "token_not_found_in_db");
    assert_eq!(unknown["error"]["code"], "401");
}
