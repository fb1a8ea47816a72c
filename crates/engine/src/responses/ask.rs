//! What clients ask of a response that is there, or is being made.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use lockgate_core::error::GatewayError;
use lockgate_wire::DialectId;
use lockgate_wire::canonical::ErrorKind;
use serde_json::json;

use super::journal::{Journal, State};
use super::{Kept, Page, Remote, array, events, listing};
use crate::answer::AnswerBody;
use crate::attempt::Failure;
use crate::auth::Identity;
use crate::contract;
use crate::engine::Engine;
use crate::pipeline::{error_response, respond};
use crate::snapshot::Snapshot;

/// A request about a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The id of the response.
    pub id: String,
    /// What is asked.
    pub what: What,
    /// The query of the request, for a provider that keeps the response itself.
    pub query: String,
}

/// What is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The response as it is now.
    Get,
    /// Its events from this one on, also those to come.
    Follow(usize),
    /// To be forgotten.
    Delete,
    /// Not to be made any further.
    Cancel,
    /// What it was made from.
    InputItems(Page),
}

/// Where a response is.
enum Place {
    /// Its events are at hand: it is in the making, or was lately.
    Journal(Arc<Journal>),
    /// It is kept.
    Store(Arc<Kept>),
    /// Only its provider has it.
    Provider(Remote),
}

type Answer = Result<Response<AnswerBody>, Failure>;

// === impl Engine ===

impl Engine {
    /// Answers `ask` of the caller `owner`.
    pub async fn tell(
        &self,
        snapshot: &Snapshot,
        ask: &Ask,
        owner: Identity,
    ) -> Response<AnswerBody> {
        let told = match self.place(snapshot, &ask.id, owner) {
            Some(Place::Journal(journal)) => self.of_journal(snapshot, ask, &journal).await,
            Some(Place::Store(kept)) => self.of_store(snapshot, ask, &kept).await,
            Some(Place::Provider(remote)) => self.ask_provider(snapshot, ask, &remote, owner).await,
            None => Err(not_here(&ask.id).into()),
        };
        told.unwrap_or_else(|failure| error_response(DialectId::OpenAiResponses, &failure.error))
    }

    fn place(&self, snapshot: &Snapshot, id: &str, owner: Identity) -> Option<Place> {
        if let Some(journal) = self.shared.background.find(id, owner) {
            return Some(Place::Journal(journal));
        }
        if let Some(kept) = self.shared.responses.get(id, owner) {
            return Some(Place::Store(kept));
        }
        Remote::open(id, &snapshot.keys.seal, owner).map(Place::Provider)
    }

    async fn of_journal(&self, snapshot: &Snapshot, ask: &Ask, journal: &Arc<Journal>) -> Answer {
        match &ask.what {
            What::Get => {}
            What::Follow(from) => return followed(journal.clone(), *from),
            What::Cancel => {
                journal.end(State::Cancelled, "cancelled");
            }
            What::Delete => {
                journal.end(State::Deleted, "cancelled");
                self.shared.background.forget(&ask.id);
                if let Some(kept) = self.shared.responses.get(&ask.id, journal.owner) {
                    return self.of_store(snapshot, ask, &kept).await;
                }
                return Ok(value(&deleted(&ask.id)));
            }
            What::InputItems(page) => {
                return Ok(value(&listing::page(&array(&journal.items), page)?));
            }
        }
        Ok(json(journal.response()))
    }

    async fn of_store(&self, snapshot: &Snapshot, ask: &Ask, kept: &Arc<Kept>) -> Answer {
        match &ask.what {
            What::Get => Ok(json(kept.response.clone())),
            What::Follow(_) => Err(no_events().into()),
            What::Delete => {
                if let Some(remote) = &kept.remote {
                    self.delete_at_provider(snapshot, ask, remote, kept.owner)
                        .await?;
                }
                self.shared.responses.remove(&ask.id, kept.owner);
                Ok(value(&deleted(&ask.id)))
            }
            // Whatever became of it: cancelling twice is no error.
            What::Cancel if is_background(&kept.response) => Ok(json(kept.response.clone())),
            What::Cancel => Err(not_cancellable().into()),
            What::InputItems(page) => Ok(value(&kept.list_input(page)?)),
        }
    }
}

fn is_background(response: &[u8]) -> bool {
    events::parse(response).and_then(|response| response.get_bool("background")) == Some(true)
}

fn followed(journal: Arc<Journal>, from: usize) -> Answer {
    let Some(events) = journal.follow(from) else {
        return Err(no_events().into());
    };
    let mut headers = HeaderMap::new();
    contract::stream_headers(DialectId::OpenAiResponses, &mut headers);
    let body = AnswerBody::Follow(Box::pin(events));
    Ok(respond(StatusCode::OK, headers, body))
}

fn deleted(id: &str) -> serde_json::Value {
    json!({ "id": id, "object": "response", "deleted": true })
}

fn value(value: &serde_json::Value) -> Response<AnswerBody> {
    json(value.to_string())
}

fn json(body: impl Into<Bytes>) -> Response<AnswerBody> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    respond(StatusCode::OK, headers, AnswerBody::plain(body))
}

pub(super) fn not_here(id: &str) -> GatewayError {
    let message = format!("there is no response `{id}`");
    GatewayError::client(ErrorKind::NotFound, message).with_param("response_id")
}

fn not_cancellable() -> GatewayError {
    let message = "only a response that was created with `background: true` can be cancelled";
    GatewayError::client(ErrorKind::InvalidRequest, message)
}

fn no_events() -> GatewayError {
    let message: Cow<'_, str> = "the events of this response are not kept: it was not made in the \
                                 background, or longer than ten minutes ago, or had too many"
        .into();
    GatewayError::client(ErrorKind::InvalidRequest, message).with_param("stream")
}
