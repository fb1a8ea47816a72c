//! `background: true`: the answer is made while its client does something else.
//!
//! The work is a task of the core that took the request. It asks the upstream for a stream, whatever
//! the client wants, so that the events are there when somebody asks for them.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body as _;
use lockgate_core::error::GatewayError;
use lockgate_wire::DialectId;
use lockgate_wire::canonical::{ApiError, ErrorKind, StreamEvent};
use lockgate_wire::dialect::ReplyContext;
use lockgate_wire::json::JsonObject;
use moka::sync::Cache;

use super::journal::{Journal, State};
use super::{Keeper, events};
use crate::answer::AnswerBody;
use crate::auth::Identity;
use crate::call::Call;
use crate::contract;
use crate::engine::Engine;
use crate::pipeline::{Endpoint, answer, refuse, respond, story};
use crate::record::RecordGuard;
use crate::snapshot::{Route, Snapshot};

/// How many may be in the making when the configuration does not say.
const MOST: usize = 100;
/// How long the events of a finished response are kept, as OpenAI keeps them (guide "Background
/// mode").
const AGE: Duration = Duration::from_secs(10 * 60);
/// How many bytes of them.
const CAPACITY: u64 = 64 * 1024 * 1024;

/// The responses that are made in the background, and those that were lately.
#[derive(Debug)]
pub struct Background {
    running: Mutex<HashMap<String, Arc<Journal>>>,
    finished: Cache<String, Arc<Journal>>,
}

/// A request for one, ready to go on its way.
pub(crate) struct Job {
    /// The request.
    pub call: Call,
    /// Where it goes.
    pub route: Route,
    /// Keeps the answer.
    pub keeper: Keeper,
}

/// A response in the making; counted until dropped.
struct Running {
    background: Arc<Background>,
    journal: Arc<Journal>,
}

// === impl Background ===

impl Default for Background {
    fn default() -> Self {
        let weigh =
            |_: &String, journal: &Arc<Journal>| u32::try_from(journal.size()).unwrap_or(u32::MAX);
        let finished = Cache::builder()
            .max_capacity(CAPACITY)
            .weigher(weigh)
            .time_to_live(AGE)
            .build();
        Self {
            running: Mutex::default(),
            finished,
        }
    }
}

impl Background {
    /// The response `id`, if it is `owner`'s.
    pub(super) fn find(&self, id: &str, owner: Identity) -> Option<Arc<Journal>> {
        let running = self.running().get(id).cloned();
        running
            .or_else(|| self.finished.get(id))
            .filter(|journal| journal.owner == owner)
    }

    /// Forgets the events of a response.
    pub(super) fn forget(&self, id: &str) {
        self.finished.invalidate(id);
    }

