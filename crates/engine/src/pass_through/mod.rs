//! Requests for an API that is not the gateway's, passed on as they are: only the credential is the
//! gateway's.
//!
//! Bodies flow both ways without being held in memory. There is one attempt and one place: what
//! the client asks for has no equal elsewhere.

mod configured;
mod headers;
mod managed_id;
mod reading;
mod resource;
mod resource_body;
mod target;

use std::fmt::Display;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body::Body;
use lockgate_core::access::{MatchedRoute, RouteClass};
use lockgate_core::error::GatewayError;
use lockgate_providers::Connection;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::dialect::ReplyContext;
use lockgate_wire::{DialectId, Operation};

pub(crate) use self::configured::Configured;
pub(crate) use self::reading::Shape;
use self::resource::Holder;
pub use self::target::Credentials;
use crate::answer::{AnswerBody, Channel, Slot, StreamParts, response_id};
use crate::attempt::{Failure, LARGEST_ANSWER, broken, no_credential, unreachable_upstream};
use crate::contract;
use crate::engine::Engine;
use crate::governance::Caller;
use crate::pipeline::{Endpoint, body_limit, refuse, respond, story};
use crate::record::RecordGuard;
use crate::snapshot::Snapshot;
use crate::upstream::{BodyError, CollectError, RequestBody, UpstreamRequest, UpstreamResponse};

/// What the route says about a request that is passed through.
#[derive(Debug, Clone)]
pub struct PassThrough {
    /// Where it goes.
    pub to: Destination,
    /// The path there, percent-encoded as it came.
    pub path: String,
    /// The query without what was meant for the gateway.
    pub query: String,
    /// The `?key=` of the request.
    pub key: Option<String>,
}

/// Where a request is passed through to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// The provider with this id; the path is below its base URL.
    Provider(String),
    /// Whoever holds a resource of the OpenAI API, or else the provider with this id.
    Holder(String),
    /// What the operator declared for the path.
    Declared,
}

/// What came back, and what is known about it.
struct Answered {
    response: UpstreamResponse,
    /// How long it may take.
    timeout: Duration,
    /// Whose resource it tells of, where ids have to say so.
    holder: Option<Holder>,
}

/// An answer with a JSON body of at most this size is taken whole, so that one that breaks off is
/// an error.
const TAKEN_WHOLE: u64 = 4 * 1024 * 1024;
/// How long an answer of a declared endpoint may take, as in LiteLLM.
const TIMEOUT: Duration = Duration::from_secs(600);

// === impl Engine ===

impl Engine {
    /// Answers one request with what the other side says.
    pub async fn pass_through<B>(
        &self,
        ask: PassThrough,
        request: Request<B>,
    ) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes> + Unpin + 'static,
        B::Error: Display,
    {
        let snapshot = self.shared().snapshot.load_full();
        let (head, body) = request.into_parts();
        let read_as = reading::dialect_of(&ask.path);
        let dialect = match &ask.to {
            Destination::Provider(provider) | Destination::Holder(provider) => {
                read_as.unwrap_or_else(|| snapshot.dialect_of(provider))
            }
            Destination::Declared => read_as.unwrap_or(DialectId::OpenAiChat),
        };
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
        let exchanged = match &ask.to {
            Destination::Provider(provider) => {
                let body = RequestBody::stream(body);
                let asked = self.ask_directly(&snapshot, &ask, provider, head, body, &mut record);
                Box::pin(asked).await
            }
            Destination::Holder(provider) => {
                let asked = self.ask_holder(&snapshot, &ask, provider, head, body, &mut record);
                Box::pin(asked).await
            }
            Destination::Declared => {
                let body = RequestBody::stream(body);
                let asked = self.ask_declared(&snapshot, &ask, head, body, &mut record);
                Box::pin(asked).await
            }
        };
        match exchanged {
            Ok(answered) => Box::pin(relay(&snapshot, &endpoint, answered, record)).await,
            Err(failure) => refuse(&endpoint, &snapshot, failure, record),
        }
    }

