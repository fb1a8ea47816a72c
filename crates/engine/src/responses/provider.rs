//! Responses that a provider keeps: it is asked, and answers under our ids.

use std::time::Instant;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation};

use super::ask::{Ask, What, not_here};
use super::{PREVIOUS, Remote, events};
use crate::answer::{AnswerBody, Outlet};
use crate::attempt::{Failure, LARGEST_ANSWER, broken, no_credential, unreachable_upstream};
use crate::auth::Identity;
use crate::contract;
use crate::deployment::Deployment;
use crate::engine::Engine;
use crate::pass_through::{Shape, stream_parts};
use crate::pipeline::{Endpoint, respond, story};
use crate::record::RecordGuard;
use crate::redact::redact;
use crate::seal::Seal;
use crate::snapshot::Snapshot;
use crate::upstream::{RequestBody, UpstreamRequest, UpstreamResponse};

/// Puts our ids and the client's name of the model into what a provider tells of a response.
struct Restamp {
    id: String,
    remote: Remote,
    seal: Seal,
    owner: Identity,
}

// === impl Engine ===

impl Engine {
    /// What the provider says to `ask` of a response that it keeps.
    pub(super) async fn ask_provider(
        &self,
        snapshot: &Snapshot,
        ask: &Ask,
        remote: &Remote,
        owner: Identity,
    ) -> Result<Response<AnswerBody>, Failure> {
        let mut record = self.record(&endpoint(), contract::fresh_id(), Instant::now());
        record.record_mut().model.clone_from(&remote.model);
        let response = match self
            .send_to_provider(snapshot, ask, remote, &mut record)
            .await
        {
            Ok(response) => response,
            Err(failure) => {
                record.record_mut().status = failure.error.api.status;
                record.record_mut().error = Some(failure.error.api.message.clone());
                record.finish();
                return Err(failure);
            }
        };
        record.record_mut().status = response.status;
        let mut headers = http::HeaderMap::new();
        contract::provider_headers(&response.headers, &mut headers);
        story(&record, &[], std::time::Duration::ZERO).write(&mut headers);
        let mut restamp = Restamp {
            id: ask.id.clone(),
            remote: remote.clone(),
            seal: snapshot.keys.seal.clone(),
            owner,
        };
        if Shape::of(&response.headers) == Shape::Stream {
            contract::stream_headers(DialectId::OpenAiResponses, &mut headers);
            record.record_mut().stream = true;
            let dialect = DialectId::OpenAiResponses;
            let timeout = snapshot.config.router.timeout;
            let parts = stream_parts(snapshot, dialect, response, timeout, &record);
            let body = AnswerBody::stream(parts, Some(Box::new(restamp)), record);
            return Ok(respond(StatusCode::OK, headers, body));
        }
        let mut body = response.body;
        let bytes = body.collect(LARGEST_ANSWER).await.map_err(|e| broken(&e))?;
        headers.insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        );
        let body = AnswerBody::whole(restamp.whole(bytes), record);
        Ok(respond(StatusCode::OK, headers, body))
    }

    /// Has the provider forget a response that is kept here, too. One that it does not have is as
    /// good.
    pub(super) async fn delete_at_provider(
        &self,
        snapshot: &Snapshot,
        ask: &Ask,
        remote: &Remote,
        owner: Identity,
    ) -> Result<(), Failure> {
        match self.ask_provider(snapshot, ask, remote, owner).await {
            Err(failure) if failure.error.api.kind != ErrorKind::NotFound => Err(failure),
            _ => Ok(()),
        }
    }

    async fn send_to_provider(
        &self,
        snapshot: &Snapshot,
        ask: &Ask,
        remote: &Remote,
        record: &mut RecordGuard,
    ) -> Result<UpstreamResponse, Failure> {
        // The model may have gone from the configuration, and the key with it.
        let deployment = snapshot
            .deployment_by_id(&remote.deployment)
            .ok_or_else(|| not_here(&ask.id))?;
        record.record_mut().deployment = Some(deployment.clone());
        let request = request(snapshot, deployment, ask, remote)?;
        record.record_mut().sent = Some(Instant::now());
        let mut response = self
            .upstream
            .send(request)
            .await
            .map_err(|e| unreachable_upstream(&e))?;
        if response.status < 300 {
            return Ok(response);
        }
        let body = response
            .body
            .collect(LARGEST_ANSWER)
            .await
            .unwrap_or_default();
        let mut error = DialectId::OpenAiResponses
            .dialect()
            .decode_error(response.status, &body);
        error.message = redact(error.message, &deployment.connection.secrets());
        Err(GatewayError::upstream(error, None).into())
    }
}

fn request(
    snapshot: &Snapshot,
    deployment: &Deployment,
    ask: &Ask,
    remote: &Remote,
) -> Result<UpstreamRequest, GatewayError> {
    let (method, below) = match ask.what {
        What::Get | What::Follow(_) => (Method::GET, ""),
        What::Delete => (Method::DELETE, ""),
        What::Cancel => (Method::POST, "/cancel"),
        What::InputItems(_) => (Method::GET, "/input_items"),
    };
    let id = percent_encoding::utf8_percent_encode(&remote.id, percent_encoding::NON_ALPHANUMERIC);
    let connection = &deployment.connection;
    let uri = connection
        .responses_uri(&format!("/{id}{below}"), &ask.query)
        .map_err(|e| GatewayError::client(ErrorKind::InvalidRequest, e.to_string()))?;
    let mut headers = connection.headers().clone();
    connection
        .authorize(&method, &uri, &mut headers, b"")
        .map_err(|e| no_credential(&e))?;
    Ok(UpstreamRequest {
        method,
        uri,
        headers,
        body: RequestBody::from(Bytes::new()),
        head_deadline: tokio::time::Instant::now() + snapshot.config.router.timeout,
    })
}

fn endpoint() -> Endpoint {
    Endpoint {
        dialect: DialectId::OpenAiResponses,
        operation: Operation::PassThrough,
        model: None,
        stream: None,
        json_array: false,
        key: None,
    }
}

// === impl Restamp ===

impl Restamp {
    fn restamp(&self, response: &mut JsonObject) {
        // A list of items is no response.
        if !matches!(
            response.get_str("object").as_deref(),
            Some("response" | "response.deleted")
        ) {
            return;
        }
        response.set_str("id", &self.id);
        if response.contains("model") {
            response.set_str("model", &self.remote.model);
        }
        if let Some(previous) = response.get_str(PREVIOUS) {
            let previous = Remote {
                id: previous.into_owned(),
                ..self.remote.clone()
            };
            if let Some(id) = previous.seal(&self.seal, self.owner) {
                response.set_str(PREVIOUS, &id);
            }
        }
    }
}

impl Outlet for Restamp {
    fn whole(&mut self, body: Bytes) -> Bytes {
        match events::parse(&body) {
            Some(mut response) => {
                self.restamp(&mut response);
                response.to_bytes()
            }
            None => body,
        }
    }

    fn push(&mut self, frames: Bytes) -> Bytes {
        events::edited(frames, |response, _| self.restamp(response))
    }

    fn close(&mut self) -> Bytes {
        Bytes::new()
    }
}
