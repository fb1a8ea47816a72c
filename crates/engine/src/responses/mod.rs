//! OpenAI's responses are stateful: what was said is kept, so that a later request may build on it
//! (OpenAI API reference, "Responses").
//!
//! The gateway keeps it itself. A conversation can then go on with any upstream, also with one
//! that has no such API, or with another deployment than before.

mod ask;
mod background;
mod compact;
mod events;
mod item;
mod journal;
mod keeper;
mod listing;
mod provider;
mod remote;
mod store;

pub use self::ask::{Ask, What};
pub use self::background::Background;
pub(crate) use self::background::{Job, is_wanted as is_background};
pub(crate) use self::keeper::Keeper;
pub use self::listing::Page;
pub use self::remote::Remote;
pub use self::store::{Kept, ResponseStore};

use std::sync::Arc;

use bytes::Bytes;
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation};

use crate::auth::Identity;
use crate::call::Call;
use crate::deployment::Deployment;
use crate::snapshot::{Group, Route, Snapshot};

const PREVIOUS: &str = "previous_response_id";

/// Puts what was said before in front of what `call` says, and prepares to keep the answer.
///
/// A conversation that only a provider knows goes on there: `route` is narrowed to that deployment.
/// `None` when nothing is to be done with the answer: another dialect, or `store: false`.
pub(crate) fn recall(
    call: &mut Call,
    route: &mut Route,
    owner: Identity,
    snapshot: &Snapshot,
    store: &Arc<ResponseStore>,
) -> Result<Option<Keeper>, GatewayError> {
    let concerned = call.operation.is_chat() || call.operation == Operation::Compact;
    if call.dialect != DialectId::OpenAiResponses || !concerned {
        return Ok(None);
    }
    call.owner = Some(owner);
    let seal = &snapshot.keys.seal;
    if let Some(input) = compact::opened(&call.body, seal, owner)? {
        call.body.set("input", input);
    }
    let mut items = Some(own_items(&call.body)?);
    let previous = call.body.get_str(PREVIOUS).map(|id| id.into_owned());
    if let Some(id) = &previous {
        if let Some(kept) = store.get(id, owner) {
            let whole = joined(&kept.conversation(), &items.unwrap_or_default());
            call.body.set("input", array(&whole));
            call.continues = true;
            items = Some(whole);
        } else {
            let remote = Remote::open(id, seal, owner).ok_or_else(|| no_previous(id))?;
            *route = pinned(route, &remote).ok_or_else(|| no_previous(id))?;
            call.body.set_str(PREVIOUS, &remote.id);
            call.options.disable_fallbacks = true;
            items = None;
        }
    }
    let stored = call.body.get_bool("store") != Some(false);
    // What a conversation held before is the provider's.
    items = items.filter(|_| stored && !call.body.is_set("conversation"));
    let concerned = call.operation.is_chat() && (stored || previous.is_some());
    Ok(concerned.then(|| Keeper {
        store: store.clone(),
        owner,
        seal: seal.clone(),
        items,
        previous,
        maker: None,
        stored,
        renamed: None,
    }))
}

/// Refuses what only a provider with the API can do: what a conversation object holds is the
/// provider's, and leaving it out would be another question.
pub(crate) fn check(call: &Call, deployment: &Deployment) -> Result<(), GatewayError> {
    if call.dialect != DialectId::OpenAiResponses || !call.body.is_set("conversation") {
        return Ok(());
    }
    let message = format!(
        "provider `{}` keeps no conversations; go on with `previous_response_id`, which works with \
         all",
        deployment.provider.id
    );
    Err(GatewayError::client(ErrorKind::InvalidRequest, message).with_param("conversation"))
}

/// The part of `route` that has the response.
fn pinned(route: &Route, remote: &Remote) -> Option<Route> {
    let deployments = &route.group.deployments;
    let deployment = deployments.iter().find(|d| d.id() == remote.deployment)?;
    let able = deployment.relays(DialectId::OpenAiResponses, Operation::Chat);
    able.then(|| Route {
        group: Arc::new(Group {
            name: route.group.name.clone(),
            team: route.group.team.clone(),
            deployments: vec![deployment.clone()],
        }),
    })
}

/// The items of `input`, without the brackets around them.
fn own_items(body: &JsonObject) -> Result<Bytes, GatewayError> {
    let Some(raw) = body.get("input").filter(|raw| *raw != b"null") else {
        return Ok(Bytes::new());
    };
    if raw.starts_with(b"\"") {
        let message: [&[u8]; 3] = [br#"{"type":"message","role":"user","content":"#, raw, b"}"];
        return Ok(message.concat().into());
    }
    inner(raw).ok_or_else(|| {
        let message = "`input` is neither a string nor an array of items";
        GatewayError::client(ErrorKind::InvalidRequest, message).with_param("input")
    })
}

/// What stands between the brackets of an array.
fn inner(raw: &[u8]) -> Option<Bytes> {
    let items = raw.strip_prefix(b"[")?.strip_suffix(b"]")?;
    Some(Bytes::copy_from_slice(items.trim_ascii()))
}

fn array(items: &[u8]) -> Bytes {
    [b"[", items, b"]"].concat().into()
}

fn joined(first: &Bytes, second: &Bytes) -> Bytes {
    if first.is_empty() || second.is_empty() {
        return if first.is_empty() { second } else { first }.clone();
    }
    [first, &b","[..], second].concat().into()
}

fn no_previous(id: &str) -> GatewayError {
    let message = format!(
        "there is no response `{id}` to go on from: it was never kept, was deleted, or is too old"
    );
    GatewayError::client(ErrorKind::InvalidRequest, message)
        .with_param(PREVIOUS)
        .with_code("previous_response_not_found")
}
