//! Realtime sessions: a WebSocket from the client, one to the upstream, and frames between them.
//!
//! The handshake with the upstream is an attempt like any other, so that retries, fallbacks and
//! cooldowns work until a session stands. After that there is nothing to repeat.

mod bridge;
mod handshake;
mod join;
mod live;
mod side;
mod turns;

use std::future::Future;
use std::time::Instant;

use http::{HeaderMap, Request, Response};
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;
pub use lockgate_wire::realtime::Protocol;
use lockgate_wire::realtime::Session as Events;
use lockgate_wire::{DialectId, Operation};
use tokio::io::{AsyncRead, AsyncWrite};

use self::bridge::Bridge;
use self::handshake::Offer;
pub use self::handshake::is_asked_for;
use self::live::Opening;
use self::turns::Turns;
use crate::answer::AnswerBody;
use crate::attempt::{Failure, Line};
use crate::contract;
use crate::engine::Engine;
use crate::pipeline::{Endpoint, body_limit, refuse};
use crate::record::RecordGuard;
use crate::snapshot::Snapshot;

/// What the route says about a request for a session.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What will be spoken.
    pub talk: Talk,
    /// The model, where the URL names it; in Google's Live API the first message does.
    pub model: Option<String>,
    /// What of the query travels on.
    pub query: String,
    /// The `?key=` of Google's API.
    pub key: Option<String>,
}

/// The answer to a request for a session, and the session if there is one.
pub struct Opened {
    /// To be sent; 101 when the connection changes to WebSocket behind it.
    pub response: Response<AnswerBody>,
    /// What happens on the connection then.
    pub session: Option<Session>,
}

/// A session whose client was told to go on.
pub struct Session(State);

enum State {
    Joined(Box<Joined>),
    Opening(Box<Opening>),
    Turns(Box<Turns>),
}

/// Both connections stand.
struct Joined {
    line: Line,
    events: Events,
    protocol: Protocol,
    record: RecordGuard,
}

/// What is spoken in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    /// A realtime protocol.
    Realtime(Protocol),
    /// The Responses API: a message for each turn.
    Responses,
}

// === impl Ask ===

impl Ask {
    /// The dialect of the client, in which it is refused.
    pub fn dialect(&self) -> DialectId {
        match self.talk {
            Talk::Realtime(Protocol::OpenAi) => DialectId::OpenAiChat,
            Talk::Realtime(Protocol::Gemini) => DialectId::Gemini,
            Talk::Responses => DialectId::OpenAiResponses,
        }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint {
            dialect: self.dialect(),
            operation: Operation::Realtime,
            model: self.model.clone(),
            stream: None,
            json_array: false,
            key: self.key.clone(),
        }
    }
}

// === impl Engine ===

impl Engine {
    /// Answers a request for a session.
    pub async fn open_session<B>(&self, ask: &Ask, request: &Request<B>) -> Opened {
        let started = Instant::now();
        let snapshot = self.shared.snapshot.load_full();
        let endpoint = ask.endpoint();
        let call_id = contract::call_id(request.headers());
        let mut record = self.record(&endpoint, call_id, started);
        let offer = match Offer::read(request) {
            Ok(offer) => offer,
            Err(wrong) => return Opened::refused(wrong.response(endpoint.dialect)),
        };
        let key = ask.key.as_deref().or(offer.key);
        let (governance, matched) = (&self.shared.governance, endpoint.matched());
        let identified = governance.identify(&snapshot, request.headers(), key, matched);
        let caller = match identified.await {
            Ok(caller) => caller,
            Err(error) => {
                return Opened::refused(refuse(&endpoint, &snapshot, error.into(), record));
            }
        };
        let protocol = match ask.talk {
            Talk::Realtime(protocol) => protocol,
            Talk::Responses => {
                // Its turns have records of their own.
                record.record_mut().status = 101;
                record.finish();
                let response = offer.accepted(&record, None);
                let turns = self.turns(&snapshot, &offer, request.headers());
                return Opened::session(response, State::Turns(Box::new(turns)));
            }
        };
        record.admit(Some(&caller));
        if protocol == Protocol::Gemini {
            let response = offer.accepted(&record, None);
            let asked = (endpoint, request.headers(), caller);
            let opening = Opening::new(self.clone(), snapshot, asked, record);
            return Opened::session(response, State::Opening(Box::new(opening)));
        }
        let asked = (&offer, request.headers(), caller);
        let joined = self.join(&snapshot, ask, asked, &mut record);
        match Box::pin(joined).await {
            Ok((line, upstream)) => {
                let response = offer.accepted(&record, Some(&upstream));
                let events = Events::new(protocol, &record.record().model, &line.model);
                let joined = Joined {
                    line,
                    events,
                    protocol,
                    record,
                };
                Opened::session(response, State::Joined(Box::new(joined)))
            }
            Err(failure) => Opened::refused(refuse(&endpoint, &snapshot, failure, record)),
        }
    }
}

impl Engine {
    fn turns(&self, snapshot: &Snapshot, offer: &Offer<'_>, headers: &HeaderMap) -> Turns {
        let idle = snapshot.config.lockgate.idle_timeout;
        Turns {
            engine: self.clone(),
            headers: headers.clone(),
            key: offer.key.map(str::to_owned),
            limit: body_limit(snapshot),
            idle: idle.unwrap_or(snapshot.config.router.timeout),
        }
    }
}

// === impl Opened ===

impl Opened {
    fn refused(response: Response<AnswerBody>) -> Self {
        Self {
            response,
            session: None,
        }
    }

    fn session(response: Response<AnswerBody>, state: State) -> Self {
        Self {
            response,
            session: Some(Session(state)),
        }
    }
}

// === impl Session ===

impl Session {
    /// Serves the session over `client` until it ends, or closes it when `stopping` is ready.
    pub async fn run<C>(self, client: C, stopping: impl Future<Output = ()>)
    where
        C: AsyncRead + AsyncWrite + Unpin,
    {
        let stopping = std::pin::pin!(stopping);
        match self.0 {
            State::Joined(joined) => Bridge::new(client, *joined).run(stopping).await,
            State::Opening(opening) => opening.run(client, stopping).await,
            State::Turns(turns) => turns.run(client, stopping).await,
        }
    }
}

/// A mask that nobody can guess.
fn masks() -> [u8; 4] {
    rand::random()
}

/// Said when the pipeline gives something else than what was asked for.
fn no_session() -> Failure {
    let message = "this model's answers are made without an upstream: it has no sessions";
    GatewayError::client(ErrorKind::InvalidRequest, message)
        .with_param("model")
        .into()
}
