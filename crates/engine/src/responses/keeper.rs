//! Keeps an answer on its way out.

use std::sync::Arc;

use bytes::Bytes;
use lockgate_wire::json::JsonObject;
use memchr::memmem;

use super::ResponseStore;
use crate::answer::Outlet;
use crate::auth::Identity;

/// Events that hold the response as it will stay.
const LAST: [&str; 3] = [
    "response.completed",
    "response.incomplete",
    "response.failed",
];

/// Deeper than any event.
const DEPTH: usize = 512;

/// Waits for the answer to one request.
#[derive(Debug)]
pub(crate) struct Keeper {
    store: Arc<ResponseStore>,
    owner: Identity,
    /// What was said before the answer.
    items: Bytes,
}

// === impl Keeper ===

impl Keeper {
    pub(super) fn new(store: Arc<ResponseStore>, owner: Identity, items: Bytes) -> Self {
        Self {
            store,
            owner,
            items,
        }
    }

    /// Keeps a whole answer.
    pub(crate) fn keep(&self, response: &Bytes) {
        self.store
            .keep(self.owner, self.items.clone(), response.clone());
    }
}

impl Outlet for Keeper {
    fn whole(&mut self, body: Bytes) -> Bytes {
        self.keep(&body);
        body
    }

    fn push(&mut self, frames: Bytes) -> Bytes {
        if LAST
            .iter()
            .any(|event| memmem::find(&frames, event.as_bytes()).is_some())
        {
            for line in frames.split(|&byte| byte == b'\n') {
                if let Some(response) = line.strip_prefix(b"data:").and_then(response_of) {
                    self.keep(&response);
                }
            }
        }
        frames
    }

    fn close(&mut self) -> Bytes {
        Bytes::new()
    }
}

/// The response that an event holds, if the event is one of the last.
fn response_of(data: &[u8]) -> Option<Bytes> {
    let data = Bytes::copy_from_slice(data.trim_ascii());
    let event = JsonObject::parse(data, DEPTH).ok()?;
    let name = event.get_str("type")?;
    LAST.contains(&&*name)
        .then(|| event.get("response").map(Bytes::copy_from_slice))?
}
