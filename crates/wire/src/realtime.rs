//! Realtime sessions: conversations in events over a WebSocket.
//!
//! Events pass as they are. A few are read for what they cost, and those that name the model get
//! the name that their reader knows.

mod gemini;
mod openai;

use bytes::Bytes;

use self::openai::Name;
use crate::canonical::{ApiError, Usage};
use crate::json::JsonObject;

/// Deeper than any event is.
const DEPTH: usize = 96;

/// What a session's events are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// OpenAI's Realtime API, which Azure and xAI have, too.
    OpenAi,
    /// Google's Live API: the client's first message names the model.
    Gemini,
}

/// Reads the events of one session.
#[derive(Debug)]
pub struct Session {
    protocol: Protocol,
    /// The model as the client names it.
    client_model: String,
    /// The model as the upstream names it.
    upstream_model: String,
    /// It only transcribes: what transcripts cost is all it costs.
    transcribes: bool,
}

// === impl Session ===

impl Session {
    /// A session with a model that has a name on either side.
    pub fn new(protocol: Protocol, client_model: &str, upstream_model: &str) -> Self {
        Self {
            protocol,
            client_model: client_model.to_owned(),
            upstream_model: upstream_model.to_owned(),
            transcribes: false,
        }
    }

    /// What the event of an upstream says was used, if that is what it is about.
    pub fn usage(&mut self, event: &[u8]) -> Option<Usage> {
        match self.protocol {
            Protocol::OpenAi => openai::usage(event, &mut self.transcribes),
            Protocol::Gemini => gemini::usage(event),
        }
    }

    /// The event of an upstream with the client's name of the model; `None`: it names none.
    pub fn for_client(&self, event: &[u8]) -> Option<Bytes> {
        match self.protocol {
            Protocol::OpenAi => {
                let upstream = Name::Loosely(&self.upstream_model);
                openai::renamed(event, upstream, &self.client_model)
            }
            Protocol::Gemini => None,
        }
    }

    /// The event of a client with the upstream's name of the model; `None`: it names none.
    pub fn for_upstream(&self, event: &[u8]) -> Option<Bytes> {
        match self.protocol {
            Protocol::OpenAi => {
                let client = Name::Exactly(&self.client_model);
                openai::renamed(event, client, &self.upstream_model)
            }
            Protocol::Gemini => None,
        }
    }
}

// === impl Protocol ===

impl Protocol {
    /// The event that tells a client of an error. The Live API has none: it closes with a reason.
    pub fn error_event(self, error: &ApiError, event_id: &str) -> Option<Bytes> {
        match self {
            Self::OpenAi => Some(openai::error_event(error, event_id)),
            Self::Gemini => None,
        }
    }
}

/// The model that the first message of a Live API session names, without the collection it is in.
pub fn setup_model(message: &Bytes) -> Option<String> {
    gemini::setup_model(message)
}

/// The first message of a Live API session with another model, named as a resource.
pub fn with_setup_model(message: &Bytes, resource: &str) -> Option<Bytes> {
    gemini::with_setup_model(message, resource)
}

/// The object that is member `key`.
fn object(parent: &JsonObject, key: &str) -> Option<JsonObject> {
    let raw = parent.get(key)?;
    JsonObject::parse(Bytes::copy_from_slice(raw), DEPTH).ok()
}
