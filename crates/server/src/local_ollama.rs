//! The models of an Ollama on this machine, for a start without a configuration file.

use std::time::Duration;

use http::{HeaderMap, Method, Uri};
use lockgate_core::Environment;
use lockgate_engine::upstream::{Upstream, UpstreamRequest};
use serde::Deserialize;
use tokio::task::LocalSet;
use tokio::time::Instant;

/// Where Ollama listens unless told otherwise.
const DEFAULT_BASE: &str = "http://localhost:11434";
/// How long the start waits for it; a server on the same machine answers at once or not at all.
const PATIENCE: Duration = Duration::from_millis(500);
/// The largest list of models.
const LIST_LIMIT: usize = 4 * 1024 * 1024;

/// The answer to `/api/tags`.
#[derive(Debug, Deserialize)]
struct Tags {
    models: Vec<Tag>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    name: String,
}

/// The models that are installed; none when no Ollama answers.
pub(crate) fn models(environment: &Environment) -> Vec<String> {
    let base = environment
        .get_non_empty("OLLAMA_API_BASE")
        .unwrap_or(DEFAULT_BASE);
    let Ok(uri) = format!("{}/api/tags", base.trim_end_matches('/')).parse::<Uri>() else {
        return Vec::new();
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return Vec::new();
    };
    let asked = async {
        tokio::time::timeout(PATIENCE, ask(uri))
            .await
            .ok()
            .flatten()
    };
    let tags = LocalSet::new().block_on(&runtime, asked);
    tags.into_iter()
        .flat_map(|tags| tags.models)
        .map(|tag| tag.name)
        .collect()
}

async fn ask(uri: Uri) -> Option<Tags> {
    let trust = crate::tls::client(&lockgate_core::config::SslVerify::System).ok()?;
    let request = UpstreamRequest {
        method: Method::GET,
        uri,
        headers: HeaderMap::new(),
        body: bytes::Bytes::new().into(),
        head_deadline: Instant::now() + PATIENCE,
    };
    let mut response = Upstream::new(&trust, PATIENCE).send(request).await.ok()?;
    let body = response.body.collect(LIST_LIMIT).await.ok()?;
    serde_json::from_slice(&body).ok()
}
