//! Asking deployments whether they answer, for `/health`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation};

use crate::attempt::{Attempt, Failure, Limits};
use crate::call::Call;
use crate::deployment::Deployment;
use crate::engine::Engine;
use crate::local;
use crate::prepare::prepare;
use crate::snapshot::Snapshot;

/// How long a deployment may take to answer a probe.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether a deployment answered.
#[derive(Debug)]
pub struct Probe {
    /// Which one.
    pub deployment: Arc<Deployment>,
    /// What it said instead of an answer.
    pub error: Option<String>,
}

// === impl Engine ===

impl Engine {
    /// Probes the deployments of model group `only`, or all; those whose model is a wildcard
    /// cannot be asked for anything and are left out.
    pub async fn probe(&self, snapshot: &Snapshot, only: Option<&str>) -> Vec<Probe> {
        let asked = snapshot
            .deployments()
            .filter(|deployment| only.is_none_or(|group| deployment.entry.model_name == group))
            .filter(|deployment| !deployment.model.contains('*'))
            .map(async |deployment| Probe {
                deployment: deployment.clone(),
                error: (self.probe_one(deployment).await.err())
                    .map(|failure| failure.error.to_string()),
            });
        // All at once: one that hangs must not keep the others waiting.
        join_all(asked).await
    }

    async fn probe_one(&self, deployment: &Arc<Deployment>) -> Result<(), Failure> {
        let call = probe_call(deployment)?;
        if let Some(reply) = local::answer(&call, deployment).await {
            return reply.map(|_| ());
        }
        let prepared = prepare(&call, deployment, &deployment.model, true)?;
        let attempt = Attempt {
            call: &call,
            deployment,
            model: &deployment.model,
            prepared: &prepared,
            limits: Limits {
                first_byte: PATIENCE,
                idle: PATIENCE,
                total: PATIENCE,
            },
            always_usage: false,
        };
        attempt.run(&self.upstream).await.map(|_| ())
    }
}

fn probe_call(deployment: &Deployment) -> Result<Call, Failure> {
    let (operation, body) = match deployment.entry.model_info.mode.as_deref() {
        Some("embedding") => (
            Operation::Embeddings,
            r#"{"model":"probe","input":"health check"}"#,
        ),
        // A handshake; the connection is dropped when it is answered.
        Some("realtime") => (Operation::Realtime, "{}"),
        _ => {
            let chat = r#"{"model":"probe","max_tokens":5,
            "messages":[{"role":"user","content":"Say hello."}]}"#;
            (Operation::Chat, chat)
        }
    };
    let dialect = match operation {
        Operation::Realtime => deployment.dialect(),
        _ => DialectId::OpenAiChat,
    };
    let body = JsonObject::parse(Bytes::from_static(body.as_bytes()), 8).map_err(|e| {
        let kind = lockgate_wire::canonical::ErrorKind::Internal;
        lockgate_core::error::GatewayError::gateway(kind, e.to_string())
    })?;
    let group = &deployment.entry.model_name;
    Ok(Call::own(dialect, operation, group, body))
}
