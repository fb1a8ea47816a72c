//! Credentials of clouds: fetched apart from requests, read by them, kept over reloads.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use lockgate_engine::credentials::{Refresher, warm};
use lockgate_engine::snapshot::Snapshot;
use lockgate_testkit::MockUpstream;
use lockgate_wire::{DialectId, Operation};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{Client, HOUR, on_core, rebuild, upstream};

/// Hands out tokens by number, `token-1` first.
struct Issuer {
    url: String,
    handed_out: Rc<Cell<u32>>,
}

// === impl Issuer ===

impl Issuer {
    /// Refuses the first `refusals` requests.
    async fn start(refusals: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let handed_out = Rc::new(Cell::new(0));
        let count = handed_out.clone();
        tokio::task::spawn_local(async move {
            let mut refusals = refusals;
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut read = vec![0; 16 * 1024];
                let length = stream.read(&mut read).await.unwrap();
                assert!(read[..length].starts_with(b"POST /ten/oauth2/v2.0/token "));
                let (status, body) = if refusals > 0 {
                    refusals -= 1;
                    (
                        "503 Unavailable",
                        r#"{"error":"temporarily_unavailable"}"#.to_owned(),
                    )
                } else {
                    count.set(count.get() + 1);
                    let body = json!({"access_token": format!("token-{}", count.get()), "expires_in": 3600});
                    ("200 OK", body.to_string())
                };
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        Self { url, handed_out }
    }

    fn config(&self, mock: &MockUpstream, secret: &str, more: &str) -> String {
        format!(
            "environment_variables: {{AZURE_AUTHORITY_HOST: '{}'}}\n\
             model_list:\n\
             - {{model_name: m, litellm_params: {{model: azure/mock, api_base: '{}', \
               tenant_id: ten, client_id: c, client_secret: {secret}, num_retries: 0}}}}\n{more}",
            self.url,
            mock.url("")
        )
    }
}

fn body() -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]})
}

#[test]
fn requests_use_the_token_that_was_fetched_before() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let issuer = Issuer::start(0).await;
        let client = Client::new(&issuer.config(&mock, "s", ""));
        let snapshot = client.engine.shared().snapshot.load_full();
        warm(&snapshot, &upstream(), HOUR).await;
        for _ in 0..3 {
            assert_eq!(client.ask(&body()).await.status, 200);
        }
        let request = mock.last_request().unwrap();
        assert_eq!(request.header("authorization"), Some("Bearer token-1"));
        assert!(
            request.path.ends_with(
                "/openai/deployments/mock/chat/completions?api-version=2025-02-01-preview"
            ),
            "{}",
            request.path
        );
        assert_eq!(issuer.handed_out.get(), 1);
    });
}

#[test]
fn without_a_token_the_call_fails_and_a_fallback_is_tried() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let issuer = Issuer::start(1).await;
        let fallback = format!(
            "- {{model_name: other, litellm_params: {{model: openai/mock, api_base: '{}', api_key: k}}}}\n\
             - {{model_name: alone, litellm_params: {{model: azure/mock, api_base: '{}', \
               tenant_id: ten, client_id: c, client_secret: s, num_retries: 0}}}}\n\
             router_settings: {{fallbacks: [{{m: [other]}}]}}\n",
            mock.url("/v1"),
            mock.url("")
        );
        let client = Client::new(&issuer.config(&mock, "s", &fallback));
        assert_eq!(client.ask(&body()).await.status, 200);
        assert_eq!(
            mock.last_request().unwrap().header("authorization"),
            Some("Bearer k")
        );

        let snapshot = client.engine.shared().snapshot.load_full();
        warm(&snapshot, &upstream(), HOUR).await;
        let mut alone = body();
        alone["model"] = "alone".into();
        let answer = client.ask(&alone).await;
        assert_eq!(answer.status, 401);
        let message = answer.json()["error"]["message"].to_string();
        assert!(message.contains("temporarily_unavailable"), "{message}");
        assert!(message.contains("AZURE_CLIENT_SECRET"), "{message}");
    });
}

