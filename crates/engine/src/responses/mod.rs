//! OpenAI's responses are stateful: what was said is kept, so that a later request may build on it
//! (OpenAI API reference, "Responses").
//!
//! The gateway keeps it itself. A conversation can then go on with any upstream, also with one
//! that has no such API, or with another deployment than before.

mod item;
mod keeper;
mod listing;
mod store;

pub(crate) use self::keeper::Keeper;
pub use self::listing::Page;
pub use self::store::{Kept, ResponseStore};

use std::sync::Arc;

use bytes::Bytes;
use lockgate_core::error::GatewayError;
use lockgate_wire::DialectId;
use lockgate_wire::canonical::ErrorKind;
use lockgate_wire::json::JsonObject;
use serde_json::json;

use crate::auth::Identity;
use crate::call::Call;

const PREVIOUS: &str = "previous_response_id";

/// Puts what was said before in front of what `call` says, and prepares to keep the answer.
///
/// `None` when nothing is to be kept: another dialect, or `store: false`.
pub(crate) fn recall(
    call: &mut Call,
    owner: Identity,
    store: &Arc<ResponseStore>,
) -> Result<Option<Keeper>, GatewayError> {
    if call.dialect != DialectId::OpenAiResponses || !call.operation.is_chat() {
        return Ok(None);
    }
    let mut items = own_items(&call.body)?;
    if let Some(id) = call.body.get_str(PREVIOUS) {
        let kept = store.get(&id, owner).ok_or_else(|| no_previous(&id))?;
        items = joined(&kept.conversation(), &items);
        call.body.set("input", array(&items));
        call.continues = true;
    }
    let keeps = call.body.get_bool("store") != Some(false);
    Ok(keeps.then(|| Keeper::new(store.clone(), owner, items)))
}

/// The items of `input`, without the brackets around them.
fn own_items(body: &JsonObject) -> Result<Bytes, GatewayError> {
    let Some(raw) = body.get("input").filter(|raw| *raw != b"null") else {
        return Ok(Bytes::new());
    };
    if let Some(text) = body.get_str("input") {
        let message = json!({ "type": "message", "role": "user", "content": text });
        return Ok(message.to_string().into());
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
