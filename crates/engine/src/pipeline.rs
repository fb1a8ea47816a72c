//! A request's way, stage by stage, in the order of ARCHITECTURE.md section 3.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ApiError;
use lockgate_wire::{DialectId, Operation};

use crate::answer::{AnswerBody, JsonArray, Outlet, response_id};
use crate::attempt::{Content, Failure};
use crate::contract::{self, Story};
use crate::engine::Engine;
use crate::governance::Bill;
use crate::read_body::read_body;
use crate::receive::{receive, receive_upload, unknown_model};
use crate::record::{RecordGuard, RequestRecord};
use crate::responses::{self, Job, Keeper};
use crate::snapshot::{Route, Snapshot};
use crate::travel::Arrival;
use crate::upload::Upload;

/// The largest request body when the configuration does not say.
const BODY_LIMIT: usize = 128 * 1024 * 1024;
/// Room for our headers and a few of the upstream's; hyper keeps it as long as the connection.
const HEADERS: usize = 24;
/// The same where a key is told what is left of its limits.
const HEADERS_OF_KEY: usize = 48;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What the route says about a request.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The client's dialect.
    pub dialect: DialectId,
    /// What it asks for.
    pub operation: Operation,
    /// The model, where the path names it.
    pub model: Option<String>,
    /// Whether to stream, where the path says it.
    pub stream: Option<bool>,
    /// A streamed answer is one JSON array rather than a stream of events.
    pub json_array: bool,
    /// The `?key=` of the Gemini routes.
    pub key: Option<String>,
}

/// How a request was served.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are answered, and moved once"
)]
enum Served {
    /// With an answer, which may still be on its way.
    Answered(Arrival, Option<Keeper>),
    /// With the promise of one.
    Begun(Box<Job>),
}

// === impl Engine ===

impl Engine {
    /// Answers one request.
    pub async fn serve<B>(&self, endpoint: Endpoint, request: Request<B>) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes> + Unpin + 'static,
        B::Error: Display,
    {
        let started = Instant::now();
        let snapshot = self.shared.snapshot.load_full();
        let (head, body) = request.into_parts();
        let call_id = contract::call_id(&head.headers);
        let mut record = self.record(&endpoint, call_id, started);
        let served = self
            .stages(&snapshot, &endpoint, &head.headers, body, &mut record)
            .await;
        match served {
            Ok(Served::Answered(arrival, keeper)) => answer(&endpoint, arrival, keeper, record),
            Ok(Served::Begun(job)) => self.begin(snapshot, endpoint, *job, record),
            Err(failure) => refuse(&endpoint, &snapshot, failure, record),
        }
    }

    async fn stages<B>(
        &self,
        snapshot: &Arc<Snapshot>,
        endpoint: &Endpoint,
        headers: &HeaderMap,
        body: B,
        record: &mut RecordGuard,
    ) -> Result<Served, Failure>
    where
        B: Body<Data = Bytes> + Unpin + 'static,
        B::Error: Display,
    {
        let governance = &self.shared.governance;
        let matched = endpoint.matched();
        let mut caller = governance
            .identify(snapshot, headers, endpoint.key.as_deref(), matched)
            .await?;
        record.admit(Some(&caller));
        let (call_id, started) = (record.record().call_id.clone(), record.record().started);
        let (limit, config) = (body_limit(snapshot), &snapshot.config);
        let mut call = if endpoint.operation.is_upload() {
            let upload = Box::pin(Upload::receive(headers, body, limit)).await?;
            receive_upload(endpoint, headers, upload, config, call_id, started)?
        } else {
            let body = read_body(body, limit).await?;
            receive(endpoint, headers, body, config, call_id, started)?
        };
        governance.choose_team(snapshot, &mut caller, &call)?;
        if let Some(meant) = caller.meant(&call.model).map(str::to_owned) {
            call.model = meant;
        }
        record.record_mut().model.clone_from(&call.model);
        record.record_mut().stream = call.streams();
        let mut route = find_route(snapshot, caller.team_id(), endpoint.dialect, &call.model)?;
        governance.check_models(snapshot, &caller, &call, &route)?;
        governance.mark(snapshot, headers, &call, &mut caller)?;
        let (store, identity) = (&self.shared.responses, caller.identity());
        let mut keeper = responses::recall(&mut call, &mut route, identity, snapshot, store)?;
        let entry = record.record_mut();
        let door = governance.admit(snapshot, caller, &call, &route.group, entry)?;
        door.pass(governance, snapshot, entry).await?;
        if responses::is_background(&call, keeper.as_ref())?
            && let Some(keeper) = keeper.take()
        {
            return Ok(Served::Begun(Box::new(Job {
                call,
                route,
                keeper,
            })));
        }
        let arrival = self.travel(snapshot, &call, route, record).await?;
        if let Some(keeper) = &mut keeper
            && arrival.relayed
        {
            keeper.made_by(arrival.deployment.id(), &call.model);
        }
        Ok(Served::Answered(arrival, keeper))
    }

