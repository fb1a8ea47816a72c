//! Is it alive, is it ready, and do its models answer.

use std::time::SystemTime;

use http::{Response, StatusCode};
use lockgate_engine::snapshot::Snapshot;
use lockgate_engine::{AnswerBody, Engine, Probe};
use serde_json::{Value, json};

use super::route::decode;
use super::{ledger, reply};
use crate::status::Status;

/// `/health/readiness`: 503 until the keys are known, and once the gateway is stopping, so that
/// nothing is sent to it then. A database that goes away later stops nothing.
pub(super) fn ready(status: &Status) -> Response<AnswerBody> {
    let reached = status.keeping.get().is_some_and(|state| state.is_reached());
    let mut body = json!({
        "status": match (status.is_stopping(), status.is_starting()) {
            (true, _) => "stopping",
            (false, true) => "starting",
            (false, false) => "healthy",
        },
        "db": if reached { "connected" } else { "Not connected" },
    });
    if let Some(sharing) = status.sharing.get() {
        let reached = sharing.status().is_reached;
        body["redis"] = if reached {
            "connected"
        } else {
            "Not connected"
        }
        .into();
    }
    if let Some(refused) = status.refused.load_full() {
        let since = refused
            .at
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        body["config"] = json!({
            "status": "refused",
            "message": "the configuration file on disk was refused; an older one is in force",
            "reason": refused.reason,
            "since": since.as_secs(),
        });
    }
    if let Some(journal) = status.journal.get() {
        body["ledger"] = ledger::readiness(&journal.status());
    }
    let response = reply::value(&body);
    if status.is_stopping() || status.is_starting() {
        reply::with_status(response, StatusCode::SERVICE_UNAVAILABLE)
    } else {
        response
    }
}

/// `/health`: asks every deployment for a few tokens, or those of `?model=` only.
pub(super) async fn models(
    engine: &Engine,
    snapshot: &Snapshot,
    query: Option<&str>,
) -> Response<AnswerBody> {
    let wanted = query
        .and_then(|query| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix("model="))
        })
        .map(decode);
    let probes = engine.probe(snapshot, wanted.as_deref()).await;
    let (healthy, unhealthy): (Vec<&Probe>, Vec<&Probe>) =
        probes.iter().partition(|probe| probe.error.is_none());
    reply::value(&json!({
        "healthy_endpoints": healthy.iter().map(|probe| describe(probe)).collect::<Vec<_>>(),
        "unhealthy_endpoints": unhealthy.iter().map(|probe| describe(probe)).collect::<Vec<_>>(),
        "healthy_count": healthy.len(),
        "unhealthy_count": unhealthy.len(),
    }))
}

fn describe(probe: &Probe) -> Value {
    let deployment = &probe.deployment;
    let mut value = json!({
        "model": format!("{}/{}", deployment.provider.id, deployment.model),
        "model_group": deployment.entry.model_name,
        "model_id": deployment.id(),
        "api_base": deployment.connection.api_base(),
    });
    if let Some(error) = &probe.error {
        value["error"] = Value::from(error.as_str());
    }
    value
}
