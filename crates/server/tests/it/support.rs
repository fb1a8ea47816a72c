//! What the themes share: a gateway in front of a mock upstream, and how each dialect asks and answers.

mod answer;
mod ask;
mod dialect;
mod issuer;
mod raw_upstream;
mod recording_upstream;
mod socket_upstream;

use std::time::Duration;

use lockgate_testkit::{Client, Gateway, GatewayBuilder, MockUpstream, Reply, StreamReply};
use serde_json::{Value, json};

pub(crate) use self::answer::{Answer, bedrock_frames, last_error};
pub(crate) use self::ask::{Ask, simple};
pub(crate) use self::dialect::Dialect;
pub(crate) use self::issuer::{AUDIENCE, Issuer, Signer};
pub(crate) use self::raw_upstream::RawUpstream;
pub(crate) use self::recording_upstream::RecordingUpstream;
pub(crate) use self::socket_upstream::{
    ClientSocket, SocketUpstream, connect, handshake, try_connect, wrong_accept,
};

/// The master key of every gateway that is not about master keys.
pub(crate) const MASTER: &str = "sk-it-master-9b1d63f0c2";
/// The credential every mock deployment has.
pub(crate) const UPSTREAM_KEY: &str = "sk-it-upstream-5e77a1";
/// A bound for things that take milliseconds unless they hang.
pub(crate) const SOON: Duration = Duration::from_secs(15);
/// The text the mock says unless its script wants otherwise.
pub(crate) const TEXT: &str = "Hello from the mock.";
/// The path of OpenAI's chat endpoint.
pub(crate) const CHAT: &str = "/v1/chat/completions";

/// A gateway and the upstream behind all of its deployments.
pub(crate) struct Stage {
    pub(crate) mock: MockUpstream,
    pub(crate) gateway: Gateway,
}

/// A configuration under construction; JSON is YAML.
#[derive(Clone, Debug)]
pub(crate) struct Config(Value);

// === impl Config ===

impl Config {
    /// No models, the usual master key.
    pub(crate) fn new() -> Self {
        Self(json!({ "model_list": [], "general_settings": { "master_key": MASTER } }))
    }

    /// One more `model_list` entry.
    pub(crate) fn entry(mut self, entry: Value) -> Self {
        if let Some(list) = self.0["model_list"].as_array_mut() {
            list.push(entry);
        }
        self
    }

    /// Model group `name`: the mock's `script` in `dialect`.
    pub(crate) fn model(
        self,
        mock: &MockUpstream,
        name: &str,
        dialect: Dialect,
        script: &str,
    ) -> Self {
        self.model_with(mock, name, dialect, script, json!({}))
    }

    /// The same with further `litellm_params`.
    pub(crate) fn model_with(
        self,
        mock: &MockUpstream,
        name: &str,
        dialect: Dialect,
        script: &str,
        more: Value,
    ) -> Self {
        let mut params = json!({
            "model": format!("{}/{script}", dialect.provider()),
            "api_base": mock.url(dialect.base_path()),
            "api_key": UPSTREAM_KEY,
        });
        merge(&mut params, more);
        self.entry(json!({ "model_name": name, "litellm_params": params }))
    }

    /// Members of a section, merged into what is there.
    pub(crate) fn section(mut self, section: &str, members: Value) -> Self {
        if self.0[section].is_null() {
            self.0[section] = json!({});
        }
        merge(&mut self.0[section], members);
        self
    }

    pub(crate) fn yaml(&self) -> String {
        self.0.to_string()
    }
}

fn merge(into: &mut Value, members: Value) {
    if let (Value::Object(into), Value::Object(members)) = (into, members) {
        into.extend(members);
    }
}

// === impl Stage ===

impl Stage {
    /// Starts a mock and, in front of it, what `config` makes of it.
    pub(crate) async fn start(config: impl FnOnce(&MockUpstream, Config) -> Config) -> Self {
        Self::start_with(config, |builder| builder).await
    }

    /// The same with a word in the start of the gateway.
    pub(crate) async fn start_with(
        config: impl FnOnce(&MockUpstream, Config) -> Config,
        build: impl FnOnce(GatewayBuilder) -> GatewayBuilder,
    ) -> Self {
        let mock = MockUpstream::start().await.unwrap();
        let yaml = config(&mock, Config::new()).yaml();
        let gateway = build(Gateway::builder().config(yaml))
            .start()
            .await
            .unwrap();
        Self { mock, gateway }
    }

    /// One OpenAI deployment per script, named after it; failures are not repeated.
    pub(crate) async fn of_scripts(scripts: &[&str]) -> Self {
        Self::start(|mock, config| {
            scripts
                .iter()
                .fold(config, |config, script| {
                    config.model(mock, script, Dialect::OpenAi, script)
                })
                .section("router_settings", json!({ "num_retries": 0 }))
        })
        .await
    }

    /// A client that holds the master key.
    pub(crate) fn client(&self) -> Client {
        self.gateway.client().bearer(MASTER)
    }

    /// A whole OpenAI answer of `model`.
    pub(crate) async fn chat(&self, model: &str) -> Reply {
        self.client()
            .post(CHAT, &chat_body(model, false))
            .await
            .unwrap()
    }

    /// A streamed OpenAI answer of `model`.
    pub(crate) async fn chat_stream(&self, model: &str) -> StreamReply {
        self.client()
            .stream(CHAT, &chat_body(model, true))
            .await
            .unwrap()
    }

    /// An OpenAI request with further members.
    pub(crate) async fn chat_with(&self, model: &str, more: Value) -> Reply {
        let mut body = chat_body(model, false);
        merge(&mut body, more);
        self.client().post(CHAT, &body).await.unwrap()
    }

    /// How often the upstream was asked for `script`.
    pub(crate) fn asked_for(&self, script: &str) -> usize {
        self.mock.requests_for(script).len()
    }
}

/// The smallest OpenAI chat request.
pub(crate) fn chat_body(model: &str, stream: bool) -> Value {
    let mut body = json!({
        "model": model,
        "messages": [{ "role": "user", "content": "Say hello." }],
    });
    if stream {
        body["stream"] = json!(true);
    }
    body
}

/// The text of a whole OpenAI answer, or why there is none.
pub(crate) fn text_of(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["choices"][0]["message"]["content"]
        .as_str()
        .unwrap_or_else(|| panic!("no text in {}", reply.text()))
        .to_owned()
}

/// Looks until `done` says so; fails when it does not for too long.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, mut done: impl FnMut() -> F) {
    let wait = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        tokio::time::timeout(SOON, wait).await.is_ok(),
        "not within {SOON:?}: {what}"
    );
}