    pub(crate) fn record(
        &self,
        endpoint: &Endpoint,
        call_id: String,
        started: Instant,
    ) -> RecordGuard {
        let record = RequestRecord {
            call_id,
            dialect: endpoint.dialect,
            operation: endpoint.operation,
            model: String::new(),
            admitted: false,
            is_master: false,
            key: None,
            bearer: None,
            provider: None,
            upstream_model: None,
            response_id: None,
            deployment: None,
            retries: 0,
            fallbacks: 0,
            stream: false,
            status: 0,
            usage: None,
            finish: None,
            error: None,
            started,
            sent: None,
            first_token: None,
            input_bytes: 0,
            streamed_bytes: 0,
            reservation: None,
            settled: None,
            pricing: None,
            exceeded: None,
            bill: Bill::default(),
        };
        let metrics = self.shared.metrics.clone();
        RecordGuard::start(record, metrics, self.ledger.clone())
    }
}

/// The group that serves `model` to callers of `team`.
pub(crate) fn find_route(
    snapshot: &Snapshot,
    team: Option<&str>,
    dialect: DialectId,
    model: &str,
) -> Result<Route, GatewayError> {
    snapshot
        .route_for(team, model)
        .or_else(|| snapshot.route_for(team, untagged(dialect, model)?))
        .ok_or_else(|| unknown_model(dialect, model))
}

/// Ollama's clients add `:latest` to a name without a tag.
fn untagged(dialect: DialectId, model: &str) -> Option<&str> {
    (dialect == DialectId::Ollama)
        .then(|| model.strip_suffix(":latest"))
        .flatten()
}

/// The largest request body, in bytes.
pub fn body_limit(snapshot: &Snapshot) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float to integer cast saturates"
    )]
    let bytes = |mebibytes: f64| (mebibytes * 1024.0 * 1024.0) as usize;
    snapshot
        .config
        .general
        .max_request_size_mb
        .map_or(BODY_LIMIT, bytes)
}

pub(crate) fn answer(
    endpoint: &Endpoint,
    arrival: Arrival,
    keeper: Option<Keeper>,
    mut record: RecordGuard,
) -> Response<AnswerBody> {
    let mut headers = HeaderMap::with_capacity(match record.record().key {
        Some(_) => HEADERS_OF_KEY,
        None => HEADERS,
    });
    let streams = record.record().stream;
    if streams {
        contract::stream_headers(endpoint.dialect, &mut headers);
        if endpoint.json_array {
            headers.insert(CONTENT_TYPE, JSON);
        }
    } else {
        headers.insert(CONTENT_TYPE, content_type(endpoint, &arrival.reply.headers));
    }
    contract::provider_headers(&arrival.reply.headers, &mut headers);
    let upstream_time = arrival.sent.elapsed();
    record.record_mut().status = 200;
    story(&record, &arrival.dropped, upstream_time).write(&mut headers);
    arrival.deployment.metrics.overhead.observe(
        record
            .record()
            .started
            .elapsed()
            .saturating_sub(upstream_time),
    );
    if let Content::Whole { usage, finish, .. } = &arrival.reply.content {
        record.record_mut().usage = *usage;
        record.record_mut().finish = *finish;
        record.settle();
    }
    record.record().tell(&mut headers);
    let outlet = outlet(endpoint, streams, keeper);
    let body = match arrival.reply.content {
        Content::Whole { bytes, .. } => {
            let bytes = match outlet {
                Some(mut outlet) if streams => [outlet.push(bytes), outlet.close()].concat().into(),
                Some(mut outlet) => outlet.whole(bytes),
                None => bytes,
            };
            response_id::note(&mut record, &bytes);
            AnswerBody::whole(bytes, record)
        }
        Content::Stream(parts) => {
            record.record_mut().first_token = Some(upstream_time);
            AnswerBody::stream(*parts, outlet, record)
        }
        // Only who asks for a session is given one, and that is not asked for here.
        Content::Session(_) => AnswerBody::whole(Bytes::new(), record),
    };
    respond(StatusCode::OK, headers, body)
}

