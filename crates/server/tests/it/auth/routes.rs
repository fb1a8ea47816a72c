//! Which routes are public, and that no spelling of a path makes another one so.

use std::net::SocketAddr;

use lockgate_testkit::Client;

use crate::support::{MASTER, Stage};

/// What a probe or a person may see without a key.
const PUBLIC: [&str; 7] = [
    "/",
    "/openapi.json",
    "/health/liveliness",
    "/health/liveness",
    "/health/readiness",
    "/api/version",
    "/health/liveliness/",
];

/// What nobody may without a key.
const PROTECTED: [(&str, &str); 30] = [
    ("GET", "/v1/models"),
    ("GET", "/models"),
    ("GET", "/models/mock"),
    ("GET", "/v1beta/models"),
    ("GET", "/v1beta/models/mock"),
    ("GET", "/health"),
    ("GET", "/metrics"),
    ("GET", "/api/tags"),
    ("GET", "/api/ps"),
    ("POST", "/api/show"),
    ("POST", "/api/chat"),
    ("POST", "/api/generate"),
    ("POST", "/api/embed"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/engines/mock/chat/completions"),
    ("POST", "/openai/deployments/mock/chat/completions"),
    ("POST", "/v1/completions"),
    ("POST", "/engines/mock/completions"),
    ("POST", "/openai/deployments/mock/completions"),
    ("POST", "/v1/embeddings"),
    ("POST", "/v1/messages"),
    ("POST", "/v1beta/models/mock:generateContent"),
    ("GET", "/model/info"),
    ("GET", "/v1/model/info"),
    ("GET", "/v2/model/info"),
    ("GET", "/model_group/info"),
    ("GET", "/utils/supported_openai_params"),
    ("POST", "/utils/token_counter"),
    ("POST", "/utils/transform_request"),
    ("GET", "/v1/lockgate/capabilities"),
];

const BODY: &str = r#"{"model":"mock","messages":[{"role":"user","content":"x"}],"max_tokens":1}"#;

async fn stage() -> Stage {
    Stage::of_scripts(&["mock"]).await
}

/// Status and body of a request written byte by byte.
async fn raw(addr: SocketAddr, method: &str, target: &str, headers: &str) -> (u16, String) {
    let body = if method == "POST" { BODY } else { "" };
    let request = format!(
        "{method} {target} HTTP/1.1\r\n{headers}connection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = Client::new(addr).raw(request.as_bytes()).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no status line to {method} {target}: {answer}"));
    (status, answer)
}

#[tokio::test]
async fn public_routes_need_no_key() {
    let stage = stage().await;
    for path in PUBLIC {
        let reply = stage.gateway.client().get(path).await.unwrap();
        assert_eq!(reply.status, 200, "{path}");
        assert!(!reply.text().contains(MASTER));
    }
}

#[tokio::test]
async fn everything_else_does() {
    let stage = stage().await;
    for (method, path) in PROTECTED {
        let (status, answer) = raw(stage.gateway.addr(), method, path, "host: x\r\n").await;
        assert_eq!(status, 401, "{method} {path}: {answer}");
    }
    assert_eq!(stage.mock.request_count(), 0);
}

#[tokio::test]
async fn no_host_header_opens_a_route() {
    let stage = stage().await;
    let addr = stage.gateway.addr();
    for host in [
        "",
        "host: /health/liveliness\r\n",
        "host: x/health/liveliness?\r\n",
        "host: localhost/..;/health\r\n",
        "host: x\r\nx-forwarded-host: localhost\r\n",
        "host: x\r\nx-original-url: /health/liveliness\r\n",
        "host: x\r\nx-rewrite-url: /health/liveliness\r\n",
        "host: x\r\nx-forwarded-prefix: /health/liveliness\r\n",
        "host: x\r\nx-http-method-override: GET\r\n",
        "host: x\r\nx-forwarded-for: 127.0.0.1\r\n",
    ] {
        for (method, path) in PROTECTED {
            let (status, answer) = raw(addr, method, path, host).await;
            assert!(
                matches!(status, 400 | 401),
                "{host:?} {method} {path}: {answer}"
            );
        }
    }
    assert_eq!(stage.mock.request_count(), 0);
}

/// Other spellings of `path`, some equal to it for a sloppy router.
fn spellings(path: &str) -> Vec<String> {
    let upper = path.to_uppercase();
    let first = path
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    let encoded: String = path
        .char_indices()
        .map(|(at, c)| match (at, c) {
            (1, c) => format!("%{:02x}", u32::from(c)),
            (_, c) => c.to_string(),
        })
        .collect();
    vec![
        format!("/{path}"),
        format!("//x{path}"),
        format!("/health/liveliness/..{path}"),
        format!("/health/liveliness/%2e%2e/%2e%2e{path}"),
        format!("/health/liveliness/..%2f..{path}"),
        format!("/openapi.json/..{path}"),
        format!("/.{path}"),
        format!("/%2e{path}"),
        format!("/{first}/..{path}"),
        format!("{path}/"),
        format!("{path}//"),
        format!("{path}/."),
        format!("{path}%00"),
        format!("{path}%2f"),
        format!("{path};/health/liveliness"),
        format!("{path}?x=/health/liveliness"),
        format!("{path}#/health/liveliness"),
        format!("/health/liveliness{path}"),
        format!("/health/liveliness?{path}"),
        format!("/health/liveliness%3f{path}"),
        format!("http://x{path}"),
        format!("http://health/liveliness@x{path}"),
        upper,
        encoded,
    ]
}

/// Whatever a spelling means, it means it without a key: a public page, an error, nothing else.
#[tokio::test]
async fn no_spelling_of_a_path_opens_a_route() {
    let stage = stage().await;
    let addr = stage.gateway.addr();
    for (method, path) in PROTECTED {
        for target in spellings(path) {
            let (status, answer) = raw(addr, method, &target, "host: x\r\n").await;
            let is_public = status == 200 && answer.contains("I'm alive!");
            assert!(
                is_public || matches!(status, 400 | 401 | 404 | 405),
                "{method} {target}: {answer}"
            );
        }
    }
    assert_eq!(stage.mock.request_count(), 0);
}

/// HTTP tricks that let two parsers disagree about where a request ends.
#[tokio::test]
async fn ambiguous_framing_is_refused() {
    let stage = stage().await;
    let hidden = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    for framing in [
        format!("content-length: 0\r\ncontent-length: {}\r\n", hidden.len()),
        "content-length: -1\r\n".to_owned(),
        "content-length: +5\r\n".to_owned(),
        "transfer-encoding: chunked, identity\r\n".to_owned(),
    ] {
        let request =
            format!("GET /health/liveliness HTTP/1.1\r\nhost: x\r\n{framing}\r\n{hidden}");
        let answer = stage
            .gateway
            .client()
            .raw(request.as_bytes())
            .await
            .unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{framing:?}: {answer}");
    }
    assert_eq!(stage.mock.request_count(), 0);
}