    /// Who asks for something of `provider`'s own API.
    async fn caller_of(
        &self,
        snapshot: &Snapshot,
        ask: &PassThrough,
        headers: &HeaderMap,
        provider: &str,
    ) -> Result<Caller, GatewayError> {
        let path = match &ask.to {
            Destination::Provider(_) => format!("/{provider}{}", ask.path),
            Destination::Holder(_) | Destination::Declared => ask.path.clone(),
        };
        let matched = MatchedRoute {
            paths: &[&path],
            class: RouteClass::PassThrough,
        };
        let governance = &self.shared().governance;
        governance
            .identify(snapshot, headers, ask.key.as_deref(), matched)
            .await
    }

    /// Asks a provider's own API.
    async fn ask_directly(
        &self,
        snapshot: &Snapshot,
        ask: &PassThrough,
        provider: &str,
        head: Parts,
        body: RequestBody,
        record: &mut RecordGuard,
    ) -> Result<Answered, Failure> {
        let caller = self
            .caller_of(snapshot, ask, &head.headers, provider)
            .await?;
        self.ask_there(snapshot, ask, provider, (caller, head, body), record)
            .await
    }

    /// Asks a provider's own API for a caller who may.
    async fn ask_there(
        &self,
        snapshot: &Snapshot,
        ask: &PassThrough,
        provider: &str,
        (caller, head, body): (Caller, Parts, RequestBody),
        record: &mut RecordGuard,
    ) -> Result<Answered, Failure> {
        let governance = &self.shared().governance;
        record.admit(Some(&caller));
        record.record_mut().provider = Some(provider.to_owned());
        governance
            .admit_unseen(snapshot, caller, record.record_mut())
            .await?;
        let credentials = snapshot.credentials(provider)?;
        if let Credentials::Deployment(deployment) = &credentials {
            record.record_mut().deployment = Some(deployment.clone());
        }
        let connection = credentials.connection();
        let uri = connection
            .resource_uri(&ask.path, &ask.query)
            .map_err(|e| GatewayError::client(ErrorKind::InvalidRequest, e.to_string()));
        // What is wrong with the credential matters more than what is wrong with the path.
        missing_key(connection)?;
        self.send_with(snapshot, connection, uri?, head, body, record)
            .await
    }

    /// Sends a request with the credential of `connection`.
    async fn send_with(
        &self,
        snapshot: &Snapshot,
        connection: &Connection,
        uri: Uri,
        head: Parts,
        mut body: RequestBody,
        record: &mut RecordGuard,
    ) -> Result<Answered, Failure> {
        let general = &snapshot.config.general;
        let key_header = general.litellm_key_header_name.as_deref();
        let mut headers = headers::request(&head.headers, connection.headers(), key_header);
        if connection.signs_bodies() {
            let bytes = body.collect(body_limit(snapshot)).await;
            let bytes = bytes.map_err(|e| {
                let kind = match e {
                    CollectError::TooLarge(_) => ErrorKind::RequestTooLarge,
                    CollectError::Broken(_) => ErrorKind::InvalidRequest,
                };
                GatewayError::client(kind, e.to_string())
            })?;
            connection
                .authorize(&head.method, &uri, &mut headers, &bytes)
                .map_err(|e| no_credential(&e))?;
            body = bytes.into();
        } else {
            connection
                .authorize_unread(&mut headers)
                .map_err(|e| no_credential(&e))?;
        }
        let timeout = general.pass_through_request_timeout;
        let timeout = timeout.unwrap_or(snapshot.config.router.timeout);
        let request = UpstreamRequest {
            method: head.method,
            uri,
            headers,
            body,
            head_deadline: tokio::time::Instant::now() + timeout,
        };
        let response = self.send_on(request, record).await?;
        Ok(Answered {
            response,
            timeout,
            holder: None,
        })
    }