/// What is done with the answer on its last step, if anything.
fn outlet(endpoint: &Endpoint, streams: bool, keeper: Option<Keeper>) -> Option<Box<dyn Outlet>> {
    match keeper {
        Some(keeper) => Some(Box::new(keeper)),
        None if streams && endpoint.json_array => Some(Box::new(JsonArray::default())),
        None => None,
    }
}

/// What passes through keeps its type; what is written here is JSON.
fn content_type(endpoint: &Endpoint, upstream: &HeaderMap) -> HeaderValue {
    if endpoint.operation.forwarded_path().is_none() {
        return JSON;
    }
    upstream.get(CONTENT_TYPE).cloned().unwrap_or(JSON)
}

pub(crate) fn refuse(
    endpoint: &Endpoint,
    snapshot: &Snapshot,
    failure: Failure,
    mut record: RecordGuard,
) -> Response<AnswerBody> {
    let mut error = failure.error.api;
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::BAD_GATEWAY);
    error.status = status.as_u16();
    record.record_mut().status = status.as_u16();
    record.record_mut().error = Some(error.message.clone());
    let mut headers = HeaderMap::with_capacity(HEADERS);
    headers.insert(CONTENT_TYPE, JSON);
    contract::provider_headers(&failure.headers, &mut headers);
    contract::error_headers(endpoint.dialect, &error, &mut headers);
    story(
        &record,
        &[],
        record
            .record()
            .sent
            .map(|s| s.elapsed())
            .unwrap_or_default(),
    )
    .write(&mut headers);
    if let Some(exceeded) = &record.record().exceeded {
        exceeded.write(&mut headers);
    }
    if let Some(wait) = failure.error.retry_after {
        contract::retry_after(wait, &mut headers);
    }
    let include_id = snapshot.config.general.include_call_id_in_error_body;
    let body = error_body(
        endpoint.dialect,
        &error,
        include_id.then(|| &*record.record().call_id),
    );
    respond(status, headers, AnswerBody::whole(body, record))
}

fn error_body(dialect: DialectId, error: &ApiError, call_id: Option<&str>) -> Bytes {
    let body = dialect.dialect().encode_error(error);
    let Some(call_id) = call_id else { return body };
    let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(&body) else {
        return body;
    };
    if let Some(error) = value
        .get_mut("error")
        .and_then(serde_json::Value::as_object_mut)
    {
        error.insert("litellm_call_id".into(), call_id.into());
    }
    Bytes::from(value.to_string())
}

pub(crate) fn story<'a>(
    record: &'a RecordGuard,
    dropped: &'a [String],
    upstream_time: std::time::Duration,
) -> Story<'a> {
    let record = record.record();
    Story {
        call_id: &record.call_id,
        deployment: record.deployment.as_deref(),
        retries: record.retries,
        fallbacks: record.fallbacks,
        started: record.started,
        upstream_time,
        dropped,
    }
}

pub(crate) fn respond(
    status: StatusCode,
    headers: HeaderMap,
    body: AnswerBody,
) -> Response<AnswerBody> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// An error as `dialect` writes it, for requests that never become a call.
pub fn error_response(dialect: DialectId, error: &GatewayError) -> Response<AnswerBody> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, JSON);
    contract::error_headers(dialect, &error.api, &mut headers);
    let status = StatusCode::from_u16(error.api.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let body = AnswerBody::plain(dialect.dialect().encode_error(&error.api));
    respond(status, headers, body)
}
