//! Realtime sessions through the real binary: who may, where to, what passes, how it ends.

mod endings;
mod frames;
mod live;
mod refusals;
mod sessions;
mod turns;

use lockgate_testkit::{Gateway, Reply};
use serde_json::{Value, json};

use crate::support::{Config, MASTER, SocketUpstream, UPSTREAM_KEY};

const PATH: &str = "/v1/realtime?model=voice";

/// A gateway whose model `voice` is `openai/gpt-realtime` at the upstream.
async fn stage() -> (SocketUpstream, Gateway) {
    stage_with(|config| config).await
}

async fn stage_with(more: impl FnOnce(Config) -> Config) -> (SocketUpstream, Gateway) {
    let upstream = SocketUpstream::start().await;
    let config = Config::new()
        .entry(entry("voice", "openai/gpt-realtime", &upstream.url("/v1")))
        .section("router_settings", json!({ "num_retries": 0 }));
    let gateway = start(more(config)).await;
    (upstream, gateway)
}

async fn start(config: Config) -> Gateway {
    let builder = Gateway::builder().config(config.yaml());
    builder.start().await.unwrap()
}

fn entry(name: &str, model: &str, api_base: &str) -> Value {
    json!({ "model_name": name, "litellm_params": {
        "model": model, "api_base": api_base, "api_key": UPSTREAM_KEY,
    } })
}

async fn get(gateway: &Gateway, path: &str) -> Reply {
    gateway.client().bearer(MASTER).get(path).await.unwrap()
}

/// The value of a counter whose labels contain `label`; 0 when there is none.
async fn counter(gateway: &Gateway, name: &str, label: &str) -> f64 {
    let text = get(gateway, "/metrics").await.text();
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .find(|line| line.starts_with(name) && line.contains(label))
        .and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or_default()
}