    /// Asks what the operator declared for the path.
    async fn ask_declared(
        &self,
        snapshot: &Snapshot,
        ask: &PassThrough,
        head: Parts,
        body: RequestBody,
        record: &mut RecordGuard,
    ) -> Result<Answered, Failure> {
        let Some((endpoint, below)) = snapshot.endpoint(&head.method, &ask.path) else {
            let message = format!("there is nothing at {}", ask.path);
            return Err(GatewayError::client(ErrorKind::NotFound, message).into());
        };
        if endpoint.entry.auth {
            let named = endpoint.entry.key_header.as_deref();
            let key = named.and_then(|name| head.headers.get(name)?.to_str().ok());
            let key = key.map(|key| key.strip_prefix("Bearer ").unwrap_or(key));
            let governance = &self.shared().governance;
            let matched = MatchedRoute {
                paths: &[&endpoint.entry.path],
                class: RouteClass::OtherDialect,
            };
            let identified = governance.identify(snapshot, &head.headers, key, matched);
            let caller = identified.await?;
            record.admit(Some(&caller));
            let entry = record.record_mut();
            governance.admit_unseen(snapshot, caller, entry).await?;
        } else {
            record.admit(None);
        }
        let general = &snapshot.config.general;
        let key_header = general.litellm_key_header_name.as_deref();
        let timeout = endpoint
            .entry
            .timeout
            .or(general.pass_through_request_timeout)
            .unwrap_or(TIMEOUT);
        let request = UpstreamRequest {
            uri: endpoint.uri(below, &ask.query)?,
            headers: endpoint.headers(&head.headers, key_header),
            method: head.method,
            body,
            head_deadline: tokio::time::Instant::now() + timeout,
        };
        let response = self.send_on(request, record).await?;
        Ok(Answered {
            response,
            timeout,
            holder: None,
        })
    }

    async fn send_on(
        &self,
        request: UpstreamRequest,
        record: &mut RecordGuard,
    ) -> Result<UpstreamResponse, GatewayError> {
        record.record_mut().sent = Some(Instant::now());
        let sent = self.upstream.send(request).await;
        sent.map_err(|e| unreachable_upstream(&e))
    }
}

fn missing_key(connection: &Connection) -> Result<(), GatewayError> {
    match connection.missing_key() {
        Some(missing) => {
            let kind = ErrorKind::Authentication;
            Err(GatewayError::connection(kind, missing.to_string()))
        }
        None => Ok(()),
    }
}

/// The upstream's answer as the client gets it.
async fn relay(
    snapshot: &Snapshot,
    endpoint: &Endpoint,
    answered: Answered,
    mut record: RecordGuard,
) -> Response<AnswerBody> {
    let Answered {
        mut response,
        timeout,
        holder,
    } = answered;
    let dialect = endpoint.dialect;
    let total = tokio::time::Instant::now() + timeout;
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::BAD_GATEWAY);
    record.record_mut().status = status.as_u16();
    let mut answer = headers::response(&response.headers);
    let upstream_time = record.record().sent.map(|sent| sent.elapsed());
    story(&record, &[], upstream_time.unwrap_or_default()).write(&mut answer);
    let shape = Shape::of(&response.headers);
    let is_small = matches!(shape, Shape::Json(Some(length)) if length <= TAKEN_WHOLE);
    let is_signed = holder.is_some() && matches!(shape, Shape::Json(_));
    if status.is_success() && (is_small || is_signed) {
        let collected = response.body.collect(LARGEST_ANSWER);
        let collected = tokio::time::timeout_at(total, collected).await;
        return match collected.unwrap_or(Err(BodyError::Idle)) {
            Ok(bytes) => {
                record.record_mut().usage = dialect.dialect().sniff(&bytes).usage;
                let bytes = match holder {
                    Some(holder) => {
                        answer.remove(CONTENT_LENGTH);
                        holder.sign(bytes)
                    }
                    None => bytes,
                };
                response_id::note(&mut record, &bytes);
                respond(status, answer, AnswerBody::whole(bytes, record))
            }
            Err(error) => refuse(endpoint, snapshot, broken(&error).into(), record),
        };
    }
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        // Nobody asks for the body of an answer that cannot have one.
        return respond(status, answer, AnswerBody::whole(Bytes::new(), record));
    }
    record.record_mut().stream = shape == Shape::Stream;
    let parts = stream_parts(snapshot, dialect, response, timeout, &record);
    respond(status, answer, AnswerBody::stream(parts, None, record))
}

/// An answer that is not taken whole; what tells of tokens is read on the side as `dialect`.
pub(crate) fn stream_parts(
    snapshot: &Snapshot,
    dialect: DialectId,
    response: UpstreamResponse,
    timeout: Duration,
    record: &RecordGuard,
) -> StreamParts {
    StreamParts {
        first: Bytes::new(),
        channel: match Shape::of(&response.headers) {
            Shape::Stream => Channel::watch(dialect, nobodys_reply(record)),
            Shape::Json(_) => Channel::peek(dialect),
            Shape::Opaque => Channel::opaque(),
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
