//! A request made ready for its upstream and not sent.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Uri};
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;

use crate::attempt::Attempt;
use crate::deployment::Deployment;
use crate::engine::Engine;
use crate::local;
use crate::pipeline::{Endpoint, find_route};
use crate::prepare::prepare;
use crate::receive::receive;
use crate::snapshot::Snapshot;
use crate::travel::limits;

/// A request as an upstream would get it.
#[derive(Debug)]
pub struct Outgoing {
    /// Where it would go.
    pub uri: Uri,
    /// With which headers; those that hold credentials are marked sensitive.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The deployment: the first of the model group.
    pub deployment: Arc<Deployment>,
    /// What was left out of the request.
    pub dropped: Vec<String>,
}

// === impl Engine ===

impl Engine {
    /// What the first deployment of the model group would be sent for the `body` of a client.
    ///
    /// # Errors
    /// Whatever would keep the request from being sent: a body that is refused, a model that is
    /// not there, a form with a file, an answer that is given without an upstream.
    pub async fn rehearse(
        &self,
        snapshot: &Snapshot,
        endpoint: &Endpoint,
        body: Bytes,
    ) -> Result<Outgoing, GatewayError> {
        if endpoint.operation.is_upload() {
            return Err(nothing_sent("the request is a form with a file"));
        }
        let none = HeaderMap::new();
        let call_id = "rehearsal".to_owned();
        let config = &snapshot.config;
        let call = receive(endpoint, &none, body, config, call_id, Instant::now())?;
        let route = find_route(snapshot, None, endpoint.dialect, &call.model)?;
        let Some(deployment) = route.group.deployments.first() else {
            return Err(nothing_sent("the model group has no deployment"));
        };
        if local::answer(&call, deployment).await.is_some() {
            return Err(nothing_sent("the gateway answers this request itself"));
        }
        let model = deployment.model.clone();
        let prepared = prepare(&call, deployment, &model, config.litellm.drop_params)?;
        let attempt = Attempt {
            call: &call,
            deployment,
            model: &model,
            prepared: &prepared,
            limits: limits(snapshot, &call, deployment),
            always_usage: config.general.always_include_stream_usage,
        };
        let (uri, headers) = attempt.addressed()?;
        Ok(Outgoing {
            uri,
            headers,
            body: prepared.body.to_bytes(),
            deployment: deployment.clone(),
            dropped: prepared.dropped.clone(),
        })
    }
}

fn nothing_sent(why: &str) -> GatewayError {
    let message = format!("nothing would be sent: {why}");
    GatewayError::client(ErrorKind::InvalidRequest, message)
}