#[test]
fn the_refresher_tries_again_and_finds_what_a_reload_adds() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let issuer = Issuer::start(1).await;
        let client = Client::new(&issuer.config(&mock, "s", ""));
        let shared = client.engine.shared().clone();
        let handed_out = async |count: u32| {
            while issuer.handed_out.get() < count {
                tokio::task::yield_now().await;
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        let scenario = async {
            handed_out(1).await;
            let before = shared.snapshot.load_full();
            let (next, _) = rebuild(&issuer.config(&mock, "changed", ""), Some(&before));
            shared.snapshot.store(Arc::new(next));
            handed_out(2).await;
        };
        tokio::select! {
            () = Refresher::new(upstream()).run(&shared) => {}
            () = scenario => {}
        }
        assert_eq!(issuer.handed_out.get(), 2);
    });
}

#[test]
fn a_reload_keeps_the_token() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let issuer = Issuer::start(0).await;
        let yaml = issuer.config(&mock, "s", "");
        let (before, _) = rebuild(&yaml, None);
        warm(&before, &upstream(), HOUR).await;
        let (after, _): (Snapshot, _) = rebuild(&yaml, Some(&before));
        warm(&after, &upstream(), HOUR).await;
        assert_eq!(issuer.handed_out.get(), 1);
        assert_eq!(after.cloud_credentials.all().len(), 1);
    });
}

/// `vertex_ai/*`: how a model is called is known when a request names it.
#[test]
fn behind_a_wildcard_the_model_decides_how_it_is_called() {
    on_core(async {
        let mock = MockUpstream::start().await.unwrap();
        let client = Client::new(&format!(
            "model_list:\n- {{model_name: 'vertex_ai/*', litellm_params: {{model: 'vertex_ai/*', \
             api_base: '{}', api_key: k, vertex_project: p, vertex_location: l, num_retries: 0}}}}\n",
            mock.url("")
        ));
        for (model, path) in [
            (
                "gemini-mock",
                "/v1/projects/p/locations/l/publishers/google/models/gemini-mock:generateContent",
            ),
            (
                "claude-mock",
                "/v1/projects/p/locations/l/publishers/anthropic/models/claude-mock:rawPredict",
            ),
            (
                "meta/mock",
                "/v1/projects/p/locations/l/endpoints/openapi/chat/completions",
            ),
        ] {
            let mut body = body();
            body["model"] = format!("vertex_ai/{model}").into();
            client.ask(&body).await;
            let request = mock.last_request().unwrap();
            assert_eq!(request.path, path);
            let sent = request.json();
            match model {
                "claude-mock" => {
                    assert_eq!(sent["anthropic_version"], "vertex-2023-10-16");
                    assert_eq!(sent.get("model"), None);
                }
                "meta/mock" => assert_eq!(sent["model"], "meta/mock"),
                _ => assert!(sent["contents"].is_array()),
            }
        }
    });
}

/// Vertex AI's embedding models are asked for predictions, also by clients of the Gemini API.
#[test]
fn embeddings_on_vertex_ai_are_predictions() {
    on_core(async {
        let mut client = Client::new(
            "model_list:\n- {model_name: m, litellm_params: {model: vertex_ai/text-embedding-005, \
             api_key: k, vertex_project: p}}\n",
        );
        let snapshot = client.engine.shared().snapshot.load_full();
        let deployment = &snapshot.group("m").unwrap().deployments[0];
        assert_eq!(deployment.dialect(), DialectId::Gemini);
        assert!(!deployment.relays(DialectId::Gemini, Operation::Embeddings));
        client.endpoint.operation = Operation::Chat;
        let refused = client.ask(&body()).await;
        assert_eq!(refused.status, 500);
        let message = refused.json()["error"]["message"].to_string();
        assert!(
            message.contains("the provider has no chat endpoint"),
            "{message}"
        );
    });
}
