//! What the tests are built from: snapshots of YAML, errors by status, an engine with one client.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use lockgate_core::config::load_str;
use lockgate_core::error::GatewayError;
use lockgate_core::{Environment, Secret};
use lockgate_engine::auth::Keys;
use lockgate_engine::deployment::Deployment;
use lockgate_engine::router::cooldown::CooldownRules;
use lockgate_engine::snapshot::{Rejected, Snapshot};
use lockgate_engine::upstream::Upstream;
use lockgate_engine::{AnswerBody, CONNECT_TIMEOUT, Endpoint, Engine, Shared};
use lockgate_wire::canonical::{ApiError, ErrorKind};
use lockgate_wire::{DialectId, Operation};
use serde_json::Value;
use tokio::task::LocalSet;

pub(crate) const KEY: &str = "sk-test-master";

/// Long enough not to end during a test.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// An engine and the headers of its client.
pub(crate) struct Client {
    pub engine: Engine,
    pub headers: Vec<(&'static str, &'static str)>,
    pub endpoint: Endpoint,
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Runs `test` as the gateway runs a core.
pub(crate) fn on_core<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test)
}

pub(crate) fn rebuild(yaml: &str, previous: Option<&Snapshot>) -> (Snapshot, Vec<Rejected>) {
    let loaded = load_str(yaml, Path::new("config.yaml"), &Environment::default()).unwrap();
    Snapshot::build(loaded.config, Keys::new(&Secret::new(KEY), None), previous)
}

/// A snapshot of a configuration that must be served completely.
pub(crate) fn snapshot(yaml: &str) -> Snapshot {
    let (snapshot, rejected) = rebuild(yaml, None);
    assert!(rejected.is_empty(), "{rejected:?}");
    snapshot
}

/// One group, a deployment for each of `params`.
pub(crate) fn deployments(params: &[&str]) -> Vec<Arc<Deployment>> {
    let entries: String = params
        .iter()
        .enumerate()
        .map(|(place, params)| {
            format!(
                "- {{model_name: group, litellm_params: \
                 {{model: openai/m{place}, api_key: sk-up, {params}}}}}\n"
            )
        })
        .collect();
    let snapshot = snapshot(&format!("model_list:\n{entries}"));
    snapshot.group("group").unwrap().deployments.clone()
}

/// What an upstream's bare status becomes.
pub(crate) fn refused(status: u16) -> GatewayError {
    let mut api = ApiError::new(ErrorKind::from_status(status), "no");
    api.status = status;
    GatewayError::upstream(api, None)
}

pub(crate) fn failed_as(kind: ErrorKind) -> GatewayError {
    GatewayError::upstream(ApiError::new(kind, "no"), None)
}

/// Leaves `deployment` alone for `time`.
pub(crate) fn cool(deployment: &Deployment, time: Duration) {
    let rules = CooldownRules {
        router: &lockgate_core::config::RouterSettings::default(),
        own_cooldown: Some(time),
        own_allowed_fails: None,
        own_policy: None,
        alternatives: true,
    };
    assert_eq!(deployment.health.failed(&refused(429), rules), Some(time));
}

pub(crate) fn upstream() -> Upstream {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Upstream::new(&tls, CONNECT_TIMEOUT)
}

// === impl Client ===

impl Client {
    /// The holder of the master key, speaking to the OpenAI chat endpoint.
    pub(crate) fn new(yaml: &str) -> Self {
        Self {
            engine: Engine::new(Arc::new(Shared::new(snapshot(yaml))), upstream()),
            headers: vec![("authorization", "Bearer sk-test-master")],
            endpoint: Endpoint {
                dialect: DialectId::OpenAiChat,
                operation: Operation::Chat,
                model: None,
                json_array: false,
                stream: None,
                key: None,
            },
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) async fn send(&self, body: &Value) -> Response<AnswerBody> {
        self.send_bytes(body.to_string().into()).await
    }

    pub(crate) async fn send_bytes(&self, body: Bytes) -> Response<AnswerBody> {
        let mut request = Request::new(Full::new(body));
        for (name, value) in &self.headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        Box::pin(self.engine.serve(self.endpoint.clone(), request)).await
    }

    pub(crate) async fn ask(&self, body: &Value) -> Answer {
        Answer::read(self.send(body).await).await
    }
}

// === impl Answer ===

impl Answer {
    pub(crate) async fn read(response: Response<AnswerBody>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}
