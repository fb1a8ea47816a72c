//! Keeps an answer on its way out, under an id that leads back to who made it.

use std::sync::Arc;

use bytes::Bytes;
use lockgate_wire::json::JsonObject;

use super::{Kept, PREVIOUS, Remote, ResponseStore, events};
use crate::answer::Outlet;
use crate::auth::Identity;
use crate::seal::Seal;

/// Waits for the answer to one request.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(super) store: Arc<ResponseStore>,
    pub(super) owner: Identity,
    pub(super) seal: Seal,
    /// What was said before the answer; `None` when nothing is to be kept here.
    pub(super) items: Option<Bytes>,
    /// The response that the client went on from.
    pub(super) previous: Option<String>,
    /// The deployment and the model, when the response is made by a provider's own API.
    pub(super) maker: Option<(String, String)>,
    /// Whether clients may come back to it.
    pub(super) stored: bool,
    /// The id that clients get, where the answer is that of a provider.
    pub(super) renamed: Option<(Remote, String)>,
}

// === impl Keeper ===

impl Keeper {
    /// The answer is made by `deployment`'s own Responses API, for the client's `model`.
    pub(crate) fn made_by(&mut self, deployment: &str, model: &str) {
        self.maker = Some((deployment.to_owned(), model.to_owned()));
    }

    /// Where the provider keeps the response, as far as that is known.
    pub(super) fn remote(&self) -> Option<&Remote> {
        self.renamed.as_ref().map(|(remote, _)| remote)
    }

    /// Keeps a response as it will stay.
    pub(super) fn keep(&self, response: Bytes) {
        if let Some(items) = &self.items {
            self.store.keep(Kept {
                owner: self.owner,
                items: items.clone(),
                response,
                remote: self.remote().cloned(),
            });
        }
    }

    /// Notes the provider's id.
    pub(super) fn note(&mut self, response: &JsonObject) {
        if self.renamed.is_some() || !self.stored {
            return;
        }
        let (Some((deployment, model)), Some(id)) = (&self.maker, response.get_str("id")) else {
            return;
        };
        let remote = Remote {
            deployment: deployment.clone(),
            model: model.clone(),
            id: id.into_owned(),
        };
        self.renamed = remote
            .seal(&self.seal, self.owner)
            .map(|sealed| (remote, sealed));
    }

    /// What the provider does not know: our id, and what came before.
    fn restamp(&mut self, response: &mut JsonObject) {
        if self.maker.is_none() {
            return;
        }
        self.note(response);
        if let Some((_, id)) = &self.renamed {
            response.set_str("id", id);
        }
        if let Some(previous) = &self.previous {
            response.set_str(PREVIOUS, previous);
        }
    }
}

impl Outlet for Keeper {
    fn whole(&mut self, body: Bytes) -> Bytes {
        let body = match events::parse(&body) {
            Some(mut response) if self.maker.is_some() => {
                self.restamp(&mut response);
                response.to_bytes()
            }
            _ => body,
        };
        self.keep(body.clone());
        body
    }

    fn push(&mut self, frames: Bytes) -> Bytes {
        events::edited(frames, |response, last| {
            self.restamp(response);
            if last {
                self.keep(response.to_bytes());
            }
        })
    }

    fn close(&mut self) -> Bytes {
        Bytes::new()
    }
}