    fn admit(self: &Arc<Self>, journal: Journal, most: usize) -> Result<Running, GatewayError> {
        let mut running = self.running();
        if running.len() >= most {
            let message = format!(
                "{most} responses are being made in the background, which is as many as may be; \
                 try again when one is done"
            );
            let error = GatewayError::gateway(ErrorKind::RateLimited, message);
            return Err(error.with_code("too_many_background_responses"));
        }
        let journal = Arc::new(journal);
        running.insert(journal.id.clone(), journal.clone());
        Ok(Running {
            background: self.clone(),
            journal,
        })
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Journal>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Running ===

impl Drop for Running {
    fn drop(&mut self) {
        // The gateway stopped, or the task broke.
        self.journal.end(State::Ended, "failed");
        let (background, journal) = (&self.background, &self.journal);
        if journal.state() != State::Deleted {
            background
                .finished
                .insert(journal.id.clone(), journal.clone());
        }
        background.running().remove(&journal.id);
    }
}

// === impl Engine ===

impl Engine {
    /// Answers with a response that is still to be made, and begins to make it.
    pub(crate) fn begin(
        &self,
        snapshot: Arc<Snapshot>,
        endpoint: Endpoint,
        job: Job,
        mut record: RecordGuard,
    ) -> Response<AnswerBody> {
        let most = snapshot.config.lockgate.max_background_responses;
        let reply = reply(&job.call);
        let journal = journal(&job, &reply);
        let background = &self.shared.background;
        let running = match background.admit(journal, most.unwrap_or(MOST)) {
            Ok(running) => running,
            Err(error) => return refuse(&endpoint, &snapshot, error.into(), record),
        };
        let mut headers = HeaderMap::new();
        story(&record, &[], Duration::ZERO).write(&mut headers);
        let journal = running.journal.clone();
        record.record_mut().response_id = Some(journal.id.clone());
        let streams = job.call.streams();
        let engine = self.clone();
        self.tasks.spawn_local(async move {
            let made = engine.make(&snapshot, &endpoint, job, reply, record, running);
            Box::pin(made).await;
        });
        if streams && let Some(events) = journal.clone().follow(0) {
            contract::stream_headers(DialectId::OpenAiResponses, &mut headers);
            return respond(
                StatusCode::OK,
                headers,
                AnswerBody::Follow(Box::pin(events)),
            );
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        respond(
            StatusCode::OK,
            headers,
            AnswerBody::plain(journal.response()),
        )
    }

    async fn make(
        &self,
        snapshot: &Snapshot,
        endpoint: &Endpoint,
        mut job: Job,
        reply: ReplyContext,
        record: RecordGuard,
        running: Running,
    ) {
        let journal = &running.journal;
        job.call.body.remove("background");
        job.call.body.set("stream", "true");
        let Job {
            call,
            route,
            keeper: mut own,
        } = job;
        let made = self.answer_into(snapshot, endpoint, &call, route, record, journal, &mut own);
        tokio::select! {
            biased;
            // What is dropped here closes the connection to the upstream.
            () = journal.given_up() => {}
            made = made => {
                if let Err(error) = made {
                    journal.absorb(&failed(&reply, error));
                }
                // An upstream that closed its stream before the end.
                if journal.state() == State::Open {
                    let message = "the upstream's answer ended early";
                    let error = ApiError::new(ErrorKind::BadGateway, message);
                    journal.absorb(&failed(&reply, error));
                }
            }
        }
        if journal.state() != State::Deleted {
            own.keep(journal.response());
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one job, borrowed one by one"
    )]
    async fn answer_into(
        &self,
        snapshot: &Snapshot,
        endpoint: &Endpoint,
        call: &Call,
        route: Route,
        mut record: RecordGuard,
        journal: &Journal,
        keeper: &mut Keeper,
    ) -> Result<(), ApiError> {
        record.record_mut().stream = true;
        let arrival = match self.travel(snapshot, call, route, &mut record).await {
            Ok(arrival) => arrival,
            Err(failure) => {
                let error = failure.error.api;
                record.record_mut().status = error.status;
                record.record_mut().error = Some(error.message.clone());
                record.finish();
                return Err(error);
            }
        };
        if arrival.relayed {
            keeper.made_by(arrival.deployment.id(), &call.model);
        }
        let mut body = answer(endpoint, arrival, None, record).into_body();
        while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let frames = frame.into_data().unwrap_or_default();
            if keeper.remote().is_none()
                && let Some(response) =
                    events::events(&frames).find_map(|e| events::response_of(&e))
            {
                keeper.note(&response);
            }
            // Before anybody can see that it is the last.
            if events::events(&frames).any(|event| events::is_last(&event)) {
                body.finish();
            }
            journal.absorb(&frames);
        }
        Ok(())
    }
}

/// Whether the answer to `call` is to be made in the background. `Err`: it cannot be.
pub(crate) fn is_wanted(call: &Call, keeper: Option<&Keeper>) -> Result<bool, GatewayError> {
    let wanted = call.dialect == DialectId::OpenAiResponses
        && call.operation.is_chat()
        && call.body.get_bool("background") == Some(true);
    if wanted && keeper.is_none_or(|keeper| !keeper.stored) {
        let message = "`background: true` needs `store: true`: there would be nothing to ask for";
        let error = GatewayError::client(ErrorKind::InvalidRequest, message);
        return Err(error.with_param("store"));
    }
    Ok(wanted)
}

/// What the answer repeats of the request, for the beginning and for a failure.
fn reply(call: &Call) -> ReplyContext {
    let mut reply = call.reply();
    reply.echo = DialectId::OpenAiResponses.dialect().echo(&call.body);
    reply
}

fn journal(job: &Job, reply: &ReplyContext) -> Journal {
    let keeper = &job.keeper;
    let start = StreamEvent::Start {
        id: None,
        model: None,
    };
    let response = encoded(reply, &start);
    let response = events::events(&response).find_map(|event| events::response_of(&event));
    let id = format!("resp_{}", contract::fresh_id().replace('-', ""));
    Journal::new(
        keeper.owner,
        keeper.items.clone().unwrap_or_default(),
        keeper.previous.clone(),
        id,
        response.unwrap_or_else(JsonObject::empty),
    )
}

/// The events that end a response with an error.
fn failed(reply: &ReplyContext, error: ApiError) -> Bytes {
    encoded(reply, &StreamEvent::Error(error))
}

fn encoded(reply: &ReplyContext, event: &StreamEvent) -> Bytes {
    let mut out = BytesMut::new();
    let dialect = DialectId::OpenAiResponses.dialect();
    dialect.stream_encoder(reply).push(event, &mut out);
    out.freeze()
}
