//! Requests for a provider's own API, passed on as they are: only the credential is the gateway's.
//!
//! Bodies flow both ways without being held in memory. There is one attempt and one provider: what
//! the client asks for has no equal elsewhere.

mod headers;
mod target;

use std::fmt::Display;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use lockgate_core::error::GatewayError;
use lockgate_providers::Connection;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::dialect::ReplyContext;
use lockgate_wire::{DialectId, Operation};

pub(crate) use self::headers::Shape;
pub use self::target::Credentials;
use crate::answer::{AnswerBody, Channel, Slot, StreamParts};
use crate::attempt::{Failure, LARGEST_ANSWER, broken, no_credential, unreachable_upstream};
use crate::contract;
use crate::engine::Engine;
use crate::pipeline::{Endpoint, refuse, respond, story};
use crate::record::RecordGuard;
use crate::snapshot::Snapshot;
use crate::upstream::{BodyError, RequestBody, UpstreamRequest, UpstreamResponse};

/// What the route says about a request that is passed through.
#[derive(Debug, Clone)]
pub struct PassThrough {
    /// The provider's id.
    pub provider: String,
    /// The path below the provider's base URL, percent-encoded as it came.
    pub path: String,
    /// The query without what was meant for the gateway.
    pub query: String,
    /// The `?key=` of the request.
    pub key: Option<String>,
}

/// An answer with a JSON body of at most this size is read for the tokens it tells of.
const READ_FOR_USAGE: u64 = 4 * 1024 * 1024;

// === impl Engine ===

impl Engine {
    /// Answers one request with what the provider says.
    pub async fn pass_through<B>(
        &self,
        ask: PassThrough,
        request: Request<B>,
    ) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes> + 'static,
        B::Error: Display,
    {
        let snapshot = self.shared().snapshot.load_full();
        let dialect = snapshot.dialect_of(&ask.provider);
        let (head, body) = request.into_parts();
        let endpoint = Endpoint {
            dialect,
            operation: Operation::PassThrough,
            model: None,
            stream: None,
            json_array: false,
            key: ask.key.clone(),
        };
        let call_id = contract::call_id(&head.headers);
        let mut record = self.record(&endpoint, call_id, Instant::now());
        let body = RequestBody::stream(body);
        match self
            .exchange(&snapshot, &ask, head, body, &mut record)
            .await
        {
            Ok(response) => Box::pin(relay(&snapshot, &endpoint, response, record)).await,
            Err(failure) => refuse(&endpoint, &snapshot, failure, record),
        }
    }

    async fn exchange(
        &self,
        snapshot: &Snapshot,
        ask: &PassThrough,
        head: Parts,
        body: RequestBody,
        record: &mut RecordGuard,
    ) -> Result<UpstreamResponse, Failure> {
        let _identity = snapshot
            .keys
            .authenticate(&head.headers, ask.key.as_deref())?;
        let credentials = snapshot.credentials(&ask.provider)?;
        if let Credentials::Deployment(deployment) = &credentials {
            record.record_mut().deployment = Some(deployment.clone());
        }
        let connection = credentials.connection();
        if let Some(missing) = connection.missing_key() {
            let error = GatewayError::connection(ErrorKind::Authentication, missing.to_string());
            return Err(error.into());
        }
        let uri = connection
            .resource_uri(&ask.path, &ask.query)
            .map_err(|e| GatewayError::client(ErrorKind::InvalidRequest, e.to_string()))?;
        let mut headers = outgoing(&head.headers, connection, snapshot);
        connection
            .authorize_unread(&mut headers)
            .map_err(|e| no_credential(&e))?;
        record.record_mut().sent = Some(Instant::now());
        let request = UpstreamRequest {
            method: head.method,
            uri,
            headers,
            body,
            head_deadline: tokio::time::Instant::now() + snapshot.config.router.timeout,
        };
        self.upstream
            .send(request)
            .await
            .map_err(|e| unreachable_upstream(&e).into())
    }
}

fn outgoing(client: &HeaderMap, connection: &Connection, snapshot: &Snapshot) -> HeaderMap {
    let key_header = snapshot.config.general.litellm_key_header_name.as_deref();
    headers::request(client, connection.headers(), key_header)
}

/// The upstream's answer as the client gets it.
async fn relay(
    snapshot: &Snapshot,
    endpoint: &Endpoint,
    mut response: UpstreamResponse,
    mut record: RecordGuard,
) -> Response<AnswerBody> {
    let dialect = endpoint.dialect;
    let total = tokio::time::Instant::now() + snapshot.config.router.timeout;
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::BAD_GATEWAY);
    record.record_mut().status = status.as_u16();
    let mut answer = headers::response(&response.headers);
    let upstream_time = record.record().sent.map(|sent| sent.elapsed());
    story(&record, &[], upstream_time.unwrap_or_default()).write(&mut answer);
    let shape = Shape::of(&response.headers);
    if status.is_success() && shape.is_json && shape.length.is_some_and(|l| l <= READ_FOR_USAGE) {
        let collected = response.body.collect(LARGEST_ANSWER);
        let collected = tokio::time::timeout_at(total, collected).await;
        return match collected.unwrap_or(Err(BodyError::Idle)) {
            Ok(bytes) => {
                record.record_mut().usage = dialect.dialect().sniff(&bytes).usage;
                respond(status, answer, AnswerBody::whole(bytes, record))
            }
            Err(error) => refuse(endpoint, snapshot, broken(&error).into(), record),
        };
    }
    record.record_mut().stream = shape.is_event_stream;
    let parts = stream_parts(snapshot, dialect, response, &record);
    respond(status, answer, AnswerBody::stream(parts, None, record))
}

/// An answer that is not taken whole; a stream of events is read on the side as `dialect`.
pub(crate) fn stream_parts(
    snapshot: &Snapshot,
    dialect: DialectId,
    response: UpstreamResponse,
    record: &RecordGuard,
) -> StreamParts {
    let timeout = snapshot.config.router.timeout;
    StreamParts {
        first: Bytes::new(),
        channel: if Shape::of(&response.headers).is_event_stream {
            Channel::watch(dialect, nobodys_reply(record))
        } else {
            Channel::opaque()
        },
        upstream: response.body,
        closed: false,
        idle: snapshot.config.lockgate.idle_timeout.unwrap_or(timeout),
        total: tokio::time::Instant::now() + timeout,
        slot: record.record().deployment.as_ref().map(Slot::new),
    }
}

/// For the error event of a stream that breaks.
fn nobodys_reply(record: &RecordGuard) -> ReplyContext {
    ReplyContext {
        operation: Operation::Chat,
        model: String::new(),
        id: record.record().call_id.replace('-', ""),
        created: 0,
        include_usage: false,
        started: None,
        echo: None,
    }
}
